"""Parts -> the tables of one capture: one behind the other, and each source in the order of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from istiolog_pd._dictionaries import with_one_dictionary
from istiolog_pd.engine.schema import EVENTS_SCHEMA
from istiolog_pd.runs.source_part import Ints, SourcePart, codes, joined

#: Number of rows reordered at a time.
BLOCK = 1 << 16


def join(parts: list[SourcePart], by_line: Sequence[str] | None = None) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The tables of all parts, one part behind the other.

    Parameters
    ----------
    parts
        Whose tables are joined. The list is emptied: columns that have to be written anew are then
        not held twice, except one at a time.
    by_line
        Bring the entries of each of these sources, which are all, into the order of their lines: where one source
        holds several parts.

    Returns
    -------
    tuple
        The common columns of every entry, and the narrow tables; their `row` is the place in the former.
    """
    offsets = np.cumsum([0, *(len(part.events) for part in parts)]).tolist()
    order = None if by_line is None else _line_order(parts, by_line)
    events = [part.events for part in parts] or [EVENTS_SCHEMA.empty_table()]
    by_event: dict[str, list[pa.Table]] = {}
    for offset, part in zip(offsets, parts, strict=False):
        for event, table in part.tables.items():
            by_event.setdefault(event, []).append(_moved(table, offset))
    parts.clear()
    place = None
    if order is not None:
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
    tables = {event: _joined(by_event.pop(event), None, place) for event in list(by_event)}
    return _joined(events, order, None), tables


def _line_order(parts: list[SourcePart], names: Sequence[str]) -> Ints | None:
    """The places of all entries by source and line; null if that is how they stand."""
    source = joined([codes(part.events["source"], names) for part in parts])
    line = joined([part.events["line"].to_numpy() for part in parts])
    behind = (source[1:] > source[:-1]) | ((source[1:] == source[:-1]) & (line[1:] >= line[:-1]))
    # The sort is stable: entries of one line stay in the order of the parts.
    return None if behind.all() else np.lexsort((line, source))


def _moved(table: pa.Table, by: int) -> pa.Table:
    """A narrow table whose rows stand behind others."""
    if not by:
        return table
    chunks = [pa.array(chunk.to_numpy() + by) for chunk in table["row"].chunks]
    return table.set_column(0, table.schema.field("row"), pa.chunked_array(chunks, pa.int64()))


def _joined(tables: list[pa.Table], order: Ints | None, place: Ints | None) -> pa.Table:
    """Tables one behind the other, in another order if there is one; `place`: the new one of each entry."""
    if len(tables) == 1 and order is None and place is None:
        return tables.pop()
    whole = pa.concat_tables(tables)
    tables.clear()
    schema = whole.schema
    if place is not None:
        rows = place[whole["row"].to_numpy()]
        order = np.argsort(rows, kind="stable")
        whole = whole.set_column(0, schema.field("row"), pa.array(rows))
    columns = whole.columns[::-1]
    del whole
    # What a column was is free before the next is made.
    done = [_in_order(with_one_dictionary(columns.pop()), order) for _ in schema]
    return pa.table(done, schema=schema)


def _in_order(column: pa.ChunkedArray, order: Ints | None) -> pa.ChunkedArray:
    if order is None:
        return column
    return pa.chunked_array(list(_taken(column, order)), column.type)


def _taken(column: pa.ChunkedArray, order: Ints) -> Iterator[pa.Array]:
    """A column's values in an order, in blocks.

    Arrow would put all chunks together first. An order of lines draws each block from few places.
    """
    ends = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
    for start in range(0, len(order), BLOCK):
        at = order[start : start + BLOCK]
        back = np.argsort(at, kind="stable")
        ascending = at[back]
        bounds = np.searchsorted(ascending, ends)
        taken = [
            column.chunk(number).take(pa.array(ascending[bounds[number] : bounds[number + 1]] - ends[number]))
            for number in np.flatnonzero(np.diff(bounds)).tolist()
        ]
        into = np.empty(len(at), np.int64)
        into[back] = np.arange(len(at))
        yield pa.concat_arrays(taken).take(pa.array(into))
