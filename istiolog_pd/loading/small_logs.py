"""Many small logs together: what costs the same for a log of any size is done once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.choose_engine import has_native
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.loading.options import Options
from istiolog_pd.loading.source_log import GIVEN_AWAY, Log, group_of
from istiolog_pd.runs import Batch, LogOwner, SourcePart
from istiolog_pd.runs.schema import with_place
from istiolog_pd.runs.source_part import Ints
from istiolog_pd.sources.discover import Source
from istiolog_pd.sources.wrappers import Detector, LogStream, detect

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
    _waiting: list[tuple[Source, bytes]] = field(default_factory=list)
    _size: int = 0

    @classmethod
    def of(cls, sources: Sequence[Source], options: Options) -> Together:
        """Ready for some sources; without the native engine each is read by itself."""
        return cls(options, Counter(group_of(source) for source in sources))

    def takes(self, source: Source, text: bytes) -> bool:
        """Take a source's whole text, if it is a small log that nothing is put around."""
        alone = not (group := group_of(source)) or self._pieces[group] == 1
        if not alone or len(text) > MAX_SMALL or b"\0" in text or not has_native():
            return False
        if detect(iter([text]), Detector())[1].wrapper is not None:
            return False
        self._waiting.append((source, text))
        self._size += len(text)
        return True

    @property
    def is_full(self) -> bool:
        """Whether no more should be taken."""
        return self._size >= MAX_BATCH

    def read(self) -> tuple[SmallLogs | None, list[Source]]:
        """Read what was taken: the logs, and the sources that hold none."""
        if not self._waiting:
            return None, []
        from istiolog_pd.engine.small_logs import SmallLog, read_many  # it needs the native engine, as `takes` did

        options, waiting = self.options, self._waiting
        texts = [SmallLog(source.name, text, options.component or source.hint) for source, text in waiting]
        self._waiting, self._size = [], 0
        found = read_many(texts, options.access, messages=options.messages)
        starts = np.cumsum([0, *(one.entries for one in found.logs)])
        logs, owners, begins = [], [], []
        empty = [source for (source, _), one in zip(waiting, found.logs, strict=True) if not one.entries]
        for (source, _), one, start in zip(waiting, found.logs, starts.tolist(), strict=False):
            if one.entries:
                tables = SourceTables(GIVEN_AWAY, {}, one.damage, one.lines, one.recognized)
                logs.append(Log(source, LogStream(iter(()), None), tables, 0, one.entries))
                owners.append(LogOwner(source.name, one.component, source.pod, source.namespace, source.container))
                begins.append(start)
        if not logs:
            return None, empty
        events = with_place(found.events, _places(owners, np.diff([*begins, len(found.events)])))
        batch = Batch(tuple(owners), np.array(begins, np.int64), SourcePart("", "", events, found.tables))
        return SmallLogs(logs, batch), empty


def _places(owners: Sequence[LogOwner], entries: Ints) -> dict[str, pa.ChunkedArray | str]:
    """The pod, namespace and container of each entry, where the place of a source tells them."""
    columns: dict[str, pa.ChunkedArray | str] = {}
    for name in ("pod", "namespace", "container"):
        texts = pa.array([getattr(one, name) or None for one in owners], pa.string()).dictionary_encode()
        if texts.null_count < len(texts):
            number = np.repeat(np.arange(len(owners)), entries)
            columns[f"source_{name}"] = pa.chunked_array([texts.take(pa.array(number))])
    return columns
