"""Words that came before, near at hand: the table of all words is too large for the nearest caches."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import behind, eight, get, inlined, part, prefetch, put, put_eight
from istiolog_pd.engine.kernel.swar import ones
from istiolog_pd.engine.kernel.text import copy
from istiolog_pd.engine.kernel.wide import NEAR, WIDTH, alike
from istiolog_pd.engine.kernel.words import FULL, hash_in, number_of, number_of_hash

#: So many bytes has a short word; so many are remembered, a power of two, in so many numbers each.
SHORT, SHORT_WORDS, SHORT_WORD = 8, 256, 3
_SHORT_SHIFT, _SHORT_FACTOR = np.uint64(64 - SHORT_WORDS.bit_length() + 1), np.uint64(0x9E3779B97F4A7C15)
#: So many longer ones are, a power of two, in `NEAR` bytes each: number, group and size in the first eight, the text in
#: the rest.
LINES, LINE_TEXT = 8192, NEAR - 8
_ALL = np.uint64(2**64 - 1)


def nothing_recent() -> tuple[np.ndarray, np.ndarray]:
    """Memory of short words and of longer ones, empty."""
    room = np.zeros((LINES + 1) * NEAR, np.uint8)
    lines = room[-room.ctypes.data % NEAR :][: LINES * NEAR]
    return np.full(SHORT_WORDS * SHORT_WORD, -1, np.int64), lines


@part
def number_words(text, pieces, rows, count, coded, place, table, group, recent):
    """Numbers of texts, in some rows; whether there are any, and the size of one the table has no room for, or -1.

    What is asked of memory for one text comes while others are looked at.
    """
    text, far = text
    shorts, lines, hashes = recent
    for n in range(count):
        begin, end = np.int64(get(pieces, 2 * n)), np.int64(get(pieces, 2 * n + 1))
        if begin >= 0 and end - begin > SHORT:
            value = hash_in(table, group, text, begin, end, far)
            put(hashes, n, value)
            prefetch(lines, line_of(value))
    some = False
    for n in range(count):
        begin, end = np.int64(get(pieces, 2 * n)), np.int64(get(pieces, 2 * n + 1))
        if begin < 0:
            continue
        some = True
        if end - begin > LINE_TEXT:
            number = number_of_hash(table, group, text, begin, end, far, get(hashes, n))
        elif end - begin > SHORT:
            number = line_number(text, begin, end, far, table, group, lines, get(hashes, n))
        else:
            number = short_number(text, begin, end, far, table, group, shorts)
        if number == FULL:
            return some, end - begin
        put(coded, place + get(rows, n), number)
    return some, np.int64(-1)


@inlined
def line_of(value):
    """Where a word of that hash is remembered."""
    return (value & (LINES - 1)) * NEAR


@inlined
def line_number(text, begin, end, far, table, group, lines, value):
    """`number_of` a word of up to `LINE_TEXT` bytes, from memory if it came before."""
    line, size = behind(lines, line_of(value)), end - begin
    head = eight(line, 0)
    if head & np.uint64(0xFFFFFFFF) == np.uint64(group << 8 | size) and is_there(text, begin, size, line):
        return np.int64(head >> np.uint64(32))
    number = number_of_hash(table, group, text, begin, end, far, value)
    if number != FULL:
        put_eight(line, 0, np.uint64(number << 32 | group << 8 | size))
        copy(text, begin, end, line, 8)
    return number


@inlined
def is_there(text, begin, size, line):
    """Whether a text is that of a line; `WIDTH` bytes can be read of it."""
    short = min(size, WIDTH)
    differs = ~alike(text, begin, line, np.int64(8)) & (_ALL >> np.uint64(64 - short))
    if size > WIDTH:
        differs |= ~alike(text, begin + size - WIDTH, line, 8 + size - WIDTH) & np.uint64(2**WIDTH - 1)
    return differs == 0


@inlined
def short_number(text, begin, end, far, table, group, shorts):
    """`number_of` a short word, from memory if it came before."""
    size = end - begin
    word, sort = eight(text, begin) & ones(size), group << 32 | size
    at = SHORT_WORD * np.int64(((word ^ np.uint64(sort)) * _SHORT_FACTOR) >> _SHORT_SHIFT)
    if get(shorts, at) == np.int64(word) and get(shorts, at + 1) == sort:
        return get(shorts, at + 2)
    number = number_of(table, group, text, begin, end, far)
    if number != FULL:
        put(shorts, at, np.int64(word))
        put(shorts, at + 1, sort)
        put(shorts, at + 2, number)
    return number
