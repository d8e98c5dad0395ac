"""The `istiolog` command: each verb calls one function of the package, and its help names it.

Data goes to stdout, talk and progress to stderr. Exit codes: 0 done, 1 an error or nothing found,
2 wrong use. Everything heavy is imported where it is used: help comes at once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.commands.metrics import metrics
from istiolog_pd.terminal import say, show

if TYPE_CHECKING:
    from istiolog_pd.capture import Capture
    from istiolog_pd.plots import Plot

app = typer.Typer(
    name="istiolog",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

#: What a picture can be written as, by the end of its name.
PICTURES = (".png", ".svg", ".pdf")


# ---- arguments ----


Given = str | list[str] | None


def _one_of(what: str, known: Callable[[], Collection[str]]) -> Callable[[Given], Given]:
    """A check that an option is among what is known; wrong use otherwise."""

    def check(value: Given) -> Given:
        for name in [value] if isinstance(value, str) else value or ():
            if name not in known():
                from istiolog_pd.capture import unknown

                raise typer.BadParameter(unknown(what, name, known()))
        return value

    return check


def _events() -> Collection[str]:
    from istiolog_pd.formats.columns import EVENTS

    return EVENTS


def _components() -> Collection[str]:
    from istiolog_pd.formats.model import COMPONENTS

    return COMPONENTS


def _plots() -> Collection[str]:
    from istiolog_pd.plots import PLOTS

    return [*PLOTS, "all"]


def _show_version(wanted: bool) -> None:
    if wanted:
        from istiolog_pd import __version__

        typer.echo(f"istiolog {__version__}")
        raise typer.Exit


_whose = _one_of("component that a source can be of", lambda: ("pilot", "agent"))
_component = _one_of("component", _components)
_event = _one_of("event", _events)

Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCES", help="Logs, plain or gzip: paths, globs, folders, or - for standard input."),
]
Whose = Annotated[
    str | None,
    typer.Option("--component", callback=_whose, help="Whose logs they are: pilot or agent. [default: found out]"),
]
OfComponent = Annotated[str | None, typer.Option(callback=_component, help="Of pilot, agent or envoy only.")]
Events = Annotated[list[str] | None, typer.Option(callback=_event, help="Only this event; may be given again.")]
OfEvent = Annotated[str | None, typer.Option(callback=_event, help="Of this event only.")]
Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")]


@app.callback()
def main(version: Version = False) -> None:
    """Logs of Istio's control plane and sidecars as tables: summary, Parquet, plots."""


# ---- verbs ----


def _python(*lines: str) -> str:
    """Say how to do the same in Python, below a verb's help."""
    return "\n".join(["\b", "In Python:", "  import istiolog_pd", *(f"  {line}" for line in lines)])


@app.command(
    epilog=_python("from istiolog_pd.summary import summarise", 'summarise(istiolog_pd.load("istiod.log"))["answers"]')
)
def summary(sources: Sources, component: Whose = None) -> None:
    """Sum up logs: sources, events, headline answers."""
    from istiolog_pd.summary import summarise

    with _told():
        for title, table in summarise(_load(sources, component)).items():
            if len(table):
                show(table, title)


@app.command(
    epilog=_python(
        "from istiolog_pd.export import to_parquet", 'to_parquet(istiolog_pd.load("istiod.log"), "out.parquet")'
    )
)
def parse(
    sources: Sources,
    output: Annotated[
        str, typer.Option("-o", "--output", help="x.parquet, x.csv, a folder, or - for CSV on stdout.")
    ] = "-",
    events: Events = None,
    component: Whose = None,
) -> None:
    """Write logs as Parquet or CSV.

    A name that ends in .parquet or .csv gives one wide table (with one --events: that event's own
    table); any other a folder with a Parquet file per event and events.parquet for all.
    """
    path = Path(output)
    if path.suffix not in ("", ".parquet", ".csv") and not (output.endswith("/") or path.is_dir()):
        raise typer.BadParameter(f"{output}: end it in .parquet or .csv, or in / for a folder", param_hint="-o")
    with _told():
        from istiolog_pd.export import to_csv, to_parquet

        capture = _load(sources, component)
        only = events[0] if events and len(events) == 1 else events or None
        if output == "-":
            to_csv(capture, sys.stdout.buffer, events=only)
        else:
            (to_csv if path.suffix == ".csv" else to_parquet)(capture, path, events=only)
            say(f"wrote {path}")


