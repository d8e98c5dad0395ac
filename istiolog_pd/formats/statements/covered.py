"""The statements of each hand-written format (`covered.tsv`, made by `.ci/scripts/statements/cover.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from istiolog_pd.formats.statements.cells import unescape
from istiolog_pd.formats.statements.table import read_text

#: A format's key, a level and a scope.
Place = tuple[str, str, str]
#: A statement and its template.
Named = tuple[str, str]


@cache
def covered() -> Mapping[Place, tuple[Named, ...]]:
    """The statements that a format's lines at a level in a scope can be of, the newest first."""
    text = read_text("covered.tsv")
    found: dict[Place, tuple[Named, ...]] = {}
    for line in text.split("\n")[1:-1]:
        key, level, scope, statement, template = map(unescape, line.split("\t"))
        found[key, level, scope] = (*found.get((key, level, scope), ()), (statement, template))
    return found


@cache
def statements_of(key: str, level: str | None, scope: str | None) -> tuple[Named, ...]:
    """The same; where a format is not known to be printed at that level in that scope, all that it is of."""
    own = covered().get((key, level or "", scope or "default"))
    if own is not None:
        return own
    return tuple(dict.fromkeys(one for (name, _, _), found in covered().items() if name == key for one in found))


@cache
def statements_by_fields() -> Mapping[Place, Mapping[str, str]]:
    """Of frequent lines of several statements: by which of the format's fields are filled, the statement."""
    text = read_text("by_fields.tsv")
    found: dict[Place, dict[str, str]] = {}
    for line in text.split("\n")[1:-1]:
        key, level, scope, fields, statement = map(unescape, line.split("\t"))
        found.setdefault((key, level, scope), {})[fields] = statement
    return found
