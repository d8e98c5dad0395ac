"""Plots: each draws the table of one answer on Axes, and computes nothing.

A plot is ``plots.name(table, *, ax=None) -> Axes``. `PLOTS` lists them with the answer each one draws,
by name, so that nothing here needs `istiolog_pd.analysis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots.compare import compare
from istiolog_pd.plots.connections import connected_endpoints, connections
from istiolog_pd.plots.debounce_replay import debounce_replay
from istiolog_pd.plots.debounces import debounce_distribution, debounces
from istiolog_pd.plots.endpoints import empty_clusters, endpoint_churn
from istiolog_pd.plots.errors import errors
from istiolog_pd.plots.gc import gc
from istiolog_pd.plots.kinds import full_vs_incremental
from istiolog_pd.plots.metrics import metrics
from istiolog_pd.plots.propagation import propagation
from istiolog_pd.plots.pushes import pushes
from istiolog_pd.plots.rounds import fan_out, push_rounds
from istiolog_pd.plots.sizes import cache_ratio, push_sizes, sidecar_savings
from istiolog_pd.plots.triggers import triggers
from istiolog_pd.plots.waves import push_wave, push_waves
from istiolog_pd.plots.xds_order import xds_order

__all__ = [
    "PLOTS",
    "Plot",
    "cache_ratio",
    "compare",
    "connected_endpoints",
    "connections",
    "debounce_distribution",
    "debounce_replay",
    "debounces",
    "empty_clusters",
    "endpoint_churn",
    "errors",
    "fan_out",
    "full_vs_incremental",
    "gc",
    "metrics",
    "propagation",
    "push_rounds",
    "push_sizes",
    "push_wave",
    "push_waves",
    "pushes",
    "sidecar_savings",
    "triggers",
    "xds_order",
]


class Draw(Protocol):
    """What every plot is: a function of an answer's table that gives the Axes it drew on."""

    def __call__(self, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes: ...


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its name, the function of `istiolog_pd.analysis` whose table it draws, and what it shows."""

    name: str
    answer: str
    draw: Draw
    about: str


PLOTS: dict[str, Plot] = {
    plot.name: plot
    for plot in (
        Plot("debounces", "debounces", debounces, "debounce intervals over time, and their distribution"),
        Plot("debounce_distribution", "debounces", debounce_distribution, "debounce intervals as cumulative shares"),
        Plot("push_rounds", "push_rounds", push_rounds, "proxies reached per round, and the time to the last one"),
        Plot("fan_out", "fan_out", fan_out, "pushes per round, stacked by xDS type"),
        Plot(
            "full_vs_incremental",
            "full_vs_incremental",
            full_vs_incremental,
            "pushes and bytes over time, by kind",
        ),
        Plot("pushes", "pushes", pushes, "every push over time, by size, type and kind"),
        Plot("push_waves", "push_waves", push_waves, "time to the first, median and last proxy of each round"),
        Plot("propagation", "propagation", propagation, "time from istiod's push to Envoy's answer, as bounds"),
        Plot("xds_order", "xds_order", xds_order, "orders of types per proxy and round, kept and broken"),
        Plot("debounce_replay", "debounce_replay", debounce_replay, "cost of other debounce settings against delay"),
        Plot("metrics", "metrics", metrics, "Istio's own metrics: exact ones, and the bounds of others"),
        Plot("triggers", "triggers", triggers, "what pushes were for: certain, possible, and estimated"),
        Plot("connections", "connections", connections, "sessions of proxies, and why they ended"),
        Plot(
            "connected_endpoints",
            "connected_endpoints",
            connected_endpoints,
            "ADS connections per replica over time",
        ),
        Plot("errors", "errors", errors, "NACKs, failed sends, refused clients and closed streams over time"),
        Plot("endpoint_churn", "endpoint_churn", endpoint_churn, "services that went empty, or forced full pushes"),
        Plot("empty_clusters", "empty_clusters", empty_clusters, "clusters without endpoints over time"),
        Plot("push_sizes", "push_sizes", push_sizes, "bytes pushed per group, with the bounds of rounding"),
        Plot(
            "sidecar_savings",
            "sidecar_savings",
            sidecar_savings,
            "the largest proxies, and what could be saved",
        ),
        Plot("cache_ratio", "cache_ratio", cache_ratio, "resources from the xDS cache over time, by type"),
        Plot("gc", "gc", gc, "heap and pauses of the Go runtime beside the lag of pushes"),
    )
}
