"""Remote clusters and their states over time."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.style import Look, coverage, need, new_axes, show_reason

TITLE = "Remote clusters, by state"
NO_TIMES = "no row has a time stamp"

STATES: dict[str, Look] = {
    "added": Look("#56B4E9", "o"),
    "syncing": Look("#0072B2", "^"),
    "synced": Look("#009E73", "s"),
    "failing": Look("#E69F00", "D"),
    "timed out": Look("#D55E00", "X"),
    "removed": Look("#777777", "v"),
}


@plot("remote_clusters", "states of remote clusters over time")
def remote_clusters(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A lane per remote cluster: a bar from the first line of each state to the next state, or to the last line.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.remote_clusters`: `cluster`, `state`, `since`, `until`, `attempts`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Time (UTC) by cluster.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> since = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.remote_clusters(pd.DataFrame({
    ...     "cluster": ["east"], "state": ["failing"], "since": since, "until": since, "attempts": [3],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['east']
    >>> plt.close(ax.figure)
    """
    need(table, "remote_clusters", "cluster", "state", "since", "until", "attempts")
    ax = new_axes(ax)
    known = table.dropna(subset=["since"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    rows = pd.DataFrame(
        {
            "lane": known["cluster"],
            "kind": known["state"],
            "first": known["since"],
            "last": known["until"].where(known["until"].notna(), known["since"].max()),
            "count": known["attempts"],
        }
    )
    handles = lanes(ax, rows, STATES, "lines", thick=5)
    head(ax, TITLE + more_than_drawn(rows), coverage(table), handles)
    return ax
