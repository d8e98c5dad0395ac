"""What other limits of istiod would have meant."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import numbers
from istiolog_pd.plots._draw.style import Look

WAITED = Look("#004488", label="surely waited")


@plot(
    "throttle_replay",
    "rounds and connections that would have waited with other limits",
    title="Rounds and connections that would have waited with other limits",
    columns="setting value affected_low affected_high of",
    axes="Percentage of the rounds or connections by limit",
    known="affected_low affected_high of",
    empty="no row has bounds",
    rows=MAX_ROWS,
)
def throttle_replay(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A bar per limit: solid is certain, pale possible.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.throttle_replay(pd.DataFrame({
    ...     "setting": ["PILOT_PUSH_THROTTLE"], "value": [20], "affected_low": [1], "affected_high": [3], "of": [4],
    ... }))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [25.0, 50.0]
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, ["setting", "value"]))
    low, high = (100 * numbers(table[name]) / numbers(table["of"]) for name in ("affected_low", "affected_high"))
    handles = bounded(ax, places, (low, high), WAITED)
    ax.set(xlim=(0, 100), xlabel="rounds, or connections (%)")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return handles
