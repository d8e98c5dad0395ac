"""Where a line ends, and whether it needs a closer look."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import get, high_zeros, inlined, low_zeros, part
from istiolog_pd.engine.kernel.swar import ALL_BITS
from istiolog_pd.engine.kernel.text import is_digit
from istiolog_pd.engine.kernel.wide import LINE, same_of_line

#: Where a `Z` and a tab can stand at the earliest that are none of the line's own header.
BEHIND_TIME = 28
NEWLINE, TAB, ZULU = np.uint8(10), np.uint8(9), np.uint8(90)
ONE = np.uint64(1)


@inlined
def line_end(text, at, end):
    """The end of a line, whether ``Z TAB`` stands in it behind its own header, and its last tab (-1: none)."""
    start, tab = at, np.int64(-1)
    inner = before = np.uint64(0)
    behind = ALL_BITS << np.uint64(BEHIND_TIME)
    while at + LINE <= end:
        tabs, ends = same_of_line(text, at, TAB), same_of_line(text, at, NEWLINE)
        zulus = same_of_line(text, at, ZULU)
        tabs &= (ends & (~ends + ONE)) - ONE  # those of this line; all, if it does not end here
        if tabs:
            tab = at + 63 - high_zeros(tabs)
            inner |= tabs & (zulus << ONE | before) & behind
        if ends:
            return at + low_zeros(ends), inner != 0, tab
        before, behind = zulus >> np.uint64(63), ALL_BITS
        at += LINE
    while at < end:
        byte = get(text, at)
        if byte == NEWLINE:
            break
        if byte == TAB:
            tab = at
            if at - start >= BEHIND_TIME and get(text, at - 1) == ZULU:
                inner = ONE
        at += 1
    return at, inner != 0, tab


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
