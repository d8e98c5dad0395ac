"""Bytes pushed, the largest proxies and what would be saved, and the xDS cache."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, bounded, labels, ladder
from istiolog_pd.plots._draw.scales import BYTES, dates, mark_runs, numbers, time_axis
from istiolog_pd.plots._draw.style import (
    PUSH_TYPES,
    SMALL,
    XDS_TYPES,
    Look,
    in_order,
    ink,
    look,
    names,
)

KEYS = ("xds_type", "push_type", "namespace", "proxy", "round")
SENT = Look(PUSH_TYPES["full"].color, label="bytes pushed")
CONFIG = Look(PUSH_TYPES["incremental"].color, hatch="//", label="configuration of the proxy")
FINE = EngFormatter(places=1)
SAVED = "config_low config_high median_high smallest_low saving_low saving_high"
NO_SIZES = "no row has a size"


@plot(
    "push_sizes",
    "bytes pushed per group, with rounding bounds",
    title="Bytes pushed",
    columns="pushes size_low size_high",
    axes="Bytes by group",
    known="size_low size_high",
    empty=NO_SIZES,
    rows=MAX_ROWS,
    also=" and what it was summed by",
)
def push_sizes(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Bytes per group, the largest first; what rounding leaves open is paler.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.push_sizes(pd.DataFrame({
    ...     "xds_type": ["CDS"], "pushes": [2], "size_low": [2900], "size_high": [3100],
    ... }))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [2900.0, 200.0]
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, [name for name in KEYS if name in table]))
    low, high = numbers(table["size_low"]), numbers(table["size_high"])
    handles: list[Artist] = [*bounded(ax, places, (low, high), SENT)]
    for place, end, count in zip(places, high, numbers(table["pushes"]), strict=True):
        ax.annotate(f"{count:,.0f} pushes", (end, place), (4, 0), textcoords="offset points", va="center", size=SMALL)
    ax.set(xlim=(0, max(float(high.max()), 1) * 1.18), xlabel="bytes pushed")
    ax.xaxis.set_major_formatter(BYTES)
    return handles


@plot(
    "sidecar_savings",
    "largest configurations, and possible savings",
    title="Largest configurations, and savings of a narrower Sidecar",
    columns=f"proxy {SAVED}",
    known=SAVED,
    empty=NO_SIZES,
    rows=MAX_ROWS,
    axes="Bytes of a configuration by proxy",
)
def sidecar_savings(table: pd.DataFrame, ax: Axes) -> Drawn:
    """The largest configurations beside the median and the smallest of their namespace.

    The text at the end of a bar is what would have been saved of all that was sent to the proxy,
    from the least to the most.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.sidecar_savings(pd.DataFrame({
    ...     "proxy": ["web-1.shop"], "config_low": [9000], "config_high": [9200], "median_high": [5000],
    ...     "smallest_low": [3000], "saving_low": [40_000], "saving_high": [70_000],
    ... }))
    >>> [text.get_text() for text in ax.texts]
    ['saves 40.0 kB to 70.0 kB']
    >>> plt.close(ax.figure)
    """
    places = ladder(ax, labels(table, ["proxy"]))
    number = {name: numbers(table[name]) for name in SAVED.split()}
    handles: list[Artist] = [*bounded(ax, places, (number["config_low"], number["config_high"]), CONFIG)]
    for name, marker, label in (
        ("median_high", "|", "median of its namespace"),
        ("smallest_low", "D", "smallest of its namespace"),
    ):
        handles += ax.plot(number[name], places, marker, color=ink(), markersize=7 if marker == "|" else 4, label=label)
    for at, place in enumerate(places):
        least, most = (FINE.format_eng(number[name][at]) + "B" for name in ("saving_low", "saving_high"))
        text = f"saves {least} to {most}"
        ax.annotate(
            text, (number["config_high"][at], place), (4, 0), textcoords="offset points", va="center", size=SMALL
        )
    ax.set(xlim=(0, max(float(number["config_high"].max()), 1) * 1.35), xlabel="configuration (bytes)")
    ax.xaxis.set_major_formatter(BYTES)
    return handles


@plot(
    "cache_ratio",
    "resources from the xDS cache over time, by type",
    title="Resources from the xDS cache",
    columns="time xds_type cached cacheable ratio",
    axes="Time (UTC) by share in percent",
    known="time ratio",
    empty="no row has a time stamp and a ratio",
    also=", and `run` if there is one",
)
def cache_ratio(table: pd.DataFrame, ax: Axes) -> Drawn:
    """The share of resources that came from the cache over time, a line per type.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.cache_ratio(pd.DataFrame({
    ...     "time": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]), "xds_type": ["CDS", "CDS"],
    ...     "cached": [4, 9], "cacheable": [10, 10], "ratio": [0.4, 0.9],
    ... }))
    >>> [float(share) for share in ax.lines[0].get_ydata()]
    [40.0, 90.0]
    >>> plt.close(ax.figure)
    """
    when, share, kind = dates(table["time"]), numbers(table["ratio"]) * 100, names(table["xds_type"]).to_numpy()
    mark_runs(ax, table, when)
    run = table["run"].fillna(-1).to_numpy(np.int64) if "run" in table else np.zeros(len(table), np.int64)
    handles: list[Artist] = []
    for name in in_order(XDS_TYPES, kind):
        rows, looked = kind == name, look(XDS_TYPES, name)
        for one in np.unique(run[rows]):
            own = np.flatnonzero(rows & (run == one))
            own = own[np.argsort(when[own], kind="stable")]
            ax.plot(when[own], share[own], color=looked.color, marker="o", markersize=3, linewidth=1, label=name)
        handles.append(mark(looked, f"{name} ({_overall(table[rows]):.0%})"))
    time_axis(ax, when)
    ax.set(ylim=(-2, 103), ylabel="resources from the cache (%)")
    return handles


def _overall(table: pd.DataFrame) -> float:
    cacheable = float(np.nansum(numbers(table["cacheable"])))
    return float(np.nansum(numbers(table["cached"]))) / cacheable if cacheable else 0.0


def _more(known: pd.DataFrame, table: pd.DataFrame) -> str:
    return f" (the first {len(known)} of {len(table):,})" if len(table) > len(known) else ""
