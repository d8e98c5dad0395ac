"""Propagation: how long pushes took until Envoy had them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import dates, log_axis, mark_runs, milliseconds, time_axis
from istiolog_pd.plots._draw.style import (
    XDS_TYPES,
    Look,
    in_order,
    ink,
    look,
    names,
)

MAX_OPAQUE = 300


@plot(
    "propagation",
    "time from istiod's push to Envoy's answer, as bounds",
    title="Propagation: from istiod's push to Envoy's answer, as bounds",
    columns="sent xds_type delay_low delay_high nacked",
    axes="Time of the push by delay, in milliseconds",
)
def propagation(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Each push as a line from the least to the most that it can have taken, over the time it was sent.

    A point stands at the most; a hollow triangle at the least where nothing bounds it above. A cross at the
    bottom is a push that was rejected.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "sent": pd.to_datetime(["2026-11-23T17:45:32Z"]), "xds_type": ["CDS"], "nacked": [pd.NaT],
    ...     "delay_low": pd.to_timedelta(["1.2ms"]), "delay_high": pd.to_timedelta(["1.4ms"]),
    ... })
    >>> ax = plots.propagation(table)
    >>> ax.get_ylabel()
    'delay (ms)'
    >>> plt.close(ax.figure)
    """
    sent, low, high = dates(table["sent"]), milliseconds(table["delay_low"]), milliseconds(table["delay_high"])
    rejected = np.isfinite(sent) & table["nacked"].notna().to_numpy(bool)
    seen = np.isfinite(sent) & np.isfinite(low)
    if not (seen | rejected).any():
        return "no push of the table has a bounded delay"
    both = seen & np.isfinite(high)
    kind = names(table["xds_type"]).to_numpy()
    handles: list[Artist] = []
    size, faint = (16, 0.6) if seen.sum() <= MAX_OPAQUE else (8, 0.15)
    for name in in_order(XDS_TYPES, kind[seen]):
        rows, looked = both & (kind == name), look(XDS_TYPES, name)
        segments = np.stack([np.stack([sent, low], -1), np.stack([sent, high], -1)], 1)[rows]
        ax.add_collection(LineCollection(list(segments), colors=looked.color, linewidths=1, alpha=faint))
        ax.scatter(sent[rows], high[rows], s=size, c=looked.color, label=name, linewidth=0, zorder=3, rasterized=True)
        open_ended = seen & ~both & (kind == name)
        if open_ended.any():
            ax.scatter(
                sent[open_ended], low[open_ended], s=size * 1.5, marker="^", facecolors="none",
                edgecolors=looked.color, label=f"{name} at least",
            )  # fmt: skip
        handles.append(mark(Look(looked.color), f"{name} ({(seen & (kind == name)).sum():,})"))
    if (seen & ~both).any():
        handles.append(mark(Look(ink(), "^"), f"no bound above ({(seen & ~both).sum():,})", hollow=True))
    if rejected.any():
        label = f"rejected ({rejected.sum():,})"
        handles += ax.plot(
            sent[rejected], np.full(rejected.sum(), 0.02), "x", color=ink(), markersize=4, label=label,
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip
    time_axis(ax, sent[seen | rejected])
    mark_runs(ax, table, sent)
    log_axis(ax, "y", np.concatenate([low[seen], high[both]]))
    ax.set_ylabel("delay (ms)")
    return handles
