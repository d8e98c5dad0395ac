"""The answers: a few lines of a log, and the values that they give.

`loglines` writes the lines: seconds after midnight first, then what the line says.
"""

from __future__ import annotations

import gzip
import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from contract import check_answer
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from loglines import (
    MIDNIGHT,
    at,
    capture,
    debounce,
    four,
    full,
    incremental,
    old_debounce,
    opened,
    push,
    replicas,
    rows,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

NEVER = "2562047h47m16.854775807s"

# ---- lines ----


# ---- what each answer looks like ----

ANSWERS = ("debounces", "push_rounds", "pushes", "fan_out", "full_vs_incremental", "xds_order")

each_answer = pytest.mark.parametrize("name", ANSWERS)


def answer(name: str, of: il.Capture) -> pd.DataFrame:
    """The answer of that name."""
    found: pd.DataFrame = getattr(analysis, name)(of)
    return found


@each_answer
@pytest.mark.parametrize(
    "log", ["seed/pilot.log", "pilot-1.0.9/discovery.log.gz", "istiod-1.30.3/discovery-debug.log.gz"]
)
def test_answer_of_a_control_plane(name: str, log: str, real: Real) -> None:
    """Columns and dtypes of every answer."""
    table = answer(name, real(log))
    check_answer(name, table)
    assert len(table) > 0


@each_answer
@pytest.mark.parametrize("log", ["seed/helloworld-v1-istio-proxy.log", "pair-1.30.3/istio-proxy.log"])
def test_answer_of_a_sidecar_is_empty_and_says_why(name: str, log: str, real: Real) -> None:
    """No table of zeros: no rows, the same columns and dtypes, and the reason."""
    table = answer(name, real(log))
    check_answer(name, table)
    assert table.empty
    assert "no log of a control plane" in table.attrs["coverage"]


@each_answer
def test_answer_of_a_quiet_control_plane_says_what_is_missing(name: str) -> None:
    """A log at level warn has none of these lines."""
    table = answer(name, capture(at(1, "ADS:CDS: ACK ERROR a.b-1 Internal:no", "warn")))
    check_answer(name, table)
    assert table.empty
    assert "among the 1 entries of the control plane" in table.attrs["coverage"]
    assert "level info" in table.attrs["coverage"]


@each_answer
def test_answer_of_a_bootstrap_alone(name: str, real: Real) -> None:
    """A capture without any entry."""
    table = answer(name, real("seed/envoy-rev0.json"))
    check_answer(name, table)
    assert table.empty
    assert table.attrs["coverage"]


# ---- debounces ----


def test_debounces_of_1_0() -> None:
    """The number counts all events of the process; lines that re-arm are no decisions; no total is printed."""
    table = analysis.debounces(
        capture(
            old_debounce(1, 5, "250ms", NEVER),
            at(2, "Push debounce 6: 50ms since last change, 1s since last push", scope=""),
            old_debounce(3, 9, "210ms", "5s", ", full=false"),
            old_debounce(20, 12, "20ms", "17s"),
        )
    )
    assert rows(table, "line", "events", "full", "bound", "debounce_id") == [
        (1, 5, True, "quiet", 5),
        (3, 4, False, "quiet", 9),
        (4, 3, True, "max", 12),
    ]
    assert table["quiet_time"].tolist() == [pd.Timedelta("250ms"), pd.Timedelta("210ms"), pd.Timedelta("20ms")]
    assert table[["start", "debounce_time", "forced"]].isna().all(axis=None)


def test_debounces_of_1_0_before_1_0_3() -> None:
    """They do not say whether the push is a full one."""
    table = analysis.debounces(capture(old_debounce(1, 5, "250ms", NEVER, ""), old_debounce(2, 6, "250ms", "1s", "")))
    assert rows(table, "events", "full", "bound") == [(5, None, "quiet"), (1, None, "quiet")]


def test_debounces_of_1_0_in_a_log_that_begins_later() -> None:
    """Without the decision before, the events of the first are not known."""
    table = analysis.debounces(capture(old_debounce(1, 55, "250ms", "29s"), old_debounce(2, 56, "250ms", "1s")))
    assert rows(table, "events") == [(None,), (1,)]


def test_debounces_of_1_0_after_a_restart() -> None:
    """The count begins again; it does not go down."""
    table = analysis.debounces(
        capture(
            old_debounce(1, 55, "250ms", "29s"), old_debounce(9, 7, "250ms", NEVER), old_debounce(10, 8, "250ms", "1s")
        )
    )
    assert rows(table, "events") == [(None,), (7,), (1,)]


def test_debounces_of_1_0_whose_maximum_cannot_be() -> None:
    """A debounce is no older than the push before it: after 1.1 s none is 10 s old, so the settings are others."""
    table = analysis.debounces(capture(old_debounce(1, 5, "250ms", NEVER), old_debounce(2.1, 6, "110ms", "1.1s")))
    assert rows(table, "bound") == [("quiet",), (None,)]


def test_debounces_from_1_1_on() -> None:
    """What is called "since last push" is the time since the first event."""
    table = analysis.debounces(capture(debounce(10, 7, "100.000001ms", "1.5s", ", full=false")))
    assert rows(
        table, "timestamp", "start", "quiet_time", "debounce_time", "events", "full", "bound", "debounce_id"
    ) == [
        (
            MIDNIGHT + pd.Timedelta("10s"),
            MIDNIGHT + pd.Timedelta("8.5s"),
            pd.Timedelta("100.000001ms"),
            pd.Timedelta("1.5s"),
            3,
            False,
            "quiet",
            7,
        )
    ]


@pytest.mark.parametrize(
    ("quiet", "total", "bound"),
    [
        ("100ms", "200ms", "quiet"),
        ("99.999999ms", "10s", "max"),
        ("20ms", "10.02s", "max"),
        ("100ms", "10s", "either"),
        ("3.5s", "1m3s", "either"),
        ("99ms", "9.999999999s", None),
    ],
)
def test_bound_that_let_a_push_go(quiet: str, total: str, bound: str | None) -> None:
    """The quiet time, the maximum, either where a push had to wait; null where the settings are others."""
    table = analysis.debounces(capture(debounce(100, 1, quiet, total)))
    assert rows(table, "bound") == [(bound,)]


def test_bounds_of_other_settings() -> None:
    """PILOT_DEBOUNCE_AFTER and PILOT_DEBOUNCE_MAX can be told."""
    log = capture(
        debounce(100, 1, "60ms", "200ms"), debounce(101, 2, "20ms", "2.02s"), old_debounce(102, 9, "110ms", "1s")
    )
    assert rows(analysis.debounces(log, after="50ms", maximum="2s"), "bound") == [("quiet",), ("max",), ("quiet",)]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("", (None, None, None, None, None)),
        (
            " for config ServiceEntry/shop/cart.shop.svc.cluster.local",
            ("ServiceEntry", "shop", "cart.shop.svc.cluster.local", None, None),
        ),
        (" for config VirtualService/shop/web and 3 more configs", ("VirtualService", "shop", "web", 3, None)),
        (" for config ", (None, None, None, None, None)),
        (" for reason endpoint:3 and config:1", (None, None, None, None, "endpoint:3 and config:1")),
        (" for reason config:3 and 2(4) more reasons", (None, None, None, None, "config:3 and 2(4) more reasons")),
    ],
)
def test_what_a_debounce_was_for(what: str, expected: tuple[Any, ...]) -> None:
    """One config of the set, or reasons."""
    table = analysis.debounces(capture(debounce(1, 1, "100ms", "100ms", what=what)))
    assert rows(table, "config_kind", "config_namespace", "config_name", "more_configs", "reason") == [expected]


