"""Push rounds and their pushes: a few lines of a log, and the values that they give."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
from expected import RUNS
from loglines import (
    MIDNIGHT,
    at,
    capture,
    debounce,
    four,
    full,
    incremental,
    opened,
    push,
    replicas,
    rows,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

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
        (2, "replica-1", 8, 2, 1),
        (1, "replica-0", 4, 1, None),
    ]
    assert rows(analysis.pushes(log).drop_duplicates(["source", "round"]), "source", "round", "proxy") == [
        ("replica-0", 0, "a.x"),
        ("replica-1", 2, "b.x"),
        ("replica-0", 1, "a.x"),
    ]
    assert len(analysis.debounces(log)) == 2
    assert sorted(rows(analysis.xds_order(log), "proxy", "round")) == [("a.x", 0), ("a.x", 1), ("b.x", 2), ("c.x", 2)]


def test_same_version_of_two_replicas() -> None:
    """Each counts versions from 1, perhaps in the same second."""
    log = replicas([full(1, 1), four(1.1, "a.x", version=1)], [full(1, 1), four(1.1, "b.x", version=1)])
    assert sorted(rows(analysis.pushes(log), "proxy", "round")) == [("a.x", 0)] * 4 + [("b.x", 1)] * 4


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
    counts = [(run.log, run.decisions, run.visible_rounds) for run in RUNS.values()]
    for log, rounds, visible in (("pilot-1.0.9/discovery.log.gz", 10, 10), *counts):
        table = analysis.push_rounds(real(log))
        pushes = analysis.pushes(real(log))
        assert (len(table), table["visible"].sum()) == (rounds, visible)
        assert table["pushes"].isna().sum() == rounds - visible
        assert table["pushes"].sum() == pushes["round"].notna().sum()
        assert analysis.fan_out(real(log))["pushes"].sum() == table["pushes"].sum()
        assert (table["proxies"] <= table["connected_endpoints"]).fillna(True).all()
        assert (table["duration"].dropna() >= pd.Timedelta(0)).all()
        assert ("endpoint-only" in table.attrs["coverage"]) == (visible < rounds)
