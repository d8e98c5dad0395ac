"""Looks as data: one color, marker and hatch per xDS type and per kind of push; and what every plot needs.

The colors are those of Okabe and Ito (types) and of Tol's high-contrast scheme (kinds of push), which
color-blind people tell apart; hatches and markers are the second cue. A color never changes its
meaning from plot to plot.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd._text import escape_controls

FIGSIZE = (9.0, 4.0)
SMALL = 8.5
CHARACTER = 0.58  # width of a character, in parts of its size


@dataclass(frozen=True, slots=True)
class Look:
    """How one thing is drawn wherever it appears: its color, and marker and hatch as second cue."""

    color: str
    marker: str = "o"
    hatch: str = ""
    label: str = ""


XDS_TYPES: dict[str, Look] = {
    "CDS": Look("#0072B2"),
    "EDS": Look("#E69F00", hatch="////"),
    "LDS": Look("#009E73"),
    "RDS": Look("#CC79A7", hatch="\\\\\\\\"),
    "SDS": Look("#56B4E9", hatch="...."),
    "NDS": Look("#F0E442"),
    "ECDS": Look("#D55E00", hatch="xxxx"),
    "PCDS": Look("#8C564B", hatch="----"),
    "WDS": Look("#882255", hatch="||||"),
    "WADS": Look("#999933", hatch="++++"),
}

PUSH_TYPES: dict[str, Look] = {
    "full": Look("#004488", "o"),
    "incremental": Look("#DDAA33", "^", "//"),
    "request": Look("#999999", "x", "....", "request (a proxy asked)"),
    "proxy": Look("#CC79A7", "D", "xxxx", "proxy (its own pod changed)"),
}

#: A push decision or a round; from Istio 1.31 on only ``forced`` is printed, in 1.0 neither is.
DECISIONS: dict[str, Look] = {
    "full": PUSH_TYPES["full"],
    "incremental": PUSH_TYPES["incremental"],
    "forced": Look("#BB5566", "D", "xxxx"),
    "not forced": Look("#44AA99", "s", "\\\\\\\\"),
    "unknown": Look("#777777", "o", "....", "full or not: not logged"),
}

ORDERS: dict[str, Look] = {
    "kept": Look("#009E73", label="order kept"),
    "broken": Look("#D55E00", hatch="////", label="a type came early"),
    "unknown": Look("#BBBBBB", hatch="....", label="not known"),
}

#: A proxy in a round.
WAVES: dict[str, Look] = {
    "certain": Look("#004488", label="the round is certain"),
    "likely": Look("#77AADD", "s", label="the round is likely"),
    "straggler": Look("#BB5566", "D", label="straggler"),
}

#: What no table above has: one grey for all of it.
OTHER = Look("#BBBBBB", "P", "oooo")


def look(looks: Mapping[str, Look], name: str) -> Look:
    """The look of a name; that of all others if it has none of its own."""
    return looks.get(name, OTHER)


def in_order(looks: Mapping[str, Look], names: Iterable[str]) -> list[str]:
    """Names in the order of their looks, those without one after them by the alphabet."""
    place = {name: number for number, name in enumerate(looks)}
    return sorted(set(names), key=lambda name: (place.get(name, len(place)), name))


def ink() -> Any:
    """The color of text in the style that the user chose, for what has no color of its own."""
    return mpl.rcParams["text.color"]


def plain(text: object) -> str:
    r"""Text of a log as matplotlib shows it literally: no mathtext, no line breaks, no control characters.

    Examples
    --------
    >>> plain("$x$")
    '\\$x\\$'
    """
    return escape_controls(str(text)).replace("$", r"\$")


def names(column: pd.Series[Any]) -> pd.Series[str]:
    """A column of names as text, ``unknown`` where there is none."""
    return column.astype(object).where(column.notna(), "unknown").astype(str)


def kinds(table: pd.DataFrame) -> pd.Series[str]:
    """What each decision or round was, by its `full` and `forced`: a name of `DECISIONS`."""
    full, forced = (table[name].astype("boolean") for name in ("full", "forced"))
    kind = pd.Series("unknown", table.index)
    for name, rows in (("not forced", ~forced), ("incremental", ~full), ("full", full), ("forced", forced)):
        kind = kind.mask(rows.fillna(False).astype(bool), name)
    return kind


def need(table: pd.DataFrame, answer: str, *columns: str) -> None:
    """Raise an error that says what is missing, if this is not a table of that answer: `TypeError` or `ValueError`."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"this plot draws the table of istiolog_pd.analysis.{answer}(capture), not {type(table).__name__}"
        )
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ValueError(
            f"this plot needs the table of istiolog_pd.analysis.{answer}, with a column {', '.join(missing)}; "
            f"this one has: {', '.join(map(str, table.columns)) or 'no columns'}"
        )


def new_axes(ax: Axes | None, height: float | None = None) -> Axes:
    """The given axes, or those of a new figure at notebook size (or this high, in inches); grid behind, no box."""
    if ax is None:
        _, ax = plt.subplots(figsize=(FIGSIZE[0], height or FIGSIZE[1]), layout="constrained")
    return bare(ax)


def bare(ax: Axes) -> Axes:
    """Axes without a box, with light horizontal lines behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(visible=True, axis="y", alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def room(ax: Axes) -> float:
    """The width of the axes in points, roughly: a layout may still widen them."""
    fig = ax.get_figure(root=True)
    inches = (fig.get_figwidth() if fig else FIGSIZE[0]) * ax.get_position().width
    return inches * 72 * (1.15 if fig and fig.get_layout_engine() else 1)


def wrapped(ax: Axes, text: object, size: float, share: float = 1.0, lines: int = 12) -> str:
    """Wrap a text to the width of the axes, up to a maximum number of lines."""
    width = max(20, round(room(ax) * share / (size * CHARACTER)))
    words = " ".join(str(text).split())
    return "\n".join(map(plain, textwrap.wrap(words, width, max_lines=lines, placeholder=" …")))


def coverage(table: pd.DataFrame) -> str:
    """What the answer says of what its capture cannot show; empty if it says nothing."""
    said = table.attrs.get("coverage") or ""
    return said if isinstance(said, str) else "; ".join(map(str, said))


def show_reason(ax: Axes, table: pd.DataFrame, title: str = "", reason: str = "") -> Axes:
    """Say in the axes, in words, why there is nothing to draw.

    Parameters
    ----------
    ax
        Where; its ticks and labels are taken away.
    table
        The answer, whose ``attrs["coverage"]`` is the reason.
    title
        What would be drawn.
    reason
        What to say if the answer gives no reason.
    """
    said = coverage(table) or reason or "the table has no rows"
    ax.set_axis_off()
    ax.text(
        0.5,
        0.62,
        f"{title}: nothing to draw" if title else "Nothing to draw",
        ha="center",
        va="bottom",
        weight="bold",
        transform=ax.transAxes,
    )
    ax.text(0.5, 0.56, wrapped(ax, said, 10, 0.8), ha="center", va="top", size=10, transform=ax.transAxes)
    return ax
