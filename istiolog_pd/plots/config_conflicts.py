"""Conflicts in the configuration, and when pushes found them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.style import Look

HARM: dict[str, Look] = {
    "harmful": Look("#D55E00", "X"),
    "depends": Look("#E69F00", "D"),
    "harmless": Look("#777777", "o"),
}


@plot(
    "config_conflicts",
    "conflicts in the configuration over time, by whether they harm",
    title="Conflicts in the configuration, from first to last status",
    columns="metric key harmful first last statuses",
    axes="Time (UTC) by conflict",
    known="first",
    empty="no row has a time stamp",
)
def config_conflicts(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A lane per conflict: a bar from the first status that lists it to the last, its marker larger for more of them.

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
    harm = table["harmful"].astype(object)
    rows = pd.DataFrame(
        {
            "lane": table["metric"].astype(str).str.removeprefix("pilot_") + " " + table["key"].astype(str),
            "kind": harm.map({True: "harmful", False: "harmless"}).fillna("depends"),
            "first": table["first"],
            "last": table["last"],
            "count": table["statuses"],
        }
    )
    handles = lanes(ax, rows, HARM, "statuses", thick=3)
    return Heading(handles, more_than_drawn(rows))
