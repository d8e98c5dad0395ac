"""Lines that the kernel leaves alone: the reference reads them, and what it finds joins the kernel's entries."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.engine.kernel import entry as f
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.text import NOT_A_TIME
from istiolog_pd.engine.kernel.words import FULL, number_in
from istiolog_pd.engine.program import EVENT_NUMBER, LEVEL_NAMES
from istiolog_pd.engine.reference.entries import Entries
from istiolog_pd.engine.reference.headers import Entry
from istiolog_pd.engine.reference.labels import TABS_LOST
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.engine.reference.timestamps import Clock, parser
from istiolog_pd.engine.vocabulary import Vocabulary
from istiolog_pd.formats.layouts import JSON_LAYOUTS
from istiolog_pd.formats.template import COMPONENTS

#: By name: number and keys of the JSON layouts that say which keys are columns.
KEYS_OF = {one.name: (number, tuple(one.fields)) for number, one in enumerate(JSON_LAYOUTS) if one.fields}

#: So many lines at least, then twice as many, and so on, while the kernel stops at once again.
FEWEST, MOST = 1, 1 << 12


@dataclass(slots=True)
class OddLines:
    """Reads stretches of a chunk's segments line by line."""

    vocabulary: Vocabulary
    lines: Lines = field(default_factory=lambda: Lines(()))
    entries: Entries = field(init=False)
    #: Entries read here, by number.
    read: dict[int, Entry] = field(default_factory=dict)
    undated: list[tuple[int, str]] = field(default_factory=list)
    #: Those of this segment.
    _new: list[int] = field(default_factory=list)
    _stretch: int = FEWEST
    _came_to: int = -1

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin a segment: nothing is open."""
        self.entries, self._came_to = Entries(self.lines), -1
        self._new.clear()

    def go_on(self, raw: bytes, state: np.ndarray, found: e.Found) -> e.Found:
        """Read a stretch from where the kernel stopped, until nothing is cut."""
        at, number, opened = int(state[f.AT]), int(state[f.LINE]), int(state[f.OPEN])
        self._stretch = min(self._stretch * 2, MOST) if at == self._came_to else FEWEST
        kernels = self._open(raw, found, opened)
        self.entries.resume(kernels)
        end, left = len(raw), self._stretch
        while at < end and (left > 0 or not self.entries.settled):
            stop = raw.find(b"\n", at, end)
            stop = end if stop < 0 else stop
            self.entries.take(number, raw[at:stop].decode())
            at, number, left = stop + 1, number + 1, left - 1
        count = int(state[f.COUNT])
        state[f.OPEN] = -1
        begun = self.entries.begun
        if count + len(begun) > len(found.times):
            found = e.with_room(found, 2 * (count + len(begun)))
        for entry in begun:
            self._enter(entry, count, found)
            if entry is self.entries.opened:
                state[f.OPEN] = count
            count += 1
        if kernels is not None and opened not in self.read and len(kernels.parts) > 1:
            self.read[opened] = kernels
            self._new.append(opened)
            found.fields[opened, e.PLACE] = e.IN_SIDE
            found.fields[opened, e.TABS] = 1
        if kernels is not None and kernels is self.entries.opened:
            state[f.OPEN] = opened
        state[f.AT], state[f.LINE], state[f.COUNT] = min(at, end), number, count
        self._came_to = int(state[f.AT])
        return found

    def _open(self, raw: bytes, found: e.Found, opened: int) -> Entry | None:
        """The open entry as the reference has it."""
        if opened < 0:
            return None
        if opened in self.read:
            return self.read[opened]
        # Of JSON, whose message is not in the log, no entry stays open.
        of = found.fields[opened]
        message = raw[of[e.BEGIN] : of[e.END]].decode()
        return Entry(int(of[e.LINE]), "taken by the kernel", [message])

    def _enter(self, entry: Entry, n: int, found: e.Found) -> None:
        self.read[n] = entry
        self._new.append(n)
        of = found.fields[n]
        of[e.PLACE] = e.IN_SIDE
        of[e.LINE] = entry.line
        found.times[n] = self._time(entry, n)
        of[e.LEVEL] = LEVEL_NAMES.index(entry.level) if entry.level else -1
        of[e.SCOPE_OF] = self._word(f.SCOPE, entry.scope)
        of[e.CALLER_OF] = self._word(f.CALLER, entry.caller)
        told = (entry.thread, entry.epoch)
        found.rare[n] = [e.NOTHING if one is None else one for one in told]
        of[e.RARE] = sum(1 << number for number, one in enumerate(told) if one is not None)
        of[e.EVENT] = EVENT_NUMBER[entry.event] if entry.event else -1
        of[e.COMPONENT] = COMPONENTS.index(entry.component) if entry.component else -1
        of[e.HEADER] = bool(entry.layout)
        of[e.LOST] = entry.layout in TABS_LOST
        of[e.LAYOUT] = of[e.KEYS] = -1
        of[e.TABS] = 1

    def _time(self, entry: Entry, n: int) -> int:
        if entry.clock == "klog":
            self.undated.append((n, entry.time))
        elif entry.clock:
            time = parser(Clock(), entry.clock)(entry.time)
            return NOT_A_TIME if time is None else time
        return NOT_A_TIME

    def _word(self, group: int, text: str | None) -> int:
        if text is None:
            return -1
        raw = np.frombuffer(text.encode() or b"\0", np.uint8)
        size = len(text.encode())
        while (number := number_in(tuple(self.vocabulary.table), group, raw, size)) == FULL:
            self.vocabulary.grow(size)
        return int(number)

    def side(self, found: e.Found) -> np.ndarray:
        """The messages of the entries read here of this segment; notes in `found` where each stands."""
        text = bytearray()
        for n in self._new:
            entry = self.read[n]
            found.fields[n, e.BEGIN] = len(text)
            text += entry.message.encode()
            found.fields[n, e.END] = len(text)
        return np.frombuffer(bytes(text) or b"\0", np.uint8)

    def keys(self, found: e.Found, ends: np.ndarray, used: int) -> tuple[np.ndarray, bytes]:
        """The keys that are columns of the JSON lines read here: their places, and texts to follow the messages."""
        texts = bytearray()
        places: list[tuple[int, int]] = []
        for n, entry in self.read.items():
            if entry.layout not in KEYS_OF:
                continue
            number, keys = KEYS_OF[entry.layout]
            values = dict(entry.fields)
            found.fields[n, e.LAYOUT], found.fields[n, e.KEYS] = number, used + len(places)
            for key in keys:
                begin = int(ends[-1]) + len(texts) - int(ends[n])
                texts += values.get(key, "").encode()
                places.append((begin, int(ends[-1]) + len(texts) - int(ends[n])) if key in values else (-1, -1))
        return np.array(places, np.int64).reshape(-1, 2), bytes(texts)
