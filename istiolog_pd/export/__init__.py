"""Ways out: Parquet and CSV, streamed or whole, the star schema for BI tools, a Perfetto trace."""

from __future__ import annotations

from istiolog_pd.export.perfetto import to_perfetto
from istiolog_pd.export.star import to_duckdb, to_star
from istiolog_pd.export.tables import to_csv, to_parquet

__all__ = ["to_csv", "to_duckdb", "to_parquet", "to_perfetto", "to_star"]
