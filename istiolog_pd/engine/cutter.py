"""Blocks of bytes -> chunks that can be read each by itself: cut where an entry begins and nothing is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.reference.entries import GC_PATIENCE, Entries
from istiolog_pd.engine.reference.headers import STARTS, header, json_header
from istiolog_pd.engine.reference.lines import Damage, Lines

#: Bytes of a chunk: enough that what is done once for each costs little, few enough for all cores to have some.
CHUNK = 3 << 20
#: After so many chunks they are twice as large: the log is long.
SHORT = 8
#: The first is smaller: while it is looked at to tell whose log it is, nothing else is read.
FIRST = 1 << 20
#: So much text is looked at of a line that may begin an entry.
HEAD = 4096
#: So many bytes of a block are looked at for the first place to cut.
SEAM = 1 << 13
#: So many bytes before a place to cut hold as many lines as a GC line can wait, mostly.
NEAR = 1 << 14
#: So many lines are looked at for a place to cut, before more bytes are waited for.
TRIALS = 256
#: A stretch this long without an entry that can take lines is cut at a line that is whole by itself.
MOST_HELD = 64 << 20

_STARTS = frozenset(sign.encode()[0] for sign in STARTS)
_NUL = "NUL bytes"
_NO_UTF8 = "bytes that are no UTF-8 (kept as \\xNN)"


class Segment(NamedTuple):
    """Whole entries: a part of some bytes, which are not copied."""

    data: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    r"""Whole entries, in segments of whole entries; each line ends in ``\n`` (but the last one, if not `complete`)."""

    segments: tuple[Segment, ...]
    #: Whether it is the source's last, and whether its last line has its line end.
    last: bool = False
    complete: bool = True
    #: What was mended.
    damage: tuple[Damage, ...] = ()

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(end - start for _, start, end in self.segments)

    def text(self) -> bytes:
        """Its bytes, put together."""
        return b"".join(data[start:end] for data, start, end in self.segments)


def _whole(data: bytes, *, last: bool = False, complete: bool = True, damage: tuple[Damage, ...] = ()) -> Chunk:
    return Chunk((Segment(data, 0, len(data)),), last, complete, damage)


def chunks(blocks: Iterable[bytes], size: int = CHUNK) -> Iterator[Chunk]:
    """Cut a source's blocks into chunks of about `size` bytes, later of twice that; `mended` makes text of them."""
    held: list[bytes] = []
    length, wanted, count = 0, min(size, FIRST), 0
    for block in blocks:
        held.append(block)
        length += len(block)
        if length < wanted:
            continue
        # Mostly the last block has a place to cut; only if not, all that is held is put together.
        cut = boundary(block, whole=len(held) == 1)
        if not cut and len(held) > 1:
            held = [b"".join(held)]
            cut = boundary(held[0])
        if cut:
            segments = _segments(held, cut)
            yield Chunk(segments) if segments else _whole(b"".join((*held[:-1], held[-1][:cut])))
            held, count = [held[-1][cut:]], count + 1
        length = len(held[-1]) if cut else length
        # Without a place to cut, look again when there is twice as much: each byte is joined a few times at most.
        wanted = (size if count < SHORT else 2 * size) + length if cut else 2 * length
    data = b"".join(held)
    if data:
        yield _whole(data, last=True, complete=data.endswith(b"\n"))


def _segments(held: list[bytes], cut: int) -> tuple[Segment, ...]:
    """Blocks up to a place in the last of them: copied is only what lies where two of them meet.

    Nothing, if no entry begins near where two meet.
    """
    found: list[Segment] = []
    start = 0
    for left, right in pairwise(held):
        seam = boundary(left, whole=False)
        behind = len(left) - seam
        room = min(cut, SEAM) if right is held[-1] else SEAM
        joined = left[seam:] + right[:room]
        first = len(joined) if room == cut and right is held[-1] else boundary(joined)
        # The first begins where an entry does, however short it is.
        if (found and not seam) or seam < start or first < behind:
            return ()
        found += [Segment(left, start, seam), Segment(joined, 0, first)]
        start = first - behind
    if start > cut:
        return ()
    found.append(Segment(held[-1], start, cut))
    return tuple(one for one in found if one.start < one.end)


def boundary(data: bytes, *, whole: bool = True) -> int:
    """Where the last entry of some bytes begins that leaves nothing open before it; 0 if there is no such place.

    `whole`: nothing that is still to be cut stands before these bytes.
    """
    access = 0
    end = len(data)
    for _ in range(TRIALS):
        start = _line_before(data, end)
        if start <= 0:
            break
        opens = _opens(data, start)
        if opens and _nothing_cut(data, start, whole=whole):
            return start
        access = access or (start if opens is False else 0)
        end = start - 1
    return access if whole and len(data) >= MOST_HELD else 0


def _line_before(data: bytes, end: int) -> int:
    """The start of the last line before `end` that can begin an entry; 0 if there is none."""
    while end > 0:
        start = data.rfind(b"\n", 0, end) + 1
        if start < len(data) and data[start] in _STARTS:
            return start
        end = start - 1
    return 0


def _opens(data: bytes, start: int) -> bool | None:
    """Whether the line at `start` closes what was open (true), is an entry by itself (false), or neither."""
    stop = data.find(b"\n", start)
    if data[start] == ord("{"):
        if stop < 0:
            return None
        text = data[start:stop].removesuffix(b"\r").decode(errors="backslashreplace")
        return json_header(0, text).entry is not None or None
    text = data[start : stop if stop >= 0 else len(data)][:HEAD].decode(errors="backslashreplace")
    entry = header(0, text.removesuffix("\r"))
    if entry is None:
        return None
    return True if entry.takes_lines else (False if entry.event == "access" and stop >= 0 else None)


def _nothing_cut(data: bytes, start: int, *, whole: bool) -> bool:
    """Whether no GC line before `start` waits for its rest, as far as that can be told."""
    near = max(start - NEAR, 0)
    if data.find(b"gc ", near, start) < 0:
        if data.count(b"\n", near, start) > GC_PATIENCE + 1:
            return True
        if near == 0:  # all that stands before it
            return whole
    first = start
    for _ in range(GC_PATIENCE + 1):
        first = data.rfind(b"\n", 0, max(first - 1, 0)) + 1
        if not first:
            if not whole:
                return False
            break
    if data.find(b"gc ", first, start) < 0:
        return True
    window = Entries(Lines(()))
    for number, line in enumerate(data[first:start].split(b"\n")[:-1]):
        window.take(number, line.removesuffix(b"\r").decode(errors="backslashreplace"))
    return not window.waiting


def mended(chunk: Chunk) -> Chunk:
    """A chunk as text, with a note of what was none."""
    data = chunk.text()
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        data = data.removesuffix(b"\r") if chunk.last else data
    damage = []
    if b"\0" in data:
        damage.append(_noted(data, _NUL, [b"\0" in line for line in data.split(b"\n")]))
    if not data.isascii() and not _is_utf8(data):
        damage.append(_noted(data, _NO_UTF8, [not _is_utf8(line) for line in data.split(b"\n")]))
        data = data.decode(errors="backslashreplace").encode()
    data = data if chunk.complete else data + b"\n"
    return _whole(data, last=chunk.last, complete=chunk.complete, damage=tuple(damage))


def _is_utf8(data: bytes) -> bool:
    """Whether some bytes are UTF-8; Arrow looks at many of them at a time."""
    ends = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)]).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _noted(data: bytes, what: str, lines: list[bool]) -> Damage:
    return Damage(what, lines.index(True) + 1, sum(lines))