@pytest.mark.parametrize("forced", [True, False])
def test_debounces_of_1_31(forced: bool) -> None:
    """`forced` instead of `full`, which is no longer known."""
    log = capture(
        debounce(1, 1, "100ms", "100ms", f", forced={str(forced).lower()}", " for config ServiceEntry/a/b"),
        full(1.001, 1),
    )
    assert rows(analysis.debounces(log), "full", "forced") == [(None, forced)]
    assert rows(analysis.push_rounds(log), "full", "forced") == [(None, forced)]


def test_debounces_of_the_real_runs(real: Real) -> None:
    """Numbers, events and bounds of whole runs."""
    for log, count, events in (
        ("pilot-1.0.9/discovery.log.gz", 10, 80),
        ("istiod-1.20.8/discovery.log.gz", 138, None),
        ("istiod-1.30.3/discovery.log.gz", 145, None),
    ):
        table = analysis.debounces(real(log))
        assert len(table) == count
        assert set(table["bound"]) == {"quiet"}
        assert table["events"].notna().all()
        assert events is None or table["events"].sum() == events == table["debounce_id"].iloc[-1]
        assert table["timestamp"].is_monotonic_increasing


# ---- rounds and their pushes ----


def test_round_with_its_pushes() -> None:
    """Counted, summed, and timed from its start to its last push."""
    log = capture(full(1, 1), four(1.1, "a.x"), four(1.2, "b.x"))
    assert rows(
        analysis.push_rounds(log), "round", "full", "connected_endpoints", "pushes", "proxies", "size_bytes", "visible"
    ) == [(0, True, 2, 8, 2, 12_000, True)]
    (round_,) = analysis.push_rounds(log).to_dict("records")
    assert round_["push_version"] == "2026-01-01T00:00:00Z/1"
    assert round_["timestamp"] == MIDNIGHT + pd.Timedelta("1s")
    assert round_["first_push"] == MIDNIGHT + pd.Timedelta("1.1s")
    assert round_["last_push"] == MIDNIGHT + pd.Timedelta("1.203s")
    assert round_["duration"] == pd.Timedelta("203ms")
    assert rows(analysis.fan_out(log), "round", "xds_type", "proxies", "pushes", "resources", "size_bytes") == [
        (0, "CDS", 2, 2, 8, 3000),
        (0, "EDS", 2, 2, 8, 3000),
        (0, "LDS", 2, 2, 8, 3000),
        (0, "RDS", 2, 2, 8, 3000),
    ]


