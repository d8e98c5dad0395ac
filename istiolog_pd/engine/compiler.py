"""Formats -> the arrays of a `Program`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count, groupby, pairwise
from typing import Any, NamedTuple

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.dfa import Automaton, compile_pattern
from istiolog_pd.engine.encode import flat
from istiolog_pd.engine.lookup import lookup
from istiolog_pd.engine.program import Bytes, Catalogue, Cell, Group, Ints, Program
from istiolog_pd.engine.schema import label_target
from istiolog_pd.formats import field_parsers as names
from istiolog_pd.formats import values
from istiolog_pd.formats.columns import COLUMNS, LABELLED, LABELS
from istiolog_pd.formats.kinds import KINDS, Kind
from istiolog_pd.formats.layouts import JSON_LAYOUTS
from istiolog_pd.formats.template import Field, Format, Literal, Maybe, Token

NO_FIELDS: Mapping[str, str] = {}
#: What free kinds are made of: any character, or any but blanks.
_CLASSES = (".", r"\S")
#: Patterns that the kernel reads without an automaton.
_NATIVE = {KINDS["int"].pattern: p.NUMBER, KINDS["size"].pattern: p.BYTES}


@cache
def automaton(pattern: str, whole: bool) -> Automaton:
    """A pattern's automaton, made once."""
    return compile_pattern(pattern, whole=whole)


class Step(NamedTuple):
    """One step of a format, as `program` says."""

    op: int
    what: int = 0
    literal: tuple[int, int] = (0, 0)
    slot: int = -1
    optional: bool = False


#: A step, or the alternatives of a part that may be absent.
Item = Step | tuple["tuple[Item, ...]", ...]


def compile_catalogue(formats: Sequence[Format]) -> Catalogue:
    """Compile formats; of two that claim the same message the reference's order decides here too."""
    builder = _Builder()
    claim_of = [builder.claims_of(entry) for entry in formats]
    items = [(number, builder.items(entry.tokens, count(), last=True)) for number, entry in enumerate(formats)]
    found, lists = lookup(formats)
    list_first = [builder.tree([items[number] for number in one]) for one in lists]
    list_slots = builder.slots_from(list_first)
    first_step = [builder.tree([one]) for one in items]
    bare = [builder.claim(None, event) for event in p.EVENT_NAMES]
    layout_claim = [
        builder.claim(None, layout.event, layout.fields) if layout.fields else -1 for layout in JSON_LAYOUTS
    ]
    scopes = [[builder.place(scope) for scope in entry.scope.split()] for entry in formats]
    program = Program(
        steps=_ints(builder.steps, 6),
        first_step=_ints(first_step),
        levels=_ints([sum(1 << p.LEVEL_NAMES.index(level) for level in entry.level.split()) for entry in formats]),
        scopes_at=_ints([0, *np.cumsum([len(of) for of in scopes])]),
        scopes=_ints([place for of in scopes for place in of], 2),
        trusted=np.array([not (entry.needs_scope or entry.is_fallback) for entry in formats], np.bool_),
        claim_of=_ints(claim_of),
        bare=_ints(bare),
        layout_claim=_ints(layout_claim),
        **found,
        list_first=_ints(list_first),
        list_slots=_ints(list_slots),
        **builder.claim_arrays(),
        automata=tuple(builder.automata),
        bytes=_bytes(builder.text),
    )
    return Catalogue(tuple(formats), program, *flat(program), tuple(builder.cells), tuple(builder.groups))


def _labels(entry: Format | None, event: str) -> dict[str, str]:
    return {**(LABELS if event in LABELLED else {}), **(entry.labels if entry else {})}


def _ints(rows: Sequence[object], width: int = 0) -> Ints:
    return np.array(rows, np.int32).reshape((-1, width) if width else -1)


def _bytes(text: bytearray) -> Bytes:
    return np.frombuffer(bytes(text), np.uint8)


def _optional(choices: Sequence[tuple[Item, ...]]) -> Item:
    """What may be absent: alternatives, or a step that need not fit if that is all."""
    if len(choices) == 1 and len(choices[0]) == 1:
        step = choices[0][0]
        if isinstance(step, Step) and step.op <= p.RUN:
            return step._replace(optional=True)
    return tuple(choices)


@cache
def said(column: str) -> Kind:
    """The kind of what a format itself says of a column: the text is the value."""
    value = {"boolean": values.boolean, "int64": values.integer}.get(COLUMNS[column].type, str)
    return Kind("said", "what the format itself says", value)


