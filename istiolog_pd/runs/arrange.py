"""Parts -> runs: the pieces of each container's log in order, cut where a process ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from istiolog_pd.runs.container_log import lane_of, split_container_logs
from istiolog_pd.runs.describe import Run, described
from istiolog_pd.runs.overlap import Span, first_time, without_overlap
from istiolog_pd.runs.schema import RunOf, run_table
from istiolog_pd.runs.source_part import Batch, SourcePart


@dataclass(frozen=True)
class Arranged:
    """Parts in the order to be put one behind the other.

    Parameters
    ----------
    parts
        The parts; their tables have the column `run`, and no entry that stands in two of them.
    order
        The place that each of them had among the parts given.
    runs
        One row per run, as `istiolog_pd.capture.Capture.runs` says.
    notes
        For each part what was left out of it, in words; empty if nothing was.
    """

    parts: tuple[SourcePart, ...]
    order: tuple[int, ...]
    runs: pd.DataFrame
    notes: tuple[str, ...]


def arrange(parts: Sequence[SourcePart | Batch]) -> Arranged:
    """Bring the pieces of each container's log into order, drop entries found in two, and split them into runs.

    Parameters
    ----------
    parts
        The sources, in any order; groups stay in the order of their first piece. A batch is one part of the result.

    Returns
    -------
    Arranged
        The parts with their runs: numbers from 0, in the order of the groups and of time.
    """
    groups: dict[object, list[int]] = {}
    for at, part in enumerate(parts):
        groups.setdefault(at if isinstance(part, Batch) else part.group or at, []).append(at)
    done: list[SourcePart] = []
    order: list[int] = []
    notes: list[str] = []
    runs: list[Run] = []
    for places in groups.values():
        if isinstance(batch := parts[places[0]], Batch):
            ordered, dropped = places, [""]
            numbered, found = _numbered_in(batch, len(runs))
        else:
            group = {at: part for at in places if isinstance(part := parts[at], SourcePart)}
            ordered = _in_order(group)
            pieces, dropped = _once([group[at] for at in ordered])
            numbered, found = _numbered(pieces, len(runs))
        done += numbered
        order += ordered
        notes += dropped
        runs += found
    return Arranged(tuple(done), tuple(order), run_table([run.row() for run in runs]), tuple(notes))


def _in_order(group: dict[int, SourcePart]) -> list[int]:
    """The pieces of a group by their first time; those without one by their own order."""
    if len(group) == 1:
        return list(group)
    return sorted(group, key=lambda at: (first_time(group[at].times()[:]), group[at].order))


def _once(pieces: list[SourcePart]) -> tuple[list[SourcePart], list[str]]:
    """The pieces without the entries that an earlier one holds already."""
    notes = [""] * len(pieces)
    spans = [Span.of(piece.printed()[:]) for piece in pieces] if len(pieces) > 1 else []
    for n in range(1, len(pieces)):
        for m in range(n - 1, -1, -1):
            kept = without_overlap(pieces[m], pieces[n]) if spans[m].holds(spans[n].head) else None
            if kept is None:
                continue
            for at, keep, other in ((m, kept[0], n), (n, kept[1], m)):
                if not keep.all():
                    count = int((~keep).sum())
                    more = f"{count:,} entries that stand in {pieces[other].name} too are left out"
                    notes[at] = "; ".join(filter(None, (notes[at], more)))
                    pieces[at] = pieces[at].kept(keep)
            break
    return pieces, notes


def _numbered(pieces: list[SourcePart], offset: int) -> tuple[list[SourcePart], list[Run]]:
    """The pieces of one group with their runs, the earliest run first."""
    found = [one for name, lane in split_container_logs(pieces).items() for one in described(lane, name)]
    found.sort(key=lambda one: one[1].begins)
    sizes = [len(piece.events) for piece in pieces]
    several = len(found) > 1
    run = np.zeros(sum(sizes) if several else 0, np.min_scalar_type(len(found)))
    for number, (rows, _) in enumerate(found if several else ()):
        run[rows] = number
    numbered, start = [], 0
    for piece, size in zip(pieces, sizes, strict=True):
        own = RunOf(run[start : start + size] if several else 0, offset)
        start += size
        # The events first: their chunks are the longest, and the others share memory with them.
        events = own.beside_events(piece.events)
        tables = {event: own.beside(table) for event, table in piece.tables.items()}
        numbered.append(replace(piece, events=events, tables=tables))
    return numbered, [replace(one, number=offset + number) for number, (_, one) in enumerate(found)]


def _numbered_in(batch: Batch, offset: int) -> tuple[list[SourcePart], list[Run]]:
    """The logs of a batch with their runs: of each log the earliest first."""
    found = list(described(lane_of(batch), ""))
    log = np.searchsorted(batch.starts, [rows.start for rows, _ in found if isinstance(rows, slice)], side="right")
    order = sorted(range(len(found)), key=lambda n: (log[n], found[n][1].begins))
    numbers = np.empty(len(found), np.int64)
    numbers[order] = np.arange(len(found))
    run = np.repeat(numbers, [one.entries for _, one in found])
    own = RunOf(run, offset)
    events = own.beside_events(batch.part.events)
    tables = {event: own.beside(table) for event, table in batch.part.tables.items()}
    runs = [replace(found[n][1], number=offset + number) for number, n in enumerate(order)]
    return [replace(batch.part, events=events, tables=tables)], runs