def test_endpoint_only_rounds_at_info_are_not_visible() -> None:
    """Their pushes are printed at debug: what was pushed is not known, and so null, not 0."""
    log = capture(full(1, 1), four(1.1, "a.x"), incremental(2, 1), full(3, 2), four(3.1, "a.x"))
    rounds = analysis.push_rounds(log)
    assert rows(rounds, "round", "full", "visible", "pushes", "proxies", "size_bytes", "last_push", "duration") == [
        (0, True, True, 4, 1, 6000, MIDNIGHT + pd.Timedelta("1.103s"), pd.Timedelta("103ms")),
        (1, False, False, None, None, None, None, None),
        (2, True, True, 4, 1, 6000, MIDNIGHT + pd.Timedelta("3.103s"), pd.Timedelta("103ms")),
    ]
    for table in (rounds, analysis.pushes(log), analysis.fan_out(log), analysis.full_vs_incremental(log)):
        assert re.search("1 of 3 rounds are not printed.*endpoint-only", table.attrs["coverage"])
    assert set(analysis.fan_out(log)["round"]) == {0, 2}


def test_endpoint_only_rounds_at_debug() -> None:
    """Then they are there, whether or not the line says ``INC``."""
    log = capture(
        full(1, 1),
        four(1.1, "a.x"),
        incremental(2, 1),
        push(2.1, "EDS", "a.x", "PUSH INC", "debug"),
        push(2.2, "EDS", "b.x", "PUSH", "debug"),
        incremental(3, 1),
    )
    rounds = analysis.push_rounds(log)
    assert rows(rounds, "full", "visible", "pushes", "proxies") == [
        (True, True, 4, 1),
        (False, True, 2, 2),
        (False, True, 0, 0),
    ]
    assert rounds.attrs["coverage"] == ""
    assert rows(analysis.pushes(log).iloc[4:], "push_type", "round") == [("incremental", 1), ("incremental", 1)]


def test_inc_at_info_is_of_a_full_round() -> None:
    """From 1.15 on: this proxy needed some endpoints only."""
    log = capture(full(1, 1), incremental(2, 1), push(2.1, "EDS", "a.x", "PUSH INC"))
    assert rows(analysis.pushes(log), "push_type", "round", "round_first", "round_last") == [("incremental", 0, 0, 0)]


def test_round_that_finds_nobody() -> None:
    """Then nothing was pushed, and that is known."""
    log = capture(incremental(1, 1, connected=0), full(2, 2, connected=0), full(3, 3), four(3.1, "a.x"))
    assert rows(analysis.push_rounds(log), "visible", "pushes", "proxies") == [(True, 0, 0), (True, 0, 0), (True, 4, 1)]
    assert analysis.pushes(log)["round_first"].tolist() == [2] * 4


def test_rounds_that_overlap_are_told_by_their_pushes() -> None:
    """A slow proxy gets the first round after the second has begun; what begins again is the next push."""
    log = capture(four(0.5, "b.x", "PUSH request"), full(1, 1), full(1.2, 2), four(1.25, "a.x"), four(1.3, "a.x"))
    assert rows(analysis.pushes(log).iloc[4:], "round") == [(0,)] * 4 + [(1,)] * 4


def test_version_pins_the_round() -> None:
    """Where a push prints it nothing is left to guess."""
    log = capture(
        full(1, 1), full(1.2, 2), four(1.3, "a.x", version=1), four(1.4, "b.x", version=2), four(1.5, "a.x", version=2)
    )
    assert rows(analysis.pushes(log), "round", "round_first", "round_last") == [(0, 0, 0)] * 4 + [(1, 1, 1)] * 8


