"""A capture as a star schema: facts and dimensions in Parquet, views for DuckDB, a data dictionary."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from istiolog_pd._text import escape_markdown
from istiolog_pd.capture import Capture
from istiolog_pd.engine.schema import TYPES
from istiolog_pd.export.atomic import refuse_sources, replacing, replacing_folder
from istiolog_pd.export.star.facts import star
from istiolog_pd.export.star.model import DIMENSIONS, TABLES, Table
from istiolog_pd.export.star.views import MARKER, VIEWS, views_sql
from istiolog_pd.export.tables import METADATA_KEY, SCHEMA_VERSION, exported_field, exported_values, for_pandas
from istiolog_pd.formats.columns import Column

__all__ = ["MARKDOWN", "SQL", "TABLES", "VIEWS", "to_duckdb", "to_star"]

#: Rises when a table or column of the star changes its name, type or meaning.
STAR_VERSION = 2
SQL, MARKDOWN = "views.sql", "dictionary.md"
TITLE = "# The star schema of istiolog_pd"
KEYS = {f"{table.name}_id": table.name for table in DIMENSIONS}


def to_star(capture: Capture, folder: str | os.PathLike[str], *, append: bool = False) -> None:
    """Write a capture as a star schema, for BI tools and SQL.

    Parameters
    ----------
    capture
        What was read.
    folder
        Where to write; the folder of a former star is replaced, unless `append`. It gets a Parquet
        file for each fact (`debounce`, `push`, `proxy_push`, `connection`, `nack`, `envoy_update`, `access`), each
        dimension (`proxy`, `config`, `istiod_pod`, `capture`, `xds_type`, `time`), `coverage` (what this capture can
        answer) and `dictionary` (every column: type, unit, meaning, what it refers to); the dictionary as
        ``dictionary.md``; and ``views.sql``, views for DuckDB.
    append
        Add the capture to the star that is there, if there is one.

    Raises
    ------
    FileExistsError
        If the folder holds anything that is not a star of this package, or the capture is in it already.
    ValueError
        If the star that is there is of another version of this package's schema.
    OSError
        If it cannot be written. A failed or killed export leaves nothing under `folder` but what was
        there before.

    Notes
    -----
    Every table is always there with all its columns, empty if the capture has nothing of it. Keys are hashes of
    what they stand for: the same proxy has the same key in every export. Keys and numbers are int64, times
    timestamp[us, UTC], durations float64 in seconds (``*_seconds``), days date32, text string, flags bool; pandas
    reads numbers with nulls as `Int64`. The file metadata's key ``istiolog_pd`` holds JSON: `schema_version`,
    `star_version`, `table`, `sources`, and `coverage`: what the table cannot tell. Compressed with zstd.

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
    folder, dictionary = Path(folder), _dictionary()
    with replacing_folder(folder, _is_star) as part:  # a folder that is not ours is refused before the work
        tables = star_tables(capture)
        if append and folder.exists():
            tables = {name: _added(pq.read_table(folder / f"{name}.parquet"), table) for name, table in tables.items()}
        for name, table in tables.items():
            pq.write_table(table, part / f"{name}.parquet", compression="zstd", version="2.6")
        (part / SQL).write_text(views_sql(), encoding="utf-8")
        (part / MARKDOWN).write_text(_markdown(dictionary), encoding="utf-8")


def to_duckdb(capture: Capture, path: str | os.PathLike[str], *, append: bool = False) -> None:
    """Write a capture as a DuckDB database: the tables of the star and its views, which work from anywhere.

    Parameters
    ----------
    capture
        What was read.
    path
        The database; it appears when all is written.
    append
        Add the capture to the database that is there, if there is one.

    Raises
    ------
    FileExistsError
        If there is one and `append` is false, or the capture is in it already.
    ModuleNotFoundError
        If the package duckdb is not installed.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import duckdb
    >>> import istiolog_pd as il
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_duckdb(il.load("data/seed/pilot.log"), f"{folder}/mesh.duckdb")
    ...     with duckdb.connect(f"{folder}/mesh.duckdb", read_only=True) as base:
    ...         base.execute("SELECT sum(pushes)::INT FROM pushes_per_minute").fetchall()
    [(20,)]
    """
    try:
        import duckdb
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a DuckDB database needs the package duckdb: pip install duckdb") from None

    path = Path(path)
    refuse_sources(path, capture.files)
    if path.exists() and not append:
        raise FileExistsError(f"{path} is there already: append to it, or name another database")
    tables = star_tables(capture)
    with tempfile.TemporaryDirectory(prefix=".istiolog-", dir=path.absolute().parent) as folder:
        base = Path(folder) / "star.duckdb"
        if path.exists():
            shutil.copy(path, base)
        with duckdb.connect(str(base)) as connection:
            for name, table in tables.items():
                _into(connection, name, table)
            for view in VIEWS:
                connection.execute(f'CREATE OR REPLACE VIEW "{view.name}" AS {view.query}')
        with replacing(path, capture.files) as file, open(base, "rb") as written:
            shutil.copyfileobj(written, file)


