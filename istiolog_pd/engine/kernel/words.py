"""Texts that repeat -> numbers: a hash table of distinct texts, parted into groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, four, get, kernel, part, pointer, put
from istiolog_pd.engine.kernel.text import is_blank, stands, trimmed

FULL = -2
# Of an entry: its hash, its group (times 2**32) and length, where in `texts` it stands, its number within the group.
HASH, GROUP_SIZE, BEGIN, NUMBER = range(4)
ENTRY = 4
# Of `used`: entries, bytes of `texts`, room for both; then the entries of each group.
ENTRIES, BYTES, ENTRY_ROOM, BYTE_ROOM, GROUPS = range(5)


class Table(NamedTuple):
    """Distinct texts: `places` is the hash table of entries, which keep the order they came in."""

    places: np.ndarray  #: entry, or -1
    entries: np.ndarray
    texts: np.ndarray
    used: np.ndarray


def new_table(groups: int, entries: int = 1 << 12, size: int = 1 << 18) -> Table:
    """An empty table."""
    used = np.zeros(GROUPS + groups, np.int64)
    used[ENTRY_ROOM], used[BYTE_ROOM] = entries, size
    return Table(np.full(2 * entries, -1, np.int32), np.zeros(4 * entries, np.int64), np.zeros(size, np.uint8), used)


def grown(table: Table, room: int) -> Table:
    """A table with the same texts, and room for as many again and for a text of `room` bytes."""
    count, size = int(table.used[ENTRIES]), int(table.used[BYTES])
    groups = len(table.used) - GROUPS
    bigger = new_table(groups, len(table.entries) // 2, max(2 * len(table.texts), size + 2 * room))
    bigger.entries[: 4 * count] = table.entries[: 4 * count]
    bigger.texts[:size] = table.texts[:size]
    for number in (ENTRIES, BYTES):
        bigger.used[number] = table.used[number]
    bigger.used[GROUPS:] = table.used[GROUPS:]
    fill_places(bigger.places, bigger.entries, count)
    return bigger


@kernel
def fill_places(places, entries, count):
    """Enter all entries into the hash table."""
    mask = len(places) - 1
    places, entries = pointer(places), pointer(entries)
    for n in range(count):
        at = get(entries, 4 * n + HASH) & mask
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
    mask = 2 * get(used, ENTRY_ROOM) - 1
    at = value & mask
    size = end - start
    wanted = (group << 32) | size
    while get(places, at) >= 0:
        entry = 4 * np.int64(get(places, at))
        if get(entries, entry + HASH) == value and get(entries, entry + GROUP_SIZE) == wanted:
            if stands(text, start, end, texts, get(entries, entry + BEGIN), size):
                return get(entries, entry + NUMBER)
        at = (at + 1) & mask
    entry, begin = get(used, ENTRIES), get(used, BYTES)
    if entry >= get(used, ENTRY_ROOM) or begin + size > get(used, BYTE_ROOM):
        return np.int64(FULL)
    for n in range(size):
        put(texts, begin + n, get(text, start + n))
    put(places, at, entry)
    number = get(used, GROUPS + group)
    put(entries, 4 * entry + HASH, value)
    put(entries, 4 * entry + GROUP_SIZE, wanted)
    put(entries, 4 * entry + BEGIN, begin)
    put(entries, 4 * entry + NUMBER, number)
    put(used, GROUPS + group, number + 1)
    put(used, ENTRIES, entry + 1)
    put(used, BYTES, begin + size)
    return number


@part
def pointers_of(table):
    """A table as `number_of` takes it."""
    places, entries, texts, used = table
    return pointer(places), pointer(entries), pointer(texts), pointer(used)


@kernel
def number_in(table, group, text, size):
    """The number of a whole text; for callers in Python."""
    return number_of(pointers_of(table), group, pointer(text), 0, size)


@kernel
def number_all(stamp, table, texts, places, trim, first, numbers):
    """The numbers of texts from `first` on, -1 for none; the text it came to (less than all: the table was full).

    `places` says where each begins and its size, -1: there is none. `trim`: without the blanks at its ends, and none if
    that is all.
    """
    table, texts, places, numbers, count = (
        pointers_of(table),
        pointer(texts),
        pointer(places),
        pointer(numbers),
        len(numbers),
    )
    for n in range(first, count):
        begin, size = get(places, 2 * n), get(places, 2 * n + 1)
        end = begin + size
        if trim and size >= 0:
            end = trimmed(texts, begin, end)
            while begin < end and is_blank(get(texts, begin)):
                begin += 1
        if size < 0 or (trim and begin == end):
            put(numbers, n, -1)
            continue
        number = number_of(table, 0, texts, begin, end)
        if number == FULL:
            return n
        put(numbers, n, number)
    return count
