"""Blocks of bytes -> chunks that can be read each by itself: cut where an entry begins and nothing is open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from istiolog_pd.engine.reference.entries import GC_PATIENCE, Entries
from istiolog_pd.engine.reference.headers import STARTS, Head, header, json_header, ready
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.formats.layout import JsonLayout, Layout

#: Bytes of a chunk: enough that what is done once for each costs little, few enough for all cores to have some.
CHUNK = 3 << 20
#: Number of chunks after which their size doubles: the log is long.
SMALL_CHUNKS = 8
#: The first is smaller: while it is looked at to tell whose log it is, nothing else is read.
FIRST = 1 << 20
#: So much text is looked at of a line that may begin an entry.
HEAD = 4096
#: Maximum number of bytes of a block searched for the first place to cut.
SEAM = 1 << 13
#: Number of bytes before a cut that usually hold as many lines as a GC line can wait.
NEAR = 1 << 14
#: Maximum number of lines searched for a place to cut before more bytes are read.
TRIALS = 256
#: A stretch this long without an entry that can take lines is cut at a line that is whole by itself.
MAX_HELD = 64 << 20

_STARTS = frozenset(sign.encode()[0] for sign in STARTS)

#: A user's own layout.
OwnLayout = Layout | JsonLayout | None


class Headers(NamedTuple):
    """What headers are looked for: those of the catalog, and a user's own before them."""

    text: tuple[Head, ...] = ()
    json: tuple[JsonLayout, ...] = ()
    #: First bytes of lines that can have one; nothing: any.
    starts: frozenset[int] | None = _STARTS

    @classmethod
    def of(cls, own: OwnLayout) -> Headers:
        """The headers of a log in which lines of a user's layout stand."""
        if isinstance(own, JsonLayout):
            return cls(json=(own,))
        if own is None:
            return cls()
        starts = frozenset(sign.encode()[0] for sign in (*STARTS, *own.starts)) if own.starts else None
        return cls((ready(own),), (), starts)


_USUAL = Headers()


class Segment(NamedTuple):
    """Whole entries: a part of some bytes, which are not copied."""

    data: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole entries, in segments of whole entries."""

    segments: tuple[Segment, ...]

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(end - start for _, start, end in self.segments)

    def text(self) -> bytes:
        """Its bytes, put together."""
        return b"".join(data[start:end] for data, start, end in self.segments)


def _whole(data: bytes) -> Chunk:
    return Chunk((Segment(data, 0, len(data)),))


def chunks(blocks: Iterable[bytes], size: int = CHUNK, own: OwnLayout = None) -> Iterator[Chunk]:
    """Cut a source's blocks into chunks of about `size` bytes, later of twice that."""
    headers = Headers.of(own)
    held: list[bytes] = []
    length, wanted, count = 0, min(size, FIRST), 0
    for block in blocks:
        held.append(block)
        length += len(block)
        if length < wanted:
            continue
        # Mostly the last block has a place to cut; only if not, all that is held is put together.
        cut = boundary(block, headers, whole=len(held) == 1)
        if not cut and len(held) > 1:
            held = [b"".join(held)]
            cut = boundary(held[0], headers)
        if cut:
            segments = _segments(held, cut, headers)
            yield Chunk(segments) if segments else _whole(b"".join((*held[:-1], held[-1][:cut])))
            held, count = [held[-1][cut:]], count + 1
        length = len(held[-1]) if cut else length
        # Without a place to cut, look again when there is twice as much: each byte is joined a few times at most.
        wanted = (size if count < SMALL_CHUNKS else 2 * size) + length if cut else 2 * length
    data = b"".join(held)
    if data:
        yield _whole(data)


def _segments(held: list[bytes], cut: int, headers: Headers) -> tuple[Segment, ...]:
    """Blocks up to a place in the last of them: copied is only what lies where two of them meet.

    Nothing, if no entry begins near where two meet.
    """
    found: list[Segment] = []
    start = 0
    for left, right in pairwise(held):
        seam = boundary(left, headers, whole=False)
        behind = len(left) - seam
        room = min(cut, SEAM) if right is held[-1] else SEAM
        joined = left[seam:] + right[:room]
        first = len(joined) if room == cut and right is held[-1] else boundary(joined, headers)
        # The first begins where an entry does, however short it is.
        if (found and not seam) or seam < start or first < behind:
            return ()
        found += [Segment(left, start, seam), Segment(joined, 0, first)]
        start = first - behind
    if start > cut:
        return ()
    found.append(Segment(held[-1], start, cut))
    return tuple(one for one in found if one.start < one.end)


def boundary(data: bytes, headers: Headers = _USUAL, *, whole: bool = True) -> int:
    """Where the last entry of some bytes begins that leaves nothing open before it; 0 if there is no such place.

    `whole`: nothing that is still to be cut stands before these bytes.
    """
    access = 0
    end = len(data)
    for _ in range(TRIALS):
        start = _line_before(data, end, headers)
        if start <= 0:
            break
        opens = _opens(data, start, headers)
        if opens and _nothing_cut(data, start, whole=whole):
            return start
        access = access or (start if opens is False else 0)
        end = start - 1
    return access if whole and len(data) >= MAX_HELD else 0


def _line_before(data: bytes, end: int, headers: Headers) -> int:
    """The start of the last line before `end` that can begin an entry; 0 if there is none."""
    match = _last_line(headers.starts).match(data, 0, end + 1)
    return match.end() if match is not None else 0


@cache
def _last_line(starts: frozenset[int] | None) -> re.Pattern[bytes]:
    """What goes back from the end to a line that begins with one of some bytes: millions of others may follow it."""
    signs = rb"[\s\S]" if starts is None else b"[%b]" % b"".join(re.escape(bytes([sign])) for sign in sorted(starts))
    return re.compile(rb"(?s:.*)\n(?=%b)" % signs)


def _opens(data: bytes, start: int, headers: Headers) -> bool | None:
    """Whether the line at `start` closes what was open (true), is an entry by itself (false), or neither."""
    stop = data.find(b"\n", start)
    is_whole, stop = stop >= 0, stop if stop >= 0 else len(data)
    # A user's layout looks at all of a line.
    most = stop if headers.text and is_whole else min(stop, start + HEAD)
    text = data[start:most].decode(errors="backslashreplace").removesuffix("\r")
    entry = header(0, text, headers.text)
    if entry is None and text[:1] == "{" and is_whole:
        text = data[start:stop].decode(errors="backslashreplace").removesuffix("\r")
        return json_header(0, text, headers.json).entry is not None or None
    if entry is None or entry.joins:
        return None
    return True if entry.takes_lines else (False if entry.event == "access" and is_whole else None)


def _nothing_cut(data: bytes, start: int, *, whole: bool) -> bool:
    """Whether no GC line before `start` waits for its rest, as far as the lines show."""
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
