"""Lines -> entries: continuation lines go to their header, and what was cut in two is whole again.

Go writes a GC trace line to stderr in several pieces while other goroutines write entries to stdout;
where both end up in one file, either can stand inside the other. An entry is one write, so a header
in the middle of a line begins an entry of its own, and the pieces around it are one GC line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from istiolog_pd.engine.reference.gc_lines import GC_LAYOUT, gc_state, inner_gc
from istiolog_pd.engine.reference.headers import (
    STARTS,
    Entry,
    Head,
    header,
    json_header,
    ready,
    split_at_headers,
)
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.formats.layout import JsonLayout, Layout
from istiolog_pd.formats.layouts import INNER_SIGN, INNER_SIGN_AT

#: Maximum number of lines to wait for the rest of a GC line; after that it is kept as it is.
GC_PATIENCE = 64

BROKEN = "a broken JSON line (kept as text)"


class Entries:
    """The entries of a source, in the order of their first lines; a user's own layout is tried first."""

    def __init__(self, lines: Lines, own: Layout | JsonLayout | None = None) -> None:
        self._lines = lines
        self._heads: tuple[Head, ...] = (ready(own),) if isinstance(own, Layout) else ()
        self._json = (own,) if isinstance(own, JsonLayout) else ()
        #: With a layout that can begin with anything no line can be passed over by its first character.
        self._any_start = isinstance(own, Layout) and not own.starts
        self._starts = STARTS | set(own.starts) if isinstance(own, Layout) else STARTS
        self._begun: deque[Entry] = deque()
        #: The entry that lines without a header belong to.
        self._open: Entry | None = None
        #: The layout of the latest line that it has of one.
        self._latest = ""
        #: A GC line whose rest has not come yet, or only its line end.
        self._gc: Entry | None = None

    def __iter__(self) -> Iterator[Entry]:
        begun = self._begun
        for number, text in enumerate(self._lines, 1):
            self.take(number, text)
            while begun and begun[0] is not self._open and begun[0] is not self._gc:
                yield begun.popleft()
        yield from begun

    def take(self, number: int, text: str) -> None:
        """Take one line."""
        whole = text.find(INNER_SIGN, INNER_SIGN_AT) < 0
        if whole and self._gc is None and text[:1] not in self._starts and not self._any_start:
            # Most lines that are no header: nothing to find out, and nothing closes.
            if self._open is not None and not self._open.cut:
                self._open.parts.append(text)
            else:
                self._go_on(number, text)
            return
        *pieces, last = (text,) if whole else split_at_headers(text)
        for piece in pieces:
            self._take(number, piece, followed=True)
        self._take(number, last, followed=False)

    @property
    def begun(self) -> tuple[Entry, ...]:
        """The entries begun and not yet given out."""
        return tuple(self._begun)

    @property
    def opened(self) -> Entry | None:
        """The entry that lines without a header go to."""
        return self._open

    @property
    def settled(self) -> bool:
        """Whether nothing is cut: another reader can go on with the next line."""
        return self._gc is None and (self._open is None or not self._open.cut)

    @property
    def waiting(self) -> bool:
        """Whether the rest of a GC line is still to come."""
        return self._gc is not None

    def _go_on(self, number: int, text: str) -> None:
        """Give text without a header to the open entry; without one it is a row of its own."""
        if self._open is None:
            if text:
                self._begun.append(Entry(number, "", [text], event="unparsed"))
        else:
            self._open.add(text)

    def _take(self, number: int, text: str, *, followed: bool) -> None:
        """Begin the entry of a line, or give the line to an open one.

        `followed`: a header stands right behind this text, so its own line end is still to come.
        """
        if self._gc is not None and self._end_gc(self._gc, number, text, followed=followed):
            return
        entry = header(number, text, self._heads)
        if entry is None and text[:1] == "{" and self._take_json(number, text):
            return
        if entry is None:
            self._go_on(number, text)
            return
        if entry.joins and self._open is not None and not entry.joins.isdisjoint(("*", self._latest)):
            self._latest = entry.layout
            self._go_on(number, text)
            return
        self._begun.append(entry)
        if entry.layout == GC_LAYOUT:
            state = gc_state(text)
            if state == "part" or (state == "whole" and followed):
                self._gc = entry
        elif entry.takes_lines:
            self._open, self._latest = entry, entry.layout
            self._split_off_gc(entry)

    def _take_json(self, number: int, text: str) -> bool:
        found = json_header(number, text, self._json)
        if found.broken:
            self._lines.note(number, BROKEN)
        if found.entry is None:
            return False
        self._open = None
        self._begun.append(found.entry)
        return True

    def _end_gc(self, gc: Entry, number: int, text: str, *, followed: bool) -> bool:
        """Give an unfinished GC line what is its own of a line; whether that was all of the text."""
        if number - gc.line > GC_PATIENCE:
            self._gc = None
            return False
        if not text:  # perhaps its line end
            if gc_state(gc.message) == "whole":
                self._gc = None
                return True
            return False
        state = gc_state(gc.message + text)
        if not state:
            return False
        gc.parts[-1] += text
        if state == "whole" and not followed:
            self._gc = None
        return True

    def _split_off_gc(self, entry: Entry) -> None:
        """A GC line at the end of an entry's line is a row of its own; the entry's line goes on later."""
        text = entry.parts[0]
        at = inner_gc(text)
        if at >= 0:
            entry.parts[0] = text[:at]
            entry.cut = True
            self._begun.append(Entry(entry.line, GC_LAYOUT, [text[at:]], event="go_gc", takes_lines=False))
