"""Streams that closed, by reason and by whether that is harmless."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.lanes import lanes, more_than_drawn
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.style import Look, names

HARM: dict[str, Look] = {
    "harmful": Look("#D55E00", "X"),
    "cannot tell": Look("#E69F00", "D"),
    "harmless": Look("#009E73", "o"),
}


@plot(
    "closed_streams",
    "streams that closed over time, by reason, and whether that is harmless",
    title="Streams that closed, by why",
    columns="closed seen reason harmless gap_high",
    axes="Time (UTC) by reason",
)
def closed_streams(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A lane per reason: a bar for each stream from its end to the next one of its proxy, as far as that is known.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> at = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.closed_streams(pd.DataFrame({
    ...     "closed": at, "seen": at, "reason": ["maximum age"], "harmless": [True],
    ...     "gap_high": pd.to_timedelta(["1s"]),
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['maximum age']
    >>> plt.close(ax.figure)
    """
    when = table["closed"].where(table["closed"].notna(), table["seen"])
    known = table[when.notna().to_numpy()]
    if known.empty:
        return "no row has a time stamp"
    first = pd.to_datetime(when[when.notna().to_numpy()], utc=True)
    harm = known["harmless"].astype(object)
    rows = pd.DataFrame(
        {
            "lane": names(known["reason"]).to_numpy(),
            "kind": harm.map({True: "harmless", False: "harmful"}).fillna("cannot tell").to_numpy(),
            "first": first.to_numpy(),
            "last": (first + pd.to_timedelta(known["gap_high"])).to_numpy(),
            "count": 1,
        }
    )
    handles = lanes(ax, rows, HARM, "streams", thick=2)
    return Heading(handles, more_than_drawn(rows))
