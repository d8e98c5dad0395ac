"""Columns of pieces -> arrays of Arrow; those of pieces with few rows are joined."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.kernel.columns import clear
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.piece import Coded, Numbers, Same, Texts, Values


@dataclass(slots=True)
class Held:
    """Rows of a piece that wait for more, as they are few; numbers of words are those of the column."""

    rows: int
    columns: dict[str, Values]
    #: How many words of a column are none.
    nulls: dict[str, int] = field(default_factory=dict)

    def nulls_of(self, column: str) -> int:
        """How many words of any column are none."""
        values = self.columns.get(column)
        none = values is None or (isinstance(values, Same) and values.number < 0)
        return self.rows if none else self.nulls.get(column, 0)


def joined(column: str, held: list[Held]) -> Values:
    """The values of a column in several pieces; none where a piece has none."""
    parts = [one.columns.get(column) for one in held]
    if len(parts) == 1 and parts[0] is not None:
        return parts[0]
    some = [(part, one.rows) for part, one in zip(parts, held, strict=True)]
    if any(isinstance(part, Numbers) for part in parts):
        values = [part.values if isinstance(part, Numbers) else np.zeros(rows, np.int64) for part, rows in some]
        valid = [_there(part, rows) for part, rows in some]
        return Numbers(np.concatenate(values), np.concatenate(valid))
    numbers = {part.number if isinstance(part, Same) else -1 for part in parts}
    if len(numbers) == 1 and not any(isinstance(part, Coded) for part in parts):
        return Same(numbers.pop(), sum(one.rows for one in held))
    return Coded(np.concatenate([_numbers(part, rows) for part, rows in some]))


def _there(part: Values | None, rows: int) -> np.ndarray:
    """Where a column of numbers is there."""
    if isinstance(part, Numbers) and part.valid is not None:
        return part.valid
    return np.full(rows, isinstance(part, Numbers), np.bool_)


def _numbers(part: Values | None, rows: int) -> np.ndarray:
    """A column of words as numbers."""
    if isinstance(part, Coded):
        return part.numbers
    return np.full(rows, part.number if isinstance(part, Same) else -1, np.int32)


def coded(numbers: np.ndarray, nulls: int) -> pa.Array:
    """Numbers of words as they are in Arrow."""
    bits = np.empty((len(numbers) + 7) // 8, np.uint8) if nulls else None
    if bits is not None:
        clear(STAMP, numbers, bits)
    buffers = [None if bits is None else pa.py_buffer(bits), pa.py_buffer(numbers)]
    return pa.Array.from_buffers(pa.int32(), len(numbers), buffers, nulls)


def array(values: Values, kind: pa.DataType) -> pa.Array:
    """A chunk of a column, its memory shared where Arrow's form is the same."""
    if isinstance(values, Numbers):
        bits = None if values.valid is None or values.valid.all() else _bits(values.valid)
        is_bool = pa.types.is_boolean(kind)
        data = _bits(values.values != 0) if is_bool else pa.py_buffer(np.ascontiguousarray(values.values))
        return pa.Array.from_buffers(kind, len(values.values), [bits, data])
    if isinstance(values, Texts):
        bits = None if values.valid is None else _bits(values.valid)
        buffers = [bits, pa.py_buffer(values.ends), pa.py_buffer(values.text)]
        return pa.Array.from_buffers(kind, len(values.ends) - 1, buffers)
    raise TypeError("words in a column of plain text")


def _bits(flags: np.ndarray) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
