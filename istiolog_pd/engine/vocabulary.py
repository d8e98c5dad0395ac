"""Words by number -> values of columns: each distinct text is taken apart once, by the kind's own function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from istiolog_pd.engine.kernel import words as w
from istiolog_pd.engine.kernel.entry import CALLER, SCOPE
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.kernel.names import NODE_PARTS, split_nodes, split_numbered
from istiolog_pd.engine.kernel.words import Table, grown, new_table
from istiolog_pd.engine.program import Catalogue
from istiolog_pd.engine.words import Words
from istiolog_pd.formats.columns import COLUMNS
from istiolog_pd.formats.field_parsers import Around, node, numbered, text
from istiolog_pd.formats.kinds import Kind

#: Words that the kernel asks about, so that their numbers are known: see `claim_all`.
SCOPES = ("default", "ads", "delta")
FIRST_GROUP = 2
#: More words than these, or more bytes of them, are not carried from chunk to chunk.
MOST_WORDS, MOST_BYTES = 1 << 16, 8 << 20

#: Groups of what every entry has, and their columns.
OF_ENTRIES = {SCOPE: "scope", CALLER: "caller"}


class Growing:
    """An array that grows at its end."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room = np.zeros(64, dtype)
        self._size = 0

    def extend(self, values: np.ndarray) -> None:
        """Add values at the end."""
        size = self._size + len(values)
        if size > len(self._room):
            self._room = np.concatenate([self._room, np.zeros(max(size, len(self._room)), self._room.dtype)])
        self._room[self._size : size] = values
        self._size = size

    @property
    def values(self) -> np.ndarray:
        """What it holds."""
        return self._room[: self._size]


@dataclass(slots=True)
class Parsed:
    """What the words of a group are worth in one column: numbers of its words, or values."""

    values: Growing
    valid: Growing | None
    #: Whether any is worth anything.
    told: bool = False

    @classmethod
    def of(cls, column: str) -> Parsed:
        """Nothing yet of a column."""
        if COLUMNS[column].type in ("int64", "boolean", "duration"):
            return cls(Growing(np.int64), Growing(np.bool_))
        return cls(Growing(np.int32), None)

    def extend(self, values: np.ndarray, valid: np.ndarray | None = None) -> None:
        """Add values, and of numbers which are there."""
        self.values.extend(values)
        if self.valid is not None and valid is not None:
            self.valid.extend(valid)
        self.told = self.told or bool((values >= 0).any() if valid is None else valid.any())

    def take(self, other: Parsed, rows: np.ndarray) -> None:
        """Add some rows of the same column."""
        self.extend(other.values.values[rows], None if other.valid is None else other.valid.values[rows])


def _is_numbered(kind: Kind) -> bool:
    return isinstance(kind.value, Around) and kind.value.split is numbered


