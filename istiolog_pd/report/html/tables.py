"""Tables of the report: what a DataFrame shows on a page, cut to what can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_timedelta64_dtype

from istiolog_pd.analysis._discover import declarations
from istiolog_pd.inspect.summary import duration_text
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
          rows=(('a.b', '1,200'),), note='the first 1 of 2 rows', total=2)
    """
    head = frame[list(columns) or list(frame.columns)].head(most)
    cells = [[cell(value) for value in head[name]] for name in head.columns]
    note = f"the first {len(head):,} of {len(frame):,} rows" if len(frame) > len(head) else ""
    tips = {column.name: column.meaning.replace("`", "") for column in declarations()[answer].columns} if answer else {}
    shape = tuple(Column(shown(name), _right(head[name]), tips.get(name, "")) for name in head.columns)
    return Shown(caption, shape, tuple(zip(*cells, strict=True)), note, len(frame))


def _right(column: pd.Series[Any]) -> bool:
    numbers = is_numeric_dtype(column) and not is_bool_dtype(column)
    return numbers or is_timedelta64_dtype(column)


def cell(value: Any) -> str:
    r"""A value of a table: null is empty, times in UTC, durations in the unit that fits, texts without controls.

    Examples
    --------
    >>> cell(1234567), cell(pd.Timedelta("100.5ms")), cell(pd.NA), cell("a\x1bb")
    ('1,234,567', '100 ms', '', 'a\\x1bb')
    """
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    if isinstance(value, (list, tuple, dict, np.ndarray)) or not pd.isna(value):
        return _number(value) or shown(value, MAX_WORDS)
    return ""


def _number(value: Any) -> str:
    """A number, a duration or a flag as text; empty if it is none of them."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if isinstance(value, (float, np.floating)):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return duration_text(value) if isinstance(value, pd.Timedelta) else ""
