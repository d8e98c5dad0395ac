"""PCRE2 with its just-in-time compiler (`pcre2`), else as `re`."""

from __future__ import annotations

from pathlib import Path

import pcre2
import pyarrow as pa

from benchmarks.job import Job
from benchmarks.peers import regex
from benchmarks.peers.regex import rows, table

__all__ = ["read", "rows", "table"]


def read(path: Path, job: Job) -> pa.Table:
    """A table of all entries."""
    return regex.read(path, job, pcre2.compile)
