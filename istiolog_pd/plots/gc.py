"""Garbage collections: heap, pauses, and pushes that came meanwhile."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import dates, log_axis, mark_runs, milliseconds, numbers, panel, time_axis
from istiolog_pd.plots._draw.style import PUSH_TYPES, ink

MEBIBYTE = 1 << 20
HEAP = {
    "heap_before_bytes": ("#0072B2", "-", "heap before"),
    "live_bytes": ("#009E73", "--", "live after"),
    "goal_bytes": ("#999999", ":", "goal"),
}


@plot(
    "gc",
    "heap and pauses of the Go runtime beside the lag of pushes",
    title="Garbage collections: heap, pauses, and push lag meanwhile",
    columns=f"timestamp_low pause_low pause_high {' '.join(HEAP)} push_lag",
    axes="The axes of the heap: time (UTC) by MiB. The panel below is in milliseconds (logarithmic)",
    known="timestamp_low pause_low pause_high",
    empty="the log does not show when these collections were",
    also=", and `run` if there is one",
)
def gc(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Heap before and after each collection over time; below it pauses, and the lag of pushes meanwhile.

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
    when = dates(table["timestamp_low"])
    mark_runs(ax, table, when)
    handles: list[Artist] = []
    for name, (color, dashes, label) in HEAP.items():
        handles += ax.plot(when, numbers(table[name]) / MEBIBYTE, dashes, color=color, linewidth=1, label=label)
    time_axis(ax, when)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("heap (MiB)")
    handles += _below(ax, table, when)
    return handles


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
