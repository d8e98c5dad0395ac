"""Logs of Istio's control plane and sidecars as pandas DataFrames."""

from __future__ import annotations

from istiolog_pd import analysis
from istiolog_pd.capture import Capture, glossary
from istiolog_pd.inputs.sources import NoLogError
from istiolog_pd.read import DamageWarning, load, read_logs, read_pilot, read_sidecar

__version__ = "0.1.0"

__all__ = [
    "Capture",
    "DamageWarning",
    "NoLogError",
    "analysis",
    "glossary",
    "load",
    "read_logs",
    "read_pilot",
    "read_sidecar",
]
