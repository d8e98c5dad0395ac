"""Answers: each a function of a Capture that gives a small tidy DataFrame, and never draws."""

from __future__ import annotations

from istiolog_pd.analysis.debounce import debounces
from istiolog_pd.analysis.nodes import node_metadata
from istiolog_pd.analysis.order import xds_order
from istiolog_pd.analysis.propagation import propagation
from istiolog_pd.analysis.rounds import fan_out, push_rounds, pushes
from istiolog_pd.analysis.types import full_vs_incremental
from istiolog_pd.analysis.warming import cluster_warming
from istiolog_pd.analysis.waves import push_wave, push_waves

__all__ = [
    "cluster_warming",
    "debounces",
    "fan_out",
    "full_vs_incremental",
    "node_metadata",
    "propagation",
    "push_rounds",
    "push_wave",
    "push_waves",
    "pushes",
    "xds_order",
]
