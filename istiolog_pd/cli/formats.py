"""`istiolog formats`: the line formats that are known."""

from __future__ import annotations

from typing import Annotated

import typer

from istiolog_pd.cli._helpers import python_help
from istiolog_pd.cli.options import OfComponent, OfEvent
from istiolog_pd.cli.terminal import print_table

PYTHON = python_help("from istiolog_pd.inspect.explain import formats_table", 'formats_table("pilot", "debounce")')


def formats(
    component: OfComponent = None,
    event: OfEvent = None,
    as_json: Annotated[bool, typer.Option("--json", help="All columns, as JSON.")] = False,
) -> None:
    """List the line formats that are known."""
    from istiolog_pd.inspect.explain import formats_table

    table = formats_table(component, event)
    if as_json:
        typer.echo(table.to_json(orient="records", indent=1, force_ascii=False))
    else:
        print_table(table[["event", "component", "versions", "text"]])
    raise typer.Exit(int(table.empty))
