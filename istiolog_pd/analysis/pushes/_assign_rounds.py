"""The round of each push: the likeliest, the earliest and the latest that it can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._answer import COUNT, TEXT
from istiolog_pd.analysis._time import NAT, as_nanoseconds
from istiolog_pd.analysis.pushes._bursts import Bursts
from istiolog_pd.analysis.pushes._grouped import Groups
from istiolog_pd.analysis.pushes._own_updates import own_updates
from istiolog_pd.analysis.pushes._round_kinds import ENDPOINTS, Kinds
from istiolog_pd.analysis.pushes._rounds_of_runs import Rounds

Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

#: How long before the line of a new connection it can have been registered for pushes.
REGISTERED = pd.Timedelta("1s")
#: A line is written later than its own time says by less than this; more is a clock that was set.
WRITTEN_LATE = pd.Timedelta("10s")

#: What is used of a push line.
USED = ["run", "row", "timestamp", "proxy", "xds_type", "push_type", "inferred", "level", "clusters", "push_version"]

ROUND_COLUMNS = ("round", "round_first", "round_last")
NO_SUCH_VERSION = -2
#: A row after all others.
NO_ROUND_LATER = 2**62
#: A time after all others.
NO_TIME_LATER = 2**63 - 1


def assign_rounds(
    pushes: pd.DataFrame, starts: pd.DataFrame, asked: pd.DataFrame, shared: set[tuple[int, str]]
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
    asked
        The lines that show proxies connect.
    shared
        Runs and their proxies that `overlapping_in_runs` gives.
    """
    rounds = Rounds(starts)
    of_rounds = rounds.with_run(pushes.loc[pushes["push_type"].ne("request") & ~pushes["warming"], USED])
    if of_rounds.empty:
        return _no_rounds(pushes).assign(own=pushes["warming"])
    prints_requests = pushes.loc[pushes["push_type"].eq("request") & ~pushes["inferred"], "run"].unique()
    # Before 1.10 an answer to a request looks like a push of a round, so a type may come twice.
    once = np.isin(rounds.runs, prints_requests)[of_rounds["run"].to_numpy()]
    if shared:
        once &= ~pd.MultiIndex.from_frame(pushes.loc[of_rounds.index, ["run", "proxy"]]).isin(shared)
    found = _of_runs(of_rounds.assign(once=once), rounds, rounds.with_run(asked)).reindex(pushes.index)
    return found.assign(own=found["own"].eq(True) | pushes["warming"])


def _no_rounds(pushes: pd.DataFrame) -> pd.DataFrame:
    """No round for each push."""
    return pd.DataFrame({name: pd.Series(pd.NA, pushes.index, COUNT) for name in ROUND_COLUMNS})


def _of_runs(pushes: pd.DataFrame, rounds: Rounds, asked: pd.DataFrame) -> pd.DataFrame:
    """The same for runs that have rounds, which are counted from 0 in each run.

    `run` is the place of its run; `once`: a round pushes a type to this proxy once at most (it has one
    connection at a time).
    """
    run, (proxy, proxies) = pushes["run"].to_numpy(), pd.factorize(pushes["proxy"])
    pushes = pushes.assign(proxy=_in_run(proxy, run, len(proxies)))
    begun = _begun(pushes, rounds)
    kinds = Kinds(pushes, rounds)
    pinned = _pinned(pushes, rounds)
    newest, since = kinds.latest(begun), kinds.earliest(_since_connected(pushes, rounds, asked, proxies))
    bursts = Bursts(pushes, rounds, newest)
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
    number, first = rounds.lines["round"].to_numpy(np.int64), rounds.first[run]
    values = {
        name: pd.arrays.IntegerArray(number[first + np.maximum(at, 0)], at < 0)
        for name, at in zip(ROUND_COLUMNS, bounds, strict=True)
    }
    return pd.DataFrame(values, pushes.index).assign(own=updates.own)


