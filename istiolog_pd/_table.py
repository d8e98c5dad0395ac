"""A DataFrame that a notebook shows so that it fits: its values and types are those of any other."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_integer_dtype, is_numeric_dtype, is_timedelta64_dtype

from istiolog_pd._text import bytes_text, duration_text, escape_controls
from istiolog_pd.errors import UnknownNameError, unknown

#: Classes of a table in which notebooks do not take ``$`` for mathematics.
NO_MATHEMATICS = "tex2jax_ignore mathjax_ignore"

#: Characters for which a notebook beside its file browser has room, at a window of 1,280 px.
ROOM = 112
#: Characters that a long text may take before it is broken into lines, and the blank beside each column.
LINE, GAP = 30, 2
#: Columns that are named where they are not shown.
NAMED = 20
#: Significant digits of a duration.
DIGITS = 4
#: Columns that stay when others must go: they lead back to the line.
PLACE = ("source", "line")
#: Columns of paths, shown without the folder that all share.
FOLDERS = ("source", "log", "next_source")

#: A long text is broken behind one of these.
_BREAKS = re.compile(r"(?<=[/|~.:,;=_!-])(?=[^\s/|~.:,;=_!-])")


class Table(pd.DataFrame):
    """A DataFrame that a notebook shows so that it fits, under what it cannot see (``attrs["coverage"]``).

    All answers, and all frames of a `Capture`, are such tables. Shown are durations and sizes in the unit that fits,
    times in UTC, sources without the folder that all share. Where the columns would not fit, those without a value and
    those of one value are named below the table, then those at its right end, of an answer those that it declares brief
    last. Values and types are those of any
    DataFrame, and ``display.max_rows``, ``max_columns`` and ``max_colwidth`` of pandas hold: with
    ``max_columns`` None, all columns are shown. ``pd.DataFrame(table)`` is shown as pandas shows it.
    """

    @property
    def _constructor(self) -> type[Table]:
        return Table

    def __getitem__(self, key: Any) -> Any:
        """As of any DataFrame; of a column that is not there, the error names the nearest."""
        try:
            return super().__getitem__(key)
        except KeyError as error:
            names = [key] if isinstance(key, str) else key if isinstance(key, list) else []
            for name in names:
                if isinstance(name, str) and name not in self.columns:
                    raise UnknownNameError(unknown("column of this table", name, self.columns)) from error
            raise

    def _repr_html_(self) -> str | None:
        return table_html(self) if pd.get_option("display.notebook_repr_html") else None


def table_html(frame: pd.DataFrame) -> str:
    """A DataFrame as HTML for a notebook; everything in it is escaped, and ``$`` is no mathematics.

    Examples
    --------
    >>> shown = table_html(pd.DataFrame({"wait": pd.to_timedelta(["104.2ms"]), "size_bytes": [48_100]}))
    >>> "104.2&nbsp;ms" in shown, "48.1&nbsp;kB" in shown
    (True, True)
    """
    rows, limit = _cut(frame)
    levels = [rows.index.get_level_values(level).to_series() for level in range(rows.index.nlevels)]
    values = [rows.iloc[:, at] for at in range(frame.shape[1])]
    units = frame.attrs.get("units", {})
    index, columns = _columns(levels, rows.index.names, units), _columns(values, frame.columns, units)
    times = sum(is_datetime64_any_dtype(column.dtype) for column in (*levels, *values))
    if _width(index, columns) + times * len("2026-11-30") > ROOM and (day := only_day([*levels, *values])):
        index, columns = _columns(levels, rows.index.names, units, day), _columns(values, frame.columns, units, day)
    kept, notes = _fitting(frame, columns, index)
    cells = pd.DataFrame({at: pd.Series(columns[at].cells, dtype=object) for at in kept}, index=range(len(rows)))
    labels = pd.MultiIndex.from_arrays([level.cells for level in index], names=_headers(rows.index.names))
    cells.index = labels if len(index) > 1 else labels.get_level_values(0)
    cells.columns = _header(frame.columns[kept])
    with pd.option_context("display.max_colwidth", None):
        body = cells.to_html(escape=False, border=0, classes=NO_MATHEMATICS, max_rows=limit)
    if notes or limit is not None:
        notes.insert(0, f"{len(frame):,} rows \u00d7 {frame.shape[1]:,} columns")
    notes += dict.fromkeys(column.note for column in (*index, *(columns[at] for at in kept)) if column.note)
    said = str(frame.attrs.get("coverage") or "")
    above = f"<p>{html.escape(escape_controls(said))}</p>" if said else ""
    below = f"<p><small>{'; '.join(notes)}</small></p>" if notes else ""
    return f'<div class="{NO_MATHEMATICS}">{above}{body}{below}</div>'


def folded_html(title: str, body: str) -> str:
    """HTML that is shown when its title is clicked."""
    return f"<details><summary>{html.escape(title)}</summary>{body}</details>"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column as it is shown: its cells as HTML, the characters that it needs, and a note for below the table."""

    cells: list[str]
    width: int
    note: str = ""


