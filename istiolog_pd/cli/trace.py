"""`istiolog trace`: logs as a Perfetto trace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from istiolog_pd.cli._helpers import check_output, exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources
from istiolog_pd.cli.terminal import log_line

PYTHON = python_help(
    "from istiolog_pd.export import to_perfetto", 'to_perfetto(istiolog_pd.load("istiod.log"), "mesh.pftrace")'
)


def trace(
    sources: Sources,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The trace.")] = Path("mesh.pftrace"),
    component: Component = None,
    access_log_format: AccessFormat = None,
) -> None:
    """Write a Perfetto trace: decisions, rounds, pushes, Envoy's updates, in time.

    Open it at https://ui.perfetto.dev; it is read in the browser and not sent anywhere.
    """
    with exit_on_error():
        check_output(output, sources)
        from istiolog_pd.export import to_perfetto

        written = to_perfetto(load_logs(sources, component, access_log_format), output)
    log_line(f"wrote {output}: {written:,} events; open it at https://ui.perfetto.dev")
