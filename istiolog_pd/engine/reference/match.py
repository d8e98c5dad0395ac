"""Formats -> one regular expression each, and the dispatch that finds the one that matches a message.

The expressions follow the rules of `istiolog_pd.formats.template`: every step is atomic, so a message
is read once from left to right, and no text can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.field_parsers import XDS_TYPES
from istiolog_pd.formats.kinds import KINDS
from istiolog_pd.formats.template import Field, Format, Literal, Maybe, Token
from istiolog_pd.formats.values import BLANKS


def pattern_of(tokens: Sequence[Token]) -> str:
    """The regular expression of a template's tokens: one group for each field that has a column."""
    return _pattern(tokens, last=True) + r"\s*\Z"


def _pattern(tokens: Sequence[Token], *, last: bool) -> str:
    out, at = "", 0
    while at < len(tokens):
        token = tokens[at]
        if isinstance(token, Literal):
            text = token.text.rstrip(BLANKS) if last and at == len(tokens) - 1 else token.text
            out += re.escape(text)
        elif isinstance(token, Maybe):
            inner = "|".join(f"(?>{_pattern(choice, last=False)})" for choice in token.choices)
            out += f"(?>(?:{inner})?)"
        else:
            after = tokens[at + 1] if at + 1 < len(tokens) else None
            out += _field(token, after, end=last and at + 2 == len(tokens))
            at += isinstance(after, Literal) and bool(KINDS[token.kind].chars)
        at += 1
    return out


def _field(token: Field, after: Token | None, *, end: bool) -> str:
    kind = KINDS[token.kind]
    group = "(" if token.column else "(?:"
    if not kind.chars:
        return f"(?>{group}{kind.pattern}))"
    if isinstance(after, Literal):
        # The literal is matched in the same atomic step: the field ends where it first stands.
        stop = re.escape(after.text.rstrip(BLANKS)) + r"\s*\Z" if end else re.escape(after.text)
        return f"(?>{group}{kind.chars}*?){stop})"
    if after is not None and kind.chars == ".":
        raise ValueError(f"a field of kind {token.kind!r} runs to the end: only literal text can follow it")
    return f"{group}{kind.chars}*+)"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A format and the expression that recognizes its messages."""

    format: Format
    regex: re.Pattern[str]
    fields: tuple[Field, ...]
    number: int
    #: A text that every message of the format holds: a quick test before the expression.
    sign: str


def compile_format(entry: Format, number: int = 0) -> Compiled:
    """Compile one format."""
    try:
        regex = re.compile(pattern_of(entry.tokens), re.DOTALL | re.ASCII)
    except ValueError as error:
        raise ValueError(f"{entry.text!r}: {error}") from None
    return Compiled(entry, regex, tuple(f for f in entry.fields() if f.column), number, sign_of(entry))


def sign_of(entry: Format) -> str:
    """A text that every message of a format holds."""
    literals = [token.text.rstrip(BLANKS) for token in entry.tokens if isinstance(token, Literal)]
    # Of the longest the last: what formats of one event have in common mostly stands before it.
    return max(reversed(literals), key=len, default="")


def leading_literals(tokens: Sequence[Token]) -> list[str]:
    """The texts a message of these tokens can begin with (an empty one: anything).

    The short xDS types are few, so they are spelled out: ``ADS:CDS: ACK`` finds its format at once.
    """
    if not tokens:
        return [""]
    first, rest = tokens[0], tokens[1:]
    if isinstance(first, Literal):
        return [first.text + more for more in leading_literals(rest)]
    if isinstance(first, Field) and first.kind == "xds_type":
        return [short + more for short in SHORT_TYPES for more in leading_literals(rest)] + [""]
    if isinstance(first, Field) and first.kind == "push_type":
        return [words + more for words in PUSH_TYPES for more in leading_literals(rest)]
    if isinstance(first, Maybe):
        return [text for choice in (*first.choices, ()) for text in leading_literals((*choice, *rest))]
    return [""]


PUSH_TYPES = ("PUSH", "PUSH INC", "INC PUSH", "PUSH request", "PUSH INC request")
SHORT_TYPES = tuple(dict.fromkeys(XDS_TYPES.values()))

#: Lengths of the beginnings by which formats are looked up, longest first.
STEPS = (16, 12, 8, 4, 2)


def newest_first(formats: Sequence[Format]) -> list[int]:
    """The order in which formats are tried, by number: most logs are of newer versions."""
    return sorted(range(len(formats)), key=lambda number: _version(formats[number].since), reverse=True)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


@dataclass
class Recognizer:
    """Finds the format that matches a message.

    Formats are looked up by the beginning of their text; of those found, each is tried. At most one
    format of a component matches a message (the catalog's tests hold that), so order is no matter.
    """

    formats: Iterable[Format]
    compiled: list[Compiled] = field(init=False)
    _by_start: dict[str, dict[str, list[Compiled]]] = field(init=False, default_factory=dict)
    _free: dict[str, list[Compiled]] = field(init=False, default_factory=dict)
    _fallback: dict[str, list[Compiled]] = field(init=False, default_factory=dict)
    _by_event: dict[tuple[str, str], list[Compiled]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.compiled = [compile_format(entry, number) for number, entry in enumerate(self.formats)]
        for number in newest_first([one.format for one in self.compiled]):
            one = self.compiled[number]
            component = one.format.component
            self._by_event.setdefault((component, one.format.event), []).append(one)
            if one.format.is_fallback:
                self._fallback.setdefault(component, []).append(one)
                continue
            for start in dict.fromkeys(leading_literals(one.format.tokens)):
                size = next((step for step in STEPS if len(start) >= step), 0)
                if size:
                    starts = self._by_start.setdefault(component, {})
                    of = starts.setdefault(start[:size], [])
                    of += [one] if one not in of else []
                elif one not in (free := self._free.setdefault(component, [])):
                    free.append(one)

    def candidates(self, component: str, message: str) -> list[list[Compiled]]:
        """The formats worth trying for a message, in groups; fallbacks are not among them."""
        starts = self._by_start.get(component, {})
        groups = [starts[start] for size in STEPS if (start := message[:size]) in starts]
        return [*groups, self._free.get(component, [])]

    def match(
        self,
        component: str,
        level: str | None,
        scope: str | None,
        message: str,
        *,
        event: str = "",
        by_start: bool = False,
    ) -> tuple[Compiled, tuple[str | None, ...]] | None:
        """The format that matches a message, with its fields' texts; null if none does.

        `event`: what the header says already, so that only its formats are tried. `by_start`: try only formats that
        begin with literal text. It is for a second opinion, where a wide format would match what it should not, and
        looking at all of them would cost too much.
        """
        groups = self.candidates(component, message)
        if event:
            groups, by_start = [self._by_event.get((component, event), []), []], True
        for group in groups[:-1] if by_start else groups:
            for one in group:
                match = one.regex.match(message) if one.sign in message else None
                if match is not None and (not one.format.needs_scope or in_scope(one.format, level, scope)):
                    return one, match.groups()
        for one in () if by_start else self._fallback.get(component, ()):
            match = one.regex.match(message)
            if match is not None and in_scope(one.format, level, scope):
                return one, match.groups()
        return None


def in_scope(entry: Format, level: str | None, scope: str | None) -> bool:
    """Whether a line of this level and scope can be of a format that needs them."""
    return (scope or "default") in entry.scope.split() and level in entry.level.split()


@cache
def recognizer() -> Recognizer:
    """The catalog, compiled once."""
    return Recognizer(FORMATS)
