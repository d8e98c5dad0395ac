"""The times of many entries, read where they stand in the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import overload

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]


class Times:
    """Times in chunks, one behind the other: an array of all would take as much memory as their column does.

    Parameters
    ----------
    chunks
        Arrays of times, in nanoseconds; they are not copied.
    """

    def __init__(self, chunks: Iterable[_Ints]) -> None:
        self.chunks = [chunk for chunk in chunks if len(chunk)]
        self._ends = np.cumsum([0, *map(len, self.chunks)])

    def __len__(self) -> int:
        """How many there are."""
        return int(self._ends[-1])

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice | _Ints) -> _Ints: ...
    def __getitem__(self, at: int | slice | _Ints) -> int | _Ints:
        """The time at a place, those of a stretch, or those at some places, which ascend."""
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            return _joined(list(self.stretch(start, stop)))
        if isinstance(at, np.ndarray):
            return _joined([self.chunks[number][own] for number, own in self._places(at)])
        number = int(np.searchsorted(self._ends, at, side="right")) - 1
        return int(self.chunks[number][at - self._ends[number]])

    def stretch(self, start: int, stop: int) -> Iterator[_Ints]:
        """The times of a stretch, in chunks that are not copied."""
        first = int(np.searchsorted(self._ends, start, side="right")) - 1
        for begin, chunk in zip(self._ends[first:].tolist(), self.chunks[first:], strict=False):
            if begin >= stop:
                return
            yield chunk[max(start - begin, 0) : stop - begin]

    def but(self, places: Iterable[_Ints], time: int) -> Times:
        """The same times with another one at some positions, which ascend in each array of them."""
        chunks = dict(enumerate(self.chunks))
        for at in places:
            for number, own in self._places(at):
                if chunks[number] is self.chunks[number]:
                    chunks[number] = chunks[number].copy()
                chunks[number][own] = time
        return Times(chunks.values())

    def _places(self, at: _Ints) -> Iterator[tuple[int, _Ints]]:
        """The chunks that hold some places, and these counted from where each chunk begins."""
        bounds = np.searchsorted(at, self._ends)
        for number in np.flatnonzero(np.diff(bounds)).tolist():
            yield number, at[bounds[number] : bounds[number + 1]] - self._ends[number]


def _joined(arrays: list[_Ints]) -> _Ints:
    return arrays[0] if len(arrays) == 1 else np.concatenate([np.empty(0, np.int64), *arrays])
