"""The catalogue: every line format of Istio's control plane and sidecars, as data.

To add a format, add one `Format` to the list of the module it belongs to. Its example is its test.
"""

from __future__ import annotations

from importlib import import_module

from istiolog_pd.formats.columns import COLUMNS, COMMON, EVENTS, LABELS, Column
from istiolog_pd.formats.kinds import KINDS, Kind
from istiolog_pd.formats.model import Format

#: The modules that hold the entries.
MODULES = (
    "pilot_push",
    "pilot_types",
    "pilot_requests",
    "pilot_answers",
    "pilot_connections",
    "pilot_registry",
    "pilot_triggers",
    "pilot_ready",
    "pilot_startup",
    "agent_xds",
    "agent_secrets",
    "agent_startup",
    "agent_ready",
    "agent_exit",
    "envoy_xds",
    "envoy_server",
    "access_lines",
    "ztunnel",
)


def _gather() -> tuple[Format, ...]:
    entries = [entry for name in MODULES for entry in import_module(f"{__name__}.{name}").FORMATS]
    for entry in entries:
        if entry.event not in EVENTS:
            raise ValueError(f"{entry.text!r}: {entry.event!r} is no event (formats/columns.py)")
    return tuple(entries)


#: Every entry of the catalogue.
FORMATS: tuple[Format, ...] = _gather()

__all__ = ["COLUMNS", "COMMON", "EVENTS", "FORMATS", "KINDS", "LABELS", "Column", "Format", "Kind"]
