"""Garbage collections: heap, pauses, and pushes that came meanwhile."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.scales import dates, log_axis, mark_runs, milliseconds, numbers, panel, time_axis
from istiolog_pd.plots._draw.style import PUSH_TYPES, coverage, ink, need, new_axes, show_reason

TITLE = "Garbage collections: heap, pauses, and push lag meanwhile"
NO_TIMES = "the log does not show when these collections were"
MEBIBYTE = 1 << 20
HEAP = {
    "heap_before_bytes": ("#0072B2", "-", "heap before"),
    "live_bytes": ("#009E73", "--", "live after"),
    "goal_bytes": ("#999999", ":", "goal"),
}


@plot("gc", "heap and pauses of the Go runtime beside the lag of pushes")
def gc(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Heap before and after each collection over time; below it pauses, and the lag of pushes meanwhile.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.gc`: `timestamp_low`, `pause_low`, `pause_high`, `heap_before_bytes`,
        `live_bytes`, `goal_bytes`, `push_lag`, and `run` if there is one.
    ax
        Where to draw; a new figure if None. Its room is shared with the panel of times.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the heap: time (UTC) by MiB. The panel below is in milliseconds (logarithmic).

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.gc(pd.DataFrame({
    ...     "timestamp_low": pd.to_datetime(["2026-11-23T17:27:38Z"]), "push_lag": pd.to_timedelta(["4ms"]),
    ...     "pause_low": pd.to_timedelta(["500us"]), "pause_high": pd.to_timedelta(["600us"]),
    ...     "heap_before_bytes": [12 << 20], "live_bytes": [6 << 20], "goal_bytes": [13 << 20],
    ... }))
    >>> ax.get_ylabel()
    'heap (MiB)'
    >>> plt.close(ax.figure)
    """
    need(table, "gc", "timestamp_low", "pause_low", "pause_high", *HEAP, "push_lag")
    ax = new_axes(ax)
    known = table.dropna(subset=["timestamp_low", "pause_low", "pause_high"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    when = dates(known["timestamp_low"])
    mark_runs(ax, known, when)
    handles: list[Artist] = []
    for name, (color, dashes, label) in HEAP.items():
        handles += ax.plot(when, numbers(known[name]) / MEBIBYTE, dashes, color=color, linewidth=1, label=label)
    time_axis(ax, when)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("heap (MiB)")
    handles += _below(ax, known, when)
    head(ax, TITLE, coverage(table), handles)
    return ax


def _below(ax: Axes, table: pd.DataFrame, when: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Artist]:
    """Pauses, and the lag of pushes, in a panel of their own: they are orders of magnitude apart."""
    below = panel(ax, "bottom", 0.45)
    low, high, lag = (milliseconds(table[name]) for name in ("pause_low", "pause_high", "push_lag"))
    pauses = below.vlines(when, low, high, color="#D55E00", linewidth=1, label="world stopped")
    below.scatter(when, high, s=8, c="#D55E00", linewidth=0)
    values = [low[low > 0], high]
    handles: list[Artist] = [pauses]
    if np.isfinite(lag).any():
        handles.append(
            below.scatter(
                when, lag, s=16, marker="^", facecolors="none", edgecolors=PUSH_TYPES["full"].color,
                label="pushes meanwhile, since their round began (median)",
            )
        )  # fmt: skip
        values.append(lag)
    overall = table.attrs.get("push_lag")
    if isinstance(overall, pd.Timedelta):
        label = "all pushes (median)"
        handles.append(below.axhline(overall / pd.Timedelta("1ms"), color=ink(), linewidth=0.8, alpha=0.6, label=label))
    log_axis(below, "y", np.concatenate(values))
    below.set_ylabel("time (ms)")
    return handles
