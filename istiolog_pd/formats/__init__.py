"""The catalog: every line format of Istio's control plane and sidecars, as data.

To add a format, add one `Format` to the list of the module of `catalog/` it belongs to. Its example is its test.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from istiolog_pd.formats import catalog
from istiolog_pd.formats.columns import COLUMNS, COMMON, EVENTS, LABELS, Column
from istiolog_pd.formats.kinds import KINDS, Kind
from istiolog_pd.formats.template import COMPONENTS, Format


def _gather() -> tuple[Format, ...]:
    modules = sorted(module.name for module in iter_modules(catalog.__path__, f"{catalog.__name__}."))
    entries = [entry for name in modules for entry in import_module(name).FORMATS]
    for entry in entries:
        if entry.event not in EVENTS:
            raise ValueError(f"{entry.text!r}: {entry.event!r} is no event (formats/columns.py)")
    return tuple(sorted(entries, key=lambda entry: COMPONENTS.index(entry.component)))


#: Every entry of the catalog.
FORMATS: tuple[Format, ...] = _gather()

__all__ = ["COLUMNS", "COMMON", "EVENTS", "FORMATS", "KINDS", "LABELS", "Column", "Format", "Kind"]
