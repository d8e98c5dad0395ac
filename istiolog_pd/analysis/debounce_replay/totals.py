"""What other settings do to a recorded load: pushes, cost and delays, cluster by cluster.

A cluster is a stretch of changes around which it was so quiet that no debounce reaches over its ends,
whatever hides in it. Most are a single push whatever the settings; only the others are walked through.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.analysis.debounce_replay.bounds import Rules, Track, replayed
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

    def costs(self, load: Load, low: Floats | None, times: Ints) -> None:
        """Add the cost of the pushes of some debounces, each pushed up to a number of times."""
        for name, highs in (("proxies", load.proxies_high), ("size_bytes", load.size_bytes)):
            lows = np.nan_to_num(getattr(load, name))
            least = lows.sum() if low is None else best_apart(lows, low, load.first.astype(np.float64))
            self.add(name, float(least), float((highs * times).sum()))


def best_apart(costs: Floats, until: Floats, begin: Floats) -> float:
    """The greatest sum of costs of debounces of which no two can share a push."""
    best = np.zeros(len(costs) + 1)
    before = np.searchsorted(until, begin, "right")
    for place, cost in enumerate(costs.tolist()):
        best[place + 1] = max(best[place], best[min(int(before[place]), place)] + cost)
    return float(best[-1])


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
        for begin, end in zip(self.begin[~simple].tolist(), self.end[~simple].tolist(), strict=True):
            rows = slice(begin, end)
            self._complex(load.part(rows), self.dense[rows], self.loose[rows])

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
            lows = np.maximum.reduceat(np.nan_to_num(getattr(load, name)), self.begin)[simple]
            totals.add(name, float(lows.sum()), float(highs[rows].sum()))
        _delays(load.where(rows), decision[rows], decision[rows], totals)

    def _complex(self, load: Load, dense: Flags, loose: Flags) -> None:
        full_context, other = self.recorded.full_context, self.recorded.other_context
        certain = full_context[0] == full_context[1] and other[0] == other[1]
        if certain and load.sure.all() and not loose.any() and all(times is not None for times in load.known):
            self._exact(load)
        else:
            self._bounded(load, dense, loose)

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
        last = decisions[starts + load.events - 1].astype(np.float64)
        each = np.array([len(np.unique(decisions[at : at + n])) for at, n in zip(starts, load.events, strict=True)])
        totals.costs(load, last, each)
        totals.delays.append((decisions - times, decisions - times, np.ones(len(times), np.int64)))

    def _bounded(self, load: Load, dense: Flags, loose: Flags) -> None:
        """Some changes are hidden: bounds."""
        totals, rules = self.totals, self.rules
        track = _track(load, dense, loose, rules)
        latest = track.latest(load.last, load.last + rules.wait_high)
        cover = _apart(load.first, latest)
        sure = not loose.any()
        low = track.fewest() if sure else cover
        high = min(int(load.events.sum()), track.most()) if sure else int(load.events.sum())
        full_low = _apart(load.first[load.full], latest[load.full])
        totals.add("pushes", low, max(low, high))
        totals.add("full_pushes", full_low, min(high, int(load.events[load.full].sum())))
        step = np.where(dense, rules.maximum, rules.after)
        each = np.minimum(np.minimum(load.events, high), 2 + (load.last - load.first) // step)
        each = np.where(loose, load.events, each)
        totals.costs(load, latest.astype(np.float64), each)
        self._bounded_delays(load, track, dense, loose)

    def _bounded_delays(self, load: Load, track: Track, dense: Flags, loose: Flags) -> None:
        rules = self.rules
        from_maximum = int(load.first.min()) + rules.maximum
        # What may be pushed apart keeps no debounce open.
        kept = _track(load.where(~loose), dense[~loose], loose[~loose], rules) if loose.any() else track

        def bounds(early: Ints, late: Ints) -> tuple[Ints, Ints]:
            """Of changes between two times: from the earliest to the latest decision."""
            place = np.searchsorted(kept.points, early)
            quiet = np.maximum(kept.quiet_from(place) - late, rules.after)
            low = np.minimum(quiet, np.maximum(from_maximum - late, 0))
            return low, track.latest(late, late + rules.wait_high) - early

        known = [times for times, apart in zip(load.known, loose, strict=True) if times is not None and not apart]
        hiding = np.array([times is None for times in load.known])
        ends = hiding & ~loose
        points = np.concatenate([*known, load.first[ends], load.last[ends]]).astype(np.int64)
        one = np.ones(len(points), np.int64)
        self.totals.delays.append((*bounds(points, points), one))
        first, last = load.first[ends], load.last[ends]
        self.totals.delays.append((*bounds(first, last), load.events[ends] - 2))
        high = track.latest(load.last[loose], load.last[loose] + rules.wait_high) - load.first[loose]
        self.totals.delays.append((np.zeros_like(high), high, load.events[loose]))


def _track(load: Load, dense: Flags, loose: Flags, rules: Rules) -> Track:
    """The known changes of a cluster, and how many can hide between each and the next."""
    points = np.unique(np.concatenate([NONE, *each_event(load)]))
    hidden, tight = np.zeros(len(points), np.int64), np.ones(len(points), bool)
    for times, first, last, events, packed, apart in zip(
        load.known, load.first, load.last, load.events, dense, loose, strict=True
    ):
        if times is None or apart:
            begin, end = np.searchsorted(points, [first, last])
            hidden[begin:end] += max(int(events) - 2, 1)
            tight[begin:end] &= bool(packed) and not apart
    return Track(points, hidden, tight, rules)


def _apart(first: Ints, latest: Ints) -> int:
    """The least number of pushes in which debounces are that cannot share one."""
    count, until = 0, -(1 << 62)
    for begin, end in zip(first.tolist(), latest.tolist(), strict=True):
        if begin >= until:
            count += 1
            until = end
        else:
            until = min(until, end)
    return count


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
