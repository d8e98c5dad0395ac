"""Answers: each a function of a Capture that gives a small tidy DataFrame, and never draws."""

from __future__ import annotations

from istiolog_pd.analysis.compare.compare import compare
from istiolog_pd.analysis.coverage.coverage import coverage
from istiolog_pd.analysis.debounce_replay.debounce_replay import debounce_replay
from istiolog_pd.analysis.metrics.compare_metrics import compare_metrics
from istiolog_pd.analysis.metrics.metrics import metrics
from istiolog_pd.analysis.propagation.propagation import propagation
from istiolog_pd.analysis.proxies.connections import connected_endpoints, connections
from istiolog_pd.analysis.proxies.endpoints import empty_clusters, endpoint_churn
from istiolog_pd.analysis.proxies.errors import errors
from istiolog_pd.analysis.proxies.nodes import node_metadata
from istiolog_pd.analysis.proxies.warming import cluster_warming
from istiolog_pd.analysis.pushes.debounces import debounces
from istiolog_pd.analysis.pushes.kinds import full_vs_incremental
from istiolog_pd.analysis.pushes.rounds import fan_out, push_rounds, pushes
from istiolog_pd.analysis.pushes.sizes import cache_ratio, push_sizes, sidecar_savings
from istiolog_pd.analysis.pushes.triggers import triggers
from istiolog_pd.analysis.pushes.waves import push_wave, push_waves
from istiolog_pd.analysis.pushes.xds_order import xds_order
from istiolog_pd.analysis.runtime.gc import gc

__all__ = [
    "cache_ratio",
    "cluster_warming",
    "compare",
    "compare_metrics",
    "connected_endpoints",
    "connections",
    "coverage",
    "debounce_replay",
    "debounces",
    "empty_clusters",
    "endpoint_churn",
    "errors",
    "fan_out",
    "full_vs_incremental",
    "gc",
    "metrics",
    "node_metadata",
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
