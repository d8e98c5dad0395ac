"""What of the header layouts the kernel takes as data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from istiolog_pd.engine.compiler import automaton
from istiolog_pd.engine.encode import flat_automata
from istiolog_pd.engine.kernel.frame import Rules
from istiolog_pd.engine.program import EVENT_NUMBER
from istiolog_pd.formats import layouts
from istiolog_pd.formats.model import COMPONENTS


def _gc_pattern() -> str:
    def joined(pieces: tuple[str, ...]) -> str:
        return "".join(piece if piece[0] == "[" else re.escape(piece) for piece in pieces)

    tails = "|".join(joined(tail) for tail in layouts.GC_TAILS)
    return f"{joined(layouts.GC_PIECES)}(?:{tails})(?:{re.escape(layouts.GC_FORCED)})?"


def rules_of() -> Rules:
    """The layouts' data for the kernel."""
    words = bytearray()

    def place(text: str) -> tuple[int, int]:
        words.extend(text.encode())
        return len(words) - len(text.encode()), len(text.encode())

    keys = [
        [place(key) for key in (one.time, one.level, one.scope, one.message, one.stack, one.needs)]
        for one in layouts.JSON_LAYOUTS
    ]
    fields = [[place(key) for key in one.fields] for one in layouts.JSON_LAYOUTS]
    loggers = [place(logger) for logger in sorted(layouts.ENVOY_LOGGERS)]
    automata = [automaton(pattern, whole) for pattern, whole in _patterns()]
    return Rules(
        EVENT_NUMBER["unparsed"],
        EVENT_NUMBER["access"],
        EVENT_NUMBER["go_gc"],
        COMPONENTS.index("envoy"),
        COMPONENTS.index("ztunnel"),
        np.frombuffer(bytes(words), np.uint8),
        np.array(keys, np.int64),
        np.array([EVENT_NUMBER.get(one.event, -1) for one in layouts.JSON_LAYOUTS], np.int64),
        np.array([COMPONENTS.index(one.component) if one.component else -1 for one in layouts.JSON_LAYOUTS], np.int64),
        np.array([0, *np.cumsum([len(one) for one in fields])], np.int64),
        np.array([key for one in fields for key in one], np.int64).reshape(-1, 2),
        np.array(loggers, np.int64),
        np.frombuffer(b"caller", np.uint8),
        flat_automata(automata),
    )


def _patterns() -> Iterator[tuple[str, bool]]:
    """A whole GC line; a ztunnel target with the tab after it; the scope that it begins with; a target, tabs lost."""
    yield _gc_pattern(), True
    target = re.sub(r"\(\?P<\w+>", "(?:", layouts.ZTUNNEL_TARGET)
    yield rf"{target}\t", False
    yield r"[a-z]\w*(?:::\w+)*", False
    yield re.sub(r"\(\?P<\w+>", "(?:", layouts.ZTUNNEL_MODULE), False
