"""Bytes: comparing, searching, numbers, times."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, get, move, part, put, put_eight

NOT_A_TIME = -(2**63)
DAY = 86_400
NS = 1_000_000_000


@part
def is_digit(byte):
    return 48 <= byte <= 57


@part
def is_letter(byte):
    return 65 <= byte <= 90 or 97 <= byte <= 122


@part
def is_word(byte):
    return is_letter(byte) or is_digit(byte) or byte == 95


@part
def is_blank(byte):
    return byte == 32 or 9 <= byte <= 13


@part
def stands(text, at, end, words, place, size):
    """Whether `words[place : place + size]` stands at `text[at]`, before `end`."""
    if at + size > end:
        return False
    n = np.int64(0)
    while n + 8 <= size:
        if eight(text, at + n) != eight(words, place + n):
            return False
        n += 8
    if size >= 8:
        return eight(text, at + size - 8) == eight(words, place + size - 8)
    while n < size:
        if get(text, at + n) != get(words, place + n):
            return False
        n += 1
    return True


@part
def copy(text, begin, end, out, to):
    """Copy bytes, 32 or eight at a time; of the last so many some are copied once more."""
    size = end - begin
    if size >= 32:
        for n in range(0, size - 31, 32):
            move(text, begin + n, out, to + n)
        move(text, end - 32, out, to + size - 32)
    elif size >= 8:
        for n in range(0, size - 7, 8):
            put_eight(out, to + n, eight(text, begin + n))
        put_eight(out, to + size - 8, eight(text, end - 8))
    else:
        for n in range(size):
            put(out, to + n, get(text, begin + n))


@part
def digits_end(text, at, end):
    while at < end and is_digit(get(text, at)):
        at += 1
    return at


@part
def value_of(text, at, end):
    value = np.int64(0)
    for n in range(at, end):
        value = value * 10 + np.int64(get(text, n)) - 48
    return value


@part
def two(text, at):
    """The number of two digits; -1 if they are none."""
    if not (is_digit(get(text, at)) and is_digit(get(text, at + 1))):
        return -1
    return (np.int64(get(text, at)) - 48) * 10 + np.int64(get(text, at + 1)) - 48


@part
def trimmed(text, start, end):
    """The end without the blanks before it."""
    while end > start and is_blank(get(text, end - 1)):
        end -= 1
    return end


@part
def days(year, month, day):
    """Days since 1970 of a date of the Gregorian calendar; none if there is no such date."""
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    if month < 1 or month > 12 or day < 1:
        return NOT_A_TIME
    last = 31
    if month in (4, 6, 9, 11):
        last = 30
    elif month == 2:
        last = 29 if leap else 28
    if day > last or year < 1678 or year > 2261:
        return NOT_A_TIME
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@part
def date_and_clock(text, at, dash, between):
    """Seconds of ``yyyy-mm-dd?HH:MM:SS``: whether it is one, and the time (or none)."""
    shape = (
        get(text, at + 4) == dash
        and get(text, at + 7) == dash
        and get(text, at + 10) == between
        and get(text, at + 13) == 58
        and get(text, at + 16) == 58
    )
    if not shape:
        return False, NOT_A_TIME
    century, year = two(text, at), two(text, at + 2)
    month, day = two(text, at + 5), two(text, at + 8)
    hour, minute, second = two(text, at + 11), two(text, at + 14), two(text, at + 17)
    if min(century, year, month, day) < 0 or min(hour, minute, second) < 0:
        return False, NOT_A_TIME
    day_number = days(century * 100 + year, month, day)
    if day_number == NOT_A_TIME or hour > 23 or minute > 59 or second > 60:
        return True, NOT_A_TIME
    return True, day_number * DAY + hour * 3600 + minute * 60 + second


@part
def fraction(text, at, end):
    """Nanoseconds of one to nine digits, and where they end; -1 if they are none, or more."""
    stop = digits_end(text, at, min(end, at + 10))
    if stop == at or stop > at + 9:
        return -1, stop
    value = np.int64(0)
    for n in range(at, stop):
        value = value * 10 + np.int64(get(text, n)) - 48
    for _ in range(stop, at + 9):
        value *= 10
    return value, stop


@part
def iso_time(text, at, end):
    """A time like ``2018-12-24T15:48:45.929503Z``: where it ends (-1: it is none), nanoseconds."""
    if at + 20 > end:
        return -1, NOT_A_TIME
    fits, seconds = date_and_clock(text, at, np.int64(45), np.int64(84))
    if not fits:
        return -1, NOT_A_TIME
    at += 19
    part_of_second = np.int64(0)
    if get(text, at) == 46:
        part_of_second, at = fraction(text, at + 1, end)
        if part_of_second < 0 or at >= end:
            return -1, NOT_A_TIME
    if get(text, at) == 90:
        if seconds == NOT_A_TIME:
            return at + 1, NOT_A_TIME
        return at + 1, seconds * NS + part_of_second
    if get(text, at) not in (43, 45) or at + 6 > end or get(text, at + 3) != 58:
        return -1, NOT_A_TIME
    hours, minutes = two(text, at + 1), two(text, at + 4)
    if hours < 0 or minutes < 0:
        return -1, NOT_A_TIME
    if seconds == NOT_A_TIME:
        return at + 6, NOT_A_TIME
    offset = hours * 3600 + minutes * 60
    seconds = seconds + offset if get(text, at) == 45 else seconds - offset
    return at + 6, seconds * NS + part_of_second
