"""Push rounds: how many proxies each was pushed to, and how long until the last one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.bars import MAX_PATCHES, bars, stack
from istiolog_pd.plots._draw.legend import patch
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import Floats, log_axis, milliseconds, numbers, panel, round_axis
from istiolog_pd.plots._draw.style import (
    DECISIONS,
    XDS_TYPES,
    in_order,
    ink,
    kinds,
    look,
    names,
    plain,
)

WIDTH = 0.8


@plot(
    "push_rounds",
    "proxies pushed to per round, and the time to the last one",
    title="Push rounds: proxies pushed to, and time to the last one (an estimate from Istio 1.3 on)",
    columns="round timestamp full forced proxies connected_endpoints duration visible",
    axes="The axes of the fan-out: round by number of proxies. The times are in milliseconds",
)
def push_rounds(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Proxies pushed to per round, and below it the time from its start to the last proxy.

    Bars are the rounds side by side in their order, with their start under the numbers: on a true time
    axis those of one busy second would cover each other. Full and incremental rounds differ in color
    and hatch. A grey line is the number of connections that could have been pushed to. A hollow mark at the
    bottom is a round whose pushes the log's level does not print; a cross, one that was pushed to no proxy.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "round": [0, 1], "timestamp": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]),
    ...     "full": [True, False], "forced": [None, None], "proxies": pd.array([27, None], dtype="Int64"),
    ...     "connected_endpoints": [30, 30], "duration": pd.to_timedelta(["210ms", None]), "visible": [True, False],
    ... })
    >>> ax = plots.push_rounds(table)
    >>> [int(bar.get_height()) for bar in ax.patches], ax.get_ylabel()
    ([27], 'proxies pushed to')
    >>> plt.close(ax.figure)
    """
    if table.empty or not table["round"].notna().any():
        return ""
    number, sent_to, last = numbers(table["round"]), numbers(table["proxies"]), milliseconds(table["duration"])
    hidden = table["visible"].astype("boolean").eq(False).fillna(False).to_numpy(dtype=bool) | np.isnan(sent_to)
    kind = kinds(table).to_numpy()
    handles: list[Artist] = []
    for name in in_order(DECISIONS, kind):
        looked, rows = DECISIONS[name], (sent_to > 0) & ~hidden & (kind == name)
        label = looked.label or name
        if rows.any():
            height = np.where(rows, sent_to, np.nan)
            bars(ax, number, (np.zeros(len(number)), height), WIDTH, looked, name)
            handles.append(patch(looked, f"{label} ({rows.sum():,})"))
    connected = numbers(table["connected_endpoints"])
    if np.isfinite(connected).any():
        handles += ax.step(number, connected, where="mid", color=ink(), alpha=0.4, linewidth=1, label="connections")
    top = np.nanmax(np.concatenate([connected, sent_to[~hidden], [1]]))
    ax.set(ylim=(0, float(top) * 1.08), ylabel="proxies pushed to")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    round_axis(ax, number, table["timestamp"])
    handles += _ticks(ax, number[hidden], "not visible at this level")
    handles += _ticks(ax, number[~hidden & (sent_to == 0)], "pushed to no proxy", "x")
    _last_proxy(ax, number, np.where(hidden, np.nan, last), kind)
    return handles


@plot(
    "fan_out",
    "pushes per round, stacked by xDS type",
    title="Pushes per round, by xDS type",
    columns="round xds_type pushes",
    axes="Round by number of pushes",
    known="round pushes",
)
def fan_out(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Pushes per round, stacked by xDS type.

    Pushes are stacked, not proxies: one proxy gets several types, so its layers would count it often.
    A hollow mark at the bottom is a round between the first and the last of which no push is in the table.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.fan_out(pd.DataFrame({"round": [0, 0], "xds_type": ["CDS", "EDS"], "pushes": [27, 25]}))
    >>> [int(bar.get_height()) for bar in ax.patches], ax.get_ylabel()
    ([27, 25], 'pushes')
    >>> plt.close(ax.figure)
    """
    parts = table.assign(xds_type=names(table["xds_type"]), round=numbers(table["round"])).pivot_table(
        index="round", columns="xds_type", values="pushes", aggfunc="sum"
    )
    types = in_order(XDS_TYPES, parts.columns)
    parts = parts[types]
    stack(ax, parts, XDS_TYPES, WIDTH)
    ax.set_ylabel("pushes")
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    number = parts.index.to_numpy(dtype=np.float64)
    round_axis(ax, number)
    handles: list[Artist] = [patch(look(XDS_TYPES, name), name) for name in types]
    between = np.setdiff1d(np.arange(number.min(), number.max()), number)
    return handles + _ticks(ax, between, "no push seen")


def _ticks(ax: Axes, number: Floats, label: str, marker: str = "o") -> list[Artist]:
    """Marks at the bottom for rounds that have no bar; their legend entry, if there are any."""
    if not len(number):
        return []
    style = {
        "linestyle": "",
        "marker": marker,
        "markersize": 3.5 if len(number) <= MAX_PATCHES else 1,
        "color": ink(),
        "markerfacecolor": "none",
    }
    across = ax.get_xaxis_transform()
    text = plain(f"{label} ({len(number):,})")
    line: list[Line2D] = ax.plot(
        number, np.full(len(number), 0.025), transform=across, markeredgewidth=0.7, label=text, **style
    )
    return list(line)


def _last_proxy(ax: Axes, number: Floats, last: Floats, kind: np.ndarray[tuple[int], np.dtype[np.object_]]) -> None:
    # A panel of its own, not a twin axis or the size of a marker: times over four orders of magnitude
    # need a logarithmic axis that can be read off, and would hide among or behind 150 bars.
    if not np.isfinite(last).any():
        return
    below = panel(ax, "bottom", 0.38)
    for name in in_order(DECISIONS, kind):
        rows, looked = np.isfinite(last) & (kind == name), DECISIONS[name]
        if rows.any():
            below.scatter(number[rows], last[rows], s=16, c=looked.color, marker=looked.marker, label=name)
    log_axis(below, "y", last)
    below.tick_params(axis="x", length=0)
    below.set_ylabel("to last\nproxy (ms)")
