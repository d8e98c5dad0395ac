"""Storms of proxies that connect again."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.style import coverage, names, need, new_axes, show_reason
from istiolog_pd.plots.connections import REASONS

TITLE = "Proxies that connected again at once, until they were served"
NO_TIMES = "no row has a time stamp"


@plot("reconnect_storms", "storms of proxies that connect again, by why, and until when they were served")
def reconnect_storms(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A lane per replica: a bar for each storm from the first connection to the last push that was asked for.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.reconnect_storms`: `start`, `end`, `last_served`, `proxies`, `reason`, `source`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Time (UTC) by replica.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> at = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.reconnect_storms(pd.DataFrame({
    ...     "start": at, "end": at, "last_served": at, "proxies": [21], "reason": ["restart"], "source": ["istiod.log"],
    ... }))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['restart (21 proxies)']
    >>> plt.close(ax.figure)
    """
    need(table, "reconnect_storms", "start", "end", "last_served", "proxies", "reason", "source")
    ax = new_axes(ax)
    known = table.dropna(subset=["start"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    rows = pd.DataFrame(
        {
            "lane": names(known["source"]),
            "kind": known["reason"],
            "first": known["start"],
            "last": known["last_served"].where(known["last_served"].notna(), known["end"]),
            "count": known["proxies"],
        }
    )
    handles = lanes(ax, rows, REASONS, "proxies", thick=5)
    head(ax, TITLE + more_than_drawn(rows), coverage(table), handles)
    return ax
