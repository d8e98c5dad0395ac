"""Claims -> values: each slot's text becomes a number, a word or a piece of text, in the row of its event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.jit import get, kernel, part
from istiolog_pd.engine.kernel.text import digits_end, is_blank, is_digit, trimmed
from istiolog_pd.engine.kernel.words import FULL, number_of

INT, DURATION, TEXT, DASHED, SIZE = p.INT, p.DURATION, p.TEXT, p.DASHED, p.SIZE
MOST = 2**63 - 1
# What became of a text: a value, none, or too odd to tell here.
NONE, VALUE, HARD = 0, 1, 2


class Cells(NamedTuple):
    """Room for the values: `base` is where a cell's rows begin (-1: the cell is not needed)."""

    base: np.ndarray
    numbers: np.ndarray
    valid: np.ndarray
    words: np.ndarray
    texts: np.ndarray  #: begin and size (-1: none)
    rows: np.ndarray
    events: np.ndarray  #: per event: where its rows begin, and rows so far
    hard: np.ndarray  #: texts for Python: number's place, begin, end


@part
def integer(text, start, end):
    """A whole number of 64 bits."""
    negative = get(text, start) == 45
    at = start + 1 if negative else start
    if end == at:
        return NONE, np.int64(0)
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
    """Bytes of a decimal number with a decimal unit; large ones are left to Python."""
    at = digits_end(text, start, end)
    if at == start or at - start > 9:
        return HARD, np.int64(0)
    whole = np.int64(0)
    for n in range(start, at):
        whole = whole * 10 + np.int64(get(text, n)) - 48
    fraction, power = np.int64(0), np.int64(1)
    if at < end and get(text, at) == 46:
        stop = digits_end(text, at + 1, end)
        if stop == at + 1 or stop - at > 10:
            return HARD, np.int64(0)
        for n in range(at + 1, stop):
            fraction = fraction * 10 + np.int64(get(text, n)) - 48
            power *= 10
        at = stop
    scale = np.int64(1)
    if at < end and get(text, at) != 66:
        unit = get(text, at)
        if unit == 107:
            scale = np.int64(1_000)
        elif unit == 77:
            scale = np.int64(1_000_000)
        elif unit == 71:
            scale = np.int64(1_000_000_000)
        else:
            return HARD, np.int64(0)
        at += 1
    if at < end and get(text, at) == 66:
        at += 1
    if at != end:
        return HARD, np.int64(0)
    return VALUE, whole * scale + fraction * scale // power


@part
def number_at(native, text, start, end):
    """A number of one of the sorts that the kernel reads."""
    if native == INT:
        return integer(text, start, end)
    if native == SIZE:
        return size_of(text, start, end)
    return duration(text, start, end)


@kernel
def count_claims(stamp, claims, counts):
    """How many entries each claim has."""
    for n in range(len(claims)):
        counts[claims[n, 0]] += 1


@kernel
def fill(stamp, numbers, words, text, spans, claims, first, cells, table, first_group, room):
    """Fill the cells of entries from `first` on; the entry it came to (less than all: something was full).

    ``room[0]`` counts the hard texts, ``room[1]`` is the length of a text the table has no room for.
    """
    base, values, valid, coded, texts, rows, events, hard = cells
    for n in range(first, len(claims)):
        claim, at = claims[n, 0], claims[n, 2]
        event = get(numbers, get(numbers, p.CLAIM_EVENT) + claim)
        row = events[event, 1]
        for slot in range(
            get(numbers, get(numbers, p.SLOTS_AT) + claim), get(numbers, get(numbers, p.SLOTS_AT) + claim + 1)
        ):
            native = get(numbers, get(numbers, p.SLOT_NATIVE) + slot)
            start, end = np.int64(spans[at, 0]), np.int64(spans[at, 1])
            at += 1
            cell = get(numbers, get(numbers, p.SLOT_CELL) + slot)
            place = get(base, cell) + row
            constant = get(numbers, p.SLOT_TEXT) + 2 * slot
            source, begin, stop = text, start, end
            if get(numbers, constant) >= 0:
                source, begin, stop = (
                    words,
                    np.int64(get(numbers, constant)),
                    np.int64(get(numbers, constant)) + get(numbers, constant + 1),
                )
            elif start < 0:
                continue
            if native == INT or native == DURATION or native == SIZE:
                sort, value = number_at(native, text, start, end)
                if sort == HARD:
                    if room[0] >= len(hard):
                        return n
                    hard[room[0], 0], hard[room[0], 1] = place, start
                    hard[room[0], 2], hard[room[0], 3] = end, native
                    room[0] += 1
                values[place], valid[place] = value, sort == VALUE
            elif native == TEXT or native == DASHED:
                if native == DASHED and end - start == 1 and get(text, start) == 45:
                    continue
                end = trimmed(text, start, end)
                while start < end and is_blank(get(text, start)):
                    start += 1
                texts[place, 0], texts[place, 1] = start, end - start
            else:
                number = number_of(
                    table, first_group + get(numbers, get(numbers, p.CELL_GROUP) + cell), source, begin, stop
                )
                if number == FULL:
                    room[1] = stop - begin
                    return n
                coded[place] = number
        rows[events[event, 0] + row] = n
        events[event, 1] += 1
    return len(claims)


