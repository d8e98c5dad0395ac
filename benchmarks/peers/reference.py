"""Our reference interpreter: the oracle of the engine's tests, one entry at a time."""

from __future__ import annotations

from pathlib import Path

from benchmarks.job import Job
from benchmarks.peers.ours import blocks, rows, table
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.reader import SourceTables

__all__ = ["read", "rows", "table"]


def read(path: Path, job: Job) -> SourceTables:
    """All tables."""
    return reference.read(blocks(path), path.name)
