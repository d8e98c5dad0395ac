"""A window of entries -> batches: messages that begin alike and turn out to be of one format."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.jit import behind, get, part, put
from istiolog_pd.engine.kernel.recognise import longest_start, place_of_event
from istiolog_pd.engine.kernel.text import trimmed
from istiolog_pd.engine.kernel.together import (
    AT,
    END,
    ENTRY,
    FORMAT,
    LANES,
    LAST,
    WINDOW,
    lane,
    walk_together,
)  # fmt: skip
from istiolog_pd.engine.kernel.walk import HIT, MOST_SLOTS

# What `settings` holds: first entry, past the last, hits and rows of the plan so far; the source's component, whether
# there is a second opinion, the numbers of the event `unparsed` and of the scopes `ads` and `delta`, whether only the
# format is wanted, and the number of Envoy.
FIRST, PAST, USED, ROWS, OWN, OPINION, UNPARSED, ADS, DELTA, ONLY_FORMAT, ENVOY = range(11)
#: Fewer messages that begin alike are read one by one.
FEWEST = 8
# Of a claim: its number (or only its format's), the component, where its hits begin (-1: it is one of a batch) and how
# many they are.
CLAIM, OF, HITS, HIT_COUNT = range(4)
CLAIMED = 4
#: Places of the table of beginnings that are told apart within a window.
BUCKETS = 64
# Behind the lanes: each entry's next one of its bucket; of each bucket the place, first and last entry, and how many.
CHAIN, PLACES, HEADS, TAILS, COUNTS = (LANES + n for n in range(5))
ROOM = (LANES + 5) * WINDOW
# A row of a plan: of a window its first entry, one past its last, its batches, and where its hits end; then of each of
# these batches its claim, its entries, its slots, and where in `hits` they stand.
W_FIRST, W_PAST, W_BATCHES, W_HITS = range(4)
B_CLAIM, B_COUNT, B_SLOTS, B_PLACE = range(4)
ROW = 4
#: Rows of a window at most, and numbers that its hits take at most.
MOST_ROWS = BUCKETS + 1
MOST_HITS = HIT * WINDOW * (MOST_SLOTS + 1)


@part
def sorted_out(numbers, text, ends, found, first, past, own, unparsed, lanes, memo):
    """Sort the entries of a window that may be read together by how they begin."""
    chain, places, heads, tails, counts = (
        lane(lanes, CHAIN), lane(lanes, PLACES), lane(lanes, HEADS), lane(lanes, TAILS), lane(lanes, COUNTS),
    )  # fmt: skip
    for bucket in range(BUCKETS):
        put(counts, bucket, 0)
    for n in range(first, past):
        of = n * e.FIELDS
        # What has no message of its own, keys, or perhaps labels, is read by itself.
        fixed = np.int64(get(found, of + e.EVENT))
        odd = fixed == unparsed or get(found, of + e.LAYOUT) >= 0
        if odd or get(found, of + e.TABS) != 0 or get(found, of + e.LOST) != 0:
            continue
        told = np.int64(get(found, of + e.COMPONENT))
        component = own if told < 0 else told
        if fixed >= 0:
            place = place_of_event(numbers, component, fixed)
        else:
            place = longest_start(numbers, text, np.int64(get(ends, n)), np.int64(get(ends, n + 1)), component, memo)
        bucket = place & (BUCKETS - 1)
        count = np.int64(get(counts, bucket))
        if place < 0 or (count > 0 and get(places, bucket) != place):
            continue
        if count == 0:
            put(places, bucket, place)
            put(heads, bucket, n - first)
        else:
            put(chain, np.int64(get(tails, bucket)), n - first)
        put(tails, bucket, n - first)
        put(counts, bucket, count + 1)


@part
def claim_together(
    numbers, words, text, ends, found, scopes, scope_text, first, past, settings, claims, hits, used, plan, lanes,
    memo, automata,
):  # fmt: skip
    """Claim those entries of a window that begin alike; hits used then, and how many batches there are.

    The rows of `plan` are those of the batches.
    """
    own = get(settings, OWN)
    sorted_out(numbers, text, ends, found, first, past, own, get(settings, UNPARSED), lanes, memo)
    batches = np.int64(0)
    for bucket in range(BUCKETS):
        count = np.int64(get(lane(lanes, COUNTS), bucket))
        if count < FEWEST:
            continue
        place = np.int64(get(lane(lanes, PLACES), bucket))
        width = get(numbers, get(numbers, p.START_SLOTS) + place)
        entry, ids, columns = np.int64(get(lane(lanes, HEADS), bucket)), behind(hits, used), behind(hits, used + count)
        for n in range(count):
            start, end = np.int64(get(ends, first + entry)), np.int64(get(ends, first + entry + 1))
            put(lane(lanes, AT), n, start)
            put(lane(lanes, END), n, end)
            put(lane(lanes, LAST), n, trimmed(text, start, end))
            put(lane(lanes, ENTRY), n, first + entry)
            entry = np.int64(get(lane(lanes, CHAIN), entry))
        step = get(numbers, get(numbers, p.START_FIRST) + place)
        walk_together(
            numbers, words, text, step, count, width, lanes, columns, automata, found, scopes, scope_text
        )  # fmt: skip
        claim, kept = settled(numbers, count, width, lanes, ids, columns, found, own, claims)
        if kept > 0:
            row = batches * ROW
            put(plan, row + B_CLAIM, claim)
            put(plan, row + B_COUNT, kept)
            put(plan, row + B_SLOTS, width)
            put(plan, row + B_PLACE, used)
            used += kept * (1 + 2 * width)
            batches += 1
    return used, batches


@part
def settled(numbers, count, width, lanes, ids, columns, found, own, claims):
    """Claim the messages of a batch that are of the format that most of them are of: its claim, and how many they are.

    The others are left out of it.
    """
    formats, entries = lane(lanes, FORMAT), lane(lanes, ENTRY)
    most, votes = np.int64(-1), 0
    for n in range(count):
        one = np.int64(get(formats, n))
        if votes == 0:
            most = one
        votes += 1 if one == most else -1
    if most < 0:
        return np.int64(-1), np.int64(0)
    claim = get(numbers, get(numbers, p.CLAIM_OF) + most)
    row = get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * claim
    if get(numbers, row + p.C_OTHER) >= 0:
        return np.int64(-1), np.int64(0)  # a field decides which event it is: message by message
    kept, event = np.int64(0), get(numbers, row + p.C_EVENT)
    for n in range(count):
        entry = np.int64(get(entries, n))
        fixed = np.int64(get(found, entry * e.FIELDS + e.EVENT))
        if get(formats, n) != most or (fixed >= 0 and fixed != event):
            put(formats, n, -1)
            continue
        told = np.int64(get(found, entry * e.FIELDS + e.COMPONENT))
        put(claims, CLAIMED * entry + CLAIM, claim)
        put(claims, CLAIMED * entry + OF, own if told < 0 else told)
        put(claims, CLAIMED * entry + HITS, -1)
        put(claims, CLAIMED * entry + HIT_COUNT, 0)
        put(ids, kept, entry)
        kept += 1
    if kept < count:
        left_out(formats, count, kept, width, ids, columns)
    return claim, kept


@part
def left_out(formats, count, kept, width, ids, columns):
    """Close the gaps that other messages leave in the columns of a batch, which follow the entries."""
    to = kept
    for slot in range(width):
        for n in range(count):
            if get(formats, n) >= 0:
                at = 2 * (slot * count + n)
                begin, end = get(columns, at), get(columns, at + 1)
                put(ids, to, begin)
                put(ids, to + 1, end)
                to += 2
