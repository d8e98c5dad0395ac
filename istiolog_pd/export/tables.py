"""Captures as files for other tools: Parquet for BI, and CSV.

Types are those that every reader knows: times in microseconds and UTC, durations as doubles in
seconds (``<name>_seconds``; `duration` is `duration_seconds`), plain strings, signed integers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from istiolog_pd.capture import Capture, rows_of
from istiolog_pd.engine.schema import TYPES
from istiolog_pd.errors import UnknownNameError, unknown
from istiolog_pd.export.atomic import replacing, replacing_folder
from istiolog_pd.formats.columns import COLUMNS, COMMON, EVENTS, Column

#: Rises when a column's name, type or meaning changes.
SCHEMA_VERSION = 1
METADATA_KEY = b"istiolog_pd"
#: The table of the common columns, in a folder beside those of the events.
COMMON_TABLE = "events"
#: Rows that are put together at a time.
BATCH = 1 << 16

#: Text that a spreadsheet takes for a formula.
FORMULA = "^[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r]"

ROW = Column("row", "int64", "", "the entry's place in the capture, from 0: it joins the tables")
ISO = "%Y-%m-%dT%H:%M:%SZ"
NS = 1_000_000_000


def to_parquet(capture: Capture, path: str | os.PathLike[str], *, events: str | Sequence[str] | None = None) -> None:
    """Write a capture as Parquet, for BI tools and other readers.

    Parameters
    ----------
    capture
        What was read.
    path
        A name that ends in ``.parquet``: one file, the wide table (every column of every event; null
        where it does not apply). Any other: a folder with ``events.parquet``, the common columns of
        every entry, and ``<event>.parquet`` for each event that is there; `row` joins them. A folder
        of a former export is replaced.
    events
        One event's name or a list: only these events. A single name into one file gives that event's
        narrow table.

    Raises
    ------
    ValueError
        If there is no such event.
    FileExistsError
        If `path` is one of the sources, or has no name of its own; if the folder holds anything that is not an
        export of this package; if another export is writing it.
    OSError
        If it cannot be written. A failed or killed export leaves nothing under `path` but what was
        there before.

    Notes
    -----
    ``row`` (int64), ``timestamp`` (timestamp[us, UTC]), durations (float64, in seconds, named
    ``*_seconds``), text (string), numbers (int64), flags (bool). The file metadata's key
    ``istiolog_pd`` holds JSON: `schema_version`, `table`, `units` per column, `sources`; each field's
    metadata its `unit` and `meaning`. Compressed with zstd.

    Examples
    --------
    >>> import tempfile
    >>> import istiolog_pd as il
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_parquet(il.load("data/seed/pilot.log"), f"{folder}/tables")
    ...     pd.read_parquet(f"{folder}/tables/debounce.parquet")["quiet_time_seconds"].round(2).to_list()
    [0.28, 0.2, 0.2]
    """
    path = Path(path)
    names = checked(events)
    if path.suffix == ".parquet":
        with replacing(path, capture.files) as file:
            _write(one_table(capture, events), file)
        return
    with replacing_folder(path, is_export) as folder:
        for table in exported_tables(capture, names):
            with open(folder / f"{table.name}.parquet", "xb") as file:
                _write(table, file)


def to_csv(
    capture: Capture,
    target: str | os.PathLike[str] | IO[bytes],
    *,
    events: str | Sequence[str] | None = None,
    safe: bool | None = None,
) -> None:
    """Write a capture as CSV, in batches: the wide table, or one event's narrow one.

    Parameters
    ----------
    capture
        What was read.
    target
        A path, or an open binary file (``sys.stdout.buffer``).
    events
        As for `to_parquet`: a single name gives that event's narrow table.
    safe
        Put ``'`` before text that a spreadsheet would take for a formula: what begins with ``=``, ``+``, ``-``,
        ``@`` (or their full-width forms), a tab or a carriage return. None: for a path, not for an open file.

    Raises
    ------
    ValueError
        If there is no such event.
    FileExistsError
        If the path is one of the sources, or another export is writing it.
    OSError
        If it cannot be written; a path then holds what it held before.

    Notes
    -----
    Columns as in Parquet; times as ``2026-11-23T17:28:49.929503Z``, null as nothing (text that is
    empty as ``""``), text in double quotes.

    Examples
    --------
    >>> import io
    >>> import istiolog_pd as il
    >>> file = io.BytesIO()
    >>> to_csv(il.load("data/seed/pilot.log"), file, events="debounce")
    >>> file.getvalue().decode().splitlines()[0][:40]
    '"row","timestamp","level","scope","sourc'
    """
    table = one_table(capture, events)
    if isinstance(target, (str, os.PathLike)):
        with replacing(Path(target), capture.files) as file:
            _write_csv(table, file, safe=safe is not False)
    else:
        _write_csv(table, target, safe=bool(safe))


def one_table(capture: Capture, events: str | Sequence[str] | None) -> Exported:
    """What is written to a single file: one event's narrow table, or the wide one of some events or all."""
    names = checked(events)
    return _narrow(capture, events) if isinstance(events, str) else wide_table(capture, names)


