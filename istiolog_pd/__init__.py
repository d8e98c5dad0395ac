"""Logs of Istio's control plane and sidecars as pandas DataFrames."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from istiolog_pd import analysis, plots
    from istiolog_pd._table import Table
    from istiolog_pd.capture import Capture
    from istiolog_pd.errors import ArchiveError, DamageWarning, NoLogError
    from istiolog_pd.inspect.glossary import glossary
    from istiolog_pd.inspect.statements import statements
    from istiolog_pd.readers import load, read_logs, read_pilot, read_sidecar, scan
    from istiolog_pd.sources.limits import Limits

__version__ = "0.2.0"

__all__ = [
    "ArchiveError",
    "Capture",
    "DamageWarning",
    "Limits",
    "NoLogError",
    "Table",
    "analysis",
    "glossary",
    "load",
    "plots",
    "read_logs",
    "read_pilot",
    "read_sidecar",
    "scan",
    "statements",
]

#: Where each name lives. It is imported when it is first used: pandas takes half a second and matplotlib
#: as much again, and neither `istiolog --help` nor a script that only draws should wait for both.
_HOMES = {
    "capture": ("Capture",),
    "_table": ("Table",),
    "errors": ("ArchiveError", "DamageWarning", "NoLogError"),
    "readers": ("load", "read_logs", "read_pilot", "read_sidecar", "scan"),
    "sources.limits": ("Limits",),
    "inspect.glossary": ("glossary",),
    "inspect.statements": ("statements",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name in ("analysis", "plots"):
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def load_ipython_extension(shell: object) -> None:
    """``%load_ext istiolog_pd``: give IPython the magic ``%istiolog``."""
    import_module(f"{__name__}.cli.magic").register(shell)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
