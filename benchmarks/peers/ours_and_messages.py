"""Our engine, which keeps the text of every message too: what `istiolog_pd.load` does, unless told otherwise."""

from __future__ import annotations

from pathlib import Path

from benchmarks.job import Job
from benchmarks.peers.ours import blocks, rows, table
from istiolog_pd.engine import native
from istiolog_pd.engine.reference.reader import SourceTables

__all__ = ["read", "rows", "table"]


def read(path: Path, job: Job) -> SourceTables:
    """All tables and messages, on the cores that the process may use."""
    return native.read(blocks(path), path.name)
