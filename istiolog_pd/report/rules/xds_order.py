"""Rules for the order of xDS types."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, percent, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit


def _order(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    wrong = (~table["kept"]).fillna(False).astype(bool) & table["certain"].fillna(False).astype(bool)
    own = table[wrong]
    if own.empty:
        return None
    orders = own["order"].value_counts()
    pushed = analysis.pushes(capture)
    first = own.iloc[0]
    lines = pushed[(pushed["proxy"] == first["proxy"]) & (pushed["timestamp"] >= first["timestamp"])]
    return RuleHit(
        f"{plural(len(own), 'time')} a proxy got its xDS types out of order",
        f"{plural(int(own['proxy'].nunique()), 'proxy', 'proxies')}; most often “{shown(orders.index[0], MAX_WORDS)}” "
        f"({orders.iloc[0]:,}); of {plural(len(table), 'order')} seen, {percent(len(own) / len(table))}.",
        len(own) / len(table),
        rows_at(capture, lines),
    )


RULES = (
    Rule(
        name="order",
        kind="late",
        of="the orders seen",
        answer="xds_order",
        checks="types pushed to a proxy in another order than CDS, EDS, LDS, RDS",
        find=_order,
        why="Until the cluster arrives, requests matched by this listener or route fail.",
        do=(
            "Check whether the same proxies sent requests at these times (requests cross pushes); if not, report it. "
            "Istio 1.0 always sends RDS before LDS."
        ),
        python='analysis.xds_order(capture).query("kept == False")',
    ),
)
