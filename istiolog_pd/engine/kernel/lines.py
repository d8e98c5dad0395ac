"""Where a line ends, and whether it needs a closer look."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import get, part
from istiolog_pd.engine.kernel.text import eight, is_digit

# Eight times the same byte.
ONES, HIGH_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
LINE_ENDS, TABS = np.uint64(0x0A0A0A0A0A0A0A0A), np.uint64(0x0909090909090909)


@part
def line_end(text, at, end):
    """The end of a line, whether ``Z TAB`` stands in it behind its own header, and its last tab (-1: none)."""
    start, inner, tab = at, False, np.int64(-1)
    while at < end:
        # Eight bytes at a time, as long as no line end and no tab is among them.
        while at + 8 <= end:
            word = eight(text, at)
            if has_zero(word ^ LINE_ENDS) | has_zero(word ^ TABS):
                break
            at += 8
        stop = min(at + 8, end)
        while at < stop:
            byte = get(text, at)
            if byte == 10:
                return at, inner, tab
            if byte == 9:
                tab = at
                if at - start >= 28 and get(text, at - 1) == 90:
                    inner = True
            at += 1
    return at, inner, tab


@part
def has_zero(word):
    """Not 0 if one of the eight bytes is 0."""
    return (word - ONES) & ~word & HIGH_BITS


@part
def ends_as_gc(text, start, end):
    """Whether a line may end in a GC line: it ends as one does, and names a heap's goal."""
    if end - start < 40:
        return False
    if not (get(text, end - 1) == 80 or (get(text, end - 1) == 41 and get(text, end - 2) == 100)):
        return False
    for at in range(start, end - 3):
        if get(text, at) == 77 and get(text, at + 1) == 66 and get(text, at + 2) == 32 and get(text, at + 3) == 103:
            return True
    return False


@part
def is_rare(text, start, end, first):
    """Whether a line may begin with one of the rare headers (klog, a Go panic, a heap's scavenger)."""
    if end - start < 5:
        return False
    second, third = get(text, start + 1), get(text, start + 2)
    if first in (73, 87, 69, 70):
        return is_digit(second) and is_digit(third)
    if first == 112:
        return second == 97 and third == 110
    if first == 102:
        return second == 97 and third == 116
    if first == 117:
        return second == 110 and third == 101
    return first == 115 and second == 99 and third == 118
