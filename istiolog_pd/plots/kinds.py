"""Pushes and bytes per time bin, by kind of push."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.bars import stack
from istiolog_pd.plots._draw.legend import patch
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import BYTES, DAY, SECOND, dates, floats, panel, time_axis
from istiolog_pd.plots._draw.style import PUSH_TYPES, in_order, look, names

THINNEST = 1 / 400  # of the time shown: a thinner bar could not be seen


@plot(
    "full_vs_incremental",
    "pushes and bytes over time, by kind",
    title="Full, incremental and requested pushes",
    columns="time push_type pushes size_bytes",
    axes="The axes of the counts: time (UTC) by number of pushes. The panel below is in bytes",
    known="time pushes",
    empty="no row has a time stamp and a number of pushes",
)
def full_vs_incremental(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Pushes per time bin, stacked by kind, and below them the bytes of the same pushes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "time": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]), "xds_type": ["CDS", "EDS"],
    ...     "push_type": ["full", "incremental"], "pushes": [4, 9], "size_bytes": [80_000, 4_000],
    ... })
    >>> ax = plots.full_vs_incremental(table)
    >>> sum(int(bar.get_height()) for bar in ax.patches), ax.get_ylabel()
    (13, 'pushes per bin')
    >>> plt.close(ax.figure)
    """
    width, unit = _width(table, table["time"])
    table = table.assign(time=dates(table["time"]), push_type=names(table["push_type"]))
    begin, end = table["time"].min(), table["time"].max() + width
    kinds = in_order(PUSH_TYPES, table["push_type"])
    bar = max(width, (end - begin) * THINNEST)

    def layers(column: str) -> pd.DataFrame:
        # min_count: a bin whose sizes are not printed stays empty, and is not 0 bytes
        sums = table.groupby(["time", "push_type"], as_index=False)[column].sum(min_count=1)
        parts: pd.DataFrame = sums.pivot_table(column, "time", "push_type", "first").reindex(columns=kinds)
        return parts

    stack(ax, layers("pushes"), PUSH_TYPES, bar, "edge")
    time_axis(ax, floats([begin, end]))
    ax.set_ylabel(f"pushes per {unit}")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    if table["size_bytes"].notna().any():
        # Bytes below the counts, not the types: an incremental push is as much a push as a full one, and
        # may cost a hundredth of it. Which kind is frequent and which is expensive is what a user tunes by.
        below = panel(ax, "bottom", 0.47)
        stack(below, layers("size_bytes"), PUSH_TYPES, bar, "edge")
        below.set_ylabel(f"bytes per {unit}")
        below.yaxis.set_major_formatter(BYTES)
        below.yaxis.set_major_locator(MaxNLocator(4))
    counts = table.groupby("push_type")["pushes"].sum()
    looks = {kind: look(PUSH_TYPES, kind) for kind in kinds}
    handles: list[Artist] = [
        patch(looked, f"{looked.label or kind} ({counts[kind]:,})") for kind, looked in looks.items()
    ]
    return handles


def _width(table: pd.DataFrame, time: pd.Series[pd.Timestamp]) -> tuple[float, str]:
    """The width of a bin in days, and what to call it.

    As ``attrs["freq"]`` says; without it, the widest of which all bins begin at a multiple.
    """
    if freq := table.attrs.get("freq"):
        step = pd.Timedelta(pd.tseries.frequencies.to_offset(freq))
        return step / DAY, str(freq)
    begins = pd.to_datetime(time, utc=True).dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64)
    if len(np.unique(begins)) == 1:
        return SECOND, "bin"
    return float(np.gcd.reduce(np.append(begins, DAY.value))) / DAY.value, "bin"
