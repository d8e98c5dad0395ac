"""JSON wrappers: blocks of records -> rows of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._fields import time_of
from istiolog_pd.sources.wrappers._json_stream import objects
from istiolog_pd.sources.wrappers._model import NAT, STD, ContainerId, Flags, Ints, Note
from istiolog_pd.sources.wrappers._rfc3339 import padded, stamps
from istiolog_pd.sources.wrappers._rows import Batch, joined, offsets_of
from istiolog_pd.sources.wrappers._wrapper import NO_NAMES, RecordWrapper, Row

NO_RECORD = "a line that is no {} record: kept as text"
TWICE = "an entry that is there twice (same {}): left out"

_LINE_END, _NOTHING = (pa.scalar(text, pa.large_string()) for text in ("\n", ""))

#: Number of recent entries kept to detect duplicates.
REMEMBERED = 1 << 18


class Records:
    """The rows of a JSON wrapper's records, one on each line or anywhere in an array."""

    def __init__(self, wrapper: RecordWrapper, note: Note) -> None:
        self.wrapper = wrapper
        self.containers = Containers()
        self._note = note
        self._last = ContainerId()
        self._seen: dict[int, None] | None = {} if wrapper.identity else None

    def decode(self, block: bytes, line: int) -> Batch:
        """The rows of a block of lines whose first line has this number."""
        texts = block.split(b"\n")
        if not texts[-1]:
            del texts[-1]
        return self.rows(texts, np.arange(line, line + len(texts)))

    def rows(self, texts: Sequence[bytes], lines: Ints) -> Batch:
        """The rows of some records, and the lines on which they begin."""
        records = parsed(texts)
        batch = self._at_once(records, lines)
        return self._one_by_one(records, texts, lines) if batch is None else batch

    def _at_once(self, records: Sequence[Any], lines: Ints) -> Batch | None:
        """The rows of records that all have the usual keys and types, or null."""
        if self.wrapper.columns is None or not records:
            return None
        try:
            columns = self.wrapper.columns(records)
            texts = pa.array(columns.texts, pa.large_string())
            times = _times_of(columns.times) if columns.times else np.full(len(records), NAT)
            containers = columns.containers or [NO_NAMES] * len(records)
            key = np.array([self.containers.code(container) for container in containers], np.int64)
            std = np.array([STD.get(stream, -1) for stream in columns.streams or [""] * len(records)], np.int8)
        except (KeyError, TypeError, StopIteration, UnicodeEncodeError, pa.ArrowException):
            return None
        if texts.null_count:
            return None
        self._last = self.containers.ids[key[-1]]
        ended = pa.compute.ends_with(texts, pattern="\n")
        if self.wrapper.ends_lines:
            part = ~ended.to_numpy(zero_copy_only=False)
        else:
            part = np.array([tag == "P" for tag in columns.tags or [""] * len(records)])
            texts = _with_line_ends(texts, ended, part)
        return Batch(texts.cast(pa.large_binary()), key, std, times, lines, part, np.ones(len(records), bool))

    def _one_by_one(self, records: Sequence[Any], texts: Sequence[bytes], lines: Ints) -> Batch:
        """The rows of any records, and of lines that are none."""
        found = [self._row(record) for record in records]
        own = np.array([row is not None for row in found])
        keep = np.ones(len(found), bool)
        for n in np.flatnonzero(~own).tolist():
            keep[n] = bool(texts[n].strip())
            if keep[n]:
                self._note(int(lines[n]), NO_RECORD.format(self.wrapper.name))
        rows = self._with_misfits(found, texts)
        for n, row in enumerate(rows):
            if row is TWIN:
                keep[n] = False
                self._note(int(lines[n]), TWICE.format(" and ".join(self.wrapper.identity)))
        batch = batch_of(rows, self.containers, lines, own)
        return batch if keep.all() else batch.take(keep)

    def _row(self, record: Any) -> Row | None:
        if not isinstance(record, dict):
            return None
        if self._seen is not None and self._is_twin(record, self._seen):
            return TWIN
        return self.wrapper.read(record)

    def _is_twin(self, record: dict[str, Any], seen: dict[int, None]) -> bool:
        if any(key not in record for key in self.wrapper.identity):
            return False
        mark = hash(tuple(str(record[key]) for key in self.wrapper.identity))
        if mark in seen:
            return True
        seen[mark] = None
        if len(seen) > REMEMBERED:
            del seen[next(iter(seen))]
        return False

    def _with_misfits(self, found: Sequence[Row | None], texts: Sequence[bytes]) -> list[Row]:
        """Lines that are no record belong to the log of the record before them."""
        rows: list[Row] = []
        for row, text in zip(found, texts, strict=True):
            if row is None:
                row = Row(text.decode(errors="surrogateescape"), False, None, None, self._last)
            elif row is not TWIN:
                self._last = row.container
            rows.append(row)
        return rows


#: Stands for a record that was there before.
TWIN = Row("", False, None, None, ContainerId())


def parsed(texts: Sequence[bytes]) -> list[Any]:
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


def batch_of(rows: Sequence[Row], containers: Containers, lines: Ints, own: Any) -> Batch:
    code = containers.code
    return Batch(
        _binary([row.text if row.part else row.text + "\n" for row in rows]),
        np.array([code(row.container) for row in rows], np.int64),
        np.array([STD.get(row.stream, -1) if isinstance(row.stream, str) else -1 for row in rows], np.int8),
        received([row.time for row in rows]),
        lines,
        np.array([row.part for row in rows], bool),
        np.array(own, bool),
    )


def _with_line_ends(texts: pa.Array, ended: pa.Array, part: Flags) -> pa.Array:
    """Texts that end with a line end each, except parts of lines, which never do."""
    if not part.any() and not pa.compute.any(ended).as_py():
        return pa.compute.binary_join_element_wise(texts, _LINE_END, _NOTHING)
    bare = pa.compute.if_else(ended, pa.compute.utf8_slice_codeunits(texts, 0, -1), texts)
    return pa.compute.binary_join_element_wise(bare, pa.array(np.where(part, "", "\n"), pa.large_string()), _NOTHING)


def _times_of(times: Sequence[str | None]) -> Ints:
    """RFC 3339 texts as nanoseconds since 1970."""
    texts = pa.array(times, pa.large_string())
    offsets = offsets_of(texts)
    data = padded(joined(texts))
    offsets = offsets - offsets[0]
    length, found = stamps(data, offsets[:-1])
    return np.where(length == np.diff(offsets), found, NAT)


def received(times: Sequence[Any]) -> Ints:
    """Times as nanoseconds since 1970: RFC 3339 texts, or numbers since 1970."""
    found = _times_of([time if isinstance(time, str) and time.isascii() else None for time in times])
    for n in [n for n, time in enumerate(times) if found[n] == NAT and time is not None]:
        value = time_of(times[n])
        if isinstance(value, int):
            found[n] = value
    return found


def object_batches(blocks: Iterator[bytes], records: Records) -> Iterator[Batch]:
    """The rows of an array of records, or of records over several lines."""
    for found in objects(blocks):
        yield records.rows([text for _, text in found], np.array([line for line, _ in found], np.int64))
