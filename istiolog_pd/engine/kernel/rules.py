"""What of the header layouts is data, in one array of numbers: each place in it is a place in the whole array."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: The directory: events and components by number, automata of headers, the loggers of Envoy (place and length of each
#: in the bytes), the JSON layouts, and the key `caller`.
(
    UNPARSED, ACCESS, GO_GC, ENVOY, ZTUNNEL, GC_LINE, TARGET, TARGET_SCOPE, LOST_TARGET, LOGGERS, LOGGERS_END, LAYOUTS,
    LAYOUTS_END, CALLER,
) = range(14)  # fmt: skip
# A key: its first eight bytes (the rest are 0), its length, where it stands in the bytes.
K_LOW, K_SIZE, K_PLACE = range(3)
KEY_WIDTH = 3
# Of a JSON layout: its keys, the event and the component it says (-1: none), the keys that are columns.
L_TIME, L_LEVEL, L_SCOPE, L_MESSAGE, L_STACK, L_NEEDS = (KEY_WIDTH * number for number in range(6))
L_EVENT, L_COMPONENT, L_FIELDS, L_FIELDS_END = (6 * KEY_WIDTH + number for number in range(4))
LAYOUT_WIDTH = 6 * KEY_WIDTH + 4


class Rules(NamedTuple):
    """The two arrays: numbers, and the bytes of keys and loggers."""

    numbers: np.ndarray
    words: np.ndarray
