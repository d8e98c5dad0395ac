"""Claims -> values: each slot's text becomes a number, a word or a piece of text, in the row of its event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.batches import (
    B_CLAIM,
    B_COUNT,
    B_PLACE,
    B_SLOTS,
    CLAIM,
    CLAIMED,
    HIT_COUNT,
    HITS,
    ROW,
    W_BATCHES,
    W_FIRST,
    W_HITS,
    W_PAST,
)  # fmt: skip
from istiolog_pd.engine.kernel.jit import behind, get, inlined, kernel, part, pointer, put, short_kernel
from istiolog_pd.engine.kernel.slots import HARD_WIDTH, fill_slot
from istiolog_pd.engine.kernel.together import WINDOW
from istiolog_pd.engine.kernel.walk import HIT, MOST_SLOTS
from istiolog_pd.engine.kernel.wide import NEAR, SLACK, ask_for
from istiolog_pd.engine.kernel.words import FULL, number_of, pointers_of

#: Room for hard texts: all fields of a window can be hard.
MOST_HARD = WINDOW * MOST_SLOTS


class Cells(NamedTuple):
    """Room for the values: `base` is where a cell's rows begin (-1: the cell is not needed)."""

    base: np.ndarray
    numbers: np.ndarray
    valid: np.ndarray
    words: np.ndarray
    texts: np.ndarray  #: begin and size of each (-1: none)
    rows: np.ndarray
    events: np.ndarray  #: for each event: where its rows begin, and rows so far
    filled: np.ndarray  #: whether a cell holds anything
    hard: np.ndarray  #: texts for Python: number's place, begin, end, sort


class Lists(NamedTuple):
    """Room to work in: hits of messages that were read by themselves are put together slot by slot."""

    heads: np.ndarray  #: each slot's last hit
    met: np.ndarray  #: the slots met
    links: np.ndarray  #: of each hit the one before, and where it stands
    link_rows: np.ndarray  #: its row
    pieces: np.ndarray  #: the texts of a slot: begin and end of each
    rows: np.ndarray  #: their rows
    entry_rows: np.ndarray  #: the row of each entry of a window
    hashes: np.ndarray  #: of the texts of a slot


def new_lists(slots: int) -> Lists:
    """Empty lists."""
    room = WINDOW * MOST_SLOTS
    return Lists(
        np.full(slots, -1, np.int32),
        np.zeros(slots, np.int32),
        np.empty(2 * room, np.int32),
        np.empty(room, np.int64),
        np.empty(2 * WINDOW, np.int32),
        np.empty(WINDOW, np.int64),
        np.empty(WINDOW, np.int64),
        np.empty(WINDOW, np.int64),
    )


@short_kernel
def count_claims(stamp, claims, entries, counts):
    """How many entries each claim has."""
    claims, counts = pointer(claims), pointer(counts)
    for n in range(entries):
        claim = np.int64(get(claims, n * CLAIMED + CLAIM))
        put(counts, claim, get(counts, claim) + 1)


