"""What pushes were made for."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look

CERTAIN = Look("#004488", label="certain")


@plot(
    "push_causes",
    "push decisions by what lies behind them: certain, and likely",
    title="Push decisions by cause",
    columns="cause certain",
    axes="Number of push decisions by cause",
    known="cause",
    empty="no row has a cause",
)
def push_causes(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Push decisions of each cause: those that are certain, and paler those that are not.

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
    certain = table["certain"].astype("boolean").fillna(False).astype(int)
    sums = certain.groupby(table["cause"].astype(str).to_numpy()).agg(["sum", "size"])
    sums = sums.sort_values("size", ascending=False, kind="stable").head(MAX_ROWS).rename_axis("cause").reset_index()
    handles = bounded(ax, ladder(ax, labels(sums, ["cause"])), (numbers(sums["sum"]), numbers(sums["size"])), CERTAIN)
    ax.set_xlabel("push decisions")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return handles
