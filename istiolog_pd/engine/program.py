"""The catalogue as flat arrays: what the compiled kernel walks instead of regular expressions.

A format becomes a run of steps, its fields become *slots*, and every slot fills a *cell*: a column
(or, for a kind of several columns, the text that they are taken from) of the tables of one event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from istiolog_pd.engine.dfa import Automaton
from istiolog_pd.engine.schema import PLAIN_TEXT
from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.formats.field_parsers import dashed
from istiolog_pd.formats.field_parsers import text as plain_text
from istiolog_pd.formats.kinds import Kind
from istiolog_pd.formats.template import Format
from istiolog_pd.formats.values import Twice, duration, integer, size

# Steps. Those up to `RUN` begin with their literal, if they have one, and can be optional; of the free fields it is the
# literal that ends them.
LIT, NUMBER, BYTES, CLOSED, RUN, FREE, FREE_END, TRY, COMMIT, DONE = range(10)
# What becomes of a slot's text: a number, a duration, text of its own (`DASHED`: but for ``-``), or a
# word of a list of distinct ones.
INT, DURATION, TEXT, WORD, DASHED, SIZE = range(6)

LEVEL_NAMES = ("debug", "info", "warn", "error", "fatal", "trace", "critical", "off")
EVENT_NAMES = tuple(EVENTS)
EVENT_NUMBER = {name: number for number, name in enumerate(EVENT_NAMES)}

#: The event of lines with a header that no format knows.
OTHER = EVENT_NUMBER["other"]

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


class Program(NamedTuple):
    """The catalogue for the kernel; offsets and lengths go in pairs (``…_at``, next entry: its end)."""

    steps: Ints  #: op; whether no blank, automaton, address or format; literal (place, length); slot; whether optional
    bytes: Bytes  #: all literal texts
    automata: tuple[Automaton, ...]  #: one with an `unless` stands behind it
    first_step: Ints  #: per format
    levels: Ints  #: per format: a bit for each level it is printed at; 0: any
    scopes_at: Ints  #: per format: its scopes, as pairs in `scopes`
    scopes: Ints
    trusted: Flags  #: per format: whether level and scope do not matter
    starts: Ints  #: hash table of beginnings
    start_list: Ints  #: and for each its list of formats; behind them the list of each component and event
    list_first: Ints  #: the first step of each, and one past the last slot that its formats fill
    list_slots: Ints
    free_at: Ints  #: per component: formats that can begin with anything
    free: Ints
    free_gram: Ints  #: for each of them the number of the gram it must hold, or -1
    grams: Ints  #: by hash of four bytes: the number of that gram, or -1
    gram_text: npt.NDArray[np.uint32]
    fallback: Ints  #: per component: a format of no literal, or -1
    claim_of: Ints  #: per format: its claim
    claim_event: Ints
    claim_other: Ints  #: the claim it is instead, if `claim_switch` (a slot) holds text; or -1
    claim_switch: Ints
    claim_fields: Ints  #: how many of its slots are fields, which come first
    bare: Ints  #: per event: the claim of lines that no format knows
    layout_claim: Ints  #: per JSON layout: the claim of its lines if it says which keys are columns, or -1
    slots_at: Ints  #: per claim: its slots
    slot_cell: Ints
    slot_native: Ints
    slot_text: Ints  #: for what the format itself says: place and length in `bytes`; else -1
    labels_at: Ints  #: per claim: its labels
    labels: Ints  #: key (place, length), automaton or -1, whether no blank, slot
    cell_native: Ints
    cell_group: Ints
    cell_event: Ints


#: The directory of the one array that the kernel gets: where what begins, and two numbers.
(
    LEVELS, SCOPES_AT, SCOPES, STARTS, START_FIRST, FREE_AT, FREE_GRAM, FREE_FIRST, FALLBACK, CLAIM_OF, BARE,
    LAYOUT_CLAIM, CLAIMS, SLOTS, SAID, LABELS, GRAMS, GRAM_TEXT, START_SLOTS, START_MASK, GRAM_COUNT,
) = range(21)  # fmt: skip
#: Numbers of a row of each sort. A step is its op and what it needs, its literal (the first eight bytes and which of
#: them count, length, place), its slot and whether it is optional; an automaton its first row, its classes and that of
#: `unless`.
STEP_WIDTH, LABEL_WIDTH, CLAIM_WIDTH, SLOT_WIDTH = 8, 5, 9, 6
OP, WHAT, LOW, MASK, SIZE_OF, PLACE_OF, SLOT, OPTIONAL = range(8)
# Of an alternative: the first of its slots (that of `SLOT`), and one past the last.
SLOTS_END = PLACE_OF
# Of a claim: its event, the claim it is instead and the slot that decides it, where its rows of slots, of labels and
# of what its format itself says begin, and where the latter two end; how many of its slots are fields.
C_EVENT, C_OTHER, C_SWITCH, C_SLOTS, C_LABELS, C_LABELS_END, C_SAID, C_SAID_END, C_FIELDS = range(9)
# Of a slot: how it is held, the cell it fills, the group of its words, and what the format says (place, length).
S_NATIVE, S_CELL, S_GROUP, S_PLACE, S_SIZE = range(5)


@dataclass(frozen=True, slots=True)
class Group:
    """Texts that are worth the same: those of one kind (for one column, if the kind has none of its own)."""

    kind: Kind
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a slot fills in the table of an event."""

    event: str
    native: int
    columns: tuple[str, ...]
    group: int
    #: Tells cells apart that a line can fill both.
    nth: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A compiled catalogue: the program, and what its cells and groups mean."""

    formats: tuple[Format, ...]
    program: Program
    numbers: npt.NDArray[np.int64]
    bytes: Bytes
    cells: tuple[Cell, ...]
    groups: tuple[Group, ...]


def native_of(kind: Kind, columns: tuple[str, ...]) -> int:
    """How the kernel holds the texts of a kind."""
    value = kind.value.value if isinstance(kind.value, Twice) else kind.value
    if value is integer and kind.pattern in ("-?[0-9]+", "-|[0-9]+"):
        return INT
    if value is duration:
        return DURATION
    if value is size:
        return SIZE
    if value is plain_text and len(columns) == 1 and columns[0] in PLAIN_TEXT:
        return TEXT
    if value is dashed and len(columns) == 1 and columns[0] in PLAIN_TEXT:
        return DASHED
    return WORD
