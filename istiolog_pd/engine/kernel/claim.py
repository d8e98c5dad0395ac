"""Messages -> claims: which format a message is of, and where its fields and labels are."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import lookup
from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.found import (
    COMPONENT,
    EVENT,
    HEADER,
    KEYS,
    LAYOUT,
    LEVEL,
    LOST,
    NOTHING,
    SCOPE_OF,
    TABS,
    THREAD,
)
from istiolog_pd.engine.kernel.jit import get, kernel, part
from istiolog_pd.engine.kernel.readings import next_label, reading
from istiolog_pd.engine.kernel.text import eight, stands, trimmed
from istiolog_pd.engine.kernel.walk import automaton_end, fits
from istiolog_pd.engine.match import STEPS

F0, F1, F2, F3 = (np.uint64(factor) for factor in lookup.FACTORS)
GRAM_FACTOR, GRAM_SHIFT = np.uint32(lookup.GRAM_FACTOR), np.uint32(32 - lookup.GRAM_BITS)
#: `claimed` goes through the lengths of beginnings as the reference does.
assert STEPS == (16, 12, 8, 4, 2)
PILOT, AGENT, NOBODY = 0, 1, -1
THREAD_LABEL = (116, 104, 114, 101, 97, 100, 61)


@part
def clear(spans):
    for slot in range(len(spans)):
        spans[slot, 0] = -1


@part
def first_of(numbers, low, high, component, size):
    """The first step of the formats whose messages begin with so many bytes like these; -1 if there are none."""
    value = low * F0 ^ high * F1 ^ np.uint64(16 * component + size) * F2
    value = (value ^ (value >> np.uint64(29))) * F3
    key = np.int64(((value >> np.uint64(32)) | np.uint64(1)) & np.uint64(0x7FFFFFFF))
    mask = get(numbers, p.START_MASK)
    at = key & mask
    starts = get(numbers, p.STARTS)
    while get(numbers, starts + at) != 0:
        if get(numbers, starts + at) == key:
            return get(numbers, get(numbers, p.LIST_FIRST) + get(numbers, get(numbers, p.START_LIST) + at))
        at = (at + 1) & mask
    return np.int64(-1)


@part
def first_eight(text, at, end):
    """Eight bytes as one number; nothing stands behind the end."""
    if at + 8 <= end:
        return eight(text, at)
    word = np.uint64(0)
    for n in range(max(end - at, 0)):
        word |= np.uint64(get(text, at + n)) << np.uint64(8 * n)
    return word


@part
def grams_of(numbers, text, start, end, seen):
    """Which of the grams stand in a text."""
    for n in range(len(seen)):
        seen[n] = 0
    gram = np.uint32(0)
    grams, texts = get(numbers, p.GRAMS), get(numbers, p.GRAM_TEXT)
    for n in range(start, end):
        gram = np.uint32(gram << np.uint32(8)) | np.uint32(get(text, n))
        number = get(numbers, grams + np.int64(np.uint32(gram * GRAM_FACTOR) >> GRAM_SHIFT))
        if number >= 0 and get(numbers, texts + number) == np.int64(gram):
            seen[number] = 1


@part
def claimed(
    numbers, words, component, level, scope, scope_size, scopes, text, start, end, by_start, spans, stack, seen
):
    """The format that claims a message; -1 if none does. First those that begin as it does, the longest first."""
    last = trimmed(text, start, end)
    low, high = first_eight(text, start, end), first_eight(text, start + 8, end)
    size = np.int64(16)
    while size >= 2:
        if end - start >= size:
            if size == 12:
                high &= np.uint64(0xFFFFFFFF)
            elif size <= 8:
                high = np.uint64(0)
                low &= np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - 8 * size)
            first = first_of(numbers, low, high, component, size)
            if first >= 0:
                entry = fits(
                    numbers, words, first, text, start, end, last, spans, stack, level, scope, scope_size, scopes
                )
                if entry >= 0:
                    return entry
        size = size - 4 if size > 8 else size // 2
    if by_start:
        return np.int64(-1)
    free = get(numbers, p.FREE_AT) + component
    low_free, high_free = get(numbers, free), get(numbers, free + 1)
    if high_free > low_free:
        grams_of(numbers, text, start, end, seen)
    for n in range(low_free, high_free + 1):
        if n < high_free:
            gram = get(numbers, get(numbers, p.FREE_GRAM) + n)
            if gram >= 0 and not get(seen, gram):
                continue
            number = get(numbers, get(numbers, p.FREE_FORMATS) + n)
        else:
            number = get(numbers, get(numbers, p.FALLBACK) + component)
        if number >= 0:
            first = get(numbers, get(numbers, p.FIRST_STEP) + number)
            entry = fits(numbers, words, first, text, start, end, last, spans, stack, level, scope, scope_size, scopes)
            if entry >= 0:
                return entry
    return np.int64(-1)


@part
def other_writer(component, fixed, header, opinion, ads):
    """Who else can have written a line that the source's own component does not know."""
    if fixed >= 0 or not header or not opinion:
        return NOBODY
    if component == PILOT:
        return AGENT
    return NOBODY if ads else PILOT


