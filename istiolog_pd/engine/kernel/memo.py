"""What the lines before began with: their minute, and their levels and scopes, which nearly always come again."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, get, inlined, part, put
from istiolog_pd.engine.kernel.swar import first_flag, zeros
from istiolog_pd.engine.kernel.text import NOT_A_TIME, NS, fraction, iso_time, two

ALL, HIGH_DIGITS, ZEROS = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0xF0F0F0F0F0F0), np.uint64(0x303030303030)
SIXES, SIX_BYTES = np.uint64(0x060606060606), np.uint64(0xFFFFFFFFFFFF)
TABS = np.uint64(0x0909090909090909)
# The minute: its sixteen bytes, as two numbers, and its nanoseconds. Then the heads: sixteen bytes, level, scope.
MINUTE_LOW, MINUTE_HIGH, MINUTE, HEADS = range(4)
HEAD_LOW, HEAD_HIGH, HEAD_LEVEL, HEAD_SCOPE = range(4)
HEAD_WIDTH, MOST_HEADS = 4, 16
SIZE = HEADS + MOST_HEADS * HEAD_WIDTH
_MIX = np.uint64(0x9E3779B97F4A7C15)


@inlined
def six_digits(text, at):
    """The number of six digits of eight bytes that can be read; -1 if they are none."""
    word = eight(text, at) & SIX_BYTES
    if (word & HIGH_DIGITS) != ZEROS or ((word + SIXES) & HIGH_DIGITS) != ZEROS:
        return np.int64(-1)
    word = (word - ZEROS) << np.uint64(16)
    word = word * np.uint64(10) + (word >> np.uint64(8))
    low = (word & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    high = ((word >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return np.int64((low + high) >> np.uint64(32))


@inlined
def time_near(text, at, end, memo):
    """A time as `iso_time` reads it: one of the minute of the last one is read without its date."""
    if at + 28 > end:
        return iso_time(text, at, end)
    if np.int64(eight(text, at)) != get(memo, MINUTE_LOW) or np.int64(eight(text, at + 8)) != get(memo, MINUTE_HIGH):
        past, when = iso_time(text, at, end)
        # Of a date that exists, in UTC: the time without its seconds.
        if past >= 0 and when != NOT_A_TIME and get(text, past - 1) == 90:
            nanos = np.int64(0)
            if get(text, at + 19) == 46:
                nanos, _ = fraction(text, at + 20, end)
            put(memo, MINUTE_LOW, np.int64(eight(text, at)))
            put(memo, MINUTE_HIGH, np.int64(eight(text, at + 8)))
            put(memo, MINUTE, when - two(text, at + 17) * NS - nanos)
        return past, when
    seconds = two(text, at + 17)
    if get(text, at + 16) != 58 or get(text, at + 19) != 46 or seconds < 0 or seconds > 59:
        return iso_time(text, at, end)
    micros = six_digits(text, at + 20)
    if micros >= 0 and get(text, at + 26) == 90:
        return at + 27, get(memo, MINUTE) + seconds * NS + micros * 1000
    nanos, stop = fraction(text, at + 20, end)
    if nanos < 0 or stop >= end or get(text, stop) != 90:
        return iso_time(text, at, end)
    return stop + 1, get(memo, MINUTE) + seconds * NS + nanos


@inlined
def head_at(text, at, end):
    """``level TAB scope TAB`` within sixteen bytes, as two numbers, and its length; 0 if it is none."""
    low, high = np.uint64(0), np.uint64(0)
    if at + 16 > end:
        return low, high, np.int64(0)
    low, high = eight(text, at), eight(text, at + 8)
    first, second = zeros(low ^ TABS), zeros(high ^ TABS)
    second_in_low = first & (first - np.uint64(1))
    if not first:
        return low, high, np.int64(0)
    if second_in_low:
        size = first_flag(second_in_low) + 1
        return low & (ALL >> np.uint64(64 - 8 * size)), np.uint64(0), size
    if not second:
        return low, high, np.int64(0)
    size = first_flag(second) + 1
    return low, high & (ALL >> np.uint64(64 - 8 * size)), 8 + size


@inlined
def head_place(low, high):
    """Where a head would be remembered."""
    mixed = (low ^ (high * _MIX)) * _MIX
    return HEADS + HEAD_WIDTH * np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(MOST_HEADS - 1))


@part
def remember_head(text, at, size, level, scope, memo):
    """Remember the head of so many bytes that begins at `at`, if it can be looked up by them."""
    low, high, found = head_at(text, at, at + 16)
    if found == size:
        place = head_place(low, high)
        put(memo, place + HEAD_LOW, np.int64(low))
        put(memo, place + HEAD_HIGH, np.int64(high))
        put(memo, place + HEAD_LEVEL, level)
        put(memo, place + HEAD_SCOPE, scope)
