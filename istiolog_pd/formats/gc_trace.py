"""Lines of the Go runtime's GC trace (``GODEBUG=gctrace=1``), as pieces."""

from __future__ import annotations

#: The pieces of a Go GC trace line, in order; the runtime writes it in several pieces, so other
#: entries can stand inside it. A text that ends before its pieces do is an unfinished line.
_NUMBER = r"[0-9.]+"
PIECES: tuple[str, ...] = (
    "gc ",
    "[0-9]+",
    " @",
    _NUMBER,
    "s ",
    "[0-9]+",
    "%: ",
    r"[0-9.+/]+",
    " ms clock, ",
    r"[0-9.+/]+",
    " ms cpu, ",
    "[0-9]+",
    "->",
    "[0-9]+",
    "->",
    "[0-9]+",
    " MB, ",
    "[0-9]+",
    " MB goal, ",
)
#: After them either the processors, or since Go 1.18 stacks and globals first.
TAILS: tuple[tuple[str, ...], ...] = (
    ("[0-9]+", " P"),
    ("[0-9]+", " MB stacks, ", "[0-9]+", " MB globals, ", "[0-9]+", " P"),
)
FORCED = " (forced)"