def checked(events: str | Sequence[str] | None) -> list[str] | None:
    """The events asked for as a list; None for all."""
    names = [events] if isinstance(events, str) else events
    for event in names or ():
        if event not in EVENTS:
            raise UnknownNameError(unknown("event", event, EVENTS))
    return None if names is None else list(names)


# ---- what is written ----


@dataclass(frozen=True, slots=True)
class Exported:
    """A table of a capture to write: its columns, and its rows in parts, as the capture types them."""

    capture: Capture
    name: str
    columns: Sequence[Column]
    parts: Iterable[pa.Table]

    @property
    def schema(self) -> pa.Schema:
        """The schema in the file, with what it should say of itself."""
        fields = [exported_field(column) for column in self.columns]
        units = {one.name: one.metadata[b"unit"].decode() for one in fields}
        about = {
            "schema_version": SCHEMA_VERSION,
            "table": self.name,
            "units": {name: unit for name, unit in units.items() if unit},
            "sources": [asdict(info) for info in self.capture.infos],
        }
        return pa.schema(fields, {METADATA_KEY: json.dumps(about).encode(), **for_pandas(fields)})

    def exported(self) -> Iterator[pa.Table]:
        """The rows in the types of the file."""
        schema = self.schema
        for part in self.parts:
            arrays = [exported_values(part[c.name], f.type) for c, f in zip(self.columns, schema, strict=True)]
            yield pa.table(arrays, schema=schema)


def for_pandas(fields: Sequence[pa.Field]) -> dict[bytes, bytes]:
    """The file metadata that makes pandas read numbers and flags with nulls as such, not as floats and objects."""
    kinds = {"int64": "Int64", "bool": "boolean"}
    columns = [
        {
            "name": f.name,
            "field_name": f.name,
            "pandas_type": str(f.type),
            "numpy_type": kinds[str(f.type)],
            "metadata": None,
        }
        for f in fields
        if str(f.type) in kinds
    ]
    about = {"index_columns": [], "column_indexes": [], "columns": columns, "pandas_version": "3.0"}
    return {b"pandas": json.dumps(about).encode()}


def exported_field(column: Column) -> pa.Field:
    """A column of the glossary as it is exported."""
    name, kind, unit = column.name, TYPES[column.type], column.unit
    if pa.types.is_duration(kind):
        name, kind, unit = f"{name}_seconds", pa.float64(), "s"
    elif pa.types.is_timestamp(kind):
        kind = pa.timestamp("us", "UTC")
    elif pa.types.is_dictionary(kind):
        kind = pa.string()
    return pa.field(name, kind, metadata={"unit": unit, "meaning": column.meaning})


