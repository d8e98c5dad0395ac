"""Rules for starts of proxies: slow ones."""

from __future__ import annotations

import pandas as pd

from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_LINES, MAX_WORDS, plural, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

LONG = pd.Timedelta("30s")
#: The event whose line shows that a step was done.
SHOWN = {
    "certificate": "secret_update",
    "connected": "xds_connected",
    "clusters": "cds_update",
    "listeners": "listener_update",
    "initialized": "server_state",
    "ready": "envoy_ready",
}


def _slow(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    took = table["duration"].fillna(table["initialized"] - table["started"])
    own = table.assign(took=took)[took >= LONG].sort_values("took", ascending=False, kind="stable")
    if own.empty:
        return None
    worst = own.iloc[0]
    slowest = own["slowest"].astype("str").value_counts()
    waited = f" It said last: “{shown(worst['reason'], MAX_WORDS)}”." if pd.notna(worst["reason"]) else ""
    rows: list[int] = []
    for start in own.head(MAX_LINES).to_dict("records"):
        event = SHOWN.get(str(start["slowest"]))
        if event:
            rows += rows_of(capture, event, run=start["run"], timestamp=start[str(start["slowest"])])[:1]
    return RuleHit(
        f"{plural(len(own), 'start')} of proxies took {duration_text(LONG)} or longer",
        f"The slowest: {shown(worst['proxy'], MAX_WORDS)}, {duration_text(worst['took'])}. The "
        f"step that took longest: {', '.join(f'{name} {count:,}' for name, count in slowest.items())}.{waited}",
        len(own) / len(table),
        tuple(rows),
    )


RULES = (
    Rule(
        name="slow_starts",
        kind="late",
        of="the starts",
        answer="proxy_startup",
        checks=f"proxies that took {duration_text(LONG)} or longer from start to ready",
        find=_slow,
        why="Until its proxy is ready a pod gets no requests: rollouts and scaling take that much longer.",
        do=(
            "certificate: the CA and the token; connected: DNS, network and load of istiod; clusters, listeners: the "
            "size of the configuration and rejected updates."
        ),
        python="analysis.proxy_startup(capture).sort_values('duration', ascending=False)",
    ),
)
