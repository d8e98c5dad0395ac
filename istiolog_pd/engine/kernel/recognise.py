"""One message: the format that claims it, by how it begins or by what it holds."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import lookup
from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.jit import eight, get, inlined, part, put
from istiolog_pd.engine.kernel.readings import reading
from istiolog_pd.engine.kernel.swar import ALL_BITS, ones
from istiolog_pd.engine.kernel.text import trimmed
from istiolog_pd.engine.kernel.walk import fits
from istiolog_pd.engine.reference.match import STEPS

F0, F1, F2, F3 = (np.uint64(factor) for factor in lookup.FACTORS)
EVENTS = len(p.EVENT_NAMES)
GRAM_FACTOR, GRAM_SHIFT = np.uint32(lookup.GRAM_FACTOR), np.uint32(32 - lookup.GRAM_BITS)
#: So many beginnings are remembered, a power of two, in so many numbers each.
KNOWN_STARTS, KNOWN_START = 256, 4
KNOWN_SHIFT = np.uint64(64 - KNOWN_STARTS.bit_length() + 1)
#: `claimed` and `longest_start` go through the lengths of beginnings as the reference
#: does.
assert STEPS == (16, 12, 8, 4, 2)


@inlined
def place_of_start(numbers, low, high, component, size):
    """The place in the table of beginnings of so many bytes like these; -1 if there is none."""
    value = low * F0 ^ high * F1 ^ np.uint64(16 * component + size) * F2
    value = (value ^ (value >> np.uint64(29))) * F3
    key = np.int64(((value >> np.uint64(32)) | np.uint64(1)) & np.uint64(0x7FFFFFFF))
    mask = get(numbers, p.START_MASK)
    at = key & mask
    starts = get(numbers, p.STARTS)
    while get(numbers, starts + at) != 0:
        if get(numbers, starts + at) == key:
            return at
        at = (at + 1) & mask
    return np.int64(-1)


@inlined
def place_of_event(numbers, component, event):
    """The place of an event's formats, for messages whose header tells it; -1 if it has none."""
    place = get(numbers, p.START_MASK) + 1 + component * EVENTS + event
    return place if get(numbers, get(numbers, p.START_FIRST) + place) >= 0 else np.int64(-1)


@inlined
def shortened(low, high, size):
    """The first `size` bytes of two times eight."""
    if size == 12:
        return low, high & np.uint64(0xFFFFFFFF)
    if size <= 8:
        return low & (ALL_BITS >> np.uint64(64 - 8 * size)), np.uint64(0)
    return low, high


@part
def longest_start(numbers, text, start, end, component, memo):
    """`place_of_start` of the longest beginning that is in the table; from memory where the last one like it was.

    `memo` holds, for each place: sixteen bytes, how many of them are there and of which component, what was found.
    """
    there = min(end - start, np.int64(16))
    low, high = eight(text, start) & ones(there), eight(text, start + 8) & ones(there - 8)
    sort = 32 * (component + 1) + there
    mixed = (low * F0 ^ high * F1 ^ np.uint64(sort)) * F3
    at = KNOWN_START * np.int64(mixed >> KNOWN_SHIFT)
    if get(memo, at) == np.int64(low) and get(memo, at + 1) == np.int64(high) and get(memo, at + 2) == sort:
        return get(memo, at + 3)
    size, found = np.int64(16), np.int64(-1)
    while size >= 2 and found < 0:
        if there >= size:
            short_low, short_high = shortened(low, high, size)
            found = place_of_start(numbers, short_low, short_high, component, size)
        size = size - 4 if size > 8 else size // 2
    put(memo, at, np.int64(low))
    put(memo, at + 1, np.int64(high))
    put(memo, at + 2, sort)
    put(memo, at + 3, found)
    return found


