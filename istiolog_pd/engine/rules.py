"""What of the header layouts the kernel takes as data."""

from __future__ import annotations

import re

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.compiler import automaton
from istiolog_pd.engine.dfa import Automaton
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
        [place(key) for key in (layout.time, layout.level, layout.scope, layout.message, layout.stack)]
        for layout in layouts.JSON_LAYOUTS
    ]
    loggers = [place(logger) for logger in sorted(layouts.ENVOY_LOGGERS)]
    gc = automaton(_gc_pattern(), True)
    return Rules(
        EVENT_NUMBER["unparsed"],
        EVENT_NUMBER["access"],
        EVENT_NUMBER["go_gc"],
        COMPONENTS.index("envoy"),
        np.frombuffer(bytes(words), np.uint8),
        np.array(keys, np.int32),
        np.array([EVENT_NUMBER.get(layout.event, -1) for layout in layouts.JSON_LAYOUTS], np.int32),
        np.array(loggers, np.int32),
        np.frombuffer(b"caller", np.uint8),
        _as_program(gc),
    )


def _as_program(one: Automaton) -> np.ndarray:
    """An automaton alone, where a program has its own."""
    head = np.zeros(p.START_MASK + 1, np.int32)
    head[p.DFA] = len(head)
    head[p.CLASSES] = len(head) + p.DFA_WIDTH
    head[p.STATES] = head[p.CLASSES] + len(one.classes)
    meta = np.array([0, one.next.shape[1], 0, -1], np.int32)
    return np.concatenate([head, meta, one.classes.astype(np.int32), (one.next.astype(np.int32) * 2 + one.accept).ravel()])
