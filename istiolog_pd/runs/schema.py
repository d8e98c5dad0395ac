"""The shape of what a capture says of process runs: the columns beside an entry's own, and the table of runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd.engine.schema import arrow_field
from istiolog_pd.formats.columns import COMMON

_TEXT = pd.StringDtype(na_value=np.nan)
_TIME = pd.DatetimeTZDtype("ns", "UTC")


#: Some entries, by their places.
_Places = slice | npt.NDArray[np.int64]


@dataclass(slots=True)
class _Same:
    """Arrays of one value: all that are asked for share the memory of the longest."""

    made: Callable[[int], pa.Array]
    longest: pa.Array | None = None

    def of(self, rows: int, longest: int = 0) -> pa.Array:
        """Repeat the value; `longest` is the maximum number of times it will be needed, if known."""
        if self.longest is None or len(self.longest) < rows:
            self.longest = self.made(max(rows, longest))
        return self.longest.slice(0, rows)

    def beside(self, table: pa.Table, kind: pa.DataType) -> pa.ChunkedArray:
        """The value for each row of a table, in the chunks that it has."""
        lengths = chunk_lengths(table)
        return pa.chunked_array([self.of(rows, max(lengths)) for rows in lengths], kind)


def chunk_lengths(table: pa.Table) -> list[int]:
    """The rows of each chunk of a table."""
    return [len(chunk) for chunk in table.column(0).chunks]


class RunOf:
    """The run of each entry, and the column that says so for any table of them.

    Parameters
    ----------
    number
        One run for all entries, or the run of each by its place: integers of any width.
    first
        What is to be added to them.
    """

    def __init__(self, number: int | npt.NDArray[np.integer[Any]], first: int = 0) -> None:
        self._number = number
        self._first = first
        self._longest = 0
        self._same: dict[int, _Same] = {}

    def beside_events(self, events: pa.Table) -> pa.Table:
        """The common columns of the entries, with the column `run` after `component`."""
        stops = np.cumsum([0, *chunk_lengths(events)]).tolist()
        return self._with(events, [slice(*ends) for ends in pairwise(stops)], chunk_lengths(events))

    def beside(self, table: pa.Table) -> pa.Table:
        """A narrow table, with the column `run` after `component`; its `row` is the entry's place."""
        chunks = table["row"].chunks
        return self._with(table, [chunk.to_numpy() for chunk in chunks], [len(chunk) for chunk in chunks])

    def _with(self, table: pa.Table, places: Sequence[_Places], lengths: list[int]) -> pa.Table:
        field = arrow_field(COMMON["run"])
        self._longest = max([self._longest, *lengths])
        chunks = [self._chunk(at, rows) for at, rows in zip(places, lengths, strict=True)]
        at = table.schema.get_field_index("component") + 1
        return table.add_column(at, field, pa.chunked_array(chunks, field.type))

    def _chunk(self, at: _Places, rows: int) -> pa.Array:
        """The runs of a chunk; mostly it is one, and then no memory of its own is needed."""
        if isinstance(self._number, int):
            return self._constant(self._number + self._first, rows)
        own = self._number[at]
        if rows and (own != own[0]).any():
            return pa.array(own.astype(np.int64) + self._first)
        return self._constant(int(own[0]) + self._first if rows else 0, rows)

    def _constant(self, run: int, rows: int) -> pa.Array:
        same = self._same.setdefault(run, _Same(lambda size: pa.array(np.full(size, run, np.int64))))
        return same.of(rows, self._longest)


#: What the place or the wrapper of a source says of each entry.
PLACED = ("source_pod", "source_namespace", "source_container", "stream", "received")


def with_line(table: pa.Table, line: pa.ChunkedArray) -> pa.Table:
    """A table with other lines."""
    at = table.schema.get_field_index("line")
    return table.set_column(at, table.schema.field(at), line)


def with_place(events: pa.Table, columns: Mapping[str, pa.ChunkedArray | str]) -> pa.Table:
    """A table of events with the columns of `PLACED`; one text stands for all rows, what is not given is null."""
    bare = events
    nulls: dict[pa.DataType, _Same] = {}
    zeros = _Same(lambda rows: pa.array(np.zeros(rows, np.int32)))
    for name in PLACED:
        if name in events.schema.names:
            continue
        one = arrow_field(COMMON[name])
        value = columns.get(name) or ""
        if not isinstance(value, str):
            column = value.cast(one.type)
        elif value:
            column = _named(zeros, bare, pa.array([value], pa.string()))
        else:
            column = nulls.setdefault(one.type, _Same(partial(pa.nulls, type=one.type))).beside(bare, one.type)
        events = events.append_column(one, column)
    return events


def _named(zeros: _Same, table: pa.Table, words: pa.Array) -> pa.ChunkedArray:
    places = zeros.beside(table, pa.int32())
    chunks = [pa.DictionaryArray.from_arrays(chunk, words) for chunk in places.chunks]
    return pa.chunked_array(chunks, pa.dictionary(pa.int32(), words.type))


#: One row per process run; `Capture.runs` says what the columns mean.
RUNS: Mapping[str, Any] = {
    "run": np.dtype(np.int64),
    "source": _TEXT,
    "component": _TEXT,
    "pod": _TEXT,
    "namespace": _TEXT,
    "version": _TEXT,
    "first": _TIME,
    "last": _TIME,
    "entries": np.dtype(np.int64),
    "level": _TEXT,
    "envoy_level": _TEXT,
    "start": _TEXT,
    "end": _TEXT,
    "gaps": np.dtype(np.int64),
    "longest_gap": np.dtype("timedelta64[ns]"),
    "log": _TEXT,
    "sources": np.dtype(np.int64),
    "evidence": _TEXT,
}


def run_table(rows: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """Rows of `Capture.runs` with the dtypes that they have."""
    # Column by column: every small log has such a table, and pandas takes long to convert a whole one.
    return pd.DataFrame({name: pd.array([row[name] for row in rows], dtype) for name, dtype in RUNS.items()})
