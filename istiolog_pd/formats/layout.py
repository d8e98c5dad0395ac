"""A header layout: how the text before a message is written, and what its parts are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layout:
    """One header layout.

    Parameters
    ----------
    name
        What it is called in messages and in `istiolog formats`.
    pattern
        The header, with groups among ``time level scope logger caller thread epoch`` (a name with a
        ``_e`` behind it is a second place for the same field).
    starts
        Characters that a line of this layout can begin with.
    clock
        How the time is written: ``iso``, ``bracket``, ``klog``, ``slog``, ``epoch``, or empty for none; of a user's
        format also with the directives of strftime (`istiolog_pd.formats.strftime_patterns`).
    since, until
        Istio versions.
    example, gives
        A line, and the header fields and message that it gives.
    event
        For lines whose layout says what they are.
    component
        For layouts that only one component has.
    keeps
        Whether the header's text belongs to the message too (it has no columns of its own).
    takes_lines
        Whether lines without a header that follow belong to it.
    joins
        Where the latest line with a layout is of one of these (``*``: of any), and its entry is still
        open, a line of this layout goes on with that entry and begins none.
    """

    name: str
    pattern: str
    starts: str
    clock: str
    since: str
    until: str
    example: str
    gives: Mapping[str, str] = field(default_factory=dict)
    event: str = ""
    component: str = ""
    keeps: bool = False
    takes_lines: bool = True
    joins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JsonLayout:
    r"""A layout of one JSON object a line: which keys hold the header's fields.

    The other keys are labels; they follow the message as ``\tk=v k=v``, as in text. Where no key
    holds the message the whole line is it, and `fields` says which keys are columns, as
    ``key -> column[:kind]`` (``outer.inner``: a key of an object in it). `keys`, if there are any, are
    all that an object of this layout can have; `needs` is one more that it has to have.
    """

    name: str
    time: str
    level: str
    scope: str
    message: str
    stack: str
    since: str
    until: str
    example: str
    gives: Mapping[str, str] = field(default_factory=dict)
    event: str = ""
    component: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    clock: str = "iso"
    keys: frozenset[str] = frozenset()
