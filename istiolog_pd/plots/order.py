"""The order in which a proxy gets its types."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots.style import ORDERS, SMALL, head, ink, names, need, new_axes, patch, plain, show_reason

MOST = 12  # orders with a bar of their own; the others share one
LONGEST = 44


def xds_order(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How often each order of types was seen, and whether it kept CDS, EDS, LDS, RDS.

    Orders that were kept and broken ones differ in colour and hatch; a broken one names the type that
    came early. If the table has the column `flow`, orders are grouped by it.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.xds_order`: `order`, `kept`, `early`, and `flow` if there is one.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Number of times (a proxy in a round) by order.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({"order": ["CDS EDS", "LDS CDS"], "kept": [True, False], "early": [None, "LDS"]})
    >>> ax = plots.xds_order(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['CDS EDS', 'LDS CDS']
    >>> plt.close(ax.figure)
    """
    need(table, "xds_order", "order", "kept", "early")
    ax = new_axes(ax)
    if table.empty:
        return show_reason(ax, table)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", alpha=0.3, linewidth=0.6)
    return ax
