"""Runs of tables in chunks and of empty ones: memory is shared and freed, and nothing else changes."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import istiolog_pd as il
from istiolog_pd.runs import SourcePart, arrange
from istiolog_pd.runs.boundaries import SECOND
from istiolog_pd.runs.concat import join
from istiolog_pd.runs.container_log import split_container_logs
from istiolog_pd.runs.source_part import NAT, codes
from istiolog_pd.runs.time_access import Times


def info(seconds: float, message: str) -> str:
    """A line of the control plane."""
    time = pd.Timestamp("2026-11-23T10:00:00") + pd.Timedelta(seconds=seconds)
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}Z\tinfo\t{message}"


def debounce(seconds: float, number: int) -> str:
    """A line that counts."""
    return info(
        seconds,
        f"ads\tPush debounce stable[{number}] 1 for config ServiceEntry/a/b: "
        "1ms since last change, 1ms since last push, full=true",
    )


def part_of(lines: list[str], name: str = "a.log", group: str = "a.log") -> SourcePart:
    """A log that is not arranged yet."""
    capture = il.load(io.BytesIO("".join(f"{line}\n" for line in lines).encode()))
    tables = {event: capture[event].drop_columns(["run"]) for event in capture}
    return SourcePart(name, "pilot", capture.events.drop_columns(["run"]), tables, group=group)


def with_column(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    """A table with other values in a column."""
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))


def in_chunks(table: pa.Table, size: int) -> pa.Table:
    """The same table in chunks of this many rows, an empty one among them."""
    return pa.concat_tables([table.slice(0, 0), *(table.slice(at, size) for at in range(0, len(table), size))])


def buffers(column: pa.ChunkedArray) -> set[int]:
    """Where the values of a column of numbers lie in memory."""
    return {chunk.buffers()[1].address for chunk in column.chunks if len(chunk)}


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_chunks_make_no_difference(size: int) -> None:
    """Restarts by banner, by counter and by the clock, with a line between that prints no time."""
    lines = [
        *(debounce(n, 40 + n) for n in range(4)),
        "gc 1 @0.030s 5%: 0.018+1.2+0.003 ms clock, 0.14+0.5/1.1/0+0.03 ms cpu, 4->4->2 MB, 5 MB goal, 8 P",
        *(debounce(5000 + n, 1 + n) for n in range(4)),
        info(9000, 'FLAG: --domain="x"'),
        info(9000, "version 1.20.8-abc-Clean"),
        *(debounce(9001 + n, 1 + n) for n in range(4)),
        *(debounce(100 + n, 1 + n) for n in range(4)),
    ]
    whole = part_of(lines)
    tables = {event: in_chunks(table, size) for event, table in whole.tables.items()}
    cut = replace(whole, events=in_chunks(whole.events, size), tables=tables)
    one, other = arrange([whole]), arrange([cut])
    assert len(one.runs) > 3
    pd.testing.assert_frame_equal(one.runs, other.runs)
    assert one.parts[0].events.equals(other.parts[0].events)
    assert all(table.equals(other.parts[0].tables[event]) for event, table in one.parts[0].tables.items())


def test_one_run_needs_no_memory_for_each_table() -> None:
    """Its number is written once, whatever the tables and their chunks."""
    part = part_of([debounce(n, 1 + n) for n in range(9)])
    tables = {event: in_chunks(table, 2) for event, table in part.tables.items()}
    arranged = arrange([replace(part, events=in_chunks(part.events, 3), tables=tables)]).parts[0]
    columns = [table["run"] for table in (arranged.events, *arranged.tables.values())]
    assert all(set(column.to_pylist()) == {0} for column in columns)
    assert len(set().union(*(buffers(column) for column in columns))) == 1
    assert [len(chunk) for chunk in columns[0].chunks] == [len(chunk) for chunk in arranged.events["line"].chunks]


def test_parts_without_an_entry() -> None:
    """Before, between and behind others; alone too."""
    full = part_of([debounce(0, 1), debounce(1, 2)])
    none = replace(full, events=full.events.slice(0, 0), tables={"debounce": full.tables["debounce"].slice(0, 0)})
    bare = replace(none, events=full.events.schema.empty_table(), tables={})
    assert not len(arrange([none]).runs) and not len(arrange([bare]).runs)
    arranged = arrange([none, full, bare, full.kept(np.zeros(2, bool))])
    assert arranged.runs[["sources", "entries"]].to_numpy().tolist() == [[1, 2]]
    assert [part.events["run"].to_pylist() for part in arranged.parts].count([0, 0]) == 1
    events, tables = join(list(arranged.parts))
    assert events["run"].to_pylist() == [0, 0] and tables["debounce"]["row"].to_pylist() == [0, 1]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_logs_of_one_source_are_joined_by_line(size: int) -> None:
    """Two containers whose lines alternate: what a narrow table says of a row is what the events say of it."""
    parts = []
    for first in (0, 1):
        part = part_of([debounce(2 * n + first, 1 + n) for n in range(5)], "stern.log", "")
        events = with_column(part.events, "line", list(range(1 + first, 11, 2)))
        tables = {event: in_chunks(table, size) for event, table in part.tables.items()}
        parts.append(replace(part, events=in_chunks(events, size), tables=tables))
    parts = list(arrange(parts).parts)
    events, tables = join(parts, ["stern.log"])
    assert not parts
    assert events["line"].to_pylist() == list(range(1, 11)) and events["run"].to_pylist() == [0, 1] * 5
    narrow = tables["debounce"]
    assert narrow["row"].to_pylist() == list(range(10)) and narrow["run"].equals(events["run"])
    assert narrow["timestamp"].equals(events["timestamp"])
    assert narrow["debounce_id"].to_pylist() == [1 + n // 2 for n in range(10)]


def test_words_of_chunks_with_lists_of_their_own() -> None:
    """More words than a byte numbers, nulls, and words that nobody asked for."""
    words = [f"pod-{n}" for n in range(300)]
    texts = [None, "else", *words, *words[::-1]]
    chunks = [pa.array(texts[at : at + 7], pa.string()).dictionary_encode() for at in range(0, len(texts), 7)]
    assert codes(pa.chunked_array(chunks), words).tolist() == [-1, -1, *range(300), *range(299, -1, -1)]
    assert codes(pa.chunked_array(chunks[:1]), words[:3]).tolist() == [-1, -1, 0, 1, 2, -1, -1]
    assert codes(pa.chunked_array([], chunks[0].type), words).tolist() == []


@pytest.mark.parametrize("sizes", [[], [5], [0, 1, 2, 0, 3, 0], [1] * 6])
def test_times_in_chunks_are_as_those_in_one_array(sizes: list[int]) -> None:
    """One, a stretch, some; and others at some places, which leaves the chunks as they are."""
    whole = np.arange(sum(sizes)) * 10
    chunks = np.split(whole, np.cumsum(sizes)[:-1]) if sizes else []
    times = Times(chunks)
    assert len(times) == len(whole) and [times[at] for at in range(len(whole))] == whole.tolist()
    for start in range(len(whole) + 1):
        for stop in range(len(whole) + 2):
            assert times[start:stop].tolist() == whole[start:stop].tolist()
        some = np.arange(start, len(whole), 2)
        assert times[some].tolist() == whole[some].tolist()
        other = whole.copy()
        other[some] = -1
        assert times.but([some[:1], some[1:]], -1)[:].tolist() == other.tolist()
        assert times[:].tolist() == whole.tolist()
    assert all(np.shares_memory(chunk, whole) for chunk in times.stretch(0, len(times)))


def test_times_of_a_log_are_not_copied() -> None:
    """They stand in the events; only where one is missing, or an access line's is another's, a chunk is written anew."""
    part = part_of([debounce(n, 1 + n) for n in range(6)])
    part = replace(part, events=in_chunks(with_column(part.events, "timestamp", [*range(5), None]), 2))
    first, second, third = part.times().chunks
    own = [np.frombuffer(chunk.buffers()[1], np.int64) for chunk in part.events["timestamp"].chunks if len(chunk)]
    assert np.shares_memory(first, own[0]) and np.shares_memory(second, own[1])
    assert np.concatenate([first, second, third]).tolist() == [*range(5), NAT]
    access = replace(part, tables={"access": pa.table({"row": [1, 5]})}).times().chunks
    assert np.concatenate(access).tolist() == [0, NAT, 2, 3, 4, NAT]
    assert np.shares_memory(access[1], own[1])


def test_pauses_reach_over_entries_without_a_time() -> None:
    """The pause before an entry is measured from the last one that prints a time, however far."""
    part = part_of([debounce(0, 1)] * 14)
    none, first = [None], part.events["timestamp"][0].as_py()
    times = [*none, first, *none * 9, first + pd.Timedelta(seconds=7), *none, first + pd.Timedelta(seconds=9)]
    (lane,) = split_container_logs([replace(part, events=with_column(part.events, "timestamp", times))]).values()
    timed = np.flatnonzero(lane.time[:] != NAT)
    seconds = np.diff(lane.time[timed], prepend=lane.time[timed[0]]) // SECOND
    assert seconds.tolist() == [0, 7, 2]
    for after in range(-1, len(lane)):
        for until in range(after, len(lane)):
            own = (timed > after) & (timed <= until)
            found, pause = lane.pauses(after, until)
            assert found.tolist() == timed[own].tolist() and (pause // SECOND).tolist() == seconds[own].tolist()
