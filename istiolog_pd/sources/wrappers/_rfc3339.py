"""RFC 3339 times at given places of a block, all at once.

Runtimes print nanoseconds with trailing zeros cut off (`2021-01-01T00:00:00.12Z`), shippers a zone
(`+01:00`), so a time has no fixed length.
"""

from __future__ import annotations

import numpy as np

from istiolog_pd.sources.wrappers._model import NAT, Bytes, Flags, Ints

#: The longest time: `2006-01-02T15:04:05.000000000+07:00`. A block needs this many bytes after its last place.
MAX_TEXT = 35

_PUNCTUATION = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"))
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
_POWERS = 10 ** np.arange(8, -1, -1, dtype=np.int64)
#: Days before each month of a year that begins in March.
_BEFORE_MONTH = np.array([0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275], np.int64)
_MONTH_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
#: Years whose nanoseconds fit 64 bits.
_YEARS = (1678, 2261)


def padded(block: bytes, more: int = MAX_TEXT + 1) -> Bytes:
    """A block as an array with zero bytes behind it, so that every place can be looked at."""
    return np.frombuffer(block + bytes(more), np.uint8)


def windows(data: Bytes, places: Ints, width: int) -> Bytes:
    """The bytes from each place on: a row per offset, a column per place."""
    rows = np.lib.stride_tricks.sliding_window_view(data, width)[places]
    return np.ascontiguousarray(rows.T)


def stamps(data: Bytes, places: Ints) -> tuple[Ints, Ints]:
    """The times that stand at some places.

    Parameters
    ----------
    data
        The block, with at least `MAX_TEXT` bytes after the last place.
    places
        Where to look.

    Returns
    -------
    length, time
        The length of each time, 0 where there is none; nanoseconds since 1970 (UTC), `NAT` where
        there is no time, or one that no calendar has.
    """
    text = windows(data, places, MAX_TEXT)
    digits = text - np.uint8(ord("0"))
    fits = np.ones(len(places), bool)
    for at, sign in _PUNCTUATION:
        fits &= text[at] == ord(sign)
    for at in _DIGITS:
        fits &= digits[at] <= 9
    if not fits.any():
        return np.zeros(len(places), np.int64), np.full(len(places), NAT)
    length, nanos = _fraction(text, digits)
    zone, minutes, zoned, real = _zone(text, length)
    fits &= zoned
    time = _seconds(digits) - minutes * 60
    good = fits & _in_calendar(digits) & real
    return np.where(fits, length + zone, 0), np.where(good, time * 1_000_000_000 + nanos, NAT)


def _fraction(text: Bytes, digits: Bytes) -> tuple[Ints, Ints]:
    """How long the time is up to its zone, and its nanoseconds."""
    places = np.logical_and.accumulate(digits[20:29] <= 9, axis=0) & (text[19] == ord("."))
    count = places.sum(axis=0, dtype=np.int64)
    nanos = _POWERS @ np.where(places, digits[20:29], 0).astype(np.int64)
    return np.where(count > 0, 20 + count, 19), nanos


def _zone(text: Bytes, at: Ints) -> tuple[Ints, Ints, Flags, Flags]:
    """The zone at a place of each text: its length, its offset in minutes, whether it is one, and one that there is."""
    each = np.arange(text.shape[1])
    first = text[at, each]
    plain = first == ord("Z")
    if plain.all():
        return np.ones(len(at), np.int64), np.zeros(len(at), np.int64), plain, plain
    four = [text[np.minimum(at + n, MAX_TEXT - 1), each] - np.uint8(ord("0")) for n in (1, 2, 4, 5)]
    colon = text[np.minimum(at + 3, MAX_TEXT - 1), each] == ord(":")
    offset = ((first == ord("+")) | (first == ord("-"))) & colon & (np.max(four, axis=0) <= 9)
    hours, minutes = four[0] * np.int64(10) + four[1], four[2] * np.int64(10) + four[3]
    sign = np.where(first == ord("-"), -1, 1)
    real = plain | ((hours < 24) & (minutes < 60))
    return np.where(plain, 1, 6), np.where(plain, 0, sign * (hours * 60 + minutes)), plain | offset, real


def _number(digits: Bytes, *at: int) -> Ints:
    value = np.zeros(digits.shape[1], np.int64)
    for place in at:
        value = value * 10 + digits[place]
    return value


def _seconds(digits: Bytes) -> Ints:
    """Seconds since 1970 of a date and time of day, in the zone that it is printed in."""
    month, day = np.minimum(_number(digits, 5, 6), 12), _number(digits, 8, 9)
    year = _number(digits, 0, 1, 2, 3) - (month <= 2)
    days = 365 * year + year // 4 - year // 100 + year // 400 + _BEFORE_MONTH[month] + day - 1 - 719468
    clock = _number(digits, 11, 12) * 3600 + _number(digits, 14, 15) * 60 + _number(digits, 17, 18)
    return days * 86400 + clock


def _in_calendar(digits: Bytes) -> Flags:
    """Whether there is such a day and such a time of day."""
    year, month, day = _number(digits, 0, 1, 2, 3), _number(digits, 5, 6), _number(digits, 8, 9)
    good = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12)
    good &= (day >= 1) & (day <= _MONTH_DAYS[np.minimum(month, 12)])
    good &= (month != 2) | (day < 29) | ((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)))
    return good & ((_number(digits, 11, 12) < 24) & (_number(digits, 14, 15) < 60) & (_number(digits, 17, 18) <= 60))
