"""Title, note and legend above the axes, where no data is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from istiolog_pd.plots._draw.style import CHARACTER, SMALL, Look, plain, room, wrapped

LINE_HEIGHT = SMALL * 1.35
BESIDE = SMALL * 3.6  # the width of a legend entry beside its text


def mark(looked: Look, label: str, *, hollow: bool = False, linestyle: Literal["", "--"] = "") -> Line2D:
    """A legend entry with the marker and color of a look."""
    fill = "none" if hollow else looked.color
    handle = Line2D([], [], linestyle=linestyle, marker=looked.marker, color=looked.color, markerfacecolor=fill)
    handle.set_label(plain(label))
    return handle


def patch(looked: Look, label: str) -> Patch:
    """A legend entry with the color and hatch of a look."""
    return Patch(facecolor=looked.color, hatch=looked.hatch, edgecolor="white", linewidth=0, label=plain(label))


def head(ax: Axes, title: str, note: str, handles: Sequence[Artist] = ()) -> None:
    """Title, a note (what the capture cannot show) and legend: above the axes, where no data is."""
    above = 4.0
    if handles:
        columns = _columns([len(str(handle.get_label())) for handle in handles], room(ax))
        ax.legend(
            handles=list(handles),
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=columns,
            frameon=False,
            fontsize=SMALL,
            borderpad=0.2,
            borderaxespad=0.2,
            handletextpad=0.4,
            columnspacing=1.2,
        )
        above += -(-len(handles) // columns) * LINE_HEIGHT * 1.15
    text = wrapped(ax, note, SMALL, lines=3)
    if text:
        ax.annotate(
            text,
            (0, 1),
            (0, above),
            xycoords="axes fraction",
            textcoords="offset points",
            size=SMALL,
            alpha=0.75,
            va="bottom",
            annotation_clip=False,
        )
        above += (text.count("\n") + 1) * LINE_HEIGHT + 2
    ax.set_title(title, loc="left", weight="bold", size="medium", pad=above + 2)


def _columns(lengths: Sequence[int], width: float) -> int:
    """Maximum number of columns in which legend entries of these lengths fit a width in points."""
    for columns in range(len(lengths), 1, -1):
        rows = -(-len(lengths) // columns)
        widest = [max(lengths[start : start + rows]) for start in range(0, len(lengths), rows)]
        if sum(widest) * CHARACTER * SMALL + len(widest) * BESIDE < width:
            return len(widest)
    return 1
