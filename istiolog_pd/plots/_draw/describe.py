"""What a plot shows, in words: the alternative text of its picture."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer
from matplotlib.dates import DateConverter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from istiolog_pd.plots._draw.scales import Floats, floats

#: Series that are described one by one, and rows of ranks that are named.
MAX_SERIES, MAX_RANKS = 8, 3


def describe(drawn: Axes | Figure) -> str:
    """Say in words what a plot shows: its title, what is on its axes from where to where, and each series.

    It is the alternative text of the plot in a notebook and in the report. Pictures in a page of your own want it too.

    Parameters
    ----------
    drawn
        What a plot has returned, or a figure with several of them.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "timestamp": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]),
    ...     "xds_type": ["CDS", "CDS"], "push_type": ["full", "full"], "size_bytes": [31500, 820],
    ... })
    >>> ax = plots.pushes(table)
    >>> plots.describe(ax).partition("; ")[0]
    'Pushes by size. CDS full: 2, size of the push (bytes) 820 B to 31.5 kB, median 16.16 kB'
    >>> plt.close(ax.figure)
    """
    axes = [drawn] if isinstance(drawn, Axes) else drawn.axes
    return " ".join(text.replace("\\$", "$") for ax in axes if (text := _described(ax)))


def add_alt_text(ax: Axes) -> Axes:
    """Let notebooks show the figure of some axes with its description as alternative text.

    All plots do so; a figure of your own may.

    Parameters
    ----------
    ax
        Any axes. What is drawn later is described too.
    """
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure._repr_mimebundle_ = partial(_mimebundle, figure)  # type: ignore[attr-defined]
    return ax


def _mimebundle(figure: Figure, include: object = None, exclude: object = None) -> dict[str, str]:
    """The picture as notebooks ask for it: as HTML too, for the alternative text of an image/png is shown by none."""
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    encoded = base64.b64encode(file.getvalue()).decode()
    alt = html.escape(describe(figure))
    shown = f'<img alt="{alt}" src="data:image/png;base64,{encoded}" style="max-width: 100%">'
    return {"image/png": encoded, "text/html": shown}


def _described(ax: Axes) -> str:
    """What axes show; empty if they have no title of their own: they are the margin of others."""
    title = ax.get_title(loc="left") or ax.get_title()
    if not title:
        return ". ".join(text.get_text().replace("\n", " ") for text in ax.texts if not ax.axison)
    series = [*_points(ax), *_bars(ax)]
    texts = [one.text(ax) for one in series[:MAX_SERIES]]
    if len(series) > MAX_SERIES:
        texts.append(f"{len(series) - MAX_SERIES} more series")
    legend = ax.get_legend()
    if not series and legend is not None:
        texts += [text.get_text() for text in legend.get_texts()]
    across = np.concatenate([floats([]), *(one.x for one in series if _label(ax.yaxis))])
    if np.isfinite(across).any():
        texts.append(f"{_label(ax.xaxis)} {_range(ax.xaxis, across)}")
    return f"{title}. {'; '.join(texts)}." if texts else f"{title}."


@dataclass(frozen=True, slots=True)
class _Series:
    """Marks of one name: their places on the axes, and whether each is a bar with a name of its own."""

    name: str
    x: Floats
    y: Floats
    ranked: bool = False

    def text(self, ax: Axes) -> str:
        """How many, from where to where, and the middle; of ranks the first ones."""
        named = "" if self.name.startswith("_") else f"{self.name}: "
        if self.ranked:
            texts = [label.get_text() for label in ax.get_yticklabels()][:MAX_RANKS]
            first = (f"{text} {_value(ax.xaxis, value)}" for text, value in zip(texts, self.x, strict=False))
            return f"{named}{_label(ax.xaxis)} of {len(self.x):,}: {', '.join(first)}"
        axis, values = (ax.yaxis, self.y) if _label(ax.yaxis) else (ax.xaxis, self.x)
        known = values[np.isfinite(values)]
        if not known.size:
            return f"{named}{len(values):,}"
        if known.size > 2 and (known[0], known[-1]) == (0, 100) and (np.diff(known) >= 0).all():  # cumulative shares
            return f"{named}half up to {_value(ax.xaxis, float(self.x[np.searchsorted(known, 50)]))}"
        middle = f", median {_value(axis, float(np.median(known)))}" if known.size > 1 else ""
        return f"{named}{known.size:,}, {_label(axis)} {_range(axis, known)}{middle}"


def _points(ax: Axes) -> Iterator[_Series]:
    """The points and lines that have a name and a place on both axes."""
    for points in ax.collections:
        name, marks = str(points.get_label()), np.asarray(points.get_offsets(), float)
        if isinstance(points, PathCollection) and len(marks):
            placed = points.get_offset_transform() == ax.transData
            yield _Series(name, marks[:, 0], marks[:, 1] if placed else np.full(len(marks), np.nan))
        elif isinstance(points, (PolyCollection, LineCollection)) and not name.startswith("_"):
            corners = [np.asarray(path.vertices) for path in points.get_paths() if path.vertices is not None]
            tops = floats([one.max(axis=0) for one in corners if one.size])
            if tops.size:
                yield _Series(name, tops[:, 0], tops[:, 1])
    for line in ax.lines:
        x, y = floats(line.get_xdata()), floats(line.get_ydata())
        if not str(line.get_label()).startswith("_") and x.size and line.get_transform() == ax.transData:
            yield _Series(str(line.get_label()), x, y)


def _bars(ax: Axes) -> Iterator[_Series]:
    """The bars that have a name, standing or lying."""
    for bars in ax.containers:
        if isinstance(bars, BarContainer) and bars.patches:
            boxes, ranked = [bar.get_bbox() for bar in bars.patches], bars.orientation == "horizontal"
            x = floats([box.x1 if ranked else box.x0 for box in boxes])
            yield _Series(str(bars.get_label()), x, floats([box.height for box in boxes]), ranked)


def _label(axis: Axis) -> str:
    return axis.get_label_text().replace("\n", " ")


def _range(axis: Axis, values: Floats) -> str:
    low, high = _value(axis, float(np.nanmin(values))), _value(axis, float(np.nanmax(values)))
    return low if low == high else f"{low} to {high}"


def _value(axis: Axis, value: float) -> str:
    """A value as its axis writes it."""
    if isinstance(axis.get_converter(), DateConverter) or isinstance(axis.get_major_locator(), mdates.DateLocator):
        return f"{mdates.num2date(value):%Y-%m-%d %H:%M:%S}"  # type: ignore[no-untyped-call]
    formatter = axis.get_major_formatter()
    if isinstance(formatter, EngFormatter):
        return formatter(float(f"{value:.4g}"))
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
