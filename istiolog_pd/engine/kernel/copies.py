"""Entries -> their messages one behind the other, and the columns that all entries have."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.batches import CLAIM, CLAIMED, OF
from istiolog_pd.engine.kernel.jit import get, kernel, pointer, put, short_kernel
from istiolog_pd.engine.kernel.text import copy
from istiolog_pd.engine.kernel.wide import LINE, odd_of_line

RETURN = np.uint8(13)


@kernel
def is_odd(stamp, text):
    """Whether there are carriage returns, NULs and bytes beyond ASCII."""
    at, odd = pointer(text), np.uint64(0)
    whole = len(text) // LINE * LINE
    for n in range(0, whole, LINE):
        odd |= odd_of_line(at, n, RETURN)
    for n in range(whole, len(text)):
        byte = get(at, n)
        odd |= np.uint64(byte == RETURN or byte == 0 or byte > 127)
    return odd != 0


@short_kernel
def measure(stamp, found, first, past, seen):
    """The bytes of some entries' messages, and how many of them have a header."""
    found = pointer(found)
    size = headers = np.int64(0)
    for n in range(first, past):
        at = n * e.FIELDS
        size += np.int64(get(found, at + e.END)) - get(found, at + e.BEGIN)
        headers += get(found, at + e.HEADER) > 0
    seen[0], seen[1] = size, headers


@kernel
def pack(stamp, found, first, past, log, made, side, out, ends):
    """Copy the messages of entries from `first` on one behind the other; those before are there."""
    found, log, made, side = pointer(found), pointer(log), pointer(made), pointer(side)
    out, ends = pointer(out), pointer(ends)
    to = np.int64(get(ends, first))
    for n in range(first, past):
        at = n * e.FIELDS
        begin, end = np.int64(get(found, at + e.BEGIN)), np.int64(get(found, at + e.END))
        place = get(found, at + e.PLACE)
        if place == e.IN_LOG:
            copy(log, begin, end, out, to)
        elif place == e.IN_MADE:
            copy(made, begin, end, out, to)
        else:
            copy(side, begin, end, out, to)
        to += end - begin
        put(ends, n + 1, to)
    return to


@kernel
def spread(stamp, numbers, found, times, claims, entries, lines, words, seen):
    """The common columns of entries, each in an array of its own.

    `words`: level, scope, event, component, caller. `seen` counts the times, callers and rows of `rare`.
    """
    numbers, found, times, claims = pointer(numbers), pointer(found), pointer(times), pointer(claims)
    lines, words = pointer(lines), pointer(words)
    for n in range(entries):
        at, of = n * e.FIELDS, n * CLAIMED
        claim = get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * get(claims, of + CLAIM)
        put(lines, n, get(found, at + e.LINE))
        put(words, n, get(found, at + e.LEVEL))
        put(words, entries + n, get(found, at + e.SCOPE_OF))
        put(words, 2 * entries + n, get(numbers, claim + p.C_EVENT))
        put(words, 3 * entries + n, get(claims, of + OF))
        put(words, 4 * entries + n, get(found, at + e.CALLER_OF))
        seen[0] += get(times, n) != e.NOTHING
        seen[1] += get(found, at + e.CALLER_OF) >= 0
        seen[2] += get(found, at + e.RARE) != 0


@short_kernel
def take(stamp, numbers, rows, out):
    """``numbers[rows]``; whether they are all the same."""
    count, differ = len(rows), np.int32(0)
    numbers, rows, out = pointer(numbers), pointer(rows), pointer(out)
    first = get(numbers, get(rows, 0)) if count else np.int32(0)
    for n in range(count):
        value = get(numbers, get(rows, n))
        differ |= value ^ first
        put(out, n, value)
    return differ == 0


@short_kernel
def copied(stamp, numbers, out):
    """Copy some numbers; whether they are all the same."""
    count, differ = len(numbers), np.int32(0)
    numbers, out = pointer(numbers), pointer(out)
    first = get(numbers, 0) if count else np.int32(0)
    for n in range(count):
        value = get(numbers, n)
        differ |= value ^ first
        put(out, n, value)
    return differ == 0


@short_kernel
def spread_rare(stamp, found, rare, entries, out):
    """Thread and epoch of entries, and what stands for none where there are none."""
    found, rare, out = pointer(found), pointer(rare), pointer(out)
    for n in range(entries):
        told = get(found, n * e.FIELDS + e.RARE) != 0
        put(out, n, get(rare, 2 * n + e.THREAD) if told else e.NOTHING)
        put(out, entries + n, get(rare, 2 * n + e.EPOCH) if told else e.NOTHING)
