"""Push triggers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import PUSH_TYPES, Look, ink

KEYS = ("config_kind", "config_namespace", "config_name", "reason")
SEEN = Look(PUSH_TYPES["full"].color, label="push decisions")
ESTIMATE = "estimate (objects over decisions)"


@plot(
    "triggers",
    "push triggers: certain, possible and estimated",
    title="Push triggers",
    columns="pushes_low pushes_high weight_estimate",
    axes="Number of push decisions by what they were for",
    known="pushes_low pushes_high",
    rows=MAX_ROWS,
    also=" and what it was counted by",
)
def triggers(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Push decisions per object, kind, namespace or reason: those that had it, and those that may have.

    Solid bars are certain, pale ones possible: a line names one config of several. A diamond is the
    estimate from what was drawn at random. The most frequent rows are drawn.

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
    places = ladder(ax, labels(table, [name for name in KEYS if name in table]))
    handles: list[Artist] = [*bounded(ax, places, (numbers(table["pushes_low"]), numbers(table["pushes_high"])), SEEN)]
    estimate = numbers(table["weight_estimate"])
    seen = np.isfinite(estimate)
    if seen.any():
        handles += ax.plot(
            estimate[seen], places[seen], "D", color=ink(), markersize=4, markerfacecolor="none", label=ESTIMATE
        )
    ax.set_xlabel("push decisions")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return handles
