"""Searching eight bytes at a time. What is found is looked at again by itself, so a test may report too many."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, get, low_zeros, part
from istiolog_pd.engine.kernel.text import is_blank

# Eight times the same byte.
ONES, HIGH_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
BEYOND_BLANK = np.uint64(0x2121212121212121)
#: Eight zeros as text, and what a byte's highest bit is set by, if added to more than nine.
EIGHT_ZEROS, BEYOND_NINE = np.uint64(0x3030303030303030), np.uint64(0x7676767676767676)


@part
def zeros(word):
    """A flag (the highest bit) in each byte that is 0; perhaps also in bytes of 1 above such a one."""
    return (word - ONES) & ~word & HIGH_BITS


@part
def ones(count):
    """So many bytes of ones, the lowest; all eight if there are more."""
    if count >= 8:
        return ALL_BITS
    if count <= 0:
        return np.uint64(0)
    return ALL_BITS >> np.uint64(64 - 8 * count)


@part
def first_flag(flags):
    """The number of the first byte whose flag is set; one must be."""
    return low_zeros(flags) >> 3


@part
def byte_at(text, at, end, byte):
    """Where a byte first stands from `at` on; `end` if it does not. Eight bytes behind the end can be read."""
    eightfold = np.uint64(byte) * ONES
    while at < end:
        flags = zeros(eight(text, at) ^ eightfold)
        if flags:
            return min(at + first_flag(flags), end)
        at += 8
    return end


@part
def blank_at(text, at, end):
    """Where a blank first stands; `end` if none does. Eight bytes behind the end can be read."""
    return blank_or(text, at, end, np.uint8(32))


@part
def blank_or(text, at, end, byte):
    """Where a blank or that byte first stands; `end` if neither does. Eight bytes behind the end can be read."""
    eightfold = np.uint64(byte) * ONES
    while at < end:
        word = eight(text, at)
        flags = ((word - BEYOND_BLANK) & ~word & HIGH_BITS) | zeros(word ^ eightfold)
        while flags:
            found = at + first_flag(flags)
            if found >= end:
                return end
            if get(text, found) == byte or is_blank(get(text, found)):
                return found
            flags &= flags - np.uint64(1)
        at += 8
    return end


@part
def digits_stop(text, at, end):
    """Where the digits from `at` on end. Eight bytes behind the end can be read."""
    while at < end:
        word = eight(text, at) ^ EIGHT_ZEROS
        flags = (((word & ~HIGH_BITS) + BEYOND_NINE) | word) & HIGH_BITS
        if flags:
            return min(at + first_flag(flags), end)
        at += 8
    return end


@part
def digits_of(word, size):
    """The number that the first `size` bytes of a word are the digits of, at least one."""
    word = (word << np.uint64(64 - 8 * size)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = (word * np.uint64(10) + (word >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    word = (word * np.uint64(100) + (word >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return np.int64((word * np.uint64(10_000) + (word >> np.uint64(32))) & np.uint64(0xFFFFFFFF))
