"""Whether events come after others more often than by chance: a rate ratio with an interval, and a test by shifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from istiolog_pd.analysis._intervals import Bools, Ints

Floats = npt.NDArray[np.float64]

#: Half of what a 95 % interval leaves out.
TAIL = 0.025
#: More events than this have a sum that is as good as normal.
EXACT = 3000
#: Ratios beyond this are as good as without a bound.
MAX_RATIO = 1e6
#: Shifts of the test, and the seed of their sizes.
SHIFTS, SEED = 499, 20
#: Maximum number of events that are shifted; of more every n-th is.
SHIFTED = 20_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """A rate ratio, and its 95 % interval."""

    ratio: float
    low: float
    high: float


def rate_ratio(after: int, events: Ints, share: Floats, spread: float = 1.0) -> Ratio | None:
    """How many times as often events come in the windows as elsewhere, the same for all groups.

    Given the events of each group, those in its windows are binomial, and their sum tells of the ratio: exact as far
    as events are independent. `None` if one of the two sides has nothing.

    Parameters
    ----------
    after
        Events in windows, of all groups.
    events, share
        Events of each group, and the share of all opportunities that its windows hold.
    spread
        By how much events bunch: the variance of their sum over that of independent ones. It widens the interval.
    """
    known = (events > 0) & (share > 0) & (share < 1)
    events, share, total = events[known], share[known], int(events[known].sum())
    if not total:
        return None
    sums = _Sums(events, share)
    low = _solved(lambda ratio: sums.at_least(after, ratio) - TAIL) if after else 0.0
    high = _solved(lambda ratio: TAIL - sums.at_most(after, ratio)) if after < total else np.inf
    middle = 0.0 if not after else np.inf if after >= total else _solved(lambda ratio: sums.mean(ratio) - after)
    wider = float(np.sqrt(max(spread, 1.0)))
    if 0 < low <= middle < np.inf:
        low = middle * (low / middle) ** wider
    if 0 < middle <= high < np.inf:
        high = middle * (high / middle) ** wider
    return Ratio(middle, low, high)


class _Sums:
    """The sum of the events in windows over all groups, given the ratio."""

    def __init__(self, events: Ints, share: Floats) -> None:
        self._events, self._share, self._total = events, share, int(events.sum())
        self._ways = [_log_ways(int(each)) for each in events] if self._total <= EXACT else []

    def _odds(self, ratio: float) -> Floats:
        weight = ratio * self._share
        odds: Floats = weight / (weight + 1 - self._share)
        return odds

    def mean(self, ratio: float) -> float:
        return float((self._events * self._odds(ratio)).sum())

    def variance(self, ratio: float) -> float:
        odds = self._odds(ratio)
        return float((self._events * odds * (1 - odds)).sum())

    def at_least(self, count: int, ratio: float) -> float:
        """The probability of this sum or more."""
        return 1 - self.at_most(count - 1, ratio)

    def at_most(self, count: int, ratio: float) -> float:
        """The probability of this sum or less."""
        from scipy.special import ndtr, xlog1py, xlogy  # `scipy.stats` takes ten times as long to import

        if self._total > EXACT:
            deviation = max(np.sqrt(self.variance(ratio)), 1e-12)
            return float(ndtr((count + 0.5 - self.mean(ratio)) / deviation))
        chances = np.ones(1)
        for ways, odds in zip(self._ways, self._odds(ratio), strict=True):
            inside = np.arange(len(ways))
            binomial = np.exp(ways + xlogy(inside, odds) + xlog1py(inside[::-1], -odds))
            chances = np.convolve(chances, binomial)
        return float(chances[: count + 1].sum())


def _log_ways(events: int) -> Floats:
    """Of how many ways each number of these events can be in windows, the logarithm."""
    from scipy.special import gammaln

    inside = np.arange(events + 1)
    ways: Floats = gammaln(events + 1) - gammaln(inside + 1) - gammaln(events - inside + 1)
    return ways


def _solved(rising: Callable[[float], float]) -> float:
    """Where a function of the ratio that rises with it is zero."""
    from scipy import optimize

    low, high = -np.log(MAX_RATIO), np.log(MAX_RATIO)
    if rising(np.exp(low)) >= 0:
        return 0.0
    if rising(np.exp(high)) <= 0:
        return float(np.inf)
    return float(np.exp(optimize.brentq(lambda log: rising(float(np.exp(log))), low, high, xtol=1e-4)))


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of several groups: the group's number, and nanoseconds."""

    group: Ints
    time: Ints

    def sorted(self) -> Moments:
        """The same, group by group, in the order of time."""
        order = np.lexsort((self.time, self.group))
        return Moments(self.group[order], self.time[order])


def within(events: Moments, starts: Moments, window: int) -> Bools:
    """Whether each event is in a window of this length after one of the sorted starts of its group."""
    if not len(starts.time) or not len(events.time):
        return np.zeros(len(events.time), np.bool_)
    # Times of a group on a scale of their own, in microseconds: so all are searched for at once.
    begin = min(starts.time.min(), events.time.min()) - window
    width = (max(starts.time.max(), events.time.max()) + window - begin) // 1000 + 2
    known = starts.group * width + (starts.time - begin) // 1000
    sought = events.group * width + (events.time - begin) // 1000
    found: Bools = np.searchsorted(known, sought, "right") > np.searchsorted(known, sought - window // 1000, "left")
    return found


def shifted(events: Moments, kinds: Ints, starts: Moments, window: int, size: int) -> Ints:
    """How many events of each kind are in windows if all starts are shifted together, for each of some shifts.

    The starts of all groups go on by the same time, and those that pass the end come again at the beginning: what
    bunches in time, or in several groups at once, stays as it is, and only its place changes.

    Parameters
    ----------
    events, kinds
        The events, and of which kind each is (numbers below `size`).
    starts
        What they may follow, sorted.
    window
        Length of a window in nanoseconds.
    size
        Number of kinds.
    """
    times = np.concatenate([events.time, starts.time])
    begin = int(times.min())
    span = max(int(times.max()) - begin, 1) + window
    steps = np.random.default_rng(SEED).integers(window, max(span - window, window + 1), SHIFTS)
    counts = np.zeros((SHIFTS, size), np.int64)
    for number, step in enumerate(steps):
        # The events go back instead: the starts stay sorted.
        moved = Moments(events.group, (events.time - begin - step) % span + begin)
        counts[number] = np.bincount(kinds[within(moved, starts, window)], minlength=size)
    return counts
