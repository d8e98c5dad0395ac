"""Push waves: a few lines of a log, and how the round went through its proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import loglines
import numpy as np
import pandas as pd
import pytest
from expected import INFO
from hypothesis import given, settings
from hypothesis import strategies as st
from loglines import MIDNIGHT, at, capture

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis._intervals import disjoint, per_round

A, B, C = "a-1.shop", "b-1.shop", "c-1.shop"
MS = pd.Timedelta("1ms")


def full(seconds: float, version: int, connected: int = 3) -> str:
    """A full round of three proxies begins."""
    return loglines.full(seconds, version, connected)


def push(seconds: float, proxy: str, xds_type: str = "CDS", words: str = "PUSH", version: int = 0) -> str:
    """A push; with a version, as debug prints it, its round is known."""
    return loglines.push(seconds, xds_type, proxy, words, version=version)


#: An answer to a request: with it, a log is one that prints requests.
ASKED = push(0.1, "z-1.shop", words="PUSH request")


def row(table: pd.DataFrame, number: int, *names: str) -> list[Any]:
    """Some columns of one round, times in milliseconds, nulls as None."""
    found = [table.set_index("round").loc[number, name] for name in names]
    return [None if pd.isna(x) else x / MS if isinstance(x, pd.Timedelta) else x for x in found]


def test_a_wave_through_three_proxies() -> None:
    """A proxy has a round when it has the last type of it."""
    log = capture(
        full(1, 1),
        push(1.010, A, version=1),
        push(1.020, B, version=1),
        push(1.030, A, "LDS", version=1),
        push(1.250, C, version=1),
        push(1.040, B, "LDS", version=1),
    )
    table = analysis.push_waves(log)
    assert row(table, 0, "proxies", "proxies_low", "proxies_high", "pushes", "size_bytes") == [3, 3, 3, 5, 7500]
    assert row(table, 0, "first", "median", "p95", "last", "last_low", "last_high") == [30, 40, 250, 250, 250, 250]
    assert row(table, 0, "slowest", "overtaken", "stragglers", "visible", "run") == [C, 0, 0, True, 0]


def test_one_wave_proxy_by_proxy() -> None:
    log = capture(
        full(1, 1),
        push(1.010, B, version=1),
        push(1.020, B, "EDS", version=1),
        push(1.030, B, "LDS", version=1),
        push(1.015, A, version=1),
    )
    table = analysis.push_wave(log, 0)
    assert table[["place", "proxy", "order", "pushes", "resources", "size_bytes", "certain"]].to_numpy().tolist() == [
        [1, A, "CDS", 1, 4, 1500, True],
        [2, B, "CDS EDS LDS", 3, 12, 4500, True],
    ]
    assert (table["begun"] / MS).tolist() == [15, 10]
    assert (table["done"] / MS).tolist() == [15, 30]
    assert (table["timestamp"] == MIDNIGHT + pd.Timedelta("1s")).all()


def test_stragglers_are_those_that_are_late() -> None:
    log = capture(full(1, 1), push(1.1, A, version=1), push(2.5, B, version=1), full(9, 2), push(9.1, A, version=2))
    assert row(analysis.push_waves(log), 0, "stragglers", "stragglers_low", "stragglers_high") == [1, 1, 1]
    assert row(analysis.push_waves(log, late="2s"), 0, "stragglers", "stragglers_low", "stragglers_high") == [0, 0, 0]
    assert analysis.push_wave(log, 0)["straggler"].tolist() == [False, True]


def test_a_proxy_that_has_a_round_when_the_next_has_begun_is_overtaken() -> None:
    log = capture(full(1, 1), push(1.1, A, version=1), full(2, 2), push(2.2, B, version=1), push(2.3, A, version=2))
    table = analysis.push_waves(log)
    assert table["overtaken"].tolist() == [1, 0]
    assert analysis.push_wave(log, 0)["overtaken"].tolist() == [False, True]


def test_bounds_where_the_round_of_a_push_is_not_certain() -> None:
    """B got one push after two rounds: it is of the first, of the second, or of both merged."""
    log = capture(
        ASKED,
        at(0.2, f"ADS: new connection for node:{A}-1"),
        at(0.2, f"ADS: new connection for node:{B}-2"),
        full(2, 1),
        push(2.1, A, version=1),
        full(3, 2),
        push(3.1, A, version=2),
        push(4.5, B),
    )
    table = analysis.push_waves(log)
    assert row(table, 0, "proxies_low", "proxies_high", "last_low", "last_high") == [1, 2, 100, 2500]
    assert row(table, 1, "proxies_low", "proxies_high", "last_low", "last_high") == [1, 2, 100, 1500]
    assert row(table, 1, "proxies", "last", "slowest") == [2, 1500, B]
    assert row(table, 1, "merged_low", "merged_high") == [0, 1]  # A had the round before: only B can be merged
    assert table[["stragglers_low", "stragglers_high"]].to_numpy().tolist() == [[0, 1], [0, 1]]
    wave = analysis.push_wave(log, 1)
    assert wave["certain"].tolist() == [True, False]
    assert wave[["done_low", "done_high"]].map(lambda time: time / MS).to_numpy().tolist() == [[100, 100], [1500, 1500]]


def test_merged_proxies_are_counted_where_a_line_does() -> None:
    log = capture(
        full(1, 1), push(1.1, A), full(2, 2), at(2.001, "Starting new push while 17 were still pending"), push(2.1, A)
    )
    assert analysis.push_waves(log)[["merged_low", "merged_high"]].to_numpy().tolist() == [[0, 0], [17, 17]]


def test_rounds_whose_pushes_the_level_hides_are_not_counted(real: Callable[[str], il.Capture]) -> None:
    table = analysis.push_waves(real("istiod-1.30.3/discovery.log.gz"))
    hidden = table[~table["visible"].astype(bool)]
    assert len(hidden) == INFO.decisions - INFO.visible_rounds
    assert hidden.loc[:, "proxies":"stragglers_high"].isna().all(axis=None)  # type: ignore[misc]
    assert table.attrs["coverage"].startswith(INFO.hidden)


@pytest.mark.parametrize(
    "log", ["istiod-1.30.3/discovery.log.gz", "istiod-1.30.3/discovery-debug.log.gz", "pilot-1.0.9/discovery.log.gz"]
)
def test_waves_of_real_runs_agree_with_rounds(log: str, real: Callable[[str], il.Capture]) -> None:
    """The likeliest is within its bounds, and the table of rounds counts the same."""
    waves, rounds = analysis.push_waves(real(log)), analysis.push_rounds(real(log))
    for name in ("round", "proxies", "pushes", "size_bytes"):
        pd.testing.assert_series_equal(waves[name], rounds[name])
    seen = waves[waves["proxies"].fillna(0) > 0]
    pd.testing.assert_series_equal(seen["last"], rounds.loc[seen.index, "duration"], check_names=False)
    for name in ("proxies", "stragglers"):
        assert seen[name].between(seen[f"{name}_low"], seen[f"{name}_high"]).all()
    assert (seen["last"] <= seen["last_high"]).all()
    assert ((seen["last_low"] <= seen["last"]) | seen["last_low"].isna()).all()
    assert (seen["first"] <= seen["median"]).all()
    assert (seen["median"] <= seen["p95"]).all()
    wave = analysis.push_wave(real(log), int(seen["round"].iloc[-1]))
    assert len(wave) == seen["proxies"].iloc[-1]
    assert wave["done"].is_monotonic_increasing
    assert (wave["done_low"] <= wave["done"]).all()
    assert (wave["done"] <= wave["done_high"]).all()


def test_a_time_is_when_it_was_sent(real: Callable[[str], il.Capture]) -> None:
    """A proxy that is stopped gets its pushes sent all the same, and applies them later."""
    for table in (
        analysis.push_waves(real("istiod-1.30.3/discovery.log.gz")),
        analysis.push_wave(real("seed/pilot.log"), 0),
    ):
        assert "times are when istiod had sent a push" in table.attrs["coverage"]


def test_a_round_that_is_not_there(real: Callable[[str], il.Capture]) -> None:
    with pytest.raises(ValueError, match="there is no round 3: rounds are 0 to 2"):
        analysis.push_wave(real("seed/pilot.log"), 3)


@pytest.mark.parametrize("log", ["pair-1.30.3/istio-proxy.log", "seed/envoy-rev0.json"])
def test_no_wave_without_a_control_plane(log: str, real: Callable[[str], il.Capture]) -> None:
    waves = analysis.push_waves(real(log))
    assert waves.empty
    assert "no log of a control plane" in waves.attrs["coverage"]
    assert str(waves["last_high"].dtype) == "timedelta64[ns]"
    wave = analysis.push_wave(real(log), 0)
    assert wave.empty
    assert wave.attrs["coverage"]


def test_a_round_that_reached_nobody(real: Callable[[str], il.Capture]) -> None:
    wave = analysis.push_wave(real("istiod-1.30.3/discovery.log.gz"), 0)
    assert wave.empty
    assert wave.attrs["coverage"] == "round 0 was pushed to no proxy"


# Spans of rounds, against the obvious way

SPANS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(-1, 9), st.integers(0, 99)), max_size=30)


def arrays(rows: Iterable[tuple[int, int, int, int]]) -> tuple[np.ndarray[Any, Any], ...]:
    table = np.array(list(rows), np.int64).reshape(-1, 4)
    return table[:, 0], table[:, 1], np.minimum(table[:, 1] + table[:, 2], 12), table[:, 3]


@settings(max_examples=30)
@given(SPANS)
def test_spans_hold_each_round_once(rows: list[tuple[int, int, int, int]]) -> None:
    code, first, last, _ = arrays(rows)
    held = {(c, n) for c, a, b in zip(code, first, last, strict=True) for n in range(a, b + 1)}
    found = disjoint(code, first, last)
    assert found.counts(13).tolist() == [sum(n == number for _, n in held) for number in range(13)]
    asked = [(c, n) for c in range(4) for n in range(14)]
    codes, numbers = (np.array(column, np.int64) for column in zip(*asked, strict=True))
    assert found.holds(codes, numbers).tolist() == [pair in held for pair in asked]


@settings(max_examples=30)
@given(SPANS)
def test_the_largest_value_of_each_round(rows: list[tuple[int, int, int, int]]) -> None:
    _, first, last, value = arrays(rows)
    of = zip(first, last, value, strict=True)
    spans = list(of)
    expected = [max((v for a, b, v in spans if a <= n <= b), default=-1) for n in range(13)]
    assert per_round(first, last, value, 13).tolist() == expected
