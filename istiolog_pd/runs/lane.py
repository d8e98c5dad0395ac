"""A lane: all entries of one container's log in the order of writing, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from istiolog_pd.formats.model import COMPONENTS
from istiolog_pd.runs.parts import NO_TIME, Bools, Codes, Ints, Part, codes, texts

#: Levels, most verbose first.
LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "critical"]


@dataclass(frozen=True)
class Lane:
    """One container's log: pieces one after the other, and of each the entries that are its own.

    `rows` holds, for each entry, its place in the concatenated pieces; all other arrays follow it.
    """

    parts: tuple[Part, ...]
    rows: Ints
    part: Codes
    time: Ints
    component: Codes
    level: Codes

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def starts(self) -> Ints:
        """Where each piece begins in the concatenated pieces."""
        return np.cumsum([0, *(len(part.events) for part in self.parts)])

    @cached_property
    def pauses(self) -> tuple[Ints, Ints]:
        """The entries that print a time, and the time since the one before; nothing for the first."""
        timed = np.flatnonzero(self.time != NO_TIME)
        return timed, np.diff(self.time[timed], prepend=self.time[timed[:1]])

    def rows_of(self, *events: str, component: str = "") -> Ints:
        """The entries of some events, in order; of one component if it is named."""
        rows = [
            part.tables[event]["row"].to_numpy() + start
            for start, part in zip(self.starts, self.parts, strict=False)
            for event in events
            if event in part.tables
        ]
        joined = np.sort(np.concatenate([np.empty(0, np.int64), *rows]), kind="stable")
        at, _ = self._own(joined)
        return at[self.is_of(component, at)] if component else at

    def is_of(self, component: str, at: Ints | slice = slice(None)) -> Bools:
        """Whether each entry was written by a component."""
        found: Bools = self.component[at] == COMPONENTS.index(component)
        return found

    def texts(self, at: Ints, column: str = "message") -> list[str]:
        """A text column of some entries; empty where it is null or was not kept."""
        found: list[str] = []
        for number, part in enumerate(self.parts):
            own = at[self.part[at] == number]
            found += texts(part, self.rows[own] - self.starts[number], column)
        return found

    def column(self, event: str, name: str) -> tuple[Ints, pa.ChunkedArray]:
        """A column of an event's tables: the entries that have the event, and their values."""
        rows, values = [np.empty(0, np.int64)], []
        for start, part in zip(self.starts, self.parts, strict=False):
            if event in part.tables:
                rows.append(part.tables[event]["row"].to_numpy() + start)
                column = part.tables[event][name]
                values.append(column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column)
        joined = np.concatenate(rows)
        if not values:
            return joined, pa.chunked_array([pa.nulls(0)])
        chunks = pa.chunked_array([chunk for column in values for chunk in column.chunks], values[0].type)
        at, own = self._own(joined)
        return at, (chunks if own is None else chunks.filter(pa.array(own)))

    def _own(self, rows: Ints) -> tuple[Ints, Bools | None]:
        """Of some rows of all pieces those of this lane, by their place in it; null: all are."""
        if len(self.rows) == self.starts[-1] or not len(self.rows):
            return rows, None
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        own = self.rows[at] == rows
        return at[own], own


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

    def joined(column: str, words: Sequence[str]) -> Codes:
        return np.concatenate([codes(part.events[column], list(words)) for part in parts])

    return Lane(
        parts,
        np.arange(sum(sizes)),
        np.repeat(np.arange(len(parts), dtype=np.int32), sizes),
        np.concatenate([part.times() for part in parts]),
        joined("component", COMPONENTS),
        joined("level", LEVELS),
    )


def _taken(lane: Lane, own: Ints) -> Lane:
    arrays = (lane.part[own], lane.time[own], lane.component[own], lane.level[own])
    return Lane(lane.parts, lane.rows[own], *arrays)


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
