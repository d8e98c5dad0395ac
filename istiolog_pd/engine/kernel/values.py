"""Texts -> numbers: what the kernel can tell by itself of whole numbers, durations and sizes."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.jit import eight, get, part
from istiolog_pd.engine.kernel.swar import digits_of, first_beyond_digits, ones
from istiolog_pd.engine.kernel.text import is_digit, value_of

MOST = 2**63 - 1
DOT, KILO, MEGA, GIGA, BYTE = (np.uint64(byte) for byte in b".kMGB")
LOW_BYTE = np.uint64(255)
TENS = tuple(10**n for n in range(10))
# What became of a text: a value, none, or too odd to tell here.
NONE, VALUE, HARD = 0, 1, 2


@part
def integer(text, start, end):
    """A whole number of 64 bits."""
    negative = get(text, start) == 45
    at = start + 1 if negative else start
    if end == at:
        return NONE, np.int64(0)
    if end - at <= 18:
        short = value_of(text, at, end)
        return VALUE, (-short if negative else short)
    value = np.uint64(0)
    limit = np.uint64(2**63) if negative else np.uint64(MOST)
    for n in range(at, end):
        digit = np.uint64(get(text, n)) - np.uint64(48)
        if value > (limit - digit) // np.uint64(10):
            return NONE, np.int64(0)
        value = value * np.uint64(10) + digit
    number = np.int64(value)
    return VALUE, (-number if negative else number)


@part
def unit_of(text, at, end):
    """Nanoseconds of a unit, and where its name ends; 0 if it is none."""
    first = get(text, at)
    second = get(text, at + 1) if at + 1 < end else np.uint8(0)
    if first == 109 and second == 115:
        return 1_000_000, at + 2
    if first == 115:
        return 1_000_000_000, at + 1
    if first == 194 or first == 206:  # the two mu
        return 1_000, at + 3
    if first == 117 and second == 115:
        return 1_000, at + 2
    if first == 110 and second == 115:
        return 1, at + 2
    if first == 109:
        return 60_000_000_000, at + 1
    if first == 104:
        return 3_600_000_000_000, at + 1
    return 0, at


@part
def duration(text, start, end):
    """Nanoseconds of a Go duration; long numbers are left to Python."""
    negative = get(text, start) == 45
    at = start + 1 if negative else start
    if end - at == 1 and get(text, at) == 48:
        return VALUE, np.int64(0)
    total = np.int64(0)
    while at < end:
        whole, digits = np.int64(0), 0
        while at < end and is_digit(get(text, at)):
            whole = whole * 10 + np.int64(get(text, at)) - 48
            digits += 1
            at += 1
            if digits > 9:
                return HARD, np.int64(0)
        fraction, places = np.int64(0), 0
        if at < end and get(text, at) == 46:
            at += 1
            while at < end and is_digit(get(text, at)):
                fraction = fraction * 10 + np.int64(get(text, at)) - 48
                places += 1
                at += 1
                if places > 9:
                    return HARD, np.int64(0)
        if at >= end:
            return HARD, np.int64(0)
        unit, at = unit_of(text, at, end)
        if unit == 0 or (unit > 1_000_000_000 and (digits > 6 or places > 0)):
            return HARD, np.int64(0)
        power = np.int64(1)
        for _ in range(places):
            power *= 10
        step = whole * unit + fraction * unit // power
        if total > MOST - step:
            return HARD, np.int64(0)
        total += step
    return VALUE, (-total if negative else total)


@part
def size_of(text, start, end):
    """Bytes of a decimal number with a decimal unit; what is longer than most is left to Python.

    Of eight bytes at most, and without asking for each what comes next. Eight bytes behind the end can be read.
    """
    size = end - start
    word = eight(text, start) & ones(size)
    whole = first_beyond_digits(word)
    dotted = ((word >> np.uint64(8 * whole)) & LOW_BYTE) == DOT
    # Without the dot the digits follow one another.
    digits = (word & ones(whole)) | ((word >> np.uint64(8)) & ~ones(whole)) if dotted else word
    count = first_beyond_digits(digits)
    places, rest = count - whole, digits >> np.uint64(8 * count)
    unit = rest & LOW_BYTE
    zeros = 3 * (unit == KILO) + 6 * (unit == MEGA) + 9 * (unit == GIGA)
    rest = rest >> np.uint64(8) if zeros else rest
    odd = size > 8 or whole == 0 or (rest != 0 and rest != BYTE) or dotted != (places > 0) or places > zeros
    if odd:
        return HARD, np.int64(0)
    return VALUE, digits_of(digits, count) * TENS[zeros - places]


@part
def number_at(native, text, start, end):
    """A size, or else a duration."""
    if native == p.SIZE:
        return size_of(text, start, end)
    return duration(text, start, end)
