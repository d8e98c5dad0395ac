"""What an entry of the catalog is: a Go format string written as data.

A message of Istio or Envoy is a format string filled in, so that is how it is held: literal text
with typed fields. The text of a :class:`Format` is a template:

``Push debounce stable[{debounce_id}]``
    literal text with a field; the name is a column of the glossary (`istiolog_pd.formats.columns`)
    and brings its own kind (`istiolog_pd.formats.kinds`).
``{clusters:count}``
    a field of another kind than the column's usual one.
``{:word}``
    matched, and not kept (it stays in the message).
``{? removed:{removed}}``
    a part that may be absent; ``{?a{|}b}`` has alternatives, the first that fits is taken.
``{{`` and ``}}``
    the braces themselves.

The rules of matching are simple on purpose, so that a regular expression, a plain loop and a
compiled kernel can all follow them in linear time: from left to right, no step is ever taken back.
A free field ends at the first place where the literal after it stands; a last field takes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from istiolog_pd.formats.columns import COLUMNS
from istiolog_pd.formats.kinds import KINDS

COMPONENTS = ("pilot", "agent", "envoy", "ztunnel", "cni", "operator", "citadel", "galley")


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A value: the column it goes to (empty: none) and the kind of text it is."""

    column: str
    kind: str


@dataclass(frozen=True, slots=True)
class Maybe:
    """A part that may be absent: the alternatives in the order they are tried."""

    choices: tuple[tuple[Literal | Field | Maybe, ...], ...]


Token = Literal | Field | Maybe


def _field(spec: str, text: str) -> Field:
    column, _, kind = spec.partition(":")
    if column and column not in COLUMNS and kind not in KINDS:
        raise ValueError(f"{text!r}: {column!r} is no column of the glossary (formats/columns.py)")
    kind = kind or COLUMNS[column].kind
    if kind not in KINDS:
        raise ValueError(f"{text!r}: {kind!r} is no kind of field (formats/kinds.py)")
    return Field(column, kind)


def parse_template(text: str) -> tuple[Token, ...]:
    """Cut a template into its tokens.

    Examples
    --------
    >>> parse_template("routes:{routes}{? ver:{push_version}}")[0]
    Literal(text='routes:')
    """
    tokens, end = _parse(text, 0, nested=False)
    if end != len(text):
        raise ValueError(f"{text!r}: a '}}' too many at {end}")
    return tokens[0]


def _parse(text: str, at: int, *, nested: bool) -> tuple[tuple[tuple[Token, ...], ...], int]:
    choices: list[tuple[Token, ...]] = []
    tokens: list[Token] = []
    literal = ""
    while at < len(text):
        two = text[at : at + 2]
        if two in ("{{", "}}") and not (nested and two == "}}"):
            literal, at = literal + two[0], at + 2
        elif text[at] not in "{}":
            literal, at = literal + text[at], at + 1
        else:
            if literal:
                tokens.append(Literal(literal))
                literal = ""
            if text[at] == "}":
                break
            if two == "{?":
                inner, at = _parse(text, at + 2, nested=True)
                tokens.append(Maybe(inner))
            elif text.startswith("{|}", at):
                choices.append(tuple(tokens))
                tokens = []
                at += 2
            else:
                stop = text.index("}", at)
                tokens.append(_field(text[at + 1 : stop], text))
                at = stop
            if at >= len(text):
                raise ValueError(f"{text!r}: a '{{?' is not closed")
            at += 1
    if literal:
        tokens.append(Literal(literal))
    choices.append(tuple(tokens))
    return tuple(choices), at


@dataclass(frozen=True)
class Format:
    r"""One line format of the catalog.

    Parameters
    ----------
    event
        What happened, by the event names of the schema.
    text
        The template of the message (see the module's text). A template with no field is its own
        example.
    component
        Who prints it: ``pilot``, ``agent``, ``envoy`` or ``ztunnel``.
    level, scope
        The levels and logging scopes (Envoy: loggers) it is printed at and in, parted by blanks.
        ``default`` is Istio's default scope, which prints none.
    since, until
        First and last version (of Istio; of Envoy for ``envoy``); an empty `until` is "still".
    origin
        The source file that prints it.
    example, gives
        A real or filled-in message, and the values it must give (durations in nanoseconds).
    sets
        Columns that the format itself says, whatever its fields hold.
    labels
        Which of the labels after the message (``\tk=v``) are columns, as ``key -> column[:kind]``,
        beside the usual ones of `istiolog_pd.formats.columns.LABELS`.
    event_with
        The event it is instead if a column is filled, as ``column -> event``.
    needs_scope
        The text alone is too plain: match it only in one of the scopes, and at one of the levels, above.
    statement
        The log statement of the source that prints it, as its format string; of several the newest.
    """

    event: str
    text: str
    component: str = "pilot"
    level: str = "info"
    scope: str = "default"
    since: str = "1.0"
    until: str = ""
    origin: str = ""
    example: str = ""
    gives: Mapping[str, object] = field(default_factory=dict)
    sets: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    event_with: Mapping[str, str] = field(default_factory=dict)
    needs_scope: bool = False
    statement: str = ""
    tokens: tuple[Token, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.component not in COMPONENTS:
            raise ValueError(f"{self.text!r}: component {self.component!r} is none of {COMPONENTS}")
        if not self.origin:
            raise ValueError(f"{self.text!r}: no origin: name the source file that prints it")
        object.__setattr__(self, "tokens", parse_template(self.text))
        if not self.example:
            if any(not isinstance(token, Literal) for token in self.tokens):
                raise ValueError(f"{self.text!r}: has fields, so it needs an example")
            object.__setattr__(self, "example", "".join(t.text for t in self.tokens if isinstance(t, Literal)))
        for name in ("gives", "sets", "labels", "event_with"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def versions(self) -> str:
        """The version range as text: ``1.2-1.7``, or ``1.19-`` for a format still in use."""
        return self.since if self.since == self.until else f"{self.since}-{self.until}"

    @property
    def key(self) -> str:
        """What tells it from all other formats."""
        return f"{self.component} {self.level.replace(' ', ',')} {self.scope.replace(' ', ',')} {self.text}"

    @property
    def is_fallback(self) -> bool:
        """Whether it has no literal text, and so matches only what nothing else does."""
        return not _has_literal(self.tokens)

    def fields(self) -> tuple[Field, ...]:
        """All fields, those of optional parts too, in the order of the text."""
        return tuple(_fields(self.tokens))

    def columns(self) -> tuple[str, ...]:
        """The columns this format can fill, labels not counted."""
        filled = {column: None for f in self.fields() for column in KINDS[f.kind].columns_for(f.column)}
        return (*filled, *(column for column in self.sets if column not in filled))


def _has_literal(tokens: tuple[Token, ...]) -> bool:
    return any(
        isinstance(token, Literal) or (isinstance(token, Maybe) and any(map(_has_literal, token.choices)))
        for token in tokens
    )


def _fields(tokens: tuple[Token, ...]) -> list[Field]:
    found: list[Field] = []
    for token in tokens:
        if isinstance(token, Field):
            found.append(token)
        elif isinstance(token, Maybe):
            for choice in token.choices:
                found.extend(_fields(choice))
    return found
