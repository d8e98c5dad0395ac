"""The shape of what a capture says of process runs: the columns beside an entry's own, and the table of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd.engine.schema import arrow_field
from istiolog_pd.formats.columns import COMMON

_TEXT = pd.StringDtype(na_value=np.nan)
_TIME = pd.DatetimeTZDtype("ns", "UTC")


def with_run(table: pa.Table, run: npt.NDArray[np.int64]) -> pa.Table:
    """A table of events, or a narrow one, with the column `run` after `component`."""
    at = table.schema.get_field_index("component") + 1
    return table.add_column(at, arrow_field(COMMON["run"]), pa.array(run, pa.int64()))


#: What the place or the wrapper of a source says of each entry.
PLACED = ("source_pod", "source_namespace", "source_container", "stream", "received")


def with_place(events: pa.Table, columns: Mapping[str, pa.Array | str]) -> pa.Table:
    """A table of events with the columns of `PLACED`; one text stands for all rows, what is not given is null."""
    nulls: dict[pa.DataType, pa.Array] = {}
    for name in PLACED:
        if name in events.schema.names:
            continue
        one = arrow_field(COMMON[name])
        value = columns.get(name) or ""
        if isinstance(value, str) and value:
            zeros = pa.array(np.zeros(len(events), np.int32))
            array = pa.DictionaryArray.from_arrays(zeros, pa.array([value], pa.string()))
        elif isinstance(value, str):
            array = nulls.setdefault(one.type, pa.nulls(len(events), one.type))
        else:
            array = value.cast(one.type)
        events = events.append_column(one, array)
    return events


def in_file_order(events: pa.Table, tables: Mapping[str, pa.Table]) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The same tables, the entries of each source by line: where it held the logs of several containers."""
    names = events["source"].cast(pa.string()).to_pandas()
    source = names.groupby(names, sort=False).ngroup().to_numpy()
    order = np.lexsort((np.arange(len(events)), events["line"].to_numpy(), source))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    sorted_tables = {}
    for event, table in tables.items():
        rows = place[table["row"].to_numpy()]
        by_row = np.argsort(rows)
        taken = table.take(pa.array(by_row))
        sorted_tables[event] = taken.set_column(0, taken.schema.field("row"), pa.array(rows[by_row]))
    return events.take(pa.array(order)), sorted_tables


#: One row per process run; `Capture.runs` says what the columns mean.
RUNS: Mapping[str, Any] = {
    "run": np.dtype(np.int64),
    "source": _TEXT,
    "sources": np.dtype(np.int64),
    "pod": _TEXT,
    "namespace": _TEXT,
    "component": _TEXT,
    "version": _TEXT,
    "evidence": _TEXT,
    "first": _TIME,
    "last": _TIME,
    "entries": np.dtype(np.int64),
    "gaps": np.dtype(np.int64),
    "longest_gap": np.dtype("timedelta64[ns]"),
    "level": _TEXT,
    "envoy_level": _TEXT,
    "start": _TEXT,
    "end": _TEXT,
}


def run_table(rows: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """Rows of `Capture.runs` with the dtypes that they have."""
    # Column by column: every small log has such a table, and pandas takes long to convert a whole one.
    return pd.DataFrame({name: pd.array([row[name] for row in rows], dtype) for name, dtype in RUNS.items()})
