"""Which format matches a line, what kept the nearest ones from it, and what the unknown lines are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pandas as pd

from istiolog_pd._text import escape_controls
from istiolog_pd.engine.reference.entries import Entries
from istiolog_pd.engine.reference.headers import Entry
from istiolog_pd.engine.reference.labels import parse_labels, readings, split_ids, split_labels
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.engine.reference.match import Compiled, in_scope, recognizer
from istiolog_pd.engine.reference.reader import SourceTables, read
from istiolog_pd.engine.reference.second_tier import match_second
from istiolog_pd.engine.reference.statements import match_statement
from istiolog_pd.engine.schema import event_columns, format_columns
from istiolog_pd.errors import unknown
from istiolog_pd.formats import COLUMNS, EVENTS, FORMATS, Format
from istiolog_pd.formats.statements.covered import statements_of
from istiolog_pd.formats.statements.table import Statement, load_statements
from istiolog_pd.formats.statements.verdicts import find_verdict
from istiolog_pd.formats.template import COMPONENTS
from istiolog_pd.inspect.partial_match import quoted, reach
from istiolog_pd.inspect.statements import versions_of
from istiolog_pd.inspect.unmatched import templates

__all__ = ["Explanation", "Near", "explain", "formats_table", "templates"]

#: Maximum number of nearest formats shown, and the minimum literal text they share with the message.
NEAREST = 3
SHARED = 4
#: So much of a text is shown.
SHOWN = 200

#: Statements are looked up for these where the component of a line is unknown.
FIRST_OF_GROUPS = ("pilot", "envoy", "ztunnel")

_HEADER = ("time", "level", "scope", "caller", "thread", "epoch")


@dataclass(frozen=True, slots=True)
class Near:
    """A format that does not match a message, though it is near: how far it fits, and what kept it."""

    format: Format
    fits_to: str
    why: str

    def __str__(self) -> str:
        """The reason in words."""
        head = quoted(_cut(self.format.text, 60))
        return f"{head} {self.why}" if not self.fits_to else f"{head} matches up to {quoted(self.fits_to)}: {self.why}"


@dataclass(frozen=True)
class Explanation:
    """What a line is.

    Parameters
    ----------
    layout
        The header's layout; empty if the line has none.
    header
        Its fields as printed: `time`, `level`, `scope`, `caller`, `thread`, `epoch`.
    component
        Who wrote it: ``pilot``, ``agent``, ``envoy`` or ``ztunnel``; as far as the line tells.
    message
        What follows the header.
    event
        What happened; ``other`` or ``unparsed`` if nothing matches the line.
    format
        The entry of the catalog that matches it; None if none does, or the layout says it all.
    statement
        The log statement of the source that printed it, where one is known.
    fields
        The columns that the line fills, with their values (times and durations as of pandas).
    labels
        The ``key=value`` pairs after the message, as printed.
    near
        The nearest other entries, and what kept each from the line.
    more
        How many more entries stand in the text.
    """

    layout: str
    header: Mapping[str, str]
    component: str
    message: str
    event: str
    format: Format | None
    fields: Mapping[str, object]
    labels: Mapping[str, str]
    near: tuple[Near, ...]
    more: int = 0
    statement: Statement | None = None

    @property
    def matched(self) -> bool:
        """Whether it is known what the line says."""
        return self.event not in ("other", "unparsed")

    def __str__(self) -> str:
        """The explanation as aligned text, with nothing in it that a terminal would obey."""
        rows = list(self._rows())
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {escape_controls(text)}".rstrip() for name, text in rows)

    def _rows(self) -> Iterator[tuple[str, str]]:
        yield "layout", self.layout or "none: a message without a header"
        yield from ((f"  {name}", text) for name, text in self.header.items())
        yield "message", _cut(self.message, SHOWN)
        if self.format is not None:
            yield "matched by", f"{self.event}: {self.format.text}"
            if self.statement is None:
                yield "  printed by", f"{self.format.component} {self.format.versions}, {self.format.origin}"
        else:
            yield "matched by", f"{self.event}, by its header" if self.matched else f"nothing ({self.event})"
        yield from self._statement()
        yield from ((f"  {name}", _cut(str(value), SHOWN)) for name, value in self.fields.items())
        if self.labels:
            yield "labels", ""
            yield from ((f"  {name}", _cut(text, SHOWN)) for name, text in self.labels.items())
        if not self.matched:
            yield from self._neighbors()
        if self.more:
            yield "and", f"{self.more} more in this text, not explained here"

    def _statement(self) -> Iterator[tuple[str, str]]:
        one = self.statement
        if one is None:
            return
        yield "  statement", _cut(one.text, SHOWN)
        yield "  printed by", f"{one.component} {versions_of(one)}, {one.file.replace(';', ', ')}"
        verdict = find_verdict(one.text, self.event, one.level)
        if verdict is not None:
            yield "  verdict", f"{verdict.verdict}: {verdict.why} ({verdict.reference})"

    def _neighbors(self) -> Iterator[tuple[str, str]]:
        if not self.near:
            yield "nearest", "no format of the catalog begins like it"
        for n, near in enumerate(self.near):
            yield "" if n else "nearest", f"{near.format.event} ({near.format.component}): {near}"


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "\u2026"


def explain(line: str, component: str | None = None) -> Explanation:
    """Find out what a line is: its header, the format that matches it, its values; or what kept the nearest.

    Parameters
    ----------
    line
        A line of a log, continuation lines behind it or not, or a message without its header.
    component
        ``"pilot"``, ``"agent"``, ``"envoy"`` or ``"ztunnel"`` if that is known; else the line must tell.

    Raises
    ------
    ValueError
        If there is no text in the line, or no such component.

    Examples
    --------
    >>> found = explain("CDS: PUSH for node:web-1.shop resources:42 size:31.5kB cached:40/42")
    >>> found.event, found.fields["size_bytes"], found.fields["cached"]
    ('xds_push', 31500, 40)
    >>> print(explain("XDS: Pushing Services:15 ConnectedEndpoints:many").near[0].why)
    expected {connected_endpoints} (a whole number), found "many"
    """
    if component is not None and component not in COMPONENTS:
        raise ValueError(unknown("component", component, COMPONENTS))
    text = line.encode(errors="surrogateescape")
    entries = list(Entries(Lines([text])))
    if not entries:
        raise ValueError("nothing to explain: the line is empty")
    entry = entries[0]
    if entry.layout:
        tables = read([text + b"\n"], "", component or "")
        who = str(tables.events["component"][0])
        found, labels = _match(entry, who)
        if found is None:
            found, labels = _match_second(entry, who)
    else:
        who, found, labels = _match_bare(entry, component)
        tables = read([_with_header(entry, who, found)], "", who)
    event = str(tables.events["event"][0]) if entry.layout or found else entry.event
    return Explanation(
        entry.layout,
        {name: str(text) for name in _HEADER if (text := getattr(entry, name)) not in (None, "")},
        who,
        entry.message,
        event,
        found.format if found else None,
        _fields(tables, event),
        dict(parse_labels(labels)),
        tuple(_nearest(entry, who, found)),
        len(entries) - 1,
        _statement_of(entry, who, found),
    )


def _statement_of(entry: Entry, component: str, found: Compiled | None) -> Statement | None:
    """The statement that printed a line: the one it fits best, or the one that its format is of."""
    if found is None:
        return None
    level = entry.level or found.format.level.split()[0]
    scope = entry.scope if entry.layout else found.format.scope.split()[0]
    for body, _ in readings(entry, split_ids(component, entry.message)[0]):
        match = match_statement(component, level, scope, body)
        if match is not None:
            return load_statements()[match[0].number - len(FORMATS)]
    known = statements_of(found.format.key, level, scope)
    return next((one for one in load_statements() if known and one.text == known[0][0]), None)


def _match(entry: Entry, component: str) -> tuple[Compiled | None, str]:
    """The format that matches an entry, and the labels that follow its message."""
    event = entry.event if entry.layout else ""  # a message without its header is of any event
    for body, labels in readings(entry, split_ids(component, entry.message)[0]):
        found = recognizer().match(component, entry.level, entry.scope, body, event=event)
        if found is not None:
            return found[0], labels
    return None, split_labels(entry.message)[1]


def _match_second(entry: Entry, component: str) -> tuple[Compiled | None, str]:
    """What matches an entry that no format matches as it stands, and its labels."""
    if entry.layout and entry.event:
        return None, split_labels(entry.message)[1]
    second = match_second(component, entry.level, entry.scope, split_ids(component, entry.message)[0])
    return (second.compiled, second.labels) if second else (None, split_labels(entry.message)[1])


def _match_bare(entry: Entry, component: str | None) -> tuple[str, Compiled | None, str]:
    """The first component with a format for a message whose header is not there."""
    for who in (component,) if component else COMPONENTS:
        found, labels = _match(entry, who)
        if found is not None:
            return who, found, labels
    for who in (component,) if component else FIRST_OF_GROUPS:
        found, labels = _match_second(entry, who)
        if found is not None:
            return found.format.component, found, labels
    return component or "", None, split_labels(entry.message)[1]


def _with_header(entry: Entry, component: str, found: Compiled | None) -> bytes:
    """A line that holds a bare message word for word, so that the reader can take it apart."""
    scope = found.format.scope.split()[0] if found else "default"
    prefix = "envoy " if component == "envoy" else ""
    level = found.format.level.split()[0] if found else "info"
    header = {"level": level, "time": "1970-01-01T00:00:00Z", "scope": prefix + scope, "msg": entry.message}
    return json.dumps(header).encode() + b"\n"


def _fields(tables: SourceTables, event: str) -> dict[str, object]:
    """The columns of an event's own that its first row fills."""
    if event not in tables.tables or tables.tables[event]["row"][0].as_py() != 0:
        return {}
    row = tables.tables[event].slice(0, 1).select(list(event_columns(event))).to_pylist()[0]
    return {name: value for name, value in row.items() if value is not None}


