"""The round of each push: the likeliest, the earliest and the latest that it can be."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._answer import COUNT, TEXT
from istiolog_pd.analysis._time import NAT, as_nanoseconds
from istiolog_pd.analysis.pushes._bursts import Bursts
from istiolog_pd.analysis.pushes._grouped import Groups
from istiolog_pd.analysis.pushes._own_updates import own_updates

Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

#: How long before the line of a new connection it can have been registered for pushes.
REGISTERED = pd.Timedelta("1s")
#: A line is written later than its own time says by less than this; more is a clock that was set.
WRITTEN_LATE = pd.Timedelta("10s")

#: What is used of a push line.
USED = ["run", "row", "timestamp", "proxy", "xds_type", "push_type", "inferred", "level", "clusters", "push_version"]

ROUND_COLUMNS = ("round", "round_first", "round_last")
#: The kinds of rounds, and of pushes.
ALL_TYPES, ENDPOINTS = 0, 1
NO_SUCH_VERSION = -2
#: A row after all others.
NO_ROUND_LATER = 2**62


def assign_rounds(
    pushes: pd.DataFrame, starts: pd.DataFrame, asked: pd.DataFrame, closed: pd.DataFrame
) -> pd.DataFrame:
    """`round`, `round_first` and `round_last` (Int64) of each push, by its index.

    `own` (boolean): it is an update of its proxy alone.

    Parameters
    ----------
    pushes
        Push lines, requests marked; `row` is the place in the capture, which is the order of writing;
        `warming`: the answer that a line just before announces, which is of no round.
    starts
        The lines that begin a round, with `round`.
    asked, closed
        The lines that show proxies connect, and their connections end.
    """
    prints_requests = set(pushes.loc[pushes["push_type"].eq("request") & ~pushes["inferred"], "run"].unique())
    shared: dict[object, list[str]] = {}
    for of, proxy in overlapping_in_runs(asked, closed):
        shared.setdefault(of, []).append(proxy)
    parts = []
    for run, own in pushes.loc[pushes["push_type"].ne("request") & ~pushes["warming"], USED].groupby("run", sort=False):
        rounds = starts[starts["run"] == run]
        ups = asked[asked["run"] == run]
        # Before 1.10 an answer to a request looks like a push of a round, so a type may come twice.
        once = ~own["proxy"].isin(shared.get(run, [])) & (run in prints_requests)
        parts.append(_of_run(own.assign(once=once), rounds, ups))
    found = pd.concat(parts) if parts else _no_rounds(pushes.iloc[:0])
    alone = found.index[found["own"]]
    return found.reindex(pushes.index).assign(own=pushes.index.isin(alone) | pushes["warming"])


def _no_rounds(pushes: pd.DataFrame) -> pd.DataFrame:
    """No round for each push."""
    table = pd.DataFrame({name: pd.Series(pd.NA, pushes.index, COUNT) for name in ROUND_COLUMNS})
    return table.assign(own=False)


def _of_run(pushes: pd.DataFrame, rounds: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """The same for one run, where rounds are counted from 0; -1 stands for all before the log.

    `once`: a round pushes a type to this proxy once at most (it has one connection at a time).
    """
    if rounds.empty:
        return _no_rounds(pushes)
    begun = _begun(pushes, rounds)
    proxy, proxies = pd.factorize(pushes["proxy"])
    kinds = _Kinds(pushes, rounds)
    pinned = _pinned(pushes, rounds)
    newest, since = kinds.latest(begun), kinds.earliest(_since_connected(pushes, rounds, asked, proxy, proxies))
    bursts = Bursts(pushes, rounds, proxy, newest)
    updates = own_updates(pushes, rounds, bursts, kinds.before, newest, since, pinned)
    known = (begun >= 0) & (pinned != NO_SUCH_VERSION) & ~updates.own
    placed = _placed(
        pushes[known],
        kinds.only(known),
        newest=newest[known],
        since=since[known],
        pinned=pinned[known],
        guess=updates.likeliest[known],
        moved=updates.moved[known],
    )
    bounds = np.stack([np.full(len(pushes), -1), updates.first, updates.last])
    bounds[:, known] = np.where(placed[2] >= 0, placed, -1)
    number = rounds["round"].to_numpy(np.int64)
    values = {name: pd.arrays.IntegerArray(number[at], at < 0) for name, at in zip(ROUND_COLUMNS, bounds, strict=True)}
    return pd.DataFrame(values, pushes.index).assign(own=updates.own)


def _placed(
    pushes: pd.DataFrame,
    kinds: _Kinds,
    *,
    newest: Ints,
    since: Ints,
    pinned: Ints,
    guess: Ints,
    moved: Bools,
) -> Ints:
    """The likeliest, the earliest and the latest round of each push that is of one.

    `moved`: pushes of which either can be the proxy's own, so that they say nothing of each other.
    """
    proxy = pd.factorize(pushes["proxy"])[0]
    types, names = pd.factorize(pushes["xds_type"])
    is_pinned = pinned >= 0
    last = np.where(is_pinned, np.minimum(pinned, newest), newest)
    first = np.where(is_pinned, pinned, since)
    once = pushes["once"].to_numpy(bool)
    series = (proxy * (len(names) + 1) + types + 1) * 2 + kinds.of
    # A proxy has one push on its way at most, and what waits behind it merges (1.3 on): so when a round
    # begins, one push of a type at most is still of an earlier one, and that is the next.
    first[once] = np.maximum(first[once], Groups(series[once]).before(newest[once], -1))
    steps = once & ~moved & ~_again(newest, series, is_pinned)
    of_proxy, of_series = Groups(proxy), Groups(series[steps])
    for _ in range(2):  # each rule can tighten what the other needs; a third time changes little
        first, last = of_proxy.largest_so_far(first), of_proxy.least_from_here(last)
        first, last = kinds.earliest(first), kinds.latest(last)
        first[steps], last[steps] = kinds.strict(first, last, steps, of_series)
    last = np.where(is_pinned, np.minimum(pinned, newest), last)
    first = np.minimum(kinds.earliest(np.maximum(first, 0)), np.maximum(last, 0))
    likeliest = np.clip(guess, first, last)
    # A version pins what its proxy got before only if the push is of a round, and that is not sure.
    last = np.where(kinds.of == ENDPOINTS, kinds.latest(np.where(is_pinned, last, newest)), last)
    return np.stack([likeliest, first, last])


def _again(newest: Ints, series: Ints, is_pinned: Bools) -> Bools:
    """Of the pushes of a type to a proxy, those that have the same newest round: one is not of it."""
    keys = pd.DataFrame({"series": series, "newest": np.where(is_pinned, -1 - np.arange(len(newest)), newest)})
    return keys.duplicated(keep=False).to_numpy()


def _begun(pushes: pd.DataFrame, rounds: pd.DataFrame) -> Ints:
    """The newest round that had begun when each push was written and when it was sent; -1 if none had.

    A line takes its time before it waits for its turn to be written. So a push that is written after the
    start of a round and is earlier than it by its own time was sent before.
    """
    written = np.searchsorted(rounds["row"].to_numpy(), pushes["row"].to_numpy()) - 1
    begins, moment = as_nanoseconds(rounds["timestamp"]), as_nanoseconds(pushes["timestamp"])
    begins = np.maximum.accumulate(begins)
    sent = np.searchsorted(begins, moment, side="right") - 1
    late = begins[np.maximum(written, 0)] - moment < WRITTEN_LATE.value
    found: Ints = np.where(late & (moment != NAT) & (written >= 0), np.minimum(written, sent), written)
    return found


class _Kinds:
    """Which rounds a push can be of: endpoint-only rounds have push lines of their own kind.

    To 1.10 the words tell (`PUSH INC`); those lines print `clusters`. Later the level tells: `PUSH INC`
    at info is of a full round in which the proxy needed some endpoints only, and everything at debug is
    of an endpoint-only round. From 1.31 on no round is known to be of either kind: any can be.
    """

    def __init__(self, pushes: pd.DataFrame, rounds: pd.DataFrame) -> None:
        words = pushes["push_type"].eq("incremental")
        endpoints = words.where(pushes["clusters"].notna(), pushes["level"].eq("debug"))
        self.of: Ints = np.where(endpoints, ENDPOINTS, ALL_TYPES)
        somebody = rounds["connected_endpoints"].ne(0).to_numpy(bool)
        fits = [somebody & is_kind.fillna(True).to_numpy(bool) for is_kind in (rounds["full"], ~rounds["full"])]
        size = len(rounds)
        at = np.arange(size)
        self._before = np.stack([np.maximum.accumulate(np.where(fit, at, -1)) for fit in fits])
        self._after = np.stack([np.minimum.accumulate(np.where(fit, at, size)[::-1])[::-1] for fit in fits])
        #: By round: the last one before it that pushes all types.
        self.before: Ints = np.concatenate([[-1], self._before[ALL_TYPES, :-1]])
        self._rank = np.stack([np.cumsum(fit) - 1 for fit in fits])
        self._members = [np.flatnonzero(fit) for fit in fits]

    def only(self, which: Bools) -> _Kinds:
        """The same of some of the pushes."""
        part = copy(self)
        part.of = self.of[which]
        return part

    def latest(self, at: Ints) -> Ints:
        """The last fitting round up to each push's `at`; -1 if there is none."""
        return np.where(at >= 0, self._before[self.of, np.maximum(at, 0)], -1)

    def earliest(self, at: Ints) -> Ints:
        """The first fitting round from each push's `at` on; the number of rounds if there is none."""
        size = self._after.shape[1]
        found = np.where(at < size, self._after[self.of, np.clip(at, 0, size - 1)], size)
        return np.where(at < 0, -1, found)

    def strict(self, first: Ints, last: Ints, pick: Bools, groups: Groups) -> tuple[Ints, Ints]:
        """Bounds in which every push of a type to a proxy is of a later round than the one before.

        In steps of fitting rounds: the n-th push is n steps on at least, so the running maximum of
        ``first - n`` bounds it, and backwards the running minimum of ``last - n``. A round before the log is any
        number of steps back, so nothing can be counted from it.
        """
        first, last, of = first[pick].copy(), last[pick].copy(), self.of[pick]
        count, size = groups.count(), self._rank.shape[1]
        long_ago = -2 * len(first) - size
        known = (last >= 0) & (first < size)
        low = np.where(known & (first >= 0), self._rank[of, np.clip(first, 0, size - 1)], long_ago) - count
        high = np.where(known, self._rank[of, np.maximum(last, 0)], size) - count
        low = groups.largest_so_far(low) + count
        high = groups.least_from_here(high) + count
        for kind, members in enumerate(self._members):
            mine = known & (of == kind) & (low <= high)
            first[mine] = np.where(low[mine] < 0, -1, members[np.clip(low[mine], 0, len(members) - 1)])
            last[mine] = members[np.clip(high[mine], 0, len(members) - 1)]
        return first, last


