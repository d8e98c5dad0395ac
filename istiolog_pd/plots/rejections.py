"""Rejected updates, and how long each proxy went without an accepted one."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.style import XDS_TYPES, names


@plot(
    "rejections",
    "rejected updates by proxy, and until when",
    title="Rejected updates, from the first to the next accepted one (or the last rejection)",
    columns="proxy xds_type nacks first last recovered",
    axes="Time (UTC) by proxy and type",
    known="first",
    empty="no row has a time stamp",
)
def rejections(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A lane per proxy and type: a bar from the first rejection to the update that was accepted next.

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
    rows = pd.DataFrame(
        {
            "lane": names(table["proxy"]) + " " + names(table["xds_type"]),
            "kind": table["xds_type"],
            "first": table["first"],
            "last": table["recovered"].where(table["recovered"].notna(), table["last"]),
            "count": table["nacks"],
        }
    )
    handles = lanes(ax, rows, XDS_TYPES, "rejected", thick=3)
    return Heading(handles, more_than_drawn(rows))
