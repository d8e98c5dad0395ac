"""Bytes -> entries: lines, their headers, and the lines that go on an entry.

One pass. Where a line is odd (a rare header, a header in a line's midst, a cut GC line, JSON that is not
flat) the kernel stops before it, and the reference takes over for some lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel import heads, json
from istiolog_pd.engine.kernel.jit import get, kernel, part, put
from istiolog_pd.engine.kernel.lines import ends_as_gc, is_rare, line_end
from istiolog_pd.engine.kernel.memo import remember_head, time_near
from istiolog_pd.engine.kernel.text import NOT_A_TIME, is_digit
from istiolog_pd.engine.kernel.walk import automaton_end
from istiolog_pd.engine.kernel.words import FULL, number_of

# Why the kernel stopped.
AT_END, AT_ODD_LINE, AT_FULL_TABLE = 0, 1, 2
# Its state: where it goes on, the line's number, entries so far, the open entry (-1: none), bytes of `made`, rows of
# `keys`.
AT, LINE, COUNT, OPEN, MADE, KEYS = range(6)
RARE_BITS = 1 << e.THREAD | 1 << e.EPOCH
# Groups of words.
SCOPE, CALLER = 0, 1
# The keys of a JSON layout.
J_TIME, J_LEVEL, J_SCOPE, J_MESSAGE, J_STACK, J_NEEDS = range(6)


class Rules(NamedTuple):
    """What of the layouts is data: events and components by number, keys of JSON, loggers, the GC line."""

    unparsed: int
    access: int
    go_gc: int
    envoy: int
    ztunnel: int
    words: np.ndarray
    keys: np.ndarray  #: [layout, key]: place and length
    layout_event: np.ndarray
    layout_component: np.ndarray
    fields_at: np.ndarray  #: per layout: its keys that are columns
    fields: np.ndarray
    loggers: np.ndarray
    caller: np.ndarray
    automata: np.ndarray  #: of `heads.GC_LINE` and so on, in the form of a program


@part
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
        whole = automaton_end(rules.automata, get(rules.automata, heads.GC_LINE), text, start, end) == end
        return heads.GC if whole else heads.ODD
    return heads.ODD if is_rare(text, start, end, first) else heads.TEXT


@part
def enter(found, n, begin, end, line):
    """A new entry, of which nothing is known but its text; where its numbers stand."""
    at = n * e.FIELDS
    put(found, at + e.PLACE, e.IN_LOG)
    put(found, at + e.BEGIN, begin)
    put(found, at + e.END, end)
    put(found, at + e.LINE, line)
    for field in (e.LEVEL, e.SCOPE_OF, e.CALLER_OF, e.EVENT, e.COMPONENT, e.LAYOUT, e.KEYS):
        put(found, at + field, -1)
    put(found, at + e.HEADER, 1)
    put(found, at + e.LOST, 0)
    put(found, at + e.TABS, 1)
    put(found, at + e.RARE, 0)
    return at


@kernel
def frame(stamp, text, end, state, found, times, rare, plain_rules, table, memo, out, pairs, made, keys):
    """Find entries from ``state[AT]`` on; returns why it stopped."""
    rules = Rules(*plain_rules)
    at, line, count, opened = state[AT], state[LINE], state[COUNT], state[OPEN]
    reason = AT_END
    while at < end:
        stop, inner, tab = line_end(text, at, end)
        if inner:
            reason = AT_ODD_LINE
            break
        if stop > at and get(text, at) == 123:
            reason = json_line(text, at, stop, state, found, times, count, line, rules, table, memo, pairs, made, keys)
            if reason != AT_END:
                break
            count += 1
            opened = -1
            at, line = stop + 1, line + 1
            continue
        out[heads.LAST_TAB] = tab
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
                put(found, entry + e.EVENT, rules.unparsed)
                put(found, entry + e.HEADER, 0)
                count += 1
        elif sort == heads.ODD or (sort <= heads.BRACKETS and ends_as_gc(text, at, stop)):
            reason = AT_ODD_LINE
            break
        elif sort == heads.GC:
            put(found, enter(found, count, at, stop, line) + e.EVENT, rules.go_gc)
            put(times, count, NOT_A_TIME)
            count += 1
        elif sort == heads.ACCESS:
            entry = enter(found, count, at, stop, line)
            put(found, entry + e.EVENT, rules.access)
            put(found, entry + e.COMPONENT, rules.envoy)
            put(times, count, out[heads.TIME])
            count += 1
        else:
            if not begin_entry(text, stop, found, times, rare, count, line, rules, table, memo, out):
                reason = AT_FULL_TABLE
                break
            opened = count
            count += 1
        at, line = stop + 1, line + 1
    state[AT], state[LINE], state[COUNT], state[OPEN] = at, line, count, opened
    return reason


@part
def begin_entry(text, stop, found, times, rare, n, line, rules, table, memo, out):
    """Enter the line whose header is in `out`; false if the words have no room."""
    scope, caller = out[heads.SCOPE_NUMBER], np.int64(-1)
    if out[heads.SCOPE] >= 0:
        scope = number_of(table, np.int64(SCOPE), text, out[heads.SCOPE], out[heads.SCOPE_END])
    if out[heads.CALLER] >= 0:
        caller = number_of(table, np.int64(CALLER), text, out[heads.CALLER], out[heads.CALLER_END])
    if scope == FULL or caller == FULL:
        return False
    head = out[heads.HEAD]
    if head >= 0 and head + 16 <= stop:
        remember_head(text, head, out[heads.SCOPE_END] + 1 - head, out[heads.LEVEL], scope, memo)
    entry = enter(found, n, out[heads.MESSAGE], stop, line)
    put(times, n, out[heads.TIME])
    put(found, entry + e.LEVEL, out[heads.LEVEL])
    put(found, entry + e.SCOPE_OF, scope)
    put(found, entry + e.CALLER_OF, caller)
    put(found, entry + e.TABS, 1 if out[heads.LAST_TAB] >= out[heads.MESSAGE] else 0)
    if out[heads.THREAD] != e.NOTHING or out[heads.EPOCH] != e.NOTHING:
        put(rare, 2 * n + e.THREAD, out[heads.THREAD])
        put(rare, 2 * n + e.EPOCH, out[heads.EPOCH])
        put(found, entry + e.RARE, RARE_BITS if out[heads.THREAD] != e.NOTHING else 1 << e.EPOCH)
    if out[heads.WRITER] == heads.ENVOY:
        put(found, entry + e.COMPONENT, rules.envoy)
    elif out[heads.WRITER] == heads.ZTUNNEL:
        put(found, entry + e.COMPONENT, rules.ztunnel)
    return True


@part
def json_line(text, at, stop, state, found, times, n, line, rules, table, memo, pairs, made, places):
    """Enter a line that is a flat JSON object of a known layout; otherwise why not."""
    count = json.pairs_of(text, at, stop, pairs)
    if count < 0:
        return AT_ODD_LINE
    for layout in range(len(rules.keys)):
        keys = rules.keys[layout]
        time = json.find(text, pairs, count, rules.words, keys[J_TIME])
        message = json.find(text, pairs, count, rules.words, keys[J_MESSAGE])
        if time < 0 or (message < 0 and keys[J_MESSAGE, 1]):
            continue
        if keys[J_NEEDS, 1] and json.find(text, pairs, count, rules.words, keys[J_NEEDS]) < 0:
            continue
        if not json_fields(text, at, state, rules, layout, pairs, count, places):
            return AT_ODD_LINE
        return json_entry(
            text, at, stop, state, found, times, n, line, rules, table, memo, pairs, made, count, layout, time, message
        )
    return AT_ODD_LINE  # JSON that is no header


@part
def json_fields(text, at, state, rules, layout, pairs, count, places):
    """Note where the keys that are columns stand, from the line's beginning; false if one has an escape."""
    first, past = rules.fields_at[layout], rules.fields_at[layout + 1]
    for n in range(first, past):
        row = state[KEYS] + n - first
        places[row, 0] = -1
        for m in range(count):
            if json.key_is(text, pairs, m, rules.words, rules.fields[n, 0], rules.fields[n, 1]):
                if pairs[m, json.SORT] == json.ESCAPED:
                    return False
                if pairs[m, json.SORT] == json.STRING or get(text, pairs[m, json.VALUE]) != 110:  # null is nothing
                    places[row, 0], places[row, 1] = pairs[m, json.VALUE] - at, pairs[m, json.VALUE_END] - at
                break
    return True


