"""What went wrong, when and how often."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.ranks import MIN_ROWS, ladder
from istiolog_pd.plots._draw.scales import dates, numbers, time_axis
from istiolog_pd.plots._draw.style import (
    SMALL,
    Look,
    in_order,
    look,
    names,
    plain,
)

MAX_ROWS = 14  # causes with a lane of their own
MAX_LABEL = 60  # letters of a lane's name
UNKNOWN = "no verdict"
VERDICTS: dict[str, Look] = {
    "act": Look("#BB5566", "D"),
    "look": Look("#DDAA33", "^"),
    UNKNOWN: Look("#004488", "o"),
    "harmless": Look("#777777", "o"),
}


@plot(
    "errors",
    "Warnings and errors over time, by cause and verdict",
    title="Warnings and errors by cause, from the first to the last of each",
    columns="cause count first_seen last_seen verdict",
    axes="Time (UTC) by cause",
    known="first_seen last_seen count",
    empty="no row has a time stamp",
)
def errors(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A lane per cause, the gravest first: for each proxy and form of error a line from the first to the last seen.

    Markers grow with the number of lines; color and marker tell the verdict. What is harmless is hollow.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> seen = pd.to_datetime(["2026-11-23T17:27:38Z"])
    >>> ax = plots.errors(pd.DataFrame({
    ...     "cause": ["NACK"], "count": [3], "first_seen": seen, "last_seen": seen, "verdict": ["act"],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['NACK (3)']
    >>> plt.close(ax.figure)
    """
    cause = names(table["cause"]).to_numpy()
    verdict = names(table["verdict"].astype(object).where(table["verdict"].notna(), UNKNOWN)).to_numpy()
    counts = numbers(table["count"])
    rank = pd.Series(verdict).map({name: n for n, name in enumerate(VERDICTS)})
    of = pd.DataFrame({"rank": rank, "count": counts}).groupby(cause).agg({"rank": "min", "count": "sum"})
    of = of.sort_values(["rank", "count"], ascending=[True, False], kind="stable").head(MAX_ROWS)
    lanes = {str(name): at for at, name in enumerate(of.index)}
    places = ladder(ax, [plain(f"{_short(name)} ({of['count'][name]:,.0f})") for name in lanes])
    lane = np.array([places[lanes[name]] if name in lanes else np.nan for name in cause])
    lane = lane + _apart(lane)
    first, last = dates(table["first_seen"]), dates(table["last_seen"])
    size = 10 + 14 * np.log2(np.maximum(counts, 1))
    handles: list[Artist] = []
    for name in in_order(VERDICTS, verdict):
        looked = look(VERDICTS, name)
        own, hollow = verdict == name, name == "harmless"
        ax.hlines(lane[own], first[own], last[own], color=looked.color, alpha=0.5, linewidth=1)
        for when in (first, last):
            face = "none" if hollow else looked.color
            ax.scatter(when[own], lane[own], size[own], facecolors=face, edgecolors=looked.color, marker=looked.marker)
        handles.append(mark(looked, f"{name} ({counts[own].sum():,.0f} lines)", hollow=hollow))
    time_axis(ax, np.concatenate([first, last]))
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.set_ylim(0.4 - max(len(lanes), MIN_ROWS), 0.6)
    return handles


def _short(text: str) -> str:
    """A lane's name, cut where it is too long."""
    return text if len(text) <= MAX_LABEL else f"{text[:MAX_LABEL]}…"


def _apart(lane: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Small steps within each lane, so that its rows do not cover each other."""
    within = pd.Series(lane).groupby(lane).cumcount().to_numpy(np.float64)
    size = pd.Series(lane).groupby(lane).transform("size").to_numpy(np.float64)
    return np.where(size > 1, 0.3 - 0.6 * within / np.maximum(size - 1, 1), 0.0)
