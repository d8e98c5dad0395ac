"""Every push over time, by its size."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import BYTES, dates, floats, log_axis, mark_runs, numbers, panel, time_axis
from istiolog_pd.plots._draw.style import (
    PUSH_TYPES,
    XDS_TYPES,
    Look,
    in_order,
    ink,
    look,
    names,
    plain,
)

MAX_OPAQUE = 500  # points that need not shine through each other


@plot(
    "pushes",
    "every push over time, by size, type and kind",
    title="Pushes by size",
    columns="timestamp xds_type push_type size_bytes",
    axes="Time (UTC) by bytes (logarithmic), or by type if no size is printed at all",
    also=", and `run` if there is one",
)
def pushes(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Every push over time by its size in bytes: color is the xDS type, marker the kind of push.

    Pushes whose size is not printed (before Istio 1.9) have a lane per type, in a panel below those
    with a size or alone.

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
    points = pd.DataFrame(
        {
            "x": dates(table["timestamp"]),
            "y": numbers(table["size_bytes"]),
            "type": names(table["xds_type"]).astype("category").array,
            "kind": names(table["push_type"]).astype("category").array,
        }
    )
    mark_runs(ax, table, floats(points["x"]))
    points = points[np.isfinite(points["x"])]
    if points.empty:
        return "no row has a time stamp"
    time_axis(ax, floats(points["x"]))
    sized = points["y"].notna()
    if sized.any():
        _scatter(ax, points[sized])
        log_axis(ax, "y", floats(points.loc[sized, "y"]), BYTES)
        ax.set_ylabel("size of the push (bytes)")
    if not sized.all():
        _lanes(ax, points[~sized], alone=not sized.any())
    handles: list[Artist] = [mark(look(XDS_TYPES, name), name) for name in in_order(XDS_TYPES, points["type"].unique())]
    for name, count in points["kind"].value_counts().reindex(in_order(PUSH_TYPES, points["kind"].unique())).items():
        looked = look(PUSH_TYPES, str(name))
        handles.append(mark(Look(ink(), looked.marker), f"{looked.label or name} ({count:,})", hollow=True))
    return handles


def _lanes(ax: Axes, points: pd.DataFrame, *, alone: bool) -> None:
    """Pushes without a size in a lane per type: on the axes themselves, or in a panel below them."""
    lanes = in_order(XDS_TYPES, points["type"].unique())
    place = {name: -float(number) for number, name in enumerate(lanes)}
    if not alone:
        ax = panel(ax, "bottom", 0.16 + 0.05 * min(len(lanes), 8))
    _scatter(ax, points.assign(y=points["type"].map(place).astype(float)))
    ax.set_yticks(list(place.values()), [plain(name) for name in lanes])
    ax.set(ylim=(0.6 - len(lanes), 0.6), ylabel="xDS type (no size is logged)" if alone else "size not\nprinted")


def _scatter(ax: Axes, points: pd.DataFrame) -> None:
    """A point for each row: color by type, marker by kind of push."""
    for keys, group in points.groupby(["type", "kind"]):
        name, kind = map(str, keys)
        ax.scatter(
            group["x"],
            group["y"],
            s=18,
            c=look(XDS_TYPES, name).color,
            marker=look(PUSH_TYPES, kind).marker,
            alpha=0.9 if len(points) <= MAX_OPAQUE else 0.6,
            linewidth=0.9 if kind == "request" else 0,
            rasterized=True,
            label=f"{name} {kind}",
        )
