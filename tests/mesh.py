"""The recorded mesh of ``data/mesh-1.30.3``: its logs as captures, and what Envoy and the clients recorded of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

import istiolog_pd as il
from istiolog_pd.capture import Capture
from istiolog_pd.report import Finding, findings

MESH = Path(__file__).parents[1] / "data" / "mesh-1.30.3"


@cache
def mesh(name: str) -> Capture:
    """The capture ``info`` or ``sotw-debug``, or ``cases/NAME``."""
    return il.load(str(MESH / name))


@cache
def mesh_findings(name: str) -> dict[str, Finding]:
    """What the rules find in such a capture, by rule."""
    return {one.rule: one for one in findings(mesh(name))}


def recorded(name: str) -> pd.DataFrame:
    """A table recorded beside the logs, by its path below the mesh's folder: ``info/truth/envoy_updates.tsv.gz``."""
    table = pd.read_csv(MESH / name, sep="\t")
    for column in table.columns.intersection(["time", "start", "end", "seen", "update_time", "last_updated"]):
        table[column] = pd.to_datetime(table[column], format="ISO8601", utc=True)
    return table


def updates_of(name: str) -> pd.DataFrame:
    """Envoy's own counters of its updates in a capture."""
    return recorded(f"{name}/truth/envoy_updates.tsv.gz")
