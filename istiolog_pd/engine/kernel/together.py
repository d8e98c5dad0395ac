"""Messages that begin alike -> claims: they walk the same steps side by side.

Where a message goes on hangs on where its last field ended, and a processor that reads one message after the other
waits for that again and again; with many side by side there is always one to go on with. Each takes the steps that
`walk.fits` would take. All jumps go forward, so the step that comes next is the lowest that any of them is at. What
does not fit here is left to the reading of single messages.
"""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.jit import behind, eight, get, inlined, part, put
from istiolog_pd.engine.kernel.walk import (
    COMMIT,
    DEEPEST,
    FREE_END,
    RUN,
    TRY,
    field_end,
    free_end,
    in_scope,
    literal_of,
    literal_stands,
)  # fmt: skip

#: So many entries are looked at together: what is noted of them stays in the nearest cache.
WINDOW = 128
#: Fewer messages are read one by one.
FEWEST = 8
#: The step of messages that have come to an end.
NOWHERE = 2**31 - 1
# Of each message of a batch (`WINDOW` numbers each): where it is, where it ends, where its last blanks begin, its step,
# its format, its entry, how many alternatives it may come back to; then of each of those the step and the place.
AT, END, LAST, STEP, FORMAT, ENTRY, DEPTH, SAVED = range(8)
LANES = SAVED + 2 * DEEPEST


@inlined
def lane(lanes, sort):
    """The numbers of a sort, one for each message."""
    return behind(lanes, sort * WINDOW)


@part
def walk_together(numbers, words, text, first, count, width, lanes, columns, ends, found, scopes, scope_text):
    """The format of each of `count` messages (-1: none, or none that was found here).

    Their fields stand in `columns`, slot by slot: where each begins (-1: it is not there) and ends. `ends` is the
    memory of automata.
    """
    steps, formats, depths = lane(lanes, STEP), lane(lanes, FORMAT), lane(lanes, DEPTH)
    for n in range(count):
        put(steps, n, first)
        put(formats, n, -1)
        put(depths, n, 0)
    for n in range(2 * count * width):
        put(columns, n, -1)
    step = first
    while step != NOWHERE:
        op = get(numbers, step + p.OP)
        if op <= FREE_END:
            step = take_field(numbers, words, text, op, step, count, lanes, columns, ends)
        elif op == TRY:
            step = take_try(numbers, text, step, count, lanes)
        elif op == COMMIT:
            step = take_commit(numbers, step, count, lanes)
        else:
            step = take_end(numbers, words, step, count, lanes, columns, found, scopes, scope_text)


@part
def take_field(numbers, words, text, op, step, count, lanes, columns, ends):
    """A literal, a field, or both; the lowest step that a message is at then."""
    literal, what = literal_of(numbers, step), get(numbers, step + p.WHAT)
    size, slot, optional = literal[2], get(numbers, step + p.SLOT), get(numbers, step + p.OPTIONAL)
    column = behind(columns, 2 * count * max(slot, np.int64(0)))
    steps, ats, stops, lasts = lane(lanes, STEP), lane(lanes, AT), lane(lanes, END), lane(lanes, LAST)
    lowest, following = np.int64(NOWHERE), step + p.STEP_WIDTH
    for n in range(count):
        here = np.int64(get(steps, n))
        if here != step:
            lowest = min(lowest, here)
            continue
        begin, end, stop = np.int64(get(ats, n)), np.int64(get(stops, n)), np.int64(-1)
        if op <= RUN:
            if literal_stands(words, literal, text, begin, end):
                begin += size
                stop = field_end(numbers, op, what, text, begin, end, ends)
            after = stop
        else:
            last = np.int64(get(lasts, n)) if op == FREE_END else begin
            stop = free_end(words, literal, what != 0, text, begin, end, last)
            after = stop + size
        here = following
        if stop >= 0:
            put(ats, n, after)
            if slot >= 0:
                put(column, 2 * n, begin)
                put(column, 2 * n + 1, stop)
        elif not optional:
            here = come_back(numbers, n, count, lanes, columns)
        put(steps, n, here)
        lowest = min(lowest, here)
    return lowest


