"""Debounce replay: by hand, on real logs, and against simulated control planes with the other settings."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import loglines
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from loglines import at, debounce

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.debounce_replay.debounce_replay import _row
from istiolog_pd.analysis.debounce_replay.recorded import Recorded, contexts, load_of
from istiolog_pd.analysis.debounce_replay.totals import recorded_delays, replay
from tests.simulator import Settings, Simulation, control, simulate

Real = Callable[[str], il.Capture]
Lines = Callable[..., il.Capture]

BOUNDS = ("pushes", "full_pushes", "delay_median", "delay_max")
#: A control plane whose clock is ideal, and whose proxies are never so slow that pushes wait.
IDEAL = Settings(
    start="2026-01-01T00:00:00Z",
    duration="1s",
    timer_slack="0",
    proxies=2,
    push_time="2us",
    network="10us",
    apply_time="10us",
    nack_share=0,
    context_time="5ms",
)


def truth(run: Simulation) -> dict[str, Any]:
    """What a row of a replay bounds."""
    rounds, delays = run.truth.rounds, run.truth.changes["delay"]
    return {
        "pushes": len(rounds),
        "full_pushes": rounds["full"].sum(),
        "delay_median": pd.Timedelta(int(np.median(delays.to_numpy("timedelta64[ns]").astype(np.int64)))),
        "delay_max": delays.max(),
        "proxies": rounds["proxies"].sum(),
        "size_bytes": rounds["size_bytes"].sum(),
    }


def read(run: Simulation) -> il.Capture:
    """The capture of its log."""
    return il.load(io.BytesIO(run.istiod_log()))


def pushed(seconds: float, number: int, events: int, quiet: str, total: str, full: str = "true") -> list[str]:
    """A decision and the round that it begins, 1 ms later."""
    begun = loglines.full if full == "true" else loglines.incremental
    decision = debounce(seconds, number, quiet, total, f", full={full}", events=events)
    return [decision, begun(seconds + 0.001, number)]


def ms(column: pd.Series[Any]) -> list[float]:
    """Spans in milliseconds."""
    return (column / pd.Timedelta("1ms")).tolist()


# ---- by hand ----


def test_a_longer_debounce_merges(lines: Lines) -> None:
    """Changes at 0 and 0.05, at 0.3, and at 1: as many pushes; 0.25 later only two of them."""
    capture = lines(
        *pushed(0.15, 1, 2, "100ms", "150ms"),
        *pushed(0.40, 2, 1, "100ms", "100ms"),
        *pushed(1.10, 3, 1, "100ms", "100ms", "false"),
    )
    table = analysis.debounce_replay(capture, after=["30ms", "100ms", "300ms", "1s"])
    assert table["recorded"].tolist() == [True, False, False, False, False]
    assert table["pushes_low"].tolist() == table["pushes_high"].tolist() == [3, 4, 3, 2, 1]
    assert table["full_pushes_low"].tolist() == [2, 2, 2, 1, 1]
    assert table["full_pushes_high"].tolist() == [2, 3, 2, 1, 1]  # one of the two apart can be of endpoints
    assert ms(table["delay_max_low"]) == ms(table["delay_max_high"]) == [150, 30, 150, 600, 2000]
    assert ms(table["delay_median_low"]) == [100, 30, 100, 425, 1825]
    assert ms(table["after"]) == [100, 30, 100, 300, 1000]


def test_what_hides_makes_bounds(lines: Lines) -> None:
    """Ten changes within 900 ms: with 50 ms they may be ten pushes, or one."""
    table = analysis.debounce_replay(lines(*pushed(1.0, 1, 10, "100ms", "1s")), after=["50ms", "100ms", "2s"])
    assert table["pushes_low"].tolist() == [1, 1, 1, 1]
    assert table["pushes_high"].tolist() == [1, 10, 1, 1]
    assert ms(table["delay_max_low"]) == [1000, 50, 1000, 2900]
    assert ms(table["delay_max_high"]) == [1000, 950, 1000, 2900]
    assert table["exact"].tolist() == [False] * 4


def test_endpoints_without_debounce(lines: Lines) -> None:
    """Endpoint-only changes are pushed at once; among those of a full push there may be some."""
    capture = lines(*pushed(1.0, 1, 3, "100ms", "200ms", "false"), *pushed(2.0, 2, 2, "100ms", "150ms"))
    table = analysis.debounce_replay(capture, after="100ms", eds_debounce=[True, False])
    assert table["pushes_low"].tolist() == [2, 2, 4]
    assert table["pushes_high"].tolist() == [2, 2, 5]
    assert table["eds_debounce"].tolist() == [True, True, False]


def test_settings_are_read_off_the_log(lines: Lines) -> None:
    """AFTER from the quiet times of single changes, MAX from what was not quiet that long."""
    capture = lines(*pushed(5.0, 1, 1, "250.31ms", "250.31ms"), *pushed(9.0, 2, 60, "90ms", "2.11s"))
    first = analysis.debounce_replay(capture, after="250ms").iloc[0]
    assert (first["after"], first["maximum"]) == (pd.Timedelta("250ms"), pd.Timedelta("2.1s"))


def test_the_maximum_of_istio_is_taken_if_nothing_speaks_against_it(lines: Lines) -> None:
    assert analysis.debounce_replay(lines(*pushed(1.0, 1, 1, "100ms", "100ms"))).loc[0, "maximum"] == pd.Timedelta(
        "10s"
    )
    late = analysis.debounce_replay(lines(*pushed(30.0, 1, 90, "100ms", "20s"))).loc[0, "maximum"]
    assert late is pd.NaT


def test_istio_1_0_has_no_begin(lines: Lines) -> None:
    line = "Push debounce stable 55: 278.709937ms since last change, 29.590140214s since last push, full=true"
    table = analysis.debounce_replay(lines(at(1, line)))
    assert table.empty
    assert "does not print when a debounce began" in table.attrs["coverage"]


def test_no_debounce_lines(lines: Lines) -> None:
    table = analysis.debounce_replay(lines(at(1, "All caches have been synced up in 1s, marking server ready")))
    assert table.empty
    assert "ads:info" in table.attrs["coverage"]
    assert str(table["delay_max_low"].dtype) == "timedelta64[ns]"


@pytest.mark.parametrize(("after", "maximum"), [("0ms", "10s"), ("-1s", "10s"), ("20s", "10s")])
def test_settings_that_make_no_sense(lines: Lines, after: str, maximum: str) -> None:
    with pytest.raises(ValueError, match="no longer than maximum"):
        analysis.debounce_replay(lines(at(1, "x")), after=after, maximum=maximum)


# ---- real logs ----


@pytest.mark.parametrize("name", ["istiod-1.20.8/discovery.log.gz", "istiod-1.30.3/discovery.log.gz"])
def test_the_recorded_setting_replays_as_it_was(real: Real, name: str) -> None:
    table = analysis.debounce_replay(real(name), after=["100ms", "10s"], maximum=["10s", "1h"])
    recorded, same = table.iloc[0], table.iloc[1]
    assert recorded["recorded"]
    assert (recorded["after"], recorded["maximum"]) == (pd.Timedelta("100ms"), pd.Timedelta("10s"))
    assert recorded["pushes_low"] == same["pushes_low"] == same["pushes_high"] == len(analysis.debounces(real(name)))
    assert (same["delay_max_high"] - recorded["delay_max_high"]) < pd.Timedelta("5ms")
    assert set(table["changes"]) == {analysis.debounces(real(name))["events"].sum()}
    assert "ads:debug" in table.attrs["coverage"]
    assert table["size_bytes_high"].isna().all()


def test_sizes_are_those_of_the_rounds(real: Real) -> None:
    capture = real("istiod-1.30.3/discovery-debug.log.gz")
    table = analysis.debounce_replay(capture, after="100ms")
    assert (table["size_bytes_low"] == analysis.push_rounds(capture)["size_bytes"].sum()).all()
    assert (table["size_bytes_low"] == table["size_bytes_high"]).all()
    assert (table["proxies_low"] == table["proxies_high"]).all()


# ---- against the simulator ----

SPANS = st.sampled_from(["5ms", "20ms", "60ms", "100ms", "101ms", "250ms", "1s"])
MOST = st.sampled_from(["1s", "1500ms", "3s", "10s"])
CONTEXTS = st.sampled_from(["1ms", "5ms", "150ms", "700ms"])
GAPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 4, 19, 20, 61, 99, 100, 101, 240, 260, 900, 2000]), st.booleans()),
    min_size=1,
    max_size=40,
)


def machine(settings: Settings, changes: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The simulator's debounce alone: its decisions as a log tells them, and what is true."""
    rounds, of = control.rounds(settings, 0, 0, changes)
    decision = rounds["decision"].to_numpy()
    delays = decision[of] - changes["time"].to_numpy()
    true = {
        "pushes": len(rounds),
        "full_pushes": int(rounds["full"].sum()),
        "delay_median": pd.Timedelta(int(np.median(delays))),
        "delay_max": pd.Timedelta(int(delays.max())),
    }
    table = pd.DataFrame(
        {
            "timestamp": pd.to_datetime(decision, utc=True),
            "start": pd.to_datetime(rounds["first"], utc=True),
            "quiet_time": pd.to_timedelta(decision - rounds["last"]),
            "events": rounds["events"],
            "full": rounds["full"].astype("boolean"),
            "began": pd.to_datetime(rounds["start"], utc=True),
            "visible": True,
            **dict.fromkeys(("proxies", "connected_endpoints", "size_bytes"), pd.Series(0, rounds.index, "Int64")),
        }
    )
    return table, true


