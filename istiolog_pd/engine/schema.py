"""The Arrow schema of each event's narrow table, derived from the catalog."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import pyarrow as pa

from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.access_log_format import TARGETS
from istiolog_pd.formats.columns import ARRANGED, COLUMNS, COMMON, EVENTS, LABELED, LABELS, Column
from istiolog_pd.formats.json_layouts import JSON_LAYOUTS
from istiolog_pd.formats.kinds import KINDS
from istiolog_pd.formats.statements.table import statement_columns
from istiolog_pd.formats.template import Format

TYPES: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("ns", "UTC"),
    "duration": pa.duration("ns"),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "category": pa.dictionary(pa.int32(), pa.string()),
}

#: Columns whose texts hardly repeat; the text of all others is dictionary-encoded, whatever its logical type.
PLAIN_TEXT = frozenset(
    "message error nonce path request_id trace_id x_forwarded_for upstream_local_address downstream_remote_address "
    "downstream_direct_remote_address source_address".split()
)

#: What a narrow table says of each row before its own columns; `row` is its place in the events.
KEYS = ("row", "timestamp", "level", "scope", "source", "line", "component")


def arrow_field(column: Column) -> pa.Field:
    """A column as an Arrow field."""
    repeats = column.type == "string" and column.name not in PLAIN_TEXT
    return pa.field(column.name, TYPES["category" if repeats else column.type])


#: The common columns that lines tell.
EVENTS_SCHEMA = pa.schema([arrow_field(column) for column in COMMON.values() if column.name not in ARRANGED])


def label_target(target: str) -> tuple[str, str]:
    """Column and kind of a label's ``column[:kind]``."""
    column, _, kind = target.partition(":")
    return column, kind or COLUMNS[column].kind


def target_columns(target: str) -> tuple[str, ...]:
    """The columns that a label's ``column[:kind]`` fills."""
    column, kind = label_target(target)
    return KINDS[kind].columns_for(column)


def format_columns(entry: Format) -> set[str]:
    """Every column that lines of a format can fill."""
    found = set(entry.columns())
    for target in entry.labels.values():
        found.update(target_columns(target))
    if entry.event in LABELED:
        found.update(label_target(target)[0] for target in LABELS.values())
    if {"pod", "namespace"} <= found:
        found.add("proxy")
    return found


@cache
def _columns_of_formats() -> defaultdict[str, set[str]]:
    """The columns that the formats of each event can fill."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in FORMATS:
        columns = format_columns(entry)
        for event in {entry.event, *entry.event_with.values()}:
            found[event] |= columns
    return found


@cache
def event_columns(event: str) -> tuple[str, ...]:
    """The columns of an event's own, in the order of the glossary."""
    found = _columns_of_formats()[event] | set(statement_columns().get(event, ()))
    if event in LABELED:
        found.update(label_target(target)[0] for target in LABELS.values())
    if event == "access":  # a user's format can have any of these
        fields = (layout.fields.values() for layout in JSON_LAYOUTS)
        for target in TARGETS.union(*fields):
            found.update(target_columns(target))
        found.add("proxy")  # of the run
    if {"pod", "namespace"} <= found:
        found.add("proxy")
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
    if not pa.types.is_dictionary(kind):
        return pa.array(values, kind)
    found = pa.array(values, pa.string()).dictionary_encode()
    return found if found.type == kind else found.cast(kind)


def without_messages(events: pa.Table) -> pa.Table:
    """The common columns with null for each message."""
    at = events.schema.get_field_index("message")
    return events.set_column(at, events.schema.field(at), pa.nulls(len(events), pa.string()))
