"""Axes of a plot: time in UTC, orders of magnitude, round numbers, a second panel."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    EngFormatter,
    Formatter,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    SymmetricalLogLocator,
)
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike, NDArray

from istiolog_pd.plots._draw.style import bare, ink

Floats = NDArray[np.float64]

NARROW = 50  # times the least value: then a tick per decade is too few
MIN_ROUNDS = 12  # rounds for which there is room at least, so that few bars are no walls
GAP = 0.03  # between two panels, in parts of their room
DAY = pd.Timedelta(days=1)  # matplotlib's unit of time
SECOND = pd.Timedelta(seconds=1) / DAY
#: Tick texts by the finest unit that differs (year, month, day, hour, minute, second), and the text at the end.
CLOCK = {
    "formats": ["%Y", "%b", "%d", "%H:%M", "%H:%M", "%H:%M:%S.%f"],
    "zero_formats": ["", "%Y", "%b", "%b %d", "%H:%M", "%H:%M:%S"],
    "offset_formats": ["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"],
}
BYTES = EngFormatter(unit="B")
COUNTS = FuncFormatter(lambda value, _: f"{value:,g}")


def numbers(column: pd.Series[Any]) -> Floats:
    """A column of counts as floats, NaN where null."""
    return floats(column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))


def milliseconds(column: pd.Series[Any]) -> Floats:
    """A column of durations in milliseconds, NaN where null."""
    return floats(column.astype("timedelta64[ns]") / pd.Timedelta(milliseconds=1))


def dates(column: pd.Series[Any]) -> Floats:
    """A column of times as matplotlib's days since 1970 in UTC, NaN where null."""
    naive = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[ns]")
    return floats(mdates.date2num(naive))  # type: ignore[no-untyped-call]


def floats(values: ArrayLike) -> Floats:
    """An array of floats."""
    return np.asarray(values, dtype=np.float64)


def time_axis(ax: Axes, times: Floats, label: str = "time (UTC)") -> None:
    """A time axis in UTC around these times, wide enough if there is only one; its ticks are whole clock times."""
    first, last = float(np.nanmin(times)), float(np.nanmax(times))
    margin = (last - first) * 0.02 if last > first else SECOND
    ax.xaxis_date(tz="UTC")
    ax.set_xlim(first - margin, last + margin)
    locator = mdates.AutoDateLocator(tz="UTC", minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz="UTC", **CLOCK))  # type: ignore[no-untyped-call]
    ax.set_xlabel(label)


def mark_runs(ax: Axes, table: pd.DataFrame, times: Floats) -> None:
    """A thin line where each further run of a process begins: counters begin again, rates break off."""
    if "run" not in table:
        return
    begins = pd.Series(times).groupby(table["run"].to_numpy()).min().dropna()
    for begin in sorted(begins)[1:]:
        ax.axvline(begin, color=ink(), linestyle=":", linewidth=1, alpha=0.6)


def log_axis(ax: Axes, which: Literal["x", "y"], values: Floats, ticks: Formatter = COUNTS) -> None:
    """An axis of orders of magnitude around these values, with labeled ticks even where they lie close.

    Where a value is zero or less the part around zero is linear, so that it can be seen.
    """
    axis: Axis = ax.xaxis if which == "x" else ax.yaxis
    limit, scale = (ax.set_xlim, ax.set_xscale) if which == "x" else (ax.set_ylim, ax.set_yscale)
    values = values[np.isfinite(values)]
    above = values[values > 0]
    low, high = (float(above.min()), float(above.max())) if above.size else (1.0, 1.0)
    subs = (1.0, 2.0, 5.0) if high / low < NARROW else (1.0,)
    if above.size < values.size:
        linear = 10.0 ** np.floor(np.log10(low))
        scale("symlog", linthresh=linear, linscale=0.5)
        axis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=linear, subs=subs))
        least = float(values.min())
        limit(least * 2 if least < 0 else -linear / 3, high * 2)
    else:
        scale("log")
        axis.set_major_locator(LogLocator(subs=subs, numticks=12))
        limit(low / 2, high * 2)
    axis.set_major_formatter(ticks)
    axis.set_minor_formatter(NullFormatter())


def bins(ax: Axes, count: int = 30) -> list[float]:
    """Edges of a number of bins that look equally high on the y axis of these axes."""
    transform = ax.yaxis.get_transform()
    low, high = transform.transform(np.array(ax.get_ylim()))
    return list(floats(transform.inverted().transform(np.linspace(low, high, count + 1))))


def round_axis(ax: Axes, number: Floats, start: pd.Series[pd.Timestamp] | None = None) -> None:
    """An axis of round numbers, with the start of a round under its number where it is known."""
    first, last = float(np.nanmin(number)), float(np.nanmax(number))
    margin = 0.7 + max(0, MIN_ROUNDS - 1 - (last - first)) / 2
    ax.set_xlim(first - margin, last + margin)
    ax.tick_params(axis="x", length=0)
    text: dict[float, str] = {}
    ax.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    ax.set_xlabel("round")
    if start is not None and start.notna().any():
        begins = pd.to_datetime(start, utc=True)
        days = begins.dt.strftime("%Y-%m-%d").dropna().unique()
        clock = begins.dt.strftime("%H:%M:%S" if len(days) == 1 else "%m-%d %H:%M")
        text = {place: f"\n{when}" for place, when in zip(number, clock, strict=True) if isinstance(when, str)}
        ax.set_xlabel(f"round, with its start (UTC, {days[0]})" if len(days) == 1 else "round, with its start (UTC)")
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:.0f}{text.get(value, '')}" if first <= value <= last else "")
    )


def panel(ax: Axes, side: Literal["right", "bottom"], share: float) -> Axes:
    """A second panel beside or below the axes that shares the axis between them, carved from their room.

    It stands in the same cell of the figure (as a twin axis does), so any layout leaves room for its labels.
    """
    shared: dict[str, Any] = {"sharex": ax} if side == "bottom" else {"sharey": ax}
    cell, fig = ax.get_subplotspec(), ax.figure
    other = fig.add_subplot(cell, **shared) if cell else fig.add_axes(ax.get_position(original=True).bounds, **shared)
    if side == "bottom":
        ax.set_axes_locator(partial(_part, (0, share, 1, 1 - share)))
        other.set_axes_locator(partial(_part, (0, 0, 1, share - GAP * 1.5)))
        ax.tick_params(labelbottom=False)
        other.set_xlabel(ax.get_xlabel())
        ax.xaxis.label.set_visible(False)
    else:
        ax.set_axes_locator(partial(_part, (0, 0, 1 - share, 1)))
        other.set_axes_locator(partial(_part, (1 - share + GAP, 0, share - GAP, 1)))
        other.tick_params(labelleft=False)
    fig.sca(ax)  # what the user does next with pyplot is meant for the plot itself
    return bare(other)


def _part(part: tuple[float, float, float, float], ax: Axes, _: object) -> Bbox:
    """A part (left, bottom, width, height) of the room that the figure's layout gives to the axes."""
    room = ax.get_position(original=True)
    left, bottom, width, height = part
    return Bbox.from_bounds(
        room.x0 + left * room.width, room.y0 + bottom * room.height, width * room.width, height * room.height
    )
