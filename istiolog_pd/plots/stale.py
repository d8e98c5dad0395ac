"""Proxies that were behind at a time."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look, coverage, need, new_axes, show_reason

TITLE = "Rounds that proxies lacked"
NO_BOUNDS = "no row has bounds"
LACKED = Look("#D55E00", label="surely lacked")


@plot("stale_proxies", "rounds that proxies lacked at a time: certain, and possible")
def stale_proxies(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Proxies by the rounds that they lacked: solid bars are certain, pale ones possible. The furthest behind first.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.stale_proxies`: `proxy`, `at`, `behind_low`, `behind_high`, `reason`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Number of rounds by proxy.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.stale_proxies(pd.DataFrame({
    ...     "proxy": ["web-1.shop"], "at": pd.to_datetime(["2026-11-23T17:27:38Z"]), "behind_low": [1],
    ...     "behind_high": [3], "reason": ["not acknowledged"],
    ... }))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [1.0, 2.0]
    >>> plt.close(ax.figure)
    """
    need(table, "stale_proxies", "proxy", "at", "behind_low", "behind_high", "reason")
    ax = new_axes(ax)
    known = table.dropna(subset=["behind_low", "behind_high"]).head(MAX_ROWS)
    if known.empty:
        return show_reason(ax, table, TITLE, NO_BOUNDS if len(table) else "")
    places = ladder(ax, labels(known, ["proxy", "reason"]))
    handles = bounded(ax, places, (numbers(known["behind_low"]), numbers(known["behind_high"])), LACKED)
    ax.set_xlabel("rounds")
    ax.set_xlim(0, max(float(numbers(known["behind_high"]).max()), 1) * 1.05)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    when = known["at"].dropna()
    at = f" at {when.iloc[0]:%Y-%m-%d %H:%M:%S} UTC" if len(when) else ""
    more = f" (the first {len(known)} of {len(table):,})" if len(table) > len(known) else ""
    head(ax, TITLE + at + more, coverage(table), handles)
    return ax
