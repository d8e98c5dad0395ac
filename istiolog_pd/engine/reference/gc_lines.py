"""GC trace lines: whole, begun, or neither."""

from __future__ import annotations

import re

from istiolog_pd.formats.gc_trace import FORCED, PIECES, TAILS

GC_LAYOUT = "Go GC trace"


def gc_state(text: str) -> str:
    """Whether a text is a ``whole`` GC trace line, the ``part`` at the head of one, or neither (``""``).

    Examples
    --------
    >>> gc_state("gc 12 @0.287s 4%: "), gc_state("gc 12 @x")
    ('part', '')
    """
    states = [_gc_state(text, (*PIECES, *tail)) for tail in TAILS]
    return "whole" if "whole" in states else "part" if "part" in states else ""


def inner_gc(text: str) -> int:
    """Where a whole GC trace line stands at the end of a line of something else; -1 if nowhere."""
    at = text.rfind("gc ") if " MB goal, " in text else -1
    return at if at > 0 and gc_state(text[at:]) == "whole" else -1


def _gc_state(text: str, pieces: tuple[str, ...]) -> str:
    at = 0
    for piece in pieces:
        if at == len(text):
            return "part"
        if piece[0] == "[":
            match = re.compile(piece, re.ASCII).match(text, at)
            if match is None:
                return ""
            at = match.end()
        elif text.startswith(piece, at):
            at += len(piece)
        else:
            return "part" if piece.startswith(text[at:]) else ""
    rest = text[at:]
    if rest in ("", FORCED):
        return "whole"
    return "part" if FORCED.startswith(rest) else ""
