"""Pushes over time: each one, and how many of which kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from istiolog_pd.plots.scales import (
    BYTES,
    SECOND,
    Floats,
    dates,
    floats,
    log_axis,
    mark_runs,
    numbers,
    panel,
    stack,
    time_axis,
)
from istiolog_pd.plots.style import (
    PUSH_TYPES,
    XDS_TYPES,
    Look,
    coverage,
    head,
    in_order,
    ink,
    look,
    mark,
    names,
    need,
    new_axes,
    patch,
    plain,
    show_reason,
)

TITLE = "Pushes by size"
KINDS = "Full, incremental and requested pushes"
NO_TIMES = "no row has a time stamp"
NOT_PRINTED = "size not\nprinted"


def pushes(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Every push over time by its size in bytes: colour is the xDS type, marker the kind of push.

    Pushes whose size is not printed (before Istio 1.9) have a lane per type, in a panel below those
    with a size or alone.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.pushes`: `timestamp`, `xds_type`, `push_type`, `size_bytes`, and
        `run` if there is one.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Time (UTC) by bytes (logarithmic), or by type if no size is printed at all.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "timestamp": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]),
    ...     "xds_type": ["CDS", "EDS"], "push_type": ["full", "incremental"], "size_bytes": [31500, 820],
    ... })
    >>> ax = plots.pushes(table)
    >>> ax.get_ylabel()
    'size of the push (bytes)'
    >>> plt.close(ax.figure)
    """
    need(table, "pushes", "timestamp", "xds_type", "push_type", "size_bytes")
    ax = new_axes(ax)
    when, size = dates(table["timestamp"]), numbers(table["size_bytes"])
    drawn = np.isfinite(when)
    if not drawn.any():
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    kinds, types = (names(table[name]) for name in ("push_type", "xds_type"))
    time_axis(ax, when[drawn])
    mark_runs(ax, table, when)
    sized = drawn & np.isfinite(size)
    if sized.any():
        _points(ax, when, size, types, kinds, sized)
        log_axis(ax, "y", size[sized], BYTES)
        ax.set_ylabel("size of the push (bytes)")
    unsized = drawn & ~sized
    if unsized.any():
        lanes = in_order(XDS_TYPES, types[unsized])
        below = panel(ax, "bottom", 0.16 + 0.05 * min(len(lanes), 8)) if sized.any() else ax
        _points(
            below, when, floats(types.map({name: -place for place, name in enumerate(lanes)})), types, kinds, unsized
        )
        below.set_yticks([-place for place in range(len(lanes))], [plain(name) for name in lanes])
        below.set(ylim=(0.6 - len(lanes), 0.6), ylabel=NOT_PRINTED if sized.any() else "xDS type (no size is printed)")
    handles: list[Artist] = [mark(look(XDS_TYPES, name), name) for name in in_order(XDS_TYPES, types[drawn])]
    for name in in_order(PUSH_TYPES, kinds[drawn]):
        looked = look(PUSH_TYPES, name)
        count = int((kinds[drawn] == name).sum())
        handles.append(mark(Look(ink(), looked.marker), f"{looked.label or name} ({count:,})", hollow=True))
    head(ax, TITLE, coverage(table), handles)
    return ax


def full_vs_incremental(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Pushes per time bin, stacked by kind, and below them the bytes of the same pushes.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.full_vs_incremental`: `time`, `push_type`, `pushes`, `size_bytes`.
    ax
        Where to draw; a new figure if None. Its room is shared with the panel of bytes.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the counts: time (UTC) by number of pushes. The panel below is in bytes.

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
    >>> sum(bar.get_height() for bar in ax.patches), ax.get_ylabel()
    (13.0, 'pushes per bin')
    >>> plt.close(ax.figure)
    """
    need(table, "full_vs_incremental", "time", "push_type", "pushes", "size_bytes")
    ax = new_axes(ax)
    known = table.dropna(subset=["time", "pushes"])
    if known.empty:
        return show_reason(ax, table, KINDS, NO_TIMES if len(table) else "")
    known = known.assign(time=dates(known["time"]), push_type=names(known["push_type"]))
    kinds = in_order(PUSH_TYPES, known["push_type"])
    width, unit = _width(table, known["time"].to_numpy(dtype=np.float64))

    def layers(column: str) -> pd.DataFrame:
        # min_count: a bin whose sizes are not printed stays empty, and is not 0 bytes
        sums = known.groupby(["time", "push_type"])[column].sum(min_count=1)
        return sums.unstack("push_type").reindex(columns=kinds)

    stack(ax, layers("pushes"), PUSH_TYPES, width, "edge")
    time_axis(ax, np.append(known["time"].to_numpy(dtype=np.float64), known["time"].max() + width))
    ax.set_ylabel(f"pushes per {unit}")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    if known["size_bytes"].notna().any():
        # Bytes below the counts, not the types: an incremental push is as much a push as a full one, and
        # costs a hundredth of it. Which kind is frequent and which is expensive is what a user tunes by.
        below = panel(ax, "bottom", 0.47)
        stack(below, layers("size_bytes"), PUSH_TYPES, width, "edge")
        below.set_ylabel(f"bytes per {unit}")
        below.yaxis.set_major_formatter(BYTES)
        below.yaxis.set_major_locator(MaxNLocator(4))
    counts = known.groupby("push_type")["pushes"].sum()
    handles = [
        patch(look(PUSH_TYPES, kind), f"{look(PUSH_TYPES, kind).label or kind} ({counts[kind]:,})") for kind in kinds
    ]
    head(ax, KINDS, coverage(table), handles)
    return ax


def _points(
    ax: Axes, x: Floats, y: Floats, types: pd.Series[str], kinds: pd.Series[str], rows: NDArray[np.bool_]
) -> None:
    """A point for each of these rows: colour by type, marker by kind of push."""
    for name in in_order(XDS_TYPES, types[rows]):
        for kind in in_order(PUSH_TYPES, kinds[rows]):
            here = rows & (types == name).to_numpy() & (kinds == kind).to_numpy()
            if here.any():
                ax.scatter(
                    x[here],
                    y[here],
                    s=18,
                    c=look(XDS_TYPES, name).colour,
                    marker=look(PUSH_TYPES, kind).marker,
                    alpha=0.6,
                    linewidth=0.9 if kind == "request" else 0,
                    rasterized=True,
                    label=f"{name} {kind}",
                )


def _width(table: pd.DataFrame, times: Floats) -> tuple[float, str]:
    """The width of a bin in days, and how to name it: as the answer says, or the smallest step between two."""
    if freq := table.attrs.get("freq"):
        return pd.Timedelta(pd.tseries.frequencies.to_offset(freq)) / pd.Timedelta(days=1), str(freq)
    steps = np.diff(np.unique(times))
    return (float(steps.min()) if steps.size else SECOND), "bin"
