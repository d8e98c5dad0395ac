"""A new entry; what the kernel that finds entries is told and tells."""

from __future__ import annotations

from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.jit import inlined, put

# Why the kernel stopped.
AT_END, AT_ODD_LINE, AT_FULL_TABLE, AT_JSON, AT_FULL = range(5)
# Its state: where it goes on, the line's number, entries so far, the open entry (-1: none), bytes of `made`, rows of
# `keys`; entries that there is room for, and rows of `keys`.
AT, LINE, COUNT, OPEN, MADE, KEYS, ROOM, KEY_ROOM = range(8)
# Groups of words.
SCOPE, CALLER = 0, 1


@inlined
def enter(found, n, begin, end, line):
    """A new entry, of which nothing is known but its text; where its numbers stand."""
    at = n * e.FIELDS
    put(found, at + e.PLACE, e.IN_LOG)
    put(found, at + e.BEGIN, begin)
    put(found, at + e.END, end)
    put(found, at + e.LINE, line)
    for field in (e.LEVEL, e.SCOPE_OF, e.CALLER_OF, e.EVENT, e.COMPONENT, e.LAYOUT, e.KEYS):
        put(found, at + field, -1)
    put(found, at + e.HEADER, 1)
    put(found, at + e.LOST, 0)
    put(found, at + e.TABS, 1)
    put(found, at + e.RARE, 0)
    return at
