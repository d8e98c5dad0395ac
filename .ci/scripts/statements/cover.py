"""Which statements each hand-written format is of: found by filling all statements and asking who matches them.

    PYTHONPATH=tests:.ci/scripts python -m statements.cover

For each format, level and scope its statements, the newest first: `istiolog_pd/formats/statements/covered.tsv`. Of
frequent lines also which statement they are of by the fields they fill: `by_fields.tsv`, so that no line is matched
twice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from filling.fill import cases
from filling.rows import rows
from filling.statements import printed
from statements.build import DATA, newest

from istiolog_pd.engine.reference.labels import split_ids
from istiolog_pd.engine.reference.match import recognizer
from istiolog_pd.engine.reference.statement_names import filled_fields, fitting_statement
from istiolog_pd.engine.reference.statements import fitting
from istiolog_pd.formats import FORMATS, Format
from istiolog_pd.formats.statements.cells import escape
from istiolog_pd.formats.statements.covered import statements_of
from istiolog_pd.formats.statements.table import GROUPS, Statement, literals_of, load_statements

#: Events whose lines are many.
FREQUENT = frozenset(
    "xds_push xds_ack xds_stale_nonce xds_unwatch endpoint_event push_proxy push_start debounce".split()
)

#: A message: whose it is, its level and scope, the statement that printed it.
Filled = tuple[str, str, str, str, str]


def filled() -> Iterator[Filled]:
    """Messages of all statements."""
    for one in printed():
        for component in ("pilot", "agent") if one.component == "shared" else (one.component,):
            yield component, one.level, one.scope, one.statement, one.text
    for table in ("pilot", "agent", "envoy"):
        for row in rows(table):
            for case in cases(row):
                yield table, row.level, row.scope, row.format, case.text


def covered() -> dict[tuple[str, str, str], set[str]]:
    """The statements of each format, by level and scope."""
    keys: dict[tuple[str, str, str], set[str]] = {}
    for component, level, scope, statement, text in filled():
        body = split_ids(component, text)[0]
        match = recognizer().match(component, level, None if scope in ("default", "?") else scope, body)
        if match is not None:
            keys.setdefault((match[0].format.key, level, scope), set()).add(statement)
    for entry in FORMATS:  # what no sample fills: the statement that fits the example best
        if not any(key == entry.key for key, _, _ in keys):
            fits = fitting(entry.component, entry.example)
            if fits:
                best = max(fits, key=lambda one: (len("".join(literals_of(one.template))), newest(one.ranges)))
                keys[(entry.key, entry.level.split()[0], entry.scope.split()[0])] = {best.text}
    return keys


def _newest_first(texts: set[str], entry: Format, level: str, scope: str) -> list[str]:
    def rank(text: str) -> tuple[object, ...]:
        own = [one for one in load_statements() if one.text == text and _is_of(one, entry)]
        exact = [one for one in own if one.level == level and one.scope == scope] or own
        return (*max((newest(one.ranges)[:2] for one in exact), default=(0,)), len(text), text)

    return sorted(texts, key=rank, reverse=True)


def _is_of(one: Statement, entry: Format) -> bool:
    return one.group == GROUPS[entry.component]


def _template(text: str, entry: Format) -> str:
    own = (one.template for one in load_statements() if one.text == text and _is_of(one, entry))
    return next(filter(None, own), "")


def by_fields() -> dict[tuple[str, str, str, str], str]:
    """The statement of each format, level and scope by the fields that a line fills, where they tell."""
    found: dict[tuple[str, str, str, str], set[str | None]] = {}
    for component, level, scope, _, text in filled():
        body = split_ids(component, text)[0]
        match = recognizer().match(component, level, None if scope in ("default", "?") else scope, body)
        if match is None or match[0].format.event not in FREQUENT:
            continue
        known = statements_of(match[0].format.key, level, scope)
        if len(known) > 1:
            key = (match[0].format.key, level, scope, filled_fields(match[1]))
            found.setdefault(key, set()).add(fitting_statement(known, body))
    return {key: one for key, names in found.items() if len(names) == 1 and (one := next(iter(names)))}


def write(name: str, header: str, rows: Iterable[Sequence[str]]) -> None:
    """Write a data file."""
    lines = ["\t".join(map(escape, row)) + "\n" for row in rows]
    (DATA / name).write_text(header.replace(" ", "\t") + "\n" + "".join(lines), encoding="utf-8")


def main() -> int:
    """Write `covered.tsv` and `by_fields.tsv`."""
    by_key = {entry.key: entry for entry in FORMATS}
    rows = [
        (key, level, scope, text, _template(text, by_key[key]))
        for (key, level, scope), texts in covered().items()
        for text in _newest_first(texts, by_key[key], level, scope)
    ]
    write("covered.tsv", "format level scope statement template", sorted(rows, key=lambda row: row[:3]))
    write(
        "by_fields.tsv", "format level scope fields statement", sorted((*key, one) for key, one in by_fields().items())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
