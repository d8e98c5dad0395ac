"""The headers that most lines have; what is rarer is left to the reference (`ODD`)."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel import rules as r
from istiolog_pd.engine.kernel.automaton import automaton_end
from istiolog_pd.engine.kernel.found import NOTHING
from istiolog_pd.engine.kernel.jit import get, inlined, part, put
from istiolog_pd.engine.kernel.levels import level_at
from istiolog_pd.engine.kernel.memo import HEAD_HIGH, HEAD_LEVEL, HEAD_SCOPE, head_at, head_place, time_near
from istiolog_pd.engine.kernel.text import (
    NOT_A_TIME,
    NS,
    date_and_clock,
    digits_end,
    fraction,
    is_digit,
    is_letter,
    is_word,
    value_of,
)

# What a line begins with.
TEXT, CONSOLE, BRACKETS, ACCESS, GC, ODD = 0, 1, 2, 3, 4, 5
# Where `head` puts what it has found.
# `HEAD` is where a head begins that is worth remembering (-1: none), `SCOPE_NUMBER` what is remembered of its scope.
(
    MESSAGE, TIME, LEVEL, SCOPE, SCOPE_END, CALLER, CALLER_END, THREAD, EPOCH, WRITER, LAST_TAB, HEAD, SCOPE_NUMBER,
) = range(13)  # fmt: skip
FIELDS = 13
# Who wrote a line, by its header: the source's own component, Envoy, ztunnel.
OWN, ENVOY, ZTUNNEL = 0, 1, 2
EPOCH_WORDS = tuple(b"[Envoy (Epoch ")


@part
def name_end(text, at, end):
    """The end of a run of letters, digits, ``_`` and ``-``."""
    while at < end and (is_word(get(text, at)) or get(text, at) == 45):
        at += 1
    return at


@part
def label_ahead(text, at, end):
    """Whether a label (``key=``) stands here."""
    if at >= end or not (is_letter(get(text, at)) or get(text, at) == 95):
        return False
    while at < end and (is_word(get(text, at)) or get(text, at) == 46 or get(text, at) == 45):
        at += 1
    return at < end and get(text, at) == 61


@part
def is_place(text, at, end):
    """Whether a text is ``file:123``."""
    colon = end
    while colon > at and is_digit(get(text, colon - 1)):
        colon -= 1
    return colon < end and colon - 1 > at and get(text, colon - 1) == 58


@part
def bracketed_place(text, at, end):
    """The end of ``[file:123] `` at `at`: of the place, and of all of it; -1 if it is none."""
    if at >= end or get(text, at) != 91:
        return -1, -1
    stop = at + 1
    while stop < end and get(text, stop) != 93 and not (get(text, stop) == 32 or 9 <= get(text, stop) <= 13):
        stop += 1
    if stop + 1 < end and get(text, stop) == 93 and get(text, stop + 1) == 32 and is_place(text, at + 1, stop):
        return stop, stop + 2
    return -1, -1


@inlined
def console(text, start, end, rules, memo, out):
    """``time TAB level TAB [envoy logger [caller] TAB | scope TAB] [file.go:1 TAB]``."""
    at, told = time_near(text, start, end, memo)
    put(out, TIME, told)
    if at < 0 or at >= end or get(text, at) != 9:
        return ODD
    first = at + 1
    put(out, SCOPE, -1)
    put(out, SCOPE_END, -1)
    put(out, CALLER, -1)
    put(out, CALLER_END, -1)
    put(out, SCOPE_NUMBER, -1)
    put(out, HEAD, -1)
    put(out, THREAD, NOTHING)
    put(out, EPOCH, NOTHING)
    put(out, WRITER, OWN)
    low, high, size = head_at(text, first, end)
    head = head_place(low, high)
    if size and np.int64(low) == get(memo, head) and np.int64(high) == get(memo, head + HEAD_HIGH):
        if not label_ahead(text, first + size, end):
            put(out, LEVEL, get(memo, head + HEAD_LEVEL))
            put(out, SCOPE_NUMBER, get(memo, head + HEAD_SCOPE))
            put(out, MESSAGE, behind_caller(text, first + size, end, out))
            return CONSOLE
    level, past = level_at(text, first, end)
    if level < 0 or past >= end or get(text, past) != 9 or not 97 <= get(text, first) <= 122:
        return ODD
    put(out, LEVEL, level)
    at = past + 1
    target = ztunnel(text, at, end, rules, out)
    if target != TEXT:
        return target
    after = envoy(text, at, end, out)
    if after < 0 and at < end and is_letter(get(text, at)):
        stop = name_end(text, at, end)
        if stop < end and get(text, stop) == 9 and not label_ahead(text, stop + 1, end):
            put(out, SCOPE, at)
            put(out, SCOPE_END, stop)
            put(out, HEAD, first)
            after = stop + 1
    put(out, MESSAGE, behind_caller(text, after if after >= 0 else at, end, out))
    return CONSOLE


@inlined
def behind_caller(text, at, end, out):
    """Where the message begins, behind a ``file.go:1 TAB`` that may stand here."""
    stop = at if get(out, LAST_TAB) >= at else end
    while stop < end and get(text, stop) != 9:
        stop += 1
    if stop < end and is_place(text, at, stop):
        colon = stop - 1
        while get(text, colon) != 58:
            colon -= 1
        if (
            colon - 3 >= at
            and get(text, colon - 3) == 46
            and get(text, colon - 2) == 103
            and get(text, colon - 1) == 111
        ):
            if get(out, CALLER) < 0:
                put(out, CALLER, at)
                put(out, CALLER_END, stop)
            return stop + 1
    return at


@part
def ztunnel(text, at, end, rules, out):
    """A target of ztunnel and a tab (``xds::client:xds{id=1} TAB``): CONSOLE; ODD if its tab was lost."""
    first = at
    while at < end and (get(text, at) == 9 or get(text, at) == 32):
        at += 1
    if at >= end or not 97 <= get(text, at) <= 122:
        return TEXT
    stop = automaton_end(rules, get(rules, r.TARGET), text, at, end) if at == first else np.int64(-1)
    if stop < 0:
        lost = automaton_end(rules, get(rules, r.LOST_TARGET), text, at, end) >= 0
        return ODD if lost else TEXT
    put(out, SCOPE, at)
    put(out, SCOPE_END, automaton_end(rules, get(rules, r.TARGET_SCOPE), text, at, end))
    put(out, WRITER, ZTUNNEL)
    put(out, MESSAGE, stop)
    return CONSOLE


@part
def envoy(text, at, end, out):
    """``envoy logger [caller] TAB [[caller] ]``: where it ends; -1 if it is none."""
    if at + 6 > end or get(text, at) != 101 or get(text, at + 1) != 110 or get(text, at + 2) != 118:
        return -1
    if get(text, at + 3) != 111 or get(text, at + 4) != 121 or get(text, at + 5) != 32:
        return -1
    first = at + 6
    stop = name_end(text, first, end)
    if stop == first or stop >= end:
        return -1
    caller = caller_end = -1
    after = stop
    if get(text, stop) == 32:
        caller, after = stop + 1, stop + 1
        while after < end and get(text, after) != 9 and get(text, after) != 32:
            after += 1
        caller_end = after
        if not is_place(text, caller, after):
            return -1
    if after >= end or get(text, after) != 9:
        return -1
    after += 1
    place, past = bracketed_place(text, after, end)
    if past >= 0:
        if caller < 0:
            caller, caller_end = after + 1, place
        after = past
    put(out, SCOPE, first)
    put(out, SCOPE_END, stop)
    put(out, CALLER, caller)
    put(out, CALLER_END, caller_end)
    put(out, WRITER, ENVOY)
    return after


@part
def brackets(text, start, end, memo, out):
    """``[[Envoy (Epoch 0)] ][time][thread][level][logger] [[caller] ]``, and access lines; else ODD."""
    at = start
    put(out, EPOCH, NOTHING)
    put(out, HEAD, -1)
    put(out, SCOPE_NUMBER, -1)
    if at + 1 < end and get(text, at + 1) == 69:
        at, told = epoch(text, at, end)
        put(out, EPOCH, told)
        if at < 0:
            return ODD
    elif at + 12 < end and get(text, at + 11) == 84:
        stop, told = time_near(text, at + 1, end, memo)
        put(out, TIME, told)
        if (
            stop < 0
            or stop + 1 >= end
            or get(text, stop - 1) != 90
            or get(text, stop) != 93
            or get(text, stop + 1) != 32
        ):
            return ODD
        put(out, MESSAGE, start)
        return ACCESS
    at, told = bracket_time(text, at, end)
    put(out, TIME, told)
    if at < 0:
        return ODD
    at, told = number_in_brackets(text, at, end)
    put(out, THREAD, told)
    if at < 0 or at >= end or get(text, at) != 91:
        return ODD
    first = at + 1
    level, at = level_at(text, first, end)
    if (
        level < 0
        or level == 4
        or get(text, first) < 97
        or at + 1 >= end
        or get(text, at) != 93
        or get(text, at + 1) != 91
    ):
        return ODD
    put(out, LEVEL, level)
    put(out, SCOPE, at + 2)
    at = name_end(text, at + 2, end)
    put(out, SCOPE_END, at)
    if at == get(out, SCOPE) or at + 1 >= end or get(text, at) != 93 or get(text, at + 1) != 32:
        return ODD
    at += 2
    put(out, CALLER, -1)
    put(out, CALLER_END, -1)
    put(out, WRITER, ENVOY)
    put(out, MESSAGE, caller_in_brackets(text, at, end, out))
    return BRACKETS


@part
def caller_in_brackets(text, at, end, out):
    """A caller after the header, ``[file:1] `` or ``file:1] ``: where the message begins."""
    place, past = bracketed_place(text, at, end)
    if past >= 0:
        put(out, CALLER, at + 1)
        put(out, CALLER_END, place)
        return past
    stop = at
    while stop < end and get(text, stop) != 93 and not (get(text, stop) == 32 or 9 <= get(text, stop) <= 13):
        stop += 1
    if stop + 1 < end and get(text, stop) == 93 and get(text, stop + 1) == 32 and is_place(text, at, stop):
        put(out, CALLER, at)
        put(out, CALLER_END, stop)
        return stop + 2
    return at


@part
def epoch(text, at, end):
    """``[Envoy (Epoch 12)] ``: where it ends (-1: it is none), and the number."""
    first = at + len(EPOCH_WORDS)
    if first > end:
        return -1, -1
    for n in range(len(EPOCH_WORDS)):
        if get(text, at + n) != EPOCH_WORDS[n]:
            return -1, -1
    stop = digits_end(text, first, end)
    if stop == first or stop - first > 18 or stop + 2 >= end:
        return -1, -1
    if get(text, stop) != 41 or get(text, stop + 1) != 93 or get(text, stop + 2) != 32:
        return -1, -1
    return stop + 3, value_of(text, first, stop)


@part
def number_in_brackets(text, at, end):
    """``[18]``: where it ends, and the number."""
    if at >= end or get(text, at) != 91:
        return -1, -1
    stop = digits_end(text, at + 1, end)
    if stop == at + 1 or stop - at > 19 or stop >= end or get(text, stop) != 93:
        return -1, -1
    return stop + 1, value_of(text, at + 1, stop)


@part
def bracket_time(text, at, end):
    """``[2018-12-24 16:27:52.484]``: where it ends, and the time."""
    if at + 21 > end or get(text, at) != 91:
        return -1, NOT_A_TIME
    fits, seconds = date_and_clock(text, at + 1, np.int64(45), np.int64(32))
    if not fits:
        return -1, NOT_A_TIME
    at += 20
    part_of_second = np.int64(0)
    if get(text, at) == 46 or get(text, at) == 44:
        part_of_second, at = fraction(text, at + 1, end)
        if part_of_second < 0 or at >= end:
            return -1, NOT_A_TIME
    if get(text, at) != 93:
        return -1, NOT_A_TIME
    if seconds == NOT_A_TIME:
        return at + 1, NOT_A_TIME
    return at + 1, seconds * NS + part_of_second
