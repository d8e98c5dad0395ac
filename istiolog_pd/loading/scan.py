"""Logs of any size in batches: constant memory, and Parquet that is written while the log is read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import pyarrow as pa

from istiolog_pd.capture import Capture, SourceInfo
from istiolog_pd.engine import compiled, cutter
from istiolog_pd.engine.assemble import Assembly
from istiolog_pd.engine.choose_engine import given, read_ahead
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.engine.second_tier import claim_others, without_messages
from istiolog_pd.errors import DamageWarning
from istiolog_pd.loading.options import Options, progress_bar
from istiolog_pd.loading.source_log import component_of, with_marks
from istiolog_pd.runs.schema import RunOf
from istiolog_pd.sources.discover import Source, SourceLike, find
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

    def capture(self, events: pa.Table, tables: dict[str, pa.Table]) -> Capture:
        """The next batch."""
        first = int(events["line"][0].as_py())
        events, tables = with_marks(self.source, self.stream, events, tables)
        if self.stream.metadata is not None:
            self.stream.metadata.forget(first)
        run = RunOf(self.run)
        events = run.beside_events(events)
        tables = {event: run.beside(of) for event, of in tables.items()}
        info = SourceInfo(self.source.name, self.into.component, self.into.lines, len(events))
        return Capture(events, tables, (info,), files=self.files)


def scan_captures(sources: Sequence[SourceLike], options: Options, batch: int) -> Iterator[Capture]:
    """Read sources in batches; parameters, errors and warnings as `istiolog_pd.scan`."""
    run, found = 0, find(*sources, storage_options=options.storage_options, limits=options.limits)
    beside = sum(source.size or 0 for source in found)
    files = frozenset(source.identity for source in found if source.identity is not None)
    with progress_bar(beside) if options.progress else nullcontext() as update:
        for source in found:
            if source.kind != "log":
                continue
            for stream in unwrap(source.blocks(update), _noting(source)):
                if stream.is_tool_output:
                    for _ in stream.blocks:
                        pass
                    continue
                reading = _Reading(source, stream, run, compiled.Pieces(), beside, files)
                for part in _batches(reading, batch, options):
                    if not options.limited_in_time:
                        yield part
                    elif (chosen := part.between(options.start, options.end)).n_entries:
                        yield chosen
                run += 1


def _batches(reading: _Reading, batch: int, options: Options) -> Iterator[Capture]:
    name, into = reading.source.name, reading.into
    component, blocks = options.component or reading.source.hint, reading.stream.blocks
    head, small = read_ahead(blocks, reading.beside) if options.access is None else ([], True)
    if small:
        tables = reference.read(given(head, blocks), name, component, options.access)
        into.component, into.lines = component_of(tables), tables.lines
        if len(tables.events):
            yield reading.capture(tables.events, tables.tables)
        _warn(reading.source, tables.damage, tables.lines)
        return
    build = Assembly(name)
    size = min(cutter.CHUNK, batch << 7)

    def whole(build: Assembly) -> Capture:
        events, tables = claim_others(*build.tables(), detect=not component)
        return reading.capture(events if options.messages else without_messages(events), tables)

    pieces = compiled.pieces(given(head, blocks), into, component=component, chunk=size)
    for piece in compiled.dated(pieces, into, batch):
        build.add(piece)
        if build.entries >= batch:
            yield whole(build)
            build = Assembly(name, build.lines)
    if build.entries:
        yield whole(build)
    _warn(reading.source, into.close(), into.lines)


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
