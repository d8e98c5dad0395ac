"""What a worker makes of one chunk of a log: columns as arrays of NumPy, to be put together later."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.engine.vocabulary import Vocabulary


@dataclass(slots=True)
class Numbers:
    """Whole numbers, and where they are."""

    values: np.ndarray
    valid: np.ndarray | None


@dataclass(slots=True)
class Coded:
    """Numbers of the words of a column; -1 for none."""

    numbers: np.ndarray


@dataclass(slots=True)
class Same:
    """One number of a word for all rows; -1 for none."""

    number: int
    rows: int


@dataclass(slots=True)
class Texts:
    """Texts one behind the other, and where they are (none where not valid)."""

    ends: np.ndarray
    text: np.ndarray
    valid: np.ndarray | None


Values = Numbers | Coded | Same | Texts


@dataclass(slots=True)
class Piece:
    """The entries of a chunk: common columns, and for each event its rows and the columns of its own."""

    entries: int
    lines: int
    #: Whose numbers words have, and how many words of each column it had: it grows while others are read.
    vocabulary: Vocabulary
    known: dict[str, int]
    common: dict[str, Values]
    rows: dict[str, np.ndarray]
    columns: dict[str, dict[str, Values]]
    damage: list[Damage] = field(default_factory=list)
    recognised: bool = False
    #: The event of the last entry, and whether the chunk's last line has its line end.
    last_event: str = ""
    complete: bool = True
    #: Entries whose time has no year: place and text.
    undated: list[tuple[int, str]] = field(default_factory=list)
