"""Words by number -> values of columns: each distinct text is taken apart once, by the kind's own function."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from istiolog_pd.engine.kernel import words as w
from istiolog_pd.engine.kernel.entry import CALLER, SCOPE
from istiolog_pd.engine.kernel.words import Table, grown, new_table
from istiolog_pd.engine.program import Catalogue
from istiolog_pd.formats.columns import COLUMNS

#: Words that the kernel asks about, so that their numbers are known: see `claim_all`.
SCOPES = ("default", "ads", "delta")
FIRST_GROUP = 2


class Growing:
    """An array that grows at its end."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room = np.zeros(64, dtype)
        self._size = 0

    def extend(self, values: list[object]) -> None:
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

    number: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def numbers(self, texts: list[str | None]) -> list[int]:
        """The number of each text, -1 for none."""
        return [-1 if text is None else self._number(text) for text in texts]

    def _number(self, text: str) -> int:
        number = self.number.get(text)
        if number is None:
            number = self.number[text] = len(self.texts)
            self.texts.append(text)
        return number


@dataclass(slots=True)
class Parsed:
    """What the words of a group are worth in one column: numbers of its words, or values."""

    values: Growing
    valid: Growing | None


class Vocabulary:
    """The distinct texts that one worker has seen."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.table: Table = new_table(FIRST_GROUP + len(catalogue.groups))
        self.words: dict[str, Words] = {"scope": Words(), "caller": Words()}
        self.parsed: dict[tuple[int, str], Parsed] = {}
        self.scope_at = Growing(np.int64)
        self.scope_size = Growing(np.int64)
        self.scope_text = bytearray()
        self._learnt = 0
        for number, group in enumerate(catalogue.groups):
            for column in group.columns:
                numeric = COLUMNS[column].type in ("int64", "boolean", "duration")
                self.parsed[number, column] = (
                    Parsed(Growing(np.int64), Growing(np.bool_)) if numeric else Parsed(Growing(np.int32), None)
                )
                if not numeric:
                    self.words.setdefault(column, Words())

    def grow(self, room: int) -> None:
        """Make room for more words."""
        self.table = grown(self.table, room)

    def learn(self) -> None:
        """Take apart the words that have come since the last time."""
        table, count = self.table, int(self.table.used[w.ENTRIES])
        if count == self._learnt:
            return
        new = slice(self._learnt, count)
        entries = table.entries.reshape(-1, 4)
        first = int(entries[self._learnt, w.BEGIN])
        texts = table.texts[first : int(table.used[w.BYTES])].tobytes()
        by_group: dict[int, list[str]] = {}
        for _, group_size, begin, _ in entries[new].tolist():
            end = begin - first + (group_size & 0xFFFFFFFF)
            by_group.setdefault(group_size >> 32, []).append(texts[begin - first : end].decode())
        for group, distinct in by_group.items():
            self._learn_group(group, distinct)
        self._learnt = count

    def _learn_group(self, group: int, texts: list[str]) -> None:
        if group == SCOPE:
            self.words["scope"].numbers(list(texts))
            for text in texts:
                raw = text.encode()
                self.scope_at.extend([len(self.scope_text)])
                self.scope_size.extend([len(raw)])
                self.scope_text += raw
        elif group == CALLER:
            self.words["caller"].numbers(list(texts))
        else:
            kind = self.catalogue.groups[group - FIRST_GROUP]
            if kind.kind.columns:
                rows = [kind.kind.value(text) for text in texts]
                for n, column in enumerate(kind.columns):
                    self._add(group - FIRST_GROUP, column, [row[n] for row in rows])  # type: ignore[index]
            else:
                self._add(group - FIRST_GROUP, kind.columns[0], [kind.kind.value(text) for text in texts])

    def _add(self, group: int, column: str, values: list[object]) -> None:
        parsed = self.parsed[group, column]
        if parsed.valid is None:
            parsed.values.extend(list(self.words[column].numbers(values)))  # type: ignore[arg-type]
        else:
            parsed.values.extend([0 if value is None else value for value in values])
            parsed.valid.extend([value is not None for value in values])

    @property
    def scopes(self) -> tuple[np.ndarray, np.ndarray]:
        """The scopes for the kernel: place and size of each by number, and their texts."""
        places = np.stack([self.scope_at.values, self.scope_size.values], axis=1).ravel()
        return places, np.frombuffer(bytes(self.scope_text) or b"\0", np.uint8)
