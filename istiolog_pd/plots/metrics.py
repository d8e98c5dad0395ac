"""What the lines allow of Istio's own metrics, and what was exported."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.scales import Floats, log_axis, numbers
from istiolog_pd.plots._draw.style import SMALL, Look, names, plain

MAX_ROWS = 30  # series with a line of their own
MAX_LABEL = 52
MIN_ROWS = 5  # lines for which there is room at least

#: Series that repeat a count of another, bucket by bucket or type by type.
REPEATED = ("pilot_xds_push_time_count", "pilot_xds_config_size_bytes_count")

KINDS: dict[str, Look] = {
    "exact": Look("#004488", "o"),
    "bounded": Look("#DDAA33", "|"),
    "at least": Look("#DDAA33", ">", label="at least (no upper bound)"),
}
EXPORTED = {
    "agrees": Look("#009E73", "D", label="exported"),
    "disagrees": Look("#D55E00", "X", label="exported, not within the bounds"),
}


@plot(
    "metrics",
    "Istio's own metrics: exact ones, and the bounds of others",
    title="Istio's own metrics, from lines of the log",
    columns="metric labels low high kind",
    axes="Value by series",
)
def metrics(table: pd.DataFrame, ax: Axes) -> Drawn:
    """The series that the lines bound.

    A point where one is exact, a line between two bounds, a triangle at a lower bound alone. Series that
    are nothing but zero, buckets and counts that repeat another's are left out. If the table has
    `exported`, that stands in the line too.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({"metric": ["pilot_services", "pilot_push_triggers"], "labels": ["", ""],
    ...                       "low": [25, 17706], "high": [25, 18529], "kind": ["exact", "bounded"]})
    >>> ax = plots.metrics(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['pilot_services', 'pilot_push_triggers']
    >>> plt.close(ax.figure)
    """
    known = _drawn(table)
    if known.empty:
        return "no series has a bound"
    left = len(known) - MAX_ROWS
    known = known.head(MAX_ROWS)
    places = -np.arange(len(known), dtype=float)
    _axis(ax, known, places)
    handles = [*_bounds(ax, known, places), *_exported(ax, known, places)]
    more = f"{left:,} more series are not drawn" if left > 0 else ""
    return Heading(handles, note=more)


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that have something to show."""
    metric = names(table["metric"])
    low, high = numbers(table["low"]), numbers(table["high"])
    nothing = np.isnan(low) | ((low == 0) & (high == 0))
    drawn: pd.DataFrame = table[~(nothing | metric.str.endswith("_bucket") | metric.isin(REPEATED)).to_numpy(bool)]
    return drawn


def _axis(ax: Axes, table: pd.DataFrame, places: Floats) -> None:
    """Names of the series on the left, a scale that holds zero and large numbers below."""
    labels = names(table["labels"].where(table["labels"].notna(), ""))
    # Type URLs differ at their end.
    short = labels.str.replace(r'type\.googleapis\.com/[^"]*\.', "", regex=True)
    texts = (names(table["metric"]) + short.where(short == "", "{" + short + "}")).tolist()
    texts = [text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…" for text in texts]
    size = SMALL if len(texts) < 16 else 5.5
    ax.set_yticks(places, [plain(text) for text in texts], fontsize=size)
    ax.set_ylim(0.4 - max(len(texts), MIN_ROWS), 0.6)
    shown = [numbers(table[name]) for name in ("low", "high", "exported") if name in table]
    log_axis(ax, "x", np.concatenate(shown))
    ax.set_xlabel("value, in the metric's unit")
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=SMALL)
    ax.grid(visible=True, axis="x", alpha=0.3, linewidth=0.6)


def _bounds(ax: Axes, table: pd.DataFrame, places: Floats) -> list[Artist]:
    """Points of exact series, lines of bounded ones, triangles of those without an upper bound."""
    low, high = numbers(table["low"]), numbers(table["high"])
    exact, least = low == high, np.isnan(high)
    bounded = ~exact & ~least
    handles: list[Artist] = []
    for kind, rows in (("exact", exact), ("bounded", bounded), ("at least", least)):
        if rows.any():
            looked = KINDS[kind]
            ax.scatter(low[rows], places[rows], s=26, color=looked.color, marker=looked.marker, label=kind, zorder=3)
            handles.append(mark(looked, f"{looked.label or kind} ({rows.sum():,})"))
    color = KINDS["bounded"].color
    ends = list(np.transpose([[low[bounded], places[bounded]], [high[bounded], places[bounded]]], (2, 0, 1)))
    ax.add_collection(LineCollection(ends, colors=color, linewidths=3, zorder=2))
    ax.scatter(high[bounded], places[bounded], s=26, color=color, marker="|", zorder=3)
    return handles


def _exported(ax: Axes, table: pd.DataFrame, places: Floats) -> list[Artist]:
    """What was exported, if the table has it."""
    if "exported" not in table:
        return []
    value = numbers(table["exported"])
    wrong = (~table["agrees"].astype("boolean")).fillna(False).to_numpy(bool)
    handles: list[Artist] = []
    for name, rows in (("agrees", ~wrong & ~np.isnan(value)), ("disagrees", wrong)):
        if rows.any():
            looked = EXPORTED[name]
            ax.scatter(value[rows], places[rows], s=14, color=looked.color, marker=looked.marker, label=name, zorder=4)
            handles.append(mark(looked, f"{looked.label} ({rows.sum():,})"))
    return handles