def test_version_of_1_0_pins_the_round() -> None:
    """CDS and RDS print it; LDS and EDS between them are held by them."""
    start = "XDS: Pushing 2026-01-01T00:00:00Z/{} Services: 12, VirtualServices: 0, ConnectedEndpoints: 1"
    log = capture(
        at(1, start.format(1)),
        at(1.5, start.format(2)),
        at(1.6, 'CDS: PUSH 2026-01-01T00:00:00Z/1 for a.x "10.0.0.1:1", Clusters: 16, Services 11'),
        at(1.61, "EDS: PUSH for sidecar~10.0.0.1~a.x~x.svc.cluster.local-8 clusters 16 endpoints 15 empty 1"),
        at(1.62, "ADS: RDS: PUSH for node: a.x addr:10.0.0.1:1 routes:4 ver:2026-01-01T00:00:00Z/1"),
        at(1.63, 'LDS: PUSH for node:a.x addr:"10.0.0.1:1" listeners:16 11253'),
        at(1.7, 'CDS: PUSH 2026-01-01T00:00:00Z/2 for a.x "10.0.0.1:1", Clusters: 17, Services 11'),
    )
    table = analysis.pushes(log)
    assert rows(table, "xds_type", "round", "round_first", "round_last") == [
        ("CDS", 0, 0, 0),
        ("EDS", 0, 0, 0),
        ("RDS", 0, 0, 0),
        ("LDS", 0, 0, 1),
        ("CDS", 1, 1, 1),
    ]
    assert rows(table, "resources", "size_bytes")[3] == (16, 11253)


def test_version_of_a_round_before_the_log() -> None:
    """The log begins in the middle of a round: its pushes belong to none that is here."""
    log = capture(full(1, 6), four(1.1, "a.x", version=5), four(1.2, "b.x", version=6))
    assert (
        rows(analysis.pushes(log), "round", "round_first", "round_last") == [(None, None, None)] * 4 + [(0, 0, 0)] * 4
    )
    assert rows(analysis.push_rounds(log), "pushes", "proxies") == [(4, 1)]


def test_version_of_an_endpoint_only_round_is_not_its_own() -> None:
    """A full push of that version belongs to the full round, which began before the log."""
    log = capture(incremental(1, 5), four(1.1, "a.x", version=5), full(2, 6), four(2.1, "a.x", version=6))
    assert rows(analysis.pushes(log), "round") == [(None,)] * 4 + [(1,)] * 4


def test_pushes_before_any_round_have_none() -> None:
    """The log begins in the middle of a round."""
    log = capture(four(0.5, "a.x", version=1), full(1, 2))
    assert rows(analysis.pushes(log), "round", "round_first", "round_last") == [(None, None, None)] * 4
    assert rows(analysis.push_rounds(log), "pushes") == [(0,)]


def test_pushes_before_and_after_the_first_round() -> None:
    """The log begins in the middle of a round, and goes on: every rotated log does."""
    log = capture(
        opened(0.1, "b.x", 1), four(0.2, "b.x", "PUSH request"), four(0.5, "a.x"), full(1, 2), four(1.1, "a.x")
    )
    assert rows(analysis.pushes(log).iloc[4:], "round") == [(None,)] * 4 + [(0,)] * 4


def test_proxy_gets_no_round_from_before_it_connected() -> None:
    """A round a good while before its connection is none of its own."""
    log = capture(
        full(1, 1),
        opened(10, "a.x", 1),
        four(10.01, "a.x", "PUSH request"),
        full(20, 2),
        full(20.2, 3),
        four(20.3, "a.x"),
    )
    assert analysis.pushes(log)["round_first"].iloc[4:].tolist() == [1] * 4


def test_requests_belong_to_no_round() -> None:
    """A proxy asked: whatever round is on, this is not of it."""
    log = capture(full(1, 1), opened(1.05, "a.x", 1), four(1.1, "a.x", "PUSH request"), four(1.2, "b.x"))
    table = analysis.pushes(log)
    assert rows(table, "push_type", "round", "inferred") == [("request", None, False)] * 4 + [("full", 0, False)] * 4
    assert rows(analysis.push_rounds(log), "pushes", "proxies") == [(4, 1)]


def test_requests_are_inferred_before_1_10() -> None:
    """No line says so: the first push of each type after a new connection is the answer."""
    log = capture(
        full(1, 1),
        four(1.1, "a.x"),
        opened(2, "a.x", 1),
        four(2.1, "a.x"),
        full(3, 2),
        four(3.1, "a.x"),
    )
    table = analysis.pushes(log)
    kinds = [("full", False)] * 4 + [("request", True)] * 4 + [("full", False)] * 4
    assert rows(table, "push_type", "inferred") == kinds
    assert table["round"].isna().tolist() == [kind == "request" for kind, _ in kinds]


