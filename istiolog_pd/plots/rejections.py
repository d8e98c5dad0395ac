"""Rejected updates, and how long each proxy went without an accepted one."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.style import XDS_TYPES, coverage, names, need, new_axes, show_reason

TITLE = "Rejected updates, from the first to the next accepted one (or the last rejection)"
NO_TIMES = "no row has a time stamp"


@plot("rejections", "rejected updates by proxy, and until when")
def rejections(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A lane per proxy and type: a bar from the first rejection to the update that was accepted next.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.rejections`: `proxy`, `xds_type`, `nacks`, `first`, `last`, `recovered`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Time (UTC) by proxy and type.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> seen = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.rejections(pd.DataFrame({
    ...     "proxy": ["web-1.shop"], "xds_type": ["LDS"], "nacks": [2], "first": seen, "last": seen,
    ...     "recovered": seen,
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['web-1.shop LDS']
    >>> plt.close(ax.figure)
    """
    need(table, "rejections", "proxy", "xds_type", "nacks", "first", "last", "recovered")
    ax = new_axes(ax)
    known = table.dropna(subset=["first"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    rows = pd.DataFrame(
        {
            "lane": names(known["proxy"]) + " " + names(known["xds_type"]),
            "kind": known["xds_type"],
            "first": known["first"],
            "last": known["recovered"].where(known["recovered"].notna(), known["last"]),
            "count": known["nacks"],
        }
    )
    handles = lanes(ax, rows, XDS_TYPES, "rejected", thick=3)
    head(ax, TITLE + more_than_drawn(rows), coverage(table), handles)
    return ax
