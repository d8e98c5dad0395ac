"""The compiled interpreter of the catalogue: the same tables as `reference`, on all cores.

Chunks of whole entries are read each by itself; what follows from their order (line numbers, rows, the
year of a klog line) is added when they come together again.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from queue import Empty, SimpleQueue

import numpy as np

from istiolog_pd.engine import cutter
from istiolog_pd.engine.assemble import Assembly
from istiolog_pd.engine.compiler import compile_catalogue
from istiolog_pd.engine.piece import Piece
from istiolog_pd.engine.program import Catalogue
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.engine.reference.reader import CUT, SAMPLE, SourceTables
from istiolog_pd.engine.second_tier import claim_others, without_messages
from istiolog_pd.engine.worker import Framed, Worker
from istiolog_pd.engine.years import Years
from istiolog_pd.formats import FORMATS


@cache
def catalogue() -> Catalogue:
    """The catalogue, compiled once."""
    return compile_catalogue(FORMATS)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class Pieces:
    """The pieces of one source, in order; what they have in common grows as they come."""

    component: str = ""
    mixed: bool = False
    lines: int = 0
    entries: int = 0
    damage: dict[str, Damage] = field(default_factory=dict)
    recognised: bool = False
    complete: bool = True
    last_event: str = ""
    years: Years = field(default_factory=Years)

    def take(self, piece: Piece) -> Piece:
        """Note the next piece."""
        for damage in piece.damage:
            known = self.damage.setdefault(damage.what, Damage(damage.what, damage.line + self.lines, 0))
            known.lines += damage.lines
        self.years.date(piece)
        self.lines += piece.lines
        self.entries += piece.entries
        self.recognised = self.recognised or piece.recognised
        self.complete = piece.complete
        self.last_event = piece.last_event or self.last_event
        return piece

    def close(self) -> list[Damage]:
        """All that was damaged, once the last piece is there."""
        known = any(damage.line == self.lines for damage in self.damage.values())
        if not self.complete and not known and self.last_event in ("other", "unparsed"):
            self.damage[CUT] = Damage(CUT, self.lines)
        return sorted(self.damage.values(), key=lambda damage: damage.line)


class _Pool:
    """Threads, and a worker for each job that runs."""

    def __init__(self, threads: int, *, messages: bool) -> None:
        self.threads, self._messages = threads, messages
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._executor = ThreadPoolExecutor(threads, "istiolog")

    def submit(self, work: Callable[[Worker], Piece], worker: Worker | None = None) -> Future[Piece]:
        """Do a piece of work with this worker, or with the next one that is free."""
        return self._executor.submit(self._run, work, worker)

    def _run(self, work: Callable[[Worker], Piece], worker: Worker | None) -> Piece:
        worker = worker or self.worker()
        try:
            return work(worker)
        finally:
            self.give_back(worker)

    def worker(self) -> Worker:
        """A worker, to be given back: one that knows words already, or a new one."""
        try:
            return self._idle.get_nowait()
        except Empty:
            return Worker(catalogue(), messages=self._messages)

    def give_back(self, worker: Worker) -> None:
        """Let others use a worker again."""
        worker.forget()
        self._idle.put(worker)

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown(cancel_futures=True)


def pieces(
    blocks: Iterable[bytes],
    into: Pieces,
    *,
    component: str = "",
    threads: int = 0,
    chunk: int = cutter.CHUNK,
    messages: bool = True,
) -> Iterator[Piece]:
    """Read a source piece by piece, in order, some chunks ahead of who takes them.

    Parameters
    ----------
    blocks
        Its bytes.
    into
        What is known of the source as a whole.
    component
        Whose log it is, ``pilot`` or ``agent``; empty: found out from its first entries.
    threads
        Chunks read at the same time; 0: one for each core.
    chunk
        Bytes of a chunk, about.
    messages
        Whether pieces have the column `message`.
    """
    pool = _Pool(threads or cores(), messages=messages)
    cut = cutter.chunks(blocks, chunk)
    try:
        worker = pool.worker()
        head = _sample(worker, cut, into, component)
        following = next(cut, None)
        while len(head) > (following is not None):
            yield into.take(_finishing(head.pop(0), into)(worker))
        waiting: deque[Future[Piece]] = deque()
        if head:  # finished while more is cut
            waiting.append(pool.submit(_finishing(head.pop(), into), worker))
        for one in chain([following] if following else [], cut):
            waiting.append(pool.submit(_reading(one, into)))
            # One more than can be read at once waits for a thread, so that none waits while pieces are taken.
            if len(waiting) > pool.threads + 1:
                yield into.take(waiting.popleft().result())
        while waiting:
            yield into.take(waiting.popleft().result())
    finally:
        pool.close()


def dated(found: Iterator[Piece], into: Pieces, most: int = sys.maxsize) -> Iterator[Piece]:
    """Pieces, once no entry of theirs waits for its year; with `most`, so many entries are held at most, about."""
    held: deque[Piece] = deque()
    for piece in found:
        held.append(piece)
        if not into.years.waiting or sum(one.entries for one in held) >= most:
            while held:
                yield held.popleft()
    yield from held


def _reading(chunk: cutter.Chunk, into: Pieces) -> Callable[[Worker], Piece]:
    held = [chunk]  # its bytes are let go as soon as its messages are packed

    def work(worker: Worker) -> Piece:
        return worker.finish(worker.frame(held.pop()), into.component, second_opinion=into.mixed)

    return work


def _finishing(framed: Framed, into: Pieces) -> Callable[[Worker], Piece]:
    return lambda worker: worker.finish(framed, into.component, second_opinion=into.mixed)


def _sample(worker: Worker, cut: Iterator[cutter.Chunk], into: Pieces, component: str) -> list[Framed]:
    """Frame chunks until their entries tell whose log it is."""
    head: list[Framed] = []
    counts = np.zeros(3, np.int64)
    left = SAMPLE
    while left > 0 and (chunk := next(cut, None)) is not None:
        framed = worker.frame(chunk)
        counts += worker.whose(framed, left)
        left -= framed.entries
        head.append(framed)
    pilot, agent, ztunnel = counts.tolist()
    detected = "ztunnel" if ztunnel > agent + pilot else "agent" if agent > pilot else "pilot"
    into.component = component or detected
    into.mixed = bool(agent and pilot) or into.component != detected
    return head


def read(
    blocks: Iterable[bytes],
    source: str,
    component: str = "",
    *,
    threads: int = 0,
    chunk: int = cutter.CHUNK,
    messages: bool = True,
) -> SourceTables:
    """Read a source: as `istiolog_pd.engine.reference.reader.read`, in chunks on several threads.

    Parameters
    ----------
    blocks, source, component
        As there.
    threads, chunk
        As in `pieces`.
    messages
        Whether to keep the column `message`.
    """
    into = Pieces()
    build = Assembly(source)
    # The second tier reads messages: they are dropped behind it.
    found = pieces(blocks, into, component=component, threads=threads, chunk=chunk)
    for piece in dated(found, into):
        build.add(piece)
    events, tables = claim_others(*build.tables(), detect=not component)
    events = events if messages else without_messages(events)
    return SourceTables(events, tables, into.close(), into.lines, into.recognised)