@kernel
def pack(stamp, found, past, log, made, side, out, ends):
    """Copy the messages of entries one behind the other."""
    to = np.int64(0)
    ends[0] = 0
    for n in range(past):
        begin, end = found[n, e.BEGIN], found[n, e.END]
        place = found[n, e.PLACE]
        if place == e.IN_LOG:
            copy(log, begin, end, out, to)
        elif place == e.IN_MADE:
            copy(made, begin, end, out, to)
        else:
            copy(side, begin, end, out, to)
        to += end - begin
        ends[n + 1] = to
    return to


@part
def copy(text, begin, end, out, to):
    for n in range(end - begin):
        out[to + n] = get(text, begin + n)


@kernel
def spread(stamp, found, claims, events, times, lines, rare, words, seen):
    """The common columns of entries, each in an array of its own.

    `rare`: thread, epoch; `words`: level, scope, caller, event, component. `seen` counts the times, threads,
    epochs and callers that are there.
    """
    for n in range(len(claims)):
        times[n], lines[n] = found[n, e.TIME], found[n, e.LINE]
        rare[0, n], rare[1, n] = found[n, e.THREAD], found[n, e.EPOCH]
        words[0, n], words[1, n], words[2, n] = found[n, e.LEVEL], found[n, e.SCOPE_OF], found[n, e.CALLER_OF]
        words[3, n], words[4, n] = events[claims[n, 0]], claims[n, 1]
        seen[0] += found[n, e.TIME] != e.NOTHING
        seen[1] += found[n, e.THREAD] != e.NOTHING
        seen[2] += found[n, e.EPOCH] != e.NOTHING
        seen[3] += found[n, e.CALLER_OF] >= 0


@kernel
def look_over(stamp, text, seen):
    """Count line ends, carriage returns, NULs and bytes beyond ASCII."""
    ends = returns = nuls = others = 0
    for n in range(len(text)):
        byte = text[n]
        ends += byte == 10
        returns += byte == 13
        nuls += byte == 0
        others += byte > 127
    seen[0], seen[1], seen[2], seen[3] = ends, returns, nuls, others


@kernel
def gather(stamp, text, pieces, out, ends):
    """Copy pieces of a text one behind the other; those of no size (-1, 0) leave nothing."""
    to = np.int64(0)
    ends[0] = 0
    for n in range(len(pieces)):
        for at in range(pieces[n, 0], pieces[n, 0] + max(pieces[n, 1], 0)):
            out[to] = get(text, at)
            to += 1
        ends[n + 1] = to
    return to


@kernel
def take_words(stamp, numbers, of, out):
    """``of[numbers]``, and -1 where there is no number; true if any is there."""
    any_there = False
    for n in range(len(numbers)):
        number = get(numbers, n)
        value = of[number] if number >= 0 else np.int32(-1)
        out[n] = value
        any_there = any_there or value >= 0
    return any_there


@kernel
def renumber(stamp, numbers, of, out, bits):
    """``of[numbers]`` (0 where there is none) and the bits of those that are there; how many are not."""
    nulls = 0
    for n in range(len(numbers)):
        number = numbers[n]
        value = of[number] if number >= 0 else np.int32(-1)
        if value >= 0:
            out[n] = value
            bits[n >> 3] |= np.uint8(1 << (n & 7))
        else:
            out[n] = 0
            nulls += 1
    return nulls


@kernel
def mark_used(stamp, numbers, used):
    """Note which numbers stand in an array."""
    for n in range(len(numbers)):
        if get(numbers, n) >= 0:
            used[get(numbers, n)] = True
