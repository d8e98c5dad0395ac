"""Messages -> claims: which format a message is of, and where its fields and labels are."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.automaton import automaton_end
from istiolog_pd.engine.kernel.jit import get, inlined, kernel, part, pointer, put
from istiolog_pd.engine.kernel.readings import next_label
from istiolog_pd.engine.kernel.recognise import read_through
from istiolog_pd.engine.kernel.text import is_digit, stands, trimmed, value_of
from istiolog_pd.engine.kernel.walk import HIT, MOST_SLOTS
from istiolog_pd.engine.kernel.wide import blank_at

PILOT, AGENT, NOBODY = 0, 1, -1
THREAD_LABEL = (116, 104, 114, 101, 97, 100, 61)
HAS_THREAD = 1 << e.THREAD
# Of a claim: its number (or only its format's), the component, where its hits begin and how many they are.
CLAIM, OF, HITS, HIT_COUNT = range(4)
CLAIMED = 4
# What `settings` holds: first entry, past the last, hits so far; the source's component, whether there is a second
# opinion, the numbers of the event `unparsed` and of the scopes `ads` and `delta`, whether only the format is wanted,
# and the number of Envoy.
FIRST, PAST, USED, OWN, OPINION, UNPARSED, ADS, DELTA, ONLY_FORMAT, ENVOY = range(10)


@part
def other_writer(component, fixed, header, opinion, ads):
    """Who else can have written a line that the source's own component does not know."""
    if fixed >= 0 or not header or not opinion:
        return NOBODY
    if component == PILOT:
        return AGENT
    return NOBODY if ads else PILOT


@part
def hit_of(hits, first_hit, kept, slot):
    """The hit of a slot, or the next free one."""
    for n in range(kept):
        if get(hits, HIT * (first_hit + n)) == slot:
            return n
    return kept


@part
def with_labels(numbers, words, claim, text, start, end, hits, first_hit, kept):
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
                    kept = with_hit(hits, first_hit, kept, get(numbers, label + 4), equals + 1, stop)
        key = following
    return kept


@part
def with_hit(hits, first_hit, kept, slot, begin, end):
    """Note where a slot's text is; how many hits there are then."""
    n = hit_of(hits, first_hit, kept, slot)
    hit = HIT * (first_hit + n)
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
    stamp, numbers, words, text, ends, found, rare, settings, scopes, scope_text, stack, seen, hits, claims, keys
):
    """Claim entries from ``settings[FIRST]`` to ``settings[PAST]``; stops early if `hits` has no more room.

    `stack` and `seen` are room to work in. `SLACK` bytes behind the last message can be read.
    """
    own, opinion, room = settings[OWN], settings[OPINION] != 0, len(hits)
    numbers, words, text, ends = pointer(numbers), pointer(words), pointer(text), pointer(ends)
    found, rare, scopes, scope_text = pointer(found), pointer(rare), pointer(scopes), pointer(scope_text)
    stack, seen, hits = pointer(stack), pointer(seen), pointer(hits)
    claims, keys = pointer(claims), pointer(keys)
    used, only_format = settings[USED], settings[ONLY_FORMAT] != 0
    for n in range(settings[FIRST], settings[PAST]):
        if HIT * (used + MOST_SLOTS) > room:
            settings[FIRST], settings[USED] = n, used
            return n
        of = n * e.FIELDS
        start, end = np.int64(get(ends, n)), np.int64(get(ends, n + 1))
        fixed, layout = np.int64(get(found, of + e.EVENT)), np.int64(get(found, of + e.LAYOUT))
        told = np.int64(get(found, of + e.COMPONENT))
        lost = get(found, of + e.LOST) != 0
        entry, kept, component, label_start, label_end = np.int64(-1), np.int64(0), told, end, end
        component = own if told < 0 else told
        if fixed != settings[UNPARSED] and layout < 0:
            scope = 2 * max(np.int64(get(found, of + e.SCOPE_OF)), 0)  # of none: number 0, which is `default`
            ads = scope == 2 * settings[ADS] or scope == 2 * settings[DELTA]
            other = np.int64(other_writer(own, told, get(found, of + e.HEADER), opinion, ads))
            entry, kept, component, label_start, label_end = read_through(
                numbers, words, component, other, np.int64(get(found, of + e.LEVEL)), get(scopes, scope),
                get(scopes, scope + 1), scope_text, text, start, end, lost, get(found, of + e.TABS) != 0, only_format,
                hits, used, stack, seen,
            )  # fmt: skip
        out = n * CLAIMED
        if only_format:
            put(claims, out + CLAIM, entry)
            continue
        if told == settings[ENVOY] and not get(found, of + e.RARE) & HAS_THREAD:
            note_thread(text, start, end, lost, found, rare, n)
        if layout >= 0:
            claim = get(numbers, get(numbers, p.LAYOUT_CLAIM) + layout)
            kept = key_hits(
                numbers, row_of(numbers, claim), text, start, keys, np.int64(get(found, of + e.KEYS)), hits, used
            )
        else:
            claim, kept = decided(numbers, words, entry, fixed, label_start, label_end, text, hits, used, kept)
        put(claims, out + CLAIM, claim)
        put(claims, out + OF, component)
        put(claims, out + HITS, used)
        put(claims, out + HIT_COUNT, kept)
        used += kept
    settings[FIRST], settings[USED] = settings[PAST], used
    return settings[PAST]


@part
def key_hits(numbers, claim, text, start, keys, at, hits, first_hit):
    """The keys of a JSON line as hits of its claim; their places count from the message's beginning."""
    kept = np.int64(0)
    for label in range(get(numbers, claim + p.C_LABELS), get(numbers, claim + p.C_LABELS_END), p.LABEL_WIDTH):
        begin, end = start + get(keys, 2 * at), start + get(keys, 2 * at + 1)
        if get(keys, 2 * at) >= 0 and label_fits(numbers, label, text, begin, end):
            kept = with_hit(hits, first_hit, kept, get(numbers, label + 4), begin, end)
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
def decided(numbers, words, entry, fixed, label_start, label_end, text, hits, first_hit, kept):
    """The claim of an entry: of its format, of the event a filled field makes of it, or of none; and its hits."""
    claim = get(numbers, get(numbers, p.BARE) + (fixed if fixed >= 0 else p.OTHER))
    if entry >= 0:
        of_format = get(numbers, get(numbers, p.CLAIM_OF) + entry)
        if fixed < 0 or get(numbers, row_of(numbers, of_format) + p.C_EVENT) == fixed:
            claim = of_format
        else:
            kept = np.int64(0)
    row = row_of(numbers, claim)
    kept = with_labels(numbers, words, row, text, label_start, label_end, hits, first_hit, kept)
    other = get(numbers, row + p.C_OTHER)
    if other >= 0:
        n = hit_of(hits, first_hit, kept, get(numbers, row + p.C_SWITCH))
        hit = HIT * (first_hit + n)
        if n < kept and trimmed(text, np.int64(get(hits, hit + 1)), np.int64(get(hits, hit + 2))) > get(hits, hit + 1):
            return other, kept
    return claim, kept
