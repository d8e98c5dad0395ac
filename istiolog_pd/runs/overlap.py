"""Entries that two pieces of one log both hold: they are kept once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from istiolog_pd.runs.source_part import NAT, Bools, Ints, SourcePart

#: Maximum number of places tried; more entries of one time are ambiguous.
MAX_TRIES = 64


@dataclass(frozen=True, slots=True)
class Span:
    """What tells of most pairs of pieces, at no cost, that no entry stands in both.

    `head` is the first time that a piece prints, `first` and `last` are the earliest and the latest.
    """

    head: int = NAT
    first: int = NAT
    last: int = NAT

    @classmethod
    def of(cls, times: Ints) -> Span:
        """The span of some times; of nothing if there is none."""
        known = times[times != NAT]
        return cls(int(known[0]), int(known.min()), int(known.max())) if len(known) else cls()

    def holds(self, head: int) -> bool:
        """Whether a piece that begins so may repeat entries of this one."""
        return head != NAT and self.first <= head <= self.last


def without_overlap(before: SourcePart, after: SourcePart) -> tuple[Bools, Bools] | None:
    """Which entries of two pieces to keep; null if none stands in both.

    The later piece then begins in the middle of the earlier one, and repeats it from there to its end
    (or to the end of the later one).

    Parameters
    ----------
    before, after
        Pieces of one log; `before` begins no later.
    """
    old, new = before.printed()[:], after.printed()[:]
    timed = np.flatnonzero(new != NAT)
    if not len(timed):
        return None
    head = int(timed[0])  # the lines before it are the rest of an entry that was cut
    for at in np.flatnonzero(old == new[head])[:MAX_TRIES]:
        size = min(len(old) - int(at), len(new) - head)
        if np.array_equal(old[at : at + size], new[head : head + size]):
            same = _same(before, after, int(at), head, size)
            if same is not None:
                return same
    return None


def _same(before: SourcePart, after: SourcePart, at: int, head: int, size: int) -> tuple[Bools, Bools] | None:
    """What to keep if the messages of a stretch are the same too; where one piece ends its last may be cut."""
    keep_old, keep_new = np.ones(len(before.events), bool), np.ones(len(after.events), bool)
    keep_new[: head + size] = False
    if "message" not in before.events.schema.names or "message" not in after.events.schema.names:
        return keep_old, keep_new
    old = before.events["message"].slice(at, size).combine_chunks()
    new = after.events["message"].slice(head, size).combine_chunks()
    differ = np.flatnonzero(~pc.fill_null(pc.equal(old, new), True).to_numpy(zero_copy_only=False))
    if not len(differ):
        return keep_old, keep_new
    one, other = str(old[-1].as_py()), str(new[-1].as_py())
    if len(differ) > 1 or differ[0] != size - 1 or not (one.startswith(other) or other.startswith(one)):
        return None
    if other.startswith(one):
        keep_new[head + size - 1], keep_old[at + size - 1] = True, False
    return keep_old, keep_new


def first_time(times: Ints) -> int:
    """The earliest of some times; the largest number if there is none."""
    known = times[times != NAT]
    return int(known.min()) if len(known) else np.iinfo(np.int64).max
