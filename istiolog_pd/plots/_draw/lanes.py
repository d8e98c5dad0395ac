"""Lanes over time: a row per thing, and in it a bar for each stretch of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.ranks import MAX_LABEL, MAX_ROWS, MIN_ROWS, ladder
from istiolog_pd.plots._draw.scales import dates, numbers, time_axis
from istiolog_pd.plots._draw.style import Look, in_order, look, names, plain


def lanes(
    ax: Axes,
    table: pd.DataFrame,
    looks: Mapping[str, Look],
    count_of: str,
    *,
    thick: float = 1.0,
) -> list[Artist]:
    """Draw a bar for each row in the lane that it names; the legend entries of the kinds.

    Parameters
    ----------
    ax
        Where to draw.
    table
        `lane`, `kind` (a name of `looks`), `first` and `last` (times; the former is known), `count` (the marker at
        `first` grows with it). The first lanes are drawn.
    looks
        The look of each kind.
    count_of
        What is counted, as the legend writes it.
    thick
        Width of a bar in points.
    """
    lane = [name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1]}…" for name in names(table["lane"])]
    drawn = list(dict.fromkeys(lane))[:MAX_ROWS]
    places = dict(zip(drawn, ladder(ax, [plain(name) for name in drawn]), strict=True))
    at = np.array([places.get(name, np.nan) for name in lane])
    first = dates(table["first"])
    last = dates(table["last"].where(table["last"].notna(), table["first"]))
    kind, counts = names(table["kind"]).to_numpy(), np.nan_to_num(numbers(table["count"]), nan=1.0)
    handles: list[Artist] = []
    for name in in_order(looks, kind):
        looked, own = look(looks, name), kind == name
        ax.hlines(at[own], first[own], last[own], color=looked.color, alpha=0.6, linewidth=thick)
        size = 14 + 6 * np.log2(np.maximum(counts[own], 1))
        ax.scatter(first[own], at[own], size, c=looked.color, marker=looked.marker, zorder=3, label=name)
        handles.append(mark(looked, f"{name} ({counts[own].sum():,.0f} {count_of})"))
    time_axis(ax, np.concatenate([first, last]))
    ax.set_ylim(0.4 - max(len(drawn), MIN_ROWS), 0.6)
    return handles


def more_than_drawn(table: pd.DataFrame) -> str:
    """What a title says of the lanes that are not drawn; empty if all are."""
    total = names(table["lane"]).nunique()
    return f" (the first {MAX_ROWS} of {total:,})" if total > MAX_ROWS else ""
