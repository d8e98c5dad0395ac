"""Messages -> claims: which format a message is of, and where its fields and labels are."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.automaton import automaton_end
from istiolog_pd.engine.kernel.batches import (
    ADS,
    CLAIM,
    CLAIMED,
    DELTA,
    ENVOY,
    FIRST,
    HIT_COUNT,
    HITS,
    MOST_HITS,
    MOST_ROWS,
    OF,
    ONLY_FORMAT,
    OPINION,
    OWN,
    PAST,
    ROW,
    ROWS,
    UNPARSED,
    USED,
    W_BATCHES,
    W_FIRST,
    W_HITS,
    W_PAST,
    claim_together,
)  # fmt: skip
from istiolog_pd.engine.kernel.jit import behind, get, inlined, kernel, part, pointer, put
from istiolog_pd.engine.kernel.readings import next_label
from istiolog_pd.engine.kernel.recognise import read_through
from istiolog_pd.engine.kernel.text import is_digit, stands, trimmed, value_of
from istiolog_pd.engine.kernel.together import WINDOW
from istiolog_pd.engine.kernel.walk import DEEPEST, HIT
from istiolog_pd.engine.kernel.wide import NEAR, ask_for, blank_at

PILOT, AGENT, NOBODY = 0, 1, -1
THREAD_LABEL = (116, 104, 114, 101, 97, 100, 61)
HAS_THREAD = 1 << e.THREAD


@part
def other_writer(component, fixed, header, opinion, ads):
    """Who else can have written a line that the source's own component does not know."""
    if fixed >= 0 or not header or not opinion:
        return NOBODY
    if component == PILOT:
        return AGENT
    return NOBODY if ads else PILOT


@part
def hit_of(hits, kept, slot):
    """The hit of a slot, or the next free one."""
    for n in range(kept):
        if get(hits, HIT * n) == slot:
            return n
    return kept


@part
def with_labels(numbers, words, claim, text, start, end, hits, kept):
    """Note the labels that the claim knows, as hits; of a key that comes twice the last counts."""
    low, high = get(numbers, claim + p.C_LABELS), get(numbers, claim + p.C_LABELS_END)
    if start >= end or low == high:
        return kept
    key = next_label(text, start, end, True)
    while key >= 0:
        equals = key
        while get(text, equals) != 61:
            equals += 1
        following = next_label(text, equals + 1, end, False)
        stop = end if following < 0 else following - 1
        for label in range(low, high, p.LABEL_WIDTH):
            size = get(numbers, label + 1)
            if equals - key == size and stands(text, key, equals, words, get(numbers, label), size):
                if label_fits(numbers, label, text, equals + 1, stop):
                    kept = with_hit(hits, kept, get(numbers, label + 4), equals + 1, stop)
        key = following
    return kept


@part
def with_hit(hits, kept, slot, begin, end):
    """Note where a slot's text is; how many hits there are then."""
    n = hit_of(hits, kept, slot)
    hit = HIT * n
    put(hits, hit, slot)
    put(hits, hit + 1, begin)
    put(hits, hit + 2, end)
    return max(kept, n + 1)


@part
def label_fits(numbers, label, text, start, end):
    automaton = get(numbers, label + 2)
    if automaton >= 0:
        return automaton_end(numbers, automaton, text, start, end) == end
    return not get(numbers, label + 3) or blank_at(text, start, end) == end


@part
def row_of(numbers, claim):
    """Where the numbers of a claim stand."""
    return get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * claim


@kernel
def claim_all(
    stamp, numbers, words, text, ends, found, rare, settings, scopes, scope_text, work, hits, claims, keys, plan
):  # fmt: skip
    """Claim entries from ``settings[FIRST]`` to ``settings[PAST]``; stops early if `hits` or `plan` have no more room.

    `work` is room to work in. `SLACK` bytes behind the last message can be read.
    """
    room, row_room = len(hits), len(plan) // ROW
    numbers, words, text, ends = pointer(numbers), pointer(words), pointer(text), pointer(ends)
    found, rare, scopes, scope_text = pointer(found), pointer(rare), pointer(scopes), pointer(scope_text)
    stack, seen, lanes, starts = pointer(work[0]), pointer(work[1]), pointer(work[2]), pointer(work[3])
    hits, claims, keys, plan, settings = pointer(hits), pointer(claims), pointer(keys), pointer(plan), pointer(settings)
    first, used, rows = get(settings, FIRST), get(settings, USED), get(settings, ROWS)
    while first < get(settings, PAST) and used + MOST_HITS <= room and rows + MOST_ROWS <= row_room:
        past = min(first + WINDOW, get(settings, PAST))
        for n in range(first, past):
            put(claims, n * CLAIMED + CLAIM, -1)
        following = min(past + WINDOW, get(settings, PAST))
        ask_for(text, get(ends, past), get(ends, following), NEAR)
        batches = np.int64(0)
        if not get(settings, ONLY_FORMAT):
            used, batches = claim_together(
                numbers, words, text, ends, found, scopes, scope_text, first, past, settings, claims, hits, used,
                behind(plan, (rows + 1) * ROW), lanes, starts, behind(stack, 3 * DEEPEST),
            )  # fmt: skip
        used = claim_singly(
            numbers, words, text, ends, found, rare, settings, scopes, scope_text, stack, seen, hits, claims, keys,
            first, past, used,
        )  # fmt: skip
        put(plan, rows * ROW + W_FIRST, first)
        put(plan, rows * ROW + W_PAST, past)
        put(plan, rows * ROW + W_BATCHES, batches)
        put(plan, rows * ROW + W_HITS, used)
        rows += 1 + batches
        first = past
    put(settings, FIRST, first)
    put(settings, USED, used)
    put(settings, ROWS, rows)