def _into(connection: Any, name: str, table: pa.Table) -> None:
    """Put the rows of a table into a database; of a dimension those that it lacks."""
    connection.register("added", table)
    there = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall()[0][0]
    if not there:
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM added')
    elif name != "dictionary":
        if name == "capture":
            _refuse_twice([key for (key,) in connection.execute("SELECT capture_id FROM capture").fetchall()], table)
        new = f'WHERE {name}_id NOT IN (SELECT {name}_id FROM "{name}")' if TABLES[name].kind == "dimension" else ""
        connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM added {new}')
    connection.unregister("added")


def star_tables(capture: Capture) -> dict[str, pa.Table]:
    """Every table of the star, in the types of the files."""
    tables = {name: _arrow(frame, TABLES[name], capture) for name, frame in star(capture).items()}
    return {**tables, "dictionary": _arrow(_dictionary(), TABLES["dictionary"], capture)}


def _added(former: pa.Table, table: pa.Table) -> pa.Table:
    """A table of a star that is there with the rows of another capture; of a dimension those that it lacks."""
    about = json.loads((table.schema.metadata or {})[METADATA_KEY])
    before = json.loads((former.schema.metadata or {}).get(METADATA_KEY, b"{}"))
    if before.get("star_version") != STAR_VERSION:
        raise ValueError(f"the star that is there has version {before.get('star_version')}, not {STAR_VERSION}")
    name = about["table"]
    if name == "capture":
        _refuse_twice(former["capture_id"].to_pylist(), table)
    if TABLES[name].kind == "dimension":
        key = f"{name}_id"
        table = table.filter(pc.invert(pc.is_in(table[key], former[key].combine_chunks())))
    elif name == "dictionary":
        table = table.slice(0, 0)
    about["sources"] = [*before["sources"], *about["sources"]]
    about["coverage"] = "; ".join(dict.fromkeys(filter(None, [before["coverage"], about["coverage"]])))
    joined = pa.concat_tables([former.cast(table.schema), table])
    return joined.replace_schema_metadata({**table.schema.metadata, METADATA_KEY: json.dumps(about).encode()})


def _refuse_twice(known: Iterable[int], capture: pa.Table) -> None:
    """Refuse a capture whose key is known already."""
    if set(known) & set(capture["capture_id"].to_pylist()):
        raise FileExistsError(f"this capture is in the star already: {capture['capture'][0].as_py()}")


def _arrow(frame: pd.DataFrame, table: Table, capture: Capture) -> pa.Table:
    """A table in the types of the files, with what it says of itself."""
    fields = [_field(column) for column in table.columns]
    arrays = []
    for column, field in zip(table.columns, fields, strict=True):
        kind = TYPES[column.type] if column.type in TYPES and not pa.types.is_string(field.type) else field.type
        arrays.append(exported_values(pa.array(frame[column.name], kind, from_pandas=True), field.type))
    about = {
        "schema_version": SCHEMA_VERSION,
        "star_version": STAR_VERSION,
        "table": table.name,
        "coverage": frame.attrs.get("coverage", ""),
        "sources": [asdict(info) for info in capture.infos],
    }
    own = {METADATA_KEY: json.dumps(about).encode(), **for_pandas(fields)}
    return pa.table(arrays, schema=pa.schema(fields, own))


def _field(column: Column) -> pa.Field:
    """A column as it is written; a day is a date."""
    if column.type == "date":
        return pa.field(column.name, pa.date32(), metadata={"unit": column.unit, "meaning": column.meaning})
    return exported_field(column)


def _dictionary() -> pd.DataFrame:
    """Every column of every table, and the views."""
    rows: list[tuple[str | None, ...]] = []
    for table in TABLES.values():
        for field in map(_field, table.columns):
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
            lines += ["| " + " | ".join(escape_markdown(cell) for cell in one) + " |" for one in cells]
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
