"""Searching eight bytes at a time. What is found is looked at again by itself, so a test may report too many."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import low_zeros, part

# Eight times the same byte.
ONES, HIGH_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
#: Eight zeros as text, what a byte's highest bit is set by, if added to more than nine, and the last of those bits.
EIGHT_ZEROS, BEYOND_NINE = np.uint64(0x3030303030303030), np.uint64(0x7676767676767676)
LAST_BIT = np.uint64(1 << 63)


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
def first_beyond_digits(word):
    """The number of the first byte that is no digit; 7 if it is the last one, or there is none."""
    word ^= EIGHT_ZEROS
    flags = (((word & ~HIGH_BITS) + BEYOND_NINE) | word | LAST_BIT) & HIGH_BITS
    return first_flag(flags)


@part
def digits_of(word, size):
    """The number that the first `size` bytes of a word are the digits of, at least one."""
    word = (word << np.uint64(64 - 8 * size)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = (word * np.uint64(10) + (word >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    word = (word * np.uint64(100) + (word >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return np.int64((word * np.uint64(10_000) + (word >> np.uint64(32))) & np.uint64(0xFFFFFFFF))
