"""Parts -> runs: the pieces of each container's log in order, cut where a process ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from istiolog_pd.runs.container_log import split_container_logs
from istiolog_pd.runs.describe import Run, described
from istiolog_pd.runs.overlap import Span, first_time, without_overlap
from istiolog_pd.runs.schema import RunOf, run_table
from istiolog_pd.runs.source_part import SourcePart


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


def arrange(parts: Sequence[SourcePart]) -> Arranged:
    """Bring the pieces of each container's log into order, drop what stands in two, and cut them into runs.

    Parameters
    ----------
    parts
        The sources, in any order; groups stay in the order of their first piece.

    Returns
    -------
    Arranged
        The parts with their runs: numbers from 0, in the order of the groups and of time.
    """
    groups: dict[object, list[int]] = {}
    for at, part in enumerate(parts):
        groups.setdefault(part.group or at, []).append(at)
    done: list[SourcePart] = []
    order: list[int] = []
    notes: list[str] = []
    runs: list[Run] = []
    for places in groups.values():
        ordered = _in_order(parts, places)
        pieces, dropped = _once([parts[at] for at in ordered])
        numbered, found = _numbered(pieces, len(runs))
        done += numbered
        order += ordered
        notes += dropped
        runs += found
    return Arranged(tuple(done), tuple(order), run_table([run.row() for run in runs]), tuple(notes))


def _in_order(parts: Sequence[SourcePart], places: list[int]) -> list[int]:
    """The pieces of a group by their first time; those without one by their own order."""
    if len(places) == 1:
        return places
    return sorted(places, key=lambda at: (first_time(parts[at].times()[:]), parts[at].order))


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
