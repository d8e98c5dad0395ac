"""Logs of any size in batches: constant memory, and Parquet that is written while the log is read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from istiolog_pd.capture import Capture, SourceInfo
from istiolog_pd.engine import compiled, cutter
from istiolog_pd.engine.assemble import Assembly
from istiolog_pd.engine.limits import together, within_limits
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.readers import DamageWarning
from istiolog_pd.reading import component_of, given, read_ahead, with_marks
from istiolog_pd.runs.schema import RunOf
from istiolog_pd.sources.discover import Limits, Source, SourceLike, find
from istiolog_pd.sources.limits import LIMITS
from istiolog_pd.sources.wrappers import LogStream, unwrap

#: Entries of a batch.
BATCH = 1 << 18


@dataclass(slots=True)
class _Reading:
    """A container's log that is being read in batches."""

    source: Source
    stream: LogStream
    run: int
    into: compiled.Pieces
    #: The size of all sources.
    beside: int
    #: The files of all sources.
    files: frozenset[tuple[int, int]]
    #: What was left out of batches as beyond the limits of times and durations.
    beyond: list[Damage] = field(default_factory=list)

    def capture(self, events: pa.Table, tables: dict[str, pa.Table]) -> Capture:
        """The next batch."""
        first = int(events["line"][0].as_py())
        events, tables, beyond = within_limits(events, tables)
        self.beyond.extend(beyond)
        events, tables = with_marks(self.source, self.stream, events, tables)
        if self.stream.metadata is not None:
            self.stream.metadata.forget(first)
        run = RunOf(self.run)
        events = run.beside_events(events)
        tables = {event: run.beside(of) for event, of in tables.items()}
        info = SourceInfo(self.source.name, self.into.component, self.into.lines, len(events))
        return Capture(events, tables, (info,), files=self.files)


def scan(
    *sources: SourceLike,
    batch: int = BATCH,
    component: str | None = None,
    messages: bool = True,
    limits: Limits = LIMITS,
) -> Iterator[Capture]:
    """Read logs of any size in batches, in constant memory.

    Parameters
    ----------
    sources
        As in `istiolog_pd.load`. Standard input and files that still grow are read as far as they come.
    batch
        About so many entries are in a batch (int). A batch holds entries of one container's log only.
    component
        As in `istiolog_pd.load`.
    messages
        Whether to keep the text of each entry.
    limits
        As in `istiolog_pd.load`.

    Yields
    ------
    Capture
        The next entries, in file order. `row` counts within the batch, `line` over the whole source. `run`
        numbers the logs: process runs are told only by `istiolog_pd.load`, which sees all of a log.

    Raises
    ------
    FileNotFoundError, NoLogError, ValueError
        As `istiolog_pd.load`.

    Warns
    -----
    DamageWarning
        What is damaged in a source, once it is read.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> sum(len(part) for part in il.scan("data/istiod-1.30.3/discovery.log.gz", batch=5000))
    3874
    """
    if component not in (None, "pilot", "agent", "ztunnel"):
        raise ValueError(f"component is 'pilot', 'agent', 'ztunnel' or None, not {component!r}")
    run, found = 0, find(*sources, limits=limits)
    beside = sum(source.size or 0 for source in found)
    files = frozenset(source.identity for source in found if source.identity is not None)
    for source in found:
        if source.kind != "log":
            continue
        for stream in unwrap(source.blocks(), _noting(source)):
            if stream.is_tool_output:
                for _ in stream.blocks:
                    pass
                continue
            reading = _Reading(source, stream, run, compiled.Pieces(), beside, files)
            yield from _batches(reading, batch, component or source.hint, messages=messages)
            run += 1


def _batches(reading: _Reading, batch: int, component: str, *, messages: bool) -> Iterator[Capture]:
    head, small = read_ahead(reading.stream.blocks, reading.beside)
    name, into = reading.source.name, reading.into
    if small:
        tables = reference.read(head, name, component)
        into.component, into.lines = component_of(tables), tables.lines
        if len(tables.events):
            yield reading.capture(tables.events, tables.tables)
        _warn(reading.source, [*tables.damage, *reading.beyond], tables.lines)
        return
    build = Assembly(name)
    blocks = given(head, reading.stream.blocks)
    size = min(cutter.CHUNK, batch << 7)
    found = compiled.pieces(blocks, into, component=component, chunk=size, messages=messages)
    for piece in compiled.dated(found, into, batch):
        build.add(piece)
        if build.entries >= batch:
            yield reading.capture(*build.tables())
            build = Assembly(name, build.lines)
    if build.entries:
        yield reading.capture(*build.tables())
    _warn(reading.source, [*into.close(), *together(reading.beyond)], into.lines)


def _warn(source: Source, damage: list[Damage], lines: int) -> None:
    for one in damage:
        if one.what != reference.CUT or not source.damage:
            more = f" (the first of {one.lines:,} lines)" if one.lines > 1 else ""
            warnings.warn(f"{source.name}:{one.line}: {one.what}{more}", DamageWarning, stacklevel=4)
    for text in source.damage:
        warnings.warn(f"{source.name}:{lines}: {text}", DamageWarning, stacklevel=4)


def _noting(source: Source) -> Callable[[int, str], None]:
    """Warn of each sort of misfit once, where it is first met."""
    seen: set[str] = set()

    def note(line: int, what: str) -> None:
        if what not in seen:
            seen.add(what)
            warnings.warn(f"{source.name}:{line}: {what}", DamageWarning, stacklevel=4)

    return note
