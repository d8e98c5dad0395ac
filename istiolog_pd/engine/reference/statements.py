"""The second tier: which statement of the sources matches a message that no hand-written format does.

The rule of choice is that of `istiolog_pd.formats.statements.table`. Statements are looked up by the
beginning of their text or, where they begin with a field, by their rarest word, so that a line is
tried against a few of them only; each is tried in time linear in the message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from istiolog_pd.engine.reference.match import STEPS, Compiled, compile_format
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.statements.table import GROUPS, PLAIN, Statement, letters, literals_of, load_statements
from istiolog_pd.formats.values import BLANKS

_WORD = re.compile(r"[A-Za-z]{3,}")
_RUN = re.compile(r"[ \t]{2,}|\t")

#: A statement that matches a message, and the texts of its fields.
Match = tuple[Compiled, tuple[str | None, ...]]


def with_single_blanks(text: str) -> str:
    """A text whose runs of blanks and tabs are one blank each, and that begins with none."""
    return (_RUN.sub(" ", text) if "  " in text or "\t" in text else text).lstrip(BLANKS)


def _in_single_blanks(one: Statement) -> Statement:
    """A statement as it is tried where blanks do not count."""
    template = with_single_blanks(one.template)
    return one if template == one.template else one._replace(template=template)


@dataclass(slots=True)
class _Known:
    """A statement, and what it is tried by."""

    statement: Statement
    literals: tuple[str, ...]
    weight: int
    is_plain: bool
    compiled: Compiled | None = None


@dataclass
class Statements:
    """The statements of a group, found by their text."""

    statements: Sequence[Statement]
    _starts: dict[str, list[_Known]] = field(init=False, default_factory=dict)
    _words: dict[str, list[_Known]] = field(init=False, default_factory=dict)
    _free: list[_Known] = field(init=False, default_factory=list)
    #: By scope and level the most literal text of a statement that begins with a field.
    _loose: dict[tuple[str, str], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        loose: list[tuple[_Known, set[str]]] = []
        for one in self.statements:
            if not one.template:
                continue
            literals = literals_of(one.template)
            text = "".join(literals)
            known = _Known(one, literals, len(text), letters(text) < PLAIN)
            first = literals[0]
            size = next((step for step in STEPS if len(first) >= step), 0)
            if size:
                self._starts.setdefault(first[:size], []).append(known)
            else:
                loose.append((known, set(_whole_words(literals))))
                key = (one.scope, one.level)
                self._loose[key] = max(self._loose.get(key, 0), len(text))
        counts = Counter(word for _, words in loose for word in words)
        for known, words in loose:
            rarest = min(words, key=lambda word: (counts[word], -len(word), word), default="")
            (self._words.setdefault(rarest, []) if rarest else self._free).append(known)

    def match(self, component: str, level: str | None, scope: str | None, message: str) -> Match | None:
        """The statement that matches a message, with its fields' texts; null if none does."""
        line = _Line(component, level or "", scope or "default", message)
        for size in STEPS:
            for known in self._starts.get(message[:size], ()):
                line.try_on(known)
        if not line.is_settled(self._loose):
            for known in self._beginning_with_fields(message):
                line.try_on(known)
        return line.match

    def candidates(self, message: str) -> Iterator[_Known]:
        """The statements worth trying for a message."""
        for size in STEPS:
            yield from self._starts.get(message[:size], ())
        yield from self._beginning_with_fields(message)

    def _beginning_with_fields(self, message: str) -> Iterator[_Known]:
        for word in dict.fromkeys(_WORD.findall(message)) if self._words else ():
            yield from self._words.get(word, ())
        yield from self._free


@dataclass(slots=True)
class _Line:
    """A message, and the best statement that it has been found to fit."""

    component: str
    level: str
    scope: str
    message: str
    match: Match | None = None
    rank: tuple[bool, bool, bool, int, int] = (False, False, False, -1, 0)

    def try_on(self, known: _Known) -> None:
        """Hold the message against a statement, if it would be a better one."""
        one = known.statement
        own_scope, own_level = one.scope == self.scope, one.level == self.level
        if known.is_plain and not (own_scope and own_level):
            return
        own = one.component == self.component or (one.component == "shared" and self.component in ("pilot", "agent"))
        rank = (own_scope, own_level, own, known.weight, -one.number)
        if rank > self.rank and (match := _try(known, self.message)) is not None:
            self.match, self.rank = match, rank

    def is_settled(self, loose: dict[tuple[str, str], int]) -> bool:
        """Whether no statement that begins with a field, whose weights by scope and level are these, can be better."""
        return self.rank[:3] == (True, True, True) and self.rank[3] > loose.get((self.scope, self.level), 0)


def _try(known: _Known, message: str) -> Match | None:
    """Hold a message against a statement: first its literal texts alone, for its expression takes time to make."""
    at = 0
    for literal in known.literals[:-1]:
        at = message.find(literal, at)
        if at < 0:
            return None
        at += len(literal)
    if message.find(known.literals[-1].rstrip(BLANKS), at) < 0:
        return None
    if known.compiled is None:
        known.compiled = compile_format(known.statement.format, len(FORMATS) + known.statement.number)
    match = known.compiled.regex.match(message)
    return None if match is None else (known.compiled, match.groups())


def _whole_words(literals: Sequence[str]) -> Iterator[str]:
    """The words that stand in any message of a template: those that no field can lengthen."""
    for n, literal in enumerate(literals):
        for match in _WORD.finditer(literal):
            after_field = match.start() == 0 and n > 0
            before_field = match.end() == len(literal) and n < len(literals) - 1
            if not after_field and not before_field:
                yield match[0]


@cache
def _group(name: str, *, exact: bool) -> Statements:
    own = [one for one in load_statements() if one.group == name]
    return Statements(own if exact else [_in_single_blanks(one) for one in own])


def fitting(component: str, message: str) -> list[Statement]:
    """Every statement of a component's group that a message fits, whatever its scope and level."""
    group = _group(GROUPS[component], exact=True)
    return [known.statement for known in group.candidates(message) if _try(known, message)]


def match_statement(component: str, level: str | None, scope: str | None, message: str) -> Match | None:
    """The statement that matches a message (its labels and Envoy's numbers taken off), with its fields' texts, or null.

    Examples
    --------
    >>> match_statement("pilot", "warn", "kube", "skipping gateway: no address")
    """
    group = GROUPS.get(component or "pilot", "")
    found = _group(group, exact=True).match(component, level, scope, message)
    if found is not None:
        return found
    # A statement with blanks of its own is read as if it had one; a message without them can be of it.
    return _group(group, exact=False).match(component, level, scope, with_single_blanks(message))
