"""The columns that users count on: what `columns.toml` says of every answer."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

_TOML = tomllib.loads((Path(__file__).parent / "columns.toml").read_text(encoding="utf-8"))

#: The dtype of each column of each answer; ``?`` ends that of a column that only an argument asks for.
COLUMNS: dict[str, dict[str, str]] = _TOML


def check_answer(name: str, table: pd.DataFrame) -> None:
    """Hold a table of an answer's default arguments against the contract: columns, their order, dtypes, row numbers."""
    expected = {column: dtype for column, dtype in COLUMNS[name].items() if not dtype.endswith("?")}
    assert {column: str(table[column].dtype) for column in table} == expected
    assert list(table) == list(expected)
    assert {str(column.cat.categories.dtype) for _, column in table.select_dtypes("category").items()} <= {"str"}
    assert table.index.equals(pd.RangeIndex(len(table)))
    assert "coverage" in table.attrs
