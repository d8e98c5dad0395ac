"""Rules for bytes and the xDS cache: wide and large configurations, a cold cache."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd._text import bytes_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, bounds, clock, percent, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

SAVED = 0.1
LARGE = 1_000_000
#: A cache is cold if its ratio falls by FALL below that of its type, in a bin of RESOURCES or more.
FALL, RESOURCES = 0.3, 50


def _sidecar(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    sent_low, sent_high = int(table["sent_low"].sum()), int(table["sent_high"].sum())
    low, high = int(table["saving_low"].sum()), int(table["saving_high"].sum())
    if not low or high < SAVED * sent_high:
        return None
    first = table.iloc[0]
    return RuleHit(
        f"Narrower Sidecar scopes could save {percent(low / sent_high)} to {percent(min(1.0, high / sent_low))} "
        "of the bytes pushed",
        f"{bounds(low, high, bytes_text)} of {bounds(sent_low, sent_high, bytes_text)}, if proxies had the median or "
        f"the smallest configuration of their namespace; first {shown(first['proxy'], MAX_WORDS)} with "
        f"{bounds(int(first['config_low']), int(first['config_high']), bytes_text)}.",
        low / sent_high,
        _largest(capture, first["proxy"]),
    )


def _large(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[(table["config_low"] >= LARGE).fillna(False).astype(bool)]
    if own.empty:
        return None
    own = own.sort_values("config_low", ascending=False)
    worst = own.iloc[0]
    return RuleHit(
        f"{plural(len(own), 'proxy', 'proxies')} of {len(table):,} have configurations of {bytes_text(LARGE)} or more",
        f"The largest is {bounds(int(worst['config_low']), int(worst['config_high']), bytes_text)} "
        f"({shown(worst['proxy'], MAX_WORDS)}).",
        len(own) / len(table),
        _largest(capture, worst["proxy"]),
    )


def _largest(capture: Capture, proxy: str) -> tuple[int, ...]:
    """The rows of the largest pushes to a proxy."""
    pushed = analysis.pushes(capture)
    return rows_at(capture, pushed[pushed["proxy"] == proxy].sort_values("size_bytes", ascending=False))


def _cache(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
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
    return RuleHit(
        f"The xDS cache went cold {plural(len(cold), 'time')}",
        f"Worst: {worst['xds_type']} at {clock(worst['time'])}, {percent(float(worst['ratio']))} of "
        f"{int(worst['cacheable']):,} resources from the cache; usual is {percent(float(worst['usual']))}.",
        len(cold) / len(own),
    )


RULES = (
    Rule(
        name="sidecar_scope",
        kind="costly",
        of="the bytes, at least",
        answer="sidecar_savings",
        checks=(
            f"proxies with a larger configuration than others in their namespace, if {percent(SAVED)} or "
            f"more of "
            "all bytes could be saved, and some surely"
        ),
        find=_sidecar,
        why="Configuration that a proxy does not need costs CPU in istiod, network traffic, and memory in Envoy.",
        do=(
            "Add Sidecar resources (egress.hosts) or exportTo for these namespaces, and compare the logs before and "
            "after."
        ),
        python="analysis.sidecar_savings(capture)",
    ),
    Rule(
        name="large_configurations",
        kind="costly",
        of="the proxies",
        answer="sidecar_savings",
        checks=f"proxies with a configuration of {bytes_text(LARGE)} or more",
        find=_large,
        why="A large configuration is slow to build, to send and to apply, at every full push.",
        do="Limit their configuration with Sidecar resources, exportTo and discoverySelectors.",
        python="analysis.sidecar_savings(capture).sort_values('config_low', ascending=False)",
    ),
    Rule(
        name="cold_cache",
        kind="costly",
        of="the time bins",
        answer="cache_ratio",
        checks=f"times when the xDS cache hit ratio fell by {100 * FALL:.0f} points below the usual",
        find=_cache,
        why="Resources that are not in the cache are built again for each proxy: push rounds get slow.",
        do=(
            "Check what changed at that time: many full pushes, or a cache too small for the mesh "
            "(PILOT_XDS_CACHE_SIZE)."
        ),
        python="analysis.cache_ratio(capture).sort_values('ratio')",
    ),
)
