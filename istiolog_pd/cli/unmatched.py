"""`istiolog unmatched`: the lines that no format knows."""

from __future__ import annotations

from typing import Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources
from istiolog_pd.cli.terminal import log_line, print_table

PYTHON = python_help("from istiolog_pd.inspect.explain import templates", 'templates(istiolog_pd.load("istiod.log"))')


def unmatched(
    sources: Sources,
    top: Annotated[int, typer.Option(min=0, help="Show the N most frequent templates (0 = all).")] = 30,
    component: Component = None,
    access_log_format: AccessFormat = None,
) -> None:
    """List the unknown lines, grouped by template."""
    from istiolog_pd.inspect.explain import templates

    with exit_on_error():
        table = templates(load_logs(sources, component, access_log_format))
    if table.empty:
        log_line("every entry has a known event")
        return
    shown = table.head(top or len(table))
    first = shown["source"] + ":" + shown["line"].astype("str")
    print_table(shown[["count", "component", "scope", "level", "template"]].assign(first=first))
    log_line(
        f"{table['count'].sum():,} entries of {len(table):,} templates have no known event; {len(shown):,} are shown"
    )
