"""Whether requests fail more often after pushes: rate ratios with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MAX_ROWS, ladder
from istiolog_pd.plots._draw.scales import log_axis, numbers
from istiolog_pd.plots._draw.style import Look, in_order, ink, look, names, plain

VERDICTS: dict[str, Look] = {
    "more after pushes": Look("#D55E00", "D"),
    "no difference seen": Look("#0072B2", "o"),
    "cannot tell": Look("#BBBBBB", "s"),
}


@plot(
    "failures_after_pushes",
    "failures per request after pushes, over those elsewhere, with 95 % intervals",
    title="Failures after pushes to the same proxy, over those at other times",
    columns="kind failed failed_after ratio ci_low ci_high verdict",
    axes="Rate ratio (logarithmic) by kind of failure",
    known="ratio ci_low ci_high",
    empty="no kind of failure has a ratio",
    rows=MAX_ROWS,
)
def failures_after_pushes(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A ratio with its 95 % interval for each kind of failure; 1 is no difference.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.failures_after_pushes(pd.DataFrame({
    ...     "kind": ["any"], "failed": [80], "failed_after": [40], "ratio": [5.0], "ci_low": [3.0], "ci_high": [8.0],
    ...     "verdict": ["more after pushes"],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['any (40 of 80)']
    >>> plt.close(ax.figure)
    """
    counts = zip(names(table["kind"]), table["failed_after"], table["failed"], strict=True)
    places = ladder(ax, [plain(f"{kind} ({after:,} of {failed:,})") for kind, after, failed in counts])
    ratio, low, high = (numbers(table[name]) for name in ("ratio", "ci_low", "ci_high"))
    ends = np.concatenate([ratio, low, high, [1.0]])
    ends = ends[np.isfinite(ends) & (ends > 0)]
    least, most = float(ends.min()) / 2, float(ends.max()) * 2
    verdict = names(table["verdict"]).to_numpy()
    handles: list[Artist] = []
    for name in in_order(VERDICTS, verdict):
        looked, own = look(VERDICTS, name), verdict == name
        begin, end = np.maximum(low[own], least), np.minimum(high[own], most)
        ax.hlines(places[own], begin, end, color=looked.color, linewidth=1.5)
        ax.scatter(np.clip(ratio[own], least, most), places[own], 30, c=looked.color, marker=looked.marker, zorder=3)
        handles.append(mark(looked, f"{name} ({own.sum()})"))
    ax.axvline(1, color=ink(), linestyle=":", linewidth=1)
    log_axis(ax, "x", np.array([least, most]))
    ax.set_xlim(least, most)
    ax.set_xlabel("rate after pushes over the rate at other times")
    return handles
