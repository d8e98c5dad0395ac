"""Pushes of no round: a proxy whose own pod or WorkloadEntry changed gets everything, alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._time import NAT, as_nanoseconds
from istiolog_pd.analysis.pushes._bursts import Bursts
from istiolog_pd.analysis.pushes._rounds_of_runs import Places, Rounds

Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

#: No line of a process for so long: what was queued has been pushed.
QUIET = pd.Timedelta("1s")


@dataclass(frozen=True)
class Updates:
    """What is known of each line; rounds are counted from 0 in their run.

    `own`: it is an update of its proxy alone. `first` and `last` bound its round if it is of one after all;
    -1: it cannot be. `likeliest`: the round of the others. `moved`: of two pushes behind each other either
    can be of the newest round, so they say nothing of each other.
    """

    own: Bools
    first: Ints
    last: Ints
    likeliest: Ints
    moved: Bools


def own_updates(
    pushes: pd.DataFrame, rounds: Rounds, bursts: Bursts, before: Ints, newest: Ints, since: Ints, pinned: Ints
) -> Updates:
    """Which pushes of a run are updates of one proxy alone, as far as the lines tell.

    istiod queues such an update for one connection (``ProxyUpdate``, pilot/pkg/xds/ads.go); its lines look
    like those of a full round, all types come, and none says so. A connection has one push on its way and
    one that waits, into which everything queued meanwhile merges, so a round is pushed to it once at most: a
    second full set after one start of a round is the proxy's own. Only if the round before may have come
    late are both of rounds. A set long after a round whose other pushes are done is the proxy's own too, if
    this proxy is left out of rounds now and then.

    Parameters
    ----------
    pushes
        The push lines of one run that are no answers to requests; `once`: its proxy has one connection at a
        time, and this version prints requests.
    bursts
        Which lines are of one push.
    before
        By round: the last one before it that pushes all types.
    newest
        The newest round that each line can be of; -1: none.
    since
        The first round that can have found the proxy connected; -1 where its connection is not in the log.
    pinned
        The round whose version a push prints; below 0: none.
    """
    sets = _sets(pushes, bursts, newest, since, pinned)
    quiet = _Quiet(pushes, rounds)
    run, number, named = sets["run"].to_numpy(), sets["newest"].to_numpy(np.int64), sets["named"].to_numpy(bool)
    known = number >= 0
    at = rounds.first[run] + np.maximum(number, 0)
    former = np.where(known, before[at], -1)
    prompt = quiet.none_between(rounds.begins[at], sets["begun"].to_numpy(), run)
    again = named & sets.duplicated(["proxy", "version"]).to_numpy()
    again |= ~named & known & (number == sets["newest_before"].to_numpy())
    missing = (former >= 0) & (former > sets["newest_twice_before"].to_numpy()) & (former >= sets["since"].to_numpy())
    displaced = again & ~named & missing & prompt
    second = again & sets["whole"].to_numpy(bool) & ~displaced
    after_quiet = ~quiet.none_between(sets["ended_before"].to_numpy(), sets["begun"].to_numpy(), run)
    unseen = (sets["since"] > sets["newest"]).to_numpy(bool)
    sure = unseen | (second & (named | after_quiet))
    left_out = (sets["newest_before"].to_numpy() >= 0) & (sets["newest_before"].to_numpy() < former)
    alone = ~again & known & left_out & ~prompt & sets["whole"].to_numpy(bool)
    own = sure | second | alone
    # What a displaced one has before it is of the round before.
    behind = np.zeros(len(sets), bool)
    behind[:-1] = displaced[1:] & (sets["proxy"].to_numpy()[1:] == sets["proxy"].to_numpy()[:-1])
    likeliest = bursts.largest(pinned)
    likeliest = np.where(likeliest < 0, bursts.of_head(newest), likeliest)
    place = sets.index.to_numpy()
    likeliest[place[behind]] = before[rounds.first[run[behind]] + likeliest[place[behind]]]
    first, last = np.full((2, len(bursts.heads)), -1)
    doubt = own & ~sure
    first[place[doubt]] = np.where(alone, sets["newest_before"], number)[doubt]
    last[place[doubt]] = number[doubt]
    flags = np.zeros((2, len(bursts.heads)), bool)
    flags[:, place] = own, displaced | behind
    lines = (bursts.to_lines(values) for values in (flags[0], first, last, likeliest, flags[1]))
    return Updates(*lines)


def _sets(pushes: pd.DataFrame, bursts: Bursts, newest: Ints, since: Ints, pinned: Ints) -> pd.DataFrame:
    """The bursts that can be of a full round, each proxy's behind one another, by their number.

    `newest`: the newest round when it began, or the one whose version it prints (`named`; `version`: its
    number); `whole`: it begins with the type that this proxy's pushes begin with, as one of all types does.
    """
    time = as_nanoseconds(pushes["timestamp"])
    run, (text, texts) = pushes["run"].to_numpy(), pd.factorize(pushes["push_version"])
    # Numbered by their first line in each run: what a run gives does not depend on the others.
    version = np.where(text < 0, -1, pd.factorize(run * (len(texts) + 1) + text)[0])
    full = pushes["push_type"].eq("full") & pushes["once"]
    named = bursts.largest(pinned)
    heads = pd.DataFrame(
        {
            "run": bursts.of_head(run),
            "proxy": bursts.proxy[bursts.heads],
            "newest": np.where(named >= 0, named, bursts.of_head(newest)),
            "version": bursts.largest(version),
            "since": bursts.of_head(since),
            "begun": bursts.of_head(time),
            "ended": bursts.largest(time),
            "rank": bursts.rank[bursts.heads],
        }
    )[bursts.of_head(full.to_numpy(bool))]
    proxies = heads.groupby("proxy", sort=False)
    return heads.assign(
        named=heads["version"] >= 0,
        whole=heads["rank"] <= proxies["rank"].transform("min"),
        newest_before=proxies["newest"].shift(1, fill_value=-2),
        newest_twice_before=proxies["newest"].shift(2, fill_value=-1),
        ended_before=proxies["ended"].shift(1, fill_value=NAT),
    )


class _Quiet:
    """The stretches of each run in which nothing of a full round was logged for so long."""

    def __init__(self, pushes: pd.DataFrame, rounds: Rounds) -> None:
        full = pushes["push_type"].ne("incremental").to_numpy(bool)
        own = rounds.lines["full"].fillna(True).to_numpy(bool)
        times = np.concatenate([as_nanoseconds(pushes["timestamp"])[full], rounds.begins[own]])
        runs = np.concatenate([pushes["run"].to_numpy()[full], rounds.run[own]])
        order = np.lexsort((times, runs))
        times, runs = times[order], runs[order]
        last = np.flatnonzero((np.diff(times) > QUIET.value) & (runs[1:] == runs[:-1]))
        #: The last moment of each stretch except the last of its run.
        self._ends = Places(times[last], runs[last])

    def none_between(self, early: Ints, late: Ints, run: Ints) -> Bools:
        """Whether lines of a run went on from one moment of a line to another."""
        return np.asarray(self._ends.of(early, run) == self._ends.of(late, run))
