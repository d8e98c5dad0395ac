"""Lines that are one flat JSON object: their header, by the keys of the layouts."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel import rules as r
from istiolog_pd.engine.kernel.entry import (
    AT_END,
    AT_FULL_TABLE,
    AT_ODD_LINE,
    CALLER,
    KEYS,
    MADE,
    SCOPE,
    enter,
)  # fmt: skip
from istiolog_pd.engine.kernel.jit import get, part, put
from istiolog_pd.engine.kernel.json import (
    ESCAPED,
    PAIR,
    SORT,
    STRING,
    TAKEN,
    VALUE,
    VALUE_END,
    find,
    message_of,
    pairs_of,
)  # fmt: skip
from istiolog_pd.engine.kernel.levels import level_at
from istiolog_pd.engine.kernel.memo import time_near
from istiolog_pd.engine.kernel.text import stands
from istiolog_pd.engine.kernel.words import FULL, number_of


@part
def json_line(text, at, stop, state, found, times, n, line, rules, words, table, memo, pairs, made, places):
    """Enter a line that is a flat JSON object of a known layout; otherwise why not."""
    count = pairs_of(text, at, stop, pairs)
    if count < 0:
        return AT_ODD_LINE
    for layout in range(get(rules, r.LAYOUTS), get(rules, r.LAYOUTS_END), r.LAYOUT_WIDTH):
        time = find(text, pairs, count, rules, layout + r.L_TIME, words)
        if time < 0:
            continue
        message = find(text, pairs, count, rules, layout + r.L_MESSAGE, words)
        if message < 0 and get(rules, layout + r.L_MESSAGE + r.K_SIZE):
            continue
        needs = layout + r.L_NEEDS
        if get(rules, needs + r.K_SIZE) and find(text, pairs, count, rules, needs, words) < 0:
            continue
        if not json_fields(text, at, state, rules, words, layout, pairs, count, places):
            return AT_ODD_LINE
        return json_entry(
            text, at, stop, state, found, times, n, line, rules, words, table, memo, pairs, made, count, layout, time,
            message,
        )  # fmt: skip
    return AT_ODD_LINE  # JSON that is no header


@part
def json_fields(text, at, state, rules, words, layout, pairs, count, places):
    """Note where the keys that are columns stand, from the line's beginning; false if one has an escape."""
    row = 2 * get(state, KEYS)
    for field in range(get(rules, layout + r.L_FIELDS), get(rules, layout + r.L_FIELDS_END), r.KEY_WIDTH):
        put(places, row, -1)
        m = find(text, pairs, count, rules, field, words)
        if m >= 0:
            pair = PAIR * m
            sort, value = get(pairs, pair + SORT), get(pairs, pair + VALUE)
            if sort == ESCAPED:
                return False
            if sort == STRING or get(text, value) != 110:  # null is nothing
                put(places, row, value - at)
                put(places, row + 1, get(pairs, pair + VALUE_END) - at)
        row += 2
    return True


@part
def json_entry(
    text, at, stop, state, found, times, n, line, rules, words, table, memo, pairs, made, count, layout, time, message
):
    level = find(text, pairs, count, rules, layout + r.L_LEVEL, words)
    scope = find(text, pairs, count, rules, layout + r.L_SCOPE, words)
    stack = find(text, pairs, count, rules, layout + r.L_STACK, words)
    caller = find(text, pairs, count, rules, np.int64(r.CALLER), words)
    for own in (time, level, scope, caller):
        if own >= 0 and get(pairs, PAIR * own + SORT) != STRING:
            return AT_ODD_LINE
    begin, end = value_of_pair(pairs, time)
    past, when = time_near(text, begin, stop, memo)
    if past != end:
        return AT_ODD_LINE
    level_number = np.int64(-1)
    if level >= 0:
        begin, end = value_of_pair(pairs, level)
        level_number, past = level_at(text, begin, stop)
        if past != end:
            return AT_ODD_LINE
    of_envoy, scope_number, caller_number = False, np.int64(-1), np.int64(-1)
    begin, end = value_of_pair(pairs, scope)
    if end > begin:
        of_envoy, begin = envoy_scope(text, begin, end, rules, words)
        if begin >= end:
            return AT_ODD_LINE
        scope_number = number_of(table, np.int64(SCOPE), text, begin, end, end)
    begin, end = value_of_pair(pairs, caller)
    if end > begin:
        caller_number = number_of(table, np.int64(CALLER), text, begin, end, end)
    if scope_number == FULL or caller_number == FULL:
        return AT_FULL_TABLE
    if message >= 0:
        for own in (time, level, scope, caller, message, stack):
            if own >= 0:
                put(pairs, PAIR * own + TAKEN, 1)
        begin = get(state, MADE)
        end = message_of(text, pairs, count, message, stack, made, begin)
        put(state, MADE, end)
        entry = enter(found, n, begin, end, line)
        put(found, entry + e.PLACE, e.IN_MADE)
    else:
        entry = enter(found, n, at, stop, line)
    put(times, n, when)
    put(found, entry + e.LEVEL, level_number)
    put(found, entry + e.SCOPE_OF, scope_number)
    put(found, entry + e.CALLER_OF, caller_number)
    put(found, entry + e.EVENT, get(rules, layout + r.L_EVENT))
    put(found, entry + e.COMPONENT, get(rules, r.ENVOY) if of_envoy else get(rules, layout + r.L_COMPONENT))
    fields = (get(rules, layout + r.L_FIELDS_END) - get(rules, layout + r.L_FIELDS)) // r.KEY_WIDTH
    if fields:
        put(found, entry + e.LAYOUT, (layout - get(rules, r.LAYOUTS)) // r.LAYOUT_WIDTH)
        put(found, entry + e.KEYS, get(state, KEYS))
        put(state, KEYS, get(state, KEYS) + fields)
    return AT_END


@part
def value_of_pair(pairs, n):
    """Where the value of a pair begins and ends; nothing for none."""
    if n < 0:
        return np.int64(0), np.int64(0)
    return get(pairs, PAIR * n + VALUE), get(pairs, PAIR * n + VALUE_END)


@part
def envoy_scope(text, start, end, rules, words):
    """Whether a scope is an Envoy logger, and where its name begins."""
    if end - start >= 6 and get(text, start) == 101 and get(text, start + 1) == 110 and get(text, start + 2) == 118:
        if get(text, start + 3) == 111 and get(text, start + 4) == 121 and get(text, start + 5) == 32:
            return True, start + 6
    for logger in range(get(rules, r.LOGGERS), get(rules, r.LOGGERS_END), 2):
        size = get(rules, logger + 1)
        if end - start == size and stands(text, start, end, words, get(rules, logger), size):
            return True, start
    return False, start
