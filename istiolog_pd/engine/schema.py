"""The Arrow schema of each event's narrow table, derived from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pyarrow as pa

from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.columns import ARRANGED, COLUMNS, COMMON, EVENTS, LABELLED, LABELS, Column
from istiolog_pd.formats.kinds import KINDS
from istiolog_pd.formats.model import Format

TYPES: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("ns", "UTC"),
    "duration": pa.duration("ns"),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "category": pa.dictionary(pa.int32(), pa.string()),
}

#: What a narrow table says of each row before its own columns; `row` is its place in the events.
KEYS = ("row", "timestamp", "level", "scope", "source", "line", "component")


def arrow_field(column: Column) -> pa.Field:
    """A column as an Arrow field."""
    return pa.field(column.name, TYPES[column.type])


#: The common columns that lines tell.
EVENTS_SCHEMA = pa.schema([arrow_field(column) for column in COMMON.values() if column.name not in ARRANGED])


def label_target(target: str) -> tuple[str, str]:
    """Column and kind of a label's ``column[:kind]``."""
    column, _, kind = target.partition(":")
    return column, kind or COLUMNS[column].kind


def format_columns(entry: Format) -> set[str]:
    """Every column that lines of a format can fill."""
    found = set(entry.columns())
    for target in entry.labels.values():
        column, kind = label_target(target)
        found.update(KINDS[kind].columns_for(column))
    if entry.event in LABELLED:
        found.update(label_target(target)[0] for target in LABELS.values())
    if {"pod", "namespace"} <= found:
        found.add("proxy")
    return found


@cache
def event_columns(event: str) -> tuple[str, ...]:
    """The columns of an event's own, in the order of the glossary."""
    found: set[str] = set()
    for entry in FORMATS:
        if event == entry.event or event in entry.event_with.values():
            found |= format_columns(entry)
    if event in LABELLED:
        found.update(label_target(target)[0] for target in LABELS.values())
    return tuple(name for name in COLUMNS if name in found)


@cache
def event_schema(event: str) -> pa.Schema:
    """The schema of an event's narrow table: the keys, then the columns of its own.

    Raises
    ------
    KeyError
        If there is no such event.
    """
    if event not in EVENTS:
        raise KeyError(event)
    keys = [pa.field("row", pa.int64()), *(arrow_field(COMMON[name]) for name in KEYS[1:])]
    return pa.schema([*keys, *(arrow_field(COLUMNS[name]) for name in event_columns(event))])


def array(values: Iterable[object], kind: pa.DataType) -> pa.Array:
    """Python values as an Arrow array; text that repeats is dictionary-encoded."""
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string()).dictionary_encode().cast(kind)
    return pa.array(values, kind)
