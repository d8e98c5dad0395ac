"""Conflicts in the configuration, and when pushes found them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.style import Look, coverage, need, new_axes, show_reason

TITLE = "Conflicts in the configuration, from the first status of pushes that lists each to the last"
NO_TIMES = "no row has a time stamp"

HARM: dict[str, Look] = {
    "harmful": Look("#D55E00", "X"),
    "depends": Look("#E69F00", "D"),
    "harmless": Look("#777777", "o"),
}


@plot("config_conflicts", "conflicts in the configuration over time, by whether they harm")
def config_conflicts(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A lane per conflict: a bar from the first status that lists it to the last, its marker larger for more of them.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.config_conflicts`: `metric`, `key`, `harmful`, `first`, `last`, `statuses`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Time (UTC) by conflict.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> seen = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.config_conflicts(pd.DataFrame({
    ...     "metric": ["pilot_no_ip"], "key": ["web-1.shop"], "harmful": [False], "first": seen, "last": seen,
    ...     "statuses": [1],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['no_ip web-1.shop']
    >>> plt.close(ax.figure)
    """
    need(table, "config_conflicts", "metric", "key", "harmful", "first", "last", "statuses")
    ax = new_axes(ax)
    known = table.dropna(subset=["first"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    harm = known["harmful"].astype(object)
    rows = pd.DataFrame(
        {
            "lane": known["metric"].astype(str).str.removeprefix("pilot_") + " " + known["key"].astype(str),
            "kind": harm.map({True: "harmful", False: "harmless"}).fillna("depends"),
            "first": known["first"],
            "last": known["last"],
            "count": known["statuses"],
        }
    )
    handles = lanes(ax, rows, HARM, "statuses", thick=3)
    head(ax, TITLE + more_than_drawn(rows), coverage(table), handles)
    return ax
