"""Blocks of bytes -> lines of text, with a note of everything that was damaged on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Damage:
    """One sort of damage in a source: what, where first (line, from 1), how many lines."""

    what: str
    line: int
    lines: int = 1


@dataclass(slots=True)
class Lines:
    """The lines of a source: iterate once, then look at `damage`, `count` and `complete`.

    A line ends at ``\\n`` (a ``\\r`` before it belongs to the end). Bytes that are no UTF-8 are kept
    as ``\\xNN``. One line is held at a time, however long it is.
    """

    blocks: Iterable[bytes]
    damage: dict[str, Damage] = field(default_factory=dict)
    count: int = 0
    complete: bool = True

    def __iter__(self) -> Iterator[str]:
        rest: list[bytes] = []
        for block in self.blocks:
            *whole, tail = block.split(b"\n")
            for line in whole:
                if rest:
                    rest.append(line)
                    line = b"".join(rest)
                    rest.clear()
                yield self._text(line)
            if tail:
                rest.append(tail)
        if rest:
            self.complete = False
            yield self._text(b"".join(rest))

    def note(self, what: str, line: int | None = None) -> None:
        """Take down a damage of `line`, or of the line just read."""
        known = self.damage.setdefault(what, Damage(what, line or self.count, 0))
        known.lines += 1

    def _text(self, line: bytes) -> str:
        self.count += 1
        if line[-1:] == b"\r":
            line = line[:-1]
        if b"\0" in line:
            self.note("NUL bytes")
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.note("bytes that are no UTF-8 (kept as \\xNN)")
            return line.decode(errors="backslashreplace")