@kernel
def fill(stamp, numbers, words, text, ends, hits, claims, plan, row, past_row, cells, vocabulary, room, lists):
    """Fill the cells of the windows of a plan from a row on; the row it came to (less than all: something was full).

    ``room[0]`` counts the hard texts, ``room[1]`` is the length of a text the table has no room for. `vocabulary`: the
    table, the number of its first group, what `number_said` and `number_words` remember.

    Texts of one slot are read one behind the other, so the processor need not guess what comes next.
    """
    numbers, words, hits, claims = pointer(numbers), pointer(words), pointer(hits), pointer(claims)
    text, ends, plan, room = (pointer(text), len(text)), pointer(ends), pointer(plan), pointer(room)
    events, event_rows = pointer(cells[6]), pointer(cells[5])
    to = (
        pointer(cells[0]), pointer(cells[1]), pointer(cells[2]), pointer(cells[3]), pointer(cells[4]),
        pointer(cells[7]), pointer(cells[8]), len(cells[8]) // HARD_WIDTH, room,
    )  # fmt: skip
    recent = (pointer(vocabulary[3]), pointer(vocabulary[4]), pointer(lists[7]))
    known = (pointers_of(vocabulary[0]), vocabulary[1], pointer(vocabulary[2]), recent)
    lists = (
        pointer(lists[0]), pointer(lists[1]), pointer(lists[2]), pointer(lists[3]), pointer(lists[4]),
        pointer(lists[5]), pointer(lists[6]),
    )  # fmt: skip
    while row < past_row:
        window = behind(plan, row * ROW)
        first, past = get(window, W_FIRST), get(window, W_PAST)
        batches, hard = get(window, W_BATCHES), get(room, 0)
        number_rows(numbers, claims, first, past, events, event_rows, lists[6])
        if row + 1 + batches < past_row:
            following = behind(window, (1 + batches) * ROW)
            ask_for(text[0], get(ends, past), get(ends, get(following, W_PAST)), NEAR)
            ask_for(hits, get(window, W_HITS), get(following, W_HITS), NEAR // 4)
        done = fill_single(numbers, words, text, hits, claims, first, past, to, known, lists)
        for n in range(1, batches + 1):
            done = done and fill_batch(
                numbers, words, text, hits, behind(window, n * ROW), first, to, known, lists[5], lists[6]
            )
        if not done:  # as if these entries had not been looked at
            put(room, 0, hard)
            for n in range(first, past):
                event = event_of(numbers, claims, n)
                put(events, event + 1, get(events, event + 1) - 1)
            return row
        row += 1 + batches
    return row


@inlined
def claim_row(numbers, claim):
    """Where the numbers of a claim stand."""
    return get(numbers, p.CLAIMS) + p.CLAIM_WIDTH * claim


@inlined
def event_of(numbers, claims, n):
    """Where the numbers of an entry's event stand in `events`."""
    return 2 * get(numbers, claim_row(numbers, np.int64(get(claims, n * CLAIMED + CLAIM))) + p.C_EVENT)


@part
def number_rows(numbers, claims, first, past, events, event_rows, entry_rows):
    """Give each entry of a window its row in the table of its event."""
    for n in range(first, past):
        event = event_of(numbers, claims, n)
        row = get(events, event + 1)
        put(event_rows, get(events, event) + row, n)
        put(events, event + 1, row + 1)
        put(entry_rows, n - first, row)


@part
def fill_batch(numbers, words, text, hits, batch, first, to, known, rows, entry_rows):
    """Fill the cells of a batch; false if something was full."""
    claim, count = claim_row(numbers, get(batch, B_CLAIM)), get(batch, B_COUNT)
    ids = behind(hits, get(batch, B_PLACE))
    for n in range(count):
        put(rows, n, get(entry_rows, np.int64(get(ids, n)) - first))
    if not fill_said(numbers, words, claim, rows, count, to, known):
        return False
    # Formats that were tried with this one can have more fields.
    slot, slots = get(numbers, claim + p.C_SLOTS), min(get(batch, B_SLOTS), get(numbers, claim + p.C_FIELDS))
    for n in range(slots):
        pieces = behind(ids, count * (2 * n + 1))
        if not fill_slot(numbers, slot + p.SLOT_WIDTH * n, text, pieces, rows, count, to, known):
            return False
    return True


@part
def fill_single(numbers, words, text, hits, claims, first, past, to, known, lists):
    """Fill the cells of a window's messages that were read by themselves; false if something was full."""
    heads, met, links, link_rows, pieces, rows, entry_rows = lists
    slots = count = np.int64(0)
    done = True
    for n in range(first, past):
        at = n * CLAIMED
        here = np.int64(get(claims, at + HITS))
        if here < 0:
            continue
        claim = claim_row(numbers, np.int64(get(claims, at + CLAIM)))
        done = done and fill_said(numbers, words, claim, behind(entry_rows, n - first), 1, to, known)
        first_slot = (get(numbers, claim + p.C_SLOTS) - get(numbers, p.SLOTS)) // p.SLOT_WIDTH
        for _ in range(get(claims, at + HIT_COUNT)):
            slot = first_slot + get(hits, here)
            head = get(heads, slot)
            if head < 0:
                put(met, slots, slot)
                slots += 1
            put(links, 2 * count, head)
            put(links, 2 * count + 1, here)
            put(link_rows, count, get(entry_rows, n - first))
            put(heads, slot, count)
            count += 1
            here += HIT
    for n in range(slots):
        slot = np.int64(get(met, n))
        link, found = np.int64(get(heads, slot)), np.int64(0)
        put(heads, slot, -1)
        while link >= 0:
            here = np.int64(get(links, 2 * link + 1))
            put(pieces, 2 * found, get(hits, here + 1))
            put(pieces, 2 * found + 1, get(hits, here + 2))
            put(rows, found, get(link_rows, link))
            found += 1
            link = np.int64(get(links, 2 * link))
        of = get(numbers, p.SLOTS) + p.SLOT_WIDTH * slot
        done = done and fill_slot(numbers, of, text, pieces, rows, found, to, known)
    return done


@part
def fill_said(numbers, words, claim, rows, count, to, known):
    """What the format itself says, in some rows; false if the table is full."""
    base, _, _, coded, _, filled, _, _, _ = to
    for said in range(get(numbers, claim + p.C_SAID), get(numbers, claim + p.C_SAID_END)):
        number = number_said(numbers, words, get(numbers, said), known)
        if number == FULL:
            put(to[8], 1, 64)
            return False
        cell = get(numbers, get(numbers, p.SLOTS) + p.SLOT_WIDTH * get(numbers, said) + p.S_CELL)
        place = get(base, cell)
        for n in range(count):
            put(coded, place + get(rows, n), number)
        put(filled, cell, 1)
    return True


@part
def number_said(numbers, words, said, known):
    """The number of what a format itself says, asked once: -1 is what is not asked yet."""
    table, first_group, said_numbers, _ = known
    number = np.int64(get(said_numbers, said))
    if number < 0:
        slot = get(numbers, p.SLOTS) + p.SLOT_WIDTH * said
        begin, group = get(numbers, slot + p.S_PLACE), first_group + get(numbers, slot + p.S_GROUP)
        end = begin + get(numbers, slot + p.S_SIZE)
        number = number_of(table, group, words, begin, end, end + SLACK)
        if number != FULL:
            put(said_numbers, said, number)
    return number
