"""What is known of an entry before its message is read: the columns of the array `found`."""

from __future__ import annotations

import numpy as np

(
    PLACE,  # which bytes the message stands in
    BEGIN,
    END,
    LINE,
    TIME,
    LEVEL,
    SCOPE_OF,
    CALLER_OF,
    THREAD,
    EPOCH,
    EVENT,  # the event that its layout says; -1: none
    COMPONENT,  # -1: the source's own
    HEADER,  # whether it has one
    LOST,  # whether its tabs became blanks
    LAYOUT,  # the JSON layout that says which of its keys are columns; -1: none
    KEYS,  # where the places of those begin
    TABS,  # whether a tab can stand in the message
) = range(17)
FIELDS = 17
#: A number that is not there.
NOTHING = -(2**63)

#: The bytes a message can stand in: the log's own, those the kernel made of JSON, those of the reference.
IN_LOG, IN_MADE, IN_SIDE = 0, 1, 2


def new_found(room: int) -> np.ndarray:
    """Room for so many entries."""
    return np.empty((room, FIELDS), np.int64)


def with_room(found: np.ndarray, room: int) -> np.ndarray:
    """The same entries, and room for more."""
    bigger = new_found(room)
    bigger[: len(found)] = found
    return bigger
