"""`istiolog report`: what stands out in logs, on one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from istiolog_pd.cli._helpers import check_output, in_python, load_logs, told
from istiolog_pd.cli.options import AccessFormat, Sources, Whose
from istiolog_pd.cli.terminal import say

PYTHON = in_python(
    "from istiolog_pd.report import findings, write_report",
    'findings(istiolog_pd.load("istiod.log"))',
    'write_report(istiolog_pd.load("istiod.log"), "report.html")',
)


def report(
    sources: Sources,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The page.")] = Path("report.html"),
    component: Whose = None,
    access_log_format: AccessFormat = None,
) -> None:
    """Write a report: findings with the lines that show them, coverage, plots.

    One HTML page that needs no network, holds no script, and can be printed or sent on.
    """
    with told():
        check_output(output, sources)
        capture = load_logs(sources, component, access_log_format)
        import matplotlib as mpl

        mpl.use("Agg")
        from istiolog_pd.report import write_report

        write_report(capture, output, loaded=sources)
    say(f"wrote {output}")
