"""Rules for what cost more than it must: full pushes, one cause of many, wide configurations, a cold cache."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.inspect.summary import bytes_text, duration_text
from istiolog_pd.report.html.evidence import MOST_WORDS, bounds, clock, percent, rows_at, rows_of, shown, some
from istiolog_pd.report.model import Rule, Seen

#: Fewer push decisions are no pattern.
FEWEST = 20
MOSTLY_FULL, ONE_CAUSE, SAVED, REPLAYED = 0.5, 0.25, 0.1, 0.2
LARGE = 1_000_000
#: A cache is cold whose ratio falls by so much below that of its type, in a bin of so many resources.
FALL, RESOURCES = 0.3, 50
UNEVEN = 1.5


def _full(table: pd.DataFrame, capture: Capture) -> Seen | str | None:
    known = table[table["full"].notna()]
    if known.empty:
        return "no decision prints whether it is full (1.0 and 1.31 on do not)"
    own = known[known["full"].astype(bool)]
    if len(known) < FEWEST or len(own) < MOSTLY_FULL * len(known):
        return None
    kinds = own["config_kind"].dropna().value_counts()
    named = "; named most often (one config of each, picked at random): " + ", ".join(
        f"{shown(kind, 40)} {count:,}" for kind, count in kinds.head(3).items()
    )
    return Seen(
        f"{some(len(own), 'push decision')} of {len(known):,} were full pushes",
        f"{percent(len(own) / len(known))} of those that print it{named if len(kinds) else ''}.",
        len(own) / len(known),
        rows_at(capture, own),
    )


def _one_cause(table: pd.DataFrame, capture: Capture) -> Seen | None:
    decisions = len(analysis.debounces(capture))
    if decisions < FEWEST:
        return None
    own = table[(table["pushes_low"] >= ONE_CAUSE * decisions).fillna(False).astype(bool)]
    if own.empty:
        return None
    worst = own.sort_values("pushes_low", ascending=False).iloc[0]
    parts = [worst[part] for part in ("config_kind", "config_namespace", "config_name") if pd.notna(worst[part])]
    name = shown("/".join(map(str, parts)), MOST_WORDS)
    return Seen(
        f"One object is behind {bounds(int(worst['pushes_low']), worst['pushes_high'])} of {decisions:,} pushes",
        f"{name}; {some(int(worst['full']) if pd.notna(worst['full']) else 0, 'full push', 'full pushes')} among them.",
        float(worst["pushes_low"]) / decisions,
        rows_of(capture, "debounce", config_name=str(worst["config_name"])) if pd.notna(worst["config_name"]) else (),
    )


def _sidecar(table: pd.DataFrame, capture: Capture) -> Seen | None:
    sent_low, sent_high = int(table["sent_low"].sum()), int(table["sent_high"].sum())
    low, high = int(table["saving_low"].sum()), int(table["saving_high"].sum())
    if sent_high == 0 or high < SAVED * sent_high:
        return None
    first = table.iloc[0]
    return Seen(
        f"Narrower Sidecar scopes could save {percent(low / sent_high)} to {percent(min(1.0, high / sent_low))} "
        "of the bytes pushed",
        f"{bounds(low, high, bytes_text)} of {bounds(sent_low, sent_high, bytes_text)}, if proxies had the median or "
        f"the smallest configuration of their namespace; first {shown(first['proxy'], MOST_WORDS)} with "
        f"{bounds(int(first['config_low']), int(first['config_high']), bytes_text)}.",
        low / sent_high,
        _largest(capture, first["proxy"]),
    )


def _large(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[(table["config_low"] >= LARGE).fillna(False).astype(bool)]
    if own.empty:
        return None
    own = own.sort_values("config_low", ascending=False)
    worst = own.iloc[0]
    return Seen(
        f"{some(len(own), 'proxy', 'proxies')} of {len(table):,} have configurations of {bytes_text(LARGE)} or more",
        f"The largest is {bounds(int(worst['config_low']), int(worst['config_high']), bytes_text)} "
        f"({shown(worst['proxy'], MOST_WORDS)}).",
        len(own) / len(table),
        _largest(capture, worst["proxy"]),
    )


def _largest(capture: Capture, proxy: str) -> tuple[int, ...]:
    """The rows of the largest pushes to a proxy."""
    pushed = analysis.pushes(capture)
    return rows_at(capture, pushed[pushed["proxy"] == proxy].sort_values("size_bytes", ascending=False))


def _cache(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[(table["cacheable"] >= RESOURCES).fillna(False).astype(bool) & table["ratio"].notna()]
    if own.empty:
        return None
    sums = own.groupby(["run", "xds_type"], observed=True)[["cached", "cacheable"]].transform("sum")
    usual = sums["cached"] / sums["cacheable"]
    cold = own[(own["ratio"] <= usual - FALL).astype(bool)]
    if cold.empty:
        return None
    below = (cold["ratio"] - usual[cold.index]).astype(float)
    worst = cold.assign(usual=usual[cold.index]).iloc[int(below.to_numpy().argmin())]
    return Seen(
        f"The xDS cache went cold {some(len(cold), 'time')}",
        f"Worst: {worst['xds_type']} at {clock(worst['time'])}, {percent(float(worst['ratio']))} of "
        f"{int(worst['cacheable']):,} resources from the cache; usual is {percent(float(worst['usual']))}.",
        len(cold) / len(own),
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


def _replay(table: pd.DataFrame, capture: Capture) -> Seen | None:
    now = table[table["recorded"].fillna(False).astype(bool)]
    if now.empty or now["pushes_low"].iloc[0] < FEWEST:
        return None
    pushes = int(now["pushes_low"].iloc[0])
    better = table[(table["pushes_high"] <= (1 - REPLAYED) * pushes).fillna(False).astype(bool)]
    if better.empty:
        return None
    best = better.sort_values("delay_median_high").iloc[0]
    spared = pushes - int(best["pushes_high"])
    return Seen(
        f"Another debounce setting would have spared at least {percent(spared / pushes)} of the pushes",
        f"With PILOT_DEBOUNCE_AFTER={duration_text(best['after'])} and PILOT_DEBOUNCE_MAX="
        f"{duration_text(best['maximum'])}: {bounds(int(best['pushes_low']), int(best['pushes_high']))} pushes, not "
        f"{pushes:,}; the median change would wait "
        f"{bounds(best['delay_median_low'], best['delay_median_high'], duration_text)}, not "
        f"{bounds(now['delay_median_low'].iloc[0], now['delay_median_high'].iloc[0], duration_text)}.",
        spared / pushes,
    )


COSTLY = (
    Rule(
        "full_pushes",
        "costly",
        "the decisions",
        "debounces",
        f"full pushes that are {percent(MOSTLY_FULL)} or more of {FEWEST} decisions or more",
        _full,
        "A full push builds a new push context and considers every proxy for every type; endpoint changes alone do not "
        "need one.",
        "Look at what changes (the triggers below): deployments that rewrite labels, operators that rewrite objects "
        "without a change, headless services.",
        'analysis.debounces(capture).query("full == True")',
    ),
    Rule(
        "one_cause",
        "costly",
        "the decisions, at least",
        "triggers",
        f"one object that is for certain behind {percent(ONE_CAUSE)} or more of the pushes",
        _one_cause,
        "One object that changes all the time makes the whole mesh work.",
        "Find who writes it: kubectl get --watch, the managedFields of the object, the audit log.",
        "analysis.triggers(capture).sort_values('pushes_low', ascending=False)",
    ),
    Rule(
        "sidecar_scope",
        "costly",
        "the bytes, at least",
        "sidecar_savings",
        f"proxies whose configuration is wider than that of others of their namespace, if {percent(SAVED)} or more of "
        "all bytes could be saved",
        _sidecar,
        "Bytes that a proxy does not need cost CPU in istiod, network, and memory in every Envoy.",
        "Add Sidecar resources (egress.hosts) or exportTo for these namespaces, and compare the captures.",
        "analysis.sidecar_savings(capture)",
    ),
    Rule(
        "large_configurations",
        "costly",
        "the proxies",
        "sidecar_savings",
        f"proxies with a configuration of {bytes_text(LARGE)} or more",
        _large,
        "A large configuration is slow to build, to send and to apply, at every full push.",
        "Limit what these proxies see by Sidecar resources, exportTo and discoverySelectors.",
        "analysis.sidecar_savings(capture).sort_values('config_low', ascending=False)",
    ),
    Rule(
        "cold_cache",
        "costly",
        "the time bins",
        "cache_ratio",
        f"times when the share of resources from the xDS cache fell by {100 * FALL:.0f} points below the usual",
        _cache,
        "What is not in the cache is built again, for each proxy: rounds get slow.",
        "Look at what changed then; many full pushes, or a cache too small for the mesh (PILOT_XDS_CACHE_SIZE).",
        "analysis.cache_ratio(capture).sort_values('ratio')",
    ),
    Rule(
        "uneven_replicas",
        "costly",
        "the connections",
        "connected_endpoints",
        f"a replica with {UNEVEN} times its part of the connections",
        _uneven,
        "The busiest replica makes its proxies wait while others are idle.",
        "Connections move only when they end: lower keepaliveMaxServerConnectionAge, or restart the proxies slowly.",
        "analysis.connected_endpoints(capture)",
    ),
    Rule(
        "debounce_setting",
        "costly",
        "the pushes, at least",
        "debounce_replay",
        f"debounce settings that would have spared {percent(REPLAYED)} of the pushes or more, for certain",
        _replay,
        "A longer quiet time merges more changes into one push; each change waits longer for it.",
        "Weigh the delay against the pushes (plot below), then set it in istiod's environment.",
        "analysis.debounce_replay(capture)",
    ),
)
