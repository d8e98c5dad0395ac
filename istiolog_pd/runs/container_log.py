"""A lane: all entries of one container's log in the order of writing, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from istiolog_pd.formats.template import COMPONENTS
from istiolog_pd.runs.source_part import NAT, Batch, Bools, Codes, Ints, LogOwner, SourcePart, codes, joined, texts
from istiolog_pd.runs.time_access import Times

#: Levels, most verbose first.
LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "critical"]


#: Where the logs of a lane of one log begin.
_ONE_LOG = np.zeros(1, np.int64)


@dataclass(frozen=True)
class ContainerLog:
    """One container's log: pieces one after the other, and of each the entries that are its own.

    `rows` holds, for each entry, its place in the concatenated pieces, ascending; null: every entry of them is
    of this lane. All other arrays follow it. `batch`: the lane is many logs, one behind the other.
    """

    parts: tuple[SourcePart, ...]
    rows: Ints | None
    time: Times
    component: Codes
    level: Codes
    batch: Batch | None = None

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def starts(self) -> Ints:
        """Where each piece begins in the concatenated pieces, and where the last ends."""
        return np.cumsum([0, *(len(part.events) for part in self.parts)])

    @cached_property
    def begins(self) -> Ints:
        """Where the entries of each piece begin in the lane, and where the last ends."""
        return self.starts if self.rows is None else np.searchsorted(self.rows, self.starts)

    @property
    def logs(self) -> Ints:
        """Where each log begins."""
        return _ONE_LOG if self.batch is None else self.batch.starts

    def by_log(self, rows: Ints) -> Iterator[slice]:
        """Which of some rows, which ascend, are of each log: those of one at a time, of logs that have several."""
        ends = np.append(np.searchsorted(rows, self.logs), len(rows))
        for n in np.flatnonzero(np.diff(ends) > 1).tolist():
            yield slice(int(ends[n]), int(ends[n + 1]))

    def begin_of(self, at: int) -> int:
        """Where the log of an entry begins."""
        return int(self.logs[np.searchsorted(self.logs, at, side="right") - 1])

    def owner(self, at: int) -> LogOwner:
        """The owner of the log of an entry."""
        if self.batch is not None:
            return self.batch.owners[int(np.searchsorted(self.logs, at, side="right")) - 1]
        part = self.parts[self.part_of(at)]
        pod, namespace = self.wrapper_value("source_pod", at), self.wrapper_value("source_namespace", at)
        return LogOwner(part.name, part.component, pod or part.pod, namespace or part.namespace, part.container)

    def part_of(self, at: int) -> int:
        """The number of the piece that an entry stands in."""
        return int(np.searchsorted(self.begins, at, side="right")) - 1

    def places(self, start: int, stop: int) -> Ints | slice:
        """Where a stretch of entries stands in the concatenated pieces."""
        return slice(start, stop) if self.rows is None else self.rows[start:stop]

    def pauses(self, after: int, until: int) -> tuple[Ints, Ints]:
        """The entries behind one and up to another that print a time, and the time since the one before each.

        That of the lane's first is nothing.
        """
        times = self.time[after + 1 : until + 1]
        timed = np.flatnonzero(times != NAT)
        times, timed = times[timed], timed + after + 1
        before = self._timed_before(after + 1, self.begin_of(after) if after >= 0 else 0)
        return timed, np.diff(times, prepend=times[:1] if before is None else self.time[before])

    @cached_property
    def _first_timed(self) -> int:
        start = 0
        for times in self.time.stretch(0, len(self)):
            timed = times != NAT
            if timed.any():
                return start + int(timed.argmax())
            start += len(times)
        return start

    def _timed_before(self, at: int, begin: int) -> int | None:
        """The last entry before one that prints a time, in the log that begins there."""
        size = 1
        while at > max(self._first_timed, begin):
            low = max(at - size, begin)
            timed = np.flatnonzero(self.time[low:at] != NAT)
            if len(timed):
                return low + int(timed[-1])
            at, size = low, size * 2
        return None

    def rows_of(self, *events: str, component: str = "") -> Ints:
        """The entries of some events, in order; of one component if it is named."""
        rows = [at for event in events for at, _ in self.batches(event)]
        at = np.concatenate([np.empty(0, np.int64), *rows])
        at = np.sort(at, kind="stable") if len(events) > 1 else at
        return at[self.is_of(component, at)] if component else at

    def events(self) -> set[str]:
        """The events that any piece has."""
        return {event for part in self.parts for event in part.tables}

    def count(self, event: str) -> int:
        """How many entries of an event the pieces have."""
        return sum(len(part.tables[event]) for part in self.parts if event in part.tables)

    def batches(self, event: str, *columns: str) -> Iterator[tuple[Ints, list[pa.Array]]]:
        """The entries of an event, some at a time and in order, and columns of its tables for them."""
        for start, part in zip(self.starts.tolist(), self.parts, strict=False):
            if event not in part.tables:
                continue
            for batch in part.tables[event].select(["row", *columns]).to_batches():
                rows = batch.column(0).to_numpy()
                at, own = self.own(rows + start if start else rows)
                yield at, [column if own is None else column.filter(pa.array(own)) for column in batch.columns[1:]]

    def spread(self, event: str, starts: Ints, stops: Ints, most: int) -> Ints:
        """Sample entries of an event in each of some stretches, evenly spread, up to a maximum number."""
        low, high = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
        for rows, _ in self.batches(event):
            low += np.searchsorted(rows, starts)
            high += np.searchsorted(rows, stops)
        own = np.flatnonzero(high > low)
        if not len(own):
            return own
        wanted = np.unique(np.linspace(low[own], high[own] - 1, most).astype(np.int64))
        picked, before = [], 0
        for rows, _ in self.batches(event):
            first, last = np.searchsorted(wanted, [before, before + len(rows)])
            picked.append(rows[wanted[first:last] - before])
            before += len(rows)
        return np.concatenate(picked)

    def is_of(self, component: str, at: Ints | slice = slice(None)) -> Bools:
        """Whether each entry was written by a component."""
        found: Bools = self.component[at] == COMPONENTS.index(component)
        return found

    def texts(self, at: Ints, column: str = "message") -> list[str]:
        """A text column of some entries, which ascend; empty where it is null or was not kept."""
        found: list[str] = []
        ends = np.searchsorted(at, self.begins).tolist()
        for part, start, low, high in zip(self.parts, self.starts.tolist(), ends, ends[1:], strict=False):
            own = at[low:high] if self.rows is None else self.rows[at[low:high]]
            found += texts(part, own - start, column)
        return found

    def wrapper_value(self, column: str, row: int = 0) -> str:
        """What a wrapper says of an entry; empty where there is none."""
        piece = self.part_of(row)
        events = self.parts[piece].events
        if column not in events.schema.names or events[column].null_count == len(events):
            return ""
        place = row if self.rows is None else int(self.rows[row])
        return str(events[column][place - int(self.starts[piece])].as_py() or "")

    def column(self, event: str, name: str) -> tuple[Ints, pa.ChunkedArray]:
        """A column of an event's tables: the entries that have the event, and their values."""
        rows, values = [np.empty(0, np.int64)], []
        for at, (column,) in self.batches(event, name):
            rows.append(at)
            values.append(column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column)
        return np.concatenate(rows), pa.chunked_array(values or [pa.nulls(0)])

    def own(self, rows: Ints) -> tuple[Ints, Bools | None]:
        """Of some rows of all pieces those of this lane, by their place in it; null: all are."""
        if self.rows is None or not len(self.rows):
            return rows, None
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        own = self.rows[at] == rows
        return at[own], own


