"""The container logs in a source: the tables of each, and the container it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from istiolog_pd.engine.choose_engine import read
from istiolog_pd.engine.limits import together, within_limits
from istiolog_pd.engine.program import component_of
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.engine.schema import EVENTS_SCHEMA
from istiolog_pd.loading.options import Options
from istiolog_pd.loading.seams import Edges, closed
from istiolog_pd.runs import SourcePart, piece_of, rotated_name
from istiolog_pd.runs.schema import with_line, with_place
from istiolog_pd.sources.discover import Source
from istiolog_pd.sources.limits import Limits
from istiolog_pd.sources.wrappers import LogStream, unwrap

#: The tables of a log whose rows were given away; to make them for each log takes longer than to read a small one.
GIVEN_AWAY = EVENTS_SCHEMA.empty_table()


@dataclass(slots=True)
class Log:
    """A container's log out of a source: its tables, and which container's it is."""

    source: Source
    stream: LogStream
    tables: SourceTables
    number: int
    entries: int
    #: Its first and last bytes, where it may go on in another source.
    edges: Edges | None = None

    def part(self) -> SourcePart:
        """The log for `arrange`, its rows with what place and wrapper tell of them.

        The rows are given away: nothing of them is held twice when columns are written anew.
        """
        source, stream = self.source, self.stream
        place, component = place_of(source, stream), writer_of(self.tables)
        events, tables = with_marks(source, stream, self.tables.events, self.tables.tables)
        self.tables = replace(self.tables, events=GIVEN_AWAY, tables={})
        self.stream = replace(stream, metadata=None)
        group, order = group_of(source), piece_of(source.name)[1] if source.owned else 0
        if stream.wrapper == "bug-report":
            group, order = group or source.name, self.number
        elif stream.wrapper and not source.group:
            group = ""
        return SourcePart(
            source.name,
            component,
            events,
            tables,
            place["source_pod"],
            place["source_namespace"],
            place["source_container"],
            group,
            order,
        )


def group_of(source: Source) -> str:
    """What the pieces of a container's log share; empty: it has no other."""
    return source.group or (piece_of(source.name)[0] if source.owned else "")


def place_of(source: Source, stream: LogStream) -> dict[str, str]:
    """Whose log a stream is, by its wrapper or else by the source's place; what is no text in it is replaced."""
    place = {
        "source_pod": stream.pod or source.pod,
        "source_namespace": stream.namespace or source.namespace,
        "source_container": stream.container or source.container,
    }
    # a damaged export or a file name can hold bytes that are no UTF-8, and JSON half of a surrogate pair
    return {name: text.encode(errors="surrogatepass").decode(errors="replace") for name, text in place.items()}


def with_marks(
    source: Source, stream: LogStream, events: pa.Table, tables: dict[str, pa.Table]
) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Tables of a bare log with what place and wrapper tell of each entry, and the lines of the source itself."""
    columns: dict[str, pa.ChunkedArray | str] = dict(place_of(source, stream))
    if stream.metadata is not None and len(events):
        marked = [stream.metadata.columns(chunk.to_numpy()) for chunk in events["line"].chunks]
        columns |= {name: pa.chunked_array([one[name] for one in marked]) for name in ("received", "stream")}
        events = with_line(events, pa.chunked_array([one["line"] for one in marked], pa.int64()))
        lines = events["line"].to_numpy()
        tables = {event: with_line(of, _of_rows(lines, of["row"])) for event, of in tables.items()}
    return with_place(events, columns), tables


def _of_rows(lines: npt.NDArray[np.int64], rows: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(lines[chunk.to_numpy()]) for chunk in rows.chunks], pa.int64())


def writer_of(tables: SourceTables) -> str:
    """Whose log some tables are of."""
    return component_of(set(tables.events["component"].unique().to_pylist()))


@dataclass(slots=True)
class WaitingLog:
    """A container's log that is to be read, and what its wrapper notes of it."""

    source: Source
    stream: LogStream
    number: int
    notes: list[Damage]


def waiting_logs(source: Source, blocks: Iterator[bytes], limits: Limits) -> Iterator[WaitingLog]:
    """The logs in a source, its wrapper taken off; read each through before the next is asked for."""
    notes: dict[str, Damage] = {}

    def note(line: int, what: str) -> None:
        notes.setdefault(what, Damage(what, line, 0)).lines += 1

    number = 0
    for stream in unwrap(blocks, note, limits):
        if stream.is_tool_output:
            for _ in stream.blocks:  # read through, for what follows in the source
                pass
            continue
        log = WaitingLog(source, stream, number, [])
        stream.blocks = _with_notes(stream.blocks, notes, log.notes)
        yield log
        number += 1


def _with_notes(blocks: Iterator[bytes], notes: dict[str, Damage], of_log: list[Damage]) -> Iterator[bytes]:
    """Blocks of a log; behind the last what was noted up to there is the log's."""
    yield from blocks
    of_log += notes.values()
    notes.clear()


def read_log(log: WaitingLog, options: Options) -> Log:
    """Read a log by itself."""
    source, stream = log.source, log.stream
    component = options.component or source.hint
    edges = Edges() if source.group else None
    blocks = stream.blocks if edges is None else edges.of(stream.blocks)
    tables = read(blocks, source.name, component, options.access, messages=options.messages)
    events, narrow, beyond = within_limits(tables.events, tables.tables)
    damage = [*placed(together([*tables.damage, *beyond.get(source.name, ())]), stream), *log.notes]
    tables = replace(tables, events=events, tables=narrow, damage=damage)
    return Log(source, stream, tables, log.number, len(events), edges)


def placed(damage: Sequence[Damage], stream: LogStream) -> list[Damage]:
    """Damage by the lines of the source, its wrapper's included."""
    if stream.metadata is None or not damage:
        return list(damage)
    lines = stream.metadata.columns(np.array([max(one.line, 1) for one in damage]))["line"].to_pylist()
    return [Damage(one.what, line, one.lines) for one, line in zip(damage, lines, strict=True)]


def close_seam(before: Log, after: Log, options: Options) -> None:
    """Make an entry whole that was cut between two pieces of one run."""
    names = before.source.name, after.source.name
    if before.source.group != after.source.group or before.edges is None or after.edges is None:
        return
    if rotated_name(names[0]) != rotated_name(names[1]):  # a log of the process before
        return
    found = closed(before.tables, after.tables, (before.edges, after.edges), names, options)
    for log, tables in zip((before, after), found or (), strict=False):
        log.tables, log.entries = tables, len(tables.events)