def _in_run(proxy: Ints, run: Ints, size: int) -> Ints:
    """Number proxies anew, so that those of each run are others; the unknown ones of a run share one below 0."""
    return np.where(proxy < 0, -1 - run, run * size + proxy)


def _placed(
    pushes: pd.DataFrame,
    kinds: Kinds,
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
    proxy, (types, names) = pushes["proxy"].to_numpy(), pd.factorize(pushes["xds_type"])
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


def _begun(pushes: pd.DataFrame, rounds: Rounds) -> Ints:
    """The newest round that had begun when each push was written and when it was sent; -1 if none had.

    A line takes its time before it waits for its turn to be written. So a push that is written after the
    start of a round and is earlier than it by its own time was sent before.
    """
    run, moment = pushes["run"].to_numpy(), as_nanoseconds(pushes["timestamp"])
    written = rounds.before_row(pushes["row"].to_numpy(), run) - 1
    sent = rounds.before_time(moment, run, "right") - 1
    late = rounds.rising[rounds.first[run] + np.maximum(written, 0)] - moment < WRITTEN_LATE.value
    found: Ints = np.where(late & (moment != NAT) & (written >= 0), np.minimum(written, sent), written)
    return found


def _pinned(pushes: pd.DataFrame, rounds: Rounds) -> Ints:
    """The full round whose version a push prints; -1 if it prints none, `NO_SUCH_VERSION` if none has it.

    Endpoint-only rounds print the version of the full round before them: it is not theirs.
    """
    run, (of_push, versions) = pushes["run"].to_numpy(), pd.factorize(pushes["push_version"])
    of_round = pd.Index(versions).get_indexer(pd.Index(rounds.lines["push_version"]))
    own = np.flatnonzero(rounds.lines["full"].fillna(True).to_numpy(bool) & (of_round >= 0))
    known, first = np.unique(rounds.run[own] * len(versions) + of_round[own], return_index=True)
    place = _place_in(known, run * len(versions) + of_push)
    found = np.where(place < 0, NO_SUCH_VERSION, np.append(own[first], -1)[place] - rounds.first[run])
    return np.where(of_push < 0, -1, found)


def _place_in(known: Ints, values: Ints) -> Ints:
    """The place of each value among sorted ones; -1 if it is none of them."""
    place = np.searchsorted(known, values)
    return np.where(np.append(known, NAT)[place] == values, place, -1)


def _since_connected(pushes: pd.DataFrame, rounds: Rounds, asked: pd.DataFrame, proxies: pd.Index[Any]) -> Ints:
    """The first round that can have found the proxy connected; -1 where the log does not show it connect.

    istiod registers a connection, initializes the proxy, and only then prints the line: a round that
    began up to `REGISTERED` before the line may have found it.
    """
    proxy, ups = pushes["proxy"].to_numpy(), asked.drop_duplicates(["run", "proxy"])
    run, row = ups["run"].to_numpy(), ups["row"].to_numpy(np.int64)
    moment = as_nanoseconds(ups["timestamp"])
    registered = np.where(moment == NAT, NO_TIME_LATER, np.maximum(moment, NAT + REGISTERED.value) - REGISTERED.value)
    first = np.minimum(rounds.before_row(row, run), rounds.before_time(registered, run, "left"))
    known, at = np.unique(
        _in_run(pd.Index(proxies.astype(TEXT)).get_indexer(pd.Index(ups["proxy"])), run, len(proxies)),
        return_index=True,
    )
    place = np.where(proxy < 0, -1, _place_in(known, proxy))
    first, since = (np.append(values[at], none)[place] for values, none in ((first, -1), (row, NO_ROUND_LATER)))
    return np.where(pushes["row"].to_numpy() > since, first, -1)


def overlapping_in_runs(asked: pd.DataFrame, closed: pd.DataFrame) -> set[tuple[int, str]]:
    """Runs, and proxies that had two connections at a time in them: push lines do not tell those apart."""
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
