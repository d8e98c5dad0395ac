"""`istiolog answer`: one answer of the package, as a table for people or for programs."""

from __future__ import annotations

import sys
from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources, one_of
from istiolog_pd.cli.terminal import log_line, print_table, write_out

if TYPE_CHECKING:
    import pandas as pd

PYTHON = python_help('istiolog_pd.analysis.push_rounds(istiolog_pd.load("istiod.log"))')

#: Rises when the form of the JSON changes.
SCHEMA_VERSION = 1


class Form(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def _answers() -> Collection[str]:
    from istiolog_pd import analysis
    from istiolog_pd.analysis._discover import NEED_MORE

    return [name for name in analysis.__all__ if name not in NEED_MORE]


def answer(
    name: Annotated[str, typer.Argument(metavar="NAME", callback=one_of("answer", _answers), help="Which answer.")],
    sources: Sources,
    form: Annotated[Form, typer.Option("--format", help="json: with the coverage; parquet: to a pipe.")] = Form.table,
    component: Component = None,
    access_log_format: AccessFormat = None,
) -> None:
    """Print one answer: debounces, push_rounds, connections, errors, ...

    A wrong NAME lists all. What an answer cannot see is said on stderr; exits with 1 if it is empty.
    """
    from istiolog_pd import analysis

    if form is Form.parquet and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is for a pipe or a file, not for a terminal", param_hint="--format")
    with exit_on_error():
        table: pd.DataFrame = getattr(analysis, name)(load_logs(sources, component, access_log_format))
    coverage = str(table.attrs.get("coverage", ""))
    if coverage:
        log_line(coverage)
    print_answer(name, table, coverage, form)
    raise typer.Exit(int(table.empty))


def print_answer(name: str, table: pd.DataFrame, coverage: str, form: Form) -> None:
    """Print an answer on stdout in a form."""
    if form is Form.csv:
        write_out(table.to_csv(index=False))
    elif form is Form.json:
        rows = table.to_json(orient="records", date_format="iso", date_unit="us", force_ascii=True)
        head = f'{{"schema_version": {SCHEMA_VERSION}, "answer": {_json(name)}, "coverage": {_json(coverage)}, "rows": '
        typer.echo(f"{head}{rows}}}")
    elif form is Form.parquet:
        table.to_parquet(sys.stdout.buffer)
    elif len(table):
        print_table(table)


def _json(text: str) -> str:
    import json

    return json.dumps(text)
