"""Rules for reconnect storms: what they cost."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import clock, percent, plural, rows_at
from istiolog_pd.report.model import Rule, RuleHit

#: Minimum share of a run's bytes.
LARGE = 0.05


def _costly(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[(table["share"] >= LARGE).fillna(False)].sort_values("size_bytes", ascending=False, kind="stable")
    if own.empty:
        return None
    worst = own.iloc[0]
    return RuleHit(
        f"{plural(len(own), 'reconnect storm')} cost {percent(LARGE)} or more of what a replica pushed",
        f"The largest, at {clock(worst['start'])}: {plural(int(worst['proxies']), 'proxy', 'proxies')} connected again "
        f"and asked for {plural(int(worst['pushes']), 'push', 'pushes')}, {worst['size_bytes'] / 1e6:,.1f} MB or "
        f"{percent(float(worst['share']))} of that run's bytes. Why their connections had ended: {worst['reason']}.",
        float(worst["share"]),
        rows_at(capture, own),
    )


RULES = (
    Rule(
        name="reconnect_storms",
        kind="costly",
        of="the bytes of the run",
        answer="reconnect_storms",
        checks=f"storms of new connections that cost {percent(LARGE)} or more of a replica's bytes",
        find=_costly,
        why="Each proxy asks for its whole configuration at the same time; others wait meanwhile.",
        do="Replicas that stop one at a time, PILOT_MAX_REQUESTS_PER_SECOND, and narrower Sidecar scopes.",
        python="analysis.reconnect_storms(capture)",
        rare=True,
    ),
)
