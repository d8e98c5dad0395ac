"""JSON objects out of a stream of bytes: an array of them, printed over several lines or in one.

Nothing is parsed here: where an object begins and ends is found by its braces outside of strings, with
NumPy, so an array of any length is never in memory whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

import numpy as np

from istiolog_pd.sources.wrappers._model import Bytes, Flags, Ints

#: An object longer than this is no log record: it is taken as text.
LONGEST_OBJECT = 16 << 20

#: Characters between the objects of an array.
BETWEEN = b" \t\r\n,[]"

_SIGNS = np.zeros(256, bool)
_SIGNS[list(b'"{}\\')] = True


#: An array of texts or of arrays has no objects that could be read one by one.
_FLAT_ARRAY = re.compile(rb"\s*\[\s*[\"\[]")


def objects(blocks: Iterator[bytes], *, arrays_of_texts: bool = False) -> Iterator[list[tuple[int, bytes]]]:
    """The outermost objects of each block, with the line on which they begin; of `arrays_of_texts` the whole array.

    Text between objects, except blanks, commas and brackets, and an object without an end, is
    given as it is (so it parses as no object).
    """
    parts: list[bytes] = []
    size, tried, line = 0, 0, 1
    first = next(blocks, b"")
    if arrays_of_texts and _FLAT_ARRAY.match(first):
        yield from _whole(first, blocks)
        return
    for block in chain([first], blocks):
        parts.append(block)
        size += len(block)
        if size < 2 * tried:
            continue  # an object that goes on is not looked through at each block
        rest = b"".join(parts)
        found, used = _split(rest, line)
        if not used and size > LONGEST_OBJECT:
            found, used = [(line, rest)], size
        if found:
            yield found
        line += rest.count(b"\n", 0, used)
        parts, size = [rest[used:]], size - used
        tried = size
    rest = b"".join(parts)
    found, used = _split(rest, line)
    left = rest[used:].strip(BETWEEN)
    if left:
        found.append((line + rest.count(b"\n", 0, used), left))
    if found:
        yield found


def _whole(first: bytes, blocks: Iterator[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """All as one value; what is longer than an object may be, in pieces that parse as none."""
    parts, size = [first], len(first)
    for block in blocks:
        if size > LONGEST_OBJECT:
            yield [(1, b"".join(parts))]
            parts, size = [], 0
        parts.append(block)
        size += len(block)
    yield [(1, b"".join(parts).strip())]


def _split(text: bytes, line: int) -> tuple[list[tuple[int, bytes]], int]:
    """The whole objects of a text, and up to where it is used."""
    data = np.frombuffer(text, np.uint8)
    starts, ends = _outermost(data)
    if not len(ends):
        return [], 0
    breaks = np.flatnonzero(data == ord("\n"))
    lines = line + np.searchsorted(breaks, starts)
    found: list[tuple[int, bytes]] = []
    before = 0
    for start, end, at in zip(starts.tolist(), ends.tolist(), lines.tolist(), strict=True):
        between = text[before:start].strip(BETWEEN)
        if between:
            found.append((line + text.count(b"\n", 0, before), between))
        found.append((at, text[start:end]))
        before = end
    return found, before


def _outermost(data: Bytes) -> tuple[Ints, Ints]:
    """Where the outermost whole objects begin, and where they end."""
    places = np.flatnonzero(_SIGNS[data])
    signs = data[places]
    quotes = (signs == ord('"')) & ~_escaped(places, signs)
    outside = np.cumsum(quotes) % 2 == 0
    braces = outside & ((signs == ord("{")) | (signs == ord("}")))
    places, signs = places[braces], signs[braces]
    step = np.where(signs == ord("{"), 1, -1)
    depth = np.cumsum(step)
    # A brace too many does not make the rest negative: depth counts from the lowest so far.
    depth = depth - np.minimum(np.minimum.accumulate(depth), 0)
    starts = places[(step == 1) & (depth == 1)]
    ends = places[(step == -1) & (depth == 0)] + 1
    pair = np.searchsorted(ends, starts, side="right")
    whole = pair < len(ends)
    return starts[whole], ends[pair[whole]]


def _escaped(places: Ints, signs: Bytes) -> Flags:
    """Whether each sign stands behind an odd number of backslashes."""
    slash = signs == ord("\\")
    follows = np.concatenate([[False], np.diff(places) == 1])
    after_slash = np.concatenate([[False], slash[:-1]]) & follows
    if not after_slash.any():
        return np.zeros(len(signs), bool)
    number = np.arange(len(places))
    run_starts = slash & ~after_slash
    run = number - np.maximum.accumulate(np.where(run_starts, number, 0))
    escaped: Flags = after_slash & ~slash & (run % 2 == 1)
    return escaped
