"""What the command prints: tables and talk, with nothing from a log that a terminal would obey."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

import typer

from istiolog_pd._text import cell_text, escape_controls

if TYPE_CHECKING:
    import pandas as pd

#: Between the columns of plain text.
GAP = "  "
#: No column is cut to less.
MIN_WIDTH = 8


def log_line(text: str) -> None:
    """Print one line of talk on stderr.

    Parameters
    ----------
    text
        The line; what cannot be printed is escaped.
    """
    typer.echo(f"istiolog: {escape_controls(text)}", err=True)


class EscapedOutput(io.RawIOBase):
    """A terminal for bytes of a log: what cannot be printed comes as its escape."""

    def __init__(self) -> None:
        super().__init__()
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def writable(self) -> bool:
        """Bytes can be written: always."""
        return True

    def write(self, data: Any, /) -> int:
        """Write some bytes, which may end within a character."""
        raw = bytes(data)
        write_out(self._decoder.decode(raw))
        return len(raw)


@contextmanager
def output() -> Iterator[IO[bytes]]:
    """Standard output as a binary file: a pipe or a file gets the bytes as they are, a terminal escaped."""
    file = cast("IO[bytes]", io.BufferedWriter(EscapedOutput())) if sys.stdout.isatty() else sys.stdout.buffer
    yield file
    file.flush()


def write_out(text: str) -> None:
    """Write text on stdout: on a terminal, what cannot be printed as its escape."""
    if sys.stdout.isatty():
        text = "\n".join(map(escape_controls, text.split("\n")))
    typer.echo(text, nl=False)


def screen_width() -> int:
    """Columns of the terminal, or as `COLUMNS` says; 0 where stdout has no width."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    return 0


def show_lines(table: pd.DataFrame, title: str, width: int) -> bool:
    """Print a table on stdout, one line for each row, cut to a width (0: none); whether any was cut."""
    columns, right = _texts(table)
    columns, cut = narrowed(columns, right, width)
    typer.echo(typer.style(title, bold=True) if sys.stdout.isatty() else title)
    typer.echo(plain(columns, right) + "\n")
    return cut


def narrowed(columns: dict[str, list[str]], right: set[str], width: int) -> tuple[dict[str, list[str]], bool]:
    """Cut texts so that a row is no longer than `width` (0: any), those of the widest column first.

    Examples
    --------
    >>> narrowed({"what": ["pushes"], "detail": ["many, and to whom"]}, set(), 20)
    ({'what': ['pushes'], 'detail': ['many, and t…']}, True)
    """
    widths = {name: max(map(len, [name, *values])) for name, values in columns.items()}
    room = width - len(GAP) * (len(widths) - 1) if width else sum(widths.values())
    cut = False
    while sum(widths.values()) > room:
        widest = max((name for name in widths if name not in right), key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= MIN_WIDTH:
            break
        widths[widest] = max(MIN_WIDTH, widths[widest] - (sum(widths.values()) - room))
        cut = True
    short = {
        name: [text if len(text) <= widths[name] else text[: widths[name] - 1] + "\u2026" for text in values]
        for name, values in columns.items()
    }
    return short, cut


def _texts(table: pd.DataFrame) -> tuple[dict[str, list[str]], set[str]]:
    """The cells of a table as text, and which columns go to the right."""
    from pandas.api.types import is_numeric_dtype

    columns = {str(name): [cell_text(value, 6, "seconds") for value in table[name]] for name in table.columns}
    return columns, {str(name) for name in table.columns if is_numeric_dtype(table[name])}


def print_table(table: pd.DataFrame, title: str = "") -> None:
    """Print a table on stdout: drawn on a terminal, as aligned text otherwise.

    Parameters
    ----------
    table
        Any table; numbers go to the right, null is empty, what cannot be printed is escaped.
    title
        A line above it.
    """
    columns, right = _texts(table)
    if sys.stdout.isatty():
        _draw(columns, right, title)
    else:
        typer.echo("\n".join(filter(None, (title, plain(columns, right)))))
        if title:
            typer.echo("")


def plain(columns: dict[str, list[str]], right: set[str]) -> str:
    """Align columns of text; the names stand above them, those of `right` end at the same place.

    Examples
    --------
    >>> print(plain({"event": ["debounce", "ready"], "n": ["1,024", "7"]}, {"n"}))
    event         n
    debounce  1,024
    ready         7
    """
    lists = []
    for name, values in columns.items():
        width = max(map(len, [name, *values]))
        lists.append([text.rjust(width) if name in right else text.ljust(width) for text in [name, *values]])
    return "\n".join(GAP.join(row).rstrip() for row in zip(*lists, strict=True))


def _draw(columns: dict[str, list[str]], right: set[str], title: str) -> None:
    """Draw a table with rich; its text is text, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heading = Text(title) if title else None
    table = Table(title=heading, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(Text(name), justify="right" if name in right else "left", overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
