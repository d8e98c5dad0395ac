"""Automata of closed kinds: where a match ends, and a memory of short ones."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, get, part, put
from istiolog_pd.engine.kernel.swar import ones

#: So many matches are remembered, a power of two.
REMEMBERED = 256
#: Numbers of one: its automaton, the 16 bytes it looked at, which of their bits count, where it ended (-1: nowhere).
OF, LOW, HIGH, LOW_MASK, HIGH_MASK, ENDED = range(6)
MATCH = 6
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - REMEMBERED.bit_length() + 1)


@part
def automaton_end(numbers, automaton, text, at, end):
    """Where the match of an automaton ends; -1 if there is none."""
    return looked_at(numbers, automaton, text, at, end)[0]


@part
def looked_at(numbers, automaton, text, at, end):
    """Where the match of an automaton ends, -1 if there is none; and behind the last byte that it depends on."""
    unless, far = get(numbers, automaton + 2), at
    if unless >= 0:
        found, far = run(numbers, unless, text, at, end)
        if found >= 0:
            return np.int64(-1), far
    found, stop = run(numbers, automaton, text, at, end)
    return found, max(far, stop)


@part
def run(numbers, automaton, text, at, end):
    """The same of one automaton; what depends on where the text ends is said to be behind it."""
    row, classes, found = get(numbers, automaton), get(numbers, automaton + 1), np.int64(-1)
    while at < end:
        after = get(numbers, row + get(numbers, classes + np.int64(get(text, at))))
        if after & 1:
            found = at
        row = after >> 1
        at += 1
        if not row:
            return found, at
    if get(numbers, row + get(numbers, classes + 256)) & 1:
        return at, at + 1
    return found, at + 1


@part
def remembered_end(numbers, automaton, text, at, end, ends):
    """`automaton_end`, by memory where the next bytes are the same: what repeats is short.

    `ends` is the memory, all -1 at first.
    """
    if at + 16 > end:
        return automaton_end(numbers, automaton, text, at, end)
    low, high = eight(text, at), eight(text, at + 8)
    place = MATCH * np.int64(((low ^ np.uint64(automaton)) * _FACTOR) >> _SHIFT)
    if get(ends, place + OF) == automaton:
        differs = (low ^ np.uint64(get(ends, place + LOW))) & np.uint64(get(ends, place + LOW_MASK))
        if not differs | ((high ^ np.uint64(get(ends, place + HIGH))) & np.uint64(get(ends, place + HIGH_MASK))):
            ended = get(ends, place + ENDED)
            return at + ended if ended >= 0 else ended
    found, far = looked_at(numbers, automaton, text, at, end)
    if far - at <= 16:
        put(ends, place + OF, automaton)
        put(ends, place + LOW, np.int64(low))
        put(ends, place + HIGH, np.int64(high))
        put(ends, place + LOW_MASK, np.int64(ones(far - at)))
        put(ends, place + HIGH_MASK, np.int64(ones(far - at - 8)))
        put(ends, place + ENDED, found - at if found >= 0 else np.int64(-1))
    return found
