"""No contender, but what reading rows costs at least: `pyarrow.csv` on a CSV of the job's columns and the messages."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from benchmarks.job import Job
from benchmarks.peers import regex
from benchmarks.peers.regex import rows, table

__all__ = ["prepare", "read", "rows", "table"]


def _csv(path: Path) -> Path:
    return path.with_suffix(".csv")


def prepare(path: Path, job: Job) -> None:
    """Write the CSV of a log."""
    if not _csv(path).exists():
        found = regex.read(path, job)
        messages = [line.rsplit("\t", 1)[-1] for line in path.read_text(encoding="utf-8").splitlines()]
        csv.write_csv(found.append_column("message", pa.array(messages)), _csv(path))


def read(path: Path, job: Job) -> pa.Table:
    """Read it."""
    types = {"level": pa.string(), "scope": pa.string(), "event": pa.string(), "push_type": pa.string()}
    options = csv.ConvertOptions(column_types={"timestamp": pa.timestamp("ns"), **types}, strings_can_be_null=True)
    return csv.read_csv(_csv(path), convert_options=options, parse_options=csv.ParseOptions())
