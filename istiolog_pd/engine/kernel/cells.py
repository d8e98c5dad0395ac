"""Claims -> values: each slot's text becomes a number, a word or a piece of text, in the row of its event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.claim import CLAIM, CLAIMED, HIT_COUNT, HITS
from istiolog_pd.engine.kernel.jit import eight, get, kernel, part, pointer, put
from istiolog_pd.engine.kernel.swar import digits_of
from istiolog_pd.engine.kernel.text import is_blank, trimmed
from istiolog_pd.engine.kernel.values import HARD, VALUE, integer, number_at
from istiolog_pd.engine.kernel.walk import HIT, MOST_SLOTS
from istiolog_pd.engine.kernel.wide import SLACK
from istiolog_pd.engine.kernel.words import FULL, number_of, pointers_of

#: So many hits, about, are sorted by slot at a time: their entries stay in the nearest cache.
TOGETHER = 2048
#: Numbers that tell of a hard text.
HARD_WIDTH = 4
#: Room for those: more than entries looked at together can have.
MOST_HARD = 2 * (TOGETHER + MOST_SLOTS)


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
    hard: np.ndarray  #: texts for Python: number's place, begin, end, sort


class Lists(NamedTuple):
    """Room to sort hits by slot: each slot's last hit, the slots met, each hit's one before, each hit's row."""

    heads: np.ndarray
    met: np.ndarray
    follow: np.ndarray
    row_of: np.ndarray


def new_lists(slots: int) -> Lists:
    """Empty lists."""
    room = TOGETHER + MOST_SLOTS
    return Lists(
        np.full(slots, -1, np.int32), np.zeros(slots, np.int32), np.zeros(room, np.int32), np.zeros(room, np.int64)
    )


@kernel
def count_claims(stamp, claims, entries, counts):
    """How many entries each claim has."""
    claims, counts = pointer(claims), pointer(counts)
    for n in range(entries):
        claim = np.int64(get(claims, n * CLAIMED + CLAIM))
        put(counts, claim, get(counts, claim) + 1)


@kernel
def fill(stamp, numbers, words, text, hits, claims, first, past, cells, table, first_group, known, room, lists):
    """Fill the cells of entries from `first` on; the entry it came to (less than `past`: something was full).

    ``room[0]`` counts the hard texts, ``room[1]`` is the length of a text the table has no room for. `known` holds for
    each slot the number of what its format itself says; -1: not asked yet.

    Some entries are looked at together, slot by slot: so many texts of one sort are read one after the other, and the
    processor need not guess what comes next.
    """
    far = len(text)
    numbers, words, text, hits, claims = pointer(numbers), pointer(words), pointer(text), pointer(hits), pointer(claims)
    base, values, valid, coded = pointer(cells[0]), pointer(cells[1]), pointer(cells[2]), pointer(cells[3])
    texts, rows, events, filled = pointer(cells[4]), pointer(cells[5]), pointer(cells[6]), pointer(cells[7])
    hard, hard_room, room = pointer(cells[8]), len(cells[8]) // HARD_WIDTH, pointer(room)
    table, known = pointers_of(table), pointer(known)
    heads, met, follow, row_of = pointer(lists[0]), pointer(lists[1]), pointer(lists[2]), pointer(lists[3])
    while first < past:
        origin = np.int64(get(claims, first * CLAIMED + HITS))
        stop, slots, full, kept = first, 0, False, get(room, 0)
        while stop < past and not full:
            at = stop * CLAIMED
            begin = np.int64(get(claims, at + HITS)) - origin
            if begin >= TOGETHER:
                break
            claim = get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * get(claims, at + CLAIM)
            event = 2 * get(numbers, claim + p.C_EVENT)
            row = get(events, event + 1)
            full = not fill_said(numbers, words, claim, row, base, coded, filled, table, first_group, known)
            first_slot = (get(numbers, claim + p.C_SLOTS) - get(numbers, p.SLOTS)) // p.SLOT_WIDTH
            for hit in range(begin, begin + get(claims, at + HIT_COUNT)):
                slot = first_slot + get(hits, HIT * (origin + hit))
                head = get(heads, slot)
                if head < 0:
                    put(met, slots, slot)
                    slots += 1
                put(follow, hit, head)
                put(row_of, hit, row)
                put(heads, slot, hit)
            put(rows, get(events, event) + row, stop)
            put(events, event + 1, row + 1)
            stop += 1
        if full:
            put(room, 1, 64)
        for n in range(slots):
            slot = np.int64(get(met, n))
            hit, of = np.int64(get(heads, slot)), get(numbers, p.SLOTS) + p.SLOT_WIDTH * slot
            put(heads, slot, -1)
            if full:
                continue
            native, cell = get(numbers, of + p.S_NATIVE), get(numbers, of + p.S_CELL)
            place = get(base, cell)
            put(filled, cell, 1)
            if native == p.WORD:
                group = first_group + get(numbers, of + p.S_GROUP)
                size = fill_words(text, far, hits, origin, hit, follow, row_of, coded, place, table, group)
                full = size >= 0
                if full:
                    put(room, 1, max(size, 1))
            elif native == p.TEXT or native == p.DASHED:
                fill_texts(text, hits, origin, hit, follow, row_of, texts, place, native == p.DASHED)
            elif native == p.INT:
                fill_integers(text, hits, origin, hit, follow, row_of, values, valid, place)
            else:
                full = not fill_numbers(
                    text, hits, origin, hit, follow, row_of, values, valid, place, native, hard, hard_room, room
                )
        if full:  # as if these entries had not been looked at
            put(room, 0, kept)
            for n in range(first, stop):
                claim = get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * get(claims, n * CLAIMED + CLAIM)
                event = 2 * get(numbers, claim + p.C_EVENT)
                put(events, event + 1, get(events, event + 1) - 1)
            return first
        first = stop
    return past


