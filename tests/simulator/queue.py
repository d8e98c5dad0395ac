"""The push queue: one push per waiting proxy, however many rounds it waited for, a limited number at once."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tests.simulator.load import Flags, Ints, stream
from tests.simulator.settings import Settings

#: Mean time to build and send a type, in parts of `push_time`, in the order of the types' bits (CDS EDS LDS RDS).
COSTS = (0.9, 1.2, 1.1, 0.8)
SKIP = 20_000  # to find that a proxy needs nothing
RING = 4096

IDLE, WAITING, BUSY = 0, 1, 2


def durations(settings: Settings, seed: int) -> Ints:
    """Time of each type of push number n (ns, whole microseconds): row ``n % RING``, a column per type."""
    random = stream(seed, 3)
    spread = random.lognormal(-0.08, 0.4, (RING, len(COSTS)))
    times = spread * np.array(COSTS) * settings.span("push_time")
    whole: Ints = np.maximum(1000, (times / 1000).astype(np.int64) * 1000)
    return whole


@dataclass(slots=True)
class Queue:
    """``PushQueue`` and ``doSendPushes`` of pilot/pkg/xds: who waits is merged, who is pushed to waits again."""

    types: list[int]
    spaces: list[int]
    reach: list[int]
    close: list[int]
    totals: list[list[int]]
    free: int
    state: list[int]
    first: list[int]
    last: list[int]
    waiting: deque[int] = field(default_factory=deque)
    running: list[tuple[int, int]] = field(default_factory=list)
    served: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def enqueue(self, session: int, number: int) -> None:
        """A round is for this connection."""
        if self.state[session] == IDLE:
            self.state[session] = WAITING
            self.waiting.append(session)
        if self.first[session] < 0:
            self.first[session] = number
        self.last[session] = number

    def advance(self, until: int) -> None:
        """Pushes that are done up to an instant make room for others."""
        while self.running and self.running[0][0] <= until:
            now, session = heapq.heappop(self.running)
            self.free += 1
            if self.first[session] >= 0:
                self.state[session] = WAITING
                self.waiting.append(session)
            else:
                self.state[session] = IDLE
            self.serve(now)

    def serve(self, now: int) -> None:
        """Push to who waits longest, as long as there is room."""
        while self.free and self.waiting:
            session = self.waiting.popleft()
            first, last = self.first[session], self.last[session]
            self.first[session] = -1
            if self.close[session] <= now:
                self.state[session] = IDLE
                continue
            types = spaces = 0
            for number in range(first, last + 1):
                types |= self.types[number]
                spaces |= self.spaces[number]
            if not spaces & self.reach[session]:
                types = 0
            self.state[session] = BUSY
            took = self.totals[len(self.served) % RING][types]
            self.served.append((session, first, last, now, types))
            heapq.heappush(self.running, (now + took, session))
            self.free -= 1


def pushes(settings: Settings, seed: int, rounds: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Every turn of a proxy in the queue of one process.

    Returns
    -------
    pandas.DataFrame
        `session`, `round_first`, `round_last` (numbers in this process), `begin` (ns), `types` (bits; 0: the
        proxy needed nothing), in the order of their beginning.
    """
    each = durations(settings, seed)
    bits = (np.arange(16)[:, None] >> np.arange(4)) & 1
    totals = each @ bits.T
    totals[:, 0] = SKIP
    count = len(sessions)
    queue = Queue(
        rounds["types"].tolist(),
        rounds["spaces"].tolist(),
        sessions["reach"].tolist(),
        sessions["close"].tolist(),
        totals.tolist(),
        settings.throttle,
        [IDLE] * count,
        [-1] * count,
        [-1] * count,
    )
    opened, closed = sessions["open"].to_numpy(), sessions["close"].to_numpy()
    for number, start in enumerate(rounds["start"].tolist()):
        queue.advance(start)
        for session in np.flatnonzero(present(opened, closed, start)).tolist():
            queue.enqueue(session, number)
        queue.serve(start)
    queue.advance(1 << 62)
    names = ["session", "round_first", "round_last", "begin", "types"]
    return pd.DataFrame(np.array(queue.served, np.int64).reshape(-1, 5), columns=names)


def present(opened: Ints, closed: Ints, now: int) -> Flags:
    """Which connections are there at an instant."""
    there: Flags = (opened <= now) & (closed > now)
    return there
