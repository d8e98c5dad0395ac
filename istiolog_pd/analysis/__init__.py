"""Answers: each a function of a Capture that gives a small tidy DataFrame, and never draws."""

from __future__ import annotations

from istiolog_pd.analysis.coverage import coverage
from istiolog_pd.analysis.debounce import debounces
from istiolog_pd.analysis.debounce_replay import debounce_replay
from istiolog_pd.analysis.metrics import metrics
from istiolog_pd.analysis.metrics_compare import compare_metrics
from istiolog_pd.analysis.nodes import node_metadata
from istiolog_pd.analysis.order import xds_order
from istiolog_pd.analysis.rounds import fan_out, push_rounds, pushes
from istiolog_pd.analysis.types import full_vs_incremental

__all__ = [
    "compare_metrics",
    "coverage",
    "debounce_replay",
    "debounces",
    "fan_out",
    "full_vs_incremental",
    "metrics",
    "node_metadata",
    "push_rounds",
    "pushes",
    "xds_order",
]
