"""What of the header layouts the kernel takes as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from istiolog_pd.engine.compiler import automaton
from istiolog_pd.engine.encode import Layout, add_automata
from istiolog_pd.engine.kernel import rules as r
from istiolog_pd.engine.kernel.rules import Rules
from istiolog_pd.engine.program import EVENT_NUMBER
from istiolog_pd.formats import layouts
from istiolog_pd.formats.layouts import JsonLayout
from istiolog_pd.formats.template import COMPONENTS


def _gc_pattern() -> str:
    def joined(pieces: tuple[str, ...]) -> str:
        return "".join(piece if piece[0] == "[" else re.escape(piece) for piece in pieces)

    tails = "|".join(joined(tail) for tail in layouts.GC_TAILS)
    return f"{joined(layouts.GC_PIECES)}(?:{tails})(?:{re.escape(layouts.GC_FORCED)})?"


class _Words:
    """Texts, and how the kernel is told of each."""

    def __init__(self) -> None:
        self.text = bytearray()

    def place(self, text: str) -> tuple[int, int]:
        self.text += text.encode()
        return len(self.text) - len(text.encode()), len(text.encode())

    def key(self, text: str) -> tuple[int, int, int]:
        place, size = self.place(text)
        return int.from_bytes(text.encode()[:8].ljust(8, b"\0"), "little", signed=True), size, place

    def keys(self, texts: Iterable[str]) -> list[int]:
        return [number for text in texts for number in self.key(text)]


def rules_of() -> Rules:
    """The layouts' data for the kernel."""
    words, layout = _Words(), Layout(r.CALLER + r.KEY_WIDTH)
    automata = add_automata([automaton(pattern, whole) for pattern, whole in _patterns()], layout)
    loggers = [words.place(logger) for logger in sorted(layouts.ENVOY_LOGGERS)]
    loggers_at = layout.add(np.array(loggers, np.int64))
    rows = [_row(one, words, layout) for one in layouts.JSON_LAYOUTS]
    layouts_at = layout.add(np.array(rows, np.int64))
    events = [EVENT_NUMBER[name] for name in ("unparsed", "access", "go_gc")]
    components = [COMPONENTS.index(name) for name in ("envoy", "ztunnel")]
    places = [loggers_at, loggers_at + 2 * len(loggers), layouts_at, layouts_at + r.LAYOUT_WIDTH * len(rows)]
    directory = np.array([*events, *components, *automata, *places, *words.key("caller")], np.int64)
    return Rules(np.concatenate([directory, *layout.parts]), np.frombuffer(bytes(words.text) + bytes(8), np.uint8))


def _row(one: JsonLayout, words: _Words, layout: Layout) -> list[int]:
    fields = layout.add(np.array(words.keys(one.fields), np.int64))
    keys = words.keys((one.time, one.level, one.scope, one.message, one.stack, one.needs))
    component = COMPONENTS.index(one.component) if one.component else -1
    said = [EVENT_NUMBER.get(one.event, -1), component]
    return [*keys, *said, fields, fields + r.KEY_WIDTH * len(one.fields)]


def _patterns() -> Iterator[tuple[str, bool]]:
    """A whole GC line; a ztunnel target with the tab after it; the scope that it begins with; a target, tabs lost."""
    yield _gc_pattern(), True
    target = re.sub(r"\(\?P<\w+>", "(?:", layouts.ZTUNNEL_TARGET)
    yield rf"{target}\t", False
    yield r"[a-z]\w*(?:::\w+)*", False
    yield re.sub(r"\(\?P<\w+>", "(?:", layouts.ZTUNNEL_MODULE), False
