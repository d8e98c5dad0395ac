"""How much of a difference between two captures is more than their own movement over time.

A capture is cut into stretches of time, and whole stretches are drawn anew: what belongs together in time
(a burst, a rollout) stays together, so that autocorrelation does not make anything look more certain than it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Stretches that a capture is cut into. Between 10 and 30 batches lose little and outlast most
#: autocorrelation (Schmeiser, "Batch size effects in the analysis of simulation output", 1982).
STRETCHES = 30
DRAWS = 2000
#: Chance that the interval of one row misses the true difference.
ALPHA = 0.05
#: Standard errors below which an autocorrelation can be chance, and the maximum that is corrected for.
BY_CHANCE, MAX_MEMORY = 1.645, 0.9
#: Stretches that hold any observation, and observations beyond a quantile, below which there is no verdict.
MIN_STRETCHES, MIN_BEYOND = 10, 5
#: A distribution keeps this many distinct values; between them by rank.
CELLS = 1024


@dataclass(frozen=True)
class Observed:
    """What one capture says of one measure.

    Parameters
    ----------
    low, high
        What is summed, per stretch: at least and at most (the same where the lines tell it exactly).
    bottom
        What it is divided by, per stretch: time, changes, pushes.
    samples, place
        Single observations, where there are any, and the stretch of each.
    quantile
        The measure is this quantile of `samples`; None: the sums divided by each other.
    counted
        The sums count rare events, which fall as they fall even where no stretch shows it.
    proxies
        How far each proxy moves the measure, by its name, where it is one of what proxies are like.
    """

    low: Floats
    high: Floats
    bottom: Floats
    samples: Floats = field(default_factory=lambda: np.empty(0))
    place: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    quantile: float | None = None
    counted: bool = False
    proxies: pd.Series[float] | None = None

    @property
    def stretches(self) -> int:
        """How many stretches hold any observation."""
        return int((self.bottom > 0).sum())

    @property
    def beyond(self) -> float:
        """How many single observations are beyond the quantile."""
        return np.inf if self.quantile is None else len(self.samples) * (1 - self.quantile)

    @property
    def value(self) -> float:
        """The measure (the middle of its bounds); NaN if there is nothing to divide by."""
        if self.quantile is not None:
            known = len(self.samples) > 0
            return float(np.quantile(self.samples, self.quantile, method="inverted_cdf")) if known else np.nan
        total = self.bottom.sum()
        return float((self.low.sum() + self.high.sum()) / 2 / total) if total > 0 else np.nan


@dataclass(frozen=True)
class Found:
    """A difference: the measure of both sides (middle of its bounds), interval, Cliff's delta, p-value."""

    a: float
    b: float
    low: float
    high: float
    ratio_low: float
    ratio_high: float
    delta: float
    p: float


def draws(seed: int, stretches: int = STRETCHES) -> Floats:
    """How often each stretch is drawn, per draw: as many as there are, with replacement."""
    chance = np.full(stretches, 1 / stretches)
    return np.random.default_rng(seed).multinomial(stretches, chance, DRAWS).astype(np.float64)


def contrast(a: Observed, b: Observed, drawn: tuple[Floats, Floats], seed: int) -> Found:
    """The difference of two sides, with the interval that redrawn stretches give it."""
    edges = _edges(a, b)
    (a_now, a_low, a_high), (b_now, b_low, b_high) = (
        _redrawn(side, weights, edges, seed + 1 + number)
        for number, (side, weights) in enumerate(zip((a, b), drawn, strict=True))
    )
    noise = np.random.default_rng(seed).normal(0, np.sqrt(_between_proxies(a, b)), len(b_low))
    b_low, b_high = b_low + noise, b_high + noise
    spread = a_low.var() + b_low.var()
    freedom = _freedom(a_low.var(), a.stretches, b_low.var(), b.stretches)
    tail = _tail(freedom)
    low, high = np.quantile(b_low - a_high, tail), np.quantile(b_high - a_low, 1 - tail)
    ratios = _ratio(b_low, a_high, tail), _ratio(b_high, a_low, 1 - tail)
    # What rounding leaves open is no difference: counted is the least that it can be.
    gap = max(b_now[0] - a_now[1], a_now[0] - b_now[1], 0.0)
    p = _two_sided(gap / np.sqrt(spread), freedom) if spread > 0 else float(gap == 0)
    return Found(float(np.mean(a_now)), float(np.mean(b_now)), low, high, *ratios, _delta(a, b, edges), p)


