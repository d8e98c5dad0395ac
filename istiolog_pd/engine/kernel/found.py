"""What is known of an entry before its message is read: a row of numbers, its time, and what few lines have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

(
    PLACE,  # which bytes the message stands in
    BEGIN,
    END,
    LINE,
    LEVEL,
    SCOPE_OF,
    CALLER_OF,
    EVENT,  # the event that its layout says; -1: none
    COMPONENT,  # -1: the source's own
    HEADER,  # whether it has one
    LOST,  # whether its tabs became blanks
    LAYOUT,  # the JSON layout that says which of its keys are columns; -1: none
    KEYS,  # where the places of those begin
    TABS,  # whether a tab can stand in the message
    RARE,  # whether `rare` tells of it
) = range(15)
#: One more than there are: a row fills a line of the processor's cache.
FIELDS = 16
# Of `rare`.
THREAD, EPOCH = 0, 1
#: A number that is not there.
NOTHING = -(2**63)

#: The bytes a message can stand in: the log's own, those the kernel made of JSON, those of the reference.
IN_LOG, IN_MADE, IN_SIDE = 0, 1, 2


class Found(NamedTuple):
    """Entries; `fields` has a row for each, `rare` its thread and epoch where the row says so."""

    fields: np.ndarray
    times: np.ndarray
    rare: np.ndarray

    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The arrays as the kernel takes them."""
        return self.fields.reshape(-1), self.times, self.rare.reshape(-1)


def new_found(room: int) -> Found:
    """Room for so many entries; what is not used takes no memory."""
    return Found(np.empty((room, FIELDS), np.int32), np.empty(room, np.int64), np.empty((room, 2), np.int64))


def with_room(found: Found, room: int) -> Found:
    """The same entries, and room for more."""
    bigger = new_found(room)
    for old, new in zip(found, bigger, strict=True):
        new[: len(old)] = old
    return bigger
