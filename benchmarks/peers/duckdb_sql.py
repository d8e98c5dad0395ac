"""DuckDB: one query over its own readers of text and JSON."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.job import PUSH_TYPES, UNITS, Detail, Job, narrow
from benchmarks.sql import case, event, quoted


def _groups(expression: str) -> str:
    """The names of an expression's groups, as `regexp_extract` takes them."""
    names = [part.split(">", 1)[0] for part in expression.split("(?P<")[1:]]
    return "[" + ", ".join(map(quoted, names)) + "]"


def _entries(path: Path, job: Job) -> str:
    if job.json:
        columns = "{level: 'VARCHAR', time: 'VARCHAR', scope: 'VARCHAR', msg: 'VARCHAR'}"
        source = f"read_json({quoted(str(path))}, format='newline_delimited', columns={columns})"
        return f"SELECT *, msg AS message FROM {source}"
    options = "columns={line: 'VARCHAR'}, sep='\x01', quote='', escape='', header=false, auto_detect=false"
    header = f"regexp_extract(line, {quoted(job.header)}, {_groups(job.header)})"
    return f"SELECT unnest({header}) FROM read_csv({quoted(str(path))}, {options})"


def _column(detail: Detail, name: str, sort: str) -> str:
    texts = f"{detail.event}.{name}"
    made = {
        "push_type": case(texts, {key: quoted(value) for key, value in PUSH_TYPES.items()}),
        "text": f"nullif({texts}, '')",
        "flag": f"{texts} = 'true'",
        "int": f"nullif({texts}, '')::BIGINT",
        "amount": f"round(nullif({texts}, '')::DOUBLE * {case(f'{texts}_unit', UNITS)})::BIGINT",
    }
    return f"CASE WHEN event = {quoted(detail.event)} THEN {made[sort]} END AS {name}"


def query(path: Path, job: Job) -> str:
    """The whole job in SQL."""
    events = event(job, "starts_with(message, {})", "contains(message, {})")
    details = "".join(
        f", CASE WHEN event = {quoted(d.event)} THEN "
        f"regexp_extract(message, {quoted(d.expression)}, {_groups(d.expression)}) END AS {d.event}"
        for d in job.details
    )
    columns = "".join(f", {_column(d, name, sort)}" for d in job.details for name, sort in d.fields.items())
    return (
        f"WITH entries AS ({_entries(path, job)}), events AS (SELECT *, {events} AS event FROM entries), "
        f"details AS (SELECT *{details} FROM events) "
        "SELECT rtrim(time, 'Z')::TIMESTAMP_NS AS timestamp, nullif(level, '') AS level, nullif(scope, '') AS scope, "
        f"event{columns} FROM details"
    )


def read(path: Path, job: Job) -> pa.Table:
    """An Arrow table of all entries."""
    return duckdb.connect().sql(query(path, job)).to_arrow_table()


def rows(found: pa.Table) -> int:
    """The entries."""
    return int(found.num_rows)


def table(found: pa.Table, job: Job) -> dict[str, pa.Table]:
    """What was found, in one form."""
    return narrow(found, job)
