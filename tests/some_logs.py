"""Logs that tests of readers share, with their texts and the dtypes of their columns."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from expected import RUNS

from istiolog_pd.formats import COLUMNS, COMMON

#: Every real log: whose it is, how many lines and entries.
LOGS = {
    "seed/pilot.log": ("pilot", 74, 68),
    "seed/helloworld-v1-istio-proxy.log": ("agent", 6, 6),
    "pilot-1.0.9/discovery.log.gz": ("pilot", 1692, 984),
    **{run.log: ("pilot", run.lines, run.entries) for run in RUNS.values()},
    "pair-1.30.3/istiod.log.gz": ("pilot", 1079, 888),
    "pair-1.30.3/istio-proxy.log": ("agent", 289, 278),
}

NUMPY_DTYPES = {
    "timestamp": "datetime64[ns, UTC]",
    "duration": "timedelta64[ns]",
    "int64": "Int64",
    "boolean": "boolean",
    "category": "category",
    "string": "str",
}

TYPES = {name: column.type for name, column in (COMMON | COLUMNS).items()}

ONE = "2020-01-01T00:00:01.000001Z\tinfo\tads\tADS: one\n"

TWO = "2020-01-01T00:00:02.000002Z\twarn\tads\tADS: two\n"

each_log = pytest.mark.parametrize("log", LOGS)


def text_of(path: Path) -> str:
    """The text of a log."""
    packed = path.read_bytes()
    return (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
