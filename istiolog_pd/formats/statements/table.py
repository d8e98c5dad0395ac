"""The statements of the sources: loaded when first asked for.

A statement is a format of the second tier. It matches a line that no hand-written format matches, by
its template, whose tokens are those of every `istiolog_pd.formats.Format`.

**Which of several statements matches a line.** Of all statements of the line's group (`GROUPS`) whose
template fits, the one that is best by, in this order:

1. its scope is the line's (``default``: none is printed);
2. its level is the line's;
3. its component is the line's (``shared`` is both pilot's and the agent's);
4. the most literal text (characters of the template that are no field);
5. the lowest number.

A statement with fewer than `PLAIN` letters matches only lines of its own scope and level; one with
hardly any (``%v``) has no template, and matches nothing. The line is its message without the labels
behind it; of Envoy also without the ``[C12][S345]`` or ``[Tags: …]`` before it. If none fits, runs of
blanks and tabs are read as one blank, in the message and in the templates, and all is asked again.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from istiolog_pd.formats.statements.cells import unescape
from istiolog_pd.formats.template import Format

#: The columns of the data files, in order.
COLUMNS = ("component", "scope", "level", "statement", "template", "labels", "ranges", "file", "func", "event")

#: The data files, in the order in which statements are numbered. `more.tsv` and
#: `libraries.tsv` have what logs print and no table lists: gRPC, net/http, client-go and others that Istio links in.
SOURCES = ("istio.tsv.gz", "envoy.tsv.gz", "ztunnel.tsv.gz", "more.tsv", "libraries.tsv")

#: The programs with statements that can match the lines of a component: programs of Istio link each other's packages.
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("pilot", "agent", "shared", "cni", "operator", "citadel", "galley"), "istio"),
        "envoy": "envoy",
        "ztunnel": "ztunnel",
    }
)

#: A text of fewer letters is too plain to match lines of another scope or level.
PLAIN = 10

#: Maximum bytes of a message that is looked up: no statement prints a longer one, and each look reads all of it.
MAX_MESSAGE = 1 << 20

_FIELD = re.compile(r"\{[a-z_]*:?\w*\}")
_BRACE_OR_FIELD = re.compile(rf"(\{{\{{|\}}\}}|{_FIELD.pattern})")


def letters(text: str) -> int:
    """How many letters a text has."""
    return sum(map(str.isalpha, text))


def literals_of(template: str) -> tuple[str, ...]:
    """The literal texts of a template, in order, empty ones too: a field stands between each two.

    Examples
    --------
    >>> literals_of("cluster {cluster} is {:text}")
    ('cluster ', ' is ', '')
    """
    if "{{" not in template and "}}" not in template:
        return tuple(_FIELD.split(template))
    found = [""]
    for part in _BRACE_OR_FIELD.split(template):
        if part in ("{{", "}}"):
            found[-1] += part[0]
        elif part.startswith("{"):
            found.append("")
        else:
            found[-1] += part
    return tuple(found)


class Statement(NamedTuple):
    """One log statement of a source.

    Parameters
    ----------
    number
        Its place in the table of all statements.
    component
        Who prints it: a component, or ``shared`` by pilot and the agent.
    scope, level
        Istio's logging scope (``default``: none is printed; ``?``: not known), Envoy's logger or ztunnel's module.
    text
        Its format string.
    template
        The template of its messages; empty: it matches nothing.
    labels
        Its labels that are columns, as ``key>column[:kind]``, parted by blanks.
    ranges
        The releases of Istio that have it: ``1.0.0-1.4.10;1.7.0-1.32-dev``.
    file, func
        Where it stands; of several, parted by ``;``.
    event
        What happened.
    """

    number: int
    component: str
    scope: str
    level: str
    text: str
    template: str
    labels: str
    ranges: str
    file: str
    func: str
    event: str

    @property
    def group(self) -> str:
        """The components with lines that it can match, as in `GROUPS`."""
        return GROUPS[self.component]

    @property
    def is_plain(self) -> bool:
        """Whether it matches only lines of its own scope and level."""
        return letters("".join(literals_of(self.template))) < PLAIN

    @property
    def format(self) -> Format:
        """It as an entry of the catalog, to be compiled as those are."""
        return Format(
            self.event,
            self.template,
            component="pilot" if self.component == "shared" else self.component,
            level=self.level,
            scope=self.scope,
            origin=self.file,
            example=self.text or self.template,
            labels=dict(label.split(">") for label in self.labels.split()),
            needs_scope=self.is_plain,
            statement=self.text,
        )


def read_text(name: str) -> str:
    """A data file of this package."""
    data = (files("istiolog_pd.formats.statements") / name).read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode()


def load_texts() -> list[str]:
    """The tables of all statements, in the order in which statements are numbered."""
    return [read_text(source) for source in SOURCES]


@cache
def load_statements() -> tuple[Statement, ...]:
    """Every statement, numbered in order; loaded once, and only if asked for.

    Examples
    --------
    >>> statements = load_statements()
    >>> next(one.file for one in statements if one.text.startswith("XDS: Pushing Services"))
    'pilot/pkg/xds/ads.go'
    """
    found: list[Statement] = []
    for text in load_texts():
        for line in text.split("\n")[1:-1]:
            cells = line.split("\t")
            found.append(Statement(len(found), *(map(unescape, cells) if "\\" in line else cells)))
    return tuple(found)


@cache
def statement_columns() -> Mapping[str, tuple[str, ...]]:
    """The columns that statements can fill in the table of an event, by event: a small file, not the statements."""
    text = read_text("columns.tsv")
    pairs = [line.split("\t") for line in text.split("\n")[1:-1]]
    return {event: tuple(names.split()) for event, names in pairs}


@cache
def scope_events() -> Mapping[tuple[str, str], str]:
    """The event of lines that no statement matches, by their group and scope (empty: any of the group)."""
    text = read_text("scopes.tsv")
    rows = [line.split("\t") for line in text.split("\n")[1:-1]]
    return {(group, scope): event for group, scope, event in rows}
