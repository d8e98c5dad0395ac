"""Rules for endpoints: services that flap, clusters without endpoints."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, clock, plural, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

#: Minimum number of times a service went empty to count as flapping.
FLAPS = 3


def _flapping(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[(table["went_empty_high"] >= FLAPS).fillna(False).astype(bool)]
    if own.empty:
        return None
    worst = own.iloc[0]
    low, high = int(worst["went_empty_low"]), int(worst["went_empty_high"])
    often = f"{low:,}" if low == high else f"at least {low:,}, at most {high:,}"
    return RuleHit(
        f"{plural(len(own), 'service')} lost all endpoints repeatedly"
        if (own["went_empty_low"] >= FLAPS).any()
        else f"{plural(len(own), 'service')} had no endpoints repeatedly",
        f"Most often: {shown(worst['service'], MAX_WORDS)}, which went empty {often} times; together they "
        f"forced {plural(int(own['full_pushes'].fillna(0).sum()), 'full push', 'full pushes')}.",
        len(own) / len(table),
        rows_of(capture, "push_trigger", service=worst["service"]),
    )


def _empty(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    most = table["empty_low"].max()
    if pd.isna(most) or most == 0:
        return None
    peak = table.sort_values("empty_low", kind="stable").iloc[-1]
    touched = (table["empty_low"] > 0).sum()
    return RuleHit(
        f"At least {plural(int(most), 'cluster')} of one proxy had no endpoints",
        f"The peak was at {clock(peak['time'])}; in {touched:,} of {len(table):,} time bins a proxy had such a "
        "cluster. "
        "There may be more: a push lists the clusters generated for it, not all that the proxy has.",
        float(touched) / len(table),
        rows_of(capture, "xds_push", empty=int(most)),
    )


RULES = (
    Rule(
        name="flapping_endpoints",
        kind="broken",
        of="the services named",
        answer="endpoint_churn",
        checks=f"services that went empty {FLAPS} times or more",
        find=_flapping,
        why=("While a service has no endpoint its callers get 503, and each such change is pushed to all of them."),
        do="Check the readiness probes and rollouts of these services.",
        python=f'analysis.endpoint_churn(capture).query("went_empty_high >= {FLAPS}")',
    ),
    Rule(
        name="empty_clusters",
        kind="broken",
        of="the time bins",
        answer="empty_clusters",
        checks="pushes with clusters that have no endpoints",
        find=_empty,
        why="Requests to a cluster without endpoints fail immediately (503 UH).",
        do=(
            "Find services with a selector that matches no ready pod, and subsets with labels that none has: "
            "istioctl analyze."
        ),
        python='analysis.empty_clusters(capture).query("empty_low > 0")',
    ),
)
