"""`istiolog plot`: what logs answer, drawn into a file."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import check_output, exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources, one_of
from istiolog_pd.cli.terminal import log_line

if TYPE_CHECKING:
    from istiolog_pd.capture import Capture
    from istiolog_pd.plots import Plot

#: What a picture can be written as, by the end of its name.
PICTURES = (".png", ".svg", ".pdf")

PYTHON = python_help(
    "from istiolog_pd import analysis, plots",
    'plots.push_rounds(analysis.push_rounds(istiolog_pd.load("istiod.log")))',
)


def _plots() -> Collection[str]:
    from istiolog_pd.plots import PLOTS

    return [*PLOTS, "all"]


def plot(
    name: Annotated[
        str, typer.Argument(metavar="NAME", callback=one_of("plot", _plots), help="Which plot, or all of them: all.")
    ],
    sources: Sources,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="x.png, .svg or .pdf; for `all` a folder. [default: NAME.png, plots]"
        ),
    ] = None,
    component: Component = None,
    access_log_format: AccessFormat = None,
) -> None:
    """Draw what logs answer, as PNG, SVG or PDF.

    Plots: debounces, push_rounds, fan_out, full_vs_incremental, xds_order, ... (a wrong NAME lists all).
    """
    path = output if output is not None else Path("plots" if name == "all" else f"{name}.png")
    if name != "all" and path.suffix not in PICTURES:
        raise typer.BadParameter(f"{path}: the name must end in {', '.join(PICTURES)}", param_hint="-o")
    from istiolog_pd.plots import PLOTS

    with exit_on_error():
        check_output(path, sources)
        capture = load_logs(sources, component, access_log_format)
        chosen = {path / f"{n}.png": one for n, one in PLOTS.items()} if name == "all" else {path: PLOTS[name]}
        drawn = [_draw(one, capture, file) for file, one in chosen.items()]
    raise typer.Exit(int(not any(drawn)))


def _draw(one: Plot, capture: Capture, path: Path) -> bool:
    """Draw one plot into a file; say why where there is nothing to draw."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from istiolog_pd import analysis
    from istiolog_pd.export.atomic import replacing

    table = getattr(analysis, one.answer)(capture)
    if table.empty:
        log_line(f"{one.name}: {table.attrs.get('coverage', 'nothing to draw')}")
        return False
    with mpl.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        # a name in a script that the font has not is drawn as boxes
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        one.draw(table)
        figure = plt.gcf()
        with replacing(path, capture.files) as file:
            figure.savefig(file, format=path.suffix[1:], dpi=150, bbox_inches="tight")
    plt.close(figure)
    log_line(f"wrote {path}")
    return True
