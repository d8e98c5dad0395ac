"""Short logs that damage is done to."""

from __future__ import annotations

import io
import warnings

import pandas as pd

import istiolog_pd as il

ONE = b"2020-01-01T00:00:01.000001Z\tinfo\tads\tADS: one\n"

TWO = b"2020-01-01T00:00:02.000002Z\tinfo\tads\tADS: two\n"

HEAD = b"2020-01-01T00:00:03.000003Z\tinfo\tads\t"


def read(raw: bytes, name: str = "bad.log") -> tuple[pd.DataFrame, list[str]]:
    """The rows of some bytes, and the warnings about them."""
    file = io.BytesIO(raw)
    file.name = name
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = il.read_logs(file)
    assert all(warning.category is il.DamageWarning for warning in caught)
    return table, [str(warning.message) for warning in caught]
