"""Answers about pushes: what they were for, what they weigh, the cache, and the garbage collector beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import loglines
import numpy as np
import pandas as pd
import pytest
from expected import INFO
from loglines import MIDNIGHT, at, debounce, metric, rows, triggered

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]
Lines = Callable[..., il.Capture]

ANSWERS = ("triggers", "push_sizes", "sidecar_savings", "cache_ratio", "gc")
each_answer = pytest.mark.parametrize("name", ANSWERS)


def decision(seconds: float, what: str, events: int = 3, tail: str = "full=true") -> str:
    """A push decision; its number grows with time: it is of the same process."""
    return debounce(seconds, int(seconds * 10) + 1, tail=f", {tail}", what=what, events=events)


def push(seconds: float, xds_type: str, proxy: str, size: str, tail: str = "") -> str:
    """A push that prints a size."""
    return loglines.push(seconds, xds_type, proxy, size=size, tail=tail)


# ---- triggers ----


def test_one_named_config_of_several_stands_for_all(lines: Lines) -> None:
    """What is named had it; any other may have had it where more configs are not named."""
    log = lines(
        decision(1, " for config ServiceEntry/shop/web"),
        decision(2, " for config ServiceEntry/shop/web and 3 more configs", tail="full=false"),
        decision(3, " for config Gateway/edge/gw"),
    )
    table = analysis.triggers(log)
    assert rows(table, "config_name", "pushes_low", "pushes_high", "weight_estimate", "full", "incremental") == [
        ("web", 2, 2, 5.0, 1, 1),
        ("gw", 1, 2, 1.0, 1, 0),
    ]
    assert rows(table, "exact", "forced", "requests") == [(True, None, None), (False, None, None)]
    assert table["first_seen"].tolist() == [MIDNIGHT + pd.Timedelta("1s"), MIDNIGHT + pd.Timedelta("3s")]
    assert "1 of 3 push decisions print one of their configs, picked at random" in table.attrs["coverage"]
    by_space = analysis.triggers(log, by="namespace")
    assert rows(by_space, "config_namespace", "pushes_low", "pushes_high") == [("shop", 2, 2), ("edge", 1, 2)]


def test_the_estimate_is_unbiased(lines: Lines) -> None:
    """Of many pushes that had the same five configs, each is named a fifth of the time, and stands for five."""
    configs = np.random.default_rng(7).integers(0, 5, 2000)
    text = [decision(n, f" for config ServiceEntry/shop/c{c} and 4 more configs") for n, c in enumerate(configs)]
    table = analysis.triggers(lines(*text))
    assert table["weight_estimate"].sum() == 10_000
    assert table["weight_estimate"].between(1750, 2250).all()
    assert (table["pushes_high"] == 2000).all()


def test_debug_lines_that_list_all_are_exact(lines: Lines) -> None:
    """From 1.31 on every request is listed: as many as the decision merged."""
    table = analysis.triggers(
        lines(
            triggered(0.85, "ServiceEntry/shop/web Gateway/edge/gw", "config", "push"),
            triggered(0.90, "ServiceEntry/shop/web", "endpoint", "push"),
            decision(1, " for config ServiceEntry/shop/web and 1 more configs", 2, "forced=false"),
            triggered(1.5, "ServiceEntry/shop/web", "endpoint", "push"),
            decision(2, " for config ServiceEntry/shop/web", 1, "forced=true"),
        )
    )
    assert rows(table, "config_name", "pushes_low", "pushes_high", "exact", "weight_estimate", "requests") == [
        ("web", 2, 2, True, 2.0, 3),
        ("gw", 1, 1, True, 1.0, 1),
    ]
    assert rows(table, "full", "incremental", "forced") == [(None, None, 1), (None, None, 0)]
    assert table.attrs["coverage"] == ""


def test_a_request_after_the_last_merged_event_is_in_the_next_decision(lines: Lines) -> None:
    """The decision's quiet time says which events it merged."""
    table = analysis.triggers(
        lines(
            triggered(0.80, "Gateway/edge/one", "config"),
            triggered(0.95, "Gateway/edge/two", "config"),
            decision(1, " for config Gateway/edge/one", 1),
            decision(2, " for config Gateway/edge/two", 1),
        )
    )
    assert sorted(rows(table, "config_name", "pushes_low", "pushes_high")) == [("one", 1, 1), ("two", 1, 1)]


def test_listed_full_requests_leave_the_others_open(lines: Lines) -> None:
    """To 1.30 only full requests are listed: what else a decision had is not known."""
    table = analysis.triggers(
        lines(
            triggered(0.85, "Gateway/edge/gw", "config"),
            decision(1, " for config ServiceEntry/shop/web and 2 more configs", 4),
            decision(2, " for config ServiceEntry/shop/db", 1),
        )
    )
    assert rows(table, "config_name", "pushes_low", "pushes_high", "weight_estimate") == [
        ("web", 1, 1, 3.0),
        ("gw", 1, 1, 1.0),
        ("db", 1, 2, 1.0),
    ]


