"""Rules for the order of xDS types."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MOST_WORDS, percent, rows_at, shown, some
from istiolog_pd.report.model import Rule, Seen


def _order(table: pd.DataFrame, capture: Capture) -> Seen | None:
    wrong = (~table["kept"]).fillna(False).astype(bool) & table["certain"].fillna(False).astype(bool)
    own = table[wrong]
    if own.empty:
        return None
    orders = own["order"].value_counts()
    pushed = analysis.pushes(capture)
    first = own.iloc[0]
    lines = pushed[(pushed["proxy"] == first["proxy"]) & (pushed["timestamp"] >= first["timestamp"])]
    return Seen(
        f"{some(len(own), 'time')} a proxy got its types out of order",
        f"{some(int(own['proxy'].nunique()), 'proxy', 'proxies')}; most often “{shown(orders.index[0], MOST_WORDS)}” "
        f"({orders.iloc[0]:,}); of {some(len(table), 'order')} seen, {percent(len(own) / len(table))}.",
        len(own) / len(table),
        rows_at(capture, lines),
    )


RULES = (
    Rule(
        name="order",
        kind="late",
        of="the orders seen",
        answer="xds_order",
        looks="types pushed to a proxy in another order than CDS, EDS, LDS, RDS",
        find=_order,
        why="Until the cluster arrives, requests matched by this listener or route fail.",
        do=(
            "Look whether the same proxies were asking at these times (requests cross pushes); if not, report it. "
            "Istio 1.0 always sends RDS before LDS."
        ),
        python='analysis.xds_order(capture).query("kept == False")',
    ),
)
