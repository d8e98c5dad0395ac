"""Tables of the report: what a DataFrame shows on a page, cut to what can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_timedelta64_dtype

from istiolog_pd._text import cell_text
from istiolog_pd.analysis._discover import declarations
from istiolog_pd.report.html.evidence import MAX_WORDS, shown

#: Maximum number of rows of a table on the page.
MAX_ROWS = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, whether its cells are aligned right, and what it means."""

    name: str
    right: bool
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as text: its caption, columns and cells, and what was cut off."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    #: Rows of the whole table.
    total: int = 0
    #: Of each cell of a column of numbers what it is sorted by (durations in seconds); empty if it is null.
    keys: tuple[tuple[str, ...], ...] = ()


def table(
    frame: pd.DataFrame, caption: str, columns: Sequence[str] = (), most: int = MAX_ROWS, answer: str = ""
) -> Shown:
    """The first rows of a table as text, with a note of how many there are.

    Parameters
    ----------
    frame
        Any table.
    caption
        What it is.
    columns
        Only these columns; empty: all.
    most
        Maximum number of rows.
    answer
        The answer that it is: its columns get what they mean as tips.

    Examples
    --------
    >>> table(pd.DataFrame({"proxy": ["a.b", "c.d"], "pushes": [1200, 7]}), "Pushes", most=1)
    ... # doctest: +NORMALIZE_WHITESPACE
    Shown(caption='Pushes', columns=(Column(name='proxy', right=False, tip=''),
          Column(name='pushes', right=True, tip='')),
          rows=(('a.b', '1,200'),), note='the first 1 of 2 rows', total=2, keys=(('', '1200.0'),))
    """
    head = frame[list(columns) or list(frame.columns)].head(most)
    cells = [[_cell(value) for value in head[name]] for name in head.columns]
    note = f"the first {len(head):,} of {len(frame):,} rows" if len(frame) > len(head) else ""
    tips = {column.name: column.meaning.replace("`", "") for column in declarations()[answer].columns} if answer else {}
    shape = tuple(Column(shown(name), _right(head[name]), tips.get(name, "")) for name in head.columns)
    keys = [_keys(head[column.name], column.right) for column in shape]
    return Shown(caption, shape, tuple(zip(*cells, strict=True)), note, len(frame), tuple(zip(*keys, strict=True)))


def _keys(column: pd.Series[Any], numbers: bool) -> list[str]:
    """What the cells are sorted by."""
    if not numbers:
        return [""] * len(column)
    values = column.dt.total_seconds() if is_timedelta64_dtype(column) else column.astype("Float64")
    return ["" if pd.isna(value) else repr(float(value)) for value in values]


def _right(column: pd.Series[Any]) -> bool:
    numbers = is_numeric_dtype(column) and not is_bool_dtype(column)
    return numbers or is_timedelta64_dtype(column)


def _cell(value: Any) -> str:
    """A value as text, a long one cut."""
    return shown(value, MAX_WORDS) if isinstance(value, str) else shown(cell_text(value), MAX_WORDS)
