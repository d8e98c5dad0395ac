"""``istiolog metrics``: Istio's own metrics, counted from a log, and beside those that were exported."""

from __future__ import annotations

import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.terminal import say, show

if TYPE_CHECKING:
    import pandas as pd


class Form(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


#: What is too wide for a terminal; the other formats have it.
WIDE = ("meaning", "why", "exporter")


def metrics(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCES", help="Logs, plain or gzip: paths, globs, folders, or - for standard input."),
    ],
    exported: Annotated[
        Path | None,
        typer.Option("--metrics", metavar="FILE", help="What istiod exports (/metrics), to compare with."),
    ] = None,
    by_run: Annotated[
        bool, typer.Option("--by-run", help="A row per process run, not the sum (without --metrics).")
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="csv and json have all columns and the buckets.")] = Form.table,
) -> None:
    """Count Istio's own metrics from logs.

    Each is exact, bounded, or not answerable. With --metrics, or where a bug-report holds the metrics that
    istiod exported, both stand in one table.
    """
    try:
        table = _answer(sources, exported, by_run)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        say(str(error))
        raise typer.Exit(1) from None
    if coverage := table.attrs["coverage"]:
        say(coverage)
    if table.empty:
        raise typer.Exit(1)
    _print(table, form)


def _answer(sources: list[str], exported: Path | None, by_run: bool) -> pd.DataFrame:
    """The table, from logs that are read with warnings on stderr."""
    from istiolog_pd.analysis import compare_metrics
    from istiolog_pd.analysis import metrics as counted
    from istiolog_pd.read import load

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        capture = load(*sources, progress=sys.stderr.isatty())
    for warning in caught:
        say(f"warning: {warning.message}")
    files: tuple[object, ...] = getattr(capture, "metrics_files", ())
    if exported is not None or files:
        return compare_metrics(capture, exported)
    return counted(capture, by_run=by_run)


def _print(table: pd.DataFrame, form: Form) -> None:
    if form is Form.csv:
        typer.echo(table.to_csv(index=False), nl=False)
        return
    if form is Form.json:
        typer.echo(table.to_json(orient="records", indent=1, force_ascii=True))
        return
    buckets = table["metric"].astype("str").str.endswith("_bucket")
    shown = table[~buckets].drop(columns=[name for name in WIDE if name in table])
    several = [name for name in ("source", "run") if name in shown and shown[name].drop_duplicates().size > 1]
    show(shown.drop(columns=[name for name in ("source", "run") if name in shown and name not in several]))
    if buckets.any():
        say(f"{buckets.sum():,} buckets of histograms are shown with --format csv or json")
