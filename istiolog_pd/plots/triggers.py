"""Push triggers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import PUSH_TYPES, Look, coverage, ink, need, new_axes, show_reason

TITLE = "Push triggers"
KEYS = ("config_kind", "config_namespace", "config_name", "reason")
SEEN = Look(PUSH_TYPES["full"].color, label="push decisions")
ESTIMATE = "estimate (objects over decisions)"


@plot("triggers", "push triggers: certain, possible and estimated")
def triggers(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Push decisions per object, kind, namespace or reason: those that had it, and those that may have.

    Solid bars are certain, pale ones possible: a line names one config of several. A diamond is the
    estimate from what was drawn at random. The most frequent rows are drawn.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.pushes.triggers`: `pushes_low`, `pushes_high`, `weight_estimate` and what it
        was counted by.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Number of push decisions by what they were for.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.triggers(pd.DataFrame({
    ...     "config_kind": ["ServiceEntry"], "pushes_low": [3], "pushes_high": [5], "weight_estimate": [4.0],
    ... }))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [3.0, 2.0]
    >>> plt.close(ax.figure)
    """
    need(table, "triggers", "pushes_low", "pushes_high", "weight_estimate")
    ax = new_axes(ax)
    known = table.dropna(subset=["pushes_low", "pushes_high"]).head(MAX_ROWS)
    if known.empty:
        return show_reason(ax, table, TITLE)
    places = ladder(ax, labels(known, [name for name in KEYS if name in known]))
    handles: list[Artist] = [*bounded(ax, places, (numbers(known["pushes_low"]), numbers(known["pushes_high"])), SEEN)]
    estimate = numbers(known["weight_estimate"])
    seen = np.isfinite(estimate)
    if seen.any():
        handles += ax.plot(
            estimate[seen], places[seen], "D", color=ink(), markersize=4, markerfacecolor="none", label=ESTIMATE
        )
    ax.set_xlabel("push decisions")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    more = f" (the first {len(known)} of {len(table):,})" if len(table) > len(known) else ""
    head(ax, TITLE + more, coverage(table), handles)
    return ax
