"""Answers: each a function of a Capture that gives a small tidy DataFrame, and never draws."""

from __future__ import annotations

from istiolog_pd.analysis.compare import compare
from istiolog_pd.analysis.connections import connected_endpoints, connections
from istiolog_pd.analysis.coverage import coverage
from istiolog_pd.analysis.debounce import debounces
from istiolog_pd.analysis.debounce_replay import debounce_replay
from istiolog_pd.analysis.endpoints import empty_clusters, endpoint_churn
from istiolog_pd.analysis.errors import errors
from istiolog_pd.analysis.gc import gc
from istiolog_pd.analysis.metrics import metrics
from istiolog_pd.analysis.metrics_compare import compare_metrics
from istiolog_pd.analysis.nodes import node_metadata
from istiolog_pd.analysis.order import xds_order
from istiolog_pd.analysis.propagation import propagation
from istiolog_pd.analysis.rounds import fan_out, push_rounds, pushes
from istiolog_pd.analysis.sizes import cache_ratio, push_sizes, sidecar_savings
from istiolog_pd.analysis.triggers import triggers
from istiolog_pd.analysis.types import full_vs_incremental
from istiolog_pd.analysis.warming import cluster_warming
from istiolog_pd.analysis.waves import push_wave, push_waves

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
