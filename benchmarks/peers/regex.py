"""Python's `re`, a line at a time, columns as lists; `orjson` for JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from benchmarks.job import PUSH_TYPES, TYPES, UNITS, Job, narrow

_Fields = tuple[str, str | None, str | None, str]


def _lines(path: Path, job: Job, compiled: Callable[[str], re.Pattern[str]]) -> Iterator[_Fields]:
    if job.json:
        with path.open("rb") as file:
            for raw in file:
                entry = orjson.loads(raw)
                yield entry["time"], entry["level"], entry.get("scope"), entry["msg"]
        return
    header = compiled(job.header).match
    with path.open(encoding="utf-8") as file:
        for line in file:
            if found := header(line.rstrip("\n")):
                yield found["time"], found["level"], found["scope"], found["message"]


def _value(found: re.Match[str], name: str, sort: str) -> object:
    text = found[name]
    if sort == "push_type":
        return PUSH_TYPES[text or ""]
    if text is None or sort == "text":
        return text
    if sort == "int":
        return int(text)
    return text == "true" if sort == "flag" else round(float(text) * UNITS[found[f"{name}_unit"]])


def read(path: Path, job: Job, compiled: Callable[[str], re.Pattern[str]] = re.compile) -> pa.Table:
    """A table of all entries."""
    rules = [(rule.event, rule.literal, rule.begins) for rule in job.rules]
    details = {detail.event: (compiled(detail.expression).match, detail.fields) for detail in job.details}
    times: list[str] = []
    columns: dict[str, list[object]] = {name: [] for name in ("level", "scope", "event", *job.fields)}
    for time, level, scope, message in _lines(path, job, compiled):
        times.append(time[:-1])
        event = next(
            (e for e, text, begins in rules if (message.startswith(text) if begins else text in message)), job.otherwise
        )
        columns["level"].append(level)
        columns["scope"].append(scope)
        columns["event"].append(event)
        match, fields = details.get(event, (None, {}))
        found = match(message) if match else None
        for name in job.fields:
            columns[name].append(_value(found, name, fields[name]) if found and name in fields else None)
    types = {**dict.fromkeys(("level", "scope", "event"), pa.string()), **{n: TYPES[s] for n, s in job.fields.items()}}
    stamps = pa.array(np.array(times, "datetime64[ns]"))
    return pa.table({"timestamp": stamps, **{name: pa.array(values, types[name]) for name, values in columns.items()}})


def rows(found: pa.Table) -> int:
    """The entries."""
    return int(found.num_rows)


def table(found: pa.Table, job: Job) -> dict[str, pa.Table]:
    """What was found, in one form."""
    return narrow(found, job)
