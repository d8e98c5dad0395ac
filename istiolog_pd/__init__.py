"""Logs of Istio's control plane and sidecars as pandas DataFrames."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from istiolog_pd import analysis
from istiolog_pd.capture import Capture, glossary
from istiolog_pd.inputs.sources import NoLogError
from istiolog_pd.read import DamageWarning, load, read_logs, read_pilot, read_sidecar

#: Modules that are imported when they are first used: they bring in matplotlib or what only they need.
_LAZY = ("plots",)

__version__ = "0.1.0"

__all__ = [
    "Capture",
    "DamageWarning",
    "NoLogError",
    "analysis",
    "glossary",
    "load",
    "plots",
    "read_logs",
    "read_pilot",
    "read_sidecar",
]


def __getattr__(name: str) -> ModuleType:
    if name in _LAZY:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
