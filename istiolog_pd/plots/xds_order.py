"""The order in which a proxy gets its types."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import patch
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.style import (
    ORDERS,
    SMALL,
    in_order,
    names,
    plain,
)

MAX_ROWS = 12  # orders with a bar of their own; the others of a flow share one
MIN_ROWS = 5  # bars for which there is room at least
MAX_LABEL = 44


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or the heading of those below it (no count)."""

    label: str
    count: int = 0
    verdict: str = ""
    early: str = ""


@plot(
    "xds_order",
    "orders of types per proxy and round, kept and broken",
    title="Order of types per proxy and round",
    columns="order kept early",
    axes="Number of times (a proxy in a round) by order",
    also=", and `flow` if there is one",
)
def xds_order(table: pd.DataFrame, ax: Axes) -> Drawn:
    """How often each order of types was seen, and whether it kept CDS, EDS, LDS, RDS.

    Orders that were kept and broken ones differ in color and hatch; a broken one names the type that
    came early. If the table has the column `flow`, orders are grouped by it.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({"order": ["CDS EDS", "LDS CDS"], "kept": [True, False], "early": [None, "LDS"]})
    >>> ax = plots.xds_order(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['CDS EDS', 'LDS CDS']
    >>> plt.close(ax.figure)
    """
    if table.empty:
        return ""
    bars, most = _bars(table), 0
    for place, bar in enumerate(bars):
        looked = ORDERS[bar.verdict or "unknown"]
        if bar.count:
            ax.barh(-place, bar.count, 0.72, facecolor=looked.color, hatch=looked.hatch, edgecolor="white", linewidth=0)
            early = f"   {plain(bar.early)} early" if bar.early else ""
            text = f"{bar.count:,} ({bar.count / len(table):.1%}){early}"
            ax.annotate(text, (bar.count, -place), (4, 0), textcoords="offset points", va="center", size=SMALL)
            most = max(most, bar.count)
    ax.set_yticks([-place for place in range(len(bars))], [bar.label for bar in bars])
    for label, bar in zip(ax.get_yticklabels(), bars, strict=True):
        label.set(fontsize=SMALL if len(bars) < 18 else 7, fontweight="normal" if bar.count else "bold")
    ax.set(xlim=(0, most * 1.3), ylim=(0.4 - max(len(bars), MIN_ROWS), 0.6), xlabel="times seen (per proxy and round)")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", alpha=0.3, linewidth=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    counts = _verdicts(table).value_counts()
    handles = [
        patch(ORDERS[name], f"{ORDERS[name].label} ({counts[name]:,})") for name in in_order(ORDERS, counts.index)
    ]
    return handles


def _verdicts(table: pd.DataFrame) -> pd.Series[str]:
    """Of each row: ``kept``, ``broken`` or ``unknown``."""
    kept = table["kept"].astype("boolean")
    return kept.map({True: "kept", False: "broken"}).astype(object).fillna("unknown")


def _bars(table: pd.DataFrame) -> list[Bar]:
    """The bars from top to bottom: the most frequent first, of each flow under its heading."""
    flow = names(table["flow"]) if "flow" in table else pd.Series("", table.index)
    early = table["early"].astype(object).where(table["early"].notna(), "").astype(str)
    rows = pd.DataFrame({"flow": flow, "order": names(table["order"]), "verdict": _verdicts(table), "early": early})
    counts = rows.value_counts().rename("count").reset_index()
    bars = []
    for name in flow.value_counts().index:
        seen = counts[counts["flow"] == name]
        bars += [Bar(plain(name))] if name else []
        for row in seen.head(MAX_ROWS).itertuples():
            order = str(row.order)
            short = order if len(order) <= MAX_LABEL else f"{order[: MAX_LABEL - 1]}…"
            bars.append(Bar(plain(short), int(str(row.count)), str(row.verdict), str(row.early)))
        for verdict, rest in seen.iloc[MAX_ROWS:].groupby("verdict")["count"]:
            bars.append(Bar(f"other orders ({len(rest):,})", int(rest.sum()), str(verdict)))
    return bars
