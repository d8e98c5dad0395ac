"""The names of levels."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import get, part


@part
def level_at(text, at, end):
    """The number of a level and where its name ends; -1 if none stands here. Its first letter can be a capital."""
    left = end - at
    if left < 3:
        return -1, at
    first = get(text, at) | np.uint8(32)
    if first == 105:  # info
        if left >= 4 and get(text, at + 1) == 110 and get(text, at + 2) == 102 and get(text, at + 3) == 111:
            return 1, at + 4
    elif first == 100:  # debug
        if (
            left >= 5
            and get(text, at + 1) == 101
            and get(text, at + 2) == 98
            and get(text, at + 3) == 117
            and get(text, at + 4) == 103
        ):
            return 0, at + 5
    elif first == 119:  # warn, warning
        if left >= 4 and get(text, at + 1) == 97 and get(text, at + 2) == 114 and get(text, at + 3) == 110:
            if left >= 7 and get(text, at + 4) == 105 and get(text, at + 5) == 110 and get(text, at + 6) == 103:
                return 2, at + 7
            return 2, at + 4
    elif first == 101:  # error
        if (
            left >= 5
            and get(text, at + 1) == 114
            and get(text, at + 2) == 114
            and get(text, at + 3) == 111
            and get(text, at + 4) == 114
        ):
            return 3, at + 5
    elif first == 102:  # fatal
        if (
            left >= 5
            and get(text, at + 1) == 97
            and get(text, at + 2) == 116
            and get(text, at + 3) == 97
            and get(text, at + 4) == 108
        ):
            return 4, at + 5
    elif first == 116:  # trace
        if (
            left >= 5
            and get(text, at + 1) == 114
            and get(text, at + 2) == 97
            and get(text, at + 3) == 99
            and get(text, at + 4) == 101
        ):
            return 5, at + 5
    elif first == 99:  # critical
        if (
            left >= 8
            and get(text, at + 1) == 114
            and get(text, at + 2) == 105
            and get(text, at + 3) == 116
            and get(text, at + 4) == 105
        ):
            if get(text, at + 5) == 99 and get(text, at + 6) == 97 and get(text, at + 7) == 108:
                return 6, at + 8
    elif first == 111:  # off
        if get(text, at + 1) == 102 and get(text, at + 2) == 102:
            return 7, at + 3
    return -1, at