@part
def find_labels(numbers, words, claim, text, start, end, spans):
    """The labels that the claim knows, as slots; of a key that comes twice the last counts."""
    at = get(numbers, p.LABELS_AT) + claim
    low, high = get(numbers, at), get(numbers, at + 1)
    if start >= end or low == high:
        return
    key = next_label(text, start, end, True)
    while key >= 0:
        equals = key
        while get(text, equals) != 61:
            equals += 1
        following = next_label(text, equals + 1, end, False)
        stop = end if following < 0 else following - 1
        for n in range(low, high):
            label = get(numbers, p.LABELS) + n * p.LABEL_WIDTH
            size = get(numbers, label + 1)
            if equals - key == size and stands(text, key, equals, words, get(numbers, label), size):
                if label_fits(numbers, words, label, text, equals + 1, stop):
                    slot = get(numbers, label + 4)
                    spans[slot, 0], spans[slot, 1] = equals + 1, stop
        key = following


@part
def label_fits(numbers, words, label, text, start, end):
    if get(numbers, label + 2) >= 0:
        return automaton_end(numbers, get(numbers, label + 2), text, start, end) == end
    allowed = get(numbers, p.SETS) + get(numbers, label + 3) * 256
    for at in range(start, end):
        if not words[allowed + get(text, at)]:
            return False
    return True


# ---- all entries ----


@kernel
def claim_all(
    stamp, numbers, words, text, ends, found, settings, scopes, scope_text, spans, stack, scratch, out, claims, keys
):
    """Claim entries from ``settings[0]`` to ``settings[1]``; stops early if `out` (the spans) has no more room.

    `settings`: first entry, last, the source's component, whether there is a second opinion, spans so far,
    the numbers of the event `unparsed` and of the scopes `ads` and `delta`, whether only the format is wanted, Envoy's
    number.     `claims` takes of each entry its claim (or only its format), the component, and the place of its spans.
    """
    first, past, own, opinion = settings[0], settings[1], settings[2], settings[3] != 0
    used, unparsed = settings[4], settings[5]
    for n in range(first, past):
        if used + len(spans) > len(out):
            settings[0], settings[4] = n, used
            return n
        start, end = get(ends, n), get(ends, n + 1)
        scope_number = max(found[n, SCOPE_OF], 0)  # of none: number 0, which is `default`
        scope, scope_size = scopes[scope_number, 0], scopes[scope_number, 1]
        component = own if found[n, COMPONENT] < 0 else found[n, COMPONENT]
        entry, label_start, label_end = np.int64(-1), end, end
        # Readings 0 to 3; after the first that is there, what another component would say to it (-1).
        which, seen_any = np.int64(1 if settings[8] else 0), False
        second = np.int64(-1)
        body, body_end, labels, labels_end = start, end, end, end
        while which < 4 and found[n, EVENT] != unparsed and found[n, LAYOUT] < 0:
            there = second >= 0
            if not there:
                if which == 1 and not found[n, TABS]:
                    there, body, body_end, labels, labels_end = True, start, end, end, end
                else:
                    there, body, body_end, labels, labels_end = reading(which, text, start, end, found[n, LOST] != 0)
            if there:
                of = component if second < 0 else second
                entry = claimed(
                    numbers, words, of, found[n, LEVEL], scope, scope_size, scope_text, text, body, body_end,
                    second >= 0, spans, stack, scratch,
                )  # fmt: skip
                if not seen_any or entry >= 0:
                    label_start, label_end = labels, labels_end
                if entry >= 0:
                    component = of
                    break
                if settings[8]:
                    break
                if not seen_any:
                    ads = found[n, SCOPE_OF] >= 0 and (scope_number == settings[6] or scope_number == settings[7])
                    second = other_writer(own, found[n, COMPONENT], found[n, HEADER], opinion, ads)
                    seen_any = True
                    if second >= 0:
                        continue
                second = np.int64(-1)
            which += 1
        if settings[8]:
            claims[n, 0] = entry
            clear(spans)
            continue
        if found[n, COMPONENT] == settings[9] and found[n, THREAD] == NOTHING:
            found[n, THREAD] = thread_label(text, start, end, found[n, LOST] != 0)
        if found[n, LAYOUT] >= 0:
            claim = np.int64(get(numbers, get(numbers, p.LAYOUT_CLAIM) + found[n, LAYOUT]))
            key_spans(numbers, words, claim, text, start, keys, found[n, KEYS], spans)
        else:
            claim = decided(numbers, words, entry, found[n, EVENT], label_start, label_end, text, spans)
        claims[n, 0], claims[n, 1], claims[n, 2] = claim, component, used
        at = get(numbers, p.SLOTS_AT) + claim
        count = get(numbers, at + 1) - get(numbers, at)
        for slot in range(count):
            out[used + slot, 0], out[used + slot, 1] = spans[slot, 0], spans[slot, 1]
            spans[slot, 0] = -1
        used += count
    settings[0], settings[4] = past, used
    return past


