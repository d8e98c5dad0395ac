"""The native engine: the same tables as `reference`, on all cores.

Chunks of whole entries are read each by itself; what follows from their order (line numbers, rows, the
year of a klog line) is added when they come together again.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from queue import Empty, SimpleQueue

import pyarrow as pa

from istiolog_pd.engine import _native, cutter
from istiolog_pd.engine.catalog_data import catalog_data
from istiolog_pd.engine.limits import TIMES
from istiolog_pd.engine.program import name_program
from istiolog_pd.engine.reference.entries import BROKEN
from istiolog_pd.engine.reference.lines import NO_UTF8, NUL, Damage
from istiolog_pd.engine.reference.reader import CUT, SAMPLE, SourceTables
from istiolog_pd.engine.schema import EVENTS_SCHEMA, KEYS, event_schema
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.access_log_format import AccessFormat


@cache
def _catalog() -> _native.Catalog:
    return _native.Catalog(catalog_data(FORMATS))


def catalog(access: AccessFormat | None = None) -> _native.Catalog:
    """The catalog, compiled: once in a process, and once for each use of a user's access format."""
    return _native.Catalog(catalog_data(FORMATS, access)) if access else _catalog()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class Progress:
    """What is known of a source while its pieces come, in order."""

    access: AccessFormat | None = None
    compiled: _native.Catalog | None = None
    component: str = ""
    mixed: bool = False
    lines: int = 0
    damage: dict[str, Damage] = field(default_factory=dict)
    recognized: bool = False
    complete: bool = True
    last_event: str = ""

    @property
    def catalog(self) -> _native.Catalog:
        """The catalog, compiled."""
        self.compiled = self.compiled or catalog(self.access)
        return self.compiled

    def see(self, votes: tuple[int, int, int], component: str) -> None:
        """Note whose log it is: how many entries only istiod, a sidecar or ztunnel writes; and who, if it is known."""
        pilot, agent, ztunnel = votes
        detected = "ztunnel" if ztunnel > agent + pilot else "agent" if agent > pilot else "pilot"
        self.component = component or detected
        self.mixed = bool(agent and pilot) or self.component != detected

    def take(self, piece: _native.Piece) -> _native.Piece:
        """Note the next piece."""
        for what, (line, lines) in zip((NUL, NO_UTF8, BROKEN, TIMES), piece.damage, strict=True):
            if lines:
                known = self.damage.setdefault(what, Damage(what, line + self.lines, 0))
                known.lines += lines
        self.lines += piece.lines
        self.recognized = self.recognized or piece.recognised
        self.complete = piece.complete
        self.last_event = piece.last_event or self.last_event
        return piece

    def close(self) -> list[Damage]:
        """All that was damaged, once the last piece is there."""
        known = any(damage.line == self.lines for damage in self.damage.values())
        if not self.complete and not known and self.last_event in ("other", "unparsed"):
            self.damage[CUT] = Damage(CUT, self.lines)
        return sorted(self.damage.values(), key=lambda damage: damage.line)


class Tables:
    """The tables of pieces of one source that follow one another."""

    def __init__(self, source: str, progress: Progress) -> None:
        keys = ["row", *KEYS[1:]]
        self._matches: Counter[str] = Counter()
        self._build = _native.Assembly(progress.catalog, source, EVENTS_SCHEMA.names, keys)

    @property
    def entries(self) -> int:
        """Entries so far; those that wait for their year are not counted."""
        return self._build.entries

    def begin_source(self, source: str) -> None:
        """Begin another source, whose entries follow."""
        self._build.begin_source(source)

    def add(self, piece: _native.Piece) -> None:
        """Take in the next piece, which is used up."""
        self._matches.update(dict(piece.matches))
        self._build.add(piece)

    def take(self, *, detect: bool, last: bool = True) -> tuple[pa.Table, dict[str, pa.Table]]:
        """The common columns of all entries so far, and the narrow table of each event; new tables are begun.

        `detect`: whether lines may show that the log is of a program that its statements alone tell.
        """
        batches, events = self._build.take(last)
        matches, self._matches = self._matches, Counter()
        table, tables = _table(batches, EVENTS_SCHEMA), {event: _table(of, event_schema(event)) for event, of in events}
        return name_program(table, tables, matches) if detect else (table, tables)


