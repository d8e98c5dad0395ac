"""Push decisions: a few lines of a log, and the values that they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from expected import INFO, OLD
from loglines import (
    MIDNIGHT,
    at,
    capture,
    debounce,
    full,
    old_debounce,
    rows,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

NEVER = "2562047h47m16.854775807s"

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
        (OLD.log, OLD.decisions, None),
        (INFO.log, INFO.decisions, None),
    ):
        table = analysis.debounces(real(log))
        assert len(table) == count
        assert set(table["bound"]) == {"quiet"}
        assert table["events"].notna().all()
        assert events is None or table["events"].sum() == events == table["debounce_id"].iloc[-1]
        assert table["timestamp"].is_monotonic_increasing
