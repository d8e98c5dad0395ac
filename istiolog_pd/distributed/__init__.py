"""Logs that are too many for one machine: the same rows, read by the workers of a Dask or a Spark cluster."""

from __future__ import annotations

from istiolog_pd.distributed.batches import arrow_batches, arrow_schema, scan_batches
from istiolog_pd.distributed.cutting import PARTS, RANGES, SCANS, parts, ranges
from istiolog_pd.distributed.frames import read_logs, to_parquet

__all__ = [
    "PARTS",
    "RANGES",
    "SCANS",
    "arrow_batches",
    "arrow_schema",
    "parts",
    "ranges",
    "read_logs",
    "scan_batches",
    "to_parquet",
]
