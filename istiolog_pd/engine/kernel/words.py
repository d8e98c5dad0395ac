"""Texts that repeat -> numbers: a hash table of distinct texts, parted into groups."""

from __future__ import annotations

from secrets import randbits
from typing import NamedTuple

import numpy as np

from istiolog_pd.engine.kernel.jit import get, inlined, kernel, part, pointer, prefetch, put, short_kernel
from istiolog_pd.engine.kernel.text import copy, is_blank, stands, trimmed
from istiolog_pd.engine.kernel.wide import SLACK, WIDTH, alike, folded, words_of

FULL = -2
# Of an entry: its hash, its group (times 2**32) and length, where in `texts` it stands, its number within the group.
HASH, GROUP_SIZE, BEGIN, NUMBER = range(4)
ENTRY = 4
# Of `used`: entries, bytes of `texts`, room for both; what hashes begin with, drawn for each table, so that no log can
# be made whose texts all have the same; then the entries of each group.
ENTRIES, BYTES, ENTRY_ROOM, BYTE_ROOM, SEED, GROUPS = range(6)
#: Random bits that hashes are mixed with.
SALT = tuple(np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xFF51AFD7ED558CCD))
ONE = np.uint64(1)


class Table(NamedTuple):
    """Distinct texts: `places` is the hash table of entries, which keep the order they came in."""

    places: np.ndarray  #: entry, or -1
    entries: np.ndarray
    texts: np.ndarray
    used: np.ndarray


def new_table(groups: int, entries: int = 1 << 12, size: int = 1 << 18) -> Table:
    """An empty table."""
    used = np.zeros(GROUPS + groups, np.int64)
    used[ENTRY_ROOM], used[BYTE_ROOM], used[SEED] = entries, size, randbits(63)
    places, rows = np.full(2 * entries, -1, np.int32), np.zeros(ENTRY * entries, np.int64)
    return Table(places, rows, np.zeros(size + SLACK, np.uint8), used)


def grown(table: Table, room: int, more: int = 0) -> Table:
    """A table with the same texts, and room for as many again, for `more` at least, and for a text of `room` bytes."""
    count, size = int(table.used[ENTRIES]), int(table.used[BYTES])
    groups = len(table.used) - GROUPS
    entries = 2 * int(table.used[ENTRY_ROOM])
    while entries < count + more:
        entries *= 2
    bigger = new_table(groups, entries, max(2 * int(table.used[BYTE_ROOM]), size + 2 * room))
    bigger.entries[: ENTRY * count] = table.entries[: ENTRY * count]
    bigger.texts[:size] = table.texts[:size]
    for number in (ENTRIES, BYTES, SEED):
        bigger.used[number] = table.used[number]
    bigger.used[GROUPS:] = table.used[GROUPS:]
    fill_places(bigger.places, bigger.entries, count)
    return bigger


@short_kernel
def fill_places(places, entries, count):
    """Enter all entries into the hash table."""
    mask = len(places) - 1
    places, entries = pointer(places), pointer(entries)
    for n in range(count):
        at = get(entries, ENTRY * n + HASH) & mask
        while get(places, at) >= 0:
            at = (at + 1) & mask
        put(places, at, n)


@inlined
def mixed(value, words, seed):
    """A hash, and what four more words make of it."""
    value ^= seed
    one = folded(words[0] ^ value ^ SALT[0], words[1] ^ SALT[1])
    return one ^ folded(words[2] ^ value ^ SALT[2], words[3] ^ SALT[3])


@part
def last_words(text, at, end):
    """`words_of` where no bytes behind the end can be read."""
    words = (np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0))
    for n in range(at, end):
        byte, place = np.uint64(get(text, n)) << np.uint64(8 * ((n - at) % 8)), (n - at) // 8
        words = (
            words[0] | (byte if place == 0 else np.uint64(0)),
            words[1] | (byte if place == 1 else np.uint64(0)),
            words[2] | (byte if place == 2 else np.uint64(0)),
            words[3] | (byte if place == 3 else np.uint64(0)),
        )
    return words


@inlined
def hash_of(text, start, end, far, seed):
    """The hash of a text; bytes before `far` can be read."""
    value, at = np.uint64(0), start
    while at + WIDTH < end:
        value = mixed(value, words_of(text, at, np.int64(WIDTH)), seed)
        at += WIDTH
    rest = words_of(text, at, end - at) if at + WIDTH <= far else last_words(text, at, end)
    return mixed(value, rest, seed)