def test_reasons(lines: Lines) -> None:
    """Printed with counts from 1.19 on, without before; a decision that prints a config hides its reasons."""
    table = analysis.triggers(
        lines(
            decision(1, " for reason endpoint:3 and config:1"),
            decision(2, " for reason endpoint:2 and 2(4) more reasons"),
            decision(3, " for reason global"),
            decision(4, " for config Gateway/edge/gw"),
        ),
        by="reason",
    )
    assert rows(table, "reason", "pushes_low", "pushes_high", "weight_estimate", "requests") == [
        ("endpoint", 2, 3, 4.0, 5),
        ("config", 1, 3, 1.0, 1),
        ("global", 1, 3, 1.0, 1),
    ]
    assert "2 of 4 push decisions do not log all their reasons" in table.attrs["coverage"]


def test_triggers_of_versions_that_name_none(real: Real) -> None:
    """Istio 1.0 does not print what a push was for."""
    table = analysis.triggers(real("pilot-1.0.9/discovery.log.gz"), by="kind")
    assert table.empty
    assert "the 10 push decisions of this capture name no kind" in table.attrs["coverage"]


def test_triggers_of_a_real_log(real: Real) -> None:
    """Each decision names one config; the kinds' bounds hold all decisions."""
    log = real("istiod-1.20.8/discovery.log.gz")
    objects, kinds = analysis.triggers(log), analysis.triggers(log, by="kind")
    assert objects["pushes_low"].sum() == kinds["pushes_low"].sum() == 138
    assert (objects["pushes_high"] <= 138).all()
    assert rows(kinds, "config_kind", "pushes_low", "pushes_high", "exact")[0] == ("ServiceEntry", 136, 136, True)


def test_triggers_by_anything_else(real: Real) -> None:
    """The error names what there is."""
    with pytest.raises(ValueError, match="counted by object, kind, namespace, reason, not by 'pod'"):
        analysis.triggers(real("seed/pilot.log"), by="pod")  # type: ignore[arg-type]


# ---- sizes ----


@pytest.mark.parametrize(
    ("printed", "low", "high"),
    [
        ("0B", 0, 0),
        ("999B", 999, 999),
        ("1.0kB", 1000, 1050),
        ("1.5kB", 1450, 1550),
        ("31.5kB", 31_450, 31_550),
        ("1.0MB", 999_950, 1_050_000),
        ("12.3MB", 12_250_000, 12_350_000),
    ],
)
def test_what_rounding_leaves_open(printed: str, low: int, high: int, lines: Lines) -> None:
    """Units of 1000, one decimal; bytes below 1000 are exact."""
    table = analysis.push_sizes(lines(push(1, "CDS", "web.shop", printed)))
    assert rows(table, "size_low", "size_high") == [(low, high)]


@pytest.mark.parametrize("value", [1, 999, 1000, 1049, 1050, 1449, 1450, 9949, 9950, 999_949, 999_950, 1_049_999])
def test_bounds_hold_what_istio_prints(value: int, lines: Lines) -> None:
    """``util.ByteCount``, written out."""
    unit, letter = (1_000_000, "M") if value >= 1_000_000 else (1000, "k")
    printed = f"{value}B" if value < 1000 else f"{value / unit:.1f}{letter}B"
    table = analysis.push_sizes(lines(push(1, "CDS", "web.shop", printed)))
    assert table.loc[0, "size_low"] <= value <= table.loc[0, "size_high"]


@pytest.mark.parametrize(
    ("log", "file"),
    [("istiod-1.30.3/discovery.log.gz", "metrics.txt"), ("istiod-1.30.3/discovery-debug.log.gz", "metrics-debug.txt")],
)
@pytest.mark.parametrize(("xds_type", "name"), [("CDS", "cluster.v3.Cluster"), ("LDS", "listener.v3.Listener")])
def test_sizes_hold_the_metric(log: str, file: str, xds_type: str, name: str, real: Real, data: Path) -> None:
    """What the process counted is within the bounds."""
    table = analysis.push_sizes(real(log)).set_index("xds_type")
    labels = f'{{type="type.googleapis.com/envoy.config.{name}"}}'
    true = metric(data, f"istiod-1.30.3/{file}", "pilot_xds_config_size_bytes_sum", labels)
    assert table.loc[xds_type, "size_low"] <= true <= table.loc[xds_type, "size_high"]
    assert table.loc[xds_type, "pushes"] == metric(
        data, f"istiod-1.30.3/{file}", "pilot_xds_config_size_bytes_count", labels
    )


