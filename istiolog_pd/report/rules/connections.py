"""Rules for connections: abnormal ends, and replicas with an uneven share."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MOST_WORDS, percent, rows_at, rows_of, shown, some
from istiolog_pd.report.model import Rule, Seen

UNEVEN = 1.5


def _storms(table: pd.DataFrame, capture: Capture) -> Seen | None:
    reason = table["reason"].astype("str")
    own = table[reason.isin(["storm", "flapping", "restart"])]
    if own.empty:
        return None
    counts = reason[own.index].value_counts()
    proxies = int(own["proxy"].nunique())
    restless = own["proxy"].value_counts()
    return Seen(
        f"{some(len(own), 'session')} of {some(proxies, 'proxy', 'proxies')} ended abnormally",
        f"{', '.join(f'{name} {count:,}' for name, count in counts.items())}, of {len(table):,} sessions in all; the "
        f"most by one proxy: {restless.iloc[0]:,} ({shown(restless.index[0], MOST_WORDS)}).",
        len(own) / len(table),
        rows_of(capture, "connection_close", proxy=restless.index[0]) or rows_at(capture, own),
    )


def _uneven(table: pd.DataFrame, capture: Capture) -> Seen | None:
    sources = table["source"].nunique()
    if sources < 2 or table["share"].isna().all():
        return None
    latest = table[table["share"].notna()].groupby("source").tail(1).sort_values("share", ascending=False)
    worst = latest.iloc[0]
    if worst["share"] * sources < UNEVEN:
        return None
    return Seen(
        f"One of {sources:,} replicas holds {percent(float(worst['share']))} of the connections",
        f"{shown(worst['source'], MOST_WORDS)}: {int(worst['connected_endpoints']):,} connections at the last round.",
        float(worst["share"]) - 1 / sources,
    )


RULES = (
    Rule(
        name="reconnects",
        kind="broken",
        of="the sessions",
        answer="connections",
        looks="sessions that ended in a storm, with a restart of istiod, or of a proxy that connects again and again",
        find=_storms,
        why="Every new connection asks for the whole configuration: a storm is the heaviest load that istiod knows.",
        do="A storm or restart: look at istiod's memory, probes and evictions then. One proxy: look at its pod.",
        python="analysis.connections(capture).query(\"reason in ['storm', 'flapping', 'restart']\")",
    ),
    Rule(
        name="uneven_replicas",
        kind="costly",
        of="the connections",
        answer="connected_endpoints",
        looks=f"a replica with {UNEVEN} times its part of the connections",
        find=_uneven,
        why="The busiest replica makes its proxies wait while others are idle.",
        do="Connections move only when they end: lower keepaliveMaxServerConnectionAge, or restart the proxies slowly.",
        python="analysis.connected_endpoints(capture)",
    ),
)
