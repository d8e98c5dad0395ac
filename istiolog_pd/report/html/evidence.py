"""Evidence: the entries behind a finding, found again in the capture; and how numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._text import escape_controls
from istiolog_pd.capture import Capture
from istiolog_pd.report.model import Line

#: Maximum number of lines shown with a finding.
MAX_LINES = 3
#: Maximum length of a line, and of a text within a sentence.
MAX_TEXT, MAX_WORDS = 400, 160


def shown(text: object, most: int = MAX_TEXT) -> str:
    r"""Text of a log in one line, what cannot be printed as its escape, cut where it is too long.

    Examples
    --------
    >>> shown("a\x1b[31m\u202eb"), shown("abcdef", 3)
    ('a\\x1b[31m\\u202eb', 'abc…')
    """
    cut = str(text)
    return escape_controls(cut[:most]) + ("…" if len(cut) > most else "")


def rows_of(capture: Capture, event: str, **equal: object) -> tuple[int, ...]:
    """The first rows of an event whose columns have these values."""
    table = capture[event]
    for name, value in equal.items():
        column = table[name]
        column = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        table = table.filter(pc.fill_null(pc.equal(column, pa.scalar(value, column.type)), False))
    return tuple(table["row"].slice(0, MAX_LINES).to_pylist())


def rows_at(capture: Capture, table: pd.DataFrame) -> tuple[int, ...]:
    """The rows of the entries that the first rows of an answer name by `source` and `line`."""
    sources, lines = capture.events["source"], capture.events["line"]
    found: list[int] = []
    for source, line in table[["source", "line"]].head(MAX_LINES).dropna().itertuples(index=False):
        at = pc.indices_nonzero(pc.equal(lines, int(line)))
        own = pc.equal(sources.take(at).cast(pa.string()), source)
        found.extend(at.filter(own.combine_chunks()).slice(0, 1).to_pylist())
    return tuple(found)


def lines_at(capture: Capture, rows: Iterable[int]) -> tuple[Line, ...]:
    """Some entries: where each stands, and its time, level, scope and message."""
    chosen = capture.events.take(pa.array(list(rows), pa.int64()))
    lines = []
    for entry in chosen.select(["timestamp", "level", "scope", "message", "source", "line"]).to_pylist():
        stamp = entry["timestamp"]
        time = f"{stamp:%Y-%m-%d %H:%M:%S.%f}" if stamp is not None else ""
        words = [time, entry["level"], entry["scope"], entry["message"]]
        lines.append(
            Line(shown(entry["source"]), entry["line"], shown(" ".join(word for word in words if word).strip()))
        )
    return tuple(lines)


def plural(count: int, one: str, many: str = "") -> str:
    """A number of things in words.

    Examples
    --------
    >>> plural(1, "proxy", "proxies"), plural(1200, "push", "pushes"), plural(0, "line")
    ('1 proxy', '1,200 pushes', '0 lines')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def bounds(low: Any, high: Any, write: Callable[[Any], str] = "{:,}".format) -> str:
    """A number that is known within bounds, as bounds; null: no bound.

    Examples
    --------
    >>> bounds(3, 3), bounds(1000, 2000), bounds(3, None)
    ('3', '1,000 to 2,000', 'at least 3')
    >>> bounds(0.31, 0.33, "{:.1f}".format)
    'about 0.3'
    """
    if pd.isna(high):
        return f"at least {write(low)}"
    texts = write(low), write(high)
    if texts[0] != texts[1]:
        return " to ".join(texts)
    return texts[0] if low == high else f"about {texts[0]}"


def clock(time: pd.Timestamp) -> str:
    """A time, to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def clock_span(first: pd.Series[Any], last: pd.Series[Any]) -> str:
    """From the first of some times to the last of others, to the second; one time where they are one.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:40Z"]))
    >>> clock_span(times, times)
    'from 2026-11-23 17:27:38 UTC to 2026-11-23 17:27:40 UTC'
    >>> clock_span(times.head(1), times.head(1))
    'at 2026-11-23 17:27:38 UTC'
    """
    begin, end = clock(first.min()), clock(last.max())
    return f"at {begin}" if begin == end else f"from {begin} to {end}"


def percent(share: float) -> str:
    """A share, 0 to 1, as a percentage.

    Examples
    --------
    >>> percent(0.256), percent(0.0004), percent(1.0)
    ('26 %', '< 0.1 %', '100 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.1 else f"{share:.0%}".replace("%", " %")