def inside(row: Mapping[Any, Any], true: Mapping[str, Any], names: tuple[str, ...] = BOUNDS) -> None:
    """Every true value is within its bounds."""
    for name in names:
        assert row[f"{name}_low"] <= true[name] <= row[f"{name}_high"], name


@settings(max_examples=25)
@given(
    gaps=GAPS,
    was=st.tuples(SPANS, MOST, st.booleans()),
    other=st.tuples(SPANS, MOST, st.booleans()),
    context=CONTEXTS,
    version=st.sampled_from(["1.1", "1.3", "1.30"]),
    debug=st.booleans(),
)
@example([(0, True), (19, True), (1, False)], ("5ms", "1s", True), ("20ms", "1s", False), "1ms", "1.3", False)
@example([(260, True)] * 9, ("100ms", "10s", True), ("20ms", "1s", True), "700ms", "1.30", False)
def test_other_settings_stay_within_the_bounds(
    gaps: list[tuple[int, bool]],
    was: tuple[str, str, bool],
    other: tuple[str, str, bool],
    context: str,
    version: str,
    debug: bool,
) -> None:
    """Whatever comes, and whatever was merged: the same load under other settings is within the bounds."""
    time = 10**18 + np.cumsum([gap for gap, _ in gaps]) * 1_000_000
    changes = pd.DataFrame({"time": time, "full": [full for _, full in gaps]})
    mesh = replace(IDEAL, context_time=context, version=version, after=was[0], maximum=was[1], eds_debounce=was[2])
    decisions, was_true = machine(mesh, changes)
    debounced = was[2] or version == "1.1"
    recorded = Recorded(mesh.span("after"), None, debounced, *contexts(decisions, version != "1.1"))
    lines = time[changes["full"]] if debug else time[:0]
    load = load_of(decisions, lines, recorded)
    inside(_row((0, 0, True), [recorded_delays(load)]), was_true)
    then = replace(mesh, after=other[0], maximum=other[1], eds_debounce=other[2])
    flag = other[2] or version == "1.1"
    row = _row((0, 0, True), [replay(load, recorded, then.span("after"), then.span("maximum"), flag)])
    true = machine(then, changes)[1]
    inside(row, true)
    if row["exact"]:
        assert row["pushes_low"] == true["pushes"]
        assert row["delay_median_low"] == true["delay_median"]
    few = len(gaps) <= 2 and not changes["full"].any()
    assert row["exact"] or not few or not debounced, "one or two endpoint-only changes are known exactly"


@pytest.mark.parametrize(("after", "debug"), [("20ms", True), ("2s", False)])
def test_a_log_is_replayed_with_its_costs(after: str, debug: bool) -> None:
    """From the log on: pushes, proxies and bytes of another setting, where no queue merges pushes."""
    mesh = replace(IDEAL, duration="30s", debug=debug, endpoint_rate=4.0, config_rate=0.3, flaps_per_hour=0.001)
    table = analysis.debounce_replay(read(simulate(mesh, 1)), after=after)
    true = truth(simulate(replace(mesh, after=after), 1))
    inside(table.iloc[0], truth(simulate(mesh, 1)))
    inside(table.iloc[1], true, (*BOUNDS, "proxies"))
    assert table.loc[1, "size_bytes_low"] * 0.95 <= true["size_bytes"]
    assert not debug or true["size_bytes"] <= table.loc[1, "size_bytes_high"] * 1.05
