"""Polars: a lazy query, executed by its streaming engine; lines split at tabs rather than by expression."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from benchmarks.job import PUSH_TYPES, UNITS, Job, narrow


def _entries(path: Path, job: Job) -> pl.LazyFrame:
    if job.json:
        kinds = dict.fromkeys(("level", "time", "scope", "msg"), pl.String)
        return pl.scan_ndjson(path, schema=kinds).rename({"msg": "message"})
    lines = pl.scan_csv(
        path, has_header=False, separator="\x01", quote_char=None, new_columns=["line"], schema={"line": pl.String}
    )
    if job.name == "sidecar":
        return lines.select(pl.col("line").str.extract_groups(job.header)).unnest("line")
    part = pl.col("line").str.splitn("\t", 4).struct
    scoped = part.field("field_3").is_not_null()
    return lines.select(
        time=part.field("field_0"),
        level=part.field("field_1"),
        scope=pl.when(scoped).then(part.field("field_2")),
        message=pl.when(scoped).then(part.field("field_3")).otherwise(part.field("field_2")),
    )


def _column(found: pl.Expr, name: str, sort: str) -> pl.Expr:
    texts = found.struct.field(name)
    if sort == "push_type":
        return texts.fill_null("").replace_strict(PUSH_TYPES)
    if sort == "text":
        return texts
    if sort == "flag":
        return texts == "true"
    if sort == "int":
        return texts.cast(pl.Int64)
    unit = found.struct.field(f"{name}_unit").replace_strict(UNITS, return_dtype=pl.Float64)
    return (texts.cast(pl.Float64) * unit).round().cast(pl.Int64)


def read(path: Path, job: Job) -> pl.DataFrame:
    """A DataFrame of all entries."""
    message = pl.col("message")
    event = pl.lit(job.otherwise)
    for rule in reversed(job.rules):
        fits = (
            message.str.starts_with(rule.literal) if rule.begins else message.str.contains(rule.literal, literal=True)
        )
        event = pl.when(fits).then(pl.lit(rule.event)).otherwise(event)
    entries = _entries(path, job).with_columns(event=event)
    columns: dict[str, pl.Expr] = {}
    for detail in job.details:
        here = pl.col("event") == detail.event
        groups = pl.when(here).then(message).str.extract_groups(detail.expression)
        entries = entries.with_columns(groups.alias(detail.event))
        for name, sort in detail.fields.items():
            columns[name] = pl.when(here).then(_column(pl.col(detail.event), name, sort))
    stamp = pl.col("time").str.strip_suffix("Z").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ns")
    query = entries.select(stamp.alias("timestamp"), "level", "scope", "event", **columns)
    return query.collect(engine="streaming")


def rows(found: pl.DataFrame) -> int:
    """The entries."""
    return found.height


def table(found: pl.DataFrame, job: Job) -> dict[str, pa.Table]:
    """What was found, in one form."""
    return narrow(found.to_arrow(), job)
