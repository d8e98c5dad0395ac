"""Requests that failed, by cause and destination."""

from __future__ import annotations

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import patch
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look, in_order, look, names

ANSWERED: dict[str, Look] = {
    "application": Look("#009E73"),
    "this proxy": Look("#0072B2", hatch="////"),
    "the other proxy": Look("#E69F00", hatch="\\\\\\\\"),
    "unknown": Look("#BBBBBB", hatch="...."),
}


@plot(
    "failed_requests",
    "requests that failed: of what kind, where to, and who answered",
    title="Requests that failed, by who answered them",
    columns="answered_by kind response_flags cluster requests",
    axes="Number of requests by cause and destination",
    known="requests",
    empty="no row has a count",
    rows=MAX_ROWS,
)
def failed_requests(table: pd.DataFrame, ax: Axes) -> Drawn:
    """The most frequent causes as bars; color and hatch tell who answered.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.failed_requests(pd.DataFrame({
    ...     "answered_by": ["this proxy"], "kind": ["no endpoints"], "response_flags": ["UH"],
    ...     "cluster": ["outbound|80||cart"], "requests": [7],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()], [float(bar.get_width()) for bar in ax.patches]
    (['no endpoints / UH / outbound|80||cart'], [7.0])
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, ["kind", "response_flags", "cluster"]))
    who, counts = names(table["answered_by"]).to_numpy(), numbers(table["requests"])
    handles: list[Artist] = []
    for name in in_order(ANSWERED, who):
        looked, own = look(ANSWERED, name), who == name
        ax.barh(
            places[own], counts[own], 0.7, facecolor=looked.color, hatch=looked.hatch, edgecolor="white", linewidth=0
        )
        handles.append(patch(looked, f"{name} ({counts[own].sum():,.0f})"))
    ax.set_xlabel("requests")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return handles