def test_type_that_comes_again_in_a_round_was_asked_for() -> None:
    """A round sends each type once: new listeners made the proxy ask for other routes."""
    log = capture(full(1, 1), four(1.1, "a.x"), push(1.2, "RDS", "a.x"), full(2, 2), four(2.1, "a.x"))
    assert rows(analysis.pushes(log), "push_type", "inferred", "round") == (
        [("full", False, 0)] * 4 + [("request", True, None)] + [("full", False, 1)] * 4
    )


def test_two_connections_of_a_proxy_get_a_type_twice() -> None:
    """Push lines name the pod alone: twice the four types is a push to each connection."""
    asked = [opened(0.1, "a.x", 1), *four(0.2, "a.x"), opened(0.3, "a.x", 2), *four(0.4, "a.x")]
    log = capture(asked, full(5, 1), four(5.1, "a.x"), four(5.2, "a.x"))
    assert rows(analysis.pushes(log), "push_type") == [("request",)] * 8 + [("full",)] * 8


def test_requests_of_1_0_follow_a_request_line() -> None:
    """``ADS:CDS: REQ`` is what a new proxy says first."""
    log = capture(
        at(
            1,
            "ADS:CDS: REQ 10.0.0.1:1 sidecar~10.0.0.1~a.x~x.svc.cluster.local-8 3.9µs raw: "
            'node:<id:"sidecar~10.0.0.1~a.x~x" > ',
        ),
        at(1.1, 'CDS: PUSH 2026-01-01T00:00:00Z/1 for a.x "10.0.0.1:1", Clusters: 16, Services 11'),
        at(1.2, "EDS: PUSH for sidecar~10.0.0.1~a.x~x.svc.cluster.local-8 clusters 16 endpoints 15 empty 1"),
        at(1.3, 'CDS: PUSH 2026-01-01T00:00:00Z/2 for a.x "10.0.0.1:1", Clusters: 16, Services 11'),
        at(1.4, "EDS: PUSH for sidecar~10.0.0.1~a.x~x.svc.cluster.local-8 clusters 16 endpoints 15 empty 1"),
    )
    assert rows(analysis.pushes(log), "push_type") == [("request",), ("request",), ("full",), ("full",)]


def test_replicas_are_never_mixed() -> None:
    """Each has its rounds, its debounces and its numbers, whatever their clocks say."""
    log = replicas(
        [debounce(0.9, 1, "100ms", "200ms"), full(1, 1), four(1.1, "a.x"), full(3, 2), four(3.1, "a.x")],
        [debounce(1.9, 1, "100ms", "200ms"), full(2, 1), four(2.1, "b.x"), four(2.2, "c.x")],
    )
    assert rows(analysis.push_rounds(log), "round", "source", "pushes", "proxies", "debounce_id") == [
        (0, "replica-0", 4, 1, 1),
        (1, "replica-0", 4, 1, None),
        (2, "replica-1", 8, 2, 1),
    ]
    assert rows(analysis.pushes(log).drop_duplicates(["source", "round"]), "source", "round", "proxy") == [
        ("replica-0", 0, "a.x"),
        ("replica-0", 1, "a.x"),
        ("replica-1", 2, "b.x"),
    ]
    assert len(analysis.debounces(log)) == 2
    assert rows(analysis.xds_order(log), "proxy", "round") == [("a.x", 0), ("a.x", 1), ("b.x", 2), ("c.x", 2)]


def test_same_version_of_two_replicas() -> None:
    """Each counts versions from 1, perhaps in the same second."""
    log = replicas([full(1, 1), four(1.1, "a.x", version=1)], [full(1, 1), four(1.1, "b.x", version=1)])
    assert rows(analysis.pushes(log), "round") == [(0,)] * 4 + [(1,)] * 4


def test_round_knows_the_decision_that_made_it() -> None:
    """The debounce line before it; an endpoint-only push without a debounce has none."""
    log = capture(
        debounce(0.9, 7, "100ms", "200ms"),
        full(1, 1),
        incremental(1.5, 1),
        debounce(1.9, 8, "100ms", "200ms"),
        full(2, 2),
    )
    assert rows(analysis.push_rounds(log), "debounce_id") == [(7,), (None,), (8,)]


def test_round_knows_its_decision_after_a_restart() -> None:
    """The numbers begin again in the same file."""
    log = capture(debounce(0.9, 1, "100ms", "200ms"), full(1, 1), debounce(9.9, 1, "100ms", "200ms"), full(10, 1))
    assert rows(analysis.push_rounds(log), "debounce_id") == [(1,), (1,)]


