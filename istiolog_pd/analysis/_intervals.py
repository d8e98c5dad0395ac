"""Spans of rounds: which rounds a push can be of, counted and searched without a loop over either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Disjoint:
    """Spans `first` to `last` (both included) of each code, in order, none of which meets another."""

    code: Ints
    first: Ints
    last: Ints

    def counts(self, size: int) -> Ints:
        """Count the codes that have each round."""
        up = np.bincount(self.first, minlength=size + 1)
        down = np.bincount(self.last + 1, minlength=size + 1)
        return np.cumsum(up - down)[:size]

    def holds(self, code: Ints, number: Ints) -> Bools:
        """Whether a span of that code has that round."""
        if not len(self.code):
            return np.zeros(len(code), np.bool_)
        width = int(max(self.last.max(), number.max(initial=0))) + 2
        at = np.searchsorted(self.code * width + self.first, code * width + number, side="right") - 1
        known = np.maximum(at, 0)
        found: Bools = (at >= 0) & (self.code[known] == code) & (self.last[known] >= number)
        return found


def disjoint(code: Ints, first: Ints, last: Ints) -> Disjoint:
    """Spans of a code that meet, cut so that each round is in one of them once; empty ones are left out."""
    there = first <= last
    code, first, last = code[there], first[there], last[there]
    order = np.lexsort((first, code))
    code, first, last = code[order], first[order], last[order]
    reach = pd.Series(last).groupby(code, sort=False).cummax()
    before = reach.groupby(code, sort=False).shift(fill_value=-1).to_numpy(np.int64)
    first = np.maximum(first, before + 1)
    rest = first <= last
    return Disjoint(code[rest], first[rest], last[rest])


def per_round(first: Ints, last: Ints, values: Ints, size: int) -> Ints:
    """The largest value among the spans that have a round, for each round; -1 if none has it.

    A span is covered by two blocks whose length is a power of two; then each block hands its value down to
    its two halves.
    """
    there = first <= last
    first, last, values = first[there], last[there], values[there]
    step = np.frexp((last - first + 1).astype(np.float64))[1] - 1
    levels = int(step.max(initial=0)) + 1
    best = np.full((levels, size), -1, np.int64)
    np.maximum.at(best, (step, first), values)
    np.maximum.at(best, (step, last - (1 << step) + 1), values)
    for level in range(levels - 1, 0, -1):
        half = 1 << (level - 1)
        np.maximum(best[level - 1], best[level], out=best[level - 1])
        np.maximum(best[level - 1, half:], best[level, :-half], out=best[level - 1, half:])
    lowest: Ints = best[0]
    return lowest


def earliest_and_latest(pushes: pd.DataFrame, rows: pd.DataFrame) -> tuple[Ints, Ints]:
    """For each proxy and round: when the first push that can be of it was written, and when the last.

    Parameters
    ----------
    pushes
        `code` of the proxy, `round_first`, `round_last`, `written` (int64), in file order.
    rows
        `code` and `round`: at least one push of that proxy can be of that round.
    """
    pushes = pushes[["code", "round_first", "round_last", "written"]].sort_values("code", kind="stable")
    code, width = pushes["code"].to_numpy(), int(pushes["round_last"].max() if len(pushes) else 0) + 2
    # The last push whose `first` is no later: what comes after has later ones only (and the other way round).
    still = pushes["round_first"][::-1].groupby(code[::-1], sort=False).cummin().to_numpy()[::-1]
    already = pushes["round_last"].groupby(code, sort=False).cummax().to_numpy()
    sought = (rows["code"] * width + rows["round"]).to_numpy()
    latest = np.searchsorted(code * width + still, sought, side="right") - 1
    earliest = np.searchsorted(code * width + already, sought, side="left")
    written = pushes["written"].to_numpy()
    return written[earliest], written[latest]