class Vocabulary:
    """The distinct texts that one worker has seen."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.table: Table = new_table(FIRST_GROUP + len(catalogue.groups))
        self.words: dict[str, Words] = {"scope": Words(), "caller": Words()}
        #: By group and column what its words are worth; of `Around`, what the names in them are.
        self.parsed: dict[tuple[int, str], Parsed] = {}
        self.inner: dict[tuple[int, str], Parsed] = {}
        self.names: dict[int, Words] = {}
        self._learnt = 0
        for number, group in enumerate(catalogue.groups):
            for column in group.columns:
                self.parsed[number, column] = Parsed.of(column)
                if self.parsed[number, column].valid is None:
                    self.words.setdefault(column, Words())
                if _is_numbered(group.kind):
                    self.inner[number, column] = Parsed.of(column)
            if _is_numbered(group.kind):
                self.names[number] = Words()

    @property
    def is_large(self) -> bool:
        """Whether a worker should rather begin anew."""
        return int(self.table.used[w.ENTRIES]) > MOST_WORDS or int(self.table.used[w.BYTES]) > MOST_BYTES

    def sizes(self, columns: Iterable[str]) -> dict[str, int]:
        """How many words there are, of each of these columns that has words."""
        return {column: len(self.words[column]) for column in columns if column in self.words}

    def grow(self, room: int) -> None:
        """Make room for more words."""
        self.table = grown(self.table, room)

    def learn(self) -> None:
        """Take apart the words that have come since the last time."""
        table, count = self.table, int(self.table.used[w.ENTRIES])
        if count == self._learnt:
            return
        entries = table.entries.reshape(-1, w.ENTRY)[self._learnt : count]
        groups, sizes = entries[:, w.GROUP_SIZE] >> 32, entries[:, w.GROUP_SIZE] & 0xFFFFFFFF
        places = np.stack([entries[:, w.BEGIN], sizes], axis=1)
        for group in np.unique(groups).tolist():
            own = places[groups == group]
            if group in OF_ENTRIES:
                self.words[OF_ENTRIES[group]].numbers(table.texts, own)
            else:
                self._take_apart(group - FIRST_GROUP, own)
        self._learnt = count

    def _take_apart(self, group: int, places: np.ndarray) -> None:
        """Words of a group that are values of columns; without Python where each line can have one of its own."""
        columns, kind = self.catalogue.groups[group].columns, self.catalogue.groups[group].kind
        raw = self.table.texts
        if kind.value is text:
            self.parsed[group, columns[0]].extend(self.words[columns[0]].numbers(raw, places, trim=True))
        elif group in self.names:
            names = np.empty_like(places)
            numbers, valid = np.empty(len(places), np.int64), np.empty(len(places), np.bool_)
            split_numbered(STAMP, raw, places.ravel(), names.ravel(), numbers, valid)
            self.parsed[group, columns[0]].extend(self.words[columns[0]].numbers(raw, places, trim=True))
            self.parsed[group, columns[1]].extend(numbers, valid)
            self._take_names(group, columns[2:], names)
        elif kind.value is node:
            self._add_nodes(self.parsed, group, columns, raw, places)
        else:
            texts = [raw[at : at + size].tobytes().decode() for at, size in places.tolist()]
            rows = zip(*map(kind.value, texts), strict=True) if kind.columns else [list(map(kind.value, texts))]
            self._add(self.parsed, group, columns, rows)

    def _take_names(self, group: int, columns: Sequence[str], places: np.ndarray) -> None:
        """The names in words of a group: each is taken apart when it is new."""
        around, known = self.catalogue.groups[group].kind.value, self.names[group]
        assert isinstance(around, Around)
        before = len(known)
        numbers = known.numbers(self.table.texts, places)
        if len(known) > before and around.inner is node:
            self._add_nodes(self.inner, group, columns, known.raw, known.places[before:])
        elif len(known) > before:
            new = known.array(before).to_pylist()
            self._add(self.inner, group, columns, zip(*map(around.inner, new), strict=True))
        for column in columns:
            self.parsed[group, column].take(self.inner[group, column], numbers)

    def _add(
        self,
        to: dict[tuple[int, str], Parsed],
        group: int,
        columns: Sequence[str],
        values: Iterable[Sequence[object]],
    ) -> None:
        """Add to each of some columns its values."""
        for column, own in zip(columns, values, strict=True):
            parsed = to[group, column]
            if parsed.valid is None:
                parsed.extend(self.words[column].numbers_of(own))
            else:
                numbers = np.array([0 if value is None else value for value in own], np.int64)
                parsed.extend(numbers, np.array([value is not None for value in own], np.bool_))

    def _add_nodes(
        self, to: dict[tuple[int, str], Parsed], group: int, columns: Sequence[str], raw: np.ndarray, places: np.ndarray
    ) -> None:
        """Add to the columns of node IDs their parts: as `_add`, without Python for each, as a mesh has many."""
        parts = np.empty((NODE_PARTS, len(places), 2), np.int64)
        split_nodes(STAMP, raw, np.ascontiguousarray(places).ravel(), parts.ravel())
        for column, own in zip(columns, parts, strict=True):
            to[group, column].extend(self.words[column].numbers(raw, own))

    @property
    def scopes(self) -> tuple[np.ndarray, np.ndarray]:
        """The scopes for the kernel: place and size of each by number, and their texts."""
        words = self.words["scope"]
        return words.places.ravel(), words.raw