def lane_of(batch: Batch) -> ContainerLog:
    """The logs of a batch as one lane."""
    part = batch.part
    component, level = codes(part.events["component"], COMPONENTS), codes(part.events["level"], LEVELS)
    return ContainerLog((part,), None, part.times(), component, level, batch)


def split_container_logs(parts: Sequence[SourcePart]) -> dict[str, ContainerLog]:
    """The split_container_logs of the pieces of a group: one, or one per container where a wrapper names several.

    A lane is named after the newest piece, and after its container where there are several.
    """
    whole = ContainerLog(
        tuple(parts),
        None,
        Times(chunk for part in parts for chunk in part.times().chunks),
        joined([codes(part.events["component"], COMPONENTS) for part in parts]),
        joined([codes(part.events["level"], LEVELS) for part in parts]),
    )
    newest = parts[-1].name
    numbers = _containers(parts)
    if numbers is None:
        return {newest: whole}
    found: dict[str, ContainerLog] = {}
    for number in pa.array(numbers).unique().to_pylist():
        lane = _taken(whole, np.flatnonzero(numbers == number))
        words = [lane.wrapper_value(name) for name in ("source_pod", "source_container")]
        name = " ".join(filter(None, [newest, words[0]]))
        found[name if name not in found else " ".join([name, words[1] or str(number)])] = lane
    return found


def _taken(lane: ContainerLog, own: Ints) -> ContainerLog:
    return ContainerLog(lane.parts, own, Times([lane.time[own]]), lane.component[own], lane.level[own])


def _containers(parts: Sequence[SourcePart]) -> Codes | None:
    """A number for the container that each entry's wrapper names; null if there is only one."""
    number, most = None, 1
    for name in ("source_namespace", "source_pod", "source_container"):
        if not all(name in part.events.schema.names for part in parts):
            continue
        said = {text for part in parts if len(part.events) for text in _distinct(part.events[name])}
        if len(said) < 2:
            continue
        words = sorted(text for text in said if text)
        place: Codes = joined([codes(part.events[name], words) for part in parts])
        most *= len(words) + 1
        wide = np.min_scalar_type(-most)
        number = place if number is None else number.astype(wide) * (len(words) + 1) + place + 1
    return number


def _distinct(column: pa.ChunkedArray) -> list[str | None]:
    if column.null_count == len(column):
        return [None]
    if column.num_chunks == 1 and len(column.chunk(0).dictionary) == 1 and not column.null_count:
        return [column.chunk(0).dictionary[0].as_py() or None]
    return [text or None for text in column.unique().to_pylist()]
