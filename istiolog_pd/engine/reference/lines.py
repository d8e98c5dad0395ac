"""Blocks of bytes -> lines of text, with a note of everything that was damaged on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

NUL = "NUL bytes"
NO_UTF8 = "bytes that are no UTF-8 (kept as \\xNN)"


@dataclass(slots=True)
class Damage:
    """One sort of damage in a source: what, where first (line, from 1), how many lines."""

    what: str
    line: int
    lines: int = 1


@dataclass(slots=True)
class Lines:
    r"""The lines of a source: iterate once, then look at `damage`, `count` and `complete`.

    A line ends at ``\n`` (a ``\r`` before it belongs to the end). Bytes that are no UTF-8 are kept
    as ``\xNN``. One line is held at a time, however long it is.
    """

    blocks: Iterable[bytes]
    damage: dict[str, Damage] = field(default_factory=dict)
    count: int = 0
    complete: bool = True

    def __iter__(self) -> Iterator[str]:
        rest: list[bytes] = []
        for block in self.blocks:
            end = block.rfind(b"\n")
            if end < 0:
                rest += [block] if block else []
                continue
            whole = b"".join((*rest, block[:end])) if rest else block[:end]
            tail = block[end + 1 :]
            rest = [tail] if tail else []
            yield from self._texts(whole)
        if rest:
            self.complete = False
            yield from self._texts(b"".join(rest))

    def _texts(self, whole: bytes) -> Iterator[str]:
        """The lines of some whole lines; one by one only where there is something to mend or to note."""
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            text = ""
        if not text or "\r" in text or "\0" in text:
            yield from map(self._text, whole.split(b"\n"))
            return
        lines = text.split("\n")
        self.count += len(lines)
        yield from lines

    def note(self, line: int, what: str) -> None:
        """Take down a damage of a line."""
        known = self.damage.setdefault(what, Damage(what, line, 0))
        known.lines += 1

    def _text(self, line: bytes) -> str:
        self.count += 1
        if line[-1:] == b"\r":
            line = line[:-1]
        if b"\0" in line:
            self.note(self.count, NUL)
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.note(self.count, NO_UTF8)
            return line.decode(errors="backslashreplace")
