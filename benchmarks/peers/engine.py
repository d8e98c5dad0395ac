"""Our native engine alone, with messages: what `istiolog_pd.load` puts around it is the difference."""

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