@inlined
def is_text(text, start, size, far, texts, begin):
    """Whether a text is that one of the table's, of the same size."""
    if size <= WIDTH and start + WIDTH <= far:
        return not ~alike(text, start, texts, begin) & ((ONE << np.uint64(size)) - ONE)
    return stands(text, start, start + size, texts, begin, size)


@part
def number_of(table, group, text, start, end, far):
    """The number of a text within its group, a new one if need be; FULL if there is no room for it.

    Bytes before `far` can be read.
    """
    return number_of_hash(table, group, text, start, end, far, hash_in(table, group, text, start, end, far))


@inlined
def hash_in(table, group, text, start, end, far):
    """The hash of a text of a group."""
    wanted, seed = (group << 32) | (end - start), np.uint64(get(table[3], SEED))
    return np.int64(folded(hash_of(text, start, end, far, seed) ^ np.uint64(wanted), SALT[1] ^ seed) >> ONE)


@part
def number_of_hash(table, group, text, start, end, far, value):
    """`number_of` a text whose hash is known."""
    places, entries, texts, used = table
    size = end - start
    wanted = (group << 32) | size
    mask = 2 * get(used, ENTRY_ROOM) - 1
    at = value & mask
    while get(places, at) >= 0:
        entry = ENTRY * np.int64(get(places, at))
        if get(entries, entry + HASH) == value and get(entries, entry + GROUP_SIZE) == wanted:
            if is_text(text, start, size, far, texts, get(entries, entry + BEGIN)):
                return get(entries, entry + NUMBER)
        at = (at + 1) & mask
    return new_number(table, group, text, start, end, value, at)


@part
def new_number(table, group, text, start, end, value, at):
    """Enter a new text at its place in the hash table."""
    places, entries, texts, used = table
    entry, begin, size = get(used, ENTRIES), get(used, BYTES), end - start
    if entry >= get(used, ENTRY_ROOM) or begin + size > get(used, BYTE_ROOM):
        return np.int64(FULL)
    copy(text, start, end, texts, begin)
    put(places, at, entry)
    number = get(used, GROUPS + group)
    put(entries, ENTRY * entry + HASH, value)
    put(entries, ENTRY * entry + GROUP_SIZE, (group << 32) | size)
    put(entries, ENTRY * entry + BEGIN, begin)
    put(entries, ENTRY * entry + NUMBER, number)
    put(used, GROUPS + group, number + 1)
    put(used, ENTRIES, entry + 1)
    put(used, BYTES, begin + size)
    return number


@part
def pointers_of(table):
    """A table as `number_of` takes it."""
    places, entries, texts, used = table
    return pointer(places), pointer(entries), pointer(texts), pointer(used)


@short_kernel
def number_in(table, group, text, size):
    """The number of a whole text; for callers in Python."""
    return number_of(pointers_of(table), group, pointer(text), 0, size, len(text))


@kernel
def number_all(stamp, table, texts, places, trim, first, hashes, numbers):
    """The numbers of texts from `first` on, -1 for none; the text it came to (less than all: the table was full).

    `places` says where each begins and its size, -1: there is none. `trim`: without the blanks at its ends, and none if
    that is all. `hashes` is room to work in: of so many texts the places in the table are asked for together.
    """
    count, far, some = len(numbers), len(texts), len(hashes)
    table, texts, places, numbers = pointers_of(table), pointer(texts), pointer(places), pointer(numbers)
    hashes, mask = pointer(hashes), 2 * get(table[3], ENTRY_ROOM) - 1
    for start in range(first, count, some):
        past = min(start + some, count)
        for n in range(start, past):
            begin, end = text_of(texts, places, n, trim)
            if begin >= 0:
                value = hash_in(table, 0, texts, begin, end, far)
                put(hashes, n - start, value)
                prefetch(table[0], value & mask)
        for n in range(start, past):
            begin, end = text_of(texts, places, n, trim)
            number = np.int64(-1)
            if begin >= 0:
                number = number_of_hash(table, 0, texts, begin, end, far, get(hashes, n - start))
            if number == FULL:
                return n
            put(numbers, n, number)
    return count


@inlined
def text_of(texts, places, n, trim):
    """Where a text begins and ends; -1: there is none."""
    begin, size = get(places, 2 * n), get(places, 2 * n + 1)
    end = begin + size
    if trim and size >= 0:
        end = trimmed(texts, begin, end)
        while begin < end and is_blank(get(texts, begin)):
            begin += 1
    there = size >= 0 and not (trim and begin == end)
    return begin if there else np.int64(-1), end
