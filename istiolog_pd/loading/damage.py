"""What is damaged in a source, in words."""

from __future__ import annotations

from collections.abc import Iterator

from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.loading.source_log import Log
from istiolog_pd.sources.discover import Source


def why_empty(source: Source, tables: SourceTables | None) -> str:
    """Why a source has no log, and where."""
    if tables is not None and tables.events.num_rows:
        return f"{source.name}: no line of a log in it, and NUL bytes: it is binary (is it the right file?)"
    if source.damage:
        return f"{source.name}: {source.damage[0]}"
    return f"{source.name}: it is empty"


def damage_of(log: Log) -> Iterator[str]:
    """Every sort of damage in a log, with source and line."""
    source, tables = log.source, log.tables
    for damage in tables.damage:
        if damage.what == reference.CUT and source.damage:
            continue  # it is cut where the data ends
        more = f" (the first of {damage.lines:,} lines)" if damage.lines > 1 else ""
        yield f"{source.name}:{damage.line}: {damage.what}{more}"
    for text in source.damage if log.number == 0 else ():
        yield f"{source.name}:{tables.lines}: {text}"
    if not tables.recognized:
        yield f"{source.name}:1: no line of it looks like a log of Istio or Envoy: kept as `unparsed`"
