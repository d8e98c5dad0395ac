"""Cells -> columns: pieces of text copied together, words renumbered."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import kernel, pointer
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


@kernel
def take_words(stamp, numbers, of, out):
    """``of[numbers]``, and -1 where there is no number; true if any is there."""
    any_there = False
    for n in range(len(numbers)):
        number = numbers[n]
        value = of[number] if number >= 0 else np.int32(-1)
        out[n] = value
        any_there = any_there or value >= 0
    return any_there


@kernel
def renumber(stamp, numbers, of, bits):
    """``of[numbers]`` in their place (0 where there is none) and the bits of those that are there; how many are not."""
    nulls = 0
    for n in range(len(numbers)):
        number = numbers[n]
        value = of[number] if number >= 0 else np.int32(-1)
        if value >= 0:
            numbers[n] = value
            bits[n >> 3] |= np.uint8(1 << (n & 7))
        else:
            numbers[n] = 0
            nulls += 1
    return nulls


@kernel
def mark_used(stamp, numbers, used):
    """Note which numbers stand in an array."""
    for n in range(len(numbers)):
        if numbers[n] >= 0:
            used[numbers[n]] = True