def _nearest(entry: Entry, component: str, matched: Compiled | None) -> Iterator[Near]:
    body = split_labels(entry.message)[0]
    reached = [(reach(one.format, body), one) for one in recognizer().compiled if one is not matched]
    order = sorted(reached, key=lambda pair: (-pair[0].literal, pair[1].format.component != component))
    for how, one in islice((pair for pair in order if pair[0].literal >= SHARED), NEAREST):
        if how.fits:
            yield Near(one.format, "", _why_not(one.format, component, entry.scope))
            continue
        expected = " or ".join(how.expected)
        found = quoted(_cut(body[how.at :], 40)) if body[how.at :] else "the end"
        tail = how.template if len(how.template) <= 30 else "\u2026" + how.template[-29:]
        yield Near(one.format, tail, f"expected {expected}, found {found}")


def _why_not(entry: Format, component: str, scope: str | None) -> str:
    """Why a format that fits a message does not match it."""
    if component and entry.component != component:
        return f"matches, but is a line of {entry.component}, and this one is of {component}"
    if entry.needs_scope and not in_scope(entry, None, scope):
        return f"matches, but only in scope {entry.scope.replace(' ', ' or ')}, and this is in {scope or 'none'}"
    return "matches too, but the format above comes first"


def formats_table(component: str | None = None, event: str | None = None) -> pd.DataFrame:
    """Every line format of the catalog.

    Parameters
    ----------
    component
        Only those of ``"pilot"``, ``"agent"``, ``"envoy"`` or ``"ztunnel"``.
    event
        Only those of this event.

    Returns
    -------
    pandas.DataFrame
        One row per entry, in the catalog's order, all str: `event`; `text`, the template;
        `component`; `level` and `scope` (of several: parted by blanks); `versions` (``1.2-1.7``, open:
        ``1.19-``); `columns` that it fills beside the common ones (parted by ``, ``); `origin`, the
        source file that prints it; `example`.

    Raises
    ------
    ValueError
        If there is no such component or event.

    Examples
    --------
    >>> formats_table("pilot", "push_start")["versions"].iloc[-2:].to_list()
    ['1.8-1.30', '1.0-']
    """
    for what, name, known in (("component", component, COMPONENTS), ("event", event, EVENTS)):
        if name is not None and name not in known:
            raise ValueError(unknown(what, name, known))
    rows = [
        (f.event, f.text, f.component, f.level, f.scope, f.versions, _in_order(f), f.origin, f.example)
        for f in FORMATS
        if component in (None, f.component) and event in (None, f.event, *f.event_with.values())
    ]
    names = ["event", "text", "component", "level", "scope", "versions", "columns", "origin", "example"]
    return pd.DataFrame(rows, columns=names, dtype="str")


def _in_order(entry: Format) -> str:
    """The columns of a format in the glossary's order."""
    filled = format_columns(entry)
    return ", ".join(name for name in COLUMNS if name in filled)
