"""The `istiolog` command: each verb calls one function of the package, and its help names it.

Data goes to stdout, talk and progress to stderr. Exit codes: 0 done, 1 an error or nothing found,
2 wrong use. Every command is a module of `istiolog_pd.cli`, with its help in Python beside it.
Everything heavy is imported where it is used: help comes at once.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Annotated, NoReturn

import typer

from istiolog_pd.cli import (
    answer,
    check,
    compare,
    explain,
    formats,
    mcp,
    metrics,
    parse,
    plot,
    report,
    story,
    summary,
    trace,
    unmatched,
    watch,
)
from istiolog_pd.cli._helpers import GIVEN_LIMITS
from istiolog_pd.cli.help import Command, Commands

HELP = """Logs of Istio's control plane and sidecars: what they answer, as text, pages, plots and tables.

\b
Start with
  istiolog summary LOGS...   what these logs answer, on one screen
  istiolog report LOGS...    findings, as one HTML page to read and share

LOGS are files, folders, globs, archives (a bug-report), or - for standard input. Each command's --help shows the
same in Python.
"""

app = typer.Typer(
    name="istiolog",
    help=HELP,
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    subcommand_metavar="COMMAND ...",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from istiolog_pd import __version__
        from istiolog_pd.engine.choose_engine import engine_name

        typer.echo(f"istiolog {__version__} ({engine_name()})")
        raise typer.Exit


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """End as an error does: what is half written is removed on the way out."""
    raise SystemExit(128 + number)


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")]


def _limits(values: list[str] | None) -> list[str] | None:
    """Limits as they were given; wrong use if one is none."""
    from istiolog_pd.sources.limits import limits_of

    try:
        limits_of(values or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return values


Limit = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        callback=_limits,
        help="Limit for untrusted sources: members, size, ratio, ratio_from, held or containers; repeatable.",
    ),
]


@app.callback()
def main(version: Version = False, limit: Limit = None) -> None:
    """Set up what all commands need."""
    GIVEN_LIMITS.set(tuple(limit or ()))
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop)


app.command(cls=Command, epilog=summary.PYTHON)(summary.summary)
app.command(cls=Command, epilog=report.PYTHON)(report.report)
app.command(cls=Command, epilog=story.PYTHON)(story.story)
app.command(cls=Command, epilog=answer.PYTHON)(answer.answer)
app.command(cls=Command, epilog=plot.PYTHON)(plot.plot)
app.command(cls=Command, epilog=metrics.PYTHON)(metrics.metrics)
app.command(cls=Command, epilog=compare.PYTHON)(compare.compare)
app.command(cls=Command, epilog=check.PYTHON)(check.check)
app.command(cls=Command, epilog=watch.PYTHON)(watch.watch)
app.command(cls=Command, epilog=parse.PYTHON)(parse.parse)
app.command(cls=Command, epilog=trace.PYTHON)(trace.trace)
app.command(cls=Command, epilog=mcp.PYTHON)(mcp.mcp)
app.command(cls=Command, epilog=unmatched.PYTHON)(unmatched.unmatched)
app.command(cls=Command, epilog=explain.PYTHON)(explain.explain)
app.command(cls=Command, epilog=formats.PYTHON)(formats.formats)

if __name__ == "__main__":
    app()
