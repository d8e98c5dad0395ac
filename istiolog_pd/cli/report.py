"""`istiolog report`: findings in logs, on one HTML page."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from istiolog_pd.cli._helpers import check_output, exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources
from istiolog_pd.cli.terminal import log_line

PYTHON = python_help(
    "from istiolog_pd.report import findings, write_report",
    'findings(istiolog_pd.load("istiod.log"))',
    'write_report(istiolog_pd.load("istiod.log"), "report.html")',
)


#: Rises when the form of the JSON changes.
SCHEMA_VERSION = 1


class Form(StrEnum):
    """What a report is written as."""

    html = "html"
    json = "json"


def report(
    sources: Sources,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The page.")] = Path("report.html"),
    form: Annotated[Form, typer.Option("--format", help="json: only the findings, on stdout.")] = Form.html,
    interactive: Annotated[
        bool,
        typer.Option("--interactive", help="Tables that sort and search, plots that zoom: by a script in the page."),
    ] = False,
    component: Component = None,
    access_log_format: AccessFormat = None,
) -> None:
    """Write a report: findings with the lines that show them, coverage, plots.

    One HTML page that needs no network, holds no script (unless --interactive), and can be printed or sent on.
    """
    if form is Form.json:
        _findings(sources, component, access_log_format)
        return
    with exit_on_error():
        check_output(output, sources)
        capture = load_logs(sources, component, access_log_format)
        import matplotlib as mpl

        mpl.use("Agg")
        from istiolog_pd.report import write_report

        write_report(capture, output, loaded=sources, interactive=interactive)
    log_line(f"wrote {output}")


def _findings(sources: list[str], component: str | None, access_log_format: str | None) -> None:
    """Print the findings as JSON."""
    import json

    with exit_on_error():
        from istiolog_pd.report import findings

        found = findings(load_logs(sources, component, access_log_format))
    typer.echo(json.dumps({"schema_version": SCHEMA_VERSION, "findings": [asdict(one) for one in found]}, indent=1))
