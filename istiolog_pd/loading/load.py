"""Load sources into one Capture."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from istiolog_pd.capture import Capture, SourceInfo
from istiolog_pd.engine.choose_engine import replay_head
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.errors import DamageWarning, NoLogError
from istiolog_pd.loading.damage import damage_of, why_empty
from istiolog_pd.loading.options import Options, Progress, progress_bar
from istiolog_pd.loading.other_files import bootstrap_head, may_be_bootstrap, metrics_text, node_from_bootstrap
from istiolog_pd.loading.small_logs import SmallLogs, Together
from istiolog_pd.loading.source_log import Log, close_seam, read_log, waiting_logs
from istiolog_pd.runs import Arranged, arrange, join, piece_of
from istiolog_pd.runs.proxies import with_proxies
from istiolog_pd.sources.discover import Source, SourceLike, find

#: Maximum number of warnings of one call; the last says how many more there are.
MAX_WARNINGS = 200
#: Maximum number of sources that the error about empty ones names.
MAX_REASONS = 20


def load_capture(sources: Sequence[SourceLike], options: Options) -> Capture:
    """Read sources whole; parameters, errors and warnings as `istiolog_pd.load`."""
    found = find(*sources, storage_options=options.storage_options, limits=options.limits)
    read = _Read(options, Together.of(found, options))
    with progress_bar(sum(source.size or 0 for source in found)) if options.progress else nullcontext() as update:
        for source in found:
            read.take(source, update)
        read.close()
    logs, empty, nodes, metrics = list(read.logs()), read.empty(), read.nodes, read.metrics
    if not logs and not nodes:
        alone = [f"{name}: metrics of a control plane, and no log beside them" for name, _ in metrics]
        reasons = [*(why_empty(*one) for one in empty), *alone]
        more = f"; and {len(reasons) - MAX_REASONS:,} more" if len(reasons) > MAX_REASONS else ""
        raise NoLogError("nothing to read: " + "; ".join(reasons[:MAX_REASONS]) + more)
    rotated = {piece_of(log.source.name)[0] for log in logs if log.source.owned}
    said = [why_empty(*one) for one in empty if not _just_rotated(*one, rotated)]
    said += dict.fromkeys(text for log in logs for text in damage_of(log))
    for text in said[:MAX_WARNINGS]:
        warnings.warn(text, DamageWarning, stacklevel=3)
    if len(said) > MAX_WARNINGS:
        more = f"{len(said) - MAX_WARNINGS:,} more such warnings: `sources` of the capture has them all"
        warnings.warn(more, DamageWarning, stacklevel=3)
    files = frozenset(source.identity for source in found if source.identity is not None)
    capture = replace(_capture(read.parts, tuple(nodes), tuple(metrics)), files=files)
    return capture.between(options.start, options.end) if options.limited_in_time else capture


@dataclass(slots=True)
class _Read:
    """What was read of sources, in their order."""

    options: Options
    small: Together
    parts: list[Log | SmallLogs] = field(default_factory=list)
    #: The sources of logs, and the first tables of those in which nothing is a log.
    taken: list[tuple[Source, SourceTables | None]] = field(default_factory=list)
    nodes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    metrics: list[tuple[str, str]] = field(default_factory=list)

    def take(self, source: Source, update: Progress | None) -> None:
        """Read the next source, or keep it to be read with others."""
        blocks = source.blocks(update)
        if source.kind == "metrics":
            self.metrics.append((source.name, metrics_text(blocks)))
            return
        head = list(bootstrap_head(blocks))
        if (node := node_from_bootstrap(b"".join(head)) if may_be_bootstrap(head) else None) is not None:
            self.nodes.append((source.name, node))
            return
        if not any(head) and not (head := list(islice(filter(None, blocks), 1))):
            self.taken.append((source, None))
            return
        tables: SourceTables | None = None
        good: list[Log] = []
        before = len(self.parts)
        for waiting in waiting_logs(source, replay_head(head, blocks), self.options.limits):
            if self.small.takes(waiting):
                if self.small.is_full:
                    self.close()
                continue
            self.close()
            log = read_log(waiting, self.options)
            if _is_log(log.tables):
                good.append(log)
                self.parts.append(log)
            else:
                tables = tables or log.tables
        if len(good) == 1 and before == len(self.parts) - 1 and before and isinstance(last := self.parts[-2], Log):
            close_seam(last, good[0], self.options)
            last.edges = None
        self.taken.append((source, tables))

    def close(self) -> None:
        """Read what was kept."""
        if (small := self.small.read()) is not None:
            self.parts.append(small)

    def logs(self) -> Iterator[Log]:
        """Every log."""
        for part in self.parts:
            yield from part.logs if isinstance(part, SmallLogs) else [part]

    def empty(self) -> list[tuple[Source, SourceTables | None]]:
        """The sources that hold no log."""
        with_logs = {id(log.source) for log in self.logs()}
        return [one for one in self.taken if id(one[0]) not in with_logs]


def _is_log(tables: SourceTables) -> bool:
    """Whether a log has anything to read: a line with a header, or any text at all that is text."""
    binary = any(damage.what == "NUL bytes" for damage in tables.damage)
    return tables.recognized or (tables.events.num_rows > 0 and not binary)


def _just_rotated(source: Source, tables: SourceTables | None, logs: set[str]) -> bool:
    """Whether an empty source is the newest piece of a log whose other pieces are there: after a rotation it is so."""
    if source.damage or (tables is not None and len(tables.events)):
        return False
    return piece_of(source.name)[0] in logs


def _capture(
    read: list[Log | SmallLogs], nodes: tuple[tuple[str, dict[str, Any]], ...], metrics: tuple[tuple[str, str], ...]
) -> Capture:
    """One capture of all logs, arranged into runs: the rows of each follow those of the one before."""
    arranged = arrange([part.part() for part in read])
    parts, runs, infos = list(arranged.parts), arranged.runs, _infos(read, arranged)
    del arranged  # the tables are held by `parts` alone, which `join` uses up
    logs = sum(len(one.logs) if isinstance(one, SmallLogs) else 1 for one in read)
    events, tables = join(parts, list(infos) if len(infos) < logs else None)
    return Capture(events, with_proxies(tables, runs), tuple(infos.values()), nodes, runs, metrics)


def _infos(read: list[Log | SmallLogs], arranged: Arranged) -> dict[str, SourceInfo]:
    """What is said of each source, by its name."""
    infos: dict[str, list[SourceInfo]] = {}
    for at, part, note in zip(arranged.order, arranged.parts, arranged.notes, strict=True):
        one = read[at]
        if isinstance(one, SmallLogs):
            for log, owner in zip(one.logs, one.batch.owners, strict=True):
                infos.setdefault(owner.source, []).append(_info(log, owner.component, log.entries))
        else:
            infos.setdefault(part.name, []).append(_info(one, part.component, len(part.events), note))
    return {name: _together(of_source) for name, of_source in infos.items()}


def _info(log: Log, component: str, entries: int, note: str = "") -> SourceInfo:
    texts = [text.partition(": ")[2] for text in damage_of(log)]
    return SourceInfo(log.source.name, component, log.tables.lines, entries, (*texts, *filter(None, [note])))


def _together(infos: list[SourceInfo]) -> SourceInfo:
    """What is said of a source that may hold the logs of several containers."""
    if len(infos) == 1:
        return infos[0]
    return SourceInfo(
        infos[0].name,
        infos[0].component,
        sum(info.lines for info in infos),
        sum(info.entries for info in infos),
        tuple(dict.fromkeys(text for info in infos for text in info.damage)),
    )
