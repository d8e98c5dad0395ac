"""Debounce replay: the cost of each setting against the delay that it adds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import BYTES, floats, log_axis, milliseconds, numbers, panel
from istiolog_pd.plots._draw.style import SMALL, Look

COLUMNS = ("delay_median_low", "delay_median_high", "pushes_low", "pushes_high", "size_bytes_low", "size_bytes_high")

ROOM = (40, 12)  # what a setting's name covers, in pixels

#: Settings by PILOT_ENABLE_EDS_DEBOUNCE, and the one that was recorded.
ON = Look("#004488", "o", label="all changes debounced")
OFF = Look("#DDAA33", "^", label="endpoint-only changes at once")
TODAY = Look("#BB5566", "D", label="as recorded")


@plot(
    "debounce_replay",
    "cost of other debounce settings against delay",
    title="Debounce replay: cost of other settings",
    columns=f"after maximum eds_debounce recorded {' '.join(COLUMNS)}",
    axes="The axes of the pushes: median delay in milliseconds by number of pushes",
    also=", and the bounds of `pushes`, `size_bytes` and `delay_median`",
)
def debounce_replay(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Pushes of each setting against the median delay of a change, and below it their bytes.

    A setting is an area from its lower to its upper bounds, a mark where they are one; it bears its
    `after` (and `maximum`, if several were tried). The recorded setting is a diamond of its own color.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> span = lambda *ms: pd.to_timedelta(list(ms), unit="ms")
    >>> table = pd.DataFrame({
    ...     "after": span(100, 1000), "maximum": span(10_000, 10_000), "eds_debounce": True, "recorded": [True, False],
    ...     "pushes_low": [145, 41], "pushes_high": [145, 44], "size_bytes_low": None, "size_bytes_high": None,
    ...     "delay_median_low": span(120, 1400), "delay_median_high": span(180, 1500),
    ... })
    >>> ax = plots.debounce_replay(table)
    >>> [text.get_text() for text in ax.texts if text.get_text().endswith("s")], ax.get_ylabel()
    (['100 ms', '1 s'], 'pushes')
    >>> plt.close(ax.figure)
    """
    setting = ["after", "maximum", "eds_debounce", "recorded"]
    known = table.dropna(subset=list(COLUMNS[:4])).drop_duplicates(setting)
    if known.empty:
        return ""
    handles = _areas(ax, known, "pushes")
    ax.set_ylabel("pushes")
    ax.set_xlabel("median delay of a change until it is pushed (ms)")
    if known[list(COLUMNS[4:])].notna().all(axis=None):
        below = panel(ax, "bottom", 0.47)
        _areas(below, known, "size_bytes")
        below.set_ylabel("bytes pushed")
        below.yaxis.set_major_formatter(BYTES)
    return handles


def _areas(ax: Axes, table: pd.DataFrame, cost: str) -> list[Artist]:
    """A setting an area, with its name; gives the legend's entries."""
    left, right = (milliseconds(table[f"delay_median_{end}"]) for end in ("low", "high"))
    low, high = (numbers(table[f"{cost}_{end}"]) for end in ("low", "high"))
    log_axis(ax, "x", floats(np.concatenate([left, right])))
    log_axis(ax, "y", floats(np.concatenate([low, high])))
    looks = [
        _look(bool(recorded), bool(eds)) for recorded, eds in zip(table["recorded"], table["eds_debounce"], strict=True)
    ]
    several = len(table.loc[~table["recorded"].astype(bool), "maximum"].unique()) > 1
    named: list[tuple[float, float]] = []
    for place, (looked, row) in enumerate(zip(looks, table.to_dict("records"), strict=True)):
        corner = (left[place], low[place])
        size = (right[place] - left[place], high[place] - low[place])
        ax.add_patch(Rectangle(corner, *size, facecolor=looked.color, alpha=0.25, edgecolor=looked.color, linewidth=1))
        middle = _middle(left[place], right[place]), _middle(low[place], high[place])
        _lines(ax, (left[place], right[place], low[place], high[place]), middle, looked)
        name = _span(row["after"]) + (f" / {_span(row['maximum'])}" if several else "")
        if not _near(ax, middle, named):
            ax.annotate(name, middle, (4, 4), textcoords="offset points", size=SMALL, color=looked.color)
    return [mark(looked, looked.label) for looked in dict.fromkeys(looks)]


def _lines(ax: Axes, ends: tuple[float, float, float, float], middle: tuple[float, float], looked: Look) -> None:
    """The bounds as bars through the middle: an area without width or height would not be seen."""
    ax.hlines(middle[1], ends[0], ends[1], color=looked.color, linewidth=1.5)
    ax.vlines(middle[0], ends[2], ends[3], color=looked.color, linewidth=1.5)
    ax.plot(*middle, marker=looked.marker, color=looked.color, markersize=7 if looked is TODAY else 4, linestyle="")


def _middle(low: float, high: float) -> float:
    """Between two bounds, on an axis of orders of magnitude."""
    return float(np.sqrt(low * high)) if low > 0 else (low + high) / 2


def _look(recorded: bool, eds_debounce: bool) -> Look:
    return TODAY if recorded else ON if eds_debounce else OFF


def _near(ax: Axes, point: tuple[float, float], named: list[tuple[float, float]]) -> bool:
    """Whether a name there would cover one that is drawn already; if not, it is one of them."""
    x, y = ax.transData.transform(point)
    near = any(abs(x - other) < ROOM[0] and abs(y - above) < ROOM[1] for other, above in named)
    if not near:
        named.append((x, y))
    return near


def _span(span: pd.Timedelta | None) -> str:
    """A setting as people write it."""
    if span is None or pd.isna(span):
        return "?"
    millis: float = span / pd.Timedelta(milliseconds=1)
    return f"{millis / 1000:g} s" if millis >= 1000 else f"{millis:g} ms"
