"""Our engine: all events and all their columns, not only those of the job; as in the job, no texts of messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from benchmarks.job import COMMON, TYPES, Job, typed
from istiolog_pd.engine import native
from istiolog_pd.engine.reference.reader import SourceTables

BLOCK = 1 << 20


def blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def read(path: Path, job: Job) -> SourceTables:
    """All tables, on the cores that the process may use."""
    return native.read(blocks(path), path.name, messages=False)


def rows(found: SourceTables) -> int:
    """The entries."""
    return int(found.events.num_rows)


def table(found: SourceTables, job: Job) -> dict[str, pa.Table]:
    """The columns of the job."""
    types = {"timestamp": pa.int64(), **dict.fromkeys(COMMON[1:], pa.string())}
    tables = {"": typed(found.events, types)}
    for detail in job.details:
        tables[detail.event] = typed(
            found.tables[detail.event], {name: TYPES[sort] for name, sort in detail.fields.items()}
        )
    return tables