def _cut(frame: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The rows that are shown, and how many they are if some are not: one more than that, so that pandas marks it."""
    most, least = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    if not most or len(frame) <= most:
        return frame, None
    limit = int(min(least or most, most))
    return pd.concat([frame.head(limit // 2 + 1), frame.tail(limit - limit // 2)]), limit


def _fitting(frame: pd.DataFrame, columns: Sequence[_Shown], index: Sequence[_Shown]) -> tuple[list[int], list[str]]:
    """The places of the columns that fit, and what to say of the others."""
    kept, most = list(range(len(columns))), pd.get_option("display.max_columns")

    def full() -> bool:
        width = _width(index, [columns[at] for at in kept])
        return most is not None and (width > ROOM or len(kept) > (most or len(kept)))

    notes: list[str] = []
    if full() and len(frame):
        empty = [at for at in kept if _is_empty(frame.iloc[:, at])]
        kept = [at for at in kept if at not in empty]
        notes += [f"empty in all rows: {_names(frame, empty)}"] if empty else []
    if full() and len(frame) > 1:
        same = [at for at in kept if _is_constant(frame.iloc[:, at])]
        kept = [at for at in kept if at not in same]
        values = (f"{_text(frame.columns[at])} {columns[at].cells[0]}" for at in same)
        notes += [f"in all rows: {', '.join(values)}"] if same else []
    cut: list[int] = []
    brief = frame.attrs.get("brief", ())
    while full() and (others := [at for at in kept[1:] if frame.columns[at] not in PLACE]):
        least = [at for at in others if frame.columns[at] not in brief] or others
        cut.append(least[-1])
        kept.remove(least[-1])
    return kept, [*notes, f"not shown: {_names(frame, sorted(cut))}"] if cut else notes


def _is_empty(column: pd.Series[Any]) -> bool:
    """Whether all values are null or texts without a character."""
    return bool((column.isna() | column.astype(object).eq("")).all())


def _is_constant(column: pd.Series[Any]) -> bool:
    """Whether all values are one and the same, as far as they can be compared."""
    first = column.iloc[0]
    return pd.api.types.is_scalar(first) and bool(column.eq(first).fillna(False).all())


def _columns(
    columns: Sequence[pd.Series[Any]], names: Iterable[Any], units: Mapping[Any, str], day: str = ""
) -> list[_Shown]:
    """Columns as they are shown; times without their day if it is that of all."""
    shown = []
    for values, name in zip(columns, names, strict=True):
        one = _column(values, name, day, in_bytes="bytes" in str(name) or units.get(name) == "B")
        shown.append(replace(one, width=max(one.width, *map(len, _pieces(str(name))))))
    return shown


def _width(*columns: Sequence[_Shown]) -> int:
    """The characters that some columns need side by side."""
    return sum(column.width + GAP for some in columns for column in some)


def _column(values: pd.Series[Any], name: Any, day: str, *, in_bytes: bool) -> _Shown:
    dtype = values.dtype
    if is_datetime64_any_dtype(dtype):
        return _times(values, day)
    if is_timedelta64_dtype(dtype):
        return _numbers(_known(value, lambda span: duration_text(span, DIGITS)) for value in values)
    if is_integer_dtype(dtype) and in_bytes:
        return _numbers(_known(value, bytes_text) for value in values)
    if is_numeric_dtype(dtype) and len(values):
        return _numbers(values.to_string(index=False, header=False, na_rep="").split("\n"))
    return _texts(values, folders=name in FOLDERS)


def _known(value: Any, write: Callable[[Any], str]) -> str:
    return "" if pd.isna(value) else write(value)


def _numbers(texts: Iterable[str]) -> _Shown:
    """Cells that are never broken into lines."""
    plain = [text.strip().replace("<NA>", "") for text in texts]
    return _Shown([html.escape(text).replace(" ", "&nbsp;") for text in plain], max(map(len, plain), default=0))


def _times(values: pd.Series[Any], day: str) -> _Shown:
    """Times in UTC with the digits that any of them has; they are broken between day and hour only."""
    times = _in_utc(values)
    below = times.dt.microsecond.fillna(0)
    digits = 0 if below.eq(0).all() else 3 if below.mod(1000).eq(0).all() else 6
    texts = [_known(time, lambda one: f"{one:%Y-%m-%d %H:%M:%S.%f}"[: 20 + digits].rstrip(".")) for time in times]
    parts = [text.removeprefix(f"{day} ").split() for text in texts]
    cells = [" ".join(f'<span style="white-space:nowrap">{part}</span>' for part in some) for some in parts]
    zoned = isinstance(values.dtype, pd.DatetimeTZDtype)
    return _Shown(cells, 9 + digits, " ".join(filter(None, ["times", day and f"of {day}", "in UTC" if zoned else ""])))


def _in_utc(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.dt.tz_convert("UTC").dt.tz_localize(None) if isinstance(values.dtype, pd.DatetimeTZDtype) else values


def only_day(columns: Sequence[pd.Series[Any]]) -> str:
    """The day of all times of some columns; empty if they are of several."""
    times = [_in_utc(column).dropna() for column in columns if is_datetime64_any_dtype(column.dtype)]
    days = {day for column in times for day in column.dt.strftime("%Y-%m-%d").unique()}
    return days.pop() if len(days) == 1 else ""


def _texts(values: pd.Series[Any], *, folders: bool) -> _Shown:
    """Texts, broken into lines where they are long; where they are paths, without the folder that all share."""
    texts = [
        "" if pd.api.types.is_scalar(value) and pd.isna(value) else escape_controls(str(value)) for value in values
    ]
    folder = ""
    if folders:
        shared = os.path.commonprefix([text for text in texts if text])  # noqa: RUF071 (cut back to a folder)
        folder = re.sub(r"[^/!]*\Z", "", shared)
        texts = [text[len(folder) :] for text in texts]
    most = pd.get_option("display.max_colwidth")
    texts = [text if not most or len(text) <= most else f"{text[: most - 1]}\u2026" for text in texts]
    widths = (max(min(len(text), LINE), *map(len, _pieces(text))) for text in texts)
    return _Shown(
        list(map(_text, texts)), max(widths, default=0), f"{_text(folder)} before each source" if folder else ""
    )


def _pieces(text: str) -> list[str]:
    """The parts between which a text may be broken into lines."""
    return [piece for word in text.split(" ") for piece in _BREAKS.split(word)]


def _text(text: object) -> str:
    """Text as HTML, with the places where it may be broken."""
    return "<wbr>".join(map(html.escape, _BREAKS.split(escape_controls(str(text)))))


def _names(frame: pd.DataFrame, places: Sequence[int]) -> str:
    """The names of some columns, as far as they can be read."""
    names = [_text(frame.columns[at]) for at in places[:NAMED]]
    return ", ".join(names) + (f" and {len(places) - NAMED:,} more" if len(places) > NAMED else "")


def _headers(names: Iterable[object]) -> list[str | None]:
    return [None if name is None else _text(name) for name in names]


def _header(columns: pd.Index[Any]) -> pd.Index[Any]:
    """The names of columns as HTML."""
    if isinstance(columns, pd.MultiIndex):
        names = [tuple(map(_text, name)) for name in columns]
        return pd.MultiIndex.from_tuples(names, names=_headers(columns.names))
    return pd.Index([_text(name) for name in columns], dtype=object, name=_headers(columns.names)[0])
