"""Remote clusters and their states over time."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.style import Look

STATES: dict[str, Look] = {
    "added": Look("#56B4E9", "o"),
    "syncing": Look("#0072B2", "^"),
    "synced": Look("#009E73", "s"),
    "failing": Look("#E69F00", "D"),
    "timed out": Look("#D55E00", "X"),
    "removed": Look("#777777", "v"),
}


@plot(
    "remote_clusters",
    "states of remote clusters over time",
    title="Remote clusters, by state",
    columns="cluster state since until attempts",
    axes="Time (UTC) by cluster",
    known="since",
    empty="no row has a time stamp",
)
def remote_clusters(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A lane per remote cluster: a bar from the first line of each state to the next state, or to the last line.

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
    rows = pd.DataFrame(
        {
            "lane": table["cluster"],
            "kind": table["state"],
            "first": table["since"],
            "last": table["until"].where(table["until"].notna(), table["since"].max()),
            "count": table["attempts"],
        }
    )
    handles = lanes(ax, rows, STATES, "lines", thick=5)
    return Heading(handles, more_than_drawn(rows))
