"""`istiolog explain`: which format matches a line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from istiolog_pd.cli._helpers import python_help
from istiolog_pd.cli.options import OfComponent
from istiolog_pd.cli.terminal import log_line

PYTHON = python_help("from istiolog_pd.inspect.explain import explain", 'print(explain("XDS: Pushing Services:15"))')


def explain(
    line: Annotated[
        str, typer.Argument(metavar="LINE", help="A line of a log, or a message; - reads one line from stdin.")
    ],
    component: OfComponent = None,
) -> None:
    """Say which format matches a line, and what kept others.

    With the header, the values and the labels of the line; exits with 1 if nothing matches it.
    """
    from istiolog_pd.inspect.explain import explain as explained

    text = sys.stdin.buffer.readline().decode(errors="backslashreplace") if line == "-" else line
    if not text.strip():
        log_line("nothing to explain: the line is empty")
        raise typer.Exit(1)
    found = explained(text, component)
    typer.echo(str(found))
    raise typer.Exit(int(not found.matched))
