"""Arrow batches in, Arrow batches out: the functions that Spark's `mapInArrow`, or any other engine, runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
import pyarrow as pa

from istiolog_pd.distributed.byte_ranges import SCANS, Part, Range, scan
from istiolog_pd.distributed.files import StorageOptions
from istiolog_pd.distributed.read_part import Events, Request, read_part
from istiolog_pd.engine.schema import arrow_field
from istiolog_pd.errors import UnknownNameError, unknown
from istiolog_pd.export.tables import exported_field, exported_values
from istiolog_pd.formats.columns import COLUMNS, COMMON

#: Rows of a batch.
BATCH = 1 << 16

_KNOWN = {**COMMON, **COLUMNS}


def scan_batches(
    batches: Iterable[pa.RecordBatch], *, storage_options: StorageOptions = None
) -> Iterator[pa.RecordBatch]:
    """Look at ranges: the first of the two passes, a row out for each row in.

    Parameters
    ----------
    batches
        Rows of `ranges`.
    storage_options
        For the file systems of URLs, as in pandas.

    Yields
    ------
    pyarrow.RecordBatch
        In the schema `SCANS`: what `parts` asks for.
    """
    for batch in batches:
        found = [scan(Range(**row), storage_options) for row in batch.select(list(Range._fields)).to_pylist()]
        yield pa.RecordBatch.from_pylist([one._asdict() for one in found], SCANS)


def arrow_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    events: Events = None,
    columns: Sequence[str] | None = None,
    storage_options: StorageOptions = None,
) -> Iterator[pa.RecordBatch]:
    """Read parts of files: the second pass.

    Parameters
    ----------
    batches
        Rows of `parts`.
    events, columns
        As in `istiolog_pd.read_logs`.
    storage_options
        For the file systems of URLs, as in pandas.

    Yields
    ------
    pyarrow.RecordBatch
        In the schema `arrow_schema`, at most `BATCH` rows each, in the order of each part's lines.

    Examples
    --------
    >>> from istiolog_pd.distributed import arrow_batches, parts, ranges, scan_batches
    >>> scans = scan_batches(ranges("data/seed/pilot.log").to_batches())
    >>> pieces = parts(pa.Table.from_batches(scans)).to_batches()
    >>> [batch.num_rows for batch in arrow_batches(pieces, events="xds_push", columns=["timestamp", "proxy"])]
    [20]
    """
    request = Request(events, columns, "pyarrow", storage_options=storage_options)
    for batch in batches:
        for row in batch.select(list(Part._fields)).to_pylist():
            rows = read_part(Part(**row), request)
            yield from exported(rows).to_batches(max_chunksize=BATCH)


def arrow_schema(events: Events = None, columns: Sequence[str] | None = None) -> pa.Schema:
    """The schema of `arrow_batches`: the types of Parquet exports, which Spark knows too.

    Times are `timestamp[us, UTC]`, durations `double` in seconds under names that end in ``_seconds``,
    texts `string`, numbers `int64`, flags `bool`.

    Examples
    --------
    >>> from istiolog_pd.distributed import arrow_schema
    >>> arrow_schema("debounce", columns=["timestamp", "quiet_time", "full"]).names
    ['timestamp', 'quiet_time_seconds', 'full']
    """
    return exported_schema(list(Request(events, columns).empty().columns))


def exported_schema(names: Sequence[str]) -> pa.Schema:
    """Columns of the glossary as they are exported.

    Raises
    ------
    ValueError
        If the glossary has no such column.
    """
    for name in names:
        if name not in _KNOWN:
            raise UnknownNameError(unknown("column of the glossary", name, _KNOWN))
    return pa.schema([exported_field(_KNOWN[name]) for name in names])


def exported(rows: pd.DataFrame) -> pa.Table:
    """Rows in the types of `arrow_schema`."""
    schema = exported_schema(list(rows.columns))
    own = pa.schema([arrow_field(_KNOWN[name]) for name in rows.columns])
    table = pa.Table.from_pandas(rows, schema=own, preserve_index=False)
    return pa.table([exported_values(table[n], one.type) for n, one in enumerate(schema)], schema=schema)
