"""Claims -> values: each slot's text becomes a number, a word or a piece of text, in the row of its event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.claim import CLAIM, CLAIMED, HIT_COUNT, HITS
from istiolog_pd.engine.kernel.jit import get, kernel, part, pointer, put
from istiolog_pd.engine.kernel.text import is_blank, trimmed
from istiolog_pd.engine.kernel.values import HARD, VALUE, number_at
from istiolog_pd.engine.kernel.walk import HIT
from istiolog_pd.engine.kernel.words import FULL, number_of, pointers_of


class Cells(NamedTuple):
    """Room for the values: `base` is where a cell's rows begin (-1: the cell is not needed)."""

    base: np.ndarray
    numbers: np.ndarray
    valid: np.ndarray
    words: np.ndarray
    texts: np.ndarray  #: begin and size of each (-1: none)
    rows: np.ndarray
    events: np.ndarray  #: for each event: where its rows begin, and rows so far
    filled: np.ndarray  #: whether a cell holds anything
    hard: np.ndarray  #: texts for Python: number's place, begin, end


@kernel
def count_claims(stamp, claims, entries, counts):
    """How many entries each claim has."""
    claims, counts = pointer(claims), pointer(counts)
    for n in range(entries):
        claim = np.int64(get(claims, n * CLAIMED + CLAIM))
        put(counts, claim, get(counts, claim) + 1)


@kernel
def fill(stamp, numbers, words, text, hits, claims, first, past, cells, table, first_group, known, room):
    """Fill the cells of entries from `first` on; the entry it came to (less than `past`: something was full).

    ``room[0]`` counts the hard texts, ``room[1]`` is the length of a text the table has no room for. `known` holds for
    each slot the number of what its format itself says; -1: not asked yet.
    """
    numbers, words, text, hits, claims = pointer(numbers), pointer(words), pointer(text), pointer(hits), pointer(claims)
    base, values, valid, coded = pointer(cells[0]), pointer(cells[1]), pointer(cells[2]), pointer(cells[3])
    texts, rows, events, filled, hard = (
        pointer(cells[4]),
        pointer(cells[5]),
        pointer(cells[6]),
        pointer(cells[7]),
        cells[8],
    )
    table, known = pointers_of(table), pointer(known)
    for n in range(first, past):
        at = n * CLAIMED
        claim = get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * get(claims, at + CLAIM)
        event = 2 * get(numbers, claim + p.C_EVENT)
        row = get(events, event + 1)
        slots, hit = get(numbers, claim + p.C_SLOTS), HIT * np.int64(get(claims, at + HITS))
        for _ in range(get(claims, at + HIT_COUNT)):
            slot = slots + p.SLOT_WIDTH * get(hits, hit)
            begin, end = np.int64(get(hits, hit + 1)), np.int64(get(hits, hit + 2))
            hit += HIT
            native = get(numbers, slot + p.S_NATIVE)
            cell = get(numbers, slot + p.S_CELL)
            place = get(base, cell) + row
            put(filled, cell, 1)
            if native == p.WORD:
                number = number_of(table, first_group + get(numbers, slot + p.S_GROUP), text, begin, end)
                if number == FULL:
                    room[1] = end - begin
                    return n
                put(coded, place, number)
            elif native == p.TEXT or native == p.DASHED:
                if native == p.DASHED and end - begin == 1 and get(text, begin) == 45:
                    continue
                end = trimmed(text, begin, end)
                while begin < end and is_blank(get(text, begin)):
                    begin += 1
                put(texts, 2 * place, begin)
                put(texts, 2 * place + 1, end - begin)
            else:
                sort, value = number_at(native, text, begin, end)
                if sort == HARD:
                    if room[0] >= len(hard):
                        return n
                    hard[room[0], 0], hard[room[0], 1] = place, begin
                    hard[room[0], 2], hard[room[0], 3] = end, native
                    room[0] += 1
                put(values, place, value)
                put(valid, place, sort == VALUE)
        for said in range(get(numbers, claim + p.C_SAID), get(numbers, claim + p.C_SAID_END)):
            number = number_said(numbers, words, get(numbers, said), table, first_group, known)
            if number == FULL:
                room[1] = 64
                return n
            slot = get(numbers, p.SLOTS) + p.SLOT_WIDTH * get(numbers, said)
            cell = get(numbers, slot + p.S_CELL)
            put(coded, get(base, cell) + row, number)
            put(filled, cell, 1)
        put(rows, get(events, event) + row, n)
        put(events, event + 1, row + 1)
    return past


@part
def number_said(numbers, words, said, table, first_group, known):
    """The number of what a format itself says, asked once."""
    number = np.int64(get(known, said))
    if number < 0:
        slot = get(numbers, p.SLOTS) + p.SLOT_WIDTH * said
        begin, group = get(numbers, slot + p.S_PLACE), first_group + get(numbers, slot + p.S_GROUP)
        number = number_of(table, group, words, begin, begin + get(numbers, slot + p.S_SIZE))
        if number != FULL:
            put(known, said, number)
    return number
