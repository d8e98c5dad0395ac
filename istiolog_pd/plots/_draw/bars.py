"""Bars, one look for many of them, alone or in layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from istiolog_pd.plots._draw.scales import Floats, floats, numbers
from istiolog_pd.plots._draw.style import Look, look

Align = Literal["center", "edge"]
MAX_PATCHES = 300  # more places than this: bars too thin for a hatch, and too many to be a patch each


def bars(
    ax: Axes,
    places: Floats,
    spans: tuple[Floats, Floats],
    width: float,
    looked: Look,
    label: str,
    align: Align = "center",
) -> None:
    """Bars at these places, each from the first to the second of its `spans`; none where that is not known."""
    bottom, top = spans
    seen = np.isfinite(top) & (top != bottom)
    left = places[seen] - (width / 2 if align == "center" else 0)
    low, high = bottom[seen], top[seen]
    style: dict[str, Any] = {"facecolor": looked.color, "linewidth": 0, "label": label}
    if len(places) <= MAX_PATCHES:
        ax.bar(left, high - low, width, low, align="edge", hatch=looked.hatch, edgecolor="white", **style)
        return
    corners = [[left, low], [left, high], [left + width, high], [left + width, low]]
    ax.add_collection(PolyCollection(list(np.transpose(corners, (2, 0, 1))), **style))


def stack(ax: Axes, parts: pd.DataFrame, looks: Mapping[str, Look], width: float, align: Align = "center") -> None:
    """Bars in layers: a row of `parts` is a place on the x axis, a column a layer with its look."""
    places, bottom = floats(parts.index), np.zeros(len(parts))
    for name in parts:
        top = bottom + numbers(parts[name])
        bars(ax, places, (bottom, top), width, look(looks, str(name)), str(name), align)
        bottom = np.where(np.isfinite(top), top, bottom)
    if len(parts):
        ax.set_ylim(0, max(float(bottom.max()), 1) * 1.08)
