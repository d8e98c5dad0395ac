"""The names of levels."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.kernel.jit import four, part

#: Names, the longest first; of each its first and its last four bytes as numbers, and how many of them count.
_NAMES = sorted([*((name, n) for n, name in enumerate(p.LEVEL_NAMES)), ("warning", 2)], key=lambda one: -len(one[0]))
assert p.LEVEL_NAMES[2] == "warn"
assert all(3 <= len(name) <= 8 for name, _ in _NAMES)
SIZES = tuple(len(name) for name, _ in _NAMES)
NUMBERS = tuple(number for _, number in _NAMES)
FIRST = tuple(np.uint64(int.from_bytes(name.encode()[:4], "little")) for name, _ in _NAMES)
LAST = tuple(np.uint64(int.from_bytes(name.encode()[-4:], "little")) for name, _ in _NAMES)
COUNTS = tuple(np.uint64((1 << 8 * min(size, 4)) - 1) for size in SIZES)
SMALL = np.uint64(32)


@part
def level_at(text, at, end):
    """The number of a level and where its name ends; -1 if none stands here. Its first letter can be a capital."""
    if end - at < 4:  # a tab, a bracket or a quote stands behind the shortest
        return np.int64(-1), at
    word = four(text, at) | SMALL
    for n in range(len(SIZES)):
        if word & COUNTS[n] == FIRST[n] and end - at >= SIZES[n]:
            behind = SIZES[n] - 4
            if behind <= 0 or four(text, at + behind) == LAST[n]:
                return np.int64(NUMBERS[n]), at + SIZES[n]
    return np.int64(-1), at
