"""Words by number -> values of columns: each distinct text is taken apart once, by the kind's own function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from istiolog_pd.engine.kernel import words as w
from istiolog_pd.engine.kernel.entry import CALLER, SCOPE
from istiolog_pd.engine.kernel.words import Table, grown, new_table
from istiolog_pd.engine.program import Catalogue
from istiolog_pd.formats.columns import COLUMNS
from istiolog_pd.formats.names import Around

#: Words that the kernel asks about, so that their numbers are known: see `claim_all`.
SCOPES = ("default", "ads", "delta")
FIRST_GROUP = 2


class Growing:
    """An array that grows at its end."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room = np.zeros(64, dtype)
        self._size = 0

    def extend(self, values: Sequence[object] | np.ndarray) -> None:
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
class Words:
    """The distinct texts of one column, by number."""

    number: dict[str | None, int] = field(default_factory=lambda: {None: -1})
    texts: list[str] = field(default_factory=list)

    def numbers(self, texts: Sequence[str | None]) -> np.ndarray:
        """The number of each text, -1 for none. There can be as many as entries: no step is a loop of ours."""
        new = [text for text in dict.fromkeys(texts) if text not in self.number]
        self.number.update(zip(new, range(len(self.texts), len(self.texts) + len(new)), strict=True))
        self.texts += new  # type: ignore[arg-type]  # None has a number from the start
        return np.fromiter(map(self.number.__getitem__, texts), np.int32, len(texts))


@dataclass(slots=True)
class Parsed:
    """What the words of a group are worth in one column: numbers of its words, or values."""

    values: Growing
    valid: Growing | None

    @classmethod
    def of(cls, column: str) -> Parsed:
        """Nothing yet of a column."""
        if COLUMNS[column].type in ("int64", "boolean", "duration"):
            return cls(Growing(np.int64), Growing(np.bool_))
        return cls(Growing(np.int32), None)

    def taken(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Values of some rows, and whether there are any."""
        return self.values.values[rows], None if self.valid is None else self.valid.values[rows]

    def extend(self, more: tuple[np.ndarray, np.ndarray | None]) -> None:
        """Add rows that were taken elsewhere."""
        self.values.extend(more[0])
        if self.valid is not None and more[1] is not None:
            self.valid.extend(more[1])


class Vocabulary:
    """The distinct texts that one worker has seen."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.table: Table = new_table(FIRST_GROUP + len(catalogue.groups))
        self.words: dict[str, Words] = {"scope": Words(), "caller": Words()}
        #: By group and column what its words are worth; of `Around`, what the names in them are.
        self.parsed: dict[tuple[int, str], Parsed] = {}
        self.inner: dict[tuple[int, str], Parsed] = {}
        self.inner_words: dict[int, Words] = {}
        self.scope_at = Growing(np.int64)
        self.scope_size = Growing(np.int64)
        self.scope_text = bytearray()
        self._learnt = 0
        for number, group in enumerate(catalogue.groups):
            for column in group.columns:
                self.parsed[number, column] = Parsed.of(column)
                if self.parsed[number, column].valid is None:
                    self.words.setdefault(column, Words())
                if isinstance(group.kind.value, Around):
                    self.inner[number, column] = Parsed.of(column)

    def grow(self, room: int) -> None:
        """Make room for more words."""
        self.table = grown(self.table, room)

    def learn(self) -> None:
        """Take apart the words that have come since the last time."""
        table, count = self.table, int(self.table.used[w.ENTRIES])
        if count == self._learnt:
            return
        entries = table.entries.reshape(-1, 4)[self._learnt : count]
        # Their texts stand one behind the other.
        bounds = np.append(entries[:, w.BEGIN], table.used[w.BYTES])
        raw = table.texts[bounds[0] : bounds[-1]]
        offsets = pa.py_buffer((bounds - bounds[0]).astype(np.int64))
        texts = pa.Array.from_buffers(pa.large_string(), len(entries), [None, offsets, pa.py_buffer(raw)])
        groups = entries[:, w.GROUP_SIZE] >> 32
        for group in np.unique(groups).tolist():
            self._learn_group(group, texts.take(pa.array(np.flatnonzero(groups == group))).to_pylist())
        self._learnt = count

    def _learn_group(self, group: int, texts: list[str]) -> None:
        if group == SCOPE:
            self.words["scope"].numbers(texts)
            for text in texts:
                raw = text.encode()
                self.scope_at.extend([len(self.scope_text)])
                self.scope_size.extend([len(raw)])
                self.scope_text += raw
        elif group == CALLER:
            self.words["caller"].numbers(texts)
        else:
            self._take_apart(group - FIRST_GROUP, texts)

    def _take_apart(self, group: int, texts: list[str]) -> None:
        """Words of a group that are values of columns."""
        columns, kind = self.catalogue.groups[group].columns, self.catalogue.groups[group].kind
        if isinstance(kind.value, Around):
            around, names = zip(*map(kind.value.split, texts), strict=True)
            count = len(around[0])
            self._add(self.parsed, group, columns[:count], zip(*around, strict=True))
            known = self.inner_words.setdefault(group, Words())
            before = len(known.texts)
            numbers = known.numbers(names)
            if new := known.texts[before:]:
                self._add(self.inner, group, columns[count:], zip(*map(kind.value.inner, new), strict=True))
            for column in columns[count:]:
                self.parsed[group, column].extend(self.inner[group, column].taken(numbers))
        elif kind.columns:
            self._add(self.parsed, group, columns, zip(*map(kind.value, texts), strict=True))
        else:
            self._add(self.parsed, group, columns, [list(map(kind.value, texts))])

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
                parsed.values.extend(self.words[column].numbers(own))  # type: ignore[arg-type]
            else:
                parsed.values.extend([0 if value is None else value for value in own])
                parsed.valid.extend([value is not None for value in own])

    @property
    def scopes(self) -> tuple[np.ndarray, np.ndarray]:
        """The scopes for the kernel: place and size of each by number, and their texts."""
        places = np.stack([self.scope_at.values, self.scope_size.values], axis=1).ravel()
        return places, np.frombuffer(bytes(self.scope_text) or b"\0", np.uint8)
