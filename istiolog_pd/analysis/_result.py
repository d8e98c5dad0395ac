"""What every answer looks like: its columns and dtypes, and how it says that it cannot be given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._table import Table
from istiolog_pd.analysis._answer import Answer
from istiolog_pd.capture import Capture, to_pandas


def as_result(table: pd.DataFrame, answer: Answer, coverage: str = "") -> pd.DataFrame:
    """Give a table the columns, dtypes and order of an answer, and what it cannot see in ``attrs["coverage"]``."""
    columns = {name: table[name] if name in table else pd.Series(pd.NA, table.index, object) for name in answer.dtypes}
    frame = Table(columns, index=table.index).astype(answer.dtypes)
    if answer.time and not frame[answer.time].is_monotonic_increasing:
        frame = frame.sort_values(answer.time, kind="stable")
    frame = frame.reset_index(drop=True)
    frame.attrs["coverage"] = coverage
    frame.attrs["units"] = {column.name: column.unit for column in answer.columns if column.unit}
    return frame


def empty_result(answer: Answer, reason: str) -> pd.DataFrame:
    """The empty answer, with the reason why it is empty."""
    return as_result(pd.DataFrame(), answer, reason)


def control_plane_rows(capture: Capture, event: str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of an event that a control plane wrote, with plain text instead of categories.

    `columns`: only these, in a table of many rows; empty: all.
    """
    table = where_equal(capture[event], "component", "pilot")
    return to_pandas(plain_text(table.select(list(columns)) if columns else table))


def where_equal(table: pa.Table, name: str, value: str) -> pa.Table:
    """The rows with this text in a column; the table itself if all rows have it."""
    own = pc.fill_null(pc.equal(table[name].cast(pa.string()), value), False)
    return table if pc.all(own, min_count=0).as_py() else table.filter(own)


def plain_text(table: pa.Table) -> pa.Table:
    """A table with text instead of dictionaries."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(at, field.name, table[field.name].cast(pa.string()))
    return table


def cached_per_capture(answer: Callable[[Capture], pd.DataFrame]) -> Callable[[Capture], pd.DataFrame]:
    """Cache an answer per capture; each caller gets a shallow copy."""

    @wraps(answer)
    def once(capture: Capture) -> pd.DataFrame:
        if answer not in capture.memo:
            capture.memo[answer] = answer(capture)
        found: pd.DataFrame = capture.memo[answer]
        return found.copy(deep=False)

    return once


def reason_no_lines(capture: Capture, what: str, how: str) -> str:
    """Why lines of a kind are not there: no log of a control plane at all, or not at this level."""
    components = capture.events["component"].cast("string").to_pandas()
    entries = int((components == "pilot").sum())
    if not entries:
        return f"this capture holds no log of a control plane (pilot-discovery, istiod), so no {what}"
    return f"no {what} among the {entries:,} entries of the control plane: {how}"
