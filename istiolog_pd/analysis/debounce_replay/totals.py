"""What other settings do to a recorded load: pushes, cost and delays, cluster by cluster.

A cluster is a stretch of changes around which it was so quiet that no debounce reaches over its ends,
whatever hides in it. Most are a single push whatever the settings; only the others are walked through.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.analysis.debounce_replay.bounds import Rules, replayed
from istiolog_pd.analysis.debounce_replay.hidden import Hidden, fewest_apart
from istiolog_pd.analysis.debounce_replay.recorded import Flags, Floats, Ints, Load, Recorded, each_event

NONE = np.zeros(0, np.int64)


@dataclass(slots=True)
class Totals:
    """Sums of bounds, and bounds of the delay of each change (with how many changes have them)."""

    pushes: tuple[int, int] = (0, 0)
    full_pushes: tuple[int, int] = (0, 0)
    proxies: tuple[float, float] = (0.0, 0.0)
    size_bytes: tuple[float, float] = (0.0, 0.0)
    delays: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)

    def add(self, name: str, low: float, high: float) -> None:
        """Add to the sum of that name."""
        before = getattr(self, name)
        setattr(self, name, (before[0] + low, before[1] + high))

    def costs(self, load: Load, latest: Ints | None, times: Ints, sizes: Ints | None = None) -> None:
        """Add the cost of the pushes of some debounces, each pushed up to a number of times.

        `latest`: when each is pushed at the latest, where two may share a push; `sizes`: of clusters, if several.
        """
        sizes = np.array([len(load.first)]) if sizes is None else sizes
        heads = (np.cumsum(sizes) - sizes).tolist()
        for name, highs in (("proxies", load.proxies_high), ("size_bytes", load.size_bytes)):
            lows = _known(getattr(load, name))
            if latest is None or not lows.any():
                least = float(lows.sum())
            else:
                clusters = (slice(head, head + size) for head, size in zip(heads, sizes.tolist(), strict=True))
                least = sum(best_apart(lows[own], latest[own], load.first[own]) for own in clusters)
            self.add(name, least, float((highs * times).sum()))


def _known(costs: Floats) -> Floats:
    """Costs, those that are not known as nothing."""
    return np.where(np.isnan(costs), 0.0, costs)


def best_apart(costs: Floats, until: Ints, begin: Ints) -> float:
    """The greatest sum of costs of debounces of which no two can share a push."""
    best = [0.0]
    before = until.searchsorted(begin, "right").tolist()
    for place, cost in enumerate(costs.tolist()):
        best.append(max(best[place], best[min(before[place], place)] + cost))
    return best[-1]


def replay(load: Load, recorded: Recorded, after: int, maximum: int, eds_debounce: bool) -> Totals:
    """The bounds of one setting over one process."""
    totals = Totals()
    waits = (*recorded.full_context, *recorded.other_context)
    rules = Rules(after, maximum, min(waits), max(waits))
    if not eds_debounce:
        alone = ~load.full
        _at_once(load.where(alone), totals)
        load = load.where(~alone)
    if len(load.first):
        _Clusters(load, recorded, rules, not eds_debounce, totals).walk()
    return totals


def _at_once(load: Load, totals: Totals) -> None:
    """Endpoint-only changes that are not debounced: each is a push of its own, without delay."""
    count = int(load.events.sum())
    totals.add("pushes", count, count)
    totals.costs(load, None, load.events)
    totals.delays.append(
        (NONE + 0, NONE + 0, NONE) if not count else (np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([count]))
    )


class _Clusters:
    """The debounces of one process, and how they fall into clusters under some rules."""

    def __init__(self, load: Load, recorded: Recorded, rules: Rules, split: bool, totals: Totals) -> None:
        self.load, self.recorded, self.rules, self.totals = load, recorded, rules, totals
        self.dense = load.dense & (recorded.after is not None and rules.after >= (recorded.after or 0))
        # Without the debounce of endpoints a change that may be one of them may be pushed apart.
        self.loose = ~load.sure if split else np.zeros(len(load.first), bool)
        reach = np.maximum.accumulate(load.last)
        apart = load.first[1:] - reach[:-1] >= rules.margin
        self.begin = np.concatenate([[0], np.flatnonzero(apart) + 1])
        self.end = np.append(self.begin[1:], len(load.first))

    def walk(self) -> None:
        """Add every cluster to the totals."""
        load, rules = self.load, self.rules
        hides = np.array([times is None for times in load.known]) & ~self.dense
        span = np.maximum.reduceat(load.last, self.begin) - load.first[self.begin]
        simple = (span + rules.after <= rules.maximum) & ~np.logical_or.reduceat(hides | self.loose, self.begin)
        simple &= ~self._gaps()
        self._simple(simple)
        exact = ~simple & self._all_known()
        for begin, end in zip(self.begin[exact].tolist(), self.end[exact].tolist(), strict=True):
            self._exact(load.part(slice(begin, end)))
        self._bounded(~simple & ~exact)

    def _all_known(self) -> Flags:
        """Clusters all of whose changes are known, if it is known too how long a push keeps the next one waiting."""
        full_context, other = self.recorded.full_context, self.recorded.other_context
        if full_context[0] != full_context[1] or other[0] != other[1]:
            return np.zeros(len(self.begin), bool)
        unknown = np.array([times is None for times in self.load.known]) | ~self.load.sure | self.loose
        known: Flags = ~np.logical_or.reduceat(unknown, self.begin)
        return known

    def _gaps(self) -> Flags:
        """Clusters with a gap in which it surely was quiet for long enough."""
        inside = [0 if times is None or len(times) < 2 else int(np.diff(times).max()) for times in self.load.known]
        between = np.append(self.load.first[1:] - np.maximum.accumulate(self.load.last)[:-1], 0)
        between[self.end - 1] = 0
        gaps: Flags = np.maximum.reduceat(np.maximum(inside, between), self.begin) >= self.rules.after
        return gaps

    def _simple(self, simple: Flags) -> None:
        """Clusters that are one push, let go `after` behind their last change."""
        load, totals = self.load, self.totals
        count = int(simple.sum())
        if not count:
            return
        of = np.repeat(np.arange(len(self.begin)), self.end - self.begin)
        rows = simple[of]
        decision = (np.maximum.reduceat(load.last, self.begin) + self.rules.after)[of]
        full = int((np.logical_or.reduceat(load.full, self.begin) & simple).sum())
        totals.add("pushes", count, count)
        totals.add("full_pushes", full, full)
        for name, highs in (("proxies", load.proxies_high), ("size_bytes", load.size_bytes)):
            lows = np.maximum.reduceat(_known(getattr(load, name)), self.begin)[simple]
            totals.add(name, float(lows.sum()), float(highs[rows].sum()))
        _delays(load.where(rows), decision[rows], decision[rows], totals)

    def _exact(self, load: Load) -> None:
        """All changes are known: the debounce is replayed."""
        totals = self.totals
        known = list(each_event(load))
        times = np.concatenate(known)
        order = np.argsort(times, kind="stable")
        full = np.repeat(load.full, load.events)
        waits = self.recorded.full_context[0], self.recorded.other_context[0]
        ordered, pushes, full_pushes = replayed(times[order], full[order], self.rules, *waits)
        decisions = np.empty_like(ordered)
        decisions[order] = ordered
        totals.add("pushes", pushes, pushes)
        totals.add("full_pushes", full_pushes, full_pushes)
        starts = np.cumsum(load.events) - load.events
        last = decisions[starts + load.events - 1]
        each = np.array([len(np.unique(decisions[at : at + n])) for at, n in zip(starts, load.events, strict=True)])
        totals.costs(load, last, each)
        totals.delays.append((decisions - times, decisions - times, np.ones(len(times), np.int64)))

    def _bounded(self, chosen: Flags) -> None:
        """Clusters in which some changes are hidden: bounds."""
        if not chosen.any():
            return
        sizes = self.end - self.begin
        rows = np.repeat(chosen, sizes)
        hidden = Hidden(self.load.where(rows), sizes[chosen], self.dense[rows], self.loose[rows], self.rules)
        totals, load, track = self.totals, hidden.load, hidden.track()
        latest = track.latest(load.last, load.last + self.rules.wait_high)
        low, high = hidden.pushes(track, latest)
        totals.add("pushes", int(low.sum()), int(np.maximum(low, high).sum()))
        full = np.add.reduceat(np.where(load.full, load.events, 0), hidden.heads)
        least = fewest_apart(load.first[load.full], latest[load.full])
        totals.add("full_pushes", least, int(np.minimum(high, full).sum()))
        times = hidden.times(high)
        totals.costs(load, latest, times, hidden.sizes)
        totals.delays += hidden.delays(track)


def _delays(load: Load, low: Ints, high: Ints, totals: Totals) -> None:
    """Delays of changes whose decision is known: exact of known changes, bounds of hidden ones."""
    hiding = np.array([times is None for times in load.known], bool)
    known = [times for times in load.known if times is not None]
    points = np.concatenate([*known, load.first[hiding], load.last[hiding]]).astype(np.int64)
    counts = load.events[~hiding]
    decision = np.concatenate([np.repeat(low[~hiding], counts), low[hiding], low[hiding]])
    totals.delays.append((decision - points, decision - points, np.ones(len(points), np.int64)))
    totals.delays.append((low[hiding] - load.last[hiding], high[hiding] - load.first[hiding], load.events[hiding] - 2))


def recorded_delays(load: Load) -> Totals:
    """What was: pushes, cost, and delays, which hide only where changes do."""
    totals = Totals()
    full = int(load.full.sum())
    totals.add("pushes", len(load.first), len(load.first))
    totals.add("full_pushes", full, full)
    totals.costs(load, None, np.ones(len(load.first), np.int64))
    _delays(load, load.decision, load.decision, totals)
    return totals
