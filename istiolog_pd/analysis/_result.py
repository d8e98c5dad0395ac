"""What every answer looks like: its columns and dtypes, and how it says that it cannot be given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import sorted_dictionary
from istiolog_pd._frames import PANDAS_TYPES, with_text_categories
from istiolog_pd._table import Table
from istiolog_pd.analysis._answer import TEXT, Answer
from istiolog_pd.capture import Capture, to_pandas

Test = Callable[[pa.Array], pa.Array]
Found = TypeVar("Found", pd.DataFrame, "pd.Series[str]")


def as_result(table: pd.DataFrame, answer: Answer, coverage: str = "") -> pd.DataFrame:
    """Give a table the columns, dtypes and order of an answer, and what it cannot see in ``attrs["coverage"]``."""
    nothing = pd.Series(pd.NA, table.index, object)
    # Of nothing but NaT pandas makes times, also where durations are meant.
    known = {name for name in table if table[name].dtype.kind != "M" or table[name].notna().any()}
    columns = {name: table[name] if name in known else nothing for name in answer.dtypes}
    columns |= {name: as_text(columns[name]) for name, dtype in answer.dtypes.items() if dtype == TEXT}
    frame = with_text_categories(Table(columns, index=table.index).astype(answer.dtypes))
    if answer.time and not frame[answer.time].is_monotonic_increasing:
        frame = frame.sort_values(answer.time, kind="stable")
    frame = frame.reset_index(drop=True)
    frame.attrs["coverage"] = coverage
    frame.attrs["brief"] = list(answer.brief)
    frame.attrs["units"] = {column.name: column.unit for column in answer.columns if column.unit}
    return frame


def as_text(column: pd.Series[Any]) -> pd.Series[str]:
    """A column of categories as text: pandas would make an object of each value. Any other as it is."""
    if not isinstance(column.dtype, pd.CategoricalDtype) or column.cat.categories.inferred_type not in (
        "string",
        "empty",
    ):
        return column
    codes, texts = column.cat.codes.to_numpy(), pa.array([*column.cat.categories, None], pa.string())
    values = texts.take(pa.array(np.where(codes < 0, len(texts) - 1, codes)))
    return pd.Series(values.to_pandas(types_mapper=PANDAS_TYPES.get).array, column.index, dtype=TEXT)


def empty_result(answer: Answer, reason: str) -> pd.DataFrame:
    """The empty answer, with the reason why it is empty."""
    return as_result(pd.DataFrame(), answer, reason)


def control_plane_rows(capture: Capture, event: str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of an event that a control plane wrote, with plain text instead of categories.

    `columns`: only these, in a table of many rows; empty: all.
    """
    return rows_of(capture[event], columns)


def rows_of(table: pa.Table, columns: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of some lines that a control plane wrote, with plain text instead of categories."""
    table = where_equal(table, "component", "pilot")
    return to_pandas(plain_text(table.select(list(columns)) if columns else table))


def coded_rows(capture: Capture, event: str, columns: Sequence[str]) -> pd.DataFrame:
    """The same with categories for all text."""
    return with_categories(where_equal(capture[event], "component", "pilot").select(list(columns)))


def with_categories(table: pa.Table) -> pd.DataFrame:
    """A table with categories, in the order of their texts, for all text: in millions of rows those compare fast."""
    columns = [sorted_dictionary(column) for column in table.columns]
    frame: pd.DataFrame = pa.table(columns, names=table.column_names).to_pandas(types_mapper=PANDAS_TYPES.get)
    return frame


def sorted_categories(column: pd.Series[Any]) -> pd.Series[Any]:
    """The same texts, with those that are used as categories, in their order."""
    return column.cat.set_categories(sorted(column.dropna().unique()))


def where_equal(table: pa.Table, name: str, value: str) -> pa.Table:
    """The rows with this text in a column; the table itself if all rows have it."""
    return rows_where(table, holds(table[name], lambda texts: pc.equal(texts.cast(pa.string()), value)))


def rows_where(table: pa.Table, own: npt.NDArray[np.bool_]) -> pa.Table:
    """Some rows of a table; the table itself if that is all."""
    return table if own.all() else table.filter(pa.array(own))


def holds(column: pa.ChunkedArray, test: Test) -> npt.NDArray[np.bool_]:
    """Which values of a column pass a test; of a dictionary each text is tested once."""
    parts = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            passed = np.append(np.asarray(pc.fill_null(test(chunk.dictionary), False), np.bool_), False)
            if passed[:-1].all() and not chunk.null_count:
                parts.append(np.ones(len(chunk), np.bool_))
            else:
                parts.append(passed[np.asarray(chunk.indices.fill_null(len(passed) - 1))])
        else:
            parts.append(pc.fill_null(test(chunk), False).to_numpy(zero_copy_only=False))
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def among(names: Iterable[str] | pa.Array) -> Test:
    """A test whether a text is one of some names."""
    known = pa.array(names, pa.string())
    return lambda texts: pc.is_in(texts, known)


def plain_text(table: pa.Table) -> pa.Table:
    """A table with text instead of dictionaries."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(at, field.name, table[field.name].cast(pa.string()))
    return table


def cached_per_capture(answer: Callable[[Capture], Found]) -> Callable[[Capture], Found]:
    """Cache what is worked out of a capture; each caller gets a shallow copy."""

    @wraps(answer)
    def once(capture: Capture) -> Found:
        if answer not in capture.memo:
            capture.memo[answer] = answer(capture)
        found: Found = capture.memo[answer]
        return found.copy(deep=False)

    return once


def reason_no_lines(capture: Capture, what: str, how: str) -> str:
    """Why lines of a kind are not there: no log of a control plane at all, or not at this level."""
    entries = int(holds(capture.events["component"], among(["pilot"])).sum())
    if not entries:
        return f"this capture holds no log of a control plane (pilot-discovery, istiod), so no {what}"
    return f"no {what} among the {entries:,} entries of the control plane: {how}"
