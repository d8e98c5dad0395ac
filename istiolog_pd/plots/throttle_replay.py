"""What other limits of istiod would have meant."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look, coverage, need, new_axes, show_reason

TITLE = "Rounds and connections that would have waited with other limits"
NO_BOUNDS = "no row has bounds"
WAITED = Look("#004488", label="surely waited")


@plot("throttle_replay", "rounds and connections that would have waited with other limits")
def throttle_replay(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A bar per limit: solid is certain, pale possible.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.throttle_replay`: `setting`, `value`, `affected_low`, `affected_high`, `of`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Percentage of the rounds or connections by limit.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.throttle_replay(pd.DataFrame({
    ...     "setting": ["PILOT_PUSH_THROTTLE"], "value": [20], "affected_low": [1], "affected_high": [3], "of": [4],
    ... }))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [25.0, 50.0]
    >>> plt.close(ax.figure)
    """
    need(table, "throttle_replay", "setting", "value", "affected_low", "affected_high", "of")
    ax = new_axes(ax)
    known = table.dropna(subset=["affected_low", "affected_high", "of"]).head(MAX_ROWS)
    if known.empty:
        return show_reason(ax, table, TITLE, NO_BOUNDS if len(table) else "")
    places = ladder(ax, labels(known, ["setting", "value"]))
    low, high = (100 * numbers(known[name]) / numbers(known["of"]) for name in ("affected_low", "affected_high"))
    handles = bounded(ax, places, (low, high), WAITED)
    ax.set(xlim=(0, 100), xlabel="rounds, or connections (%)")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    head(ax, TITLE, coverage(table), handles)
    return ax
