"""Lines that are one flat JSON object: found, and their message put together. The odd ones are left alone."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, four, get, part, put
from istiolog_pd.engine.kernel.rules import K_LOW, K_PLACE, K_SIZE
from istiolog_pd.engine.kernel.swar import HIGH_BITS, ONES, first_flag, ones, zeros
from istiolog_pd.engine.kernel.text import copy, digits_end, is_digit, stands

QUOTES, ESCAPES, BLANKS = np.uint64(34) * ONES, np.uint64(92) * ONES, np.uint64(32) * ONES
TRUE, NULL, FALS = (np.uint64(int.from_bytes(word, "little")) for word in (b"true", b"null", b"fals"))

MOST_PAIRS = 64
# Of each pair: key, value, what the value is, and the first eight bytes of the key.
KEY, KEY_END, VALUE, VALUE_END, SORT, TAKEN, LOW = range(7)
PAIR = 8
STRING, ESCAPED, BARE = 0, 1, 2


@part
def skip(text, at, end):
    while at < end and (get(text, at) == 32 or get(text, at) == 9 or get(text, at) == 13):
        at += 1
    return at


@part
def string_end(text, at, end):
    """The closing quote of the string whose text begins at `at`, and its sort; -1 if there is none to be sure of."""
    sort = np.int64(STRING)
    while at < end:
        # Eight bytes at a time, as long as no quote, no escape and no control character is among them.
        while at + 8 <= end:
            word = eight(text, at)
            flags = zeros(word ^ QUOTES) | zeros(word ^ ESCAPES) | ((word - BLANKS) & ~word & HIGH_BITS)
            if flags:
                at += first_flag(flags)
                break
            at += 8
        byte = get(text, at)  # of the line's end, if nothing is left
        if byte == 34:
            return at, sort
        if byte < 32:
            return np.int64(-1), sort
        if byte == 92:
            sort = np.int64(ESCAPED)
            at += 1
            if at >= end:
                return np.int64(-1), sort
            byte = get(text, at)
            if byte == 117:
                if code_point(text, at + 1, end) < 0:
                    return np.int64(-1), sort
                at += 4
            elif byte not in (34, 92, 47, 98, 102, 110, 114, 116):
                return np.int64(-1), sort
        at += 1
    return np.int64(-1), sort


@part
def code_point(text, at, end):
    """The number of four hexadecimal digits; -1 for others, and for half of a pair."""
    if at + 4 > end:
        return -1
    value = 0
    for n in range(4):
        byte = np.int64(get(text, at + n))
        if 48 <= byte <= 57:
            value = value * 16 + byte - 48
        elif 97 <= byte <= 102 or 65 <= byte <= 70:
            value = value * 16 + (byte | 32) - 87
        else:
            return -1
    return -1 if 0xD800 <= value <= 0xDFFF else value


@part
def bare_end(text, at, end):
    """The end of a number, `true`, `false` or `null`; -1 for anything else."""
    start = at
    if get(text, at) == 45:
        at += 1
    if at < end and is_digit(get(text, at)):
        at = at + 1 if get(text, at) == 48 else digits_end(text, at, end)
        if at < end and get(text, at) == 46:
            stop = digits_end(text, at + 1, end)
            if stop == at + 1:
                return -1
            at = stop
        if at < end and (get(text, at) == 101 or get(text, at) == 69):
            at += 1
            if at < end and (get(text, at) == 43 or get(text, at) == 45):
                at += 1
            stop = digits_end(text, at, end)
            if stop == at:
                return -1
            at = stop
        return at
    if end - start >= 5:  # a bracket stands behind it
        word = four(text, start)
        if word == TRUE or word == NULL:
            return start + 4
        if word == FALS and get(text, start + 4) == 101:
            return start + 5
    return -1


@part
def pairs_of(text, start, end, pairs):
    """The pairs of a flat object, as places in `text`; -1 if it is anything else (to the JSON reader of Python)."""
    at = skip(text, start + 1, end)
    count = np.int64(0)
    while at < end and get(text, at) == 34:
        if count == MOST_PAIRS:
            return np.int64(-1)
        pair = PAIR * count
        first = at + 1
        at, sort = string_end(text, first, end)
        if at < 0 or sort == ESCAPED:
            return np.int64(-1)
        put(pairs, pair + KEY, first)
        put(pairs, pair + KEY_END, at)
        put(pairs, pair + LOW, np.int64(first_bytes(text, first, at, end)))
        at = skip(text, at + 1, end)
        if at >= end or get(text, at) != 58:
            return np.int64(-1)
        at = skip(text, at + 1, end)
        if at >= end:
            return np.int64(-1)
        value, sort, past = at, np.int64(BARE), at
        if get(text, at) == 34:
            value = at + 1
            at, sort = string_end(text, value, end)
            past = at + 1
        else:
            at = bare_end(text, at, end)
            past = at
        if at < 0:
            return np.int64(-1)
        put(pairs, pair + VALUE, value)
        put(pairs, pair + VALUE_END, at)
        put(pairs, pair + SORT, sort)
        put(pairs, pair + TAKEN, 0)
        count += 1
        at = skip(text, past, end)
        if at >= end or get(text, at) != 44:
            break
        at = skip(text, at + 1, end)
        if at >= end or get(text, at) != 34:
            return np.int64(-1)
    if at >= end or get(text, at) != 125 or skip(text, at + 1, end) != end:
        return np.int64(-1)
    return count


@part
def first_bytes(text, start, stop, end):
    """The first eight bytes of a key, 0 behind its end."""
    if start + 8 <= end:
        return eight(text, start) & ones(stop - start)
    word = np.uint64(0)
    for n in range(start, stop):
        word |= np.uint64(get(text, n)) << np.uint64(8 * (n - start))
    return word


@part
def copied(text, start, end, sort, out, to):
    """Write a value, its escapes resolved; where the next goes."""
    if sort != ESCAPED:
        copy(text, start, end, out, to)
        return to + end - start
    at = start
    while at < end:
        byte = get(text, at)
        if byte != 92:
            put(out, to, byte)
            to += 1
            at += 1
            continue
        byte = get(text, at + 1)
        at += 2
        if byte == 117:
            to = utf8(code_point(text, at, end), out, to)
            at += 4
            continue
        if byte == 98:
            byte = np.uint8(8)
        elif byte == 102:
            byte = np.uint8(12)
        elif byte == 110:
            byte = np.uint8(10)
        elif byte == 114:
            byte = np.uint8(13)
        elif byte == 116:
            byte = np.uint8(9)
        put(out, to, byte)
        to += 1
    return to


@part
def utf8(point, out, to):
    if point < 0x80:
        put(out, to, point)
        return to + 1
    if point < 0x800:
        put(out, to, 0xC0 | (point >> 6))
        put(out, to + 1, 0x80 | (point & 63))
        return to + 2
    put(out, to, 0xE0 | (point >> 12))
    put(out, to + 1, 0x80 | ((point >> 6) & 63))
    put(out, to + 2, 0x80 | (point & 63))
    return to + 3


@part
def find(text, pairs, count, rules, key, words):
    """The first pair of a key (by its place among the rules); -1 if there is none, and for no key."""
    low, size = get(rules, key + K_LOW), get(rules, key + K_SIZE)
    if size == 0:
        return np.int64(-1)
    for n in range(count):
        pair = PAIR * n
        begin, end = get(pairs, pair + KEY), get(pairs, pair + KEY_END)
        if get(pairs, pair + LOW) == low and end - begin == size:
            if size <= 8 or stands(text, begin, end, words, get(rules, key + K_PLACE), size):
                return np.int64(n)
    return np.int64(-1)


@part
def message_of(text, pairs, count, message, stack, out, to):
    """Write message, labels and stack as text logs have them; where the next goes."""
    to = value_copied(text, pairs, message, out, to)
    between = np.uint8(9)
    for n in range(count):
        if get(pairs, PAIR * n + TAKEN):
            continue
        put(out, to, between)
        between = np.uint8(32)
        to = copied(text, get(pairs, PAIR * n + KEY), get(pairs, PAIR * n + KEY_END), STRING, out, to + 1)
        put(out, to, 61)
        to = value_copied(text, pairs, n, out, to + 1)
    if stack >= 0:
        put(out, to, 10)
        to = value_copied(text, pairs, stack, out, to + 1)
    return to


@part
def value_copied(text, pairs, n, out, to):
    pair = PAIR * n
    return copied(text, get(pairs, pair + VALUE), get(pairs, pair + VALUE_END), get(pairs, pair + SORT), out, to)
