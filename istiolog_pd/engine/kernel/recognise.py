"""One message: the format that claims it, by how it begins or by what it holds."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import lookup
from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.jit import eight, get, inlined, part, put
from istiolog_pd.engine.kernel.readings import reading
from istiolog_pd.engine.kernel.swar import ones
from istiolog_pd.engine.kernel.text import trimmed
from istiolog_pd.engine.kernel.walk import fits
from istiolog_pd.engine.match import STEPS

F0, F1, F2, F3 = (np.uint64(factor) for factor in lookup.FACTORS)
GRAM_FACTOR, GRAM_SHIFT = np.uint32(lookup.GRAM_FACTOR), np.uint32(32 - lookup.GRAM_BITS)
#: `claimed` goes through the lengths of beginnings as the reference does.
assert STEPS == (16, 12, 8, 4, 2)


@inlined
def first_of(numbers, low, high, component, size):
    """The first step of the formats whose messages begin with so many bytes like these; -1 if there are none."""
    value = low * F0 ^ high * F1 ^ np.uint64(16 * component + size) * F2
    value = (value ^ (value >> np.uint64(29))) * F3
    key = np.int64(((value >> np.uint64(32)) | np.uint64(1)) & np.uint64(0x7FFFFFFF))
    mask = get(numbers, p.START_MASK)
    at = key & mask
    starts = get(numbers, p.STARTS)
    while get(numbers, starts + at) != 0:
        if get(numbers, starts + at) == key:
            return get(numbers, get(numbers, p.START_FIRST) + at)
        at = (at + 1) & mask
    return np.int64(-1)


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
    numbers, words, component, level, scope, scope_size, scopes, text, start, end, by_start, hits, first_hit, stack,
    seen,
):  # fmt: skip
    """The format that claims a message, and its fields; -1 if none does. First those that begin as it does."""
    last = trimmed(text, start, end)
    low, high = eight(text, start) & ones(end - start), eight(text, start + 8) & ones(end - start - 8)
    size = np.int64(16)
    while size >= 2:
        if end - start >= size:
            if size == 12:
                high &= np.uint64(0xFFFFFFFF)
            elif size <= 8:
                high = np.uint64(0)
                low &= np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - 8 * size)
            first = first_of(numbers, low, high, component, size)
            if first >= 0:
                entry, kept = fits(
                    numbers, words, first, text, start, end, last, hits, first_hit, stack,
                    level, scope, scope_size, scopes,
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
                numbers, words, first, text, start, end, last, hits, first_hit, stack, level, scope, scope_size, scopes
            )
            if entry >= 0:
                return entry, kept
    return np.int64(-1), np.int64(0)


@inlined
def read_through(
    numbers, words, component, other, level, scope, scope_size, scopes, text, start, end, lost, tabs, only_format,
    hits, first_hit, stack, seen,
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
                numbers, words, of, level, scope, scope_size, scopes, text, body, body_end, second, hits, first_hit,
                stack, seen,
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
