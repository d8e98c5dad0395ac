"""Pieces -> Arrow tables: the numbers of words of several workers become one list of distinct texts.

A piece is taken in as soon as it is there, while the next ones are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.kernel.columns import mark_new, renumber
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.piece import Coded, Numbers, Piece, Same, Texts, Values
from istiolog_pd.engine.program import EVENT_NAMES, LEVEL_NAMES
from istiolog_pd.engine.schema import EVENTS_SCHEMA, event_schema
from istiolog_pd.engine.vocabulary import Vocabulary
from istiolog_pd.engine.words import Words
from istiolog_pd.formats.template import COMPONENTS

#: Columns whose numbers mean the same for every worker.
FIXED = {"level": LEVEL_NAMES, "event": EVENT_NAMES, "component": COMPONENTS}

#: A table with fewer rows than this in a piece, on average, is of one chunk.
FEW = 4096
#: Columns of one value are made for so many rows at least, and share their memory.
SHARED = 1 << 16


class Assembly:
    """The tables of pieces of one source that follow one another.

    The memory of the pieces becomes that of the tables.

    Parameters
    ----------
    source
        What the column `source` says.
    lines
        So many lines stand before the first piece.
    """

    def __init__(self, source: str, lines: int = 0) -> None:
        self.entries, self.lines = 0, lines
        self._shared = _Shared()
        self._source = pa.array([source], pa.string())
        self._common = _Table(EVENTS_SCHEMA)
        self._narrow: dict[str, _Table] = {}

    def add(self, piece: Piece) -> None:
        """Take in the next piece, which is used up."""
        for event, rows in piece.rows.items():
            columns = piece.columns[event]
            _shift(columns["line"], self.lines)
            columns["row"] = Numbers(rows, None)
            _shift(columns["row"], self.entries)
            if event not in self._narrow:
                self._narrow[event] = _Table(event_schema(event))
            self._narrow[event].add(len(rows), columns, piece, self._shared)
        _shift(piece.common["line"], self.lines)
        if piece.entries:
            self._common.add(piece.entries, piece.common, piece, self._shared)
        self.entries += piece.entries
        self.lines += piece.lines
        piece.rows, piece.columns, piece.common = {}, {}, {}

    def tables(self) -> tuple[pa.Table, dict[str, pa.Table]]:
        """The common columns of all entries, and the narrow table of each event, in their usual order."""
        narrow = {
            event: self._narrow.pop(event).table(self._source, self._shared)
            for event in EVENT_NAMES
            if event in self._narrow
        }
        return self._common.table(self._source, self._shared), narrow


@dataclass(slots=True)
class _Shared:
    """Columns of one value share its memory."""

    same: dict[int, pa.Array] = field(default_factory=dict)
    none: dict[pa.DataType, pa.Array] = field(default_factory=dict)

    def numbers(self, number: int, rows: int) -> pa.Array:
        """So many of one number (int32); -1 stands for none."""
        if number < 0:
            return self.nulls(pa.int32(), rows)
        if number not in self.same or len(self.same[number]) < rows:
            self.same[number] = pa.array(np.full(max(2 * rows, SHARED), number, np.int32))
        return self.same[number].slice(0, rows)

    def nulls(self, kind: pa.DataType, rows: int) -> pa.Array:
        """So many nulls."""
        if kind not in self.none or len(self.none[kind]) < rows:
            self.none[kind] = pa.nulls(max(2 * rows, SHARED), kind)
        return self.none[kind].slice(0, rows)


#: Of a vocabulary that is new.
_NONE = np.empty(0, np.int32)


@cache
def _fixed(column: str) -> Words:
    """The words of a column of `FIXED`."""
    return Words.of(FIXED[column])


class _Dictionary:
    """The words of a column that are used, and for each vocabulary its numbers of them."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.words = Words()
        #: By the vocabulary, which is held so that no other takes its place in memory.
        self._numbers_of: dict[int, tuple[Vocabulary | None, np.ndarray]] = {}

    def renumber(self, numbers: np.ndarray, piece: Piece) -> pa.Array:
        """Words by the numbers of this column; in place."""
        of = self._of(piece)
        bits = np.zeros((len(numbers) + 7) // 8, np.uint8)
        nulls = renumber(STAMP, numbers, of, bits)
        if nulls < 0:
            new = np.zeros(len(of), np.bool_)
            mark_new(STAMP, numbers, of, new)
            self._learn(np.flatnonzero(new), of, piece)
            nulls = renumber(STAMP, numbers, of, bits)
        buffers = [pa.py_buffer(bits) if nulls else None, pa.py_buffer(numbers)]
        return pa.Array.from_buffers(pa.int32(), len(numbers), buffers, nulls)

    def number(self, number: int, piece: Piece) -> int:
        """One word by its number of this column; -1 for none."""
        if number < 0:
            return -1
        of = self._of(piece)
        if of[number] < 0:
            self._learn(np.array([number]), of, piece)
        return int(of[number])

    def _of(self, piece: Piece) -> np.ndarray:
        """For each number of a piece's word the number of this column; -1 if it has none yet."""
        fixed = self.column in FIXED
        vocabulary = None if fixed else piece.vocabulary
        known = len(FIXED[self.column]) if fixed else piece.known[self.column]
        _, of = self._numbers_of.get(id(vocabulary), (None, _NONE))
        if len(of) <= known:
            of = np.append(of, np.full(max(known + 1, 2 * len(of)) - len(of), -1, np.int32))
            self._numbers_of[id(vocabulary)] = vocabulary, of
        return of

    def _learn(self, new: np.ndarray, of: np.ndarray, piece: Piece) -> None:
        """Give numbers to words that are new in this column."""
        names = _fixed(self.column) if self.column in FIXED else piece.vocabulary.words[self.column]
        of[new] = self.words.numbers(*names.some(new))


class _Table:
    """The columns of a table, chunk by chunk."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._types: Mapping[str, pa.DataType] = dict(zip(schema.names, schema.types, strict=True))
        self._rows: list[int] = []
        #: By column and number of the chunk what is there; of words their numbers.
        self._chunks: dict[str, dict[int, pa.Array]] = {}
        self._dictionaries = {
            column: _Dictionary(column) for column, kind in self._types.items() if pa.types.is_dictionary(kind)
        }

    def add(self, rows: int, columns: Mapping[str, Values], piece: Piece, shared: _Shared) -> None:
        """Take in so many rows."""
        number = len(self._rows)
        self._rows.append(rows)
        for column in self._types.keys() & columns.keys():  # a kind can tell more columns than the event has
            values = columns[column]
            if isinstance(values, Coded):
                chunk = self._dictionaries[column].renumber(values.numbers, piece)
            elif isinstance(values, Same):
                chunk = shared.numbers(self._dictionaries[column].number(values.number, piece), rows)
            else:
                chunk = _array(values, self._types[column])
            self._chunks.setdefault(column, {})[number] = chunk

    def table(self, source: pa.Array, shared: _Shared) -> pa.Table:
        """The table: a chunk for each piece, or one of all if they are small. It can be asked for once."""
        few = len(self._rows) > 1 and sum(self._rows) < FEW * len(self._rows)
        return pa.table([self._column(one, source, shared, few=few) for one in self.schema], schema=self.schema)

    def _column(self, one: pa.Field, source: pa.Array, shared: _Shared, *, few: bool) -> pa.ChunkedArray:
        chunks = self._chunks.pop(one.name, {})
        rows = [sum(self._rows)] if few and not chunks else self._rows
        if one.name == "source":
            arrays = [shared.numbers(0, count) for count in rows]
            return _words(arrays, source, one.type)
        words = self._dictionaries.get(one.name)
        kind = one.type if words is None else pa.int32()
        arrays = [chunks[n] if n in chunks else shared.nulls(kind, count) for n, count in enumerate(rows)]
        # Texts can be longer together than what one chunk can hold.
        if few and chunks and kind != pa.string():
            arrays = [pa.concat_arrays(arrays)]
        return pa.chunked_array(arrays, one.type) if words is None else _words(arrays, words.words.array(), one.type)


def _words(numbers: list[pa.Array], words: pa.Array, kind: pa.DataType) -> pa.ChunkedArray:
    """Chunks of words, by the numbers that stand for them."""
    dictionary = words.cast(pa.string())
    chunks = [pa.DictionaryArray.from_arrays(one, dictionary, safe=False) for one in numbers]
    return pa.chunked_array(chunks, kind)


def _array(values: Values, kind: pa.DataType) -> pa.Array:
    """A chunk of a column, its memory shared where Arrow's form is the same."""
    if isinstance(values, Numbers):
        bits = None if values.valid is None or values.valid.all() else _bits(values.valid)
        is_bool = pa.types.is_boolean(kind)
        data = _bits(values.values != 0) if is_bool else pa.py_buffer(np.ascontiguousarray(values.values))
        return pa.Array.from_buffers(kind, len(values.values), [bits, data])
    if isinstance(values, Texts):
        bits = None if values.valid is None else _bits(values.valid)
        buffers = [bits, pa.py_buffer(values.ends), pa.py_buffer(values.text)]
        return pa.Array.from_buffers(kind, len(values.ends) - 1, buffers)
    raise TypeError("words in a column of plain text")


def _bits(flags: np.ndarray) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _shift(values: Values, by: int) -> None:
    assert isinstance(values, Numbers)
    if by:
        np.add(values.values, by, out=values.values)
