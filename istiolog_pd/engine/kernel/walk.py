"""A message and the steps of a format: does it fit, and where are its fields."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.automaton import remembered_end
from istiolog_pd.engine.kernel.jit import behind, eight, get, inlined, part, put
from istiolog_pd.engine.kernel.text import is_blank, stands
from istiolog_pd.engine.kernel.wide import blank_at, blank_or, byte_at, digits_stop

LIT, NUMBER, BYTES, CLOSED, RUN, FREE, FREE_END = p.LIT, p.NUMBER, p.BYTES, p.CLOSED, p.RUN, p.FREE, p.FREE_END
TRY, COMMIT = p.TRY, p.COMMIT
UNITS = tuple(b"kMGTPE")
#: Alternatives inside alternatives, at most so deep.
DEEPEST = 32
#: Fields and labels of one message, at most.
MOST_SLOTS = 64
#: Numbers of a field that was found: its slot, where it begins, where it ends.
HIT = 3


@inlined
def literal_of(numbers, step):
    """The literal of a step: its first eight bytes, which of them count, its size, and where it stands."""
    low, mask = np.uint64(get(numbers, step + p.LOW)), np.uint64(get(numbers, step + p.MASK))
    return low, mask, get(numbers, step + p.SIZE_OF), get(numbers, step + p.PLACE_OF)


@inlined
def literal_stands(words, literal, text, at, end):
    """Whether a literal stands here."""
    low, mask, size, place = literal
    if at + size > end or (eight(text, at) ^ low) & mask:
        return False
    return size <= 8 or stands(text, at + 8, end, words, place + 8, size - 8)


@inlined
def free_end(words, literal, no_blanks, text, at, end, last):
    """Where the literal after a free field first stands; with `last`, nothing but blanks may follow it."""
    low, _, size, _ = literal
    if size == 0:
        stop = max(at, last)
        return stop if not no_blanks or blank_at(text, at, stop) >= stop else np.int64(-1)
    first = np.uint8(low & np.uint64(255))
    while True:
        at = blank_or(text, at, end, first) if no_blanks else byte_at(text, at, end, first)
        if at + size > end:
            return np.int64(-1)
        if get(text, at) == first:
            if at + size >= last and literal_stands(words, literal, text, at, end):
                return at
            if no_blanks and is_blank(first):
                return np.int64(-1)
        else:
            return np.int64(-1)
        at += 1


@inlined
def number_end(text, at, end):
    """The end of a whole number; -1 if there is none."""
    first = at + 1 if at < end and get(text, at) == 45 else at
    stop = digits_stop(text, first, end)
    return stop if stop > first else np.int64(-1)


@part
def bytes_end(text, at, end):
    """The end of ``1.5kB``, ``999B`` or a bare count; -1 if there is none."""
    stop = digits_stop(text, at, end)
    if stop == at:
        return np.int64(-1)
    if stop < end and get(text, stop) == 46:
        behind = digits_stop(text, stop + 1, end)
        stop = behind if behind > stop + 1 else stop
    for unit in UNITS:
        if stop < end and get(text, stop) == unit:
            stop += 1
            break
    return stop + 1 if stop < end and get(text, stop) == 66 else stop


@inlined
def field_end(numbers, op, what, text, at, end, ends):
    """Where the field of a step ends that needs no literal behind it; -1 if there is none."""
    if op == NUMBER:
        return number_end(text, at, end)
    if op == BYTES:
        return bytes_end(text, at, end)
    if op == CLOSED:
        return remembered_end(numbers, what, text, at, end, ends)
    if op == RUN:
        return blank_at(text, at, end) if what else end
    return at


@inlined
def keep_hit(hits, n, slot, begin, end):
    """Note where the text of a slot is."""
    put(hits, HIT * n, slot)
    put(hits, HIT * n + 1, begin)
    put(hits, HIT * n + 2, end)


@part
def fits(numbers, words, step, text, start, end, last, hits, stack, level, scope, scope_size, scopes):
    """The format that a message fits, of those whose steps begin at `step`, and its fields; -1 if none.

    The fields found stand in `hits`. Behind `stack` is the memory of automata. `last` is where the
    blanks begin that end the message.
    """
    depth, at, kept, ends = np.int64(0), start, np.int64(0), behind(stack, 3 * DEEPEST)
    while True:
        op = get(numbers, step + p.OP)
        if op <= RUN:
            if literal_stands(words, literal_of(numbers, step), text, at, end):
                begin = at + get(numbers, step + p.SIZE_OF)
                stop = field_end(numbers, op, get(numbers, step + p.WHAT), text, begin, end, ends)
                if stop >= 0:
                    slot = get(numbers, step + p.SLOT)
                    if slot >= 0:
                        keep_hit(hits, kept, slot, begin, stop)
                        kept += 1
                    at = stop
                    step += p.STEP_WIDTH
                    continue
            if get(numbers, step + p.OPTIONAL):
                step += p.STEP_WIDTH
                continue
        elif op <= FREE_END:
            no_blanks, least = get(numbers, step + p.WHAT) != 0, last if op == FREE_END else start
            stop = free_end(words, literal_of(numbers, step), no_blanks, text, at, end, least)
            if stop >= 0:
                slot = get(numbers, step + p.SLOT)
                if slot >= 0:
                    keep_hit(hits, kept, slot, at, stop)
                    kept += 1
                at = stop + get(numbers, step + p.SIZE_OF)
                step += p.STEP_WIDTH
                continue
        elif op == TRY:
            what, mask = get(numbers, step + p.WHAT), np.uint64(get(numbers, step + p.MASK))
            if (eight(text, at) ^ np.uint64(get(numbers, step + p.LOW))) & mask:
                step = what
                continue
            put(stack, 3 * depth, what)
            put(stack, 3 * depth + 1, at)
            put(stack, 3 * depth + 2, kept)
            depth += 1
            step += p.STEP_WIDTH
            continue
        elif op == COMMIT:
            depth -= 1
            step = get(numbers, step + p.WHAT)
            continue
        elif at >= last:
            what = get(numbers, step + p.WHAT)
            if get(numbers, step + p.SIZE_OF) or in_scope(numbers, words, what, level, scope, scope_size, scopes):
                return what, kept
        if depth == 0:
            return np.int64(-1), np.int64(0)
        depth -= 1
        step, at, kept = get(stack, 3 * depth), get(stack, 3 * depth + 1), get(stack, 3 * depth + 2)


@part
def in_scope(numbers, words, entry, level, scope, scope_size, scopes):
    """Whether a line of this level and scope (a place in `scopes`) can be of a format that needs them."""
    if level < 0 or not (get(numbers, get(numbers, p.LEVELS) + entry) >> level) & 1:
        return False
    at = get(numbers, p.SCOPES_AT) + entry
    for n in range(get(numbers, at), get(numbers, at + 1)):
        pair = get(numbers, p.SCOPES) + 2 * n
        size = get(numbers, pair + 1)
        if size == scope_size and stands(words, get(numbers, pair), get(numbers, pair) + size, scopes, scope, size):
            return True
    return False