@app.command(
    epilog=_python(
        "from istiolog_pd import analysis, plots",
        'plots.push_rounds(analysis.push_rounds(istiolog_pd.load("istiod.log")))',
    )
)
def plot(
    name: Annotated[
        str, typer.Argument(metavar="NAME", callback=_one_of("plot", _plots), help="Which plot, or all of them: all.")
    ],
    sources: Sources,
    output: Annotated[
        str, typer.Option("-o", "--output", help="x.png, .svg or .pdf; for `all` a folder. [default: NAME.png]")
    ] = "",
    component: Whose = None,
) -> None:
    """Draw what logs answer, as PNG, SVG or PDF.

    Plots: debounces, push_rounds, fan_out, full_vs_incremental, xds_order, ... (a wrong NAME lists all).
    """
    path = Path(output or ("." if name == "all" else f"{name}.png"))
    if name != "all" and path.suffix not in PICTURES:
        raise typer.BadParameter(f"{output}: end it in {', '.join(PICTURES)}", param_hint="-o")
    from istiolog_pd.plots import PLOTS

    with _told():
        capture = _load(sources, component)
        chosen = {path / f"{n}.png": one for n, one in PLOTS.items()} if name == "all" else {path: PLOTS[name]}
        drawn = [_draw(one, capture, file) for file, one in chosen.items()]
    raise typer.Exit(int(not any(drawn)))


@app.command(epilog=_python("from istiolog_pd.explain import formats_table", 'formats_table("pilot", "debounce")'))
def formats(
    component: OfComponent = None,
    event: OfEvent = None,
    as_json: Annotated[bool, typer.Option("--json", help="All columns, as JSON.")] = False,
) -> None:
    """List the line formats that are known."""
    from istiolog_pd.explain import formats_table

    table = formats_table(component, event)
    if as_json:
        typer.echo(table.to_json(orient="records", indent=1, force_ascii=False))
    else:
        show(table[["event", "component", "versions", "text"]])
    raise typer.Exit(int(table.empty))


@app.command(epilog=_python("from istiolog_pd.explain import explain", 'print(explain("XDS: Pushing Services:15"))'))
def explain(
    line: Annotated[
        str, typer.Argument(metavar="LINE", help="A line of a log, or a message; - reads one line from stdin.")
    ],
    component: OfComponent = None,
) -> None:
    """Say which format claims a line, and what kept others.

    With the header, the values and the labels of the line; exits with 1 if nothing claims it.
    """
    from istiolog_pd.explain import explain as explained

    text = sys.stdin.buffer.readline().decode(errors="backslashreplace") if line == "-" else line
    if not text.strip():
        say("nothing to explain: the line is empty")
        raise typer.Exit(1)
    found = explained(text, component)
    typer.echo(str(found))
    raise typer.Exit(int(not found.claimed))


@app.command(epilog=_python("from istiolog_pd.explain import templates", 'templates(istiolog_pd.load("istiod.log"))'))
def unmatched(
    sources: Sources,
    top: Annotated[int, typer.Option(min=0, help="So many of the most frequent; 0: all.")] = 30,
    component: Whose = None,
) -> None:
    """List the unknown lines, grouped by template."""
    from istiolog_pd.explain import templates

    with _told():
        table = templates(_load(sources, component))
    if table.empty:
        say("every entry has a known event")
        return
    shown = table.head(top or len(table))
    first = shown["source"] + ":" + shown["line"].astype("str")
    show(shown[["count", "component", "scope", "level", "template"]].assign(first=first))
    say(f"{table['count'].sum():,} entries of {len(table):,} templates have no known event; {len(shown):,} are shown")


app.command(epilog=_python("from istiolog_pd import analysis", 'analysis.metrics(istiolog_pd.load("istiod.log"))'))(
    metrics
)


# ---- what the verbs share ----


@contextmanager
def _told() -> Iterator[None]:
    """Tell what went wrong in one line, and exit with 1."""
    from istiolog_pd.inputs.sources import NoLogError

    try:
        yield
    except BrokenPipeError:
        raise
    except (NoLogError, OSError) as error:
        say(str(error))
        raise typer.Exit(1) from None


def _load(sources: list[str], component: str | None) -> Capture:
    """Read logs, with progress and warnings on stderr."""
    from istiolog_pd.read import load

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        capture = load(*sources, component=component, progress=sys.stderr.isatty())
    for warning in caught:
        say(f"warning: {warning.message}")
    return capture


def _draw(one: Plot, capture: Capture, path: Path) -> bool:
    """Draw one plot into a file; say why where there is nothing to draw."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from istiolog_pd import analysis
    from istiolog_pd.files import replacing

    table = getattr(analysis, one.answer)(capture)
    if table.empty:
        say(f"{one.name}: {table.attrs.get('coverage', 'nothing to draw')}")
        return False
    one.draw(table)
    figure = plt.gcf()
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix[1:], dpi=150, bbox_inches="tight")
    plt.close(figure)
    say(f"wrote {path}")
    return True