@part
def json_entry(
    text, at, stop, state, found, times, n, line, rules, table, memo, pairs, made, count, layout, time, message
):
    keys = rules.keys[layout]
    level = json.find(text, pairs, count, rules.words, keys[J_LEVEL])
    scope = json.find(text, pairs, count, rules.words, keys[J_SCOPE])
    stack = json.find(text, pairs, count, rules.words, keys[J_STACK])
    caller = -1
    for m in range(count):
        if json.key_is(text, pairs, m, rules.caller, np.int64(0), np.int64(len(rules.caller))):
            caller = m
            break
    for own in (time, level, scope, caller):
        if own >= 0 and (pairs[own, json.SORT] != json.STRING):
            return AT_ODD_LINE
    past, when = time_near(text, pairs[time, json.VALUE], stop, memo)
    if past != pairs[time, json.VALUE_END]:
        return AT_ODD_LINE
    level_number = -1
    if level >= 0:
        level_number, past = json_level(text, pairs[level, json.VALUE], pairs[level, json.VALUE_END])
        if past != pairs[level, json.VALUE_END]:
            return AT_ODD_LINE
    of_envoy, scope_number, caller_number = False, -1, -1
    if scope >= 0 and pairs[scope, json.VALUE_END] > pairs[scope, json.VALUE]:
        of_envoy, first = envoy_scope(text, pairs[scope, json.VALUE], pairs[scope, json.VALUE_END], rules)
        if first >= pairs[scope, json.VALUE_END]:
            return AT_ODD_LINE
        scope_number = number_of(table, np.int64(SCOPE), text, first, pairs[scope, json.VALUE_END])
    if caller >= 0 and pairs[caller, json.VALUE_END] > pairs[caller, json.VALUE]:
        caller_number = number_of(
            table, np.int64(CALLER), text, pairs[caller, json.VALUE], pairs[caller, json.VALUE_END]
        )
    if scope_number == FULL or caller_number == FULL:
        return AT_FULL_TABLE
    if message >= 0:
        for own in (time, level, scope, caller, message, stack):
            if own >= 0:
                pairs[own, json.TAKEN] = 1
        begin = state[MADE]
        state[MADE] = json.message_of(text, pairs, count, message, stack, made, begin)
        entry = enter(found, n, begin, state[MADE], line)
        put(found, entry + e.PLACE, e.IN_MADE)
    else:
        entry = enter(found, n, at, stop, line)
    put(times, n, when)
    put(found, entry + e.LEVEL, level_number)
    put(found, entry + e.SCOPE_OF, scope_number)
    put(found, entry + e.CALLER_OF, caller_number)
    put(found, entry + e.EVENT, rules.layout_event[layout])
    put(found, entry + e.COMPONENT, rules.envoy if of_envoy else rules.layout_component[layout])
    if rules.fields_at[layout + 1] > rules.fields_at[layout]:
        put(found, entry + e.LAYOUT, layout)
        put(found, entry + e.KEYS, state[KEYS])
        state[KEYS] += rules.fields_at[layout + 1] - rules.fields_at[layout]
    return AT_END


@part
def json_level(text, at, end):
    """A level as JSON spells it: the names of text, perhaps with a capital."""
    return heads.level_at(text, at, end)


@part
def envoy_scope(text, start, end, rules):
    """Whether a scope is an Envoy logger, and where its name begins."""
    if end - start >= 6 and get(text, start) == 101 and get(text, start + 1) == 110 and get(text, start + 2) == 118:
        if get(text, start + 3) == 111 and get(text, start + 4) == 121 and get(text, start + 5) == 32:
            return True, start + 6
    for n in range(len(rules.loggers)):
        if end - start == rules.loggers[n, 1]:
            same = True
            for m in range(end - start):
                if get(text, start + m) != rules.words[rules.loggers[n, 0] + m]:
                    same = False
                    break
            if same:
                return True, start
    return False, start