def exported_values(values: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """Values of a capture in the type of the file; durations in seconds."""
    if pa.types.is_duration(values.type):
        return pc.divide(pc.cast(pc.cast(values, pa.int64()), pa.float64(), safe=False), float(NS))
    return pc.cast(values, kind, safe=False)


def exported_tables(capture: Capture, events: list[str] | None) -> Iterator[Exported]:
    """The tables of a folder."""
    yield _common(capture, events)
    yield from (_narrow(capture, event) for event in capture if events is None or event in events)


def _common(capture: Capture, events: list[str] | None) -> Exported:
    """The common columns of every entry, or of those of some events."""
    table = capture.events.add_column(0, ROW.name, pa.array(np.arange(capture.n_entries)))
    if events is not None:
        table = table.filter(pc.is_in(table["event"].cast(pa.string()), pa.array(events, pa.string())))
    return Exported(capture, COMMON_TABLE, [ROW, *COMMON.values()], _batches(table))


def _narrow(capture: Capture, event: str) -> Exported:
    """The narrow table of an event."""
    known = {ROW.name: ROW, **COMMON, **COLUMNS}
    table = capture[event]
    return Exported(capture, event, [known[name] for name in table.schema.names], _batches(table))


def wide_table(capture: Capture, events: list[str] | None) -> Exported:
    """Every column, put together a part at a time: the whole would be larger than the log."""
    columns = [ROW, *COMMON.values(), *COLUMNS.values()]
    names = [column.name for column in columns]

    def parts() -> Iterator[pa.Table]:
        for start in range(0, capture.n_entries, BATCH):
            rows = _some(capture, start, start + BATCH)
            table = rows_of(rows, events, names).select(names)
            yield table.set_column(0, ROW.name, pc.add(table[ROW.name], start))

    return Exported(capture, "wide", columns, parts())


def _batches(table: pa.Table) -> Iterator[pa.Table]:
    return (pa.table(batch) for batch in table.to_batches(max_chunksize=BATCH))


def _some(capture: Capture, start: int, stop: int) -> Capture:
    """Some rows of a capture, as a capture."""
    tables = {}
    for event, table in capture.tables.items():
        rows = table["row"].to_numpy()
        first, last = np.searchsorted(rows, [start, stop])
        if first < last:
            tables[event] = table.slice(first, last - first).set_column(0, "row", pa.array(rows[first:last] - start))
    return Capture(capture.events.slice(start, stop - start), tables, capture.infos)


def parquet_writer(file: IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of such tables."""
    return pq.ParquetWriter(file, schema, version="2.6", compression="zstd")


def _write(table: Exported, file: IO[bytes]) -> None:
    with parquet_writer(file, table.schema) as writer:
        for part in table.exported():
            writer.write_table(part)


def _write_csv(table: Exported, file: IO[bytes], *, safe: bool) -> None:
    with csv_writer(table, file) as writer:
        for part in table.exported():
            write_csv(writer, part, safe=safe)


def csv_writer(table: Exported, file: IO[bytes]) -> pa_csv.CSVWriter:
    """A writer of such tables, which begins with the names of the columns."""
    return pa_csv.CSVWriter(file, _csv_schema(table.schema))


def write_csv(writer: pa_csv.CSVWriter, part: pa.Table, *, safe: bool) -> None:
    """Write some rows in the types of the file; times as ISO 8601; `safe` as in `to_csv`."""
    texts = [_csv_values(column, safe=safe) for column in part.columns]
    writer.write_table(pa.table(texts, schema=_csv_schema(part.schema)))


def _csv_values(column: pa.ChunkedArray, *, safe: bool) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format=ISO)
    if not safe or not pa.types.is_string(column.type):
        return column
    quoted = pc.binary_join_element_wise("'", column, "")
    return pc.if_else(pc.match_substring_regex(column, FORMULA), quoted, column)


def _csv_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([(one.name, pa.string() if pa.types.is_timestamp(one.type) else one.type) for one in schema])


def is_export(file: Path) -> bool:
    """Whether a file of a folder comes from a former export."""
    if file.suffix != ".parquet" or not file.is_file():
        return False
    try:
        return METADATA_KEY in (pq.read_schema(file).metadata or {})
    except pa.ArrowInvalid:
        return False