@part
def take_try(numbers, text, step, count, lanes):
    """Begin an alternative where its literal can stand; the lowest step that a message is at then."""
    what, following = get(numbers, step + p.WHAT), step + p.STEP_WIDTH
    low, mask = np.uint64(get(numbers, step + p.LOW)), np.uint64(get(numbers, step + p.MASK))
    steps, ats, depths = lane(lanes, STEP), lane(lanes, AT), lane(lanes, DEPTH)
    lowest = np.int64(NOWHERE)
    for n in range(count):
        here = np.int64(get(steps, n))
        if here == step:
            at, depth = np.int64(get(ats, n)), np.int64(get(depths, n))
            fits = not (eight(text, at) ^ low) & mask
            put(lane(lanes, SAVED + 2 * depth), n, step)
            put(lane(lanes, SAVED + 2 * depth + 1), n, at)
            put(depths, n, depth + fits)
            here = following if fits else what
            put(steps, n, here)
        lowest = min(lowest, here)
    return lowest


@part
def take_commit(numbers, step, count, lanes):
    """Keep an alternative; the lowest step that a message is at then."""
    what, lowest = get(numbers, step + p.WHAT), np.int64(NOWHERE)
    steps, depths = lane(lanes, STEP), lane(lanes, DEPTH)
    for n in range(count):
        here = np.int64(get(steps, n))
        if here == step:
            put(depths, n, get(depths, n) - 1)
            here = what
            put(steps, n, here)
        lowest = min(lowest, here)
    return lowest


@part
def take_end(numbers, words, step, count, lanes, columns, found, scopes, scope_text):
    """The end of a format: messages that end here too are of it. The lowest step that a message is at then."""
    steps, ats, lasts, formats = lane(lanes, STEP), lane(lanes, AT), lane(lanes, LAST), lane(lanes, FORMAT)
    entries, lowest = lane(lanes, ENTRY), np.int64(NOWHERE)
    what, trusted = get(numbers, step + p.WHAT), get(numbers, step + p.SIZE_OF) != 0
    for n in range(count):
        here = np.int64(get(steps, n))
        if here == step:
            here = np.int64(NOWHERE)
            if get(ats, n) >= get(lasts, n) and (
                trusted or of_scope(numbers, words, what, np.int64(get(entries, n)), found, scopes, scope_text)
            ):
                put(formats, n, what)
            else:
                here = come_back(numbers, n, count, lanes, columns)
            put(steps, n, here)
        lowest = min(lowest, here)
    return lowest


@part
def of_scope(numbers, words, what, entry, found, scopes, scope_text):
    """Whether an entry's level and scope are those of a format."""
    of = entry * e.FIELDS
    scope = 2 * max(np.int64(get(found, of + e.SCOPE_OF)), 0)
    level = np.int64(get(found, of + e.LEVEL))
    return in_scope(numbers, words, what, level, get(scopes, scope), get(scopes, scope + 1), scope_text)


@part
def come_back(numbers, n, count, lanes, columns):
    """The alternative that a message comes back to; its fields since then are forgotten."""
    depth = np.int64(get(lane(lanes, DEPTH), n)) - 1
    if depth < 0:
        return np.int64(NOWHERE)
    put(lane(lanes, DEPTH), n, depth)
    trial = np.int64(get(lane(lanes, SAVED + 2 * depth), n))
    put(lane(lanes, AT), n, get(lane(lanes, SAVED + 2 * depth + 1), n))
    for slot in range(get(numbers, trial + p.SLOT), get(numbers, trial + p.SLOTS_END)):
        put(columns, 2 * (count * slot + n), -1)
    return get(numbers, trial + p.WHAT)
