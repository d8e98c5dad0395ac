"""pyarrow: its readers of text and JSON, and `pyarrow.compute`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, json

from benchmarks.job import PUSH_TYPES, TYPES, UNITS, Job, narrow


def _entries(path: Path, job: Job) -> dict[str, pa.ChunkedArray]:
    if job.json:
        kinds = pa.schema([(name, pa.string()) for name in ("level", "time", "scope", "msg")])
        found = json.read_json(path, parse_options=json.ParseOptions(kinds))
        return {"time": found["time"], "level": found["level"], "scope": found["scope"], "message": found["msg"]}
    lines = csv.read_csv(
        path,
        csv.ReadOptions(column_names=["line"]),
        csv.ParseOptions(delimiter="\x01", quote_char=False),
        csv.ConvertOptions(column_types={"line": pa.string()}),
    )["line"]
    parts = pc.extract_regex(lines, job.header)
    return {name: pc.struct_field(parts, name) for name in ("time", "level", "scope", "message")}


def _lookup(texts: pa.ChunkedArray, values: dict[str, object]) -> pa.ChunkedArray:
    return pc.take(pa.array(list(values.values())), pc.index_in(texts, pa.array(list(values))))


def _column(groups: pa.ChunkedArray, name: str, sort: str) -> pa.ChunkedArray:
    texts = pc.struct_field(groups, name)
    if sort == "push_type":
        return _lookup(texts, dict(PUSH_TYPES))
    texts = _no_empty(texts)
    if sort == "text":
        return texts
    if sort != "amount":
        return texts.cast(TYPES[sort])
    unit = _lookup(pc.struct_field(groups, f"{name}_unit"), dict(UNITS))
    return pc.round(pc.multiply(texts.cast(pa.float64()), unit.cast(pa.float64()))).cast(pa.int64())


def _no_empty(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(texts, ""), None, texts)


def read(path: Path, job: Job) -> pa.Table:
    """A table of all entries."""
    entries = _entries(path, job)
    message = entries["message"]
    tests = [(pc.starts_with if rule.begins else pc.match_substring)(message, rule.literal) for rule in job.rules]
    fits = pa.StructArray.from_arrays([test.combine_chunks() for test in tests], [rule.literal for rule in job.rules])
    event = pc.case_when(fits, *(rule.event for rule in job.rules), job.otherwise)
    stamps = pc.utf8_slice_codeunits(entries["time"], 0, -1).cast(pa.timestamp("ns"))
    columns = {
        "timestamp": stamps,
        "level": _no_empty(entries["level"]),
        "scope": _no_empty(entries["scope"]),
        "event": event,
    }
    for detail in job.details:
        here = pc.equal(event, detail.event)
        groups = pc.extract_regex(message.filter(here), detail.expression)
        for name, sort in detail.fields.items():
            values = _column(groups, name, sort)
            columns[name] = _spread(values, here)
    return pa.table(columns)


def _spread(values: pa.ChunkedArray, here: pa.Array) -> pa.Array:
    """Values of some rows as a column of all."""
    mask = here.to_numpy(zero_copy_only=False)
    places = pa.array(np.cumsum(mask) - 1, mask=~mask)
    return pc.take(values.combine_chunks(), places)


def rows(found: pa.Table) -> int:
    """The entries."""
    return int(found.num_rows)


def table(found: pa.Table, job: Job) -> dict[str, pa.Table]:
    """What was found, in one form."""
    return narrow(found, job)
