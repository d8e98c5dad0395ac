"""Batches -> Parquet or CSV, written while the logs are read: constant memory, however long they are."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from istiolog_pd.capture import Capture
from istiolog_pd.export.atomic import refuse_sources, replacing, replacing_folder
from istiolog_pd.export.tables import (
    ROW,
    Exported,
    checked,
    csv_writer,
    exported_tables,
    is_export,
    one_table,
    parquet_writer,
    write_csv,
)


@dataclass(slots=True)
class _Writers:
    """A Parquet writer for each table, opened when its first rows come."""

    folder: Path
    stack: ExitStack
    rows: int = 0
    writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    def write(self, table: Exported) -> None:
        """Append a table's rows."""
        if table.name not in self.writers:
            file = self.stack.enter_context((self.folder / f"{table.name}.parquet").open("xb"))
            self.writers[table.name] = self.stack.enter_context(parquet_writer(file, table.schema))
        for part in table.exported():
            self.writers[table.name].write_table(_shifted(part, self.rows))


def _shifted(table: pa.Table, by: int) -> pa.Table:
    """`row` counts over all batches."""
    at = table.schema.get_field_index(ROW.name)
    return table.set_column(at, table.schema.field(at), pc.add(table[ROW.name], by)) if by else table


def stream_to_parquet(
    batches: Iterable[Capture], path: str | os.PathLike[str], *, events: str | list[str] | None = None
) -> int:
    """Write batches as `istiolog_pd.export.tables.to_parquet` writes a capture; returns how many entries.

    Parameters
    ----------
    batches
        Of `istiolog_pd.scan`.
    path, events
        As for `to_parquet`.

    Raises
    ------
    ValueError, FileExistsError, OSError
        As `to_parquet`.

    Notes
    -----
    `row` counts over all batches. The metadata of a file that is written as it is read cannot name what
    was damaged further on.

    Examples
    --------
    >>> import tempfile
    >>> import istiolog_pd as il
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stream_to_parquet(il.scan("data/seed/pilot.log"), f"{folder}/tables")
    68
    """
    path, names, total = Path(path), checked(events), 0
    if path.suffix == ".parquet":
        with replacing(path) as file, ExitStack() as stack:
            writer = None
            for batch in batches:
                refuse_sources(path, batch.files)
                table = one_table(_unnamed(batch), events)
                writer = writer or stack.enter_context(parquet_writer(file, table.schema))
                for part in table.exported():
                    writer.write_table(_shifted(part, total))
                total += batch.n_entries
        return total
    with replacing_folder(path, is_export) as folder, ExitStack() as stack:
        writers = _Writers(folder, stack)
        for batch in batches:
            for table in exported_tables(_unnamed(batch), names):
                writers.write(table)
            writers.rows = total = total + batch.n_entries
    return total


def stream_to_csv(
    batches: Iterable[Capture],
    target: str | os.PathLike[str] | IO[bytes],
    *,
    events: str | list[str] | None = None,
    safe: bool | None = None,
) -> int:
    """Write batches as `istiolog_pd.export.tables.to_csv` writes a capture; returns how many entries.

    Parameters
    ----------
    batches
        Of `istiolog_pd.scan`.
    target, events, safe
        As for `to_csv`.

    Raises
    ------
    ValueError, OSError
        As `to_csv`.

    Notes
    -----
    `row` counts over all batches.

    Examples
    --------
    >>> import io
    >>> import istiolog_pd as il
    >>> file = io.BytesIO()
    >>> stream_to_csv(il.scan("data/seed/pilot.log"), file, events="debounce")
    68
    >>> len(file.getvalue().splitlines())
    4
    """
    checked(events)
    total, named = 0, isinstance(target, (str, os.PathLike))
    safe = named if safe is None else safe
    with ExitStack() as stack:
        file = stack.enter_context(replacing(Path(target))) if isinstance(target, (str, os.PathLike)) else target
        writer = None
        for batch in batches:
            if isinstance(target, (str, os.PathLike)):
                refuse_sources(Path(target), batch.files)
            table = one_table(batch, events)
            writer = writer or stack.enter_context(csv_writer(table, file))
            for part in table.exported():
                write_csv(writer, _shifted(part, total), safe=safe)
            total += batch.n_entries
    return total


def _unnamed(batch: Capture) -> Capture:
    """A batch whose tables say the same of themselves as those of the next one."""
    return replace(batch, infos=tuple(replace(info, lines=0, entries=0, damage=()) for info in batch.infos[:0]))
