"""`istiolog story`: all that logs tell of one object, proxy, address or time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, load_logs, python_help
from istiolog_pd.cli.answer import Form, print_answer
from istiolog_pd.cli.options import AccessFormat, Sources
from istiolog_pd.cli.terminal import log_line

if TYPE_CHECKING:
    import pandas as pd

    from istiolog_pd.capture import Capture
    from istiolog_pd.inspect.views import MomentView, ObjectView, ProxyView

PYTHON = python_help(
    'capture = istiolog_pd.load("istiod.log", "proxy.log")',
    'print(capture.object("VirtualService/shop/cart"))',
    'print(capture.proxy("cart-5f6b7c8d9-x2k4p.shop"))',
    'print(capture.at("2026-11-30T13:16:35"))',
    'istiolog_pd.analysis.timeline(capture, address="10.10.1.22:8080")',
)
#: Columns of a timeline that are shown on a terminal.
SHOWN = ["time", "event", "proxy", "what", "round", "source", "line"]

Bound = Annotated[str | None, typer.Option(metavar="TIME", help="Only entries of this time on, or before it (UTC).")]


def story(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="VirtualService/shop/cart, a proxy (pod.namespace), an IP or host, or a time (2026-11-30T13:16:35).",
        ),
    ],
    sources: Sources,
    entries: Annotated[bool, typer.Option("--timeline", help="List every entry about it, in one order.")] = False,
    start: Bound = None,
    end: Bound = None,
    form: Annotated[Form, typer.Option("--format", help="How --timeline is printed.")] = Form.table,
    access_log_format: AccessFormat = None,
) -> None:
    """Tell all that logs know of one object, proxy, address or time.

    Of an object: did its changes take effect, when, at which proxies. Exits with 1 if no line is about NAME.
    """
    with exit_on_error():
        capture = load_logs(sources, None, access_log_format)
        view = _view(capture, name)
        table = _entries(capture, name, view, start, end)
    coverage = str(table.attrs.get("coverage", ""))
    if view is not None and not entries:
        typer.echo(str(view))
    elif coverage:
        log_line(coverage)
    if entries or view is None:
        if form is Form.table and len(table):
            table = table[SHOWN].assign(time=table["time"].dt.strftime("%Y-%m-%d %H:%M:%S.%f"))
        print_answer("timeline", table, coverage, form)
    raise typer.Exit(int(table.empty))


def _view(capture: Capture, name: str) -> ObjectView | ProxyView | MomentView | None:
    """What a name is of; None: an address."""
    from istiolog_pd.analysis.timeline._subject import known_proxies

    if "/" in name:
        return capture.object(name)
    if name[:4].isdigit() and name[4:5] == "-":
        return capture.at(name)
    known = any(name in (one, one.rpartition(".")[0]) for one in known_proxies(capture))
    return capture.proxy(name) if known else None


def _entries(
    capture: Capture, name: str, view: ObjectView | ProxyView | MomentView | None, start: str | None, end: str | None
) -> pd.DataFrame:
    """The timeline of what a name is of; of a name of nothing, the near ones of proxies too."""
    from istiolog_pd import analysis
    from istiolog_pd.inspect.views import MomentView

    if view is not None:
        return view.timeline() if isinstance(view, MomentView) else view.timeline(start, end)
    table = analysis.timeline(capture, address=name, start=start, end=end)
    if table.empty:
        near = analysis.timeline(capture, proxy=name).attrs["coverage"]
        table.attrs["coverage"] = f"{table.attrs['coverage']}; {near}"
    return table
