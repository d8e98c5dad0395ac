"""Remote clusters and their states over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import head, mark
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, MIN_ROWS, ladder
from istiolog_pd.plots._draw.scales import dates, numbers, time_axis
from istiolog_pd.plots._draw.style import Look, coverage, in_order, look, names, need, new_axes, plain, show_reason

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
    clusters = names(known["cluster"]).to_numpy()
    lanes = list(dict.fromkeys(clusters))[:MAX_ROWS]
    places = dict(zip(lanes, ladder(ax, [plain(name) for name in lanes]), strict=True))
    lane = np.array([places.get(name, np.nan) for name in clusters])
    first, last = dates(known["since"]), dates(known["until"].fillna(known["since"].max()))
    state, counts = names(known["state"]).to_numpy(), numbers(known["attempts"])
    handles: list[Artist] = []
    for name in in_order(STATES, state):
        looked, own = look(STATES, name), state == name
        ax.hlines(lane[own], first[own], last[own], color=looked.color, alpha=0.7, linewidth=5)
        ax.scatter(first[own], lane[own], 14 + 6 * np.log2(counts[own]), c=looked.color, marker=looked.marker, zorder=3)
        handles.append(mark(looked, f"{name} ({counts[own].sum():,.0f} lines)"))
    time_axis(ax, np.concatenate([first, last]))
    ax.set_ylim(0.4 - max(len(lanes), MIN_ROWS), 0.6)
    head(ax, TITLE, coverage(table), handles)
    return ax
