"""pandas: `Series.str.extract`; `read_json` for JSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.job import PUSH_TYPES, UNITS, Job, narrow


def _entries(path: Path, job: Job) -> pd.DataFrame:
    if job.json:
        found = pd.read_json(path, lines=True, convert_dates=False, dtype=False)
        return found.rename(columns={"msg": "message"})
    lines = pd.Series(path.read_text(encoding="utf-8").splitlines(), dtype="str")
    return lines.str.extract(job.header)


def _column(found: pd.DataFrame, name: str, sort: str) -> pd.Series:
    texts = found[name]
    if sort == "push_type":
        return texts.fillna("").map(PUSH_TYPES)
    if sort == "text":
        return texts
    if sort == "flag":
        return texts.map({"true": True, "false": False}).astype("boolean")
    values = pd.to_numeric(texts)
    if sort == "amount":
        values = (values * found[f"{name}_unit"].map(UNITS).astype("float64")).round()
    return values.astype("Int64")


def read(path: Path, job: Job) -> pd.DataFrame:
    """A DataFrame of all entries."""
    entries = _entries(path, job)
    message = entries.pop("message")
    entries.insert(0, "timestamp", pd.to_datetime(entries.pop("time"), format="ISO8601", utc=True))
    fits = [
        message.str.startswith(r.literal) if r.begins else message.str.contains(r.literal, regex=False)
        for r in job.rules
    ]
    entries["event"] = np.select(fits, [rule.event for rule in job.rules], job.otherwise)
    for detail in job.details:
        found = message[entries["event"] == detail.event].str.extract(detail.expression)
        for name, sort in detail.fields.items():
            column = _column(found, name, sort).reindex(entries.index)
            entries[name] = entries[name].fillna(column) if name in entries else column
    return entries


def rows(found: pd.DataFrame) -> int:
    """The entries."""
    return len(found)


def table(found: pd.DataFrame, job: Job) -> dict[str, pa.Table]:
    """What was found, in one form."""
    return narrow(pa.Table.from_pandas(found, preserve_index=False), job)
