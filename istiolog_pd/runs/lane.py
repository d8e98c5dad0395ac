"""A lane: all entries of one container's log in the order of writing, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.formats.model import COMPONENTS
from istiolog_pd.runs.parts import NO_TIME, Bools, Ints, Part, codes, texts

#: Levels, most verbose first.
LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "critical"]

_EVENTS = list(EVENTS)


@dataclass(frozen=True)
class Lane:
    """One container's log: pieces one after the other, and of each the entries that are its own.

    `rows` holds, for each entry, its place in the concatenated pieces; all other arrays follow it.
    """

    parts: tuple[Part, ...]
    rows: Ints
    part: Ints
    time: Ints
    component: Ints
    event: Ints
    level: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def is_event(self, *events: str) -> Bools:
        """Whether each entry is of one of some events."""
        return np.isin(self.event, [_EVENTS.index(event) for event in events])

    def is_of(self, component: str) -> Bools:
        """Whether each entry was written by a component."""
        found: Bools = self.component == COMPONENTS.index(component)
        return found

    def texts(self, at: Ints, column: str = "message") -> list[str]:
        """A text column of some entries; empty where it is null or was not kept."""
        starts = np.cumsum([0, *(len(part.events) for part in self.parts)])
        found: list[str] = []
        for number, part in enumerate(self.parts):
            own = at[self.part[at] == number]
            found += texts(part, self.rows[own] - starts[number], column)
        return found

    def column(self, event: str, name: str) -> tuple[Ints, pa.ChunkedArray]:
        """A column of an event's tables: the entries that have the event, and their values."""
        starts = np.cumsum([0, *(len(part.events) for part in self.parts)])
        rows, values = [np.empty(0, np.int64)], []
        for start, part in zip(starts, self.parts, strict=False):
            if event in part.tables:
                rows.append(part.tables[event]["row"].to_numpy() + start)
                column = part.tables[event][name]
                values.append(column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column)
        joined = np.concatenate(rows)
        if not values:
            return joined, pa.chunked_array([pa.nulls(0)])
        chunks = pa.chunked_array([chunk for column in values for chunk in column.chunks], values[0].type)
        return self._own(joined, chunks)

    def _own(self, rows: Ints, values: pa.ChunkedArray) -> tuple[Ints, pa.ChunkedArray]:
        """Of the rows of all pieces those of this lane, by their place in it."""
        if not len(self.rows) or not len(rows):
            return rows, values
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        own = self.rows[at] == rows
        return at[own], (values if own.all() else values.filter(pa.array(own)))


def lanes(parts: Sequence[Part]) -> list[Lane]:
    """The lanes of the pieces of a group: one, or one per container where a wrapper names several."""
    whole = _whole(tuple(parts))
    names = _containers(parts, len(whole))
    if names is None:
        return [whole]
    found = []
    for name in dict.fromkeys(names.tolist()):
        own = np.flatnonzero(names == name)
        found.append(_taken(whole, own))
    return found


def _whole(parts: tuple[Part, ...]) -> Lane:
    sizes = [len(part.events) for part in parts]

    def joined(column: str, words: list[str]) -> Ints:
        return np.concatenate([codes(part.events[column], words) for part in parts])

    return Lane(
        parts,
        np.arange(sum(sizes)),
        np.repeat(np.arange(len(parts)), sizes),
        np.concatenate([part.times() for part in parts]),
        joined("component", list(COMPONENTS)),
        joined("event", _EVENTS),
        joined("level", LEVELS),
    )


def _taken(lane: Lane, own: Ints) -> Lane:
    arrays = (lane.rows, lane.part, lane.time, lane.component, lane.event, lane.level)
    return Lane(lane.parts, *(array[own] for array in arrays))


def _containers(parts: Sequence[Part], size: int) -> Ints | None:
    """A number for the container that each entry's wrapper names; null if there is only one."""
    number = np.zeros(size, np.int64)
    for name in ("source_namespace", "source_pod", "source_container"):
        if not all(name in part.events.schema.names for part in parts):
            continue
        words = sorted({str(text) for part in parts for text in part.events[name].unique().to_pylist() if text})
        place = np.concatenate([codes(part.events[name], words) for part in parts]) + 1
        number = number * (len(words) + 1) + place
    return number if size and (number != number[0]).any() else None


def pauses(lane: Lane) -> tuple[Ints, Ints]:
    """The entries that print a time, and the time since the one before; nothing for the first."""
    timed = np.flatnonzero(lane.time != NO_TIME)
    return timed, np.diff(lane.time[timed], prepend=lane.time[timed[:1]])


def spans(of: npt.NDArray[np.bool_], starts: Ints) -> Ints:
    """How many entries of a kind there are from each start to the next."""
    return np.add.reduceat(of.astype(np.int64), starts)
