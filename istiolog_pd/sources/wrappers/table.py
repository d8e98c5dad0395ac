"""Tables that any store of logs exports, as CSV or TSV: the column that holds log lines is used.

Columns in any order, with a header row or none, cells with line ends and quoted quotes. What is known of a line's
container and time comes from the other columns, by their names (`_fields`).
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._fields import FieldReader, flat, time_of
from istiolog_pd.sources.wrappers._header import is_line
from istiolog_pd.sources.wrappers._json_records import batch_of
from istiolog_pd.sources.wrappers._model import ContainerId, Note
from istiolog_pd.sources.wrappers._rows import Batch, whole_lines
from istiolog_pd.sources.wrappers._wrapper import GuessedWrapper, Row, without_line_end

NAME = "table"
NO_ROW = "a line that is no row of the table: kept as text"

DELIMITERS = ",\t;|"
#: Maximum number of columns: what has more is no table of logs.
MAX_COLUMNS = 1000
#: Maximum size of a cell: one that is longer has lost its closing quote.
MAX_CELL = 1 << 20
#: The part of the rows that must have as many cells as most have.
MIN_SHARE = 0.7
#: Rows that are looked at to know the table, and rows of a batch.
SAMPLE_ROWS, BATCH_ROWS = 50, 10_000


class Dialect(NamedTuple):
    """What parts the cells, and whether a quote in one stands behind a backslash instead of being doubled."""

    delimiter: str
    escapes: bool = False


class Table:
    """The rows of a table."""

    def __init__(self, dialect: Dialect, names: Sequence[str], column: int, *, has_header: bool) -> None:
        self.containers = Containers()
        self._dialect = dialect
        self._delimiter = dialect.delimiter
        self._names = names
        self._has_header = has_header
        self._width = len(names)
        self._column = column
        self._reader = FieldReader()
        self._last = ContainerId()

    def batches(self, blocks: Iterator[bytes], note: Note) -> Iterator[Batch]:
        """The rows of the source's blocks."""
        rows: list[Row] = []
        at: list[int] = []
        own: list[bool] = []
        for line, cells, text in records(whole_lines(blocks), self._dialect):
            if self._has_header and cells == self._names:
                continue
            row = self._row(cells, text) if cells is not None else None
            row_found = row is not None
            if row is None:
                if not text.strip():
                    continue
                note(line, NO_ROW)
                row = Row(without_line_end(text), False, None, None, self._last)
            rows.append(row)
            at.append(line)
            own.append(row_found)
            if len(rows) >= BATCH_ROWS:
                yield batch_of(rows, self.containers, np.array(at, np.int64), own)
                rows, at, own = [], [], []
        if rows:
            yield batch_of(rows, self.containers, np.array(at, np.int64), own)

    def _row(self, cells: list[str], text: str) -> Row | None:
        if len(cells) > self._width and self._column == self._width - 1:  # the log's own tabs or commas, not quoted
            cells = text.rstrip("\r\n").split(self._delimiter, self._width - 1)
        if len(cells) != self._width:
            return None
        fields = [one for n, one in enumerate(zip(self._names, cells, strict=True)) if n != self._column]
        container, time, stream = self._reader.describe(flat(dict(fields)) if "{" in text else fields)
        self._last = container
        line = without_line_end(cells[self._column])
        if self._delimiter == "|":  # a table of Markdown or of a database's shell is padded
            line = line.strip(" ")
        return Row(line, False, time_of(time), stream, container)


def records(blocks: Iterator[bytes], dialect: Dialect) -> Iterator[tuple[int, list[str] | None, str]]:
    """The records of a table: the line on which each begins, its cells (null if it is none), and its text."""
    held: list[str] = []
    line = 1

    def texts() -> Iterator[str]:
        for block in blocks:
            for text in _lines(block):
                held.append(text)
                yield text

    reader = csv.reader(
        texts(),
        delimiter=dialect.delimiter,
        escapechar="\\" if dialect.escapes else None,
        doublequote=not dialect.escapes,
        strict=True,
    )
    while True:
        before = csv.field_size_limit(MAX_CELL)
        try:
            cells: list[str] | None = next(reader, [])
        except csv.Error:
            cells = None
        finally:
            csv.field_size_limit(before)
        if not held:
            return
        if cells is None:
            for n, text in enumerate(held):
                yield line + n, None, text
        else:
            yield line, cells, "".join(held)
        line += len(held)
        held.clear()


