"""What users call: `istiolog_pd.load`, without the text of the messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

import istiolog_pd as il
from benchmarks.job import COMMON, TYPES, Job, typed
from istiolog_pd.engine.reference.reader import SourceTables

BLOCK = 1 << 20

Found = il.Capture | SourceTables


def blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def read(path: Path, job: Job) -> Found:
    """All tables, on the cores that the process may use."""
    return il.load(path, messages=False)


def rows(found: Found) -> int:
    """The entries."""
    return int(found.events.num_rows)


def table(found: Found, job: Job) -> dict[str, pa.Table]:
    """The columns of the job."""
    types = {"timestamp": pa.int64(), **dict.fromkeys(COMMON[1:], pa.string())}
    tables = {"": typed(found.events, types)}
    for detail in job.details:
        tables[detail.event] = typed(
            found.tables[detail.event], {name: TYPES[sort] for name, sort in detail.fields.items()}
        )
    return tables
