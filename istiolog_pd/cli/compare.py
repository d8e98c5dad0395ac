"""``istiolog compare``: two logs, before and after, beside each other."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import check_output, exit_on_error, load_logs, python_help
from istiolog_pd.cli.terminal import log_line, print_table, write_out

if TYPE_CHECKING:
    import pandas as pd

PYTHON = python_help(
    "from istiolog_pd import analysis",
    'analysis.compare(istiolog_pd.load("before.log"), istiolog_pd.load("after.log"))',
)

#: What a terminal has room for; csv and json have all.
SHOWN = ["measure", "labels", "before", "after", "ci_low", "ci_high", "verdict"]
PICTURES = (".png", ".svg", ".pdf")


class Form(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


def _picture(path: Path | None) -> Path | None:
    if path is not None and path.suffix not in PICTURES:
        raise typer.BadParameter(f"{path}: the name must end in {', '.join(PICTURES)}")
    return path


def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A log, folder or archive: before.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same: after.")],
    every: Annotated[bool, typer.Option("--all", help="Also measures without a difference.")] = False,
    form: Annotated[Form, typer.Option("--format", help="csv and json have all rows and columns.")] = Form.table,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", callback=_picture, help="Draw it too: x.png, .svg or .pdf.")
    ] = None,
) -> None:
    """Compare two logs: an upgrade, a setting.

    Shows measures that differ significantly in the second log, normalized for load and duration; ci_low and
    ci_high are the 95 % interval of the difference.
    """
    with exit_on_error():
        from istiolog_pd.analysis.compare.compare import compare as compared

        if output is not None:
            check_output(output, [before, after])
        captures = load_logs([before], None), load_logs([after], None)
        table = compared(*captures)
        if output is not None and len(table):
            _draw(table, output, captures[0].files | captures[1].files)
    if coverage := table.attrs["coverage"]:
        log_line(coverage)
    if table.empty:
        raise typer.Exit(1)
    if form is Form.csv:
        write_out(table.to_csv(index=False))
    elif form is Form.json:
        typer.echo(table.to_json(orient="records", indent=1, force_ascii=True))
    else:
        _show(table, every)


def _show(table: pd.DataFrame, every: bool) -> None:
    certain = table["significant"].fillna(False).astype(bool)
    if every or certain.any():
        print_table((table if every else table[certain])[SHOWN])
    if not every:
        counts = table["verdict"].astype("str").value_counts()
        rest = ", ".join(f"{name}: {counts.get(name, 0):,}" for name in ("no difference seen", "cannot tell"))
        log_line(f"{rest} (of {len(table):,} measures; --all shows them)")


def _draw(table: pd.DataFrame, path: Path, sources: frozenset[tuple[int, int]]) -> None:
    """Draw the table into a file."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from istiolog_pd import plots
    from istiolog_pd.export.atomic import replacing

    plots.compare(table)
    figure = plt.gcf()
    with replacing(path, sources) as file:
        figure.savefig(file, format=path.suffix[1:], dpi=150, bbox_inches="tight")
    plt.close(figure)
    log_line(f"wrote {path}")
