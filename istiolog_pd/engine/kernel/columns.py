"""Cells -> columns: pieces of text copied together, words renumbered."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import get, kernel, pointer, put, short_kernel
from istiolog_pd.engine.kernel.text import copy


@kernel
def gather(stamp, text, pieces, out, ends):
    """Copy pieces of a text one behind the other; those of no size (-1, 0) leave nothing."""
    to = np.int64(0)
    ends[0] = 0
    for n in range(len(pieces)):
        size = max(pieces[n, 1], 0)
        copy(pointer(text), pieces[n, 0], pieces[n, 0] + size, pointer(out), to)
        to += size
        ends[n + 1] = to
    return to


@short_kernel
def take_words(stamp, numbers, of, out):
    """``of[numbers]``, and -1 where there is no number; true if any is there. `of` has room for one at least."""
    count = len(numbers)
    numbers, of, out = pointer(numbers), pointer(of), pointer(out)
    most = np.int32(-1)
    for n in range(count):
        number = get(numbers, n)
        value = get(of, max(np.int64(number), 0))
        value = value if number >= 0 else np.int32(-1)
        put(out, n, value)
        most = max(most, value)
    return most >= 0


@short_kernel
def take_values(stamp, numbers, of, there, out, valid):
    """``of[numbers]`` and whether it is there, 0 where it is not; how many are. `of` has room for one at least."""
    count, found = len(numbers), 0
    numbers, of, there, out, valid = pointer(numbers), pointer(of), pointer(there), pointer(out), pointer(valid)
    for n in range(count):
        number = get(numbers, n)
        place = max(np.int64(number), 0)
        has = number >= 0 and get(there, place)
        put(out, n, get(of, place) if has else np.int64(0))
        put(valid, n, has)
        found += has
    return found


@short_kernel
def renumber(stamp, numbers, of, bits):
    """Numbers of words in place, 0 where there is none, and the bits that say where one is; how many are none.

    -1, and nothing is changed: one of them has no number in `of`.
    """
    count = len(numbers)
    numbers, of, bits = pointer(numbers), pointer(of), pointer(bits)
    nulls, unknown = np.int64(0), np.int32(0)
    for n in range(count):
        number = np.int64(get(numbers, n))
        unknown |= get(of, max(number, 0)) if number >= 0 else np.int32(0)
        nulls += number < 0
    if unknown < 0:
        return np.int64(-1)
    for n in range(count):
        number = np.int64(get(numbers, n))
        put(numbers, n, get(of, max(number, 0)) if number >= 0 else np.int32(-1))
    if nulls == 0:
        return nulls
    for first in range(0, count, 8):
        there = 0
        for n in range(first, min(first + 8, count)):
            value = get(numbers, n)
            put(numbers, n, max(value, np.int32(0)))
            there |= np.int64(value >= 0) << (n - first)
        put(bits, first >> 3, there)
    return nulls


@short_kernel
def mark_new(stamp, numbers, of, new):
    """Note which numbers stand in an array and have none in `of` yet; whether there are any."""
    count, found = len(numbers), False
    numbers, of, new = pointer(numbers), pointer(of), pointer(new)
    for n in range(count):
        number = np.int64(get(numbers, n))
        if number >= 0 and get(of, number) < 0:
            put(new, number, True)
            found = True
    return found
