"""What pushes cost by kind of proxy and namespace, and messages near the limit."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import BYTES, numbers
from istiolog_pd.plots._draw.style import PUSH_TYPES, SMALL, Look, ink

SENT = Look(PUSH_TYPES["full"].color, label="bytes pushed")
LARGEST = Look(PUSH_TYPES["incremental"].color, hatch="//", label="largest message")
NO_SIZES = "no row has a size"


@plot(
    "push_costs",
    "bytes pushed by kind of proxy and namespace",
    title="Bytes pushed by kind of proxy and namespace",
    columns="kind namespace proxies size_low size_high",
    axes="Bytes by kind and namespace",
    known="size_low size_high",
    empty=NO_SIZES,
    rows=MAX_ROWS,
)
def push_costs(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Bytes per kind of proxy and namespace, the most first; what rounding leaves open is paler.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.push_costs(pd.DataFrame({
    ...     "kind": ["router"], "namespace": ["istio-system"], "proxies": [2], "size_low": [2900], "size_high": [3100],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['router / istio-system']
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, ["kind", "namespace"]))
    low, high = numbers(table["size_low"]), numbers(table["size_high"])
    handles = bounded(ax, places, (low, high), SENT)
    for place, end, count in zip(places, high, numbers(table["proxies"]), strict=True):
        ax.annotate(f"{count:,.0f} proxies", (end, place), (4, 0), textcoords="offset points", va="center", size=SMALL)
    ax.set(xlim=(0, max(float(high.max()), 1) * 1.18), xlabel="bytes pushed")
    ax.xaxis.set_major_formatter(BYTES)
    return handles


@plot(
    "message_sizes",
    "largest messages by proxy and type, against the limit of gRPC",
    title="Largest messages by proxy and type",
    columns="proxy xds_type largest_low largest_high share",
    axes="Bytes by proxy and type",
    known="largest_low largest_high share",
    empty=NO_SIZES,
    rows=MAX_ROWS,
)
def message_sizes(table: pd.DataFrame, ax: Axes) -> Drawn:
    """The largest messages; a line at the limit if one comes near it.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.message_sizes(pd.DataFrame({
    ...     "proxy": ["web-1.shop"], "xds_type": ["CDS"], "largest_low": [3_000_000], "largest_high": [3_100_000],
    ...     "share": [0.75],
    ... }))
    >>> len(ax.lines)
    1
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, ["proxy", "xds_type"]))
    low, high, share = (numbers(table[name]) for name in ("largest_low", "largest_high", "share"))
    handles = bounded(ax, places, (low, high), LARGEST)
    end = max(float(high.max()), 1) * 1.05
    if share.max() >= 0.5:
        limit = float((low / share).max())
        ax.axvline(limit, color=ink(), linestyle=":", linewidth=1)
        end = max(end, limit * 1.05)
    ax.set(xlim=(0, end), xlabel="bytes of the largest message")
    ax.xaxis.set_major_formatter(BYTES)
    return handles
