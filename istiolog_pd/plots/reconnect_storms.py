"""Storms of proxies that connect again."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.style import names
from istiolog_pd.plots.connections import REASONS


@plot(
    "reconnect_storms",
    "storms of proxies that connect again, by why, and until when they were served",
    title="Proxies that connected again at once, until they were served",
    columns="start end last_served proxies reason source",
    axes="Time (UTC) by replica",
    known="start",
    empty="no row has a time stamp",
)
def reconnect_storms(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A lane per replica: a bar for each storm from the first connection to the last push that was asked for.

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
    rows = pd.DataFrame(
        {
            "lane": names(table["source"]),
            "kind": table["reason"],
            "first": table["start"],
            "last": table["last_served"].where(table["last_served"].notna(), table["end"]),
            "count": table["proxies"],
        }
    )
    handles = lanes(ax, rows, REASONS, "proxies", thick=5)
    return Heading(handles, more_than_drawn(rows))
