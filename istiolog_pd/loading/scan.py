"""Logs of any size in batches: constant memory, and Parquet that is written while the log is read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import pyarrow as pa

from istiolog_pd.capture import Capture, SourceInfo
from istiolog_pd.engine import choose_engine
from istiolog_pd.engine.limits import together, within_limits
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.errors import DamageWarning
from istiolog_pd.loading.options import Options, progress_bar
from istiolog_pd.loading.source_log import place_of, with_marks, writer_of
from istiolog_pd.runs.proxies import ProxyOfLog
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
    #: The files of all sources.
    files: frozenset[tuple[int, int]]
    component: str = ""
    lines: int = 0
    #: What was left out of batches: values beyond the limits of their types.
    beyond: list[Damage] = field(default_factory=list)
    proxy: ProxyOfLog = field(init=False)

    def __post_init__(self) -> None:
        place = place_of(self.source, self.stream)
        self.proxy = ProxyOfLog(place["source_pod"], place["source_namespace"])

    def capture(self, events: pa.Table, tables: dict[str, pa.Table]) -> Capture:
        """The next batch."""
        first = int(events["line"][0].as_py())
        events, tables, beyond = within_limits(events, tables)
        self.beyond.extend(beyond.get(self.source.name, ()))
        events, tables = with_marks(self.source, self.stream, events, tables)
        if self.stream.metadata is not None:
            self.stream.metadata.forget(first)
        run = RunOf(self.run)
        events = run.beside_events(events)
        tables = {event: run.beside(of) for event, of in tables.items()}
        if self.component != "pilot":
            tables = self.proxy.beside(tables)
        info = SourceInfo(self.source.name, self.component, self.lines, len(events))
        return Capture(events, tables, (info,), files=self.files)


def scan_captures(sources: Sequence[SourceLike], options: Options, batch: int) -> Iterator[Capture]:
    """Read sources in batches; parameters, errors and warnings as `istiolog_pd.scan`."""
    run, found = 0, find(*sources, storage_options=options.storage_options, limits=options.limits)
    files = frozenset(source.identity for source in found if source.identity is not None)
    with progress_bar(sum(source.size or 0 for source in found)) if options.progress else nullcontext() as update:
        for source in found:
            if source.kind != "log":
                continue
            for stream in unwrap(source.blocks(update), _noting(source), options.limits):
                if stream.is_tool_output:
                    for _ in stream.blocks:
                        pass
                    continue
                reading = _Reading(source, stream, run, files)
                for part in _batches(reading, batch, options):
                    if not options.limited_in_time:
                        yield part
                    elif (chosen := part.between(options.start, options.end)).n_entries:
                        yield chosen
                run += 1


def _batches(reading: _Reading, batch: int, options: Options) -> Iterator[Capture]:
    name, blocks = reading.source.name, reading.stream.blocks
    component, messages = options.component or reading.source.hint, options.messages
    engine = choose_engine.native()
    if engine is None:
        tables = choose_engine.read_by_reference(blocks, name, component, options.access, messages=messages)
        reading.component, reading.lines = writer_of(tables), tables.lines
        if len(tables.events):
            yield reading.capture(tables.events, tables.tables)
        _warn(reading.source, together([*tables.damage, *reading.beyond]), tables.lines)
        return
    progress = engine.Progress(options.access)
    for found in engine.batches(blocks, name, progress, component=component, size=batch, messages=messages):
        reading.component, reading.lines = progress.component, progress.lines
        yield reading.capture(*found)
    _warn(reading.source, together([*progress.close(), *reading.beyond]), progress.lines)


def _warn(source: Source, damage: Sequence[Damage], lines: int) -> None:
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
