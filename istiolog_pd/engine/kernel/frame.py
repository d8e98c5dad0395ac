"""Bytes -> entries: lines, their headers, and the lines that go on an entry.

One pass. Where a line is odd (a rare header, a header in a line's midst, a cut GC line, JSON that is not
flat) the kernel stops before it, and the reference takes over for some lines.
"""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel import heads
from istiolog_pd.engine.kernel import rules as r
from istiolog_pd.engine.kernel.automaton import automaton_end
from istiolog_pd.engine.kernel.entry import (
    AT,
    AT_END,
    AT_FULL,
    AT_FULL_TABLE,
    AT_JSON,
    AT_ODD_LINE,
    CALLER,
    COUNT,
    KEY_ROOM,
    KEYS,
    LINE,
    OPEN,
    ROOM,
    SCOPE,
    enter,
)  # fmt: skip
from istiolog_pd.engine.kernel.jit import get, inlined, kernel, pointer, put
from istiolog_pd.engine.kernel.json import MOST_PAIRS
from istiolog_pd.engine.kernel.json_lines import json_line
from istiolog_pd.engine.kernel.lines import ends_as_gc, is_rare, line_end
from istiolog_pd.engine.kernel.memo import remember_head
from istiolog_pd.engine.kernel.text import NOT_A_TIME, is_digit
from istiolog_pd.engine.kernel.words import FULL, number_of, pointers_of

RARE_BITS = 1 << e.THREAD | 1 << e.EPOCH


@inlined
def sort_of(text, start, end, rules, memo, out):
    """What a line begins with."""
    if start == end:
        return heads.TEXT
    first = get(text, start)
    if is_digit(first):
        if end - start < 20 or get(text, start + 4) != get(text, start + 7) or get(text, start + 4) not in (45, 47):
            return heads.TEXT
        return heads.console(text, start, end, rules, memo, out)
    if first == 91:
        if end - start < 22 or not (is_digit(get(text, start + 1)) or get(text, start + 1) == 69):
            return heads.TEXT
        if is_digit(get(text, start + 1)) and get(text, start + 5) != 45:
            return heads.TEXT
        return heads.brackets(text, start, end, memo, out)
    if first == 103:
        if (
            end - start < 4
            or get(text, start + 1) != 99
            or get(text, start + 2) != 32
            or not is_digit(get(text, start + 3))
        ):
            return heads.TEXT
        whole = automaton_end(rules, get(rules, r.GC_LINE), text, start, end) == end
        return heads.GC if whole else heads.ODD
    return heads.ODD if is_rare(text, start, end, first) else heads.TEXT


@kernel
def frame(stamp, text, end, state, found, times, rare, rules, words, table, memo, out, pairs, made, keys):
    """Find entries from ``state[AT]`` on; returns why it stopped."""
    text, state, found, times, rare = pointer(text), pointer(state), pointer(found), pointer(times), pointer(rare)
    rules, words, table, memo, out = pointer(rules), pointer(words), pointers_of(table), pointer(memo), pointer(out)
    pairs, made, keys = pointer(pairs), pointer(made), pointer(keys)
    at, line, count, opened = get(state, AT), get(state, LINE), get(state, COUNT), get(state, OPEN)
    reason, room = AT_END, get(state, ROOM)
    while at < end:
        if count == room:
            reason = AT_FULL
            break
        stop, inner, tab = line_end(text, at, end)
        if inner:
            reason = AT_ODD_LINE
            break
        if stop > at and get(text, at) == 123:
            if get(state, KEYS) + MOST_PAIRS > get(state, KEY_ROOM):
                reason = AT_JSON
                break
            reason = json_line(
                text, at, stop, state, found, times, count, line, rules, words, table, memo, pairs, made, keys
            )
            if reason != AT_END:
                break
            count += 1
            opened = -1
            at, line = stop + 1, line + 1
            continue
        put(out, heads.LAST_TAB, tab)
        sort = sort_of(text, at, stop, rules, memo, out)
        if sort == heads.TEXT:
            if opened >= 0:
                entry = opened * e.FIELDS
                if get(found, entry + e.PLACE) != e.IN_LOG or get(found, entry + e.END) != at - 1:
                    reason = AT_ODD_LINE
                    break
                put(found, entry + e.END, stop)
                if tab >= 0:
                    put(found, entry + e.TABS, 1)
            elif stop > at:
                entry = enter(found, count, at, stop, line)
                put(times, count, NOT_A_TIME)
                put(found, entry + e.EVENT, get(rules, r.UNPARSED))
                put(found, entry + e.HEADER, 0)
                count += 1
        elif sort == heads.ODD or (sort <= heads.BRACKETS and ends_as_gc(text, at, stop)):
            reason = AT_ODD_LINE
            break
        elif sort == heads.GC:
            put(found, enter(found, count, at, stop, line) + e.EVENT, get(rules, r.GO_GC))
            put(times, count, NOT_A_TIME)
            count += 1
        elif sort == heads.ACCESS:
            entry = enter(found, count, at, stop, line)
            put(found, entry + e.EVENT, get(rules, r.ACCESS))
            put(found, entry + e.COMPONENT, get(rules, r.ENVOY))
            put(times, count, get(out, heads.TIME))
            count += 1
        else:
            if not begin_entry(text, stop, end, found, times, rare, count, line, rules, table, memo, out):
                reason = AT_FULL_TABLE
                break
            opened = count
            count += 1
        at, line = stop + 1, line + 1
    put(state, AT, at)
    put(state, LINE, line)
    put(state, COUNT, count)
    put(state, OPEN, opened)
    return reason


@inlined
def begin_entry(text, stop, far, found, times, rare, n, line, rules, table, memo, out):
    """Enter the line whose header is in `out`; false if the words have no room."""
    scope, caller = get(out, heads.SCOPE_NUMBER), np.int64(-1)
    if get(out, heads.SCOPE) >= 0:
        scope = number_of(table, np.int64(SCOPE), text, get(out, heads.SCOPE), get(out, heads.SCOPE_END), far)
    if get(out, heads.CALLER) >= 0:
        caller = number_of(table, np.int64(CALLER), text, get(out, heads.CALLER), get(out, heads.CALLER_END), far)
    if scope == FULL or caller == FULL:
        return False
    head = get(out, heads.HEAD)
    if head >= 0 and head + 16 <= stop:
        remember_head(text, head, get(out, heads.SCOPE_END) + 1 - head, get(out, heads.LEVEL), scope, memo)
    entry = enter(found, n, get(out, heads.MESSAGE), stop, line)
    put(times, n, get(out, heads.TIME))
    put(found, entry + e.LEVEL, get(out, heads.LEVEL))
    put(found, entry + e.SCOPE_OF, scope)
    put(found, entry + e.CALLER_OF, caller)
    put(found, entry + e.TABS, 1 if get(out, heads.LAST_TAB) >= get(out, heads.MESSAGE) else 0)
    if get(out, heads.THREAD) != e.NOTHING or get(out, heads.EPOCH) != e.NOTHING:
        put(rare, 2 * n + e.THREAD, get(out, heads.THREAD))
        put(rare, 2 * n + e.EPOCH, get(out, heads.EPOCH))
        put(found, entry + e.RARE, RARE_BITS if get(out, heads.THREAD) != e.NOTHING else 1 << e.EPOCH)
    if get(out, heads.WRITER) == heads.ENVOY:
        put(found, entry + e.COMPONENT, get(rules, r.ENVOY))
    elif get(out, heads.WRITER) == heads.ZTUNNEL:
        put(found, entry + e.COMPONENT, get(rules, r.ZTUNNEL))
    return True
