"""Services whose endpoints come and go, and clusters without any."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import dates, mark_runs, numbers, time_axis
from istiolog_pd.plots._draw.style import PUSH_TYPES, Look

WENT = Look("#D55E00", hatch="////", label="went empty")
FORCED = Look(PUSH_TYPES["full"].color, label="forced a full push")
BAND = "#E69F00"


@plot(
    "endpoint_churn",
    "services that lost all endpoints, or forced full pushes",
    title="Services that lost all endpoints, or forced full pushes",
    columns="service namespace went_empty_low went_empty_high full_pushes",
    axes="Number of times by service",
    known="went_empty_low went_empty_high full_pushes",
    rows=MAX_ROWS,
)
def endpoint_churn(table: pd.DataFrame, ax: Axes) -> Drawn:
    """The most restless services: how often each went empty, and forced a full push.

    Pale is how often it may have gone empty at most, where lines do not tell.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.endpoint_churn(pd.DataFrame({
    ...     "service": ["cart"], "namespace": ["shop"], "went_empty_low": [1], "went_empty_high": [3],
    ...     "full_pushes": [2],
    ... }))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [1.0, 2.0, 2.0]
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, ["namespace", "service"]))
    low, high = numbers(table["went_empty_low"]), numbers(table["went_empty_high"])
    pushes = numbers(table["full_pushes"])
    handles: list[Artist] = [*bounded(ax, places + 0.19, (low, high), WENT, 0.36)]
    handles += bounded(ax, places - 0.19, (pushes, pushes), FORCED, 0.36)
    ax.set(xlim=(0, max(float(np.nanmax([high, pushes])), 1) * 1.08), xlabel="times")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return handles


@plot(
    "empty_clusters",
    "clusters without endpoints over time",
    title="Clusters without endpoints, in one push",
    columns="time empty_min empty_median empty_max",
    axes="Time (UTC) by number of clusters",
    also=", and `run` if there is one",
)
def empty_clusters(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Clusters without endpoints over time: from the least to the most in one push, and the median.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.empty_clusters(pd.DataFrame({
    ...     "time": pd.to_datetime(["2026-11-23T17:27:38Z"]), "empty_min": [0], "empty_median": [1.5],
    ...     "empty_max": [4],
    ... }))
    >>> ax.get_ylabel()
    'clusters without endpoints'
    >>> plt.close(ax.figure)
    """
    known = table.dropna(subset=["time", "empty_min", "empty_max"]).sort_values("time", kind="stable")
    if known.empty:
        return ""
    when = dates(known["time"])
    low, high, middle = (numbers(known[name]) for name in ("empty_min", "empty_max", "empty_median"))
    mark_runs(ax, known, when)
    band = ax.vlines(when, low, high, color=BAND, linewidth=4, alpha=0.7, label="minimum to maximum in one push")
    line = ax.plot(when, middle, "o", color=PUSH_TYPES["full"].color, markersize=3, label="median")
    time_axis(ax, when)
    ax.set(ylim=(-0.2, max(float(np.nanmax(high)), 1) * 1.08), ylabel="clusters without endpoints")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    return [band, *line]
