"""Axes of a plot: time in UTC, orders of magnitude, bars in layers, a second panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, FuncFormatter, LogLocator, NullFormatter, SymmetricalLogLocator
from mpl_toolkits.axes_grid1 import make_axes_locatable
from numpy.typing import NDArray

from istiolog_pd.plots.style import Look, bare, ink, look

Floats = NDArray[np.float64]
Side = Literal["left", "right", "bottom", "top"]

SECOND = 1 / 86400  # in days, matplotlib's unit of time
BYTES = EngFormatter(unit="B")
COUNTS = FuncFormatter(lambda value, _: f"{value:,g}")


def numbers(column: pd.Series[Any]) -> Floats:
    """A column of counts as floats, NaN where null."""
    return column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)


def milliseconds(column: pd.Series[Any]) -> Floats:
    """A column of durations in milliseconds, NaN where null."""
    return (column.astype("timedelta64[ns]") / pd.Timedelta(milliseconds=1)).to_numpy(dtype=np.float64)


def dates(column: pd.Series[Any]) -> Floats:
    """A column of times as matplotlib's days since 1970 in UTC, NaN where null."""
    return mdates.date2num(pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[ns]"))


def time_axis(ax: Axes, times: Floats, label: str = "time (UTC)") -> None:
    """A time axis in UTC around these times, wide enough if there is only one."""
    first, last = float(np.nanmin(times)), float(np.nanmax(times))
    margin = max((last - first) * 0.02, SECOND / 1000 if last > first else SECOND)
    ax.xaxis_date(tz="UTC")
    ax.set_xlim(first - margin, last + margin)
    locator = mdates.AutoDateLocator(tz="UTC", minticks=4, maxticks=10)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz="UTC"))
    ax.set_xlabel(label)


def mark_runs(ax: Axes, table: pd.DataFrame, times: Floats) -> None:
    """A thin line where each further run of a process begins: counters begin again, rates break off."""
    begins = pd.Series(times).groupby(table["run"].to_numpy()).min().sort_values() if "run" in table else []
    for begin in list(begins)[1:]:
        ax.axvline(begin, color=ink(), linestyle=":", linewidth=1, alpha=0.6)


def log_axis(ax: Axes, which: Literal["x", "y"], values: Floats, ticks: Formatter = COUNTS) -> None:
    """An axis of orders of magnitude around these values, with labelled ticks even where they lie close.

    Where a value is zero or less the part around zero is linear, so that it can be seen.
    """
    axis: Axis = ax.xaxis if which == "x" else ax.yaxis
    limit, scale = (ax.set_xlim, ax.set_xscale) if which == "x" else (ax.set_ylim, ax.set_yscale)
    values = values[np.isfinite(values)]
    above = values[values > 0]
    low, high = (float(above.min()), float(above.max())) if above.size else (1.0, 1.0)
    subs = (1.0, 2.0, 5.0) if high / low < 50 else (1.0,)
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


def bins(ax: Axes, count: int = 30) -> Floats:
    """Edges of so many bins that look equally high on the y axis of these axes."""
    transform = ax.yaxis.get_transform()
    low, high = transform.transform(np.array(ax.get_ylim()))
    return np.asarray(transform.inverted().transform(np.linspace(low, high, count + 1)), dtype=np.float64)


def panel(ax: Axes, side: Side, size: str) -> Axes:
    """A second panel beside or below the axes that shares the axis between them, carved from their room."""
    below = side in ("bottom", "top")
    shared = {"sharex": ax} if below else {"sharey": ax}
    other = cast(Axes, make_axes_locatable(ax).append_axes(side, size=size, pad=0.12, **shared))
    if below:
        ax.tick_params(labelbottom=False)
        other.set_xlabel(ax.get_xlabel())
        ax.xaxis.label.set_visible(False)
    else:
        other.tick_params(labelleft=False)
    if isinstance(ax.figure, Figure):
        ax.figure.sca(ax)  # what the user does next with pyplot is meant for the plot itself
    return bare(other)


def stack(ax: Axes, parts: pd.DataFrame, looks: Mapping[str, Look], width: float, align: str = "center") -> None:
    """Bars in layers: a row of `parts` is a place on the x axis, a column a layer with its look."""
    bottom = np.zeros(len(parts))
    for name in parts:
        looked = look(looks, str(name))
        height = numbers(parts[name])
        ax.bar(
            parts.index.to_numpy(dtype=np.float64), height, width, bottom, align=align,  # type: ignore[arg-type]
            facecolor=looked.colour, hatch=looked.hatch, edgecolor="white", linewidth=0, label=str(name),
        )  # fmt: skip
        bottom += np.nan_to_num(height)
    if len(parts):
        ax.set_ylim(0, max(float(bottom.max()), 1) * 1.08)
