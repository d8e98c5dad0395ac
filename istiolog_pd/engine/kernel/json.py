"""Lines that are one flat JSON object: found, and their message put together. The odd ones are left alone."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import get, part
from istiolog_pd.engine.kernel.text import is_digit, stands

MOST_PAIRS = 64
# Of each pair: key, value, and what the value is.
KEY, KEY_END, VALUE, VALUE_END, SORT, TAKEN = range(6)
STRING, ESCAPED, BARE = 0, 1, 2


@part
def skip(text, at, end):
    while at < end and (get(text, at) == 32 or get(text, at) == 9 or get(text, at) == 13):
        at += 1
    return at


@part
def string_end(text, at, end):
    """The closing quote of the string whose text begins at `at`, and its sort; -1 if there is none to be sure of."""
    sort = STRING
    while at < end:
        byte = get(text, at)
        if byte == 34:
            return at, sort
        if byte < 32:
            return -1, sort
        if byte == 92:
            sort = ESCAPED
            at += 1
            if at >= end:
                return -1, sort
            byte = get(text, at)
            if byte == 117:
                if code_point(text, at + 1, end) < 0:
                    return -1, sort
                at += 4
            elif byte not in (34, 92, 47, 98, 102, 110, 114, 116):
                return -1, sort
        at += 1
    return -1, sort


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
        at = at + 1 if get(text, at) == 48 else digits(text, at, end)
        if at < end and get(text, at) == 46:
            stop = digits(text, at + 1, end)
            if stop == at + 1:
                return -1
            at = stop
        if at < end and (get(text, at) == 101 or get(text, at) == 69):
            at += 1
            if at < end and (get(text, at) == 43 or get(text, at) == 45):
                at += 1
            stop = digits(text, at, end)
            if stop == at:
                return -1
            at = stop
        return at
    for word in (b"true", b"false", b"null"):
        if stands(text, start, end, word, 0, len(word)):
            return start + len(word)
    return -1


@part
def digits(text, at, end):
    while at < end and is_digit(get(text, at)):
        at += 1
    return at


@part
def pairs_of(text, start, end, pairs):
    """The pairs of a flat object, as places in `text`; -1 if it is anything else (to the JSON reader of Python)."""
    at = skip(text, start + 1, end)
    count = 0
    while at < end and get(text, at) == 34:
        if count == MOST_PAIRS:
            return -1
        pairs[count, KEY] = at + 1
        at, sort = string_end(text, at + 1, end)
        if at < 0 or sort == ESCAPED:
            return -1
        pairs[count, KEY_END] = at
        at = skip(text, at + 1, end)
        if at >= end or get(text, at) != 58:
            return -1
        at = skip(text, at + 1, end)
        if at >= end:
            return -1
        if get(text, at) == 34:
            pairs[count, VALUE] = at + 1
            at, sort = string_end(text, at + 1, end)
            if at < 0:
                return -1
            pairs[count, VALUE_END], pairs[count, SORT] = at, sort
            at += 1
        else:
            pairs[count, VALUE] = at
            at = bare_end(text, at, end)
            if at < 0:
                return -1
            pairs[count, VALUE_END], pairs[count, SORT] = at, BARE
        pairs[count, TAKEN] = 0
        count += 1
        at = skip(text, at, end)
        if at >= end or get(text, at) != 44:
            break
        at = skip(text, at + 1, end)
        if at >= end or get(text, at) != 34:
            return -1
    if at >= end or get(text, at) != 125 or skip(text, at + 1, end) != end:
        return -1
    return count


@part
def copied(text, start, end, sort, out, to):
    """Write a value, its escapes resolved; where the next goes."""
    if sort != ESCAPED:
        for n in range(start, end):
            out[to] = get(text, n)
            to += 1
        return to
    at = start
    while at < end:
        byte = get(text, at)
        if byte != 92:
            out[to] = byte
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
        out[to] = byte
        to += 1
    return to


@part
def utf8(point, out, to):
    if point < 0x80:
        out[to] = point
        return to + 1
    if point < 0x800:
        out[to], out[to + 1] = 0xC0 | (point >> 6), 0x80 | (point & 63)
        return to + 2
    out[to], out[to + 1], out[to + 2] = 0xE0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)
    return to + 3


@part
def key_is(text, pairs, n, words, place, size):
    return pairs[n, KEY_END] - pairs[n, KEY] == size and stands(
        text, pairs[n, KEY], pairs[n, KEY_END], words, place, size
    )


@part
def find(text, pairs, count, words, key):
    """The first pair of a key (its place and length); -1 if there is none."""
    if key[1] == 0:
        return np.int64(-1)
    for n in range(count):
        if key_is(text, pairs, n, words, key[0], key[1]):
            return np.int64(n)
    return np.int64(-1)


@part
def message_of(text, pairs, count, message, stack, out, to):
    """Write message, labels and stack as text logs have them; where the next goes."""
    to = copied(text, pairs[message, VALUE], pairs[message, VALUE_END], pairs[message, SORT], out, to)
    between = np.uint8(9)
    for n in range(count):
        if pairs[n, TAKEN]:
            continue
        out[to] = between
        between = np.uint8(32)
        to = copied(text, pairs[n, KEY], pairs[n, KEY_END], STRING, out, to + 1)
        out[to] = 61
        to = copied(text, pairs[n, VALUE], pairs[n, VALUE_END], pairs[n, SORT], out, to + 1)
    if stack >= 0:
        out[to] = 10
        to = copied(text, pairs[stack, VALUE], pairs[stack, VALUE_END], pairs[stack, SORT], out, to + 1)
    return to