@part
def claim_singly(
    numbers, words, text, ends, found, rare, settings, scopes, scope_text, stack, seen, hits, claims, keys, first,
    past, used,
):  # fmt: skip
    """Claim the entries that are not claimed yet; the hits used then."""
    own, opinion, only_format = get(settings, OWN), get(settings, OPINION) != 0, get(settings, ONLY_FORMAT) != 0
    for n in range(first, past):
        of = n * e.FIELDS
        start, end = np.int64(get(ends, n)), np.int64(get(ends, n + 1))
        told, lost = np.int64(get(found, of + e.COMPONENT)), get(found, of + e.LOST) != 0
        if told == get(settings, ENVOY) and not get(found, of + e.RARE) & HAS_THREAD:
            note_thread(text, start, end, lost, found, rare, n)
        if get(claims, n * CLAIMED + CLAIM) >= 0:
            continue
        fixed, layout = np.int64(get(found, of + e.EVENT)), np.int64(get(found, of + e.LAYOUT))
        here = behind(hits, used)
        entry, kept, component, label_start, label_end = np.int64(-1), np.int64(0), told, end, end
        component = own if told < 0 else told
        if fixed != get(settings, UNPARSED) and layout < 0:
            scope = 2 * max(np.int64(get(found, of + e.SCOPE_OF)), 0)  # of none: number 0, which is `default`
            ads = scope == 2 * get(settings, ADS) or scope == 2 * get(settings, DELTA)
            other = np.int64(other_writer(own, told, get(found, of + e.HEADER), opinion, ads))
            entry, kept, component, label_start, label_end = read_through(
                numbers, words, component, other, fixed, np.int64(get(found, of + e.LEVEL)), get(scopes, scope),
                get(scopes, scope + 1), scope_text, text, start, end, lost, get(found, of + e.TABS) != 0, only_format,
                here, stack, seen,
            )  # fmt: skip
        out = n * CLAIMED
        if only_format:
            put(claims, out + CLAIM, entry)
            continue
        if layout >= 0:
            claim = get(numbers, get(numbers, p.LAYOUT_CLAIM) + layout)
            kept = key_hits(numbers, row_of(numbers, claim), text, start, keys, np.int64(get(found, of + e.KEYS)), here)
        else:
            claim, kept = decided(numbers, words, entry, fixed, label_start, label_end, text, here, kept)
        put(claims, out + CLAIM, claim)
        put(claims, out + OF, component)
        put(claims, out + HITS, used)
        put(claims, out + HIT_COUNT, kept)
        used += HIT * kept
    return used


@part
def key_hits(numbers, claim, text, start, keys, at, hits):
    """The keys of a JSON line as hits of its claim; their places count from the message's beginning."""
    kept = np.int64(0)
    for label in range(get(numbers, claim + p.C_LABELS), get(numbers, claim + p.C_LABELS_END), p.LABEL_WIDTH):
        begin, end = start + get(keys, 2 * at), start + get(keys, 2 * at + 1)
        if get(keys, 2 * at) >= 0 and label_fits(numbers, label, text, begin, end):
            kept = with_hit(hits, kept, get(numbers, label + 4), begin, end)
        at += 1
    return kept


@part
def note_thread(text, start, end, lost, found, rare, n):
    """Note the number of a ``thread=16`` that ends a message."""
    end = trimmed(text, start, end)
    at = end
    while at > start and is_digit(get(text, at - 1)):
        at -= 1
    if at == end or at - start < 8 or end - at > 18:
        return
    for m in range(7):
        if get(text, at - 7 + m) != THREAD_LABEL[m]:
            return
    before = get(text, at - 8)
    if before == 9 or (lost and before == 32):
        put(rare, 2 * n + e.THREAD, value_of(text, at, end))
        if not get(found, n * e.FIELDS + e.RARE):
            put(rare, 2 * n + e.EPOCH, e.NOTHING)
        put(found, n * e.FIELDS + e.RARE, get(found, n * e.FIELDS + e.RARE) | HAS_THREAD)


@inlined
def decided(numbers, words, entry, fixed, label_start, label_end, text, hits, kept):
    """The claim of an entry: of its format, of the event a filled field makes of it, or of none; and its hits."""
    claim = get(numbers, get(numbers, p.BARE) + (fixed if fixed >= 0 else p.OTHER))
    if entry >= 0:
        of_format = get(numbers, get(numbers, p.CLAIM_OF) + entry)
        if fixed < 0 or get(numbers, row_of(numbers, of_format) + p.C_EVENT) == fixed:
            claim = of_format
        else:
            kept = np.int64(0)
    row = row_of(numbers, claim)
    kept = with_labels(numbers, words, row, text, label_start, label_end, hits, kept)
    other = get(numbers, row + p.C_OTHER)
    if other >= 0:
        n = hit_of(hits, kept, get(numbers, row + p.C_SWITCH))
        hit = HIT * n
        if n < kept and trimmed(text, np.int64(get(hits, hit + 1)), np.int64(get(hits, hit + 2))) > get(hits, hit + 1):
            return other, kept
    return claim, kept
