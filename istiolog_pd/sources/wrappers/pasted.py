"""Pasted text: the decoration around every line (`_decoration`) is removed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._decoration import (
    BARS,
    FENCE,
    TIME,
    Decoration,
    is_double_spaced,
    is_falling,
    learn,
    wrapped_width,
)
from istiolog_pd.sources.wrappers._header import LEVEL, LOOSE_HEADER, SEPARATOR, STAMP
from istiolog_pd.sources.wrappers._json_records import received
from istiolog_pd.sources.wrappers._model import TOOL_OUTPUT, ContainerId, Note
from istiolog_pd.sources.wrappers._rows import Batch, whole_lines
from istiolog_pd.sources.wrappers._wrapper import GuessedWrapper

NAME = "pasted text"
#: Maximum number of lines that the decoration is learned from.
MAX_SAMPLE = 200

_BORDER_SIGNS = frozenset("-=+─━═┄┈┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩┏┓┗┛┣┫|│║┃: \t")


class PastedText:
    """The lines of pasted text."""

    def __init__(self, decoration: Decoration) -> None:
        self.containers = Containers()
        self.newest_first = decoration.newest_first
        self._decoration = decoration
        self._code = self.containers.code(ContainerId())
        self._boxed = any(suffix in BARS and len(suffix) == 3 for suffix in decoration.suffixes)
        pattern = decoration.prefix.pattern if decoration.prefix is not None else b""
        self._has_margin = pattern.rstrip(b"+").endswith((b" ", b"\\ ", b"[ \\t]"))
        self._has_border = decoration.suffixes != () or decoration.prefix is not None

    def batches(self, blocks: Iterator[bytes], note: Note) -> Iterator[Batch]:
        """The rows of the source's blocks."""
        line = 1
        for block in whole_lines(blocks):
            yield self._batch(block, line)
            line += block.count(b"\n")

    def _batch(self, block: bytes, line: int) -> Batch:
        lines = block.split(b"\n")
        ended = not lines[-1]
        if ended:
            del lines[-1]
        texts, times, own, key = [], [], [], []
        for n, raw in enumerate(lines):
            ends = b"\r\n" if raw.endswith(b"\r") else b"\n"
            text, time = self._decoration.line(raw.removesuffix(b"\r"))
            texts.append(text + ends if ended or n < len(lines) - 1 else text)
            times.append(time.decode() or None)
            starts = text.startswith((b'{"', b"[")) or LOOSE_HEADER.match(text) is not None
            own.append(starts and (text[:1] != b"[" or TIME.match(text) is not None))
            key.append(self.containers.code(TOOL_OUTPUT) if self._is_border(raw) else self._code)
        count = len(lines)
        part = self._wrapped(lines, own)
        for n in (n for n, goes_on in enumerate(part) if goes_on):
            texts[n] = texts[n].rstrip(b"\r\n") + b" " * (self._boxed and self._inside(lines[n]).endswith(b" "))
        return Batch(
            pa.array(texts, pa.large_binary()),
            np.array(key, np.int64),
            np.full(count, -1, np.int8),
            received(times),
            np.arange(line, line + count),
            np.array(part, bool),
            np.array(own, bool),
        )

    def _wrapped(self, lines: list[bytes], own: list[bool]) -> list[bool]:
        """Whether each line fills its box, or the terminal, and goes on in the next."""
        nexts = [*own[1:], True]
        if (width := self._decoration.width) is not None:
            return [
                not starts and len(line.removesuffix(b"\r").decode(errors="replace")) == width
                for starts, line in zip(nexts, lines, strict=True)
            ]
        if not self._boxed:
            return [False] * len(lines)
        return [
            not starts and self._inside(line)[-2:] not in (b"", b"  ") and not self._is_border(line)
            for starts, line in zip(nexts, lines, strict=True)
        ]

    def _inside(self, line: bytes) -> bytes:
        """The text between the bars of a box, without its margin on the right."""
        bar = next((suffix for suffix in self._decoration.suffixes if suffix in BARS), b"")
        inside = line.rstrip().removesuffix(bar)
        return inside[:-1] if self._has_margin and inside.endswith(b" ") else inside

    def _is_border(self, line: bytes) -> bool:
        if self._decoration.is_double_spaced and not line.strip():
            return True
        if self._decoration.has_fences and FENCE.fullmatch(line):
            return True
        if not self._has_border or len(line) > 4000:
            return False
        text = line.decode(errors="replace").strip()
        return len(text) > 2 and set(text) <= _BORDER_SIGNS


#: What a bare log does not have in its first lines, but pasted text may: a literal text of it, and the pattern.
#: Most heads have none of the literals, and looking for these is quick.
_SUSPICIOUS = tuple(
    (literal, re.compile(pattern, re.MULTILINE))
    for literal, pattern in (
        (b"\x1b[", rb"^\x1b\[|Z[ \t]+\x1b\["),
        (b"m", rb"Z[ \t]+\[[0-9;]{1,12}m"),
        (b'] \\"', rb"\] \\\""),
        (b"\xc2\xa0", rb"^\[?%b(?:\]?\xc2\xa0|[^\n\xc2]*\w\xc2\xa0\w)" % STAMP),
        (b"<br", rb"<br ?/?>$"),
        (b"&", rb"&(?:quot|lt|gt|amp|apos|#\d+|#x[0-9a-f]+);"),
        (b"```", rb"^\s{0,3}```"),
        (b"Z ", rb"Z (?= *\t)"),
        (b"Z\t", rb"Z\t(?=[ \t])"),
        (b"Z", rb"Z(?<=\d\dZ)(?![ \t]+%b\b)(?:%b)%b\b" % (LEVEL, SEPARATOR, LEVEL)),
        (b":", rb"[+-]\d\d:\d\d(?<=\d[+-]\d\d:\d\d)(?![ \t]+%b\b)(?:%b)%b\b" % (LEVEL, SEPARATOR, LEVEL)),
    )
)
#: How much of a log with bare lines is looked at for that.
SUSPICIOUS_SIZE = 1 << 14


def is_suspicious(head: bytes) -> bool:
    """Whether lines that look bare may have been pasted."""
    head = head[:SUSPICIOUS_SIZE]
    if any(literal in head and pattern.search(head) is not None for literal, pattern in _SUSPICIOUS):
        return True
    if is_falling(TIME.findall(head)) or is_double_spaced(head):
        return True
    return wrapped_width([line.rstrip(b"\r") for line in head.split(b"\n") if line.strip()]) is not None


def detect(head: bytes) -> PastedText | None:
    """Find the decoration of pasted text; null for a bare log."""
    if head.lstrip()[:2] in (b'{"', b"[{"):
        return None
    lines = head.split(b"\n", MAX_SAMPLE)[:MAX_SAMPLE]
    decoration = learn([line[:4096] for line in lines])
    return PastedText(decoration) if decoration is not None else None


PASTED = GuessedWrapper(NAME, detect, "│ 2026-11-23T17:28:49.062996Z→info→ads→x │\n".encode())
