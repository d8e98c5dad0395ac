"""Arguments and options that commands share, with their checks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

import typer

Given = str | list[str] | None


def one_of(what: str, known: Callable[[], Collection[str]]) -> Callable[[Given], Given]:
    """A check that an option is among what is known; wrong use otherwise."""

    def check(value: Given) -> Given:
        for name in [value] if isinstance(value, str) else value or ():
            if name not in known():
                from istiolog_pd.errors import unknown

                raise typer.BadParameter(unknown(what, name, known()))
        return value

    return check


def _events() -> Collection[str]:
    from istiolog_pd.formats.columns import EVENTS

    return EVENTS


def _components() -> Collection[str]:
    from istiolog_pd.formats.template import COMPONENTS

    return COMPONENTS


def _access_format(value: str | None) -> str | None:
    """The text of a format, read from its file if one is named; wrong use if it is none."""
    if value is None:
        return None
    from istiolog_pd.formats.access_log_format import access_format

    try:
        text = Path(value[1:]).read_text(encoding="utf-8").rstrip("\n") if value.startswith("@") else value
        access_format(text)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from None
    return text


_whose = one_of("component of a source", lambda: ("pilot", "agent", "ztunnel"))
_component = one_of("component", _components)
_event = one_of("event", _events)

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="LOGS",
        help="Files, folders, globs, URLs, archives, compressed or not; - reads standard input.",
    ),
]
Component = Annotated[
    str | None,
    typer.Option(
        "--component",
        metavar="NAME",
        callback=_whose,
        help="Component that wrote the logs: pilot, agent or ztunnel. [default: detected]",
    ),
]
OfComponent = Annotated[
    str | None,
    typer.Option(metavar="NAME", callback=_component, help="Only pilot, agent, envoy or ztunnel."),
]
AccessFormat = Annotated[
    str | None,
    typer.Option(
        "--access-log-format",
        metavar="FORMAT|@FILE",
        callback=_access_format,
        help="The mesh's accessLogFormat, text or JSON, if it is not the default; @FILE reads it from a file.",
    ),
]
Events = Annotated[
    list[str] | None, typer.Option(metavar="EVENT", callback=_event, help="Only this event; repeatable.")
]
OfEvent = Annotated[str | None, typer.Option(metavar="EVENT", callback=_event, help="Only this event.")]