@dataclass
class _Builder:
    text: bytearray = field(default_factory=bytearray)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    steps: list[tuple[int, int, int, int, int, bool]] = field(default_factory=list)
    automata: list[Automaton] = field(default_factory=list)
    automaton_of: dict[tuple[str, bool], int] = field(default_factory=dict)
    slots: list[tuple[int, int, int, int]] = field(default_factory=list)
    slots_at: list[int] = field(default_factory=lambda: [0])
    labels: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    labels_at: list[int] = field(default_factory=lambda: [0])
    claims: list[tuple[int, int, int, int]] = field(default_factory=list)
    cells: dict[Cell, int] = field(default_factory=dict)
    groups: dict[Group, int] = field(default_factory=dict)

    # ---- texts, classes, automata ----

    def place(self, text: str) -> tuple[int, int]:
        """Where a text stands among the literals, and its length."""
        if text not in self.places:
            raw = text.encode()
            self.places[text] = (len(self.text), len(raw))
            self.text += raw
        return self.places[text]

    @staticmethod
    def characters(chars: str) -> int:
        return _CLASSES.index(chars)

    def automaton(self, pattern: str, *, whole: bool = False) -> int:
        key = (pattern, whole)
        if key not in self.automaton_of:
            one = automaton(pattern, whole)
            if one.unless is not None:
                self.automata.append(one.unless)  # stands right before it
            self.automata.append(one)
            self.automaton_of[key] = len(self.automata) - 1
        return self.automaton_of[key]

    # ---- steps ----

    def tree(self, formats: Sequence[tuple[int, tuple[Item, ...]]]) -> int:
        """Emit the steps of formats that are tried in this order; what neighbours begin with alike is tried once."""
        first = len(self.steps)
        self._branches(formats, 0)
        return first

    def _branches(self, formats: Sequence[tuple[int, tuple[Item, ...]]], at: int) -> None:
        groups = [list(of) for _, of in groupby(formats, key=lambda one: one[1][at] if at < len(one[1]) else None)]
        for number, of in enumerate(groups):
            trial = self.emit(Step(p.TRY)) if number + 1 < len(groups) else -1
            items = of[0][1]
            if at >= len(items):
                self.emit(Step(p.DONE, of[0][0]))
            else:
                self._item(items[at])
                self._branches(of, at + 1)
            if trial >= 0:
                self.jump(trial, p.TRY)

    def slots_from(self, firsts: Sequence[int]) -> list[int]:
        """Of trees that were emitted one behind the other: one past the last slot that each fills."""
        slots = np.array([step[4] for step in self.steps])
        return [int(slots[first:past].max(initial=-1)) + 1 for first, past in pairwise([*firsts, len(slots)])]

    def emit(self, step: Step) -> int:
        self.steps.append((step.op, step.what, *step.literal, step.slot, step.optional))
        return len(self.steps) - 1

    def jump(self, at: int, op: int) -> None:
        """A step that goes on behind all that there is so far."""
        self.steps[at] = (op, len(self.steps), 0, 0, -1, False)

    def _item(self, item: Item) -> None:
        if isinstance(item, Step):
            self.emit(item)
            return
        # Alternatives: each is tried from the same place; the first that fits is kept.
        commits = []
        for choice in item:
            trial = self.emit(Step(p.TRY))
            for one in choice:
                self._item(one)
            commits.append(self.emit(Step(p.COMMIT)))
            self.jump(trial, p.TRY)
        for commit in commits:
            self.jump(commit, p.COMMIT)

    def items(self, tokens: Sequence[Token], slots: Iterator[int], *, last: bool) -> tuple[Item, ...]:
        """The steps of a template, and its alternatives as one item each."""
        found: list[Item] = []
        at = 0
        while at < len(tokens):
            token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
            if isinstance(token, Literal):
                text = token.text.rstrip(values.BLANKS) if last and after is None else token.text
                found.append(Step(p.LIT, 0, self.place(text)))
            elif isinstance(token, Maybe):
                found.append(_optional([self.items(choice, slots, last=False) for choice in token.choices]))
            else:
                step = self.field(token, after, slots, end=last and at + 2 == len(tokens))
                before = found[-1] if found else None
                if step.op <= p.RUN and isinstance(before, Step) and before.op == p.LIT and not before.optional:
                    found.pop()
                    step = step._replace(literal=before.literal)
                found.append(step)
                at += isinstance(after, Literal) and bool(KINDS[token.kind].chars)
            at += 1
        return tuple(found)

    def field(self, token: Field, after: Token | None, slots: Iterator[int], *, end: bool) -> Step:
        kind = KINDS[token.kind]
        slot = next(slots) if token.column else -1
        if kind.pattern in _NATIVE:
            return Step(_NATIVE[kind.pattern], slot=slot)
        if not kind.chars:
            return Step(p.CLOSED, self.automaton(kind.pattern), slot=slot)
        if isinstance(after, Literal):
            literal = self.place(after.text.rstrip(values.BLANKS) if end else after.text)
            return Step(p.FREE_END if end else p.FREE, self.characters(kind.chars), literal, slot)
        return Step(p.RUN, self.characters(kind.chars), slot=slot)

    # ---- claims: a format as one event's lines ----

    def claims_of(self, entry: Format) -> int:
        """The claim of a format; where a filled column makes another event of it, that claim too."""
        claim = self.claim(entry, entry.event)
        targets = self._targets(entry, _labels(entry, entry.event))
        for column, event in entry.event_with.items():
            slots = [n for n, (name, kind, _) in enumerate(targets) if column in KINDS[kind].columns_for(name)]
            if len(slots) != 1 or KINDS[targets[slots[0]][1]].value is not names.text:
                raise ValueError(f"{entry.text!r}: event_with needs one field of plain text for {column!r}")
            own, _, _, fields = self.claims[claim]
            self.claims[claim] = (own, self.claim(entry, event), slots[0], fields)
        return claim

    def claim(self, entry: Format | None, event: str, fields: Mapping[str, str] = NO_FIELDS) -> int:
        """Lines of an event that a format (or none) has claimed: their slots and labels; keys that are columns."""
        labels = {**_labels(entry, event), **fields}
        targets = self._targets(entry, labels)
        for slot, key in enumerate(labels, len(targets) - len(labels)):
            kind = KINDS[targets[slot][1]]
            number = self.automaton(kind.pattern, whole=True) if kind.pattern else -1
            chars = self.characters(kind.chars) if kind.chars else -1
            self.labels.append((*self.place(key), number, chars, slot))
        self.labels_at.append(len(self.labels))
        self._slots(event, targets)
        filled = sum(bool(one.column) for one in entry.fields()) if entry else 0
        self.claims.append((p.EVENT_NUMBER[event], -1, -1, filled))
        return len(self.claims) - 1

    @staticmethod
    def _targets(entry: Format | None, labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Column and kind of every slot: fields, what the format itself says (with its text), labels."""
        targets = [(one.column, one.kind, "") for one in entry.fields() if one.column] if entry else []
        for column, value in entry.sets.items() if entry else ():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            targets.append((column, COLUMNS[column].kind, text))
        return targets + [(*label_target(target), "") for target in labels.values()]

    def _slots(self, event: str, targets: list[tuple[str, str, str]]) -> None:
        """A slot for each target; where two fill one column, the one with the lower cell counts first."""
        seen: dict[tuple[object, ...], int] = {}
        highest: dict[str, int] = {}
        for column, kind_name, text in targets:
            kind = said(column) if text else KINDS[kind_name]
            columns = kind.columns_for(column)
            native = p.WORD if text else p.native_of(kind, columns)
            group = self._group(kind, columns) if native == p.WORD else -1
            nth = seen[native, columns, group] = seen.get((native, columns, group), -1) + 1
            cell = self.cells.setdefault(Cell(event, native, columns, group, nth), len(self.cells))
            if any(cell <= highest.get(name, -1) for name in columns):  # of a format with another order
                fresh = Cell(event, native, columns, group, 1000 + len(self.cells))
                cell = self.cells.setdefault(fresh, len(self.cells))
            highest |= dict.fromkeys(columns, cell)
            self.slots.append((cell, native, *(self.place(text) if text else (-1, -1))))
        self.slots_at.append(len(self.slots))

    def _group(self, kind: Kind, columns: tuple[str, ...]) -> int:
        return self.groups.setdefault(Group(kind, columns), len(self.groups))

    # ---- arrays ----

    def claim_arrays(self) -> dict[str, Any]:
        claims, slots = _ints(self.claims, 4), _ints(self.slots, 4)
        return {
            "claim_event": claims[:, 0].copy(),
            "claim_other": claims[:, 1].copy(),
            "claim_switch": claims[:, 2].copy(),
            "claim_fields": claims[:, 3].copy(),
            "slots_at": _ints(self.slots_at),
            "slot_cell": slots[:, 0].copy(),
            "slot_native": slots[:, 1].copy(),
            "slot_text": slots[:, 2:].copy(),
            "labels_at": _ints(self.labels_at),
            "labels": _ints(self.labels, 5),
            "cell_native": _ints([cell.native for cell in self.cells]),
            "cell_group": _ints([cell.group for cell in self.cells]),
            "cell_event": _ints([p.EVENT_NUMBER[cell.event] for cell in self.cells]),
        }