@part
def grams_of(numbers, text, start, end, seen):
    """Which of the grams stand in a text."""
    for n in range(get(numbers, p.GRAM_COUNT)):
        put(seen, n, 0)
    gram = np.uint32(0)
    grams, texts = get(numbers, p.GRAMS), get(numbers, p.GRAM_TEXT)
    for n in range(start, end):
        gram = np.uint32(gram << np.uint32(8)) | np.uint32(get(text, n))
        number = get(numbers, grams + np.int64(np.uint32(gram * GRAM_FACTOR) >> GRAM_SHIFT))
        if number >= 0 and get(numbers, texts + number) == np.int64(gram):
            put(seen, number, 1)


@inlined
def claimed(
    numbers, words, component, fixed, level, scope, scope_size, scopes, text, start, end, by_start, hits, stack, seen,
):  # fmt: skip
    """The format that claims a message, and its fields; -1 if none does. First those that begin as it does.

    `fixed` is the event that the header tells (-1: none), of which it must be then.
    """
    last = trimmed(text, start, end)
    if fixed >= 0:
        place = place_of_event(numbers, component, fixed)
        if place < 0:
            return np.int64(-1), np.int64(0)
        first = get(numbers, get(numbers, p.START_FIRST) + place)
        return fits(numbers, words, first, text, start, end, last, hits, stack, level, scope, scope_size, scopes)
    low, high = eight(text, start) & ones(end - start), eight(text, start + 8) & ones(end - start - 8)
    size = np.int64(16)
    while size >= 2:
        if end - start >= size:
            low, high = shortened(low, high, size)
            place = place_of_start(numbers, low, high, component, size)
            if place >= 0:
                first = get(numbers, get(numbers, p.START_FIRST) + place)
                entry, kept = fits(
                    numbers, words, first, text, start, end, last, hits, stack, level, scope, scope_size, scopes,
                )  # fmt: skip
                if entry >= 0:
                    return entry, kept
        size = size - 4 if size > 8 else size // 2
    if by_start:
        return np.int64(-1), np.int64(0)
    free = get(numbers, p.FREE_AT) + component
    low_free, high_free = get(numbers, free), get(numbers, free + 1)
    if high_free > low_free:
        grams_of(numbers, text, start, end, seen)
    for n in range(low_free, high_free + 1):
        if n < high_free:
            gram = get(numbers, get(numbers, p.FREE_GRAM) + n)
            if gram >= 0 and not get(seen, gram):
                continue
            first = get(numbers, get(numbers, p.FREE_FIRST) + n)
        else:
            first = get(numbers, get(numbers, p.FALLBACK) + component)
        if first >= 0:
            entry, kept = fits(
                numbers, words, first, text, start, end, last, hits, stack, level, scope, scope_size, scopes
            )
            if entry >= 0:
                return entry, kept
    return np.int64(-1), np.int64(0)


@inlined
def read_through(
    numbers, words, component, other, fixed, level, scope, scope_size, scopes, text, start, end, lost, tabs,
    only_format, hits, stack, seen,
):  # fmt: skip
    """The first of a message's readings that a format claims: it, its hits, whose it is, and where its labels are.

    After the first reading that is there, another component's formats (those of `other`, if not -1) are asked too.
    """
    which, second, asked = np.int64(1 if only_format else 0), False, False
    label_start, label_end = end, end
    there, body, body_end, labels, labels_end = False, start, end, end, end
    while which < 4:
        if not second:
            if which == 1 and not tabs:
                there, body, body_end, labels, labels_end = True, start, end, end, end
            else:
                there, body, body_end, labels, labels_end = reading(which, text, start, end, lost)
        if there:
            of = other if second else component
            entry, kept = claimed(
                numbers, words, of, fixed, level, scope, scope_size, scopes, text, body, body_end, second, hits, stack,
                seen,
            )  # fmt: skip
            if entry >= 0:
                return entry, kept, of, labels, labels_end
            if not asked:
                label_start, label_end = labels, labels_end
            if only_format:
                break
            if not asked:
                asked = True
                if other >= 0:
                    second = True
                    continue
            second = False
        which += 1
    return np.int64(-1), np.int64(0), component, label_start, label_end
