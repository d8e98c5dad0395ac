"""Many small logs, read in one pass: what is done once for each table is done once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd.engine import native
from istiolog_pd.engine._native import Worker
from istiolog_pd.engine.limits import together, within_limits
from istiolog_pd.engine.program import KNOWN_BY_STATEMENTS, UNKNOWN, component_of, program_of
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.engine.reference.reader import SAMPLE
from istiolog_pd.formats.access_log_format import AccessFormat


@dataclass(frozen=True, slots=True)
class SmallLog:
    """A log to be read: the name of its source, which no other has, its bytes, and the component if that is known."""

    source: str
    text: bytes
    component: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one of several logs: as `istiolog_pd.engine.reference.reader.SourceTables` for one."""

    component: str
    entries: int
    lines: int
    damage: list[Damage]
    recognized: bool


@dataclass(frozen=True, slots=True)
class ManyTables:
    """The tables of several logs: the entries of one behind those of the other, and what was found of each."""

    events: pa.Table
    tables: dict[str, pa.Table]
    logs: list[Found]


def read_many(logs: Sequence[SmallLog], access: AccessFormat | None = None, *, messages: bool = True) -> ManyTables:
    """Read logs as the native engine reads each of them by itself.

    Parameters
    ----------
    logs
        At least one.
    access, messages
        As in `istiolog_pd.engine.choose_engine.read`.
    """
    catalog = native.catalog(access)
    worker, progress = Worker(catalog), native.Progress(access, catalog)
    tables = native.Tables(logs[0].source, progress)
    read: list[tuple[int, native.Progress]] = []
    matches: list[dict[str, int]] = []
    for number, log in enumerate(logs):
        progress = native.Progress(access, catalog)
        if number:
            tables.begin_source(log.source)
        segments = [(log.text, 0, len(log.text))]
        progress.see(worker.sample(segments, SAMPLE)[:3], log.component)
        piece = worker.parse(segments, progress.component, progress.mixed, messages)
        read.append((piece.entries, progress))
        matches.append({} if log.component else dict(piece.matches))
        tables.add(progress.take(piece))
    events, narrow = tables.take(detect=False)
    programs = _programs_of(logs, read, matches, events)
    if programs:
        events, narrow = (
            _written_by(programs, events),
            {event: _written_by(programs, of) for event, of in narrow.items()},
        )
    events, narrow, beyond = within_limits(events, narrow)
    components = _components(events["component"], np.cumsum([0, *(entries for entries, _ in read)])[:-1])
    found = [
        Found(of, entries, one.lines, list(together([*one.close(), *beyond.get(log.source, ())])), one.recognized)
        for log, (entries, one), of in zip(logs, read, components, strict=True)
    ]
    return ManyTables(events, narrow, found)


def _components(column: pa.ChunkedArray, starts: npt.NDArray[np.int64]) -> list[str]:
    """The component that each log is of."""
    words, codes = _coded(column)
    return [component_of({words[code] for code in set(own.tolist())}) for own in np.split(codes, starts[1:])]


def _coded(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The words of a column of repeated texts, and the number of each row's; -1 for none."""
    whole = one_chunk(column)
    codes: npt.NDArray[np.int32] = pc.fill_null(whole.indices, -1).to_numpy()
    return whole.dictionary.to_pylist(), codes


def _programs_of(
    logs: Sequence[SmallLog], read: list[tuple[int, native.Progress]], matches: list[dict[str, int]], events: pa.Table
) -> dict[str, str]:
    """The program of `KNOWN_BY_STATEMENTS` that wrote a log, by its source."""
    if not any(of.get(name) for of in matches for name in KNOWN_BY_STATEMENTS):
        return {}
    event_words, event = _coded(events["event"])
    writer_words, writer = _coded(events["component"])
    unknown = [number for number, word in enumerate(event_words) if word in UNKNOWN]
    own = [number for number, word in enumerate(writer_words) if word in ("pilot", "agent")]
    number = np.repeat(np.arange(len(logs)), [entries for entries, _ in read])
    known = np.bincount(number[np.isin(writer, own) & ~np.isin(event, unknown)], minlength=len(logs))
    programs = [program_of(of, count) for of, count in zip(matches, known.tolist(), strict=True)]
    return {log.source: who for log, who in zip(logs, programs, strict=True) if who}


def _written_by(who: dict[str, str], table: pa.Table) -> pa.Table:
    """A table with a program, by source, in the place of pilot or the agent."""
    sources, source = _coded(table["source"])
    writers, writer = _coded(table["component"])
    to = list(dict.fromkeys([*writers, *who.values()]))
    writer = writer.copy()
    replaced = np.isin(writer, [number for number, word in enumerate(writers) if word in ("pilot", "agent")])
    for number, word in enumerate(sources):
        if word in who:
            writer[replaced & (source == number)] = to.index(who[word])
    at = table.schema.get_field_index("component")
    column = pa.DictionaryArray.from_arrays(pa.array(writer, pa.int32(), mask=writer < 0), pa.array(to, pa.string()))
    return table.set_column(at, table.schema.field(at), column)
