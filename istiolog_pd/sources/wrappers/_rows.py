"""Blocks of whole lines, rows of unwrapped text, and how lines that a wrapper cut into parts become whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from istiolog_pd.sources.wrappers._model import Bytes, Flags, Ints, Note

#: So much text waits for the last part of a line; then the line ends where it is.
HELD = 16 << 20

UNENDED = "a line in parts whose last part is missing"


def whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks that end with a line end, but perhaps the last; a line of any length is in one block."""
    rest: list[bytes] = []
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((*rest, block[:end])) if rest else block[:end]
            rest = []
        if end < len(block):
            rest.append(block[end:])
    if rest:
        yield b"".join(rest)


def line_bounds(data: Bytes, size: int) -> tuple[Ints, Ints]:
    """Where each line of a block begins, and where its text ends (at the line end, or at the block's)."""
    ends = np.flatnonzero(data[:size] == ord("\n"))
    if not len(ends) or ends[-1] != size - 1:
        ends = np.append(ends, size)
    starts = np.empty(len(ends), np.int64)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    return starts, ends


def pieces(data: bytes | Bytes, starts: Ints, ends: Ints) -> pa.Array:
    """The pieces of some bytes, in order and none over another, as one array of bytes."""
    if not len(starts):
        return pa.array([], pa.large_binary())
    offsets = np.empty(2 * len(starts), np.int64)
    offsets[0::2], offsets[1::2] = starts, ends
    between = pa.Array.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
    return between.take(pa.array(np.arange(0, len(offsets), 2)))


def offsets_of(texts: pa.Array) -> Ints:
    """Where each text of a large array begins in its buffer, and where the last one ends."""
    found: Ints = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return found


def joined(texts: pa.Array) -> bytes:
    """All texts of an array as one."""
    if not len(texts):
        return b""
    offsets = offsets_of(texts)
    return memoryview(texts.buffers()[2])[offsets[0] : offsets[-1]].tobytes()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of text without their wrapper, in file order; most are a line with its line end."""

    text: pa.Array
    #: The container: a code of `Containers`.
    key: Ints
    #: 0 stdout, 1 stderr, -1 not known.
    std: npt.NDArray[np.int8]
    #: Nanoseconds since 1970, or `NAT`.
    received: Ints
    #: The physical line.
    line: Ints
    #: Whether the line goes on in a later row of the same key and stream.
    part: Flags
    #: Whether the row has a wrapper of its own (else it stays with the row before it).
    own: Flags

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: Ints | Flags) -> Batch:
        """Some of the rows, by number or by mask."""
        at = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Batch(
            self.text.take(pa.array(at)),
            self.key[at],
            self.std[at],
            self.received[at],
            self.line[at],
            self.part[at],
            self.own[at],
        )

    def slice(self, a: int, b: int) -> Batch:
        """Rows that follow each other, not copied."""
        return Batch(
            self.text.slice(a, b - a),
            self.key[a:b],
            self.std[a:b],
            self.received[a:b],
            self.line[a:b],
            self.part[a:b],
            self.own[a:b],
        )


def concat(batches: Sequence[Batch]) -> Batch:
    """Batches one after another."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        pa.concat_arrays([batch.text for batch in batches]),
        np.concatenate([batch.key for batch in batches]),
        np.concatenate([batch.std for batch in batches]),
        np.concatenate([batch.received for batch in batches]),
        np.concatenate([batch.line for batch in batches]),
        np.concatenate([batch.part for batch in batches]),
        np.concatenate([batch.own for batch in batches]),
    )


def line_batches(blocks: Iterator[bytes], decode: Callable[[bytes, int], Batch]) -> Iterator[Batch]:
    """The rows of blocks of whole lines."""
    line = 1
    for block in blocks:
        yield decode(block, line)
        line += block.count(b"\n")


def started_lines(batch: Batch, inside: bool) -> tuple[Ints, bool]:
    """How many lines begin in each row of one log, and whether its last line is still open.

    `inside`: whether the row before the first left its line open.
    """
    offsets = offsets_of(batch.text)
    data = np.frombuffer(joined(batch.text), np.uint8)
    offsets = offsets - offsets[0]
    ends = np.flatnonzero(data == ord("\n"))
    count = np.diff(np.searchsorted(ends, offsets))
    full = np.diff(offsets) > 0
    if not full.any():
        return np.zeros(len(batch), np.int64), inside
    ended = np.zeros(len(batch), bool)
    ended[full] = data[offsets[1:][full] - 1] == ord("\n")
    begins = np.concatenate([[not inside], ended[full][:-1]])
    started = np.zeros(len(batch), np.int64)
    started[full] = begins + count[full] - ended[full]
    return started, not bool(ended[full][-1])


class Joiner:
    """Puts the parts of lines together, each at the place of its first part.

    Parts of one line follow each other per container and stream; lines of others may stand between
    them. Rows behind an open line wait, up to `HELD` bytes.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self._held: list[Batch] = []
        #: How many bytes are held, and how many were when it was last looked whether the line has ended.
        self._size = self._tried = 0

    def push(self, batch: Batch) -> Batch:
        """The rows that are ready, in order; those behind an open line are kept."""
        if self._held:
            self._held.append(batch)
            self._size += batch.text.nbytes
            if self._size < 2 * self._tried:
                return batch.slice(0, 0)
            batch, self._held = concat(self._held), []
        if not batch.part.any():
            return batch
        first, last = _chains(batch)
        order = np.argsort(first, kind="stable")
        if not len(last):
            return batch.take(order)
        late = first >= first[last].min()
        held = batch.take(late)
        if held.text.nbytes > HELD:
            return self._ended(batch, order, last)
        self._held, self._size, self._tried = [held], held.text.nbytes, held.text.nbytes
        return batch.take(order[~late[order]])

    def end(self) -> Batch | None:
        """What was kept; an open line that is the source's last stays without its end."""
        if not self._held:
            return None
        batch, self._held = concat(self._held), []
        first, last = _chains(batch)
        order = np.argsort(first, kind="stable")
        return self._ended(batch, order, last, keep=int(order[-1])) if len(order) else batch

    def _ended(self, batch: Batch, order: Ints, last: Ints, keep: int = -1) -> Batch:
        """All rows, lines still open ended where they are (but not that of the row to keep)."""
        for row in last:
            self._note(int(batch.line[row]), UNENDED)
        last = last[last != keep]
        texts = batch.text
        if len(last):
            ends = np.zeros(len(batch), bool)
            ends[last] = True
            breaks = pa.array(np.where(ends, b"\n", b"")).cast(pa.large_binary())
            texts = pa.compute.binary_join_element_wise(texts, breaks, pa.scalar(b"", pa.large_binary()))
        part = batch.part.copy()
        part[last] = False
        ready = Batch(texts, batch.key, batch.std, batch.received, batch.line, part, batch.own)
        return ready.take(order)


def _chains(batch: Batch) -> tuple[Ints, Ints]:
    """For each row the first row of its line, and the last rows of lines that are still open."""
    group = batch.key * 3 + batch.std
    order = np.argsort(group, kind="stable")
    same = np.concatenate([[False], group[order][1:] == group[order][:-1]])
    part = batch.part[order]
    goes_on = same & np.concatenate([[False], part[:-1]])
    begin = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(batch))))
    first = np.empty(len(batch), np.int64)
    first[order] = order[begin]
    open_end = part & ~np.concatenate([same[1:], [False]])
    return first, np.sort(order[open_end])