def _lines(block: bytes) -> Iterator[str]:
    for text in block.split(b"\n"):
        yield text.decode(errors="surrogateescape") + "\n"


def detect(head: bytes) -> Table | None:
    """What reads a table of which a column's texts are log lines."""
    if head.lstrip()[:1] in (b"{", b"["):
        return None
    whole = head[: head.rfind(b"\n") + 1] or head
    whole = whole.removeprefix(codecs.BOM_UTF8)
    for delimiter in DELIMITERS:
        for escapes in (False, True):
            if delimiter.encode() not in whole or (escapes and not _ESCAPED.search(whole)):
                continue
            if (table := _table(whole, Dialect(delimiter, escapes))) is not None:
                return table
    return None


def _table(head: bytes, dialect: Dialect) -> Table | None:
    rows: list[list[str]] = []
    texts: list[str] = []
    for _, cells, text in records(iter([head]), dialect):
        if cells is None and sum(map(len, texts)) + len(text) < len(head):
            return None
        if cells is None or len(rows) > SAMPLE_ROWS:  # the sample ends in a cell
            break
        if len(cells) > MAX_COLUMNS:
            return None
        if text.strip():
            rows.append(cells)
            texts.append(text)
    while (len(rows) > 1 and texts[0][:1] in "#$") or (
        len(rows) > 3 and len(rows[0]) == 1 < len(rows[1]) == len(rows[2])
    ):
        del rows[0], texts[0]  # a title
    if not rows:
        return None
    has_header = not any(is_line(cell) or time_of(cell) is not None for cell in rows[0])
    width = len(rows[0]) if has_header else Counter(map(len, rows)).most_common(1)[0][0]
    fits = [cells for cells in rows if len(cells) == width]
    if not _is_regular(dialect, len(fits), len(rows), has_header=has_header):
        return None
    counts = [sum(is_line(cells[n]) for cells in fits) for n in range(width)]
    column = max(range(width), key=lambda n: counts[n])
    if not counts[column] or (width == 1 and not all(map(_is_quoted, rows[1:], texts[1:]))):
        return None
    names = rows[0] if has_header else [_name([cells[n] for cells in fits]) for n in range(width)]
    return Table(dialect, names, column, has_header=has_header)


def _is_regular(dialect: Dialect, fits: int, rows: int, *, has_header: bool) -> bool:
    """Whether enough of the rows have the cells that most have."""
    if dialect.delimiter == "|":  # may be the bars of a box, or of Envoy's `inbound|8080||`
        return has_header and fits >= MIN_SHARE * rows
    return fits >= MIN_SHARE * rows or (has_header and fits > 1)


def _name(cells: list[str]) -> str:
    """What a column without a name is called: a time if all its cells are one."""
    return "time" if all(time_of(cell) is not None for cell in cells) else ""


def _is_quoted(cells: list[str], text: str) -> bool:
    """Whether a record of one cell is written as a table's cell with quotes."""
    return text.rstrip("\r\n") == '"' + cells[0].replace('"', '""') + '"'


#: Quotes behind backslashes, and no other escapes, as JSON has them.
_ESCAPED = re.compile(rb'\A(?!.*\\[tnu]).*\\"', re.DOTALL)
#: A row of names.
_HEADER_ROW = re.compile(rb'(?:"?[A-Za-z_@][\w@. \[\]()-]{0,60}"?[,;|\t]){1,60}"?[A-Za-z_@][\w@. \[\]()-]{0,60}"?\r?\n')


def has_header_row(head: bytes) -> bool:
    """Whether lines that look bare stand below a row of names."""
    return _HEADER_ROW.match(head[:4096].removeprefix(codecs.BOM_UTF8)) is not None


TABLE = GuessedWrapper(
    NAME, detect, b"time,pod,message\n2026-11-23T17:28:49.12Z,web-1,2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n"
)
