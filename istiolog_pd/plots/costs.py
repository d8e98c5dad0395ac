"""What pushes cost by kind of proxy and namespace, and messages near the limit."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import BYTES, numbers
from istiolog_pd.plots._draw.style import PUSH_TYPES, SMALL, Look, coverage, ink, need, new_axes, show_reason

COSTS = "Bytes pushed by kind of proxy and namespace"
MESSAGES = "Largest messages by proxy and type"
SENT = Look(PUSH_TYPES["full"].color, label="bytes pushed")
LARGEST = Look(PUSH_TYPES["incremental"].color, hatch="//", label="largest message")
NO_SIZES = "no row has a size"


@plot("push_costs", "bytes pushed by kind of proxy and namespace")
def push_costs(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Bytes per kind of proxy and namespace, the most first; what rounding leaves open is paler.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.push_costs`: `kind`, `namespace`, `proxies`, `size_low`, `size_high`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Bytes by kind and namespace.

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
    need(table, "push_costs", "kind", "namespace", "proxies", "size_low", "size_high")
    ax = new_axes(ax)
    known = table.dropna(subset=["size_low", "size_high"]).head(MAX_ROWS)
    if known.empty:
        return show_reason(ax, table, COSTS, NO_SIZES if len(table) else "")
    places = ladder(ax, labels(known, ["kind", "namespace"]))
    low, high = numbers(known["size_low"]), numbers(known["size_high"])
    handles = bounded(ax, places, (low, high), SENT)
    for place, end, count in zip(places, high, numbers(known["proxies"]), strict=True):
        ax.annotate(f"{count:,.0f} proxies", (end, place), (4, 0), textcoords="offset points", va="center", size=SMALL)
    ax.set(xlim=(0, max(float(high.max()), 1) * 1.18), xlabel="bytes pushed")
    ax.xaxis.set_major_formatter(BYTES)
    more = f" (the first {len(known)} of {len(table):,})" if len(table) > len(known) else ""
    head(ax, COSTS + more, coverage(table), handles)
    return ax


@plot("message_sizes", "largest messages by proxy and type, against the limit of gRPC")
def message_sizes(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The largest messages; a line at the limit if one comes near it.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.message_sizes`: `proxy`, `xds_type`, `largest_low`, `largest_high`, `share`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Bytes by proxy and type.

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
    need(table, "message_sizes", "proxy", "xds_type", "largest_low", "largest_high", "share")
    ax = new_axes(ax)
    known = table.dropna(subset=["largest_low", "largest_high", "share"]).head(MAX_ROWS)
    if known.empty:
        return show_reason(ax, table, MESSAGES, NO_SIZES if len(table) else "")
    places = ladder(ax, labels(known, ["proxy", "xds_type"]))
    low, high, share = (numbers(known[name]) for name in ("largest_low", "largest_high", "share"))
    handles = bounded(ax, places, (low, high), LARGEST)
    end = max(float(high.max()), 1) * 1.05
    if share.max() >= 0.5:
        limit = float((low / share).max())
        ax.axvline(limit, color=ink(), linestyle=":", linewidth=1)
        end = max(end, limit * 1.05)
    ax.set(xlim=(0, end), xlabel="bytes of the largest message")
    ax.xaxis.set_major_formatter(BYTES)
    more = f" (the first {len(known)} of {len(table):,})" if len(table) > len(known) else ""
    head(ax, MESSAGES + more, coverage(table), handles)
    return ax