@part
def fill_said(numbers, words, claim, row, base, coded, filled, table, first_group, known):
    """What the format itself says; false if the table is full."""
    for said in range(get(numbers, claim + p.C_SAID), get(numbers, claim + p.C_SAID_END)):
        number = number_said(numbers, words, get(numbers, said), table, first_group, known)
        if number == FULL:
            return False
        slot = get(numbers, p.SLOTS) + p.SLOT_WIDTH * get(numbers, said)
        cell = get(numbers, slot + p.S_CELL)
        put(coded, get(base, cell) + row, number)
        put(filled, cell, 1)
    return True


@part
def fill_words(text, far, hits, origin, hit, follow, row_of, coded, place, table, group):
    """Texts that repeat; the size of one that the table has no room for, or -1."""
    while hit >= 0:
        at = HIT * (origin + hit)
        begin, end = np.int64(get(hits, at + 1)), np.int64(get(hits, at + 2))
        number = number_of(table, group, text, begin, end, far)
        if number == FULL:
            return end - begin
        put(coded, place + get(row_of, hit), number)
        hit = np.int64(get(follow, hit))
    return np.int64(-1)


@part
def fill_texts(text, hits, origin, hit, follow, row_of, texts, place, dashed):
    """Pieces of text, without the blanks at their ends; `dashed`: a dash stands for none."""
    while hit >= 0:
        at, to = HIT * (origin + hit), 2 * (place + get(row_of, hit))
        begin, end = np.int64(get(hits, at + 1)), np.int64(get(hits, at + 2))
        hit = np.int64(get(follow, hit))
        if dashed and end - begin == 1 and get(text, begin) == 45:
            continue
        end = trimmed(text, begin, end)
        while begin < end and is_blank(get(text, begin)):
            begin += 1
        put(texts, to, begin)
        put(texts, to + 1, end - begin)


@part
def fill_integers(text, hits, origin, hit, follow, row_of, values, valid, place):
    """Whole numbers; most are short."""
    while hit >= 0:
        at, to = HIT * (origin + hit), place + get(row_of, hit)
        begin, end = np.int64(get(hits, at + 1)), np.int64(get(hits, at + 2))
        hit = np.int64(get(follow, hit))
        if end - begin <= 8 and get(text, begin) != 45:
            put(values, to, digits_of(eight(text, begin), end - begin))
            put(valid, to, True)
        else:
            sort, value = integer(text, begin, end)
            put(values, to, value)
            put(valid, to, sort == VALUE)


@part
def fill_numbers(text, hits, origin, hit, follow, row_of, values, valid, place, native, hard, hard_room, room):
    """Sizes and durations; false if there is no room for one that is left to Python."""
    while hit >= 0:
        at, to = HIT * (origin + hit), place + get(row_of, hit)
        begin, end = np.int64(get(hits, at + 1)), np.int64(get(hits, at + 2))
        hit = np.int64(get(follow, hit))
        sort, value = number_at(native, text, begin, end)
        if sort == HARD:
            n = HARD_WIDTH * get(room, 0)
            if get(room, 0) >= hard_room:
                return False
            put(hard, n, to)
            put(hard, n + 1, begin)
            put(hard, n + 2, end)
            put(hard, n + 3, native)
            put(room, 0, get(room, 0) + 1)
        put(values, to, value)
        put(valid, to, sort == VALUE)
    return True


@part
def number_said(numbers, words, said, table, first_group, known):
    """The number of what a format itself says, asked once."""
    number = np.int64(get(known, said))
    if number < 0:
        slot = get(numbers, p.SLOTS) + p.SLOT_WIDTH * said
        begin, group = get(numbers, slot + p.S_PLACE), first_group + get(numbers, slot + p.S_GROUP)
        end = begin + get(numbers, slot + p.S_SIZE)
        number = number_of(table, group, words, begin, end, end + SLACK)
        if number != FULL:
            put(known, said, number)
    return number
