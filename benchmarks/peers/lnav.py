"""lnav, run without its screen: a format for the headers, a search table for each event with fields, one query.

It does the whole job: events, units and flags in its SQL. Its own times end at milliseconds, so the texts of the
stamps are asked for too, and pyarrow, which reads the CSV that lnav writes, makes times of them. Each read is a new
process of lnav, with a home of its own: what a user has configured does not count.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from benchmarks.job import COMMON, PUSH_TYPES, TYPES, UNITS, Detail, Job, narrow
from benchmarks.sql import case, event, quoted

_LOG = "istio_bench"
_NULL = "<NULL>"
_STRING = {"kind": "string"}


def _format(path: Path, job: Job) -> dict[str, object]:
    """How lnav is to read the log; of JSON, a line that it shows is the message and nothing else."""
    common = {"title": "Istio", "description": f"benchmark log, {job.name}", "level-field": "level"}
    if job.json:
        names = {name: _STRING | {"hidden": True} for name in ("level", "scope")}
        return common | {
            "json": True,
            "hide-extra": True,
            "line-format": [{"field": "msg"}],
            "timestamp-field": "time",
            "body-field": "msg",
            "value": names | {"msg": _STRING},
        }
    with path.open(encoding="utf-8") as file:
        sample = file.readline().rstrip("\n")
    # The group of the timestamp is no column: the same text is captured by a second one.
    pattern = job.header.replace("(?P<time>[0-9T:.-]+Z)", "(?P<stamp>(?P<time>[0-9T:.-]+Z))")
    return common | {
        "regex": {"entry": {"pattern": pattern}},
        "timestamp-field": "time",
        "body-field": "message",
        "value": dict.fromkeys(("stamp", "level", "scope"), _STRING),
        "sample": [{"line": sample}],
    }


def _search(detail: Detail, job: Job) -> str:
    """The command for a search table; it sees lines as they are shown, so of text the header comes first.

    Columns get a trailing underscore: words of SQL would be renamed. A table in the format itself crashes 0.11.1.
    """
    header = re.sub(r"\(\?P<\w+>", "(?:", job.header.removeprefix("^").split("(?P<message>", 1)[0])
    fields = re.sub(r"\(\?P<(\w+)>", r"(?<\1_>", detail.expression.removeprefix("^"))
    # Atomic: a header that could be read in two ways is read as the format reads it.
    return f":create-search-table {detail.event} ^(?>{header}){fields}"


def _column(detail: Detail, name: str, sort: str) -> str:
    text = f"{detail.event}.{name}_"
    push_type = case(f"ifnull({text}, '')", {key: quoted(value) for key, value in PUSH_TYPES.items()})
    made = {
        "push_type": f"CASE WHEN {detail.event}.log_line NOTNULL THEN {push_type} END",
        "text": text,
        "flag": f"{text} = 'true'",
        "int": text,
        "amount": f"CAST(round({text} * {case(f'{detail.event}.{name}_unit_', UNITS)}) AS INTEGER)",
    }
    return f"{made[sort]} AS {name}"


def query(job: Job) -> str:
    """The whole job in SQL."""
    stamp = "json_extract(log_raw_text, '$.time')" if job.json else "stamp"
    events = event(job, "startswith(log_body, {})", "instr(log_body, {})")
    columns = "".join(f", {_column(d, name, sort)}" for d in job.details for name, sort in d.fields.items())
    joins = "".join(f" LEFT JOIN {d.event} ON {d.event}.log_line = entries.log_line" for d in job.details)
    entries = f"SELECT log_line, {stamp} AS timestamp, level, scope, {events} AS event FROM {_LOG}"
    common = ", ".join(f"entries.{name}" for name in COMMON)
    return f"WITH entries AS ({entries}) SELECT {common}{columns} FROM entries{joins}"


def _run(home: Path, path: Path, job: Job) -> Path:
    """Have lnav write the CSV; it ends with 0 whatever went wrong in a command."""
    formats, found = home / "lnav" / "formats" / "istio", home / "found.csv"
    formats.mkdir(parents=True)
    schema = {"$schema": "https://lnav.org/schemas/format-v1.schema.json"}
    (formats / "istio.json").write_text(json.dumps(schema | {_LOG: _format(path, job)}), encoding="utf-8")
    commands = [*(_search(detail, job) for detail in job.details), f";{query(job)}", f":write-csv-to {found}"]
    arguments = [part for command in commands for part in ("-c", command)]
    own = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "TMPDIR"), str(home))
    done = subprocess.run(
        ["lnav", "-n", "-N", "-q", *arguments, str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        env=os.environ | own,
    )
    if done.returncode or not found.exists():
        raise ChildProcessError(f"lnav ended with {done.returncode}: {done.stderr or done.stdout}")
    return found


def read(path: Path, job: Job) -> pa.Table:
    """A table of all entries."""
    types = dict.fromkeys(COMMON, pa.string()) | {name: TYPES[sort] for name, sort in job.fields.items()}
    options = csv.ConvertOptions(
        column_types=types | {"timestamp": pa.timestamp("ns", "UTC")}, null_values=[_NULL], strings_can_be_null=True
    )
    with tempfile.TemporaryDirectory() as home:
        return csv.read_csv(_run(Path(home), path, job), convert_options=options)


def rows(found: pa.Table) -> int:
    """The entries."""
    return int(found.num_rows)


def table(found: pa.Table, job: Job) -> dict[str, pa.Table]:
    """What was found, in one form."""
    return narrow(found, job)
