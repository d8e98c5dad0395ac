"""What pushes were made for."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look, coverage, need, new_axes, show_reason

TITLE = "Push decisions by cause"
NO_CAUSES = "no row has a cause"
CERTAIN = Look("#004488", label="certain")


@plot("push_causes", "push decisions by what lies behind them: certain, and likely")
def push_causes(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Push decisions of each cause: those that are certain, and paler those that are not.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.push_causes`: `cause`, `certain`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Number of push decisions by cause.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.push_causes(pd.DataFrame({"cause": ["config", "config", "jwks"], "certain": [True, False, False]}))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [1.0, 0.0, 1.0, 1.0]
    >>> plt.close(ax.figure)
    """
    need(table, "push_causes", "cause", "certain")
    ax = new_axes(ax)
    known = table.dropna(subset=["cause"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_CAUSES if len(table) else "")
    certain = known["certain"].astype("boolean").fillna(False).astype(int)
    sums = certain.groupby(known["cause"].astype(str).to_numpy()).agg(["sum", "size"])
    sums = sums.sort_values("size", ascending=False, kind="stable").head(MAX_ROWS).rename_axis("cause").reset_index()
    handles = bounded(ax, ladder(ax, labels(sums, ["cause"])), (numbers(sums["sum"]), numbers(sums["size"])), CERTAIN)
    ax.set_xlabel("push decisions")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    head(ax, TITLE, coverage(table), handles)
    return ax
