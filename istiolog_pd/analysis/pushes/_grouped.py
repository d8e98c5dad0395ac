"""Running values within groups of millions of rows: each group is found once, not by each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]

#: Numbers below this sort in linear time.
SHORT = 2**16


def grouped_order(keys: Ints) -> Ints:
    """The places of the rows, those of one key behind one another, in their order.

    Examples
    --------
    >>> grouped_order(np.array([7, -1, 7, -1])).tolist()
    [1, 3, 0, 2]
    """
    keys = keys - keys.min(initial=0)
    order: Ints = np.argsort(keys.astype(np.uint16) if keys.max(initial=0) < SHORT else keys, kind="stable")
    return order


class Groups:
    """The rows of each key, in their order.

    Examples
    --------
    >>> groups = Groups(np.array([1, 2, 1, 2]))
    >>> groups.largest_so_far(np.array([5, 1, 3, 4])).tolist()
    [5, 1, 5, 4]
    >>> groups.least_from_here(np.array([5, 1, 3, 4])).tolist()
    [3, 1, 3, 4]
    >>> groups.before(np.array([5, 1, 3, 4]), -1).tolist()
    [-1, -1, 5, 1]
    >>> groups.count().tolist()
    [0, 0, 1, 1]
    """

    def __init__(self, keys: Ints) -> None:
        self._order = grouped_order(keys)
        own = keys[self._order]
        self._begins = np.ones(len(own), np.bool_)
        self._begins[1:] = own[1:] != own[:-1]
        self._number = np.cumsum(self._begins)

    def largest_so_far(self, values: Ints) -> Ints:
        """The largest value of the group up to each row."""
        own, apart = self._apart(values)
        return self._back(np.maximum.accumulate(own + apart) - apart)

    def least_from_here(self, values: Ints) -> Ints:
        """The least value of the group from each row on."""
        own, apart = self._apart(values)
        return self._back(np.minimum.accumulate((own + apart)[::-1])[::-1] - apart)

    def before(self, values: Ints, first: int) -> Ints:
        """The value of the row before in the group; `first` for the first."""
        own = values[self._order]
        found = np.full(len(own), first, own.dtype)
        found[1:] = np.where(self._begins[1:], first, own[:-1])
        return self._back(found)

    def count(self) -> Ints:
        """The place of each row in its group, from 0."""
        at = np.arange(len(self._order))
        return self._back(at - np.maximum.accumulate(np.where(self._begins, at, 0)))

    def _apart(self, values: Ints) -> tuple[Ints, Ints]:
        """The values group by group, and what to add so that each group lies above the one before it."""
        own = values[self._order]
        return own, self._number * (int(own.max(initial=0)) - int(own.min(initial=0)) + 1)

    def _back(self, values: Ints) -> Ints:
        """Values in the order of the rows."""
        found = np.empty_like(values)
        found[self._order] = values
        return found
