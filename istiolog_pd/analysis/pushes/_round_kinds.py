"""The kinds of rounds: which rounds a push can be of."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis.pushes._grouped import Groups
from istiolog_pd.analysis.pushes._rounds_of_runs import Rounds

Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

#: The kinds of rounds, and of pushes.
ALL_TYPES, ENDPOINTS = 0, 1


class Kinds:
    """Which rounds a push can be of: endpoint-only rounds have push lines of their own kind.

    To 1.10 the words tell (`PUSH INC`); those lines print `clusters`. Later the level tells: `PUSH INC`
    at info is of a full round in which the proxy needed some endpoints only, and everything at debug is
    of an endpoint-only round. From 1.31 on no round is known to be of either kind: any can be.
    """

    def __init__(self, pushes: pd.DataFrame, rounds: Rounds) -> None:
        words = pushes["push_type"].eq("incremental")
        endpoints = words.where(pushes["clusters"].notna(), pushes["level"].eq("debug"))
        self.of: Ints = np.where(endpoints, ENDPOINTS, ALL_TYPES)
        self.run: Ints = pushes["run"].to_numpy()
        self._rounds, lines = rounds, rounds.lines
        somebody = lines["connected_endpoints"].ne(0).to_numpy(bool)
        fits = np.stack([somebody & is_kind.fillna(True).to_numpy(bool) for is_kind in (lines["full"], ~lines["full"])])
        at, first = np.arange(len(lines)), rounds.first[rounds.run]
        end = first + rounds.size[rounds.run]
        self._before = np.maximum.accumulate(np.where(fits, at, first - 1), axis=1) - first
        self._after = np.minimum.accumulate(np.where(fits, at, end)[:, ::-1], axis=1)[:, ::-1] - first
        #: By round: the last one before it that pushes all types.
        self.before: Ints = np.concatenate([[-1], self._before[ALL_TYPES, :-1]])
        self.before[rounds.first] = -1
        count = np.cumsum(fits, axis=1)
        #: By kind and run: the fitting rounds of the runs before.
        self._passed: Ints = count[:, rounds.first] - fits[:, rounds.first]
        self._rank = count - 1 - self._passed[:, rounds.run]
        self._members = [np.flatnonzero(fit) for fit in fits]

    def only(self, which: Bools) -> Kinds:
        """The same of some of the pushes."""
        part = copy(self)
        part.of, part.run = self.of[which], self.run[which]
        return part

    def latest(self, at: Ints) -> Ints:
        """The last fitting round up to each push's `at`; -1 if there is none."""
        return np.where(at >= 0, self._before[self.of, self._rounds.first[self.run] + np.maximum(at, 0)], -1)

    def earliest(self, at: Ints) -> Ints:
        """The first fitting round from each push's `at` on; the number of rounds if there is none."""
        first, size = self._rounds.first[self.run], self._rounds.size[self.run]
        found = np.where(at < size, self._after[self.of, first + np.clip(at, 0, size - 1)], size)
        return np.where(at < 0, -1, found)

    def strict(self, first: Ints, last: Ints, pick: Bools, groups: Groups) -> tuple[Ints, Ints]:
        """Bounds in which every push of a type to a proxy is of a later round than the one before.

        In steps of fitting rounds: the n-th push is n steps on at least, so the running maximum of
        ``first - n`` bounds it, and backwards the running minimum of ``last - n``. A round before the log is any
        number of steps back, so nothing can be counted from it.
        """
        part = self.only(pick)
        first, last, of, run = first[pick].copy(), last[pick].copy(), part.of, part.run
        count = groups.count()
        long_ago = -2 * (len(first) + len(self._rounds.lines))
        begin, size = self._rounds.first[run], self._rounds.size[run]
        known = (last >= 0) & (first < size)
        low = np.where(known & (first >= 0), self._rank[of, begin + np.clip(first, 0, size - 1)], long_ago) - count
        high = np.where(known, self._rank[of, begin + np.maximum(last, 0)], size) - count
        low = groups.largest_so_far(low) + count
        high = groups.least_from_here(high) + count
        for kind, members in enumerate(self._members):
            mine = known & (of == kind) & (low <= high)
            passed = np.append(self._passed[kind], len(members))
            begun, most = passed[run[mine]], np.diff(passed)[run[mine]] - 1
            first[mine] = np.where(low[mine] < 0, -1, members[begun + np.clip(low[mine], 0, most)] - begin[mine])
            last[mine] = members[begun + np.clip(high[mine], 0, most)] - begin[mine]
        return first, last
