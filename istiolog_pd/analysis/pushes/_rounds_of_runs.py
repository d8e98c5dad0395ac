"""The lines that begin rounds, run by run: what is counted in a run is looked up for all runs at once."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._time import as_nanoseconds

Ints = npt.NDArray[Any]


class Places:
    """Numbers in groups, sorted by group and number: where others come among those of their own group."""

    def __init__(self, values: Ints, groups: Ints) -> None:
        self._distinct = np.unique(values)
        self._keys = self._in_group(np.searchsorted(self._distinct, values), groups)
        self._keys.sort()

    def _in_group(self, rank: Ints, groups: Ints) -> Ints:
        keys: Ints = groups * (len(self._distinct) + 1) + rank
        return keys

    def of(self, values: Ints, groups: Ints, side: Literal["left", "right"] = "left") -> Ints:
        """The place of each value among all numbers, before (behind, if `side` is right) those equal to it."""
        rank = np.searchsorted(self._distinct, values, side=side)
        return np.searchsorted(self._keys, self._in_group(rank, groups))


class Rounds:
    """The rounds of all runs; in each run they are counted from 0, and -1 stands for all before the log.

    Attributes
    ----------
    lines
        The lines that begin rounds, run by run.
    runs
        The runs that have rounds. Runs are counted by their place here.
    run
        The run of each round.
    first, size
        By run: the place of its first round in `lines`, and how many it has.
    begins
        When each round began, by its line: nanoseconds, `NAT` where that has no time.
    """

    def __init__(self, starts: pd.DataFrame) -> None:
        self.lines = starts.sort_values("run", kind="stable")
        self.runs, self.first, self.size = np.unique(
            self.lines["run"].to_numpy(), return_index=True, return_counts=True
        )
        self.run: Ints = np.repeat(np.arange(len(self.runs)), self.size)
        self.begins = as_nanoseconds(self.lines["timestamp"])
        #: The same, where a round that seems to begin before the one before it begins with that.
        self.rising = pd.Series(self.begins).groupby(self.run).cummax().to_numpy()
        self._rows = Places(self.lines["row"].to_numpy(), self.run)
        self._times = Places(self.rising, self.run)

    def with_run(self, table: pd.DataFrame) -> pd.DataFrame:
        """The lines of runs that have rounds, with the place of their run instead of its number."""
        own = table[table["run"].isin(self.runs)]
        return own.assign(run=np.searchsorted(self.runs, own["run"].to_numpy()))

    def before_row(self, rows: Ints, run: Ints) -> Ints:
        """How many rounds of its run begin before each row."""
        return self._rows.of(rows, run) - self.first[run]

    def before_time(self, times: Ints, run: Ints, side: Literal["left", "right"]) -> Ints:
        """How many rounds of its run begin before each time (or at it, if `side` is right)."""
        return self._times.of(times, run, side) - self.first[run]
