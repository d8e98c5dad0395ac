"""Pieces -> Arrow tables: the numbers of words of several workers become one list of distinct texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.kernel.columns import mark_used, renumber, take_words
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.piece import Coded, Numbers, Piece, Same, Texts, Values
from istiolog_pd.engine.program import EVENT_NAMES, LEVEL_NAMES
from istiolog_pd.engine.schema import EVENTS_SCHEMA, event_schema
from istiolog_pd.engine.words import Words
from istiolog_pd.formats.model import COMPONENTS

#: Columns whose numbers mean the same for every worker.
FIXED = {
    column: pa.array(names, pa.large_string())
    for column, names in (("level", LEVEL_NAMES), ("event", EVENT_NAMES), ("component", COMPONENTS))
}


#: A table with fewer rows than this in a piece, on average, is of one chunk.
FEW = 4096


@dataclass(slots=True)
class _Nulls:
    """Columns of one value share its memory."""

    most: int
    arrays: dict[pa.DataType, pa.Array] = field(default_factory=dict)

    def of(self, kind: pa.DataType, rows: int) -> pa.Array:
        if kind not in self.arrays:
            self.arrays[kind] = pa.nulls(self.most, kind)
        return self.arrays[kind].slice(0, rows)


@dataclass(slots=True)
class _Place:
    """Where a piece's rows stand in the whole: rows and lines before it."""

    rows: int
    lines: int


def tables(
    pieces: Sequence[Piece], source: str, rows: int = 0, lines: int = 0, *, messages: bool = True
) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The tables of some pieces that follow one another; `rows` and `lines` stand before them.

    The memory of the pieces becomes that of the tables, so they can be put together once.
    """
    places = []
    for piece in pieces:
        places.append(_Place(rows, lines))
        rows, lines = rows + piece.entries, lines + piece.lines
    return _built(_Tables(pieces, places, source, messages))


def _built(build: _Tables) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The tables; what a piece held for one is dropped as soon as it is built, so that little is held twice."""
    pieces, places = build.pieces, build.places
    narrow = {}
    for event in EVENT_NAMES:
        parts = [build.narrow(event, piece, place) for piece, place in zip(pieces, places, strict=True)]
        if any(parts):
            narrow[event] = build.table(event_schema(event), parts)
        for piece in pieces:
            piece.columns.pop(event, None)
            piece.rows.pop(event, None)
    parts = [build.common(piece, place) for piece, place in zip(pieces, places, strict=True)]
    return build.table(EVENTS_SCHEMA, parts), narrow


#: Rows of a table in a piece, their columns, and the piece.
There = tuple[int, dict[str, Values], Piece]
Part = There | None


