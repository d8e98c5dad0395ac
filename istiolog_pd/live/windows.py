"""A log that is still being written, counted in windows of time, in constant memory.

Bytes go in as they come, windows come out when they are over. An entry is counted once it is whole:
when the next one begins, or when nothing has come for a while (`Watch.flush`). What kubectl, stern or a
container runtime puts around lines is removed, and entries are kept apart by container.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine import choose_engine
from istiolog_pd.engine.reference.headers import STARTS, header
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.sources.wrappers import StreamingUnwrapper

SECOND = 1_000_000_000

#: The types that have a column of their own.
TYPES = ("CDS", "EDS", "LDS", "RDS")
KINDS = ("full", "incremental", "request")
#: Events that say that something went wrong.
FAILURES = ("xds_nack", "xds_send_failure", "xds_rate_limited", "xds_rejected")
#: More than this is never held back, however long an entry is.
MAX_HELD = 4 << 20


@dataclass(slots=True)
class Window:
    """What was printed in one window of time.

    `start` is its first moment in nanoseconds since 1970 UTC, null before any line printed a time;
    `pushes` counts by xDS type and by kind of push, `decisions` are pushes that the debounce let go and
    `events` what it merged into them, `debounce` the longest time it took, in nanoseconds; `failures`
    are NACKs and pushes that could not be sent, `errors` entries at level error or above.
    """

    start: int | None = None
    entries: int = 0
    pushes: Counter[str] = field(default_factory=Counter)
    decisions: int = 0
    events: int = 0
    debounce: int = 0
    opened: int = 0
    closed: int = 0
    failures: int = 0
    errors: int = 0

    @property
    def sent(self) -> int:
        """All pushes."""
        return sum(self.pushes[kind] for kind in KINDS)

    def add(self, other: Window) -> None:
        """Count another stretch of the same window."""
        self.start = other.start if self.start is None else self.start
        self.pushes += other.pushes
        self.debounce = max(self.debounce, other.debounce)
        for name in ("entries", "decisions", "events", "opened", "closed", "failures", "errors"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Watch:
    r"""Counts a log as it comes.

    Parameters
    ----------
    seconds
        The length of a window, by the times that the entries print.
    component
        Component of the log: ``pilot`` or ``agent``; empty: detected.

    Examples
    --------
    >>> watch = Watch(seconds=10)
    >>> line = "2026-11-23T17:28:4{}.929503Z\tinfo\tads\tCDS: PUSH for node:web-1.shop resources:42\n"
    >>> watch.feed((line.format(1) + line.format(2)).encode())
    []
    >>> [window.pushes["CDS"] for window in watch.flush()]
    [2]
    """

    def __init__(self, *, seconds: int = 10, component: str = "") -> None:
        self.size = seconds * SECOND
        self.component = component
        self.total = Window()
        self.current = Window()
        self._live = StreamingUnwrapper(lambda line, what: None)
        #: Of each container the text held back, and its component.
        self._held: dict[int, bytes] = {}
        self._components: dict[int, str] = {}

    def feed(self, data: bytes) -> list[Window]:
        """Take some bytes; the windows that are over."""
        whole = {}
        for key, text in self._live.feed(data).items():
            held = self._held.pop(key, b"") + text
            cut = _last_entry(held)
            whole[key], self._held[key] = held[:cut], held[cut:]
        if sum(map(len, self._held.values())) > MAX_HELD:
            whole = _joined(whole, self._held)
            self._held = {}
        return list(self._taken(whole))

    def settle(self) -> list[Window]:
        """Count what was held back, because nothing comes after it; the windows that are over by that."""
        whole, self._held = _joined(self._held, self._live.settle()), {}
        return list(self._taken(whole))

    def flush(self) -> list[Window]:
        """Count what was held back; all windows, the current one too."""
        whole, self._held = _joined(self._held, self._live.flush()), {}
        over = list(self._taken(whole))
        if self.current.entries:
            over.append(self.current)
        self.current = Window()
        return over

    def _taken(self, whole: dict[int, bytes]) -> Iterator[Window]:
        windows = [window for key, text in whole.items() if text for window in self._read(key, text)]
        for window in sorted(windows, key=lambda one: -1 if one.start is None else one.start):
            self.total.add(window)
            later = window.start is not None and self.current.start is not None and window.start > self.current.start
            if later:
                yield self.current
                self.current = Window()
            self.current.add(window)

    def _read(self, key: int, text: bytes) -> Iterator[Window]:
        """The entries of one container, by window."""
        tables = choose_engine.read([text], "-", self.component or self._components.get(key, ""))
        if _is_sidecar(tables):
            # What a sidecar's agent prints of istiod's own kind is never istiod's.
            self._components[key] = "agent"
        return _windows(tables, self.size)


def _joined(one: dict[int, bytes], other: dict[int, bytes]) -> dict[int, bytes]:
    """What came of each container, the later behind the earlier."""
    return {key: one.get(key, b"") + other.get(key, b"") for key in {**one, **other}}


def _last_entry(held: bytes) -> int:
    """Where the last entry begins: what may follow it is not here yet. 0 if there is only one."""
    end = held.rfind(b"\n") + 1
    while end > 0:
        start = held.rfind(b"\n", 0, end - 1) + 1
        text = held[start:end].rstrip(b"\r\n").decode(errors="replace")
        if text[:1] in STARTS and (text[:1] == "{" or header(1, text) is not None):
            return start
        end = start
    return 0


def _is_sidecar(tables: SourceTables) -> bool:
    return bool({"envoy", "agent"} & set(tables.events["component"].unique().to_pylist()))


def _windows(tables: SourceTables, size: int) -> Iterator[Window]:
    """The entries of some tables by window; one that prints no time, or an older one, is of the newest so far."""
    times = tables.events["timestamp"].cast(pa.int64()).fill_null(-1).to_numpy()
    number = np.maximum.accumulate(np.where(times >= 0, times // size, -1))
    for one in np.unique(number).tolist():
        window = _counted(tables, np.flatnonzero(number == one))
        window.start = one * size if one >= 0 else None
        yield window


def _counted(tables: SourceTables, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Window:
    """What some entries say."""
    picked = pa.array(rows)
    own = {event: table.filter(pc.is_in(table["row"], picked)) for event, table in tables.tables.items()}
    levels = Counter(tables.events["level"].take(picked).to_pylist())
    window = Window(entries=len(rows), errors=levels["error"] + levels["fatal"] + levels["critical"])
    if "xds_push" in own:
        pushes = own["xds_push"]
        window.pushes.update(kind for kind in pushes["push_type"].to_pylist() if kind)
        window.pushes.update(name if name in TYPES else "other" for name in pushes["xds_type"].to_pylist())
    if "debounce" in own:
        decisions = own["debounce"].filter(pc.invert(own["debounce"]["rearmed"].fill_null(False)))
        window.decisions = decisions.num_rows
        window.events = pc.sum(decisions["debounced_events"]).as_py() or 0
        window.debounce = pc.max(decisions["debounce_time"].cast(pa.int64())).as_py() or 0
    window.opened = own["connection_open"].num_rows if "connection_open" in own else 0
    window.closed = own["connection_close"].num_rows if "connection_close" in own else 0
    window.failures = sum(own[event].num_rows for event in FAILURES if event in own)
    return window