def test_rounds_of_the_seed(real: Real) -> None:
    """What the document tells: version 2 arrives, and its endpoints go to both proxies."""
    capture_ = real("seed/pilot.log")
    assert rows(analysis.push_rounds(capture_), "full", "visible", "pushes", "proxies", "connected_endpoints") == [
        (True, True, 4, 1, 1),
        (False, True, 1, 1, 1),
        (False, True, 2, 2, 2),
    ]
    pushes = analysis.pushes(capture_)
    assert pushes["push_type"].astype(str).value_counts().to_dict() == {"request": 13, "full": 4, "incremental": 3}
    assert pushes.loc[pushes["push_type"] == "request", "inferred"].all()


def test_rounds_of_the_real_runs(real: Real) -> None:
    """Every round is there; at info the full ones are visible, and those that found nobody connected."""
    for log, rounds, visible in (
        ("pilot-1.0.9/discovery.log.gz", 10, 10),
        ("istiod-1.20.8/discovery.log.gz", 138, 17),
        ("istiod-1.30.3/discovery.log.gz", 145, 26),
        ("istiod-1.30.3/discovery-debug.log.gz", 67, 67),
    ):
        table = analysis.push_rounds(real(log))
        pushes = analysis.pushes(real(log))
        assert (len(table), table["visible"].sum()) == (rounds, visible)
        assert table["pushes"].isna().sum() == rounds - visible
        assert table["pushes"].sum() == pushes["round"].notna().sum()
        assert analysis.fan_out(real(log))["pushes"].sum() == table["pushes"].sum()
        assert (table["proxies"] <= table["connected_endpoints"]).fillna(True).all()
        assert (table["duration"].dropna() >= pd.Timedelta(0)).all()
        assert ("endpoint-only" in table.attrs["coverage"]) == (visible < rounds)


# ---- the rounds that pushes are given, against those that they print ----


def hidden(of: il.Capture) -> il.Capture:
    """The same capture as a log at info would have it: no push prints its version."""
    pushes = of["xds_push"]
    at_column = pushes.schema.get_field_index("push_version")
    nothing = pa.nulls(pushes.num_rows, pushes.schema.field(at_column).type)
    return il.Capture(
        of.events,
        {**of.tables, "xds_push": pushes.set_column(at_column, pushes.schema.field(at_column), nothing)},
        of.infos,
        of.nodes,
    )


def true_rounds(of: il.Capture) -> pd.Series[Any]:
    """The round of each push that prints its version: the full round of that version."""
    starts = of.to_pandas(events="push_start").dropna(subset=["connected_endpoints"]).reset_index(drop=True)
    full_rounds = starts[starts["push_type"].isna()]
    versions = dict(zip(full_rounds["push_version"], full_rounds.index, strict=True))
    return of.to_pandas(events="xds_push")["push_version"].map(versions)


@pytest.mark.parametrize(
    ("log", "count"),
    [
        ("istiod-1.30.3/discovery-debug.log.gz", 1210),
        ("pair-1.30.3/istiod.log.gz", 45),
        ("pilot-1.0.9/discovery.log.gz", 202),
        ("seed/pilot.log", 2),
    ],
)
def test_bounds_hold_the_true_round(log: str, count: int, real: Real) -> None:
    """With the versions hidden the bounds always hold it, and the likeliest is it in 99 % at least."""
    truth = true_rounds(real(log))
    table = analysis.pushes(hidden(real(log)))
    known = truth.notna() & table["round"].notna()
    assert known.sum() == count
    assert ((table["round_first"] <= truth) & (truth <= table["round_last"]))[known].all()
    assert (table["round"] == truth)[known].mean() >= 0.99
    # A version that is printed pins its round.
    assert (analysis.pushes(real(log))["round"] == truth)[known].all()


@pytest.mark.parametrize(
    "log", ["istiod-1.20.8/discovery.log.gz", "istiod-1.30.3/discovery.log.gz", "istiod-1.30.3/discovery-debug.log.gz"]
)
def test_rounds_of_a_proxy_never_go_back(log: str, real: Real) -> None:
    """And no round is pushed before it starts."""
    table = analysis.pushes(real(log)).dropna(subset=["round"])
    starts = analysis.push_rounds(real(log)).set_index("round")["line"]
    assert ((table["round_first"] <= table["round"]) & (table["round"] <= table["round_last"])).all()
    assert (table["round_last"].map(starts) < table["line"]).all()
    for name in ("round_first", "round_last", "round"):
        assert table.groupby(["source", "proxy"])[name].apply(lambda rounds: rounds.is_monotonic_increasing).all()


def part_of(log: Path, first: int, last: int) -> il.Capture:
    """Some lines of a log, as a rotation or a paste leaves them."""
    lines = gzip.decompress(log.read_bytes()).split(b"\n")[first:last]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return il.load(io.BytesIO(b"\n".join(lines) + b"\n"), component="pilot")


