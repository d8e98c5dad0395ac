"""``istiolog metrics``: Istio's own metrics, counted from a log, and beside those that were exported."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import Sources
from istiolog_pd.cli.terminal import log_line, print_table, write_out

if TYPE_CHECKING:
    import pandas as pd


PYTHON = python_help("from istiolog_pd import analysis", 'analysis.metrics(istiolog_pd.load("istiod.log"))')


class Form(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


#: What is too wide for a terminal; the other formats have it.
WIDE = ("meaning", "why", "exporter")


def metrics(
    sources: Sources,
    exported: Annotated[
        Path | None,
        typer.Option("--metrics", metavar="FILE", help="Metrics exported by istiod (/metrics), to compare with."),
    ] = None,
    by_run: Annotated[
        bool, typer.Option("--by-run", help="One row per process run instead of the sum (without --metrics).")
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="csv and json have all columns and the buckets.")] = Form.table,
) -> None:
    """Count Istio's own metrics from logs.

    Each is exact, bounded, or not answerable. With --metrics, or where a bug-report holds the metrics that
    istiod exported, both stand in one table.
    """
    with exit_on_error():
        table = _answer(sources, exported, by_run)
    if coverage := table.attrs["coverage"]:
        log_line(coverage)
    if table.empty:
        raise typer.Exit(1)
    _print(table, form)


def _answer(sources: list[str], exported: Path | None, by_run: bool) -> pd.DataFrame:
    """The table, from logs that are read with warnings on stderr."""
    from istiolog_pd.analysis import compare_metrics
    from istiolog_pd.analysis.metrics.metrics import metrics as counted

    capture = load_logs(sources, None)
    if exported is not None or capture.metrics_files:
        return compare_metrics(capture, exported)
    return counted(capture, by_run=by_run)


def _print(table: pd.DataFrame, form: Form) -> None:
    if form is Form.csv:
        write_out(table.to_csv(index=False))
        return
    if form is Form.json:
        typer.echo(table.to_json(orient="records", indent=1, force_ascii=True))
        return
    buckets = table["metric"].astype("str").str.endswith("_bucket")
    shown = table[~buckets].drop(columns=[name for name in WIDE if name in table])
    several = [name for name in ("source", "run") if name in shown and shown[name].drop_duplicates().size > 1]
    print_table(shown.drop(columns=[name for name in ("source", "run") if name in shown and name not in several]))
    if buckets.any():
        log_line(f"{buckets.sum():,} buckets of histograms are shown with --format csv or json")
