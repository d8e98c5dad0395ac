"""Ranked rows: the first few of a table as horizontal bars, each from what is certain to what is possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from istiolog_pd.plots._draw.scales import Floats, floats
from istiolog_pd.plots._draw.style import SMALL, Look, names, plain

MAX_ROWS = 15  # rows with a bar of their own: more could not be read
MIN_ROWS = 5  # bars for which there is room at least
MAX_LABEL = 52  # characters of a label
SURE, POSSIBLE = 0.95, 0.35


def labels(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """What each row is called: the values of these columns, those that are empty left out."""
    parts = [names(table[name]).where(table[name].notna(), "") for name in columns]
    rows = [" / ".join(filter(None, map(str, row))) or "unknown" for row in zip(*parts, strict=True)]
    return [plain(row if len(row) <= MAX_LABEL else f"{row[: MAX_LABEL - 1]}…") for row in rows]


def ladder(ax: Axes, texts: Sequence[str]) -> Floats:
    """A place on the y axis for each row, the first at the top, with its label."""
    places = -np.arange(len(texts), dtype=np.float64)
    ax.set_yticks(places, list(texts))
    for label in ax.get_yticklabels():
        label.set_fontsize(SMALL)
    ax.set_ylim(0.4 - max(len(texts), MIN_ROWS), 0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", alpha=0.3, linewidth=0.6)
    return places


def bounded(ax: Axes, places: Floats, bounds: tuple[Floats, Floats], looked: Look, height: float = 0.7) -> list[Patch]:
    """A bar from zero to each low bound, and a paler one from there to the high bound; their legend entries."""
    low, high = (np.nan_to_num(floats(bound)) for bound in bounds)
    style: dict[str, Any] = {"facecolor": looked.color, "edgecolor": "white", "linewidth": 0}
    ax.barh(places, low, height, alpha=SURE, hatch=looked.hatch, label=looked.label, **style)
    entries = [Patch(facecolor=looked.color, hatch=looked.hatch, edgecolor="white", linewidth=0, label=looked.label)]
    if (high > low).any():
        ax.barh(places, high - low, height, low, alpha=POSSIBLE, label=f"{looked.label}, at most", **style)
        entries.append(Patch(facecolor=looked.color, alpha=POSSIBLE, linewidth=0, label="at most"))
    return entries
