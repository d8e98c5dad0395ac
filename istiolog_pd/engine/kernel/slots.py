"""The texts of a slot -> values of its sort: read one behind the other, as what comes next is of the same sort."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.jit import eight, get, part, put
from istiolog_pd.engine.kernel.recent import number_words
from istiolog_pd.engine.kernel.swar import digits_of
from istiolog_pd.engine.kernel.text import is_blank, trimmed
from istiolog_pd.engine.kernel.values import HARD, VALUE, integer, number_at

#: Numbers that tell of a hard text.
HARD_WIDTH = 4


@part
def fill_slot(numbers, slot, text, pieces, rows, count, to, known):
    """The texts of a slot, in some rows (a begin of -1: there is none); false if something was full."""
    base, values, valid, coded, texts, filled, _, _, room = to
    native, cell = get(numbers, slot + p.S_NATIVE), get(numbers, slot + p.S_CELL)
    place = get(base, cell)
    if native == p.INT:
        some = fill_integers(text[0], pieces, rows, count, values, valid, place)
    elif native == p.WORD:
        group = known[1] + get(numbers, slot + p.S_GROUP)
        some, full = number_words(text, pieces, rows, count, coded, place, known[0], group, known[3])
        if full >= 0:
            put(room, 1, max(full, np.int64(1)))
            return False
    elif native == p.TEXT or native == p.DASHED:
        some = fill_texts(text[0], pieces, rows, count, texts, place, native == p.DASHED)
    else:
        some, fits = fill_numbers(text[0], pieces, rows, count, place, native, to)
        if not fits:
            return False
    if some:
        put(filled, cell, 1)
    return True


@part
def fill_texts(text, pieces, rows, count, texts, place, dashed):
    """Pieces of text, without the blanks at their ends; `dashed`: a dash stands for none. Whether there are any."""
    some = False
    for n in range(count):
        begin, end = np.int64(get(pieces, 2 * n)), np.int64(get(pieces, 2 * n + 1))
        if begin < 0:
            continue
        some = True
        if dashed and end - begin == 1 and get(text, begin) == 45:
            continue
        end = trimmed(text, begin, end)
        while begin < end and is_blank(get(text, begin)):
            begin += 1
        at = 2 * (place + get(rows, n))
        put(texts, at, begin)
        put(texts, at + 1, end - begin)
    return some


@part
def fill_integers(text, pieces, rows, count, values, valid, place):
    """Whole numbers, most of which are short; whether there are any."""
    some = False
    for n in range(count):
        begin, end = np.int64(get(pieces, 2 * n)), np.int64(get(pieces, 2 * n + 1))
        at, there = place + get(rows, n), begin >= 0
        some |= there
        begin, size = max(begin, 0), end - begin if there else np.int64(1)
        if size <= 8 and get(text, begin) != 45:
            # Without a question whether it is there: where it often is not, the answer could not be foreseen.
            put(values, at, digits_of(eight(text, begin), size) if there else np.int64(0))
            put(valid, at, there)
        elif there:
            sort, value = integer(text, begin, end)
            put(values, at, value)
            put(valid, at, sort == VALUE)
    return some


@part
def fill_numbers(text, pieces, rows, count, place, native, to):
    """Sizes and durations; whether there are any, and false if there is no room for one that is left to Python."""
    _, values, valid, _, _, _, hard, hard_room, room = to
    some = False
    for n in range(count):
        begin, end = np.int64(get(pieces, 2 * n)), np.int64(get(pieces, 2 * n + 1))
        if begin < 0:
            continue
        some, at = True, place + get(rows, n)
        sort, value = number_at(native, text, begin, end)
        if sort == HARD:
            here = HARD_WIDTH * get(room, 0)
            if get(room, 0) >= hard_room:
                return some, False
            put(hard, here, at)
            put(hard, here + 1, begin)
            put(hard, here + 2, end)
            put(hard, here + 3, native)
            put(room, 0, get(room, 0) + 1)
        put(values, at, value)
        put(valid, at, sort == VALUE)
    return some, True
