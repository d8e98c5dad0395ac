"""Room for the columns of many chunks, taken from the system in a few large pieces.

The system hands out memory page by page, and each page costs as much as filling it; of large arrays NumPy asks for
large pages, which cost next to nothing. Their memory is zero as the system hands it out, which need not be done again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Beyond what the C library ever keeps for itself: what is let go is free for others at once.
SIZE = 33 << 20
#: Arrays begin where a line of the processor's cache does.
LINE = 64


class Arena:
    """Hands out arrays of any kind, one behind the other; a piece is let go with the last array in it."""

    def __init__(self) -> None:
        self._room = np.empty(0, np.uint8)
        self._at = 0

    def take(self, count: int, dtype: npt.DTypeLike) -> np.ndarray:
        """Take room for an array of so many values, which are zero."""
        kind = np.dtype(dtype)
        size = count * kind.itemsize
        if size > SIZE // 4:
            return np.zeros(count, kind)
        if self._at + size > len(self._room):
            self._room, self._at = np.zeros(SIZE, np.uint8), 0
        found = self._room[self._at : self._at + size].view(kind)
        self._at += -(-size // LINE) * LINE
        return found

    def shorten(self, last: np.ndarray, count: int) -> np.ndarray:
        """Of the array that was taken last, which so many values of are set, leave the rest to the next."""
        if last.base is self._room:
            self._at -= (len(last) - count) * last.itemsize // LINE * LINE
        return last[:count]


def with_room(values: np.ndarray, used: int, wanted: int) -> np.ndarray:
    """An array with room for so many values: this one, or a larger one with those of it that are used."""
    if len(values) >= wanted:
        return values
    found = np.empty(wanted + wanted // 2, values.dtype)
    found[:used] = values[:used]
    return found
