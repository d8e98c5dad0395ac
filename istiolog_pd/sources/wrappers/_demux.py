"""Rows of several containers -> a stream for each.

The first container's blocks are given as they come, in constant memory; lines of others are held until
the first is read through. Where the newest entry comes first (Cloud Logging, logcli), all is held and turned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from istiolog_pd.sources.limits import how_to_raise
from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._model import NAT, Ints, LineTable, LogStream, Note
from istiolog_pd.sources.wrappers._rfc3339 import MAX_TEXT, stamps
from istiolog_pd.sources.wrappers._rows import Batch, Joiner, concat, joined, offsets_of, started_lines

#: Number of entries from which the order (newest first or last) is detected.
SAMPLE = 1000


@dataclass(slots=True)
class _Queue:
    """What of one container was read and not yet given on."""

    blocks: deque[bytes] = field(default_factory=deque)
    metadata: LineTable = field(default_factory=LineTable)
    inside: bool = False

    def add(self, batch: Batch) -> None:
        """Take rows of this container."""
        block = joined(batch.text)
        if not block:
            return
        started, self.inside = started_lines(batch, self.inside)
        if (started == 1).all():
            self.metadata.add(batch.line, batch.received, batch.std)
        else:
            self.metadata.add(
                np.repeat(batch.line, started), np.repeat(batch.received, started), np.repeat(batch.std, started)
            )
        self.blocks.append(block)


class Demux:
    """Parts rows by container."""

    def __init__(self, batches: Iterator[Batch], containers: Containers, wrapper: str, note: Note) -> None:
        self._batches: Iterator[Batch] | None = batches
        self._containers = containers
        self._wrapper = wrapper
        self._joiner = Joiner(note)
        self._note = note
        self._has_noted = False
        self._queues: dict[int, _Queue] = {}
        #: The keys in the order of their first lines.
        self._order: list[int] = []

    def streams(self) -> Iterator[LogStream]:
        """A stream for each container, in the order of their first lines; the wrapper's own words last."""
        talk: list[int] = []
        seen = 0
        while seen < len(self._order) or self._pull():
            for key in self._order[seen:]:
                seen += 1
                if self._containers.ids[key].is_tool_output:
                    talk.append(key)
                else:
                    yield self._stream(key)
        yield from map(self._stream, talk)

    def _stream(self, key: int) -> LogStream:
        container, queue = self._containers.ids[key], self._queues[key]
        return LogStream(
            self._blocks(queue),
            queue.metadata,
            self._wrapper,
            container.pod,
            container.namespace,
            container.container,
            container.is_tool_output,
        )

    def _blocks(self, queue: _Queue) -> Iterator[bytes]:
        while queue.blocks or self._pull():
            if queue.blocks:
                yield queue.blocks.popleft()

    def _pull(self) -> bool:
        """Read one more block and part it; false at the end of the source."""
        if self._batches is None:
            return False
        batch = next(self._batches, None)
        if batch is None:
            self._batches = None
            batch = self._joiner.end()
        else:
            batch = self._joiner.push(batch)
        if batch is not None:
            self._part(batch)
        return True

    def _part(self, batch: Batch) -> None:
        if not len(batch):
            return
        if self._containers.overflowed and not self._has_noted:
            self._has_noted = True
            most = self._containers.most
            self._note(int(batch.line[0]), f"more than {most:,} containers in it: {how_to_raise('containers')}")
        order = np.argsort(batch.key, kind="stable")
        keys = batch.key[order]
        cuts = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]])
        if len(cuts) > 2:
            batch = batch.take(order)
        for n in np.argsort(order[cuts[:-1]]).tolist():  # the container whose line came first is first
            key = int(keys[cuts[n]])
            if key not in self._queues:
                self._queues[key] = _Queue()
                self._order.append(key)
            self._queues[key].add(batch.slice(int(cuts[n]), int(cuts[n + 1])))


def in_order(batches: Iterator[Batch], *, newest_first: bool = False) -> Iterator[Batch]:
    """The rows with the oldest first, whichever way they come; `newest_first`: they are known to fall."""
    head: list[Batch] = []
    rows = 0
    for batch in batches:
        head.append(batch)
        rows += len(batch)
        if rows >= SAMPLE:
            break
    if not rows or not (newest_first or _newest_first(concat(head))):
        yield from chain(head, batches)
        return
    whole = concat([*head, *batches])
    record: Ints = np.cumsum(whole.own, dtype=np.int64)
    yield whole.take(np.argsort(-record, kind="stable"))


def _newest_first(batch: Batch) -> bool:
    """Whether the first rows' times fall: the wrapper's own, or where they are all one, the lines'."""
    rows = np.flatnonzero(batch.own)[:SAMPLE]
    for times in (batch.received[rows], _inner_times(batch, rows)):
        steps = np.diff(times[times != NAT])
        if steps.any():
            return bool((steps < 0).sum() > (steps > 0).sum())
    return False


def _inner_times(batch: Batch, rows: Ints) -> Ints:
    heads = batch.take(rows)
    data = np.frombuffer(joined(heads.text) + bytes(MAX_TEXT + 1), np.uint8)
    offsets = offsets_of(heads.text)
    begins = offsets[:-1] - offsets[0]
    return stamps(data, begins + (data[begins] == ord("[")))[1]
