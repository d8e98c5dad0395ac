"""The simulator: what is read of its logs is what is true of it, in the format of every version."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

import istiolog_pd as il
from istiolog_pd import analysis
from tests.simulator import Settings, Simulation, simulate
from tests.simulator.__main__ import write
from tests.simulator.control import Debounce
from tests.simulator.text import byte_count, duration

SMALL = Settings(
    duration="15s", proxies=8, scoped=0.3, delta=0.5, nack_share=0.05, flaps_per_hour=200, restarts=("9s",)
)
MS = 1_000_000


def small(**changed: Any) -> Settings:
    """The small mesh with some other settings."""
    return Settings(**{**{name: getattr(SMALL, name) for name in SMALL.__slots__}, **changed})


def read(run: Simulation) -> il.Capture:
    """The capture of a simulated control plane's log."""
    return il.load(io.BytesIO(run.istiod_log()))


def decided(*times: int, full: bool = False, **changed: Any) -> list[tuple[int, int]]:
    """When the debounce lets pushes go that changes at these times (ms) make, and how many changes each has."""
    rules = {"after": 100, "maximum": 10_000, "context": 20, **changed}
    spans = {name: span * MS for name, span in rules.items()}
    machine = Debounce(**spans, waits=True, every_full=False, late=iter([0] * 1000))
    for number, time in enumerate(times):
        machine.change(number, time * MS, full)
    machine.advance(1 << 61)
    return [(at // MS, len(merged)) for at, _, _, _, merged in machine.decisions]


# ---- the debounce, by hand ----


def test_a_change_is_pushed_when_it_was_quiet() -> None:
    assert decided(0, 50, 99) == [(199, 3)]
    assert decided(0, 100) == [(100, 1), (200, 1)]
    assert decided(0, 99, 198, 400) == [(298, 3), (500, 1)]


def test_the_maximum_counts_when_the_timer_fires() -> None:
    assert decided(*range(0, 1000, 60), maximum=300) == [(340, 6), (700, 6), (1060, 5)]


def test_a_push_waits_for_the_context_of_the_one_before() -> None:
    assert decided(0, 150, 220, full=True, context=500) == [(100, 1), (600, 2)]
    assert decided(0, 150, 560, full=True, context=500) == [(100, 1), (660, 2)]
    assert decided(0, 150, 220, context=500) == [(100, 1), (320, 2)]


# ---- texts as Go prints them ----


def test_sizes_and_durations() -> None:
    assert [byte_count(size) for size in (0, 999, 1000, 999_999)] == ["0B", "999B", "1.0kB", "1000.0kB"]
    assert [duration(time) for time in (1, 20_000, 100 * MS, 3_600_000 * MS)] == ["1ns", "20µs", "100ms", "1h0m0s"]


# ---- logs and truth ----


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.3", "1.7", "1.9", "1.14", "1.31"])
def test_every_line_is_known_and_counted(version: str) -> None:
    """No version's log has a line without an event; decisions, rounds, rejections are all there."""
    run = simulate(small(version=version, json=version > "1.2"), seed=1)
    capture, true = read(run), run.truth
    assert not {"other", "unparsed"} & set(capture)
    assert capture["debounce"].num_rows == len(true.debounces)
    assert capture["push_start"].num_rows == len(true.rounds)
    assert capture["xds_nack"].num_rows == true.pushes["rejected"].sum() > 0
    sidecar = il.load(io.BytesIO(run.sidecar_log(run.pods["proxy"][0])), component="agent")
    assert not {"other", "unparsed"} & set(sidecar)
    assert {"listener_update", "cds_update" if run.settings.since("1.4") else "cluster_warmed"} <= set(sidecar)


@pytest.mark.parametrize("version", ["1.1", "1.7", "1.30"])
def test_decisions_are_read_as_they_were(version: str) -> None:
    run = simulate(small(version=version), seed=2)
    table = analysis.debounces(read(run))
    names = ["timestamp", "start", "quiet_time", "debounce_time"]
    assert_frame_equal(table[names], run.truth.debounces[names])
    for name in ("events", "full", "debounce_id"):
        assert table[name].tolist() == run.truth.debounces[name].tolist()


@pytest.mark.parametrize(("version", "debug"), [("1.2", False), ("1.9", True), ("1.21", True), ("1.31", True)])
def test_pushes_are_read_as_they_were(version: str, debug: bool) -> None:
    """At debug, and before 1.5 at info too, every push that was sent has its line."""
    run = simulate(small(version=version, debug=debug), seed=3)
    lines = read(run).to_pandas(events="xds_push")
    sent = run.truth.pushes[~run.truth.pushes["failed"]].reset_index(drop=True)
    order = ["sent", "proxy", "xds_type"]
    lines = lines.rename(columns={"timestamp": "sent"}).astype({"xds_type": str}).sort_values(order, ignore_index=True)
    sent = sent.astype({"xds_type": str}).sort_values(order, ignore_index=True)
    for name in order:
        assert_series_equal(lines[name], sent[name])
    if run.settings.since("1.9"):
        assert lines["resources"].tolist() == sent["resources"].tolist()
        assert (lines["size_bytes"].astype(float) / sent["size_bytes"]).sub(1).abs().max() < 0.051
    if version == "1.21":
        assert (lines["push_type"] == "request").tolist() == sent["push_type"].eq("request").tolist()


def test_rounds_hold_their_pushes() -> None:
    """The true round of a push is never outside of what its line is said to allow."""
    run = simulate(small(debug=True, restarts=(), throttle=2, endpoint_rate=5.0), seed=4)
    table = analysis.pushes(read(run))
    true = run.truth.pushes[~run.truth.pushes["failed"]].reset_index(drop=True)
    assert table["timestamp"].tolist() == true["sent"].tolist()
    of_round = (true["push_type"] != "request") & table["round"].notna()
    assert of_round.sum() > 50
    assert (table["round_first"] <= true["round"])[of_round].all()
    assert (true["round"] <= table["round_last"])[of_round].all()


def test_two_logs_of_one_push() -> None:
    """At debug the nonce joins both logs; the proxy's clock is off by what the truth says."""
    run = simulate(small(debug=True, delta=1.0, restarts=(), clock_offset="50ms"), seed=5)
    pod = run.pods.iloc[2]
    agent = il.load(io.BytesIO(run.sidecar_log(pod["proxy"]))).to_pandas(events="xds_response")
    mine = run.truth.pushes.set_index("nonce").loc[agent["nonce"]]
    late = agent["timestamp"].to_numpy() - mine["received"].to_numpy()
    assert set(pd.to_timedelta(late).as_unit("ns").asi8) == {pod["offset"]}
    assert set(mine["proxy"]) == {pod["proxy"]}


def test_metrics_count_what_is_true() -> None:
    run = simulate(small(debug=True), seed=6)
    capture = il.load(io.BytesIO(run.istiod_log(1)))
    values = run.metrics().set_index(["metric", "labels"])["value"]
    lines = capture.to_pandas(events="xds_push")["xds_type"].value_counts()
    failed = run.truth.pushes.query("run == 1 and failed")["xds_type"].value_counts()
    for name in ("CDS", "EDS", "LDS", "RDS"):
        assert values["pilot_xds_pushes", f'type="{name.lower()}"'] == lines[name] + failed.get(name, 0)
    assert values["pilot_debounce_time_count", ""] == capture["debounce"].num_rows
    still = run.truth.connections.query("run == 1 and close.isna()")
    assert values["pilot_xds", 'version="1.30.0"'] == len(still) == SMALL.proxies
    assert 'pilot_xds{version="1.30.0"} 8\n' in run.metrics_text()


def test_the_same_seed_gives_the_same_logs_and_other_settings_meet_the_same_load() -> None:
    one, same, other = simulate(SMALL, seed=7), simulate(SMALL, seed=7), simulate(small(after="1s"), seed=7)
    assert one.istiod_log() == same.istiod_log() != other.istiod_log()
    for name in ("time", "config_name"):
        assert one.truth.changes[name].tolist() == other.truth.changes[name].tolist()
    assert simulate(SMALL, seed=8).truth.changes["time"].tolist() != one.truth.changes["time"].tolist()


@settings(max_examples=4)
@given(
    seed=st.integers(0, 1000),
    proxies=st.integers(0, 5),
    services=st.integers(1, 9),
    version=st.sampled_from(["1.0", "1.3", "1.24", "1.31"]),
    eds_debounce=st.booleans(),
)
def test_any_mesh_can_be_simulated(seed: int, proxies: int, services: int, version: str, eds_debounce: bool) -> None:
    mesh = Settings(
        duration="10s", proxies=proxies, services=services, version=version, eds_debounce=eds_debounce, throttle=1
    )
    run = simulate(mesh, seed)
    assert run.truth.changes["round"].ge(0).all()
    assert run.truth.rounds["events"].sum() == len(run.truth.changes)
    times = run.truth.pushes[["built", "sent", "received", "applied", "acknowledged"]].dropna()
    for before, after in zip(times.columns[:-1], times.columns[1:], strict=True):
        assert (times[before] < times[after]).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"version": "2.0"}, "version is one of 1.0 to 1.31, not '2.0'"),
        ({"after": "0ms"}, "after is a span above zero"),
        ({"scoped": 1.5}, "scoped is a share between 0 and 1"),
        ({"throttle": 0}, "throttle is 0: too few"),
    ],
)
def test_what_cannot_be_simulated_is_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings(**wrong)


