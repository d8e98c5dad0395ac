"""Sessions of proxies, and connections per replica."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import dates, floats, log_axis, mark_runs, milliseconds, numbers, time_axis
from istiolog_pd.plots._draw.style import (
    Look,
    in_order,
    look,
    names,
    plain,
)

OPEN = "still open"
MAX_LABELED = 12  # replicas with a line of their own in the legend

REASONS: dict[str, Look] = {
    "maximum age": Look("#009E73", "o"),
    "restart": Look("#0072B2", "s"),
    "scale-out": Look("#56B4E9", "^"),
    "storm": Look("#D55E00", "X"),
    "flapping": Look("#CC79A7", "D"),
    "gone": Look("#999933", "v"),
    "other": Look("#777777", "P"),
    OPEN: Look("#BBBBBB", "o"),
}
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933")
DASHES = ("-", "--", ":", "-.")


@plot(
    "connections",
    "sessions of proxies, with the reason they ended",
    title="Sessions of proxies, by reason of their end",
    columns="opened closed duration duration_low reason",
    axes="Time (UTC) by seconds (logarithmic)",
    also=", and `run` if there is one",
)
def connections(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Each session at its end by how long it lasted; color and marker tell why it ended.

    Hollow markers are sessions of which the log does not show both ends: they lasted that long at least.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "opened": pd.to_datetime(["2026-11-23T17:27:38Z"]), "closed": pd.to_datetime(["2026-11-23T17:57:38Z"]),
    ...     "duration": pd.to_timedelta(["30min"]), "duration_low": pd.to_timedelta(["30min"]),
    ...     "reason": ["maximum age"],
    ... })
    >>> plots.connections(table).get_ylabel()
    'session (s)'
    >>> plt.close("all")
    """
    closed = dates(table["closed"])
    when = np.where(np.isfinite(closed), closed, dates(table["opened"]))
    seconds = milliseconds(table["duration_low"]) / 1000
    drawn = np.isfinite(when) & np.isfinite(seconds)
    if not drawn.any():
        return "no row has a time stamp together with a duration"
    whole = table["duration"].notna().to_numpy()
    reason = names(table["reason"].astype(object).where(table["reason"].notna(), OPEN)).to_numpy()
    mark_runs(ax, table, when)
    handles: list[Artist] = []
    for name in in_order(REASONS, reason[drawn]):
        looked, rows = look(REASONS, name), drawn & (reason == name)
        for filled in (True, False):
            own = rows & (whole == filled)
            face = {"c": looked.color} if filled else {"facecolors": "none", "edgecolors": looked.color}
            ax.scatter(when[own], seconds[own], s=22, marker=looked.marker, linewidth=0.9, label=name, **face)  # type: ignore[arg-type]
        handles.append(mark(looked, f"{name} ({rows.sum():,})", hollow=not whole[rows].any()))
    time_axis(ax, when[drawn])
    log_axis(ax, "y", seconds[drawn])
    ax.set_ylabel("session (s)")
    return handles


@plot(
    "connected_endpoints",
    "ADS connections per replica over time",
    title="ADS connections per replica",
    columns="time source run connected_endpoints",
    axes="Time (UTC) by number of connections",
    known="time connected_endpoints",
)
def connected_endpoints(table: pd.DataFrame, ax: Axes) -> Drawn:
    """ADS connections of each replica over time, a line for each run.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.connected_endpoints(pd.DataFrame({
    ...     "time": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]), "run": [0, 0],
    ...     "source": ["istiod.log"] * 2, "connected_endpoints": [20, 21],
    ... }))
    >>> [int(value) for value in ax.lines[0].get_ydata()]
    [20, 21]
    >>> plt.close(ax.figure)
    """
    when, count = dates(table["time"]), numbers(table["connected_endpoints"])
    source = names(table["source"]).to_numpy()
    run = table["run"].fillna(-1).to_numpy(np.int64)
    handles: list[Artist] = []
    for at, name in enumerate(sorted(set(source))):
        color, dashes = LINES[at % len(LINES)], DASHES[at // len(LINES) % len(DASHES)]
        for one in np.unique(run[source == name]):
            own = np.flatnonzero((source == name) & (run == one))
            own = own[np.argsort(when[own], kind="stable")]
            lines = ax.plot(when[own], count[own], dashes, color=color, drawstyle="steps-post", label=plain(name))
        handles += lines if at < MAX_LABELED else []
    time_axis(ax, when)
    ax.set_ylim(0, max(float(floats(count).max()), 1) * 1.08)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylabel("ADS connections")
    return handles
