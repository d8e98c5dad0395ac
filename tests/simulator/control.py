"""The control plane between a change and the push queue: debounce, push context, rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tests.simulator.load import Ints, stream
from tests.simulator.settings import Settings

NEVER = 1 << 62
ENQUEUE = 200_000  # an endpoint-only push: no context is built, only the connections are walked


@dataclass(slots=True)
class Debounce:
    """Istio's ``debounce`` (1.1 on), as its `select` loop does it: one event after the other.

    The timer is checked before a change of the same instant. What is merged is pushed when the timer fires
    and it was quiet for `after`, or `maximum` has passed since the first change; then, from 1.3 on, nothing
    is pushed until that push has been started. A timer that fires meanwhile is lost: the loop looks again
    when the push has been started, and sets a new timer if it is too early.
    """

    after: int
    maximum: int
    context: int
    waits: bool
    every_full: bool
    late: Iterator[int]
    first: int = 0
    last: int = 0
    pending: list[int] = field(default_factory=list)
    timer: int = NEVER
    busy: int = -NEVER
    wake: int = NEVER
    full: bool = False
    decisions: list[tuple[int, int, int, bool, list[int]]] = field(default_factory=list)

    def change(self, number: int, time: int, full: bool) -> None:
        """A change comes in."""
        self.advance(time)
        self.last = time
        if not self.pending:
            self.timer = time + self.after + next(self.late)
            self.first = time
        self.pending.append(number)
        self.full |= full

    def advance(self, until: int) -> None:
        """Everything that happens up to an instant."""
        while (now := min(self.timer, self.wake)) <= until:
            if self.wake == now:
                self.wake = NEVER
                self.look(now)
            else:
                self.timer = NEVER
                if now >= self.busy or not self.waits:
                    self.look(now)

    def look(self, now: int) -> None:
        """``pushWorker``: push what is merged, or set the timer anew."""
        quiet = now - self.last
        if quiet < self.after and now - self.first < self.maximum:
            if self.pending:
                self.timer = now + self.after - quiet + next(self.late)
        elif self.pending:
            self.decisions.append((now, self.first, self.last, self.full, self.pending))
            self.busy = now + (self.context if self.full or self.every_full else ENQUEUE)
            self.wake = self.busy if self.waits else NEVER
            self.pending, self.full = [], False


@dataclass(slots=True)
class OldDebounce(Debounce):
    """The debounce of 1.0: a timer every `after`; pushes when it was quiet for more than twice that."""

    def look(self, now: int) -> None:
        """``debouncePush``."""
        if not self.pending:
            return
        if now - self.last > 2 * self.after or now - self.first > self.maximum:
            self.decisions.append((now, self.first, self.last, self.full, self.pending))
            self.pending, self.full = [], False
        else:
            self.timer = now + self.after + next(self.late)


def rounds(settings: Settings, seed: int, run: int, changes: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """The rounds of one process in the order of their starts, and the round of each change.

    Returns
    -------
    tuple of pandas.DataFrame and array
        The rounds: `decision`, `first`, `last`, `start` (ns), `events`, `full`, `debounced`, and the
        debounce's and the push context's running numbers, `debounce_id` and `version_number`.
    """
    times, full = changes["time"].tolist(), changes["full"].tolist()
    machine = (Debounce if settings.since("1.1") else OldDebounce)(
        settings.span("after"),
        settings.span("maximum"),
        settings.span("context_time"),
        settings.since("1.3"),
        settings.every_round_full,
        lateness(settings, seed, run),
    )
    bypass = not settings.eds_debounce and settings.since("1.3")
    at_once = []
    for number, (time, whole) in enumerate(zip(times, full, strict=True)):
        if bypass and not whole:
            at_once.append((time, time, time, False, [number]))
        else:
            machine.change(number, time, whole)
    machine.advance(NEVER - 1)
    merged = [(*each, True) for each in machine.decisions] + [(*each, False) for each in at_once]
    return _numbered(merged, settings, len(times))


def _numbered(
    merged: list[tuple[int, int, int, bool, list[int], bool]], settings: Settings, count: int
) -> tuple[pd.DataFrame, Ints]:
    table = pd.DataFrame(merged, columns=["decision", "first", "last", "full", "numbers", "debounced"])
    builds = table["full"].astype(bool) | settings.every_round_full
    took = np.where(builds, settings.span("context_time"), np.where(table["debounced"], ENQUEUE, 0))
    table["start"] = table["decision"].astype(np.int64) + took
    table = table.sort_values(["start", "decision"], kind="stable", ignore_index=True)
    table["events"] = [len(numbers) for numbers in table["numbers"]]
    table["debounce_id"] = table["debounced"].astype(np.int64).cumsum()
    builds = table["full"].astype(bool) | settings.every_round_full
    table["builds"] = builds
    table["version_number"] = builds.astype(np.int64).cumsum()
    of = np.full(count, -1)
    if count:
        of[np.concatenate(table["numbers"].tolist())] = np.repeat(table.index, table["events"])
    return table.drop(columns="numbers"), of


def lateness(settings: Settings, seed: int, run: int) -> Iterator[int]:
    """How late each timer fires, in whole microseconds."""
    random = stream(seed, 200 + run)
    mean = pd.Timedelta(settings.timer_slack).value / 1000
    while True:
        for late in random.exponential(mean, 1024) if mean else [0.0] * 1024:
            yield int(late) * 1000
