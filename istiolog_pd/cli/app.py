"""The `istiolog` command: each verb calls one function of the package, and its help names it.

Data goes to stdout, talk and progress to stderr. Exit codes: 0 done, 1 an error or nothing found,
2 wrong use. Every command is a module of `istiolog_pd.commands`, with its help in Python beside it.
Everything heavy is imported where it is used: help comes at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from istiolog_pd.cli import compare, explain, formats, metrics, parse, plot, report, summary, unmatched, watch

app = typer.Typer(
    name="istiolog",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from istiolog_pd import __version__

        typer.echo(f"istiolog {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")]


@app.callback()
def main(version: Version = False) -> None:
    """Logs of Istio's control plane and sidecars as tables: summary, Parquet, plots."""


app.command(epilog=summary.PYTHON)(summary.summary)
app.command(epilog=parse.PYTHON)(parse.parse)
app.command(epilog=plot.PYTHON)(plot.plot)
app.command(epilog=formats.PYTHON)(formats.formats)
app.command(epilog=explain.PYTHON)(explain.explain)
app.command(epilog=unmatched.PYTHON)(unmatched.unmatched)
app.command(epilog=watch.PYTHON)(watch.watch)
app.command(epilog=metrics.PYTHON)(metrics.metrics)
app.command(epilog=report.PYTHON)(report.report)
app.command(epilog=compare.PYTHON)(compare.compare)

if __name__ == "__main__":
    app()
