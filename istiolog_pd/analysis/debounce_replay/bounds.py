"""What a debounce does to changes of which some are hidden: bounds that hold wherever those were.

Three facts carry all bounds. A push is let go no later than MAX and AFTER behind its first change, or when
the push before it has been started. A gap of AFTER in which nothing can hide ends a debounce. And a push
is let go no earlier than AFTER behind the last change that is known to be in it, or MAX behind its first.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from istiolog_pd.analysis.debounce_replay.recorded import FAR_FUTURE, Flags, Ints

#: Maximum number of pushes counted, in multiples of the known changes.
PATIENCE = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings to replay (ns), and how long a push keeps the next one waiting: at least and at most."""

    after: int
    maximum: int
    wait_low: int
    wait_high: int

    @property
    def margin(self) -> int:
        """A gap after which the debounce surely is as it was at the start."""
        return self.after if self.wait_high <= self.after else max(self.after, self.wait_high) + self.wait_high


def decide(times: list[int], at: int, free: int, rules: Rules) -> tuple[int, int]:
    """When the debounce that begins with a change lets its push go, and the change that the next begins with.

    `free` is when the push before it has been started. The timer that fires before is lost; a change at
    the instant of a look comes behind it.
    """
    start = times[at]
    now = free if free > start else start + rules.after
    while True:
        end = bisect_left(times, now, at)
        quiet = now - times[end - 1]
        if quiet >= rules.after or now - start >= rules.maximum:
            return now, end
        now += rules.after - quiet


class Track:
    """Changes known and hidden, as points in time and what lies between them.

    Parameters
    ----------
    points
        Times of the known changes, in order.
    hidden
        How many changes can hide between each point and the next (the last: 0).
    dense
        Where changes hide: whether no two of them are `after` apart.
    rules
        The settings.
    """

    def __init__(self, points: Ints, hidden: Ints, dense: Flags, rules: Rules) -> None:
        self.rules = rules
        self.points = points
        self.hidden = hidden
        gaps = np.append(np.diff(points), FAR_FUTURE)
        quiet = (gaps >= rules.after) & (hidden == 0)
        self.before, self.behind = points[quiet], np.append(points, FAR_FUTURE)[1:][quiet]
        linked = (gaps < rules.after) | ((hidden > 0) & dense)
        self.end = _chain_ends(linked)

    def latest(self, start: Ints, free: Ints) -> Ints:
        """The latest decision of debounces that begin at `start`, when the push before is started at `free`."""
        gap = np.maximum(self.before.searchsorted(start), self.behind.searchsorted(free))
        quiet = np.maximum(self.before[gap] + self.rules.after, free)
        late: Ints = np.minimum(np.maximum(start + self.rules.maximum + self.rules.after, free), quiet)
        return late

    def quiet_from(self, place: Ints) -> Ints:
        """The earliest decision for quiet of debounces that hold these points."""
        return self.points[self.end[place]] + self.rules.after

    def fewest(self, begins: Ints, ends: Ints) -> list[int]:
        """The least number of pushes of the points of each cluster: each push takes in as much as one can."""
        points, before, behind = self.points.tolist(), self.before.tolist(), self.behind.tolist()
        rules, counts = self.rules, []
        for place, end in zip(begins.tolist(), ends.tolist(), strict=True):
            count, free = 0, -FAR_FUTURE
            while place < end:
                start = points[place]
                gap = max(bisect_left(before, start), bisect_left(behind, free))
                now = min(max(start + rules.maximum + rules.after, free), max(before[gap] + rules.after, free))
                count += 1
                free = now + rules.wait_high
                place = bisect_left(points, now, place, end)
            counts.append(count)
        return counts

    def most(self, begins: Ints, ends: Ints) -> list[int]:
        """The greatest number of pushes: each is let go as early as can be, and changes hide where that helps.

        Where more hide than a log of this size has in earnest, it is not worked out: any number is possible.
        """
        points, left = self.points.tolist(), self.hidden.tolist()
        quiet_from = self.quiet_from(np.arange(len(points))).tolist()
        return [
            self._most(points, left, quiet_from, begin, end)
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        ]

    def _most(self, points: list[int], left: list[int], quiet_from: list[int], begin: int, end: int) -> int:
        rules, count, free, start = self.rules, 0, -FAR_FUTURE, points[begin]
        patience = PATIENCE * (end - begin + 1000)
        while count < patience:
            count += 1
            low = max(free, start + rules.after)
            quiet = max(low, quiet_from[bisect_left(points, low, begin, end) - 1])
            now = min(quiet, max(free, start + rules.maximum))
            free = now + rules.wait_low
            place = bisect_left(points, now, begin, end)
            if place > begin and (place == end or points[place] > now) and left[place - 1] > 0:
                left[place - 1] -= 1
                start = now
            elif place < end:
                start = points[place]
            else:
                return count
        return FAR_FUTURE


def _chain_ends(linked: Flags) -> Ints:
    """For each point the last one that it is linked with, through those between."""
    place = np.arange(len(linked))
    ends = np.where(linked, len(linked), place)
    chain: Ints = np.minimum.accumulate(ends[::-1])[::-1]
    return np.minimum(chain, len(linked) - 1)


def replayed(times: Ints, full: Flags, rules: Rules, full_wait: int, other_wait: int) -> tuple[Ints, int, int]:
    """Changes that are all known: the decision for each, the pushes, and how many of them are full."""
    listed, whole = times.tolist(), np.concatenate([[0], np.cumsum(full)]).tolist()
    decisions = np.empty(len(listed), np.int64)
    at, free, pushes, full_pushes = 0, -FAR_FUTURE, 0, 0
    while at < len(listed):
        now, end = decide(listed, at, free, rules)
        decisions[at:end] = now
        is_full = whole[end] > whole[at]
        free = now + (full_wait if is_full else other_wait)
        pushes += 1
        full_pushes += is_full
        at = end
    return decisions, pushes, full_pushes
