"""A program -> the two arrays that the kernel walks: every place in them is a place in the whole array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from istiolog_pd.engine.dfa import Automaton
from istiolog_pd.engine.kernel.wide import SLACK
from istiolog_pd.engine.program import (
    BARE,
    CLAIM_OF,
    CLAIMS,
    CLOSED,
    COMMIT,
    DONE,
    FALLBACK,
    FREE_AT,
    FREE_FIRST,
    FREE_GRAM,
    GRAM_COUNT,
    GRAM_TEXT,
    GRAMS,
    LABEL_WIDTH,
    LABELS,
    LAYOUT_CLAIM,
    LEVELS,
    LOW,
    MASK,
    RUN,
    SAID,
    SCOPES,
    SCOPES_AT,
    SIZE_OF,
    SLOT,
    SLOT_WIDTH,
    SLOTS,
    SLOTS_END,
    START_FIRST,
    START_MASK,
    START_SLOTS,
    STARTS,
    STEP_WIDTH,
    TRY,
    WHAT,
    Bytes,
    Program,
)  # fmt: skip


class Layout:
    """Tables one behind the other; each place in them is known before they are put together."""

    def __init__(self, head: int) -> None:
        self.size = head
        self.parts: list[npt.NDArray[np.int64]] = []

    def add(self, table: npt.NDArray[Any]) -> int:
        """Add a table; where it begins."""
        self.parts.append(np.ascontiguousarray(table, np.int64).ravel())
        place, self.size = self.size, self.size + table.size
        return place


def flat(program: Program) -> tuple[npt.NDArray[np.int64], Bytes]:
    """A program as two arrays: all numbers (places are places in this array), and the bytes of all literals."""
    layout = Layout(GRAM_COUNT + 1)
    automata = add_automata(program.automata, layout)
    steps = layout.size + STEP_WIDTH * np.arange(len(program.steps) + 1)
    layout.add(_steps(program, steps, automata))
    first_step = np.append(steps[program.first_step], -1)
    starts = np.where(program.start_list < 0, -1, steps[program.list_first[program.start_list]])
    directory = dict.fromkeys(range(GRAM_COUNT + 1), 0)
    for name, table in (
        (LEVELS, program.levels),
        (SCOPES_AT, program.scopes_at),
        (SCOPES, program.scopes),
        (STARTS, program.starts),
        (START_FIRST, starts),
        (START_SLOTS, program.list_slots[program.start_list]),
        (FREE_AT, program.free_at),
        (FREE_GRAM, program.free_gram),
        (FREE_FIRST, first_step[program.free]),
        (FALLBACK, first_step[program.fallback]),
        (CLAIM_OF, program.claim_of),
        (BARE, program.bare),
        (LAYOUT_CLAIM, program.layout_claim),
        (GRAMS, program.grams),
        (GRAM_TEXT, program.gram_text),
    ):
        directory[name] = layout.add(table)
    directory |= _claims(program, layout, automata)
    directory |= {START_MASK: len(program.starts) - 1, GRAM_COUNT: len(program.gram_text)}
    # Read-only, as the bytes of a log are: the kernel is compiled for each sort of array that it is given.
    numbers = np.concatenate([np.array(list(directory.values()), np.int64), *layout.parts])
    return numbers, np.frombuffer(program.bytes.tobytes() + bytes(SLACK), np.uint8)


def add_automata(automata: Sequence[Automaton], layout: Layout) -> npt.NDArray[np.int64]:
    """Add automata; where the row of each begins. One that has an `unless` stands behind it.

    A state is the place of its row, times two, and whether the text up to here matches.
    """
    rows: list[int] = []
    for one in automata:
        classes, width = layout.add(one.classes), one.next.shape[1]
        after = one.next.astype(np.int64)
        states = np.where(after > 0, layout.size + after * width, 0)
        first = layout.add(states * 2 + one.accept) + width
        rows.append(layout.add(np.array([first, classes, rows[-1] if one.unless is not None else -1])))
    return np.array(rows, np.int64)


def _steps(program: Program, places: npt.NDArray[np.int64], automata: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    op, what, place, size, slot, optional = program.steps.astype(np.int64).T
    what = what.copy()
    for jump in (TRY, COMMIT):
        what[op == jump] = places[what[op == jump]]
    what[op == CLOSED] = automata[what[op == CLOSED]]
    low, mask = _first_eight(program.bytes, place, size)
    table = np.stack([op, what, low, mask, size, place, slot, optional], axis=1)
    # An alternative that begins with a literal is not begun where that does not stand.
    before = np.flatnonzero((op[:-1] == TRY) & (op[1:] <= RUN) & (optional[1:] == 0))
    table[before, LOW], table[before, MASK] = low[before + 1], mask[before + 1]
    for trial in np.flatnonzero(op == TRY).tolist():
        inside = slot[trial + 1 : program.steps[trial, WHAT]]
        table[trial, SLOT], table[trial, SLOTS_END] = slots_of(inside)
    done = op == DONE
    table[done, SIZE_OF] = program.trusted[what[done]]
    return table


def slots_of(slots: npt.NDArray[Any]) -> tuple[int, int]:
    """The first of the slots that some steps fill, and one past the last (-1: a step fills none)."""
    filled = slots[slots >= 0]
    return (int(filled.min()), int(filled.max()) + 1) if len(filled) else (0, 0)


def _first_eight(
    text: Bytes, place: npt.NDArray[np.int64], size: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first eight bytes of literals as one number each, and ones where there are so many."""
    padded = np.concatenate([text, np.zeros(8, np.uint8)])
    there = np.arange(8) < size[:, None]
    low = np.where(there, padded[np.maximum(place, 0)[:, None] + np.arange(8)], 0).astype(np.uint8)
    return low.view("<i8").ravel(), (there * np.uint8(255)).astype(np.uint8).view("<i8").ravel()


def _claims(program: Program, layout: Layout, automata: npt.NDArray[np.int64]) -> dict[int, int]:
    """Add the claims, their slots and labels, and which slots hold what the format itself says."""
    cell, text = program.slot_cell, program.slot_text
    table = [program.slot_native, cell, program.cell_group[cell], text[:, 0], text[:, 1], np.zeros_like(cell)]
    slots = layout.add(np.stack(table, axis=1))
    said = np.flatnonzero(text[:, 0] >= 0)
    said_at = np.searchsorted(said, program.slots_at)
    words = layout.add(said)
    labels = program.labels.astype(np.int64)
    labels[:, 2] = np.where(labels[:, 2] < 0, -1, automata[labels[:, 2]])
    labels_at = layout.add(labels) + LABEL_WIDTH * program.labels_at.astype(np.int64)
    rows: list[npt.NDArray[Any]] = [
        program.claim_event,
        program.claim_other,
        program.claim_switch,
        slots + SLOT_WIDTH * program.slots_at[:-1].astype(np.int64),
        labels_at[:-1],
        labels_at[1:],
        words + said_at[:-1],
        words + said_at[1:],
        program.claim_fields,
    ]
    return {CLAIMS: layout.add(np.stack(rows, axis=1)), SLOTS: slots, SAID: words, LABELS: int(labels_at[0])}
