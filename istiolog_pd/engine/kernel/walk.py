"""A message and the steps of a format: does it fit, and where are its fields."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.jit import get, part
from istiolog_pd.engine.kernel.text import stands

LIT, FREE, FREE_END, RUN = p.LIT, p.FREE, p.FREE_END, p.RUN
CLOSED, TRY, COMMIT = p.CLOSED, p.TRY, p.COMMIT
#: Alternatives inside alternatives, at most so deep.
DEEPEST = 32
#: Fields of one format, at most.
MOST_SLOTS = 64


@part
def automaton_end(numbers, automaton, text, at, end):
    """Where the match of an automaton ends; -1 if there is none."""
    meta = get(numbers, p.DFA) + automaton * p.DFA_WIDTH
    if get(numbers, meta + 3) >= 0:
        unless = get(numbers, p.DFA) + get(numbers, meta + 3) * p.DFA_WIDTH
        if run(numbers, unless, text, at, end) >= 0:
            return -1
    return run(numbers, meta, text, at, end)


@part
def run(numbers, meta, text, at, end):
    base = np.int64(get(numbers, p.STATES) + get(numbers, meta))
    width = np.int64(get(numbers, meta + 1))
    classes = np.int64(get(numbers, p.CLASSES) + get(numbers, meta + 2))
    state, found = np.int64(1), np.int64(-1)
    while state:
        symbol = np.int64(get(numbers, classes + (np.int64(get(text, at)) if at < end else 256)))
        after = np.int64(get(numbers, base + state * width + symbol))
        if after & 1:
            found = at
        state = after >> 1
        at += 1
    return found


@part
def free_end(text, at, end, words, allowed, place, size, last):
    """Where the literal after a free field first stands; with `last`, nothing but blanks may follow it."""
    while True:
        if at + size > end:
            return -1
        if size == 0 or get(text, at) == get(words, place):
            if at + size >= last and stands(text, at, end, words, place, size):
                return at
        if at >= end or not get(words, allowed + get(text, at)):
            return -1
        at += 1


@part
def fits(numbers, words, first, text, start, end, last, spans, stack, level, scope, scope_size, scopes):
    """The format that a message fits, of those whose steps begin at `first`; -1 if none.

    `spans` then holds the places of the slots that were filled.
    `last` is where the blanks begin that end the message. Before, and after a misfit, no slot is filled (-1).
    """
    depth, at, kept = 0, start, 0
    step = np.int64(get(numbers, p.STEPS) + first * p.STEP_WIDTH)
    while True:
        op, what = get(numbers, step), np.int64(get(numbers, step + 1))
        ok, stop = True, at
        if op == LIT:
            ok = stands(text, at, end, words, get(numbers, step + 2), get(numbers, step + 3))
            at += get(numbers, step + 3)
        elif op == CLOSED:
            stop = automaton_end(numbers, what, text, at, end)
            ok = stop >= 0
        elif op == FREE or op == FREE_END:
            least = last if op == FREE_END else start
            allowed = get(numbers, p.SETS) + what * 256
            stop = free_end(text, at, end, words, allowed, get(numbers, step + 2), get(numbers, step + 3), least)
            ok = stop >= 0
        elif op == RUN:
            allowed = get(numbers, p.SETS) + what * 256
            while stop < end and get(words, allowed + get(text, stop)):
                stop += 1
        elif op == TRY:
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = what, at, kept
            depth += 1
        elif op == COMMIT:
            depth -= 1
            step = get(numbers, p.STEPS) + (what - 1) * p.STEP_WIDTH
        else:
            ok = at >= last and (
                get(numbers, get(numbers, p.TRUSTED) + what)
                or in_scope(numbers, words, what, level, scope, scope_size, scopes)
            )
            if ok:
                return what
        if ok:
            if CLOSED >= op >= FREE:
                slot = get(numbers, step + 4)
                if slot >= 0:
                    spans[slot, 0], spans[slot, 1] = at, stop
                    stack[kept, 3] = slot
                    kept += 1
                at = stop + (get(numbers, step + 3) if op <= FREE_END else 0)
            step += p.STEP_WIDTH
            continue
        least_kept = np.int64(0)
        if depth > 0:
            depth -= 1
            step, at = get(numbers, p.STEPS) + stack[depth, 0] * p.STEP_WIDTH, stack[depth, 1]
            least_kept = stack[depth, 2]
        else:
            at = -1
        while kept > least_kept:
            kept -= 1
            spans[stack[kept, 3], 0] = -1
        if at < 0:
            return np.int64(-1)


@part
def in_scope(numbers, words, entry, level, scope, scope_size, scopes):
    """Whether a line of this level and scope (a place in `scopes`) can be of a format that needs them."""
    if level < 0 or not (get(numbers, get(numbers, p.LEVELS) + entry) >> level) & 1:
        return False
    at = get(numbers, p.SCOPES_AT) + entry
    for n in range(get(numbers, at), get(numbers, at + 1)):
        place, size = get(numbers, get(numbers, p.SCOPES) + 2 * n), get(numbers, get(numbers, p.SCOPES) + 2 * n + 1)
        if size == scope_size:
            same = True
            for m in range(size):
                if get(scopes, scope + m) != get(words, place + m):
                    same = False
                    break
            if same:
                return True
    return False