def _redrawn(side: Observed, weights: Floats, edges: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    """The measure as it is (at least, at most), and of every draw at least and at most."""
    if side.quantile is not None:
        again = _of_cells(weights @ _histogram(side, edges), edges, side.quantile)
        below = np.bincount(side.place[side.samples <= side.value], minlength=len(side.bottom))
        again = _widened(again, below - side.quantile * side.bottom)
        return np.array([side.value, side.value]), again, again
    bottom, total = weights @ side.bottom, side.bottom.sum()
    bottom = np.where(bottom > 0, bottom, total)
    now = np.array([side.low.sum(), side.high.sum()]) / total
    left = side.low - now[0] * side.bottom
    low, high = (_widened(weights @ sums / bottom, left) for sums in (side.low, side.high))
    if side.counted:
        # Rare events: at least as uncertain as independent ones, of which one more could have come.
        missing = max(0.0, (side.high.sum() + 1) / total**2 - float(low.var()))
        noise = np.random.default_rng(seed).normal(0, np.sqrt(missing), len(low))
        low, high = low + noise, high + noise
    return now, low, high


def _widened(again: Floats, left: Floats) -> Floats:
    """Draws, spread as far as a measure that drifts needs: a stretch then tells of the next one.

    `left` is how far each stretch is from what all of them say. The variance of a mean grows with their
    autocorrelation by ``(1 + r) / (1 - r)`` (of the first order); one that chance can make is taken for none.
    """
    size, square = len(left), float((left**2).sum())
    r = float((left[1:] * left[:-1]).sum()) / square + 1 / size if square > 0 else 0.0
    if r < BY_CHANCE / np.sqrt(size):
        return again
    r = min(r, MAX_MEMORY)
    center = again.mean()
    return np.asarray(center + (again - center) * np.sqrt((1 + r) / (1 - r)))


def _edges(a: Observed, b: Observed) -> Floats:
    """The values of both sides, or enough of them to know a rank to a thousandth."""
    if not len(a.samples) or not len(b.samples):
        return np.empty(0)
    both = [side.samples if len(side.samples) < CELLS else _ranked(side.samples) for side in (a, b)]
    return np.unique(np.concatenate(both))


def _ranked(values: Floats) -> Floats:
    """Quantiles of many values."""
    return np.quantile(values, np.linspace(0, 1, CELLS), method="inverted_cdf")


def _histogram(side: Observed, edges: Floats) -> Floats:
    """How many values of each stretch are in each cell (up to and with its edge)."""
    cell = np.searchsorted(edges, side.samples)
    size = len(side.bottom)
    counts = np.bincount(side.place * len(edges) + cell, minlength=size * len(edges))
    return counts.reshape(size, len(edges)).astype(np.float64)


def _of_cells(counts: Floats, edges: Floats, quantile: float) -> Floats:
    """The quantile of each row of counts."""
    sums = counts.cumsum(axis=1)
    wanted = np.maximum(np.ceil(quantile * sums[:, -1]), 1)
    return np.asarray(edges[np.argmax(sums >= wanted[:, None], axis=1)], np.float64)


def _delta(a: Observed, b: Observed, edges: Floats) -> float:
    """Cliff's delta: how much likelier an observation of b is the larger one than the smaller (-1 to 1)."""
    if not len(edges):
        return np.nan
    shares = [_histogram(side, edges).sum(axis=0) / len(side.samples) for side in (a, b)]
    below = np.cumsum(shares[0]) - shares[0] / 2
    return float(2 * (shares[1] @ below) - 1)


def _between_proxies(a: Observed, b: Observed) -> float:
    """The variance that other proxies of the same kind would make; those on both sides are compared with themselves.

    Of a ratio of sums, by what each proxy adds to it: the second way, beside time, in which observations
    hang together (Cameron, Gelbach and Miller, "Robust inference with multiway clustering", 2011).
    """
    if a.proxies is None or b.proxies is None:
        return 0.0
    moved = b.proxies.sub(a.proxies, fill_value=0.0).to_numpy(np.float64)
    return float((moved**2).sum() * len(moved) / max(len(moved) - 1, 1))


def _ratio(top: Floats, bottom: Floats, at: float) -> float:
    """A quantile of ratios; NaN where it is without bound, since what they are divided by may be zero."""
    ratios = np.full(len(top), np.inf)
    np.divide(np.maximum(top, 0), bottom, out=ratios, where=bottom > 0)
    found = float(np.quantile(ratios, at, method="inverted_cdf"))
    return found if np.isfinite(found) else np.nan


def _freedom(a: float, a_size: int, b: float, b_size: int) -> float:
    """Degrees of freedom of a difference (Welch and Satterthwaite)."""
    if a + b <= 0:
        return float(min(a_size, b_size) - 1)
    return float((a + b) ** 2 / (a**2 / max(a_size - 1, 1) + b**2 / max(b_size - 1, 1)))


def _tail(freedom: float) -> float:
    """The share of draws that an interval leaves out at either end.

    A little fewer than half of `ALPHA`: drawing from so few stretches understates how much they vary
    (Hesterberg, "What teachers should know about the bootstrap", 2015, expanded percentile intervals).
    """
    from scipy.special import stdtrit  # takes longer to import than most answers take

    needed = float(stdtrit(freedom, 1 - ALPHA / 2)) * np.sqrt((freedom + 1) / freedom)
    return math.erfc(needed / math.sqrt(2)) / 2


def _two_sided(t: float, freedom: float) -> float:
    """The probability that Student's t is further from zero."""
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(t)))


def holm(chances: Floats) -> Floats:
    """Chances adjusted for being the smallest of many (Holm 1979): below `ALPHA` is certain, all together."""
    order = np.argsort(chances, kind="stable")
    adjusted = np.maximum.accumulate(chances[order] * np.arange(len(chances), 0, -1))
    found = np.empty(len(chances))
    found[order] = np.minimum(adjusted, 1.0)
    return found
