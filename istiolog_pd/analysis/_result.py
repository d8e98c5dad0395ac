"""What every answer looks like: its columns and dtypes, and how it says that it cannot be given."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import wraps

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import Answer
from istiolog_pd.capture import Capture, to_pandas


class AnswerTable(pd.DataFrame):
    """A DataFrame that shows above itself, in a notebook, what it cannot see: its ``attrs["coverage"]``."""

    @property
    def _constructor(self) -> type[AnswerTable]:
        return AnswerTable

    def _repr_html_(self) -> str | None:
        table: str | None = super()._repr_html_()  # type: ignore[misc]
        coverage = self.attrs.get("coverage")
        return table if table is None or not coverage else f"<p>{html.escape(str(coverage))}</p>{table}"


def as_result(table: pd.DataFrame, answer: Answer, coverage: str = "") -> pd.DataFrame:
    """Give a table the columns and dtypes of an answer, and what it cannot see in ``attrs["coverage"]``."""
    columns = {name: table[name] if name in table else pd.Series(pd.NA, table.index, object) for name in answer.dtypes}
    frame = AnswerTable(columns, index=table.index).astype(answer.dtypes).reset_index(drop=True)
    frame.attrs["coverage"] = coverage
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