class _Tables:
    def __init__(self, pieces: Sequence[Piece], places: Sequence[_Place], source: str, messages: bool) -> None:
        self.pieces, self.places, self.source, self.messages = pieces, places, source, messages
        self.nulls = _Nulls(max((piece.entries for piece in pieces), default=0))
        self.same: dict[int, pa.Array] = {}

    def common(self, piece: Piece, place: _Place) -> Part:
        """The columns of every entry."""
        columns = dict(piece.common)
        _shift(columns["line"], place.lines)
        if not self.messages:
            columns.pop("message", None)
        return piece.entries, columns, piece

    def narrow(self, event: str, piece: Piece, place: _Place) -> Part:
        """The columns of an event's rows; nothing if the piece has none."""
        rows = piece.rows.get(event)
        if rows is None:
            return None
        columns = piece.columns[event]
        _shift(columns["line"], place.lines)
        row = Numbers(rows, None)
        _shift(row, place.rows)
        return len(rows), {**columns, "row": row}, piece

    def table(self, schema: pa.Schema, parts: Sequence[Part]) -> pa.Table:
        """A table of the parts: a chunk each, or one of all if they are small."""
        there = [part for part in parts if part is not None and part[0]]
        if not there:
            return schema.empty_table()
        rows = sum(part[0] for part in there)
        build = self.whole if len(there) > 1 and rows < FEW * len(there) else self.column
        return pa.table([build(one, there) for one in schema], schema=schema)

    def whole(self, one: pa.Field, parts: Sequence[There]) -> pa.Array | pa.ChunkedArray:
        """A column of rare rows, which are copied together: a chunk for each piece would be tiny."""
        rows = sum(part[0] for part in parts)
        if one.name == "source":
            return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([self.source], pa.string()))
        told = [columns.get(one.name) for _, columns, _ in parts]
        if any(isinstance(values, Texts) for values in told):
            return self.column(one, parts)  # which can be longer than what one chunk can hold
        if all(values is None for values in told):
            return pa.nulls(rows, one.type)
        if not pa.types.is_dictionary(one.type):
            return _array(_joined(told, [count for count, _, _ in parts]), one.type)
        dictionary, renumber_of = self._dictionary(one, parts)
        numbers, first = np.full(rows, -1, np.int32), 0
        for coded, (count, _, piece) in zip(told, parts, strict=True):
            own, first = numbers[first : first + count], first + count
            if isinstance(coded, Coded):
                take_words(STAMP, coded.numbers, renumber_of[_key(one.name, piece)], own)
            elif isinstance(coded, Same) and coded.number >= 0:
                own[:] = renumber_of[_key(one.name, piece)][coded.number]
        indices = _int_array(pa.int32(), np.maximum(numbers, 0), numbers >= 0)
        return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)

    def column(self, one: pa.Field, parts: Sequence[There]) -> pa.ChunkedArray:
        """A column of the parts, a chunk each."""
        if one.name == "source":
            source = pa.array([self.source], pa.string())
            return pa.chunked_array([self._constant(rows, 0, source) for rows, _, _ in parts], one.type)
        if not any(one.name in columns for _, columns, _ in parts):
            return pa.chunked_array([self.nulls.of(one.type, rows) for rows, _, _ in parts], one.type)
        if pa.types.is_dictionary(one.type):
            return self._words(one, parts)
        arrays = [
            _array(columns[one.name], one.type) if one.name in columns else self.nulls.of(one.type, rows)
            for rows, columns, _ in parts
        ]
        return pa.chunked_array(arrays, one.type)

    def _constant(self, rows: int, number: int, dictionary: pa.Array) -> pa.Array:
        """One word for so many rows; the memory of its numbers is shared."""
        if number not in self.same:
            self.same[number] = pa.array(np.full(self.nulls.most, number, np.int32))
        return pa.DictionaryArray.from_arrays(self.same[number].slice(0, rows), dictionary, safe=False)

    @staticmethod
    def _dictionary(one: pa.Field, parts: Sequence[There]) -> tuple[pa.Array, dict[int, np.ndarray]]:
        """The words of a column that are used, once, and for each vocabulary its numbers of them."""
        used: dict[int, np.ndarray] = {}
        names: dict[int, pa.Array] = {}
        for _, columns, piece in parts:
            coded = columns.get(one.name)
            if isinstance(coded, Coded | Same):
                key = _key(one.name, piece)
                if key not in used:
                    names[key] = _names(one.name, piece)
                    used[key] = np.zeros(len(names[key]) + 1, np.bool_)
                if isinstance(coded, Coded):
                    mark_used(STAMP, coded.numbers, used[key])
                elif coded.number >= 0:
                    used[key][coded.number] = True
        return _united(names, used)

    def _words(self, one: pa.Field, parts: Sequence[There]) -> pa.ChunkedArray:
        """A column of words: the words that are used, once, and each chunk's numbers of them."""
        dictionary, renumber_of = self._dictionary(one, parts)
        arrays = []
        for rows, columns, piece in parts:
            coded = columns.get(one.name)
            key = _key(one.name, piece)
            if isinstance(coded, Same) and coded.number >= 0:
                arrays.append(self._constant(rows, int(renumber_of[key][coded.number]), dictionary))
                continue
            if not isinstance(coded, Coded):
                arrays.append(pa.DictionaryArray.from_arrays(self.nulls.of(pa.int32(), rows), dictionary, safe=False))
                continue
            bits = np.zeros((rows + 7) // 8, np.uint8)
            nulls = renumber(STAMP, coded.numbers, renumber_of[key], bits)
            buffers = [pa.py_buffer(bits) if nulls else None, pa.py_buffer(coded.numbers)]
            indices_array = pa.Array.from_buffers(pa.int32(), rows, buffers, nulls)
            arrays.append(pa.DictionaryArray.from_arrays(indices_array, dictionary, safe=False))
        return pa.chunked_array(arrays, one.type)


def _united(names: Mapping[int, pa.Array], used: Mapping[int, np.ndarray]) -> tuple[pa.Array, dict[int, np.ndarray]]:
    """The distinct texts of several vocabularies that are used, and for each its numbers of them."""
    found = {key: np.flatnonzero(there[:-1]) for key, there in used.items()}
    words = Words(sum(map(len, found.values())))
    renumber_of = {}
    for key, there in used.items():
        places = found[key]
        renumber_of[key] = np.full(len(there), -1, np.int32)
        renumber_of[key][places] = words.numbers_of(names[key].take(pa.array(places)))
    return words.array().cast(pa.string()), renumber_of


def _key(column: str, piece: Piece) -> int:
    """What tells the vocabularies of pieces apart; one for all where numbers mean the same."""
    return 0 if column in FIXED else id(piece.vocabulary)


def _names(column: str, piece: Piece) -> pa.Array:
    return FIXED[column] if column in FIXED else piece.vocabulary.words[column].array()


def _joined(parts: Sequence[Values | None], rows: Sequence[int]) -> Numbers:
    """Numbers of several pieces one behind the other; None: nothing in so many rows."""
    values, valid = [], []
    for one, count in zip(parts, rows, strict=True):
        there = one.valid if isinstance(one, Numbers) else np.zeros(count, np.bool_)
        values.append(one.values if isinstance(one, Numbers) else np.zeros(count, np.int64))
        valid.append(np.ones(count, np.bool_) if there is None else there)
    return Numbers(np.concatenate(values), np.concatenate(valid))


def _int_array(kind: pa.DataType, values: np.ndarray, valid: np.ndarray | None) -> pa.Array:
    bits = None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def _array(values: Values, kind: pa.DataType) -> pa.Array:
    """A chunk of a column, its memory shared where Arrow's form is the same."""
    if isinstance(values, Numbers):
        if pa.types.is_boolean(kind):
            return pa.array(values.values != 0, mask=None if values.valid is None else ~values.valid)
        return _int_array(kind, values.values, values.valid)
    if isinstance(values, Texts):
        bits = None if values.valid is None else pa.py_buffer(np.packbits(values.valid, bitorder="little"))
        buffers = [bits, pa.py_buffer(values.ends), pa.py_buffer(values.text)]
        return pa.Array.from_buffers(kind, len(values.ends) - 1, buffers)
    raise TypeError("words in a column of plain text")


def _shift(values: Values, by: int) -> None:
    assert isinstance(values, Numbers)
    if by:
        np.add(values.values, by, out=values.values)
