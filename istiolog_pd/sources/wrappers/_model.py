"""What is left of a wrapped source: streams of bare log, and for each of their lines what the wrapper said of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

#: What is called with a physical line and what is wrong with it.
Note = Callable[[int, str], None]

#: A received time that is none.
NAT = np.iinfo(np.int64).min

#: The codes of the two streams of a container; -1 is none.
STREAMS = ("stdout", "stderr")
STD = {name: code for code, name in enumerate(STREAMS)}

RECEIVED_TYPE = pa.timestamp("ns", tz="UTC")


class ContainerId(NamedTuple):
    """The container of a line; empty where the wrapper does not name it."""

    namespace: str = ""
    pod: str = ""
    container: str = ""
    #: The wrapper's own words (stern's `+ pod container`, the objects of a cluster dump), no log.
    is_tool_output: bool = False


#: Where the wrapper's own words go.
TOOL_OUTPUT = ContainerId(is_tool_output=True)


class LineMetadata(Protocol):
    """What a wrapper said of each stripped line."""

    def columns(self, lines: Ints) -> dict[str, pa.Array]:
        """The columns of some stripped lines (numbers from 1).

        Returns
        -------
        dict
            `line` (int64): the physical line of the source, wrappers included; a line in several parts
            stands at its first. `received` (timestamp[ns, UTC]): the wrapper's time, or null. `stream`
            (dictionary of `stdout` and `stderr`), or null.
        """
        ...

    def forget(self, before: int) -> None:
        """Drop what is known of the lines before this one; they are not asked for again."""
        ...


@dataclass(slots=True)
class LogStream:
    """The bare log of one container, out of a source that may hold several.

    `metadata` is null where there was no wrapper (the physical line is the line). `is_tool_output`: not a log, but
    what the wrapper said itself.
    """

    blocks: Iterator[bytes]
    metadata: LineMetadata | None
    wrapper: str = ""
    pod: str = ""
    namespace: str = ""
    container: str = ""
    is_tool_output: bool = False


@dataclass(frozen=True, slots=True)
class _Chunk:
    line: Ints
    received: Ints
    std: npt.NDArray[np.int8]


class LineTable:
    """LineMetadata kept per line, in chunks, 17 bytes a line, filled while the blocks of the stream are read."""

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        #: The stripped line number of the first line of each chunk, and of the line after the last.
        self._firsts = [1]

    @property
    def first(self) -> int:
        """The first line that is not forgotten."""
        return self._firsts[0]

    @property
    def count(self) -> int:
        """How many lines were taken so far, the forgotten ones included."""
        return self._firsts[-1] - 1

    def add(self, line: Ints, received: Ints, std: npt.NDArray[np.int8]) -> None:
        """Take the metadata of the lines that follow those known."""
        if len(line):
            self._chunks.append(_Chunk(line, received, std))
            self._firsts.append(self._firsts[-1] + len(line))

    def columns(self, lines: Ints) -> dict[str, pa.Array]:
        """The columns of some stripped lines: see `LineMetadata`."""
        if not len(lines):
            return columns_of(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int8))
        low, high = int(lines.min()), int(lines.max())
        if low < self._firsts[0] or high >= self._firsts[-1]:
            raise ValueError(f"lines {low} to {high}: only {self._firsts[0]} to {self._firsts[-1] - 1} are known")
        a, b = bisect_right(self._firsts, low) - 1, bisect_right(self._firsts, high)
        chunks, at = self._chunks[a:b], lines - self._firsts[a]
        return columns_of(
            np.concatenate([chunk.line for chunk in chunks])[at],
            np.concatenate([chunk.received for chunk in chunks])[at],
            np.concatenate([chunk.std for chunk in chunks])[at],
        )

    def forget(self, before: int) -> None:
        """Drop whole chunks of lines before this one."""
        gone = min(max(bisect_right(self._firsts, before) - 1, 0), len(self._chunks))
        del self._chunks[:gone]
        del self._firsts[:gone]


def columns_of(line: Ints, received: Ints, std: npt.NDArray[np.int8]) -> dict[str, pa.Array]:
    """The columns that `LineMetadata` gives: `NAT` and -1 are null."""
    times = pa.array(received, pa.int64(), mask=received == NAT).cast(RECEIVED_TYPE)
    codes = pa.array(std.astype(np.int32), mask=std < 0)
    return {
        "line": pa.array(line, pa.int64()),
        "received": times,
        "stream": pa.DictionaryArray.from_arrays(codes, pa.array(STREAMS)),
    }


@dataclass(frozen=True, slots=True)
class ChainedMetadata:
    """LineMetadata of a wrapper inside a wrapper: the inner one's time and stream, where it has any, count."""

    outer: LineMetadata
    inner: LineTable

    def columns(self, lines: Ints) -> dict[str, pa.Array]:
        """The columns of some stripped lines: see `LineMetadata`."""
        inner = self.inner.columns(lines)
        outer = self.outer.columns(inner["line"].to_numpy())
        stream = pa.compute.coalesce(inner["stream"].cast(pa.string()), outer["stream"].cast(pa.string()))
        return {
            "line": outer["line"],
            "received": pa.compute.coalesce(inner["received"], outer["received"]),
            "stream": pa.DictionaryArray.from_arrays(
                pa.compute.index_in(stream, value_set=pa.array(STREAMS)), pa.array(STREAMS)
            ),
        }

    def forget(self, before: int) -> None:
        """Drop what both know of lines before this one."""
        last = min(before, self.inner.count)
        if last >= self.inner.first:
            outer = self.inner.columns(np.array([last], np.int64))["line"]
            self.inner.forget(before)
            self.outer.forget(outer[0].as_py())
