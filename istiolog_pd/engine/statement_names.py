"""Formats -> statements: which log statement printed a line that a hand-written format claims.

A format is of several statements, since a line's words changed with the versions. Its level and scope
mostly tell which; else the line's own text does. Of the events whose lines are many, one line of each
sort is looked at: lines of a sort are of one format, level and scope, and fill the same columns.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from istiolog_pd.engine.reference.labels import split_ids, split_labels, split_run_labels
from istiolog_pd.engine.reference.match import pattern_of
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.statements.covered import Named, statements_of
from istiolog_pd.formats.template import parse_template

#: The events whose lines are many.
FREQUENT = frozenset(
    "xds_push xds_ack xds_stale_nonce xds_unwatch endpoint_event push_proxy push_start debounce".split()
)

#: Columns whose values tell statements apart, where others do by being there.
_TELLING = ("push_type", "xds_type")

Codes = npt.NDArray[np.int64]


@cache
def _keys() -> frozenset[str]:
    return frozenset(entry.key for entry in FORMATS)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(pattern_of(parse_template(template)), re.DOTALL | re.ASCII)


def name_statements(events: pa.Table, tables: dict[str, pa.Table]) -> pa.Table:
    """The common columns, the keys of formats in `statement` replaced by the statements that the lines are of."""
    column = _coded(events, "statement")
    if column.null_count == len(column):
        return events
    names = column.dictionary.to_pylist()
    codes, level, scope = _codes(column), _coded(events, "level"), _coded(events, "scope")
    levels, scopes = [*level.dictionary.to_pylist(), None], [*scope.dictionary.to_pylist(), None]
    place = (codes * len(levels) + _codes(level) % len(levels)) * len(scopes) + _codes(scope) % len(scopes)
    place[codes < 0] = -1
    named = {name: number for number, name in enumerate(names)}
    to, several = np.full(len(names) * len(levels) * len(scopes) + 1, -1, np.int64), {}
    for at in np.flatnonzero(np.bincount(place + 1)[1:]).tolist():
        rest, of_scope = divmod(at, len(scopes))
        of_name, of_level = divmod(rest, len(levels))
        if names[of_name] not in _keys():
            to[at] = of_name if names[of_name] else -1
            continue
        known = statements_of(names[of_name], levels[of_level], scopes[of_scope])
        if known:
            to[at] = named.setdefault(known[0][0], len(named))
        if len(known) > 1:
            several[at] = known
    found = np.where(place < 0, -1, to[place])
    if several:
        _tell_apart(events, tables, place, several, named, found)
    return _with_codes(events, "statement", found, list(named))


def _tell_apart(
    events: pa.Table,
    tables: dict[str, pa.Table],
    place: Codes,
    several: dict[int, tuple[Named, ...]],
    named: dict[str, int],
    found: Codes,
) -> None:
    """Of lines whose place does not tell their statement, find it in their texts."""
    open_places = np.zeros(int(place.max()) + 2, np.bool_)
    open_places[list(several)] = True
    for event, table in tables.items():
        rows = table["row"].to_numpy()
        own = open_places[place[rows]]
        if not own.any():
            continue
        rows = rows[own]
        sorts = _sorts(table.filter(pa.array(own)), place[rows]) if event in FREQUENT else np.arange(len(rows))
        _, first = np.unique(sorts, return_index=True)  # by the number of their sort
        components, messages = texts_at(events, rows[first], "component", "message")
        numbers = np.array(
            [
                _number(_fitting(several[at], component or "", message or ""), named)
                for at, component, message in zip(place[rows[first]].tolist(), components, messages, strict=True)
            ]
        )
        found[rows] = numbers[sorts]


def _number(statement: str | None, named: dict[str, int]) -> int:
    return -1 if statement is None else named.setdefault(statement, len(named))


def texts_at(table: pa.Table, rows: Codes, *names: str) -> list[list[str | None]]:
    """Columns of text in some rows, which ascend or not; of each chunk only these rows are copied."""
    order = np.argsort(rows, kind="stable")
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    found: list[list[str | None]] = []
    for name in names:
        column, start, texts = table.column(name), 0, list[str | None]()
        for chunk in column.chunks:
            low, high = np.searchsorted(rows[order], [start, start + len(chunk)])
            texts += chunk.take(pa.array(rows[order][low:high] - start)).cast(pa.string()).to_pylist()
            start += len(chunk)
        found.append([texts[n] for n in back.tolist()])
    return found


def _fitting(known: tuple[Named, ...], component: str, message: str) -> str | None:
    """The newest of some statements that a message fits."""
    text = split_ids(component, message)[0]
    for body in (split_labels(text)[0], split_run_labels(text)[0], text, text.partition("\n")[0]):
        for statement, template in known:
            if template and _pattern(template).match(body):
                return statement
    return None


def _sorts(table: pa.Table, place: Codes) -> Codes:
    """A number for each sort of line: of one place, with the same columns filled."""
    sign = place.astype(np.int64)
    for one in table.schema:
        if one.name in ("row", "timestamp", "level", "scope", "source", "line", "component", "run"):
            continue
        values = table.column(one.name)
        sign = sign * 1_000_003 + (_codes(_coded(table, one.name)) if one.name in _TELLING else _there(values))
    sorts: Codes = pa.array(sign).dictionary_encode().indices.to_numpy().astype(np.int64)
    return sorts


def _there(values: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    if values.null_count in (0, len(values)):
        return np.full(len(values), values.null_count == 0)
    found: npt.NDArray[np.bool_] = values.is_valid().to_numpy()
    return found


def _coded(table: pa.Table, name: str) -> pa.DictionaryArray:
    return table.column(name).unify_dictionaries().combine_chunks()


def _codes(column: pa.DictionaryArray) -> Codes:
    """The numbers of a column's words; -1 for none."""
    codes: Codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _with_codes(table: pa.Table, name: str, codes: Codes, names: list[str]) -> pa.Table:
    used = np.unique(codes[codes >= 0])
    to = np.full(len(names) + 1, -1, np.int32)
    to[used] = np.arange(len(used), dtype=np.int32)
    at = table.schema.get_field_index(name)
    numbers = to[codes]
    words = pa.array([names[n] for n in used.tolist()], pa.string())
    column = pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32(), mask=numbers < 0), words)
    return table.set_column(at, table.schema.field(at), column)
