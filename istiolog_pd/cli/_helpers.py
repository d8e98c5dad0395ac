"""What commands do alike: read logs, and tell what went wrong."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from istiolog_pd.cli.terminal import log_line

if TYPE_CHECKING:
    from istiolog_pd.capture import Capture
    from istiolog_pd.sources.limits import Limits


#: The values of `--limit`, which stands before the command.
GIVEN_LIMITS: ContextVar[tuple[str, ...]] = ContextVar("limits", default=())


def python_help(*lines: str) -> str:
    """Say how to do the same in Python, below a verb's help."""
    return "\n".join(["\b", "In Python:", "  import istiolog_pd", *(f"  {line}" for line in lines)])


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Tell what went wrong in one line, and exit with 1."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (ValueError, OSError, ModuleNotFoundError) as error:
        log_line(str(error))
        raise typer.Exit(1) from None


def check_output(path: Path, sources: list[str]) -> None:
    """Refuse an output that is a source before anything is read: what reading takes would be lost."""
    from istiolog_pd.export.atomic import refuse_sources
    from istiolog_pd.sources.source import identity

    named = [identity(0 if source == "-" else source) for source in sources]
    refuse_sources(path, [one for one in named if one is not None])


def given_limits() -> Limits:
    """The limits of the options before the command."""
    from istiolog_pd.sources.limits import limits_of

    return limits_of(GIVEN_LIMITS.get())


def load_logs(sources: list[str], component: str | None, access_log_format: str | None = None) -> Capture:
    """Read logs, with progress and warnings on stderr."""
    from istiolog_pd.readers import load

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        capture = load(
            *sources,
            component=component,
            progress=sys.stderr.isatty(),
            access_log_format=access_log_format,
            limits=given_limits(),
        )
    for warning in caught:
        log_line(f"warning: {warning.message}")
    return capture
