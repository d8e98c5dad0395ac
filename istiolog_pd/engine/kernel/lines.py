"""Where a line ends, and whether it needs a closer look."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import eight, get, part
from istiolog_pd.engine.kernel.swar import first_flag, zeros
from istiolog_pd.engine.kernel.text import is_digit

#: A tab and a line end differ from this, eight times, in the lowest two bits alone.
NEAR_TAB, BUT_TWO_BITS = np.uint64(0x0808080808080808), np.uint64(0xFCFCFCFCFCFCFCFC)


@part
def line_end(text, at, end):
    """The end of a line, whether ``Z TAB`` stands in it behind its own header, and its last tab (-1: none)."""
    start, inner, tab = at, False, np.int64(-1)
    while at + 8 <= end:
        flags = zeros((eight(text, at) ^ NEAR_TAB) & BUT_TWO_BITS)
        while flags:
            place = at + first_flag(flags)
            byte = get(text, place)
            if byte == 10:
                return place, inner, tab
            if byte == 9:
                tab = place
                if place - start >= 28 and get(text, place - 1) == 90:
                    inner = True
            flags &= flags - np.uint64(1)
        at += 8
    while at < end:
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
