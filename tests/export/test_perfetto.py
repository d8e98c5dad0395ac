"""Perfetto traces, read with Perfetto's own schema: processes, tracks, slices that nest, flows that lead somewhere."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mesh import mesh, updates_of
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

import istiolog_pd as il
from istiolog_pd.export import to_perfetto

BEGIN, END, INSTANT = TrackEvent.TYPE_SLICE_BEGIN, TrackEvent.TYPE_SLICE_END, TrackEvent.TYPE_INSTANT


class Read:
    """A trace: the names of tracks and their processes, and the events."""

    def __init__(self, path: Path) -> None:
        trace = Trace()
        trace.ParseFromString(path.read_bytes())
        described = [packet.track_descriptor for packet in trace.packet if packet.HasField("track_descriptor")]
        processes = {one.uuid: one.process.process_name for one in described if one.HasField("process")}
        self.tracks = {
            one.uuid: (processes[one.parent_uuid], one.name) for one in described if not one.HasField("process")
        }
        self.clocks = [packet.clock_snapshot for packet in trace.packet if packet.HasField("clock_snapshot")]
        self.events = [packet for packet in trace.packet if packet.HasField("track_event")]

    def on(self, track: str) -> list[Any]:
        """The packets on the tracks of a name, by time."""
        own = [one for one in self.events if self.tracks[one.track_event.track_uuid][1] == track]
        return sorted(own, key=lambda one: one.timestamp)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Read:
    path = tmp_path_factory.mktemp("trace") / "mesh.pftrace"
    to_perfetto(mesh("sotw-debug"), path)
    return Read(path)


def test_a_push_line_is_a_mark_on_the_track_of_its_type(trace: Read) -> None:
    pushed = mesh("sotw-debug").to_pandas(events="xds_push")
    counted = {kind: len(trace.on(f"pushes {kind}")) for kind in ("CDS", "EDS", "LDS", "RDS")}
    assert counted == pushed["xds_type"].value_counts()[list(counted)].to_dict()


def test_a_slice_ends_before_the_next_of_its_lane_begins(trace: Read) -> None:
    """So it is drawn as it was: slices of a track must nest."""
    open_slices: dict[int, int] = defaultdict(int)
    for packet in sorted(trace.events, key=lambda one: (one.timestamp, one.track_event.type != END)):
        event = packet.track_event
        open_slices[event.track_uuid] += {BEGIN: 1, END: -1}.get(event.type, 0)
        assert open_slices[event.track_uuid] <= 1
    assert set(open_slices.values()) == {0}


def test_flows_lead_from_a_decision_to_its_round_and_from_a_round_to_updates(trace: Read) -> None:
    places: dict[int, list[str]] = defaultdict(list)
    for packet in sorted(trace.events, key=lambda one: one.timestamp):
        track = trace.tracks[packet.track_event.track_uuid][1]
        for flow in packet.track_event.flow_ids:
            places[flow].append(track)
    decided = [tracks for tracks in places.values() if tracks[0] == "debounce"]
    rounds = il.analysis.push_rounds(mesh("sotw-debug"))
    assert sum(tracks == ["debounce", "rounds"] for tracks in decided) == int(rounds["debounce_id"].notna().sum())
    followed = [tracks for tracks in places.values() if len(tracks) == 3]
    assert len(followed) > 500
    assert {tracks[0] for tracks in followed} == {"rounds"}
    # istiod prints a push after it has sent it: on one clock the proxy's update may begin before that line
    assert all(set(tracks[1:]) == {kind, f"pushes {kind}"} for *tracks, kind in map(_with_kind, followed))


def _with_kind(tracks: list[str]) -> list[str]:
    return [*tracks, min(tracks[1:], key=len)]


def test_rejections_are_those_that_envoy_counted(trace: Read) -> None:
    rejected = [one for one in trace.events if one.track_event.name.endswith(" rejected")]
    counted = updates_of("sotw-debug").groupby(["pod", "envoy", "kind", "name"], dropna=False)["rejected"].max()
    by_proxy = pd.Series([trace.tracks[one.track_event.track_uuid][0] for one in rejected]).value_counts()
    # one response that is rejected counts for each of its route tables
    truth = counted.groupby(["pod", "envoy", "kind"]).max().groupby("pod").sum()
    assert by_proxy.sort_index().to_dict() == truth[truth.gt(0)].to_dict()


def test_times_are_utc(trace: Read) -> None:
    clocks = {one.clock_id: one.timestamp for one in trace.clocks[0].clocks}
    assert clocks[1] == clocks[6] == min(one.timestamp for one in trace.events)
    first = mesh("sotw-debug").to_pandas(events="debounce")["timestamp"].min()
    assert trace.on("debounce")[1].timestamp == first.value


def test_an_empty_capture_has_nothing_to_show(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("2026-01-01T00:00:00.000000Z\tinfo\tads\tAll caches synced\n")
    with pytest.raises(ValueError, match="nothing that a trace shows"):
        to_perfetto(il.load(tmp_path / "empty.log"), tmp_path / "x.pftrace")
    assert not (tmp_path / "x.pftrace").exists()
