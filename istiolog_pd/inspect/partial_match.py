"""How far a format fits a message: the rules of matching as a plain loop that notes where it stops.

The expressions of `istiolog_pd.engine.reference.match` say only yes or no. This walks the same tokens by the
same rules (`istiolog_pd.formats.template`), one step at a time, and keeps the furthest place reached.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from istiolog_pd._text import escape_controls
from istiolog_pd.formats.kinds import KINDS
from istiolog_pd.formats.template import Field, Format, Literal, Maybe, Token
from istiolog_pd.formats.values import BLANKS


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a format fits a message.

    Parameters
    ----------
    fits
        Whether it fits to the end.
    at
        How many characters of the message fit.
    literal
        How many of them are the template's own text, not a field's value.
    template
        The template as far as it fits, of its optional parts those that were there.
    expected
        What could have come next, in words; empty if it fits.
    """

    fits: bool
    at: int
    literal: int
    template: str
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """A place on the way: in the text, in the template, and how much literal text lies behind."""

    at: int = 0
    template: str = ""
    literal: int = 0

    def after_literal(self, text: str, *, more: int = 0) -> _Place:
        """The place behind literal text, and `more` characters that the template does not have."""
        shown = text.replace("{", "{{").replace("}", "}}")
        return _Place(self.at + len(text) + more, self.template + shown, self.literal + len(text))

    def after_field(self, shown: str, at: int) -> _Place:
        """The place behind a field that ends at `at`."""
        return _Place(at, self.template + shown, self.literal)


@dataclass(slots=True)
class _Walk:
    """One walk along a text; `misses` says what was expected at each place where a step failed."""

    text: str
    misses: list[tuple[_Place, str]] = field(default_factory=list)

    def go(self, tokens: Sequence[Token], place: _Place, *, last: bool) -> _Place | None:
        """Where the tokens end, or null if a step fails."""
        at = 0
        while at < len(tokens):
            token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
            if isinstance(token, Literal):
                found = self._literal(token, place, end=last and after is None)
            elif isinstance(token, Maybe):
                found = self._maybe(token, place)
            elif isinstance(after, Literal) and KINDS[token.kind].chars:
                found = self._field_to(token, after, place, end=last and at + 2 == len(tokens))
                at += 1
            else:
                found = self._field(token, place)
            if found is None:
                return None
            place, at = found, at + 1
        if last and self.text[place.at :].strip(BLANKS):
            self.misses.append((place, "the end"))
            return None
        return place

    def _literal(self, token: Literal, place: _Place, *, end: bool) -> _Place | None:
        wanted = token.text.rstrip(BLANKS) if end else token.text
        if self.text.startswith(wanted, place.at):
            return place.after_literal(wanted)
        there = self.text[place.at : place.at + len(wanted)]
        same = next((n for n, pair in enumerate(zip(wanted, there, strict=False)) if len(set(pair)) > 1), len(there))
        self.misses.append((place.after_literal(wanted[:same]), quoted(wanted[same:])))
        return None

    def _maybe(self, token: Maybe, place: _Place) -> _Place:
        for choice in token.choices:
            found = self.go(choice, place, last=False)
            if found is not None:
                return found
        return place

    def _field_to(self, token: Field, after: Literal, place: _Place, *, end: bool) -> _Place | None:
        """A free field ends where the literal after it first stands."""
        wanted = after.text.rstrip(BLANKS) if end else after.text
        match = _up_to(KINDS[token.kind].chars, wanted, end).match(self.text, place.at)
        if match is None:
            self.misses.append((place, f"{quoted(wanted)} after {shown(token)}"))
            return None
        behind = place.after_field(shown(token), match.end(1))
        return behind.after_literal(wanted, more=match.end() - match.end(1) - len(wanted))

    def _field(self, token: Field, place: _Place) -> _Place | None:
        kind = KINDS[token.kind]
        match = _alone(kind.pattern or f"{kind.chars}*").match(self.text, place.at)
        if match is None:
            self.misses.append((place, f"{shown(token)} ({kind.meaning})"))
            return None
        return place.after_field(shown(token), match.end())


@cache
def _alone(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL | re.ASCII)


@cache
def _up_to(chars: str, literal: str, end: bool) -> re.Pattern[str]:
    return re.compile(f"({chars}*?){re.escape(literal)}" + (r"\s*\Z" if end else ""), re.DOTALL | re.ASCII)


def shown(token: Field) -> str:
    """Write a field as templates do, without the kind that its column has anyway."""
    return f"{{{token.column or ':' + token.kind}}}"


def quoted(text: str) -> str:
    """Put text in double quotes, what cannot be printed as its escape."""
    return f'"{escape_controls(text)}"'


def reach(entry: Format, message: str) -> Reach:
    """Find out how far a format fits a message.

    Examples
    --------
    >>> from istiolog_pd.formats import Format
    >>> entry = Format("push_start", "Pushing {services:int} to {proxy}", origin="x.go", example="Pushing 1 to a.b")
    >>> reach(entry, "Pushing all to a.b")
    Reach(fits=False, at=8, literal=8, template='Pushing ', expected=('{services} (a whole number)',))
    """
    walk = _Walk(message)
    place = walk.go(entry.tokens, _Place(), last=True)
    if place is not None:
        return Reach(True, place.at, place.literal, place.template)
    furthest = max(walk.misses, key=lambda miss: (miss[0].at, miss[0].literal))[0]
    expected = dict.fromkeys(what for place, what in walk.misses if place.at == furthest.at)
    return Reach(False, furthest.at, furthest.literal, furthest.template, tuple(expected))