def test_several_pushes_from_before_the_log() -> None:
    """A slow proxy has two of them to come: the third push can be of the first round that is here."""
    log = capture(
        four(0.1, "b.x", "PUSH request"),
        incremental(0.5, 5),
        push(0.6, "RDS", "a.x"),
        full(1, 6),
        push(1.2, "RDS", "a.x"),
        full(2, 7),
        push(2.5, "RDS", "a.x"),
    )
    assert rows(analysis.pushes(log).iloc[4:], "round_first", "round_last") == [(None, None), (1, 1), (1, 2)]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (2201, 6913),
        (2770, 8306),
        (5048, 7158),
        (6014, 10559),
        (5485, 7651),
    ],
)
def test_bounds_in_a_log_that_begins_later(first: int, last: int, data: Path) -> None:
    """Pushes of rounds from before the log are no reason to be wrong about the others."""
    part = part_of(data / "istiod-1.30.3/discovery-debug.log.gz", first, last)
    truth, table = true_rounds(part), analysis.pushes(hidden(part))
    known = truth.notna() & table["round"].notna()
    assert known.sum() > 100
    assert ((table["round_first"] <= truth) & (truth <= table["round_last"]))[known].all()


# ---- order of types ----


@pytest.mark.parametrize(
    ("types", "kept", "early"),
    [
        ("CDS EDS LDS RDS", True, None),
        ("CDS LDS", True, None),
        ("EDS", True, None),
        ("CDS EDS RDS LDS", False, "RDS"),
        ("EDS CDS LDS RDS", False, "EDS"),
        ("LDS RDS CDS EDS", False, "LDS"),
    ],
)
def test_order_of_types(types: str, kept: bool, early: str | None) -> None:
    """Clusters, endpoints, listeners, routes; what came before its turn is named."""
    log = capture(full(1, 1), [push(1.1 + n / 100, one, "a.x") for n, one in enumerate(types.split())])
    table = analysis.xds_order(log)
    first, *more = rows(table, "proxy", "round", "order", "kept", "early")
    assert (first, more) == (("a.x", 0, types, kept, early), [])


def test_order_of_several_proxies_and_rounds() -> None:
    """One row each, though their lines are mixed; types beside the four have no turn."""
    mixed = [line for pair in zip(four(1.1, "a.x"), four(1.1, "b.x"), strict=True) for line in pair]
    log = capture(
        full(1, 1), mixed, push(1.2, "NDS", "a.x"), full(2, 2), push(2.1, "RDS", "b.x"), push(2.11, "CDS", "b.x")
    )
    assert rows(analysis.xds_order(log), "proxy", "round", "order", "kept", "early") == [
        ("a.x", 0, "CDS EDS LDS RDS", True, None),
        ("b.x", 0, "CDS EDS LDS RDS", True, None),
        ("b.x", 1, "RDS CDS", False, "RDS"),
    ]


def test_order_of_a_first_configuration() -> None:
    """It belongs to no round; what the proxy asks for later is not part of it."""
    log = capture(
        full(1, 1),
        opened(2, "a.x", 1),
        four(2.1, "a.x", "PUSH request"),
        push(9, "EDS", "a.x", "PUSH request"),
        opened(20, "a.x", 2),
    )
    table = analysis.xds_order(log)
    assert rows(table, "proxy", "round", "order", "kept", "flow") == [
        ("a.x", None, "CDS EDS LDS RDS", True, "first configuration")
    ]


def test_flows_of_the_seed(real: Real) -> None:
    """The document's two flows: a new proxy's first configuration, and the update of those that are there."""
    table = analysis.xds_order(real("seed/pilot.log"))
    assert rows(table, "proxy", "round", "order", "kept", "flow") == [
        ("helloworld-v1-575d9d9fcd-bjjj8.default", None, "CDS EDS LDS RDS", True, "first configuration"),
        ("helloworld-v1-575d9d9fcd-bjjj8.default", 0, "CDS EDS RDS LDS", False, "update"),
        ("helloworld-v1-575d9d9fcd-bjjj8.default", 1, "EDS", True, "incremental update"),
        ("helloworld-v2-54b97b8585-725mx.default", None, "CDS EDS LDS RDS", True, "first configuration"),
        ("helloworld-v2-54b97b8585-725mx.default", 2, "EDS", True, "incremental update"),
        ("helloworld-v1-575d9d9fcd-bjjj8.default", 2, "EDS", True, "incremental update"),
        ("curl-deploy-5f7684bb65-x5j26.default", None, "CDS EDS LDS RDS", True, "first configuration"),
    ]


# ---- full against incremental ----


