"""Proxies that were behind at a time."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look

LACKED = Look("#D55E00", label="surely lacked")


@plot(
    "stale_proxies",
    "rounds that proxies lacked at a time: certain, and possible",
    title="Rounds that proxies lacked",
    columns="proxy at behind_low behind_high reason",
    axes="Number of rounds by proxy",
    known="behind_low behind_high",
    empty="no row has bounds",
    rows=MAX_ROWS,
)
def stale_proxies(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Proxies by the rounds that they lacked: solid bars are certain, pale ones possible. The furthest behind first.

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
    places = ladder(ax, labels(table, ["proxy", "reason"]))
    handles = bounded(ax, places, (numbers(table["behind_low"]), numbers(table["behind_high"])), LACKED)
    ax.set_xlabel("rounds")
    ax.set_xlim(0, max(float(numbers(table["behind_high"]).max()), 1) * 1.05)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    when = table["at"].dropna()
    at = f" at {when.iloc[0]:%Y-%m-%d %H:%M:%S} UTC" if len(when) else ""
    return Heading(handles, at)
