"""Texts that repeat -> numbers: a hash table of distinct texts, parted into groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine.kernel.jit import get, kernel, part, put
from istiolog_pd.engine.kernel.text import eight, four, stands

FULL = -2
# Of an entry: its hash, its group (times 2**32) and length, where in `texts` it stands, and its number within the group.
HASH, GROUP_SIZE, BEGIN, NUMBER = range(4)
# Of `used`: entries, bytes of `texts`, then the entries of each group.
ENTRIES, BYTES, GROUPS = 0, 1, 2


class Table(NamedTuple):
    """Distinct texts: `places` is the hash table of entries, which keep the order they came in."""

    places: np.ndarray  #: entry, or -1
    entries: np.ndarray
    texts: np.ndarray
    used: np.ndarray


def new_table(groups: int, entries: int = 1 << 12, size: int = 1 << 18) -> Table:
    """An empty table."""
    return Table(
        np.full(2 * entries, -1, np.int32),
        np.zeros((entries, 4), np.int64),
        np.zeros(size, np.uint8),
        np.zeros(GROUPS + groups, np.int64),
    )


def grown(table: Table, room: int) -> Table:
    """A table with the same texts, and room for as many again and for a text of `room` bytes."""
    count, size = int(table.used[ENTRIES]), int(table.used[BYTES])
    groups = len(table.used) - GROUPS
    bigger = new_table(groups, 2 * len(table.entries), max(2 * len(table.texts), size + 2 * room))
    bigger.entries[:count] = table.entries[:count]
    bigger.texts[:size] = table.texts[:size]
    bigger.used[:] = table.used
    fill_places(bigger.places, bigger.entries, count)
    return bigger


@kernel
def fill_places(places, entries, count):
    """Enter all entries into the hash table."""
    mask = len(places) - 1
    for n in range(count):
        at = entries[n, HASH] & mask
        while get(places, at) >= 0:
            at = (at + 1) & mask
        put(places, at, n)


@part
def hash_of(group, text, start, end):
    value = np.uint64(group + 1) * np.uint64(0x9E3779B97F4A7C15)
    factor = np.uint64(0xFF51AFD7ED558CCD)
    at, size = start, end - start
    while at + 8 < end:
        value = (value ^ eight(text, at)) * factor
        value ^= value >> np.uint64(32)
        at += 8
    # The rest: the last eight bytes, or the first four and the last four, which overlap.
    word = np.uint64(0)
    if size >= 8:
        word = eight(text, end - 8)
    elif size >= 4:
        word = four(text, start) | (four(text, end - 4) << np.uint64(32))
    else:
        for n in range(start, end):
            word = (word << np.uint64(8)) | np.uint64(get(text, n))
    value = (value ^ word) * factor
    value = ((value ^ (value >> np.uint64(32))) + np.uint64(size)) * factor
    return np.int64((value ^ (value >> np.uint64(29))) & np.uint64(0x7FFFFFFFFFFFFFFF))


@part
def number_of(table, group, text, start, end):
    """The number of a text within its group, a new one if need be; FULL if there is no room for it."""
    places, entries, texts, used = table
    value = hash_of(group, text, start, end)
    mask = len(places) - 1
    at = value & mask
    size = end - start
    wanted = (group << 32) | size
    while get(places, at) >= 0:
        entry = np.int64(get(places, at))
        if entries[entry, HASH] == value and entries[entry, GROUP_SIZE] == wanted:
            if stands(text, start, end, texts, entries[entry, BEGIN], size):
                return entries[entry, NUMBER]
        at = (at + 1) & mask
    entry, begin = used[ENTRIES], used[BYTES]
    if entry >= len(entries) or begin + size > len(texts):
        return np.int64(FULL)
    for n in range(size):
        put(texts, begin + n, get(text, start + n))
    put(places, at, entry)
    number = used[GROUPS + group]
    entries[entry, HASH], entries[entry, GROUP_SIZE] = value, wanted
    entries[entry, BEGIN], entries[entry, NUMBER] = begin, number
    used[GROUPS + group] += 1
    used[ENTRIES] += 1
    used[BYTES] += size
    return number


@kernel
def number_in(table, group, text, size):
    """The number of a whole text; for callers in Python."""
    return number_of(table, group, text, 0, size)
