"""Clusters in which changes are hidden: bounds of their pushes and delays, of all clusters at once.

A track over all of them gives what a track of each alone would give: between two clusters it is quiet for
longer than any debounce reaches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from istiolog_pd.analysis.debounce_replay.bounds import Rules, Track
from istiolog_pd.analysis.debounce_replay.recorded import Flags, Ints, Load, each_event

Delays = tuple[Ints, Ints, Ints]


@dataclass(frozen=True, slots=True)
class Hidden:
    """The debounces of some clusters.

    Parameters
    ----------
    load
        Those of each cluster together, in the order of their first changes.
    sizes
        How many each cluster has.
    dense
        As in `Load`, where the settings keep it true.
    loose
        Debounces whose changes may be pushed apart.
    rules
        The settings.
    """

    load: Load
    sizes: Ints
    dense: Flags
    loose: Flags
    rules: Rules

    @property
    def heads(self) -> Ints:
        """The first debounce of each cluster."""
        heads: Ints = np.cumsum(self.sizes) - self.sizes
        return heads

    def track(self) -> Track:
        """The known changes, and how many can hide between each and the next."""
        return _track(self.load, self.dense, self.loose, self.rules)

    def pushes(self, track: Track, latest: Ints) -> tuple[Ints, Ints]:
        """The least and the greatest number of pushes of each cluster."""
        low, high = np.empty_like(self.sizes), np.add.reduceat(self.load.events, self.heads)
        sure = ~np.logical_or.reduceat(self.loose, self.heads)
        begins = track.points.searchsorted(self.load.first[self.heads])
        ends = np.append(begins[1:], len(track.points))
        low[sure] = track.fewest(begins[sure], ends[sure])
        high[sure] = np.minimum(high[sure], track.most(begins[sure], ends[sure]))
        for at in np.flatnonzero(~sure).tolist():
            rows = slice(self.heads[at], self.heads[at] + self.sizes[at])
            low[at] = fewest_apart(self.load.first[rows], latest[rows])
        return low, high

    def times(self, high: Ints) -> Ints:
        """How often each debounce can be pushed at most."""
        load = self.load
        step = np.where(self.dense, self.rules.maximum, self.rules.after)
        most = np.minimum(np.minimum(load.events, np.repeat(high, self.sizes)), 2 + (load.last - load.first) // step)
        return np.where(self.loose, load.events, most)

    def delays(self, track: Track) -> list[Delays]:
        """Bounds of the delay of each change, and how many changes have them."""
        load, loose, rules = self.load, self.loose, self.rules
        # What may be pushed apart keeps no debounce open.
        kept = _track(load.where(~loose), self.dense[~loose], loose[~loose], rules) if loose.any() else track
        longest = np.repeat(load.first[self.heads] + rules.maximum, self.sizes)

        def bounds(early: Ints, late: Ints, longest: Ints) -> tuple[Ints, Ints]:
            """Of changes between two times: from the earliest to the latest decision."""
            quiet = np.maximum(kept.quiet_from(kept.points.searchsorted(early)) - late, rules.after)
            low = np.minimum(quiet, np.maximum(longest - late, 0))
            return low, track.latest(late, late + rules.wait_high) - early

        hides = np.array([times is None for times in load.known])
        whole, ends = ~hides & ~loose, hides & ~loose
        known = [times for times, is_whole in zip(load.known, whole, strict=True) if times is not None and is_whole]
        points = np.concatenate([*known, load.first[ends], load.last[ends]]).astype(np.int64)
        of_points = np.concatenate([np.repeat(longest[whole], load.events[whole]), longest[ends], longest[ends]])
        first, last = load.first[ends], load.last[ends]
        high = track.latest(load.last[loose], load.last[loose] + rules.wait_high) - load.first[loose]
        return [
            (*bounds(points, points, of_points), np.ones(len(points), np.int64)),
            (*bounds(first, last, longest[ends]), load.events[ends] - 2),
            (np.zeros_like(high), high, load.events[loose]),
        ]


def _track(load: Load, dense: Flags, loose: Flags, rules: Rules) -> Track:
    points = np.unique(np.concatenate([np.zeros(0, np.int64), *each_event(load)]))
    hidden, tight = np.zeros(len(points), np.int64), np.ones(len(points), bool)
    hides = np.array([times is None for times in load.known], bool) | loose
    begins, ends = (points.searchsorted(times[hides]).tolist() for times in (load.first, load.last))
    counts, packed = np.maximum(load.events[hides] - 2, 1).tolist(), (dense & ~loose)[hides].tolist()
    for begin, end, count, is_packed in zip(begins, ends, counts, packed, strict=True):
        hidden[begin:end] += count
        tight[begin:end] &= is_packed
    return Track(points, hidden, tight, rules)


def fewest_apart(first: Ints, latest: Ints) -> int:
    """The least number of pushes in which debounces are that cannot share one."""
    count, until = 0, -(1 << 62)
    for begin, end in zip(first.tolist(), latest.tolist(), strict=True):
        if begin >= until:
            count += 1
            until = end
        else:
            until = min(until, end)
    return count
