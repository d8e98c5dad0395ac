"""The distinct texts of a column: a table of the kernel, seen as an Arrow array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.kernel import words as w
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.kernel.words import Table, grown, new_table, number_all

#: So many texts are looked up together.
TOGETHER = 64


class Words:
    """The distinct texts of one column, by number; there can be as many as entries, so none is a Python object.

    Parameters
    ----------
    room
        So many are expected; there can be more.
    """

    def __init__(self, room: int = 64) -> None:
        self._table: Table = new_table(1, 1 << max(room - 1, 63).bit_length(), 32 * max(room, 64))

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        """Texts, no two alike, by their places."""
        words = cls(len(texts))
        words.numbers_of(texts)
        return words

    def __len__(self) -> int:
        """How many there are."""
        return int(self._table.used[w.ENTRIES])

    def numbers(self, texts: np.ndarray, places: np.ndarray, *, trim: bool = False) -> np.ndarray:
        """The number of each text, -1 for none.

        Parameters
        ----------
        texts
            Bytes that they stand in.
        places
            Where each begins and its size, two columns; a size of -1: there is none.
        trim
            Whether to leave out the blanks at their ends, and what is nothing else.
        """
        found = np.empty(len(places), np.int32)
        done, flat, hashes = 0, np.ascontiguousarray(places, np.int64).ravel(), np.empty(TOGETHER, np.int64)
        while done < len(found):
            done = number_all(STAMP, tuple(self._table), texts, flat, trim, done, hashes, found)
            if done < len(found):
                # All that are left may be new: it is not made larger again and again.
                self._table = grown(self._table, int(places[done:, 1].clip(0).sum()), len(found) - done)
        return found

    def numbers_of(self, texts: pa.Array | Sequence[object]) -> np.ndarray:
        """The number of each text of an array or list, -1 for null."""
        there = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
        raw = there.buffers()[2]
        bounds = np.frombuffer(there.buffers()[1], np.int64)[there.offset : there.offset + len(there) + 1]
        sizes = np.where(there.is_valid().to_numpy(zero_copy_only=False), np.diff(bounds), -1)
        return self.numbers(np.frombuffer(raw, np.uint8) if raw else np.zeros(1, np.uint8), _pairs(bounds[:-1], sizes))

    @property
    def places(self) -> np.ndarray:
        """Where each begins in `raw` and its size."""
        entries = self._entries()
        return _pairs(entries[:, w.BEGIN], entries[:, w.GROUP_SIZE])  # its one group is 0

    @property
    def raw(self) -> np.ndarray:
        """Their bytes, one text behind the other."""
        return self._table.texts

    def some(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Some texts, as `numbers` takes them: bytes, and the places of the texts in these.

        Texts whose numbers have been told can be read while another thread adds new ones.
        """
        table = self._table
        entries = table.entries.reshape(-1, w.ENTRY)[numbers]
        return table.texts, _pairs(entries[:, w.BEGIN], entries[:, w.GROUP_SIZE])

    def array(self, first: int = 0) -> pa.Array:
        """The texts from a number on (Arrow large_string); their memory is not copied."""
        bounds = np.append(self._entries()[first:, w.BEGIN], self._table.used[w.BYTES])
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(self._table.texts)]
        return pa.Array.from_buffers(pa.large_string(), len(bounds) - 1, buffers)

    def _entries(self) -> np.ndarray:
        return self._table.entries.reshape(-1, w.ENTRY)[: len(self)]


def _pairs(begins: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return np.stack([begins, sizes], axis=1)