def test_full_vs_incremental() -> None:
    """Per bin, type and kind: pushes, resources, bytes."""
    log = capture(
        opened(0.5, "a.x", 1),
        push(0.6, "CDS", "a.x", "PUSH request"),
        full(1, 1),
        push(1.1, "CDS", "a.x"),
        push(1.2, "CDS", "b.x"),
        push(1.3, "EDS", "b.x"),
        incremental(61, 1),
        push(61.1, "EDS", "b.x", "PUSH INC", "debug"),
    )
    table = analysis.full_vs_incremental(log, freq="1min")
    assert rows(table, "time", "xds_type", "push_type", "pushes", "resources", "size_bytes") == [
        (MIDNIGHT, "CDS", "full", 2, 8, 3000),
        (MIDNIGHT, "CDS", "request", 1, 4, 1500),
        (MIDNIGHT, "EDS", "full", 1, 4, 1500),
        (MIDNIGHT + pd.Timedelta("1min"), "EDS", "incremental", 1, 4, 1500),
    ]


def test_sizes_that_are_not_printed_are_null() -> None:
    """Before 1.9 most pushes print none: no 0 either."""
    log = capture(at(1, "CDS: PUSH for node:a.x resources:16"), at(1.1, "LDS: PUSH for node:a.x listeners:31"))
    assert rows(analysis.full_vs_incremental(log), "xds_type", "resources", "size_bytes") == [
        ("CDS", 16, None),
        ("LDS", 31, None),
    ]


@pytest.mark.parametrize(
    ("seconds", "width"), [(0.5, "1s"), (119, "1s"), (121, "2s"), (3600, "30s"), (86_400 * 400, "1D")]
)
def test_width_of_a_bin(seconds: float, width: str) -> None:
    """A round one, that gives no more bins than a plot can show."""
    log = capture(push(0, "CDS", "a.x"), push(seconds, "CDS", "a.x"))
    times = analysis.full_vs_incremental(log)["time"]
    assert times.iloc[-1] == (MIDNIGHT + pd.Timedelta(seconds, "s")).floor(width)


def test_full_vs_incremental_adds_up(real: Real) -> None:
    """Every push line is in one bin."""
    for log in ("seed/pilot.log", "istiod-1.30.3/discovery-debug.log.gz"):
        table = analysis.full_vs_incremental(real(log))
        assert table["pushes"].sum() == real(log)["xds_push"].num_rows
        assert not table.duplicated(["time", "xds_type", "push_type"]).any()


# ---- whatever is left of a log ----

PIECES = (
    old_debounce(1, 5, "250ms", NEVER),
    debounce(1.2, 1, "100ms", "100ms"),
    full(1, 1),
    full(1.3, 2, connected=0),
    incremental(1.4, 1),
    incremental(1.5, 2),
    opened(0.5, "a.x", 1),
    opened(1.6, "a.x", 2),
    opened(1.6, "b.x", 3),
    at(1.7, 'ADS: "10.0.0.1:1" a.x-1 terminated'),
    push(1.1, "CDS", "a.x"),
    push(1.5, "EDS", "a.x", "PUSH INC", "debug"),
    push(1.5, "EDS", "b.x", "PUSH", "debug"),
    push(1.8, "RDS", "b.x", version=1),
    push(1.9, "CDS", "b.x", version=7),
    push(0.6, "CDS", "a.x", "PUSH request"),
    at(1.6, 'CDS: PUSH 2026-01-01T00:00:00Z/1 for a.x "10.0.0.1:1", Clusters: 16, Services 11'),
    "2026-99-01T00:00:00Z\tinfo\tads\tXDS: Pushing Services:15 ConnectedEndpoints:2 Version:x",
    "2026-99-01T00:00:00Z\tinfo\tads\tCDS: PUSH for node:a.x resources:4 size:1.5kB",
    "gc 1 @0.018s 1%: 0.015+1.3+0.071 ms clock, 0.031+0.15/0.26/1.0+0.14 ms cpu, 3->4->1 MB, 4 MB goal, 2 P",
)


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@example([[push(0.1, "CDS", "a.x"), push(0.2, "CDS", "a.x", "PUSH request"), full(1, 1), push(1.1, "RDS", "b.x")]])
@example([[push(0.1, "CDS", "a.x", "PUSH request"), push(0.2, "CDS", "a.x"), full(1, 1), push(1.1, "RDS", "b.x")]])
@given(logs=st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12), min_size=1, max_size=2))
def test_answers_of_any_lines(logs: list[list[str]]) -> None:
    """In any order, from the middle, several replicas: every answer has its shape, and its bounds their order."""
    of = replicas(*logs)
    for name in ANSWERS:
        check_answer(name, answer(name, of))
    table = analysis.pushes(of).dropna(subset=["round"])
    assert ((table["round_first"] <= table["round"]) & (table["round"] <= table["round_last"])).all()