def test_sizes_by_anything_known(real: Real) -> None:
    """Every group sums to the same."""
    log = real("istiod-1.30.3/discovery.log.gz")
    for by in (["xds_type"], ["proxy", "push_type"], ["namespace"], ["round"]):
        table = analysis.push_sizes(log, by=by)
        assert list(table)[: len(by)] == [*by]
        assert table["pushes"].sum() == INFO.pushes
        assert table["size_bytes"].sum() == 48_157_041
    assert "none is among these lines" in analysis.push_sizes(log).attrs["coverage"]
    with pytest.raises(ValueError, match="not by 'pod'"):
        analysis.push_sizes(log, by=["pod"])


def test_one_name_is_a_list_of_one(real: Real) -> None:
    """A text and a list mean the same."""
    log = real("istiod-1.30.3/discovery-debug.log.gz")
    for one, listed in (
        (analysis.push_sizes(log, by="proxy"), analysis.push_sizes(log, by=["proxy"])),
        (analysis.triggers(log, by="kind"), analysis.triggers(log, by=["kind"])),
        (analysis.triggers(log), analysis.triggers(log, by=["object", "kind"])),
    ):
        pd.testing.assert_frame_equal(one, listed)
    both = analysis.triggers(log, by=["namespace", "kind"])
    assert not both.duplicated(["run", "config_kind", "config_namespace"]).any()
    for wrong, said in (
        ([], "nothing"),
        (["kind", "proxy"], "'proxy'"),
        ("pod", "'pod'"),
        (["kind", "reason"], "alone"),
    ):
        with pytest.raises(ValueError, match=said):
            analysis.triggers(log, by=wrong)  # type: ignore[arg-type]


def test_sizes_that_are_not_printed_are_null(real: Real) -> None:
    """1.0 prints those of LDS alone, and exactly."""
    table = analysis.push_sizes(real("pilot-1.0.9/discovery.log.gz"))
    assert rows(table, "xds_type", "sized", "size_low", "size_high")[0] == ("LDS", 111, 1_358_185, 1_358_185)
    assert table["size_bytes"].isna().tolist() == [False, True, True, True]
    assert "push lines print no size" in table.attrs["coverage"]


def test_savings_against_the_proxies_of_the_namespace(lines: Lines) -> None:
    """A configuration is the largest push of each type; savings are of all bytes sent."""
    table = analysis.sidecar_savings(
        lines(
            push(1, "CDS", "big.shop", "600B"),
            push(1, "LDS", "big.shop", "200B"),
            push(2, "CDS", "big.shop", "400B"),
            push(3, "CDS", "mid.shop", "400B"),
            push(4, "CDS", "small.shop", "200B"),
            push(5, "CDS", "alone.edge", "900B"),
        )
    )
    assert rows(table, "proxy", "peers", "config_low", "sent_high", "saving_low", "saving_high") == [
        ("alone.edge", 1, 900, 900, 0, 0),
        ("big.shop", 3, 800, 1200, 600, 900),
        ("mid.shop", 3, 400, 400, 0, 200),
        ("small.shop", 3, 200, 200, 0, 0),
    ]
    assert "assumption: with a narrower Sidecar" in table.attrs["coverage"]


def test_savings_without_sizes(lines: Lines) -> None:
    """Istio 1.2 to 1.8 print none."""
    table = analysis.sidecar_savings(lines(at(1, "LDS: PUSH for node:web-1.shop listeners:31")))
    assert table.empty
    assert "this version logs no sizes" in table.attrs["coverage"]


def test_cache_ratio(lines: Lines) -> None:
    """Cached of what could have been, by time and type."""
    table = analysis.cache_ratio(
        lines(
            push(1, "CDS", "a.b", "1.5kB", " cached:1/4"),
            push(2, "CDS", "a.b", "1.5kB", " cached:4/4"),
            push(3, "RDS", "a.b", "1.5kB", " cached:0/0"),
            push(4, "LDS", "a.b", "1.5kB"),
            push(11, "CDS", "a.b", "1.5kB", " cached:2/4"),
        ),
        freq="10s",
    )
    assert rows(table, "xds_type", "pushes", "cached", "cacheable", "ratio", "complete") == [
        ("CDS", 2, 5, 8, 0.625, False),
        ("RDS", 1, 0, 0, None, False),
        ("CDS", 1, 2, 4, 0.5, False),
    ]
    assert table.attrs["freq"] == "10s"


def test_no_cache(lines: Lines) -> None:
    """Versions that do not print it."""
    table = analysis.cache_ratio(lines(push(1, "LDS", "a.b", "1.5kB")))
    assert table.empty
    assert "no push line logs `cached:`" in table.attrs["coverage"]


# ---- garbage collections ----

TRACE = "gc 7 @{}s 2%: 0.011+10+7.0 ms clock, 0.045+7.5/7.9/13+28 ms cpu, 11->12->6 MB, 13 MB goal, 4 P"


