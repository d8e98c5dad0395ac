"""What users call: `istiolog_pd.load`, which keeps the text of every message unless told otherwise."""

from __future__ import annotations

from pathlib import Path

import istiolog_pd as il
from benchmarks.job import Job
from benchmarks.peers.ours import Found, rows, table

__all__ = ["read", "rows", "table"]


def read(path: Path, job: Job) -> Found:
    """All tables and messages, on the cores that the process may use."""
    return il.load(path)
