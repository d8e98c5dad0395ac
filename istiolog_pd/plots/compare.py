"""Two captures beside each other: the ratio of every measure, with its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.ranks import ladder
from istiolog_pd.plots._draw.scales import Floats, numbers
from istiolog_pd.plots._draw.style import SMALL, Look, ink, names, plain

NOTHING = "No measure is available in both captures, or none is above zero"
ROW_HEIGHT, MARGINS = 0.2, 1.8  # inches
MAX_LABEL = 60  # characters of a label
#: Ratios beyond this (and its inverse) stand at the edge.
WIDEST = 32.0
MAX_ROWS = 45  # rows that are drawn

VERDICTS: dict[str, Look] = {
    "more": Look("#D55E00", "^"),
    "less": Look("#0072B2", "v"),
    "no difference seen": Look("#888888", "o"),
}


@plot(
    "compare",
    "measures of two captures, before and after",
    title="Before and after: ratio with 95 % intervals",
    columns="measure labels ratio ratio_ci_low ratio_ci_high verdict",
    axes="Ratio by measure",
    height=lambda table: MARGINS + ROW_HEIGHT * max(len(_drawn(table)[0]), 8),
    listed=False,
)
def compare(table: pd.DataFrame, ax: Axes) -> Drawn:
    """A forest plot: the ratio of each measure (b by a) on a scale of doublings, and its interval.

    Color and marker tell the verdict. A measure that is zero on a side, or of which a side says nothing, has no
    ratio and no row; how many those are stands above. An arrow is where an interval goes on beyond the axes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({"measure": ["debounce_time"], "labels": ['quantile="0.5"'], "ratio": [2.0],
    ...                       "ratio_ci_low": [1.5], "ratio_ci_high": [2.5], "verdict": ["more"]})
    >>> ax = plots.compare(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['debounce_time{quantile="0.5"}']
    >>> plt.close(ax.figure)
    """
    rows, left = _drawn(table)
    if rows.empty:
        return NOTHING
    places = ladder(ax, _labels(rows))
    limit = _scale(ax, rows)
    handles = [artist for verdict in VERDICTS for artist in _verdict(ax, rows, places, verdict, limit)]
    missing = f"{left:,} measures are not drawn: not logged on one side, or zero there" if left else ""
    return Heading(handles, note=missing)


def _drawn(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows that have a ratio (certain ones first, if there are too many), and how many others there are."""
    ratio = numbers(table["ratio"])
    with np.errstate(invalid="ignore"):
        known = np.isfinite(ratio) & (ratio > 0)
    rows = table[known & names(table["verdict"]).isin(VERDICTS).to_numpy(bool)]
    if len(rows) > MAX_ROWS:
        rows = rows.iloc[
            np.sort(np.argsort(names(rows["verdict"]).eq("no difference seen").to_numpy(), kind="stable")[:MAX_ROWS])
        ]
    return rows, len(table) - len(rows)


def _labels(rows: pd.DataFrame) -> list[str]:
    labels = names(rows["labels"].where(rows["labels"].notna(), ""))
    texts = names(rows["measure"]) + labels.where(labels == "", "{" + labels + "}")
    return [plain(text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…") for text in texts]


def _scale(ax: Axes, rows: pd.DataFrame) -> float:
    """A scale of doublings around 1, as wide as the ratios need; its upper end."""
    shown = np.concatenate([numbers(rows[name]) for name in ("ratio", "ratio_ci_low", "ratio_ci_high")])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    limit = float(np.clip(np.exp(np.abs(np.log(shown)).max()) * 1.1, 1.5, WIDEST))
    ax.set_xscale("log", base=2)
    ax.set_xlim(1 / limit, limit)
    base = 2.0 if limit > 2.2 else 2**0.25
    ax.xaxis.set_major_locator(LogLocator(base))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}x"))
    ax.axvline(1, color=ink(), linewidth=0.8, zorder=1)
    ax.set_xlabel("after / before (1 = no change)")
    ax.tick_params(axis="x", labelsize=SMALL)
    return limit


def _verdict(ax: Axes, rows: pd.DataFrame, places: Floats, verdict: str, limit: float) -> list[Artist]:
    """The rows of one verdict: a point and its interval, with an arrow where it goes beyond the axes."""
    chosen = names(rows["verdict"]).eq(verdict).to_numpy(bool)
    if not chosen.any():
        return []
    looked, at = VERDICTS[verdict], places[chosen]
    ratio, low, high = (numbers(rows[name])[chosen] for name in ("ratio", "ratio_ci_low", "ratio_ci_high"))
    low, high = np.where(np.isnan(low), 0, low), np.where(np.isnan(high), np.inf, high)  # null: no bound
    least, most = (np.clip(bound, 1 / limit, limit) for bound in (low, high))
    ax.hlines(at, least, most, color=looked.color, linewidth=1.6, zorder=2)
    beyond = (("<", low < 1 / limit, 1 / limit), (">", high > limit, limit))
    for marker, rest, edge in beyond:
        ax.scatter(np.full(rest.sum(), edge), at[rest], s=30, color=looked.color, marker=marker, clip_on=False)
    inside = np.clip(ratio, 1 / limit, limit)
    ax.scatter(inside, at, s=30, color=looked.color, marker=looked.marker, label=verdict, zorder=3)
    return [mark(looked, f"{verdict} ({chosen.sum():,})")]
