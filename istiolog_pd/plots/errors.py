"""What went wrong, when and how often."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import head, mark
from istiolog_pd.plots._draw.plot import plot
from istiolog_pd.plots._draw.ranks import FEWEST, ladder
from istiolog_pd.plots._draw.scales import dates, numbers, time_axis
from istiolog_pd.plots._draw.style import (
    SMALL,
    Look,
    coverage,
    in_order,
    look,
    names,
    need,
    new_axes,
    plain,
    show_reason,
)

TITLE = "Errors by cause, from the first to the last of each"
NO_TIMES = "no row has a time stamp"
MOST = 14  # causes with a lane of their own
COMPONENTS: dict[str, Look] = {
    "pilot": Look("#004488", "o"),
    "agent": Look("#DDAA33", "^"),
    "envoy": Look("#BB5566", "D"),
}


@plot("errors", "NACKs, failed sends, refused clients and closed streams over time")
def errors(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A lane per cause: for each proxy and form of error a line from the first to the last seen.

    Markers grow with the number of lines; colour and marker tell whose lines they are. What is
    expected (a stream that ended as its proxy went) is hollow.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis.proxies.errors`: `component`, `cause`, `count`, `first_seen`, `last_seen`,
        `expected`.
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        Time (UTC) by cause.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> seen = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.errors(pd.DataFrame({
    ...     "component": ["pilot"], "cause": ["NACK"], "count": [3], "first_seen": seen, "last_seen": seen,
    ...     "expected": [False],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['NACK (3)']
    >>> plt.close(ax.figure)
    """
    need(table, "errors", "component", "cause", "count", "first_seen", "last_seen", "expected")
    ax = new_axes(ax)
    known = table.dropna(subset=["first_seen", "last_seen", "count"])
    if known.empty:
        return show_reason(ax, table, TITLE, NO_TIMES if len(table) else "")
    cause, component = names(known["cause"]).to_numpy(), names(known["component"]).to_numpy()
    counts = numbers(known["count"])
    totals = pd.Series(counts).groupby(cause).sum().sort_values(ascending=False, kind="stable")
    lanes = {str(name): at for at, name in enumerate(totals.index[:MOST])}
    places = ladder(ax, [plain(f"{name} ({totals[name]:,.0f})") for name in lanes])
    lane = np.array([places[lanes[name]] if name in lanes else np.nan for name in cause])
    lane = lane + _apart(lane)
    first, last = dates(known["first_seen"]), dates(known["last_seen"])
    usual = known["expected"].astype("boolean").fillna(False).to_numpy(bool)
    size = 10 + 14 * np.log2(np.maximum(counts, 1))
    handles: list[Artist] = []
    for name in in_order(COMPONENTS, component):
        looked = look(COMPONENTS, name)
        own = component == name
        ax.hlines(lane[own], first[own], last[own], color=looked.colour, alpha=0.5, linewidth=1)
        for rows, face in ((own & ~usual, looked.colour), (own & usual, "none")):
            for when in (first, last):
                ax.scatter(
                    when[rows], lane[rows], size[rows], facecolors=face, edgecolors=looked.colour, marker=looked.marker
                )
        handles.append(mark(looked, f"{name} ({counts[own].sum():,.0f} lines)"))
    time_axis(ax, np.concatenate([first, last]))
    if usual.any():
        handles.append(mark(Look("#777777"), "expected", hollow=True))
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.set_ylim(0.4 - max(len(lanes), FEWEST), 0.6)
    head(ax, TITLE, coverage(table), handles)
    return ax


def _apart(lane: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Small steps within each lane, so that its rows do not cover each other."""
    within = pd.Series(lane).groupby(lane).cumcount().to_numpy(np.float64)
    size = pd.Series(lane).groupby(lane).transform("size").to_numpy(np.float64)
    return np.where(size > 1, 0.3 - 0.6 * within / np.maximum(size - 1, 1), 0.0)
