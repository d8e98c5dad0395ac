"""Rules for connections: abnormal ends, and replicas with an uneven share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_LINES, MAX_WORDS, clock, percent, plural, rows_at, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

UNEVEN = 1.5
#: Minimum number of proxies for an outage.
MIN_PROXIES = 5
#: Minimum share of the proxies that came back after a planned restart.
MIN_BACK = 0.5


def _outage(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    """Replicas that ended unplanned or for good, and how long their proxies were without a control plane."""
    lost = _lost(table)
    return _ended(table[lost & ~_planned(table, capture)], table, capture, "stopped")


def _restart(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    """Replicas that were asked to stop, with proxies that reconnected."""
    return _ended(table[_lost(table) & _planned(table, capture)], table, capture, "restarted as planned")


def _lost(table: pd.DataFrame) -> pd.Series[bool]:
    """Whether each session ended since its replica did."""
    return table["reason"].astype("str").isin(["restart", "stopped"])


def _planned(table: pd.DataFrame, capture: Capture) -> pd.Series[bool]:
    """Whether the replica of each session says that it stops, and most of its proxies connected again."""
    runs = capture.runs
    stopped = table["run"].isin(runs.loc[runs["end"].eq("exit"), "run"])
    back = table["gap_high"].notna().where(_lost(table)).groupby(table["run"]).transform("mean")
    return stopped & back.gt(MIN_BACK).fillna(False)


def _ended(own: pd.DataFrame, table: pd.DataFrame, capture: Capture, how: str) -> RuleHit | None:
    """The replicas of some sessions that ended, if there were enough proxies on one."""
    held = own.groupby("run")["proxy"].nunique()
    held = held[held >= MIN_PROXIES]
    if held.empty:
        return None
    run = held.index.to_list()[int(held.to_numpy().argmax())]
    lost = own[own["run"] == run]
    away = lost["gap_high"].dropna()
    took = (
        f"; {plural(len(away), 'session')} reconnected, the last at most {duration_text(away.max())} after its last "
        "line"
        if len(away)
        else "; none of them reconnected in these logs"
    )
    last = _last(capture, run)
    back = table[table["proxy"].isin(lost["proxy"]) & (table["opened"] >= last)]
    rows = np.flatnonzero(capture.events["run"].to_numpy() == run)
    which = f"{plural(len(held), 'run')} of the control plane" if len(held) > 1 else "The control plane"
    return RuleHit(
        f"{which} {how} with {plural(int(held.max()), 'proxy', 'proxies')} connected",
        f"{shown(lost['source'].iloc[0], MAX_WORDS)}: {clock(last)}{took}.",
        float(held.sum()) / len(table),
        (int(rows[-1]), *rows_at(capture, back)[:2]),
    )


def _last(capture: Capture, run: int) -> pd.Timestamp:
    """The time of a run's last line."""
    last: pd.Timestamp = capture.runs.set_index("run")["last"].get(run, pd.NaT)
    return last


def _storms(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    reason = table["reason"].astype("str")
    own = table[reason.isin(["storm", "network", "flapping"])]
    if own.empty:
        return None
    counts = reason[own.index].value_counts()
    proxies = int(own["proxy"].nunique())
    restless = own["proxy"].value_counts()
    return RuleHit(
        f"{plural(len(own), 'session')} of {plural(proxies, 'proxy', 'proxies')} ended abnormally",
        f"{', '.join(f'{name} {count:,}' for name, count in counts.items())}, of {len(table):,} sessions in all; the "
        f"most by one proxy: {restless.iloc[0]:,} ({shown(restless.index[0], MAX_WORDS)}).",
        len(own) / len(table),
        _ends(capture, own) or rows_at(capture, own),
    )


def _ends(capture: Capture, sessions: pd.DataFrame) -> tuple[int, ...]:
    """The lines with which the first of some sessions ended."""
    found: tuple[int, ...] = ()
    for one in sessions.head(MAX_LINES).to_dict("records"):
        found += rows_of(capture, "connection_close", run=one["run"], proxy=one["proxy"], connection=one["connection"])[
            :1
        ]
    return found


def _uneven(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    sources = table["source"].nunique()
    if sources < 2 or table["share"].isna().all():
        return None
    latest = table[table["share"].notna()].groupby("source").tail(1).sort_values("share", ascending=False)
    worst = latest.iloc[0]
    if worst["share"] * sources < UNEVEN:
        return None
    return RuleHit(
        f"One of {sources:,} replicas holds {percent(float(worst['share']))} of the connections",
        f"{shown(worst['source'], MAX_WORDS)}: {int(worst['connected_endpoints']):,} connections at the last round.",
        float(worst["share"]) - 1 / sources,
    )


RULES = (
    Rule(
        name="outage",
        kind="broken",
        of="the sessions",
        answer="connections",
        checks=f"a control plane that ended unplanned, or for good, while {MIN_PROXIES} proxies or more were connected",
        find=_outage,
        why=(
            "Until they reconnect, proxies keep their current configuration: they get no changes, and new pods do not "
            "become ready."
        ),
        do="Check why istiod ended (rollout, eviction, crash). Run two or more replicas with a PodDisruptionBudget.",
        python="analysis.connections(capture).query(\"reason in ['restart', 'stopped']\")",
    ),
    Rule(
        name="restart",
        kind="note",
        of="the sessions",
        answer="connections",
        checks=f"a control plane that was told to stop and was followed, with {MIN_PROXIES} proxies or more connected",
        find=_restart,
        why="Its proxies reconnected: each requested its whole configuration again, and got no changes meanwhile.",
        do="Nothing, if it was planned. With two or more replicas proxies are away for a shorter time.",
        python="analysis.connections(capture).query(\"reason in ['restart', 'stopped']\")",
    ),
    Rule(
        name="reconnects",
        kind="broken",
        of="the sessions",
        answer="connections",
        checks="sessions that ended in a storm, by one event, or of a proxy that connects again and again",
        find=_storms,
        why="Every new connection requests the whole configuration: a reconnect storm is the heaviest load for istiod.",
        do=(
            "A storm: check istiod's memory, probes and evictions at that time. Many cut at once: check the network "
            "and "
            "load balancers between. One proxy: check its pod."
        ),
        python="analysis.connections(capture).query(\"reason in ['storm', 'network', 'flapping']\")",
    ),
    Rule(
        name="uneven_replicas",
        kind="costly",
        of="the connections",
        answer="connected_endpoints",
        checks=f"a replica with {UNEVEN} times its share of the connections",
        find=_uneven,
        why="The busiest replica delays its proxies while others are idle.",
        do="Connections move only when they end: lower keepaliveMaxServerConnectionAge, or restart the proxies slowly.",
        python="analysis.connected_endpoints(capture)",
    ),
)
