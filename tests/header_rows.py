"""Rows of lines, and what a header gives, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

import istiolog_pd as il


def values(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Some of a row's columns, times as text, nulls as None."""
    found = {name: None if pd.isna(row[name]) else row[name] for name in names}
    if found.get("timestamp") is not None:
        found["timestamp"] = time_text(row["timestamp"])
    return found


def time_text(time: pd.Timestamp) -> str:
    """A time without zeros at its end; nanoseconds apart."""
    text = re.sub(r"\.?0*$", "", time.strftime("%Y-%m-%dT%H:%M:%S.%f"))
    return f"{text}+{time.nanosecond}ns" if time.nanosecond else text


def rows(capture: il.Capture) -> list[dict[str, Any]]:
    """The rows of a capture."""
    return records(capture.to_pandas())


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.astype(object).to_numpy()]
