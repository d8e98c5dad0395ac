"""A capture as a Perfetto trace: processes, tracks, flows from decision to push to update, counters."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.export.atomic import refuse_sources, replacing
from istiolog_pd.export.perfetto.rows import NO_TIME, Counter, Events, counters_of, events_of

__all__ = ["to_perfetto"]

#: All packets are of one sequence: nothing in them is interned.
SEQUENCE = 1
#: Clocks of a trace (`BuiltinClock`): times of packets, and what they are in UTC.
REALTIME, BOOTTIME = 1, 6


def to_perfetto(capture: Capture, path: str | os.PathLike[str]) -> int:
    """Write a capture as a trace that Perfetto's UI and trace processor read.

    Parameters
    ----------
    capture
        Logs of control planes and sidecars: what they answer is shown.
    path
        The file, ``mesh.pftrace``.

    Returns
    -------
    int
        The number of slices, instants and counter values written.

    Raises
    ------
    ModuleNotFoundError
        Without the package ``perfetto`` (extra ``trace``).
    ValueError
        If the capture has nothing that a trace shows.
    FileExistsError
        If `path` is one of the sources.

    Notes
    -----
    A process for each run of a control plane has the tracks ``debounce``, ``rounds`` and ``pushes TYPE``, and counters
    of connected proxies, pushed bytes and merged events; a process for each proxy has its updates by type, from the
    push to Envoy's own line, its clusters while they warm, and its start. Flows lead from a decision to its round, to
    the round's pushes, and on to the updates that they became. Slices that overlap are on tracks of their own. Times
    are UTC; those of sidecars are moved by the offset of their clock as in `analysis.timeline`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> from istiolog_pd.export import to_perfetto
    >>> to_perfetto(il.load("data/seed/pilot.log"), "/dev/null")
    33
    """
    try:
        from perfetto.trace_builder.proto_builder import StreamingTraceProtoBuilder
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a trace needs the package perfetto: pip install 'istiolog_pd[trace]'") from None
    path = Path(path)
    refuse_sources(path, capture.files)
    events, counters = [one for one in events_of(capture) if len(one.start)], list(counters_of(capture))
    first = min((min(one.start) for one in events), default=None)
    if first is None:
        raise ValueError("this capture has nothing that a trace shows: no push decision, push, update or start")
    with replacing(path, capture.files) as file:
        return _Writer(StreamingTraceProtoBuilder(file)).write(first, events, counters)


class _Writer:
    """Packets of a trace: what describes tracks is written when a track is first used."""

    def __init__(self, builder: Any) -> None:
        self._builder = builder
        self._ids = count(1)
        self._known: dict[tuple[str, ...], int] = {}
        self.written = 0

    def write(self, first: int, events: list[Events], counters: list[Counter]) -> int:
        """Write all, and tell how much."""
        self._clock(first)
        for one in events:
            self._events(one)
        for counter in counters:
            self._counter(counter)
        return self.written

    def _packet(self, time: int | None = None) -> Any:
        packet = self._builder.create_packet()
        packet.trusted_packet_sequence_id = SEQUENCE
        if time is not None:
            packet.timestamp = time
        return packet

    def _clock(self, first: int) -> None:
        """Say that the trace's time is UTC."""
        packet = self._packet(first)
        for clock in (BOOTTIME, REALTIME):
            snapshot = packet.clock_snapshot.clocks.add()
            snapshot.clock_id, snapshot.timestamp = clock, first
        self._builder.write_packet(packet)

    def _track(self, *names: str, unit: str | None = None) -> int:
        """The ID of a process, or of a track in it; the same names are the same track."""
        known = self._known.get(names)
        if known is not None:
            return known
        parent = self._track(names[0]) if len(names) > 1 else None
        own = self._known[names] = next(self._ids)
        packet = self._packet()
        packet.track_descriptor.uuid = own
        if parent is None:
            packet.track_descriptor.process.pid = own
            packet.track_descriptor.process.process_name = names[0]
        else:
            packet.track_descriptor.parent_uuid = parent
            packet.track_descriptor.name = names[1]
        if unit is not None:
            packet.track_descriptor.counter.unit_name = unit
        self._builder.write_packet(packet)
        return own

    def _events(self, events: Events) -> None:
        from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackEvent

        for at, lane in _lanes(events):
            process, name = events.process[at], events.track[at]
            track = self._track(process, name, str(lane))
            start, end = events.start[at], events.end[at]
            packet = self._packet(start)
            event = packet.track_event
            event.track_uuid, event.name = track, events.name[at]
            event.type = TrackEvent.TYPE_INSTANT if end == NO_TIME else TrackEvent.TYPE_SLICE_BEGIN
            event.flow_ids.extend(events.flows[at] if events.flows else ())
            for key, value in events.notes[at].items():
                if pd.notna(value):
                    note = event.debug_annotations.add()
                    note.name, note.string_value = str(key), str(value)
            self._builder.write_packet(packet)
            self.written += 1
            if end != NO_TIME:
                packet = self._packet(max(start, end))
                packet.track_event.track_uuid, packet.track_event.type = track, TrackEvent.TYPE_SLICE_END
                self._builder.write_packet(packet)

    def _counter(self, counter: Counter) -> None:
        from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackEvent

        if not len(counter.times):
            return
        track = self._track(counter.process, counter.name, "counter", unit=counter.unit)
        for time, value in zip(counter.times, counter.levels, strict=True):
            packet = self._packet(time)
            event = packet.track_event
            event.track_uuid, event.type, event.counter_value = track, TrackEvent.TYPE_COUNTER, value
            self._builder.write_packet(packet)
            self.written += 1


def _lanes(events: Events) -> Iterator[tuple[int, int]]:
    """Each event in the order of time, with the first lane of its track that is free then: slices must not cross."""
    busy: dict[tuple[str, str], list[tuple[int, int]]] = {}
    free: dict[tuple[str, str], list[int]] = {}
    for at in sorted(range(len(events.start)), key=events.start.__getitem__):
        place = events.process[at], events.track[at]
        start, end = events.start[at], events.end[at]
        if end == NO_TIME:
            yield at, 0
            continue
        ends, lanes = busy.setdefault(place, []), free.setdefault(place, [])
        while ends and ends[0][0] <= start:
            heapq.heappush(lanes, heapq.heappop(ends)[1])
        lane = heapq.heappop(lanes) if lanes else len(ends)
        heapq.heappush(ends, (max(start, end), lane))
        yield at, lane