def test_no_such_proxy() -> None:
    with pytest.raises(ValueError, match="no proxy 'x'"):
        simulate(SMALL).sidecar_log("x")


def test_the_sample_says_that_it_is_synthetic_and_its_metrics_are_its_own(data: Path) -> None:
    log = gzip.decompress((data / "synthetic-1.30" / "discovery.log.gz").read_bytes())
    metrics = dict(line.rsplit(" ", 1) for line in (data / "synthetic-1.30" / "metrics.txt").read_text().splitlines())
    assert int(metrics["pilot_debounce_time_count"]) == log.count(b"Push debounce stable[")
    assert int(metrics['pilot_xds_pushes{type="cds"}']) >= log.count(b"CDS: PUSH ") > 1000
    assert "**synthetic**" in (data / "SOURCES.md").read_text(encoding="utf-8")


def test_files(tmp_path: Path) -> None:
    """A folder of files, as the command writes it, is a capture."""
    run = simulate(small(version="1.22"), seed=9)
    write(run, tmp_path, sidecars=1)
    assert il.load(tmp_path / "discovery.log.gz")["debounce"].num_rows == len(run.truth.debounces)
    assert len(list(tmp_path.glob("istio-proxy-*.log.gz"))) == 1
    assert (tmp_path / "metrics.txt").read_text() == run.metrics_text()
