"""What tests of plots share: columns of tables, and what axes show."""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text

START = pd.Timestamp("2026-11-23T17:27:38Z")
HOSTILE = ["_hidden", "<b>%s{}", r"a$b\$\alpha$", "tab\there", "$\\frac{"]


def times(*seconds: float | None) -> pd.Series[Any]:
    return pd.Series([pd.NaT if at is None else START + pd.Timedelta(seconds=at) for at in seconds]).astype(
        "datetime64[ns, UTC]"
    )


def spans(*millis: float | None) -> pd.Series[Any]:
    return pd.Series(pd.to_timedelta(list(millis), unit="ms")).astype("timedelta64[ns]")


def counts(*values: int | None) -> pd.Series[Any]:
    return pd.Series(values, dtype="Int64")


def flags(*values: bool | None) -> pd.Series[Any]:
    return pd.Series(values, dtype="boolean")


def words(*values: str | None) -> pd.Series[Any]:
    return pd.Series(values, dtype="category")


def offsets(ax: Axes, label: str) -> list[tuple[float, float]]:
    """The points of one scatter, in the order of the table."""
    (points,) = [drawn for drawn in ax.collections if drawn.get_label() == label]
    return [(float(x), float(y)) for x, y in np.ma.getdata(points.get_offsets())]


def moments(ax: Axes, label: str) -> list[tuple[float, float]]:
    """The points of one scatter over time: seconds since `START`, to the millisecond, and value."""
    begin = float(mdates.date2num(START.tz_localize(None)))
    return [(round((x - begin) * 86_400, 3), round(y, 6)) for x, y in offsets(ax, label)]


def heights(ax: Axes, label: str) -> list[float]:
    (container,) = [drawn for drawn in ax.containers if drawn.get_label() == label]
    return [bar.get_height() for bar in container]


def panel_of(ax: Axes) -> Axes:
    (other,) = [axes for axes in ax.figure.axes if axes is not ax]
    return other


def legend(ax: Axes) -> list[str]:
    drawn = ax.get_legend()
    return [text.get_text() for text in drawn.get_texts()] if drawn else []


def shown(figure: Any) -> list[str]:
    """Every text of a figure as matplotlib will show it, those of ticks too; fails if it would typeset one."""
    figure.canvas.draw()
    return literal(figure)


def literal(figure: Any) -> list[str]:
    """Every text of a figure that is there before it is drawn; fails if one would be typeset."""
    texts = []
    for text in figure.findobj(Text):
        seen, typeset = text._preprocess_math(text.get_text())
        assert not typeset, text.get_text()
        texts.append(seen)
    return texts