@part
def key_spans(numbers, words, claim, text, start, keys, at, spans):
    """The keys of a JSON line as slots of its claim; their places count from the message's beginning."""
    first = get(numbers, get(numbers, p.LABELS_AT) + claim)
    for n in range(first, get(numbers, get(numbers, p.LABELS_AT) + claim + 1)):
        label = get(numbers, p.LABELS) + n * p.LABEL_WIDTH
        begin, end = start + keys[at, 0], start + keys[at, 1]
        if keys[at, 0] >= 0 and label_fits(numbers, words, label, text, begin, end):
            slot = get(numbers, label + 4)
            spans[slot, 0], spans[slot, 1] = begin, end
        at += 1


@part
def thread_label(text, start, end, lost):
    """The number of a ``thread=16`` that ends a message; NOTHING if none does."""
    end = trimmed(text, start, end)
    at = end
    while at > start and 48 <= get(text, at - 1) <= 57:
        at -= 1
    if at == end or at - start < 8 or end - at > 18:
        return np.int64(NOTHING)
    for n in range(7):
        if get(text, at - 7 + n) != THREAD_LABEL[n]:
            return np.int64(NOTHING)
    before = get(text, at - 8)
    if before != 9 and not (lost and before == 32):
        return np.int64(NOTHING)
    value = np.int64(0)
    for n in range(at, end):
        value = value * 10 + np.int64(get(text, n)) - 48
    return value


@part
def decided(numbers, words, entry, fixed, label_start, label_end, text, spans):
    """The claim of an entry: of its format, of the event a filled field makes of it, or of none."""
    bare, events = get(numbers, p.BARE), get(numbers, p.CLAIM_EVENT)
    claim = np.int64(get(numbers, bare + (fixed if fixed >= 0 else p.OTHER)))
    if entry >= 0:
        of_format = np.int64(get(numbers, get(numbers, p.CLAIM_OF) + entry))
        if fixed < 0 or get(numbers, events + of_format) == fixed:
            claim = of_format
        else:
            clear(spans)
    find_labels(numbers, words, claim, text, label_start, label_end, spans)
    other = np.int64(get(numbers, get(numbers, p.CLAIM_OTHER) + claim))
    if other >= 0:
        slot = get(numbers, get(numbers, p.CLAIM_SWITCH) + claim)
        if spans[slot, 0] >= 0 and trimmed(text, spans[slot, 0], spans[slot, 1]) > spans[slot, 0]:
            return other
    return claim
