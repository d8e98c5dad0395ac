"""`istiolog watch`: a log that is still being written, live on the terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import exit_on_error, python_help
from istiolog_pd.cli.options import Component

if TYPE_CHECKING:
    from rich.table import Table

    from istiolog_pd.live.windows import Watch, Window

PYTHON = python_help(
    "from pathlib import Path",
    "from istiolog_pd.live.windows import Watch",
    'Watch(seconds=10).feed(Path("istiod.log").read_bytes())',
)

#: How often the screen is drawn, how often a file is looked at for more, how many windows are shown.
TICK, LOOK, SHOWN = 0.5, 0.2, 20
BLOCK = 1 << 16
#: So much of a file that is there already is read before what is added to it.
BEFORE = 1 << 20

HEADINGS = (
    "time", "entries", "pushes", "CDS", "EDS", "LDS", "RDS", "other", "full", "incr", "request",
    "decisions", "events", "debounce", "opened", "closed", "failures", "errors",
)  # fmt: skip


def watch(
    follow: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Follow this growing file instead of standard input.")
    ] = None,
    window: Annotated[int, typer.Option(min=1, help="Window length, in seconds of log time.")] = 10,
    component: Component = None,
) -> None:
    """Watch a log as it is written: kubectl logs -f ... | istiolog watch.

    A table of pushes, debounce, connections and errors in windows of ten seconds; a line per window
    where stdout is no terminal. Ends with the input, or with Ctrl-C. Several pods at once are kept
    apart by what stern or kubectl logs --prefix puts before their lines.
    """
    from istiolog_pd.live.windows import Watch

    counted = Watch(seconds=window, component=component or "")
    with exit_on_error():
        if follow is not None and not follow.is_file():
            raise FileNotFoundError(f"{follow}: no such file")
        with closing(_blocks(follow)) as blocks:
            (_live if sys.stdout.isatty() else _lines)(counted, blocks, window)


# ---- bytes as they come ----


def _blocks(follow: Path | None) -> Generator[bytes]:
    """What comes, at once; empty bytes where nothing came for a tick."""
    queue: Queue[bytes | OSError | None] = Queue(maxsize=64)
    source = _grown(follow) if follow is not None else iter(_stdin, b"")

    def read() -> None:
        end = None
        try:
            for block in source:
                queue.put(block)
        except OSError as error:
            end = error
        queue.put(end)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            block = queue.get(timeout=TICK)
        except Empty:
            block = b""
        if isinstance(block, OSError):
            raise block
        if block is None:
            return
        yield block


def _stdin() -> bytes:
    """What has come on standard input; it waits for the first byte only."""
    read: Callable[[int], bytes] = getattr(sys.stdin.buffer, "read1", sys.stdin.buffer.read)
    return read(BLOCK)


def _grown(path: Path) -> Iterator[bytes]:
    """The end of a file, and all that is added to it; the file that takes its place when it is rotated."""
    while True:
        with open(path, "rb") as file:
            start = max(os.fstat(file.fileno()).st_size - BEFORE, 0)
            file.seek(start)
            if start:
                file.readline()
            yield from _added(file.fileno(), path)


def _added(number: int, path: Path) -> Iterator[bytes]:
    """What is added to an open file, until another one has its name or it was emptied."""
    at = os.lseek(number, 0, os.SEEK_CUR)
    while True:
        block = os.pread(number, BLOCK, at)
        at += len(block)
        if block:
            yield block
            continue
        try:
            now = os.stat(path)
        except FileNotFoundError:
            now = None
        if now is not None and (now.st_ino != os.fstat(number).st_ino or now.st_size < at):
            return
        time.sleep(LOOK)


# ---- windows on the screen ----


def _lines(counted: Watch, blocks: Iterator[bytes], seconds: int) -> None:
    """A line per window, under one line of headings."""
    cells = [heading.rjust(9) if at else heading.ljust(8) for at, heading in enumerate(HEADINGS)]
    typer.echo(" ".join(cells))

    def show(windows: list[Window]) -> None:
        for one in windows:
            row = _row(one)
            typer.echo(" ".join([row[0].ljust(8), *(text.rjust(9) for text in row[1:])]))
        sys.stdout.flush()

    quiet = time.monotonic()
    try:
        for block in blocks:
            if block:
                quiet = time.monotonic()
                show(counted.feed(block))
            elif time.monotonic() - quiet >= seconds:
                quiet = time.monotonic()
                show(counted.flush())
    except KeyboardInterrupt:
        pass
    show(counted.flush())


def _live(counted: Watch, blocks: Iterator[bytes], seconds: int) -> None:
    """A table that is drawn again as it changes: the last windows, the one that is filling, all together."""
    from rich.live import Live

    over: deque[Window] = deque(maxlen=SHOWN)
    drawn = 0.0
    with Live(_table(over, counted, seconds), auto_refresh=False, transient=False) as live:
        try:
            for block in blocks:
                over.extend(counted.feed(block) if block else counted.settle())
                if time.monotonic() - drawn >= TICK:
                    drawn = time.monotonic()
                    live.update(_table(over, counted, seconds), refresh=True)
        except KeyboardInterrupt:
            pass
        over.extend(counted.flush())
        live.update(_table(over, counted, seconds), refresh=True)


def _table(over: deque[Window], counted: Watch, seconds: int) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption=f"windows of {seconds} s; Ctrl-C ends")
    for at, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if at else "left", no_wrap=True)
    for one in over:
        table.add_row(*_row(one))
    if counted.current.entries:
        table.add_row(*_row(counted.current), style="bold", end_section=True)
    table.add_row("all", *_row(counted.total)[1:], style="dim")
    return table


def _row(one: Window) -> list[str]:
    """The cells of a window: numbers only, nothing that a log says."""
    from istiolog_pd.live.windows import KINDS, SECOND, TYPES

    at = "-" if one.start is None else time.strftime("%H:%M:%S", time.gmtime(one.start // SECOND))
    types = [one.pushes[name] for name in (*TYPES, "other")]
    kinds = [one.pushes[kind] for kind in KINDS]
    debounce = f"{one.debounce / 1e6:,.0f} ms" if one.debounce else ""
    counts = [one.entries, one.sent, *types, *kinds, one.decisions, one.events]
    rest = [one.opened, one.closed, one.failures, one.errors]
    return [at, *(f"{count:,}" for count in counts), debounce, *(f"{count:,}" for count in rest)]