def test_a_collection(lines: Lines) -> None:
    """Times are cut off: after two digits, and to whole milliseconds from 10 on."""
    table = analysis.gc(lines(at(10, "a"), TRACE.format("9.5"), at(10.1, "b"), component="pilot"))
    assert rows(
        table, "gc", "cpu_percent", "heap_before_bytes", "heap_after_bytes", "live_bytes", "goal_bytes", "processors"
    ) == [(7, 2, 11 << 20, 12 << 20, 6 << 20, 13 << 20, 4)]
    assert table.loc[0, "since_start"] == pd.Timedelta("9.5s")
    assert rows(table, "pause_low", "pause_high") == [(pd.Timedelta("7.011ms"), pd.Timedelta("7.112ms"))]
    assert rows(table, "concurrent_low", "concurrent_high") == [(pd.Timedelta("10ms"), pd.Timedelta("11ms"))]
    # It ended between the two entries (or 10 ms of writing apart), and took 17 to 19 ms.
    assert table.loc[0, "timestamp_low"] == MIDNIGHT + pd.Timedelta("9.970888s")
    assert table.loc[0, "timestamp_high"] == MIDNIGHT + pd.Timedelta("10.093989s")


def test_all_lines_of_a_run_bound_when_it_began(lines: Lines) -> None:
    """A collection between two far entries is as well known as the one between near ones."""
    table = analysis.gc(
        lines(at(10, "a"), TRACE.format("9.5"), at(60, "b"), TRACE.format("59.5"), at(60.05, "c"), component="pilot")
    )
    width = table["timestamp_high"] - table["timestamp_low"]
    assert (width == width[0]).all()
    assert width[0] < pd.Timedelta("80ms")


def test_a_clock_that_was_set(lines: Lines) -> None:
    """Then each line has only its neighbors."""
    table = analysis.gc(
        lines(at(10, "a"), TRACE.format("9.5"), at(11, "b"), TRACE.format("11.5"), at(11.5, "c"), component="pilot")
    )
    assert "in 1 run(s) the clock was set" in table.attrs["coverage"]
    assert (table["timestamp_low"] <= table["timestamp_high"]).all()


def test_a_log_that_goes_backwards(lines: Lines) -> None:
    """Neighbors that are in no order bound nothing."""
    table = analysis.gc(lines(at(10, "a"), TRACE.format("9.5"), at(1, "b"), component="pilot"))
    assert rows(table, "timestamp_low", "timestamp_high", "pushes") == [(None, None, 0)]


def test_other_trace_lines_are_left_out(lines: Lines) -> None:
    """The scavenger's, and what was cut."""
    table = analysis.gc(lines(at(1, "a"), "scvg1: inuse: 3, idle: 1", "gc 8 @0.2", component="pilot"))
    assert table.empty
    assert "2 of 2 GC trace lines are cut" in table.attrs["coverage"]


def test_pushes_while_a_collection_ran(lines: Lines) -> None:
    """How long after their round began they were written."""
    start = "XDS: Pushing Services:15 ConnectedEndpoints:2 Version:2026-01-01T00:00:00Z/1"
    table = analysis.gc(
        lines(
            at(9.99, start),
            at(9.999, "a"),
            push(10.000, "CDS", "a.b", "1kB"),
            TRACE.format("5.0"),
            push(10.002, "CDS", "b.b", "1kB"),
            push(20, "CDS", "c.b", "1kB"),
            component="pilot",
        )
    )
    assert rows(table, "pushes", "push_lag") == [(2, pd.Timedelta("11ms"))]
    assert table.attrs["push_lag"] == pd.Timedelta("12ms")


def test_collections_of_a_real_log(real: Real, data: Path) -> None:
    """The metric's count, and its sum within the bounds."""
    table = analysis.gc(real("istiod-1.30.3/discovery-debug.log.gz"))
    file = "istiod-1.30.3/metrics-debug.txt"
    assert len(table) == metric(data, file, "go_gc_duration_seconds_count") == 164
    pauses = metric(data, file, "go_gc_duration_seconds_sum")
    assert table["pause_low"].sum().total_seconds() <= pauses <= table["pause_high"].sum().total_seconds()
    assert table["gc"].tolist() == list(range(1, 165))
    # /proc knows the start to a second: Linux counts it from a boot time in whole seconds.
    began = table.loc[0, "timestamp_low"] - table.loc[0, "since_start"]
    assert abs(began.timestamp() - metric(data, file, "process_start_time_seconds")) < 1.1
    assert table.attrs["coverage"] == ""


def test_no_trace(real: Real) -> None:
    """It is off unless asked for."""
    table = analysis.gc(real("istiod-1.20.8/discovery.log.gz"))
    assert table.empty
    assert "GODEBUG=gctrace=1" in table.attrs["coverage"]
