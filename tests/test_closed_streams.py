"""Streams that closed, by both sides, and storms of new ones: held against what was done to a recorded mesh."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from mesh import mesh, recorded

import istiolog_pd as il
from istiolog_pd import analysis

each_mesh = pytest.mark.parametrize("name", ["info", "sotw-debug"])
START = pd.Timestamp("2026-01-01T00:00:00Z")
POD = "web-7c9d8b6f5-x2k4p.shop"


def at(seconds: float) -> str:
    """A time as Istio prints it."""
    return (START + pd.Timedelta(seconds, "s")).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sidecar(*lines: str) -> il.Capture:
    """The log of a proxy alone."""
    file = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    file.name = f"proxy-{POD}.log"
    return il.load(file)


@each_mesh
def test_streams_end_by_what_was_done(name: str) -> None:
    """istiod was stopped and started again, one Envoy killed, one proxy told to terminate: nothing else ended."""
    done = recorded(f"{name}/actions.tsv").set_index("action")
    table = analysis.closed_streams(mesh(name))
    by = {str(reason): own for reason, own in table.groupby("reason", observed=True)}
    assert {reason: len(own) for reason, own in by.items()} == {"restart": 21, "proxy restart": 1, "gone": 1}
    assert by["proxy restart"]["proxy"].tolist() == [done.loc["envoy_SIGKILL", "object"]]
    assert by["proxy restart"]["harmless"].tolist() == [False] and "died" in by["proxy restart"]["why"].iloc[0]
    assert by["gone"]["proxy"].tolist() == [done.loc["proxy_SIGTERM", "object"]]
    assert by["gone"]["harmless"].tolist() == [True]
    assert by["restart"]["harmless"].all() and (by["restart"]["gap_high"] < pd.Timedelta("1min")).all()


def test_the_proxies_own_lines_tell_when_the_stream_broke() -> None:
    """At debug Envoy and the agent log it: within the moment that istiod was told to stop."""
    done = recorded("sotw-debug/actions.tsv").set_index("action")
    stopped, exited = done.loc["istiod_SIGTERM", "time"], done.loc["istiod_exited", "time"]
    own = analysis.closed_streams(mesh("sotw-debug")).query("reason == 'restart'")
    assert own["seen"].notna().all() and own["grpc_code"].eq(14).all()
    assert own["seen"].between(stopped, exited + pd.Timedelta("0.1s")).all()


def test_maximum_age_is_harmless() -> None:
    """With the flag that the log prints; and by the proxy's log alone, by the age of its stream."""
    table = analysis.closed_streams(il.load("data/mesh-1.30.3/cases/maximum-age.log"))
    assert table["reason"].tolist() == ["maximum age"] * 3 and table["harmless"].all()
    connected = "info\txdsproxy\tconnected to delta upstream XDS server: istiod:15012\tid=1"
    closed = "warning\tenvoy config\tDeltaAggregatedResources gRPC config stream to xds-grpc closed: {}\tthread=1"
    for seconds, code, reason, harmless in (
        (1800, "0, ", "maximum age", True),
        (1750, "13, ", "maximum age", True),
        (60, '14, connection error: desc = "transport: Error while dialing: connection refused"', "unreachable", False),
        (60, "14, upstream connect error or disconnect/reset: connection reset by peer", "network", False),
        (60, "8, request rate limit exceeded: ResourceExhausted", "overload", False),
    ):
        capture = sidecar(f"{at(0)}\t{connected}", f"{at(seconds)}\t{closed.format(code)}")
        (row,) = analysis.closed_streams(capture).to_dict("records")
        assert (row["proxy"], row["reason"], row["harmless"]) == (POD, reason, harmless), code
        assert row["duration"] == pd.Timedelta(seconds, "s") and "alone" in row["why"]


@each_mesh
def test_a_restart_brings_a_storm(name: str) -> None:
    """All proxies but the one that was stopped for good come back, and each asks for four types."""
    restarted = recorded(f"{name}/actions.tsv").set_index("action").loc["istiod_restart", "time"]
    (storm,) = analysis.reconnect_storms(mesh(name)).to_dict("records")
    assert (storm["proxies"], storm["reason"]) == (21, "restart")
    assert restarted < storm["start"] < storm["end"] < restarted + pd.Timedelta("10s")
    pushes = analysis.pushes(mesh(name))
    asked = pushes[pushes["push_type"].eq("request") & pushes["run"].eq(storm["run"])]
    asked = asked[asked["timestamp"] <= storm["end"] + pd.Timedelta("30s")]
    assert 4 * 21 <= storm["pushes"] <= len(asked)
    assert 0.05 < storm["share"] < 0.15


def test_nothing_ended() -> None:
    """A reason, not an error."""
    capture = sidecar(f'{at(0)}\tinfo\tFLAG: --concurrency="0"', f"{at(1)}\tinfo\txdsproxy\tInitializing")
    empty = analysis.closed_streams(capture)
    assert empty.empty and "no line of either side" in empty.attrs["coverage"]
    assert "connection" in analysis.reconnect_storms(capture).attrs["coverage"]
