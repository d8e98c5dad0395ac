"""`istiolog summary`: logs summed up on one screen, the answers first."""

from __future__ import annotations

from typing import Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources
from istiolog_pd.cli.terminal import log_line, screen_width, show_lines

PYTHON = python_help(
    "from istiolog_pd.inspect.summary import summarize", 'summarize(istiolog_pd.load("istiod.log"))["answers"]'
)

#: What each table is called, in the order in which they stand.
TITLES = {
    "answers": "Answers",
    "pushes": "Pushes",
    "logs": "Logs",
    "events": "Events, most frequent first",
    "sources": "Sources",
    "runs": "Process runs",
    "coverage": "Settings that would answer more",
}
#: What is shown with --all alone, where it is more than a few rows.
LONG = ("sources", "runs", "coverage")
#: What is shown without --all of what is missing.
MISSING = ["setting", "answers"]
#: Maximum number of rows of a table without --all; answers are shown in full.
ROWS = 12


def summary(
    sources: Sources,
    component: Component = None,
    access_log_format: AccessFormat = None,
    every: Annotated[
        bool, typer.Option("--all", help="All rows in full: each source and run, what is missing.")
    ] = False,
) -> None:
    """Sum up logs: headline answers, pushes, kinds of logs.

    Each row is one line, cut to the width of the terminal; --all shows all of it.
    """
    from istiolog_pd.inspect.summary import NO_ANSWER, summarize

    with exit_on_error():
        tables = summarize(load_logs(sources, component, access_log_format))
    width, cut, left = 0 if every else screen_width(), False, []
    if not every:
        tables["coverage"] = tables["coverage"][MISSING]
        known = tables["answers"]["value"].ne(NO_ANSWER)
        tables["answers"] = tables["answers"][known] if known.any() else tables["answers"]
    for name, title in TITLES.items():
        table = tables[name]
        if not every and name in LONG and (len(table) > ROWS or name != "coverage"):
            left.append(f"{len(table):,} {name}")
        elif len(table):
            shown = table if every or name == "answers" else table.head(ROWS)
            cut |= show_lines(shown, title, width)
            if len(shown) < len(table):
                left.append(f"{len(table) - len(shown):,} more {name}")
    if cut or left:
        log_line(
            "; ".join(
                filter(None, ["rows are cut to the width" * cut, "not shown: " + ", ".join(left) if left else ""])
            )
            + " (--all shows them)"
        )
