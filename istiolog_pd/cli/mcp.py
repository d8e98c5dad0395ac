"""`istiolog mcp`: answers for assistants."""

from __future__ import annotations

from typing import Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, given_limits, python_help

PYTHON = python_help(
    "from istiolog_pd.assistant import make_server",
    'server = make_server(["istiod.log"])  # server.run() serves standard input and output',
)


def mcp(
    allowed: Annotated[list[str], typer.Argument(metavar="LOGS", help="Files and folders that may be read.")],
) -> None:
    """Serve answers to an assistant on standard input and output (Model Context Protocol).

    Read-only: nothing but LOGS is read, nothing is written, results are bounded.
    """
    with exit_on_error():
        from istiolog_pd.assistant import make_server

        server = make_server(allowed, given_limits())
    server.run()
