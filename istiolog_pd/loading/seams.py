"""Seams: where rotation cut a log within an entry, its rest stands at the head of the next piece."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine.choose_engine import read
from istiolog_pd.engine.program import KNOWN_BY_STATEMENTS, component_of
from istiolog_pd.engine.reference.reader import CUT, SourceTables
from istiolog_pd.loading.options import Options
from istiolog_pd.runs import SourcePart, join
from istiolog_pd.runs.schema import with_line
from istiolog_pd.runs.source_part import Bools

#: Maximum number of bytes kept of a piece's head, and of its tail: a longer entry stays cut.
MAX_EDGE = 1 << 20
#: Entries before and behind a seam that are read again: a torn GC trace goes on behind a whole entry.
AROUND = 3
#: What shows that a piece begins or ends within an entry.
_FRAGMENTS = ("unparsed", "go_gc")


@dataclass(slots=True)
class Edges:
    """The first and the last bytes of a piece."""

    head: bytearray = field(default_factory=bytearray)
    _tail: deque[bytes] = field(default_factory=deque)
    _size: int = 0

    def of(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks, of which the edges are kept."""
        for block in blocks:
            self.head += block[: MAX_EDGE - len(self.head)]
            self._tail.append(block)
            self._size += len(block)
            while self._size - len(self._tail[0]) >= MAX_EDGE:
                self._size -= len(self._tail.popleft())
            yield block

    @property
    def is_complete(self) -> bool:
        """Whether the last line has its end."""
        return not self._tail or self._tail[-1].endswith(b"\n")

    def last_lines(self, number: int) -> bytes | None:
        """The last lines; null where they are longer than what is kept."""
        tail = b"".join(self._tail)
        at = len(tail) - tail.endswith(b"\n")
        for _ in range(number):
            if at < 0:
                return None
            at = tail.rfind(b"\n", 0, at)
        return None if at < 0 and len(self.head) < self._size else tail[at + 1 :]

    def first_lines(self, number: int | None) -> bytes | None:
        """The first lines, or all; null where they are longer than what is kept."""
        if number is None:
            return bytes(self.head) if len(self.head) == self._size else None
        at = -1
        for _ in range(number):
            if (at := self.head.find(b"\n", at + 1)) < 0:
                return None
        return bytes(self.head[: at + 1])


def closed(
    before: SourceTables, after: SourceTables, edges: tuple[Edges, Edges], names: tuple[str, str], options: Options
) -> tuple[SourceTables, SourceTables] | None:
    """Two pieces of one run with the entry that was cut between them whole, in the former; null if none was.

    Parameters
    ----------
    before, after
        Their tables; lines are counted without what a wrapper puts around them.
    edges
        Their first and last bytes.
    names
        Their sources.
    options
        How they were read.
    """
    old, new = len(before.events), len(after.events)
    if not old or not new or (edges[0].is_complete and not _is_cut(before, after)) or _overlap(before, after):
        return None
    begins, ends = before.events["line"].to_numpy(), after.events["line"].to_numpy()
    whole_from = pc.index(pc.not_equal(after.events["event"].cast(pa.string()), "unparsed"), True).as_py()
    # Entries of one line stay together.
    first = int(np.searchsorted(begins, begins[max(old - AROUND, 0)]))
    more = int(np.searchsorted(ends, ends[min(whole_from + AROUND, new) - 1], side="right")) if whole_from >= 0 else new
    skipped = int(begins[first]) - 1
    tail = edges[0].last_lines(before.lines - skipped)
    head = edges[1].first_lines(int(ends[more]) - 1 if more < new else None)
    if tail is None or head is None:
        return None
    larger = max(before, after, key=lambda tables: len(tables.events))
    component = options.component or component_of(set(larger.events["component"].unique().to_pylist()))
    component = "" if component in KNOWN_BY_STATEMENTS else component
    former, latter = (read([tail, head], name, component, options.access, messages=options.messages) for name in names)
    own = former.events["line"].to_numpy() <= before.lines - skipped
    # The rest of a line that was cut is a line of the later piece too.
    of_tail = before.lines - skipped - (not tail.endswith(b"\n"))
    kept = _rows(before, np.arange(old) < first), _rows(after, np.arange(new) >= more)
    whole = join([kept[0], _moved(_rows(former, own), skipped)])
    rest = join([_moved(_rows(latter, ~own), -of_tail), kept[1]])
    damage = [one for one in before.damage if one.what != CUT]
    return (
        replace(before, events=whole[0], tables=whole[1], damage=damage),
        replace(after, events=rest[0], tables=rest[1], recognized=True),
    )


def _is_cut(before: SourceTables, after: SourceTables) -> bool:
    """Whether the later piece begins, or the former ends, with what may be part of an entry: a blank line is."""
    if after.events["line"][0].as_py() > 1:
        return True
    edge = [*before.events["event"].slice(len(before.events) - 1), *after.events["event"].slice(0, 2)]
    return any(event.as_py() in _FRAGMENTS for event in edge)


def _overlap(before: SourceTables, after: SourceTables) -> bool:
    """Whether the later piece may begin with entries of the former: then no entry goes on in it."""
    times = after.events["timestamp"].drop_null()
    if not len(times) or (at := pc.index(before.events["timestamp"], times[0]).as_py()) < 0:
        return False
    if len(times) > 1 and pc.index(before.events["timestamp"], times[1]).as_py() >= 0:
        return True
    # Two entries of one moment, or one that is in both.
    row = pc.index(after.events["timestamp"], times[0]).as_py()
    one, other = (str(piece.events["message"][n].as_py()) for piece, n in ((before, at), (after, row)))
    return one.startswith(other) or other.startswith(one)


def _rows(tables: SourceTables, keep: Bools) -> SourcePart:
    return SourcePart("", "", tables.events, tables.tables).kept(keep)


def _moved(part: SourcePart, by: int) -> SourcePart:
    """The entries, their lines counted from another."""
    events, *tables = (with_line(table, pc.add(table["line"], by)) for table in (part.events, *part.tables.values()))
    return replace(part, events=events, tables=dict(zip(part.tables, tables, strict=True)))
