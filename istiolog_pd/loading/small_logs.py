"""Many small logs together: what costs the same for a log of any size is done once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine.choose_engine import has_native
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.loading.options import Options
from istiolog_pd.loading.source_log import GIVEN_AWAY, Log, WaitingLog, group_of, place_of, placed
from istiolog_pd.runs import Batch, LogOwner, SourcePart
from istiolog_pd.runs.schema import with_line, with_place
from istiolog_pd.runs.source_part import Ints
from istiolog_pd.sources.discover import Source
from istiolog_pd.sources.wrappers import NAT, columns_of

#: Maximum size of a log that is read together with others: of a larger one, what is done once costs little.
MAX_SMALL = 1 << 16
#: Maximum size of the logs that are read together.
MAX_BATCH = 8 << 20


@dataclass(slots=True)
class SmallLogs:
    """Logs that were read together, each of a source and a container of its own."""

    logs: list[Log]
    batch: Batch

    def part(self) -> Batch:
        """The logs for `arrange`; their rows are given away."""
        batch, self.batch = self.batch, Batch(self.batch.owners, self.batch.starts, SourcePart("", "", GIVEN_AWAY, {}))
        return batch


@dataclass(slots=True)
class Together:
    """Small logs that follow one another, until there are enough of them."""

    options: Options
    #: Sources that share a container's log with another: they are arranged by their times.
    _pieces: Counter[str]
    _waiting: list[tuple[WaitingLog, bytes]] = field(default_factory=list)
    _size: int = 0

    @classmethod
    def of(cls, sources: Sequence[Source], options: Options) -> Together:
        """Ready for some sources; without the native engine each is read by itself."""
        return cls(options, Counter(group_of(source) for source in sources))

    def takes(self, log: WaitingLog) -> bool:
        """Take a log, if it is small and has no other piece; else its blocks are still to be read."""
        source, stream = log.source, log.stream
        group = group_of(source)
        has_pieces = bool(group) and self._pieces[group] > 1 if not stream.wrapper else bool(source.group)
        if has_pieces or stream.wrapper == "bug-report" or not has_native():
            return False
        head: list[bytes] = []
        size = 0
        for block in stream.blocks:
            head.append(block)
            size += len(block)
            if size > MAX_SMALL or b"\0" in block:
                stream.blocks = chain(head, stream.blocks)
                return False
        self._waiting.append((log, b"".join(head)))
        self._size += size
        return True

    @property
    def is_full(self) -> bool:
        """Whether no more should be taken."""
        return self._size >= MAX_BATCH

    def read(self) -> SmallLogs | None:
        """Read what was taken; nothing if there is no entry in it."""
        if not self._waiting:
            return None
        from istiolog_pd.engine.small_logs import SmallLog, read_many  # it needs the native engine, as `takes` did

        options, waiting = self.options, self._waiting
        texts = [SmallLog(_key(log), text, options.component or log.source.hint) for log, text in waiting]
        self._waiting, self._size = [], 0
        found = read_many(texts, options.access, messages=options.messages)
        logs, owners = [], []
        for (log, _), one in zip(waiting, found.logs, strict=True):
            if one.entries:
                source, stream = log.source, log.stream
                damage = [*placed(one.damage, stream), *log.notes]
                tables = SourceTables(GIVEN_AWAY, {}, damage, one.lines, one.recognized)
                logs.append(Log(source, stream, tables, log.number, one.entries))
                owners.append(LogOwner(source.name, one.component, *place_of(source, stream).values()))
        if not logs:
            return None
        starts = np.cumsum([0, *(log.entries for log in logs)])
        events, narrow = found.events, found.tables
        if any(log.number for log in logs):
            events, narrow = _with_source_names(events, narrow)
        events, narrow, said = _with_marks(logs, starts, events, narrow)
        events = with_place(events, said | _places(owners, np.diff(starts)))
        for of in logs:
            of.stream.metadata = None
        return SmallLogs(logs, Batch(tuple(owners), starts[:-1], SourcePart("", "", events, narrow)))


def _key(log: WaitingLog) -> str:
    """A name that no other log has."""
    return f"{log.source.name}\0{log.number}" if log.number else log.source.name


def _with_source_names(events: pa.Table, narrow: dict[str, pa.Table]) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Tables with the names of sources for those of logs."""

    def named(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index("source")
        column = pc.replace_substring_regex(table["source"].cast(pa.string()), "\\x00.*", "")
        return table.set_column(at, table.schema.field(at), column.dictionary_encode().cast(table["source"].type))

    return named(events), {event: named(table) for event, table in narrow.items()}


def _with_marks(
    logs: Sequence[Log], starts: Ints, events: pa.Table, narrow: dict[str, pa.Table]
) -> tuple[pa.Table, dict[str, pa.Table], dict[str, pa.ChunkedArray | str]]:
    """Tables with the lines of the sources themselves, and what wrappers say of each entry."""
    if all(log.stream.metadata is None for log in logs):
        return events, narrow, {}
    lines = events["line"].to_numpy().copy()
    said: dict[str, list[pa.Array]] = {"received": [], "stream": []}
    for log, start, stop in zip(logs, starts.tolist(), starts[1:].tolist(), strict=False):
        own, metadata = lines[start:stop], log.stream.metadata
        columns = metadata.columns(own) if metadata is not None else _no_marks(own)
        lines[start:stop] = columns["line"].to_numpy()
        for name, chunks in said.items():
            chunks.append(columns[name])
    events = with_line(events, pa.chunked_array([pa.array(lines)]))
    narrow = {
        event: with_line(of, pa.chunked_array([pa.array(lines[of["row"].to_numpy()])])) for event, of in narrow.items()
    }
    return events, narrow, {name: pa.chunked_array([pa.concat_arrays(chunks)]) for name, chunks in said.items()}


def _no_marks(lines: Ints) -> dict[str, pa.Array]:
    return columns_of(lines, np.full(len(lines), NAT), np.full(len(lines), -1, np.int8))


def _places(owners: Sequence[LogOwner], entries: Ints) -> dict[str, pa.ChunkedArray | str]:
    """The pod, namespace and container of each entry, where the place of a source tells them."""
    columns: dict[str, pa.ChunkedArray | str] = {}
    for name in ("pod", "namespace", "container"):
        texts = pa.array([getattr(one, name) or None for one in owners], pa.string()).dictionary_encode()
        if texts.null_count < len(texts):
            number = np.repeat(np.arange(len(owners)), entries)
            columns[f"source_{name}"] = pa.chunked_array([texts.take(pa.array(number))])
    return columns
