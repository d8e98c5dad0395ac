"""What the command prints: tables and talk, with nothing from a log that a terminal would obey."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

import typer

from istiolog_pd._text import TimeSpec, cell_text, escape_controls

if TYPE_CHECKING:
    import pandas as pd

#: Between the columns of plain text.
GAP = "  "
#: No column is cut to less.
MIN_WIDTH = 8
#: A column of text that is not left out of a table has room for this.
MIN_SHOWN = 14


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
    columns, right, whole = _texts(table, "seconds")
    columns, cut = narrowed(columns, whole, width)
    typer.echo(typer.style(title, bold=True) if sys.stdout.isatty() else title)
    typer.echo(plain(columns, right) + "\n")
    return cut


def narrowed(columns: dict[str, list[str]], whole: set[str], width: int) -> tuple[dict[str, list[str]], bool]:
    """Cut texts so that a row is no longer than `width` (0: any), the widest columns to the same width.

    Examples
    --------
    >>> narrowed({"what": ["pushes"], "detail": ["many, and to whom"]}, set(), 20)
    ({'what': ['pushes'], 'detail': ['many, and t…']}, True)
    """
    natural = {name: max(map(len, [name, *values])) for name, values in columns.items()}
    room = width - len(GAP) * (len(natural) - 1) if width else sum(natural.values())
    widths = {name: wide if name in whole else min(wide, max(room, MIN_WIDTH)) for name, wide in natural.items()}
    while sum(widths.values()) > room:
        widest = max((name for name in widths if name not in whole), key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= MIN_WIDTH:
            break
        widths[widest] -= 1
    short = {
        name: [text if len(text) <= widths[name] else text[: widths[name] - 1] + "\u2026" for text in values]
        for name, values in columns.items()
    }
    return short, widths != natural


def _texts(table: pd.DataFrame, timespec: TimeSpec, day: str = "") -> tuple[dict[str, list[str]], set[str], set[str]]:
    """The cells of a table as text, which columns go to the right, and which are never cut: numbers and times.

    Times are written to `timespec`, and without their day where it is given.
    """
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    columns = {str(name): [cell_text(value, 6, timespec) for value in table[name]] for name in table.columns}
    right = {str(name) for name in table.columns if is_numeric_dtype(table[name])}
    times = {str(name) for name in table.columns if is_datetime64_any_dtype(table[name])}
    columns |= {name: [text.removeprefix(f"{day} ") for text in columns[name]] for name in times}
    return columns, right, right | times


def print_table(table: pd.DataFrame, title: str = "") -> None:
    """Print a table on stdout: a row is a line, which on a terminal is as wide as that.

    Parameters
    ----------
    table
        Any table; numbers go to the right, null is empty, what cannot be printed is escaped. On a terminal, times
        that are all of one day leave it out, and where it has no room for all columns, ``attrs["brief"]`` come first.
    title
        A line above it.
    """
    from istiolog_pd._table import only_day

    terminal = sys.stdout.isatty()
    day = only_day([table[name] for name in table.columns]) if terminal else ""
    columns, right, whole = _texts(table, "milliseconds", day)
    notes = []
    if terminal:
        columns, left = fitting(columns, whole, screen_width(), table.attrs.get("brief", ()))
        columns, cut = narrowed(columns, whole, screen_width())
        notes = ["rows are cut to the width"] * cut + [f"not shown: {', '.join(left)}"] * bool(left)
    hint = " (... | less -S shows all)" if notes else ""
    notes = [f"times of {day}, in UTC"] * bool(day) + notes
    typer.echo("\n".join(filter(None, (title, plain(columns, right)))))
    if title:
        typer.echo("")
    if notes:
        log_line("; ".join(notes) + hint)


def fitting(
    columns: dict[str, list[str]], whole: set[str], width: int, brief: Collection[str] = ()
) -> tuple[dict[str, list[str]], list[str]]:
    """The columns that have room on a line, and what to say of the others.

    Room is given from the left, to `brief` columns first; to those of one value in all rows after all others, then to
    those without a value. The one value is said.

    Examples
    --------
    >>> table = {"proxy": ["web-7c9d8b6f5-t5w8n.shop", "cart.shop"], "xds_type": ["LDS", "LDS"], "nacks": ["3", "1"]}
    >>> fitting(table, {"nacks"}, 26)
    ({'proxy': ['web-7c9d8b6f5-t5w8n.shop', 'cart.shop'], 'nacks': ['3', '1']}, ['xds_type (all LDS)'])
    """
    same = {name: len(values) > 1 and len(set(values)) == 1 for name, values in columns.items()}
    fit, room = set(), width
    for name in sorted(columns, key=lambda name: (not any(columns[name]), same[name], name not in brief)):
        widest = max(map(len, [name, *columns[name]]))
        room -= widest if name in whole else min(widest, MIN_SHOWN)
        if room < 0:
            break
        room -= len(GAP)
        fit.add(name)
    left = [name for name in columns if name not in fit]
    said = [f"{name} (all {columns[name][0]})" if same[name] and columns[name][0] else name for name in left]
    return {name: columns[name] for name in columns if name in fit}, said


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
