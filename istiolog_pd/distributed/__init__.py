"""Logs that are too many for one machine: the same rows, read by the workers of a Dask or a Spark cluster.

With Dask `read_logs` gives a DataFrame and `to_parquet` writes a dataset. With Spark two passes of
`mapInArrow`, with the same functions, do what Dask's tasks do::

    from functools import partial
    import pyarrow as pa
    from pyspark.sql.pandas.types import from_arrow_schema
    from istiolog_pd.distributed import PARTS, RANGES, SCANS
    from istiolog_pd.distributed import arrow_batches, arrow_schema, parts, ranges, scan_batches

    def spread(table, schema):  # a task for each row
        rows = [tuple(row.values()) for row in table.to_pylist()]
        return spark.createDataFrame(rows, from_arrow_schema(schema)).repartition(len(rows))

    scans = spread(ranges("s3://logs/istiod/*.log"), RANGES).mapInArrow(scan_batches, from_arrow_schema(SCANS))
    pieces = parts(pa.Table.from_pylist([row.asDict() for row in scans.collect()], SCANS))
    read = partial(arrow_batches, events="xds_push")
    pushes = spread(pieces, PARTS).mapInArrow(read, from_arrow_schema(arrow_schema("xds_push")))

What Spark collects in between is a small row for each range of bytes.
"""

from __future__ import annotations

from istiolog_pd.distributed.byte_ranges import PARTS, RANGES, SCANS, parts, ranges
from istiolog_pd.distributed.frames import read_logs, to_parquet
from istiolog_pd.distributed.map_in_arrow import arrow_batches, arrow_schema, scan_batches

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
