"""Readings of a message: what of it its format may be of, and what are labels; see `engine.reference.labels`."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.heads import label_ahead
from istiolog_pd.engine.kernel.jit import get, part
from istiolog_pd.engine.kernel.wide import byte_at


@part
def last_tab(text, start, end):
    at = end - 1
    while at >= start and get(text, at) != 9:
        at -= 1
    return at


@part
def label_run(text, start, end):
    """The first run of a tab, or of two blanks and more, before a label: its two ends; -1 if there is none."""
    at = start
    while at < end:
        if get(text, at) == 9:
            if label_ahead(text, at + 1, end):
                return at, at + 1
        elif get(text, at) == 32 and at + 1 < end and get(text, at + 1) == 32:
            stop = at
            while stop < end and get(text, stop) == 32:
                stop += 1
            if label_ahead(text, stop, end):
                return at, stop
            at = stop - 1
        at += 1
    return -1, -1


@part
def blanks_before_label(text, start, end):
    """The first blanks before a label: their two ends; -1 if there are none."""
    at = start
    while at < end:
        if get(text, at) == 9 or get(text, at) == 32:
            stop = at
            while stop < end and (get(text, stop) == 9 or get(text, stop) == 32):
                stop += 1
            if label_ahead(text, stop, end):
                return at, stop
            at = stop
        else:
            at += 1
    return -1, -1


@part
def reading(number, text, start, end, lost):
    """The bounds of a reading's body and labels, and whether there is such a reading.

    They are those of `istiolog_pd.engine.reference.labels.readings`, by number.
    """
    if number == 0:
        if not lost:
            return False, start, end, end, end
        at, stop = label_run(text, start, end)
        return at >= 0, start, at, stop, end
    if number == 2:
        if not lost:
            return False, start, end, end, end
        at, stop = blanks_before_label(text, start, end)
        if at < 0:
            return True, start, end, end, end
        return True, start, at, stop, end
    if number == 3:
        stop = byte_at(text, start, end, np.uint8(10))
        if stop == end:
            return False, start, end, end, end
        end = stop
    tab = last_tab(text, start, end)
    if tab >= start and label_ahead(text, tab + 1, end):
        return True, start, tab, tab + 1, end
    return True, start, end, end, end


@part
def next_label(text, at, end, first):
    """Where the next label's key begins, from `at` on; -1 if there is none."""
    if first and label_ahead(text, at, end):
        return at
    while at < end:
        if get(text, at) == 32 and label_ahead(text, at + 1, end):
            return at + 1
        at += 1
    return -1