def _pinned(pushes: pd.DataFrame, rounds: pd.DataFrame) -> Ints:
    """The full round whose version a push prints; -1 if it prints none, `NO_SUCH_VERSION` if none has it.

    Endpoint-only rounds print the version of the full round before them: it is not theirs.
    """
    own = rounds["full"].fillna(True).to_numpy(bool)
    first: dict[object, int] = {}
    for at, version in enumerate(rounds["push_version"]):
        if own[at] and isinstance(version, str):
            first.setdefault(version, at)
    of_push, versions = pd.factorize(pushes["push_version"])
    numbers = np.array([*(first.get(version, NO_SUCH_VERSION) for version in versions), -1], np.int64)
    return numbers[of_push]


def _since_connected(
    pushes: pd.DataFrame, rounds: pd.DataFrame, asked: pd.DataFrame, proxy: Ints, proxies: pd.Index[Any]
) -> Ints:
    """The first round that can have found the proxy connected; -1 where the log does not show it connect.

    istiod registers a connection, initializes the proxy, and only then prints the line: a round that
    began up to `REGISTERED` before the line may have found it.
    """
    ups = asked.drop_duplicates("proxy")
    before = np.searchsorted(rounds["row"].to_numpy(), ups["row"].to_numpy())
    recent = rounds["timestamp"].searchsorted(ups["timestamp"] - REGISTERED)
    up = pd.Index(ups["proxy"]).get_indexer(pd.Index(proxies.astype(TEXT)))
    place = np.append(up, -1)[proxy]
    first = np.append(np.minimum(before, recent), -1)[place]
    since = np.append(ups["row"].to_numpy(np.int64), NO_ROUND_LATER)[place]
    return np.where(pushes["row"].to_numpy() > since, first, -1)


def overlapping(asked: pd.DataFrame, closed: pd.DataFrame) -> set[str]:
    """Proxies that had two connections at a time: push lines do not tell those apart."""
    return {proxy for _, proxy in overlapping_in_runs(asked, closed)}


def overlapping_in_runs(asked: pd.DataFrame, closed: pd.DataFrame) -> set[tuple[int, str]]:
    """The same, each with the run in which it had them."""
    names = ["run", "proxy", "connection"]
    ends, begun = closed.drop_duplicates(names), asked.drop_duplicates(names)
    # A connection from before the log has an end and no beginning: it was there from the first line.
    known = pd.MultiIndex.from_frame(ends[names]).isin(pd.MultiIndex.from_frame(begun[names]))
    early = ends[~known].assign(row=-1)
    steps = pd.concat([begun.assign(step=1), early.assign(step=1), ends.assign(step=-1)], ignore_index=True)
    steps = steps.dropna(subset=["proxy"]).sort_values("row", kind="stable")
    open_now = steps["step"].groupby([steps["run"], steps["proxy"]]).cumsum()
    found = steps.loc[open_now > 1, ["run", "proxy"]].drop_duplicates()
    return set(zip(found["run"].tolist(), found["proxy"].tolist(), strict=True))
