"""Cells -> columns of an event: what several kinds of field say of one column comes together here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine import program as p
from istiolog_pd.engine.arena import Arena
from istiolog_pd.engine.kernel.cells import MOST_HARD, Cells
from istiolog_pd.engine.kernel.columns import gather, take_values, take_words
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.kernel.slots import HARD_WIDTH
from istiolog_pd.engine.piece import Coded, Numbers, Texts, Values
from istiolog_pd.engine.schema import PLAIN_TEXT, event_columns
from istiolog_pd.engine.vocabulary import Vocabulary
from istiolog_pd.engine.words import Words

#: Where the values of each sort are held.
STORES = {p.INT: p.INT, p.DURATION: p.INT, p.SIZE: p.INT, p.TEXT: p.TEXT, p.DASHED: p.TEXT, p.WORD: p.WORD}


class Scratch:
    """Room for what is no column yet (words, pieces of text, what is there); used again for each chunk."""

    def __init__(self) -> None:
        self._rooms: dict[np.dtype[Any], np.ndarray] = {}

    def filled(self, count: int, value: int, dtype: npt.DTypeLike) -> np.ndarray:
        """So many of one value; one array of each kind at a time."""
        kind = np.dtype(dtype)
        if kind not in self._rooms or len(self._rooms[kind]) < count:
            self._rooms[kind] = np.empty(2 * count, kind)
        found = self._rooms[kind][:count]
        found[:] = value
        return found


def new_cells(program: p.Program, counts: np.ndarray, arena: Arena, scratch: Scratch) -> Cells:
    """Room for the cells of so many entries of each claim."""
    there = np.flatnonzero(counts)
    per_event = np.zeros(len(p.EVENT_NAMES), np.int64)
    np.add.at(per_event, program.claim_event[there], counts[there])
    base = np.full(len(program.cell_native), -1, np.int64)
    room = dict.fromkeys((p.INT, p.TEXT, p.WORD), 0)
    needed = [program.slot_cell[program.slots_at[one] : program.slots_at[one + 1]] for one in there]
    for cell in np.unique(np.concatenate(needed) if needed else np.empty(0, np.int32)).tolist():
        store = STORES[int(program.cell_native[cell])]
        base[cell] = room[store]
        room[store] += int(per_event[program.cell_event[cell]])
    numbers = arena.take(room[p.INT], np.int64)  # 0 where nothing is filled in
    return Cells(
        base,
        numbers,
        scratch.filled(room[p.INT], False, np.bool_),
        scratch.filled(room[p.WORD], -1, np.int32),
        scratch.filled(2 * room[p.TEXT], -1, np.int64),
        arena.take(int(per_event.sum()), np.int64),
        np.stack([np.cumsum(per_event) - per_event, np.zeros(len(per_event), np.int64)], axis=1).ravel(),
        np.zeros(len(base), np.uint8),
        np.empty(MOST_HARD * HARD_WIDTH, np.int64),
    )


def columns_of(
    cells: Cells, vocabulary: Vocabulary, messages: np.ndarray, arena: Arena
) -> dict[str, dict[str, Values]]:
    """For each event the columns of its own that hold anything in this chunk."""
    rows = dict(zip(p.EVENT_NAMES, cells.events[1::2].tolist(), strict=True))
    columns: dict[str, dict[str, Values]] = {event: {} for event, count in rows.items() if count}
    for number in np.flatnonzero(cells.filled).tolist():
        cell = vocabulary.catalogue.cells[number]
        own, base = columns[cell.event], int(cells.base[number])
        for column, values in _values(cell, slice(base, base + rows[cell.event]), cells, vocabulary, messages, arena):
            # Of two cells that fill a column the lower one counts first.
            own[column] = _first_of(own[column], values) if column in own else values
    for event, own in columns.items():
        if "pod" in own and "proxy" in event_columns(event):
            _name_proxies(own, rows[event], vocabulary)
    return columns


def _values(
    cell: p.Cell, here: slice, cells: Cells, vocabulary: Vocabulary, messages: np.ndarray, arena: Arena
) -> Iterator[tuple[str, Values]]:
    """What a cell says of its columns, where it says anything."""
    if cell.native in (p.INT, p.DURATION, p.SIZE):
        valid = cells.valid[here]
        numbers = Numbers(cells.numbers[here], None if valid.all() else valid.copy())
        yield from ((column, numbers) for column in cell.columns)
        return
    if cell.native in (p.TEXT, p.DASHED):
        yield cell.columns[0], _texts(messages, cells.texts.reshape(-1, 2)[here])
        return
    words = cells.words[here]
    for column in cell.columns:
        parsed = vocabulary.parsed[cell.group, column]
        if not parsed.told:
            continue
        if parsed.valid is None:
            numbers_of = arena.take(len(words), np.int32)
            if take_words(STAMP, words, parsed.values.values, numbers_of):
                coded = Coded(numbers_of)
                yield column, _spelt_out(numbers_of, vocabulary.words[column]) if column in PLAIN_TEXT else coded
            continue
        values, valid = arena.take(len(words), np.int64), np.empty(len(words), np.bool_)
        found = take_values(STAMP, words, parsed.values.values, parsed.valid.values, values, valid)
        if found:
            yield column, Numbers(values, None if found == len(words) else valid)


def _texts(messages: np.ndarray, pieces: np.ndarray) -> Texts:
    ends = np.empty(len(pieces) + 1, np.int32)
    text = np.empty(int(np.maximum(pieces[:, 1], 0).sum()), np.uint8)
    gather(STAMP, messages, pieces, text, ends)
    return Texts(ends, text, pieces[:, 1] > 0)


def _spelt_out(numbers: np.ndarray, words: Words) -> Texts:
    """Words as texts of their own, for a column whose texts hardly repeat."""
    there = numbers >= 0
    pieces = np.where(there[:, None], words.places[numbers], [0, -1])
    return _texts(words.raw, pieces)


def _first_of(first: Values, second: Values) -> Values:
    """Of two sayings the first; where there is none, the second."""
    if isinstance(first, Coded) and isinstance(second, Coded):
        return Coded(np.where(first.numbers >= 0, first.numbers, second.numbers))
    if isinstance(first, Numbers) and isinstance(second, Numbers):
        there = _there(first)
        return Numbers(np.where(there, first.values, second.values), there | _there(second))
    if isinstance(first, Texts) and isinstance(second, Texts):
        there = np.ones(len(first.ends) - 1, np.bool_) if first.valid is None else first.valid
        other = np.ones(len(there), np.bool_) if second.valid is None else second.valid
        begins = np.where(there, first.ends[:-1], second.ends[:-1].astype(np.int64) + len(first.text))
        sizes = np.where(there, np.diff(first.ends), np.where(other, np.diff(second.ends), -1))
        return _texts(np.concatenate([first.text, second.text]), np.stack([begins, sizes], axis=1))
    raise TypeError("a column is filled by texts that repeat and by texts that do not")


def _there(values: Numbers) -> np.ndarray:
    return np.ones(len(values.values), np.bool_) if values.valid is None else values.valid


def _name_proxies(columns: dict[str, Values], rows: int, vocabulary: Vocabulary) -> None:
    """`proxy` of lines that name pod and namespace apart."""
    pods, namespaces = columns.get("pod"), columns.get("namespace")
    if not (isinstance(pods, Coded) and isinstance(namespaces, Coded)):
        return
    proxies = columns.get("proxy")
    known = proxies.numbers if isinstance(proxies, Coded) else np.full(rows, -1, np.int32)
    apart = np.flatnonzero((known < 0) & (pods.numbers >= 0) & (namespaces.numbers >= 0))
    if not len(apart):
        return
    pairs, place = np.unique(
        np.stack([pods.numbers[apart], namespaces.numbers[apart]], axis=1), axis=0, return_inverse=True
    )
    pod_names, namespace_names = (
        vocabulary.words[column].array().take(pa.array(numbers))
        for column, numbers in zip(("pod", "namespace"), pairs.T, strict=True)
    )
    names = vocabulary.words["proxy"].numbers_of(
        pc.binary_join_element_wise(pod_names, namespace_names, pa.scalar(".", pa.large_string()))
    )
    known = known.copy()
    known[apart] = names[place.ravel()]
    columns["proxy"] = Coded(known)