def _table(batches: list[_native.Batch], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_batches([pa.record_batch(batch) for batch in batches], schema=schema)


class _Pool:
    """Threads, and a worker for each job that runs."""

    def __init__(self, threads: int, progress: Progress, *, messages: bool) -> None:
        self.threads, self._progress, self._messages = threads, progress, messages
        self._idle: SimpleQueue[_native.Worker] = SimpleQueue()
        self._executor = ThreadPoolExecutor(threads, "istiolog")

    def submit(self, chunk: cutter.Chunk) -> Future[_native.Piece]:
        """Read a chunk by the next worker that is free."""
        held = [chunk]  # its bytes are let go as soon as it is read
        return self._executor.submit(self._parse, held)

    def _parse(self, held: list[cutter.Chunk]) -> _native.Piece:
        worker = self.worker()
        try:
            segments = held.pop().segments
            return worker.parse(segments, self._progress.component, self._progress.mixed, self._messages)
        finally:
            self._idle.put(worker)

    def worker(self) -> _native.Worker:
        """A worker: one that knows words already, or a new one."""
        try:
            return self._idle.get_nowait()
        except Empty:
            return _native.Worker(self._progress.catalog)

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown(cancel_futures=True)


def pieces(
    blocks: Iterable[bytes],
    progress: Progress,
    *,
    component: str = "",
    threads: int = 0,
    chunk: int = cutter.CHUNK,
    messages: bool = True,
) -> Iterator[_native.Piece]:
    """Read a source piece by piece, in order, some chunks ahead of who takes them.

    Parameters
    ----------
    blocks
        Its bytes.
    progress
        What is known of the source as a whole.
    component
        Whose log it is, ``pilot`` or ``agent``; empty: found out from its first entries.
    threads
        Chunks read at the same time; 0: one for each core.
    chunk
        Bytes of a chunk, about.
    messages
        Whether to keep the texts of messages.
    """
    pool = _Pool(threads or cores(), progress, messages=messages)
    cut = cutter.chunks(blocks, chunk, progress.access.layout if progress.access else None)
    try:
        head = _sample(pool.worker(), cut, progress, component)
        waiting: deque[Future[_native.Piece]] = deque()
        for one in chain(_popped(head), cut):
            waiting.append(pool.submit(one))
            # One more than can be read at once waits for a thread, so that none waits while pieces are taken.
            if len(waiting) > pool.threads + 1:
                yield progress.take(waiting.popleft().result())
        while waiting:
            yield progress.take(waiting.popleft().result())
    finally:
        pool.close()


def _popped(chunks: list[cutter.Chunk]) -> Iterator[cutter.Chunk]:
    while chunks:
        yield chunks.pop(0)


def _sample(
    worker: _native.Worker, cut: Iterator[cutter.Chunk], progress: Progress, component: str
) -> list[cutter.Chunk]:
    """Look at entries until they tell whose log it is; the chunks that hold them."""
    head: list[cutter.Chunk] = []
    pilot = agent = ztunnel = 0
    left = SAMPLE
    while left > 0 and (chunk := next(cut, None)) is not None:
        of_pilot, of_agent, of_ztunnel, seen = worker.sample(chunk.segments, left)
        pilot, agent, ztunnel = pilot + of_pilot, agent + of_agent, ztunnel + of_ztunnel
        left -= seen
        head.append(chunk)
    progress.see((pilot, agent, ztunnel), component)
    return head


def batches(
    blocks: Iterable[bytes], source: str, progress: Progress, *, component: str, size: int, messages: bool = True
) -> Iterator[tuple[pa.Table, dict[str, pa.Table]]]:
    """Read a source in batches of about `size` entries, in constant memory; the arguments are those of `read`."""
    tables = Tables(source, progress)
    chunk = min(cutter.CHUNK, size << 7)
    for piece in pieces(blocks, progress, component=component, chunk=chunk, messages=messages):
        tables.add(piece)
        if tables.entries >= size:
            yield tables.take(detect=not component, last=False)
    found = tables.take(detect=not component)
    if len(found[0]):
        yield found


def read(
    blocks: Iterable[bytes],
    source: str,
    component: str = "",
    access: AccessFormat | None = None,
    *,
    threads: int = 0,
    chunk: int = cutter.CHUNK,
    messages: bool = True,
) -> SourceTables:
    """Read a source: as `istiolog_pd.engine.reference.reader.read`, in chunks on several threads.

    Parameters
    ----------
    blocks, source, component, access
        As there.
    threads, chunk
        As in `pieces`.
    messages
        Whether to keep the column `message`.
    """
    progress = Progress(access)
    tables = Tables(source, progress)
    for piece in pieces(blocks, progress, component=component, threads=threads, chunk=chunk, messages=messages):
        tables.add(piece)
    events, narrow = tables.take(detect=not component)
    return SourceTables(events, narrow, progress.close(), progress.lines, progress.recognized)
