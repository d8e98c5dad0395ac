"""The start of each proxy, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import patch
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, labels, ladder
from istiolog_pd.plots._draw.scales import floats, milliseconds
from istiolog_pd.plots._draw.style import Look

STEPS: dict[str, Look] = {
    "certificate": Look("#56B4E9", label="certificate"),
    "connected": Look("#0072B2", hatch="////", label="connected to istiod"),
    "clusters": Look("#009E73", hatch="....", label="clusters applied"),
    "listeners": Look("#CC79A7", hatch="\\\\\\\\", label="listeners applied"),
    "initialized": Look("#E69F00", hatch="xxxx", label="Envoy initialized"),
    "ready": Look("#777777", hatch="----", label="ready"),
}


@plot(
    "proxy_startup",
    "starts of proxies: the time until each step was done",
    title="Starts of proxies, the slowest first",
    columns=f"proxy started {' '.join(STEPS)}",
    axes="Seconds since the start of the agent by proxy",
)
def proxy_startup(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A bar per start, in parts: each from the step before it that is logged to when it was done.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> at = [pd.to_datetime([f"2026-11-23T17:27:{second}Z"]) for second in range(38, 45)]
    >>> steps = ["started", "certificate", "connected", "clusters", "listeners", "initialized", "ready"]
    >>> ax = plots.proxy_startup(pd.DataFrame({"proxy": ["web-1.shop"], **dict(zip(steps, at))}))
    >>> [round(float(bar.get_width()), 3) for bar in ax.patches]
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    >>> plt.close(ax.figure)
    """
    since = {step: milliseconds(pd.to_datetime(table[step], utc=True) - table["started"]) / 1000 for step in STEPS}
    done = np.array(list(since.values()))
    known = np.isfinite(done).any(axis=0)
    if not known.any():
        return "no start has a step with a time"
    end = np.where(known, np.nan_to_num(done, nan=-np.inf).max(axis=0), -np.inf)
    slowest = np.argsort(-end, kind="stable")[: min(MAX_ROWS, int(known.sum()))]
    places = ladder(ax, labels(table.iloc[slowest], ["proxy"]))
    handles: list[Artist] = []
    steps = list(STEPS.items())
    order = np.argsort(np.nan_to_num(done[:, slowest], nan=np.inf), axis=0, kind="stable")
    for number, (_, looked) in enumerate(steps):
        own = done[number, slowest]
        before = np.zeros(len(slowest))
        for column, row in enumerate(order.T):
            place = int(np.flatnonzero(row == number)[0])
            before[column] = done[row[place - 1], slowest[column]] if place else 0
        seen = np.isfinite(own)
        if seen.any():
            width = floats(own - before)[seen]
            ax.barh(
                places[seen], width, 0.7, before[seen], facecolor=looked.color, hatch=looked.hatch, edgecolor="white",
                linewidth=0, label=looked.label,
            )  # fmt: skip
            handles.append(patch(looked, looked.label))
    ax.set_xlim(left=0)
    ax.set_xlabel("time since the agent started (s)")
    more = f" (the first {len(slowest)} of {len(table):,})" if len(table) > len(slowest) else ""
    return Heading(handles, more)
