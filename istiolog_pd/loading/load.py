"""Load sources into one Capture."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from typing import Any

from istiolog_pd.capture import Capture, SourceInfo
from istiolog_pd.engine.choose_engine import replay_head
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.errors import DamageWarning, NoLogError
from istiolog_pd.loading.damage import damage_of, why_empty
from istiolog_pd.loading.options import Options, progress_bar
from istiolog_pd.loading.other_files import bootstrap_head, may_be_bootstrap, metrics_text, node_from_bootstrap
from istiolog_pd.loading.source_log import Log, container_logs
from istiolog_pd.runs import Arranged, arrange, join, piece_of
from istiolog_pd.sources.discover import Source, SourceLike, find

#: Maximum number of warnings of one call; the last says how many more there are.
MAX_WARNINGS = 200
#: Maximum number of sources that the error about empty ones names.
MAX_REASONS = 20


def load_capture(sources: Sequence[SourceLike], options: Options) -> Capture:
    """Read sources whole; parameters, errors and warnings as `istiolog_pd.load`."""
    found = find(*sources, storage_options=options.storage_options, limits=options.limits)
    logs: list[Log] = []
    empty: list[tuple[Source, SourceTables | None]] = []
    nodes: list[tuple[str, dict[str, Any]]] = []
    metrics: list[tuple[str, str]] = []
    total = sum(source.size or 0 for source in found)
    with progress_bar(total) if options.progress else nullcontext() as update:
        for source in found:
            blocks = source.blocks(update)
            if source.kind == "metrics":
                metrics.append((source.name, metrics_text(blocks)))
                continue
            head = list(bootstrap_head(blocks))
            if (node := node_from_bootstrap(b"".join(head)) if may_be_bootstrap(head) else None) is not None:
                nodes.append((source.name, node))
                continue
            if not any(head) and not (head := list(islice(filter(None, blocks), 1))):
                empty.append((source, None))
                continue
            of_source = list(container_logs(source, replay_head(head, blocks), options))
            good = [log for log in of_source if _is_log(log.tables)]
            logs += good
            if not good:
                empty.append((source, of_source[0].tables if of_source else None))
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
    capture = replace(_capture(logs, tuple(nodes), tuple(metrics)), files=files)
    return capture.between(options.start, options.end) if options.limited_in_time else capture


def _is_log(tables: SourceTables) -> bool:
    """Whether a log has anything to read: a line with a header, or any text at all that is text."""
    binary = any(damage.what == "NUL bytes" for damage in tables.damage)
    return tables.recognised or (tables.events.num_rows > 0 and not binary)


def _just_rotated(source: Source, tables: SourceTables | None, logs: set[str]) -> bool:
    """Whether an empty source is the newest piece of a log whose other pieces are there: after a rotation it is so."""
    if source.damage or (tables is not None and len(tables.events)):
        return False
    return piece_of(source.name)[0] in logs


def _capture(
    logs: list[Log], nodes: tuple[tuple[str, dict[str, Any]], ...], metrics: tuple[tuple[str, str], ...]
) -> Capture:
    """One capture of all logs, arranged into runs: the rows of each follow those of the one before."""
    arranged = arrange([log.part() for log in logs])
    parts, runs, infos = list(arranged.parts), arranged.runs, _infos(logs, arranged)
    del arranged  # the tables are held by `parts` alone, which `join` uses up
    events, tables = join(parts, by_line=len(infos) < len(parts))
    return Capture(events, tables, tuple(infos.values()), nodes, runs, metrics)


def _infos(logs: list[Log], arranged: Arranged) -> dict[str, SourceInfo]:
    """What is said of each source, by its name."""
    infos: dict[str, list[SourceInfo]] = {}
    for at, part, note in zip(arranged.order, arranged.parts, arranged.notes, strict=True):
        texts = [text.partition(": ")[2] for text in damage_of(logs[at])]
        info = SourceInfo(
            part.name, part.component, logs[at].tables.lines, len(part.events), (*texts, *filter(None, [note]))
        )
        infos.setdefault(part.name, []).append(info)
    return {name: _together(of_source) for name, of_source in infos.items()}


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
