"""JSON wrappers: blocks of records -> rows of text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from istiolog_pd.inputs.wrappers.batch import Batch, offsets_of
from istiolog_pd.inputs.wrappers.model import NO_TIME, STD, Ints, Note, Origin
from istiolog_pd.inputs.wrappers.objects import objects
from istiolog_pd.inputs.wrappers.origins import Origins
from istiolog_pd.inputs.wrappers.shapes import READERS, Row
from istiolog_pd.inputs.wrappers.stamps import LONGEST, stamps

NO_RECORD = "a line that is no {} record: kept as text"
TWICE = "an entry that is there twice (same timestamp and insertId): left out"

#: So many of the last entries are remembered to tell one that comes twice.
REMEMBERED = 1 << 18


class Records:
    """The rows of a JSON wrapper's records, one on each line or anywhere in an array."""

    def __init__(self, name: str, note: Note) -> None:
        self.name = name
        self.origins = Origins()
        self._note = note
        self._read = READERS[name]
        self._last = Origin()
        self._seen: dict[int, None] | None = {} if name == "Cloud Logging" else None

    def decode(self, block: bytes, line: int) -> Batch:
        """The rows of a block of lines whose first line has this number."""
        texts = block.split(b"\n")
        if not texts[-1]:
            del texts[-1]
        return self.rows(texts, np.arange(line, line + len(texts)))

    def rows(self, texts: Sequence[bytes], lines: Ints) -> Batch:
        """The rows of some records, and the lines on which they begin."""
        found = [self._row(record) for record in _parsed(texts)]
        own = np.array([row is not None for row in found])
        keep = np.ones(len(found), bool)
        for n in np.flatnonzero(~own).tolist():
            keep[n] = bool(texts[n].strip())
            if keep[n]:
                self._note(int(lines[n]), NO_RECORD.format(self.name))
        rows = self._with_misfits(found, texts)
        for n, row in enumerate(rows):
            if row is TWIN:
                keep[n] = False
                self._note(int(lines[n]), TWICE)
        batch = _batch(rows, self.origins, lines, own)
        return batch if keep.all() else batch.take(keep)

    def _row(self, record: Any) -> Row | None:
        if not isinstance(record, dict):
            return None
        if self._seen is not None and "insertId" in record and self._is_twin(record, self._seen):
            return TWIN
        return self._read(record)

    def _is_twin(self, record: dict[str, Any], seen: dict[int, None]) -> bool:
        mark = hash((str(record.get("timestamp")), str(record["insertId"])))
        if mark in seen:
            return True
        seen[mark] = None
        if len(seen) > REMEMBERED:
            del seen[next(iter(seen))]
        return False

    def _with_misfits(self, found: Sequence[Row | None], texts: Sequence[bytes]) -> list[Row]:
        """Lines that are no record belong to the log of the record before them."""
        if None not in found:
            rows = [row for row in found if row is not None]
            self._last = rows[-1].origin if rows else self._last
            return rows
        rows = []
        for row, text in zip(found, texts, strict=True):
            if row is None:
                row = Row(text.decode(errors="surrogateescape"), False, None, None, self._last)
            elif row is not TWIN:
                self._last = row.origin
            rows.append(row)
        return rows


#: Stands for a record that was there before.
TWIN = Row("", False, None, None, Origin())


def _parsed(texts: Sequence[bytes]) -> list[Any]:
    """Each text as JSON, or null; all at once where they are sound."""
    try:
        found = orjson.loads(b"[" + b",".join(texts) + b"]")
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, list) and len(found) == len(texts):
        return found
    return [_parsed_alone(text) for text in texts]


def _parsed_alone(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if text.lstrip()[:1] != b"{":
            return None
    try:  # bytes that are no UTF-8 are kept as they are
        return json.loads(text.decode(errors="surrogateescape"))
    except (ValueError, RecursionError):
        return None


def _encoded(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half of a pair of surrogates
        return text.encode(errors="replace")


def _binary(texts: Sequence[str]) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string()).cast(pa.large_binary())
    except UnicodeEncodeError:
        return pa.array([_encoded(text) for text in texts], pa.large_binary())


def _batch(rows: Sequence[Row], origins: Origins, lines: Ints, own: Any) -> Batch:
    code = origins.code
    return Batch(
        _binary([row.text if row.part else row.text + "\n" for row in rows]),
        np.array([code(row.origin) for row in rows], np.int64),
        np.array([STD.get(row.stream, -1) if isinstance(row.stream, str) else -1 for row in rows], np.int8),
        received([row.time for row in rows]),
        lines,
        np.array([row.part for row in rows], bool),
        np.array(own, bool),
    )


def received(times: Sequence[Any]) -> Ints:
    """Times as nanoseconds since 1970: RFC 3339 texts, or numbers of seconds."""
    texts = pa.array(
        [time[:LONGEST] if isinstance(time, str) and time.isascii() else "" for time in times], pa.large_string()
    )
    offsets = offsets_of(texts) if len(texts) else np.zeros(1, np.int64)
    data = np.zeros(int(offsets[-1] - offsets[0]) + LONGEST + 1, np.uint8)
    if offsets[-1] > offsets[0]:
        text = memoryview(texts.buffers()[2])[offsets[0] : offsets[-1]]
        data[: len(text)] = np.frombuffer(text, np.uint8)
    offsets = offsets - offsets[0]
    length, found = stamps(data, offsets[:-1])
    found = np.where(length == np.diff(offsets), found, NO_TIME)
    for n in [n for n, time in enumerate(times) if isinstance(time, (int, float))]:
        if 0 < times[n] < 9e9:
            found[n] = round(times[n] * 1_000_000) * 1000
    return found


def line_batches(blocks: Iterator[bytes], decode: Callable[[bytes, int], Batch]) -> Iterator[Batch]:
    """The rows of blocks of whole lines."""
    line = 1
    for block in blocks:
        yield decode(block, line)
        line += block.count(b"\n")


def object_batches(blocks: Iterator[bytes], records: Records) -> Iterator[Batch]:
    """The rows of an array of records, or of records over several lines."""
    for found in objects(blocks):
        yield records.rows([text for _, text in found], np.array([line for line, _ in found], np.int64))
