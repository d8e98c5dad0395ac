"""Regular expressions of the catalogue's kinds -> tables of a byte automaton.

The result of an automaton is the one that `re` gives: alternatives in order, greedy or lazy as
written (leftmost-first, as in RE2), found in one pass. Texts are UTF-8; classes are ASCII.
What cannot be said with one byte of look-ahead is refused when the catalogue is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

#: The parser of `re` itself: its tree says what a pattern means, so that both engines mean the same.
_parser: Any = re._parser  # type: ignore[attr-defined]

#: The symbol behind the last byte of a text.
END = 256
MOST_STATES = 4000

_ANY = frozenset(range(256))
_CATEGORIES = {
    "CATEGORY_DIGIT": frozenset(b"0123456789"),
    "CATEGORY_WORD": frozenset(b for b in range(128) if chr(b).isalnum() or b == ord("_")),
    "CATEGORY_SPACE": frozenset(b" \t\n\r\f\v"),
}

Symbols = frozenset[int]


@dataclass(frozen=True, slots=True)
class Automaton:
    """Tables of one expression.

    ``next[state, class]`` is the next state (0: none), ``accept[state, class]`` whether the text up to here
    matches if a byte of this class follows; state 1 is the first. `unless`: the texts that must not stand here.
    """

    classes: npt.NDArray[np.uint8]
    next: npt.NDArray[np.int16]
    accept: npt.NDArray[np.bool_]
    unless: Automaton | None = None

    def match(self, text: bytes, at: int = 0) -> int:
        """Where the match that begins at `at` ends; -1 if there is none."""
        if self.unless is not None and self.unless.match(text, at) >= 0:
            return -1
        state, end = 1, -1
        while state:
            symbol = self.classes[text[at] if at < len(text) else END]
            if self.accept[state, symbol]:
                end = at
            state = int(self.next[state, symbol])
            at += 1
        return end


@dataclass(slots=True)
class _Nfa:
    """A program of steps: ``(symbols, next)``, ``(first, second)``, a look at the next symbol, or the match."""

    steps: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, *step: Any) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def sequence(self, items: Sequence[Any], then: int) -> int:
        """Build backwards, so that every step knows the one after it."""
        for op, argument in reversed(items):
            then = self.item(str(op), argument, then)
        return then

    def item(self, op: str, argument: Any, then: int) -> int:
        if op == "LITERAL":
            for byte in reversed(chr(argument).encode()):
                then = self.add("char", frozenset([byte]), then)
            return then
        if op in ("NOT_LITERAL", "ANY", "IN"):
            return self.add("char", _symbols(op, argument), then)
        if op == "BRANCH":
            firsts = [self.sequence(choice, then) for choice in argument[1]]
            while len(firsts) > 1:
                second = firsts.pop()
                firsts.append(self.add("split", firsts.pop(), second))
            return firsts[0]
        if op == "SUBPATTERN":
            return self.sequence(argument[3], then)
        if op == "ATOMIC_GROUP":
            return self.sequence(argument, then)
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            return self.repeat(*argument, then=then, greedy=op != "MIN_REPEAT")
        if op in ("ASSERT", "ASSERT_NOT", "AT"):
            return self.add("look", _look(op, argument), then)
        raise ValueError(f"{op} cannot be compiled")

    def repeat(self, low: int, high: Any, items: Sequence[Any], *, then: int, greedy: bool) -> int:
        if high is _parser.MAXREPEAT:
            loop = self.add("split", 0, 0)
            body = self.sequence(items, loop)
            self.steps[loop] = ("split", body, then) if greedy else ("split", then, body)
            then = loop
        else:
            end = then
            for _ in range(high - low):
                body = self.sequence(items, then)
                then = self.add("split", body, end) if greedy else self.add("split", end, body)
        for _ in range(low):
            then = self.sequence(items, then)
        return then


def _symbols(op: str, argument: Any) -> Symbols:
    if op == "ANY":
        return _ANY
    if op == "NOT_LITERAL":
        return _ANY - {argument}
    found: set[int] = set()
    negate = False
    for kind, value in argument:
        name = str(kind)
        if name == "NEGATE":
            negate = True
        elif name == "CATEGORY":
            category = str(value)
            of = _CATEGORIES[category.replace("NOT_", "")]
            found |= _ANY - of if "NOT_" in category else of
        else:
            first, last = (value, value) if name == "LITERAL" else value
            if last > 127:
                raise ValueError("only ASCII in a class")
            found.update(range(first, last + 1))
    return frozenset(_ANY - found if negate else found)


def _look(op: str, argument: Any) -> Symbols:
    """The symbols that may follow."""
    if op == "AT":
        if str(argument) != "AT_END_STRING":
            raise ValueError(f"{argument} cannot be compiled")
        return frozenset([END])
    direction, items = argument
    if direction != 1 or len(items) != 1:
        raise ValueError("only one character can be looked at")
    kind, value = items[0]
    symbols = frozenset([value]) if str(kind) == "LITERAL" else _symbols(str(kind), value)
    return symbols if op == "ASSERT" else (_ANY | {END}) - symbols


def compile_pattern(pattern: str, *, whole: bool = False) -> Automaton:
    """Compile an expression; `whole`: it must match up to the end of the text.

    Raises
    ------
    ValueError
        If the expression needs more than one pass, or more than a byte of look-ahead.

    Examples
    --------
    >>> automaton = compile_pattern("a|ab|[0-9]{2,3}")
    >>> automaton.match(b"abc"), automaton.match(b"1234"), automaton.match(b"1")
    (1, 3, -1)
    """
    items = list(_parser.parse(pattern, re.DOTALL | re.ASCII))
    unless = None
    if items and str(items[0][0]) == "ASSERT_NOT":
        unless = _determined([items.pop(0)[1][1]], whole=False)
    return _determined([items], whole=whole, unless=unless)


def _determined(choices: list[Any], *, whole: bool, unless: Automaton | None = None) -> Automaton:
    nfa = _Nfa()
    last = nfa.add("match")
    if whole:
        last = nfa.add("look", frozenset([END]), last)
    first = nfa.sequence(list(choices[0]), last)
    classes, samples = _classes([step[1] for step in nfa.steps if step[0] in ("char", "look")])
    states: dict[tuple[int, ...], int] = {(): 0, (first,): 1}
    todo: list[tuple[int, ...]] = [(first,)]
    rows: dict[int, list[tuple[int, bool]]] = {0: [(0, False)] * len(samples)}
    while todo:
        state = todo.pop()
        row = rows[states[state]] = []
        for symbol in samples:
            after, accepts = _step(nfa, state, symbol)
            if after not in states:
                states[after] = len(states)
                todo.append(after)
            row.append((states[after], accepts))
        if len(states) > MOST_STATES:
            raise ValueError("too many states")
    table = [rows[n] for n in range(len(states))]
    return Automaton(
        classes,
        np.array([[one[0] for one in row] for row in table], np.int16),
        np.array([[one[1] for one in row] for row in table], np.bool_),
        unless,
    )


def _step(nfa: _Nfa, state: tuple[int, ...], symbol: int) -> tuple[tuple[int, ...], bool]:
    """The threads after a symbol, the preferred first; whether a match ends before it."""
    after: dict[int, None] = {}
    for at in _closure(nfa, state, symbol):
        step = nfa.steps[at]
        if step[0] == "match":
            return tuple(after), True
        after[step[2]] = None
    return tuple(after), False


def _closure(nfa: _Nfa, state: tuple[int, ...], symbol: int) -> Iterator[int]:
    seen: set[int] = set()
    stack = list(reversed(state))
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        step = nfa.steps[at]
        if step[0] == "split":
            stack += [step[2], step[1]]
        elif step[0] == "look":
            stack += [step[2]] if symbol in step[1] else []
        elif step[0] == "match" or symbol in step[1]:
            yield at


def _classes(sets: list[Symbols]) -> tuple[npt.NDArray[np.uint8], list[int]]:
    """Bytes that no step tells apart share a class; a sample of each."""
    known: dict[tuple[bool, ...], int] = {}
    classes = np.zeros(END + 1, np.uint8)
    samples: list[int] = []
    for symbol in range(END + 1):
        key = (symbol == END, *(symbol in one for one in sets))
        if key not in known:
            known[key] = len(samples)
            samples.append(symbol)
        classes[symbol] = known[key]
    return classes, samples
