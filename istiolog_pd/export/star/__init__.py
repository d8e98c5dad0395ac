"""A capture as a star schema: facts and dimensions in Parquet, views for DuckDB, a data dictionary."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from istiolog_pd.capture import Capture
from istiolog_pd.engine.schema import TYPES
from istiolog_pd.export.atomic import replacing_folder
from istiolog_pd.export.star.facts import star
from istiolog_pd.export.star.model import DIMENSIONS, TABLES, Table
from istiolog_pd.export.star.views import MARKER, VIEWS, views_sql
from istiolog_pd.export.tables import METADATA_KEY, SCHEMA_VERSION, exported_field, exported_values

__all__ = ["MARKDOWN", "SQL", "TABLES", "VIEWS", "to_star"]

#: Rises when a table or column of the star changes its name, type or meaning.
STAR_VERSION = 1
SQL, MARKDOWN = "views.sql", "dictionary.md"
TITLE = "# The star schema of istiolog_pd"
KEYS = {f"{table.name}_id": table.name for table in DIMENSIONS}


def to_star(capture: Capture, folder: str | os.PathLike[str]) -> None:
    """Write a capture as a star schema, for BI tools and SQL.

    Parameters
    ----------
    capture
        What was read.
    folder
        Where to write; the folder of a former star is replaced. It gets a Parquet file for each fact (`debounce`,
        `push`, `proxy_push`, `connection`, `nack`, `envoy_update`, `access`), each dimension (`proxy`,
        `config`, `istiod_pod`, `xds_type`, `time`), `coverage` (what this capture can answer) and
        `dictionary` (every column: type, unit, meaning, what it refers to); the dictionary as
        ``dictionary.md``; and ``views.sql``, views for DuckDB.

    Raises
    ------
    FileExistsError
        If the folder holds anything that is not a star of this package.
    OSError
        If it cannot be written. A failed or killed export leaves nothing under `folder` but what was
        there before.

    Notes
    -----
    Every table is always there with all its columns, empty if the capture has nothing of it. Keys and
    numbers are int64, times timestamp[us, UTC], durations float64 in seconds (``*_seconds``), text string,
    flags bool. The file metadata's key ``istiolog_pd`` holds JSON: `schema_version`, `star_version`, `table`,
    `sources`, and `coverage`: what the table cannot tell. Compressed with zstd.

    Examples
    --------
    >>> import tempfile
    >>> import istiolog_pd as il
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_star(il.load("data/istiod-1.30.3/discovery.log.gz"), folder)
    ...     pushes = pd.read_parquet(f"{folder}/proxy_push.parquet")
    ...     proxies = pd.read_parquet(f"{folder}/proxy.parquet")
    >>> len(pushes), len(pushes.merge(proxies, on="proxy_id"))
    (2531, 2531)
    """
    tables = {name: _arrow(frame, TABLES[name], capture) for name, frame in star(capture).items()}
    dictionary = _dictionary()
    tables["dictionary"] = _arrow(dictionary, TABLES["dictionary"], capture)
    with replacing_folder(Path(folder), _is_star) as part:
        for name, table in tables.items():
            pq.write_table(table, part / f"{name}.parquet", compression="zstd", version="2.6")
        (part / SQL).write_text(views_sql(), encoding="utf-8")
        (part / MARKDOWN).write_text(_markdown(dictionary), encoding="utf-8")


def _arrow(frame: pd.DataFrame, table: Table, capture: Capture) -> pa.Table:
    """A table in the types of the files, with what it says of itself."""
    fields = [exported_field(column) for column in table.columns]
    arrays = []
    for column, field in zip(table.columns, fields, strict=True):
        kind = pa.string() if pa.types.is_string(field.type) else TYPES[column.type]
        arrays.append(exported_values(pa.array(frame[column.name], kind, from_pandas=True), field.type))
    about = {
        "schema_version": SCHEMA_VERSION,
        "star_version": STAR_VERSION,
        "table": table.name,
        "coverage": frame.attrs.get("coverage", ""),
        "sources": [asdict(info) for info in capture.infos],
    }
    return pa.table(arrays, schema=pa.schema(fields, {METADATA_KEY: json.dumps(about).encode()}))


def _dictionary() -> pd.DataFrame:
    """Every column of every table, and the views."""
    rows: list[tuple[str | None, ...]] = []
    for table in TABLES.values():
        for field in map(exported_field, table.columns):
            unit, meaning = (field.metadata[key].decode() for key in (b"unit", b"meaning"))
            home = KEYS.get(field.name, table.name)
            refers = f"{home}.{field.name}" if home != table.name else ""
            about = (field.name, str(field.type), unit, meaning, refers)
            rows.append((table.name, table.kind, table.row, *about))
    rows += [(view.name, "view", view.row, *[None] * 5) for view in VIEWS]
    return pd.DataFrame(rows, columns=[column.name for column in TABLES["dictionary"].columns]).astype("str")


def _markdown(dictionary: pd.DataFrame) -> str:
    """The dictionary for people."""
    lines = [TITLE, "", "Times are in UTC, durations in seconds. A fact's `*_id` is the key of a dimension."]
    for (table, kind, row), columns in dictionary.groupby(["table", "kind", "row"], sort=False):
        lines += ["", f"## {table} ({kind})", "", f"A row is {row}."]
        if kind != "view":
            lines += ["", "| column | type | unit | meaning | refers to |", "| --- | --- | --- | --- | --- |"]
            cells = columns[["column", "type", "unit", "meaning", "refers_to"]].itertuples(index=False)
            lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in one) + " |" for one in cells]
    return "\n".join([*lines, ""])


def _is_star(file: Path) -> bool:
    """Whether a file of a folder comes from a former star."""
    if not file.is_file():
        return False
    if file.name in (SQL, MARKDOWN):
        with open(file, encoding="utf-8", errors="replace") as text:
            return text.readline().rstrip("\n") in (MARKER, TITLE)
    try:
        about = (pq.read_schema(file).metadata or {}) if file.suffix == ".parquet" else {}
    except pa.ArrowInvalid:
        return False
    return b"star_version" in about.get(METADATA_KEY, b"")
