"""Propagation joined by nonce: a few lines of istiod, agent and Envoy."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from propagation_lines import (
    DTYPES,
    answer,
    capture,
    clusters,
    envoy,
    file,
    listener,
    millis,
    opened,
    push,
    rejection,
    reply,
    response,
    seconds,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

# ---- joined by nonce ----


def test_the_real_pair_is_joined_by_nonce(real: Real) -> None:
    """Every push is seen four times: sent, received, acknowledged by Envoy, acknowledged at istiod."""
    table = analysis.propagation(real("pair-1.30.3"))
    assert {name: str(table[name].dtype) for name in DTYPES} == DTYPES
    assert len(table) == 87
    assert table["exact"].all()
    assert table[["received", "acknowledged", "nonce", "push_version"]].notna().all(axis=None)
    assert table["applied"].isna().all()  # a stand-in answered the agent: there is no line of an Envoy
    assert table.attrs["coverage"].startswith("no Envoy here prints its updates")
    first = table.iloc[0]
    assert first["sent"] == pd.Timestamp("2026-11-23T17:45:32.737972Z")
    assert first["received"] == pd.Timestamp("2026-11-23T17:45:32.738696Z")
    assert first["acknowledged"] == pd.Timestamp("2026-11-23T17:45:32.740715Z")
    assert first["push_version"] == "2026-11-23T17:45:29Z/2"
    # Both clocks are one: 0 lies between the bounds.
    assert set(table["clock_offset_low"]) == {pd.Timedelta("-102us")}
    assert set(table["clock_offset_high"]) == {pd.Timedelta("289us")}
    assert (first["delay_low"], first["delay_high"]) == (pd.Timedelta("435us"), pd.Timedelta("2605us"))


def test_bounds_of_the_real_pair_hold_what_both_clocks_show(data: Path, real: Real) -> None:
    """The clock is one, so an update was applied between what the agent received and what it passed on."""
    table = analysis.propagation(real("pair-1.30.3"))
    text = (data / "pair-1.30.3/istio-proxy.log").read_text()
    passed = re.findall(r"(\S+)\tdebug\txdsproxy\tdelta request\t.* nonce=(\S+) ", text)
    answered = {nonce: pd.Timestamp(time) for time, nonce in reversed(passed)}
    assert (table["delay_low"] <= table["received"] - table["sent"]).all()
    assert (table["nonce"].map(answered) - table["sent"] <= table["delay_high"]).all()
    assert (table["delay_high"] <= table["acknowledged"] - table["sent"]).all()


def test_endpoint_only_pushes_get_the_nonce_of_their_answer(real: Real) -> None:
    """Their line prints none."""
    table = analysis.propagation(real("pair-1.30.3"))
    push = table[table["sent"] == pd.Timestamp("2026-11-23T17:45:33.748050Z")].iloc[0]
    assert push["nonce"] == "2026-11-23T17:45:29Z/28bcbdf74-a684-4035-954e-d8d1df560ab3"
    assert push["acknowledged"] == pd.Timestamp("2026-11-23T17:45:33.749002Z")
    assert (table["push_type"] == "incremental").sum() > 20


@pytest.mark.parametrize("offset", ["-5s", "1h"])
def test_another_clock_changes_the_offset_and_not_the_delay(data: Path, real: Real, offset: str) -> None:
    text = (data / "pair-1.30.3/istio-proxy.log").read_text()
    shift = pd.Timedelta(offset)

    def later(found: re.Match[str]) -> str:
        return f"{pd.Timestamp(found[0]) + shift:%Y-%m-%dT%H:%M:%S.%fZ}"

    shifted = re.sub(r"(?m)^2026-11-23T\d\d:\d\d:\d\d\.\d{6}Z", later, text)
    istiod = io.BytesIO(gzip.decompress((data / "pair-1.30.3/istiod.log.gz").read_bytes()))
    istiod.name = "istiod.log"
    table, plain = (
        analysis.propagation(il.load(istiod, file("p.log", shifted))),
        analysis.propagation(real("pair-1.30.3")),
    )
    for name in ("delay_low", "delay_high", "sent", "acknowledged"):
        pd.testing.assert_series_equal(table[name], plain[name])
    for name in ("clock_offset_low", "clock_offset_high"):
        pd.testing.assert_series_equal(table[name], plain[name] + shift)


def test_an_istiod_at_debug_alone_bounds_the_delay_by_its_own_clock(real: Real) -> None:
    table = analysis.propagation(real("istiod-1.30.3/discovery-debug.log.gz"))
    assert len(table) == 2328
    assert table[["received", "applied", "clock_offset_low"]].isna().all(axis=None)
    answered = table.dropna(subset=["acknowledged"])
    assert len(answered) == 2283
    assert table["nacked"].notna().sum() == 11
    assert (answered["delay_low"] == pd.Timedelta(0)).all()
    assert (answered["delay_high"] == answered["acknowledged"] - answered["sent"]).all()
    assert "no log of a sidecar" in table.attrs["coverage"]
    assert "no answer to 34 pushes" in table.attrs["coverage"]


def test_a_rejected_push_is_not_applied() -> None:
    pilot = [opened(0), push(1, number=1), answer(1.03, 1), rejection(1.0301), push(2, number=2), answer(2.03, 2)]
    refused = "delta config for type.googleapis.com/envoy.config.cluster.v3.Cluster rejected: bad"
    sidecar = [
        *(response(1.01, 1), clusters(1.017)[1], envoy(1.0181, refused, "warn"), reply(1.02, 1)),
        *(response(2.01, 2), clusters(2.017)[1], reply(2.02, 2)),
    ]
    table = analysis.propagation(capture(pilot, sidecar))
    assert seconds(table["nacked"]) == [1.0301, None]
    assert seconds(table["applied"]) == [None, 2.018]
    assert seconds(table["acknowledged"]) == [None, 2.03]
    assert millis(table["delay_low"]) == [None, 0]
    assert table["exact"].tolist() == [True, True]


def test_a_rejection_at_info_is_of_the_last_push() -> None:
    table = analysis.propagation(capture([opened(0), push(1), push(1.1, "LDS"), rejection(1.2)], [listener(3)]))
    assert seconds(table.loc[table["xds_type"] == "CDS", "nacked"]) == [1.2]


def test_a_push_that_was_never_answered() -> None:
    pilot = [opened(0), push(1, number=1), answer(1.03, 1), push(2, number=2)]
    table = analysis.propagation(capture(pilot, [response(1.01, 1), reply(1.02, 1)]))
    assert table["exact"].isna().tolist() == [False, True]
    assert seconds(table["acknowledged"]) == [1.03, None]
    assert "no answer to 1 pushes" in table.attrs["coverage"]


def test_answers_and_pushes_that_are_not_equally_many_stay_apart() -> None:
    """Of three pushes without a nonce between two with, only two were answered: nobody knows which."""
    pilot = [
        opened(0),
        push(1, "EDS", number=1),
        answer(1.03, 1, "EDS"),
        *[push(2 + n, "EDS", words="PUSH INC") for n in range(3)],
        answer(5.01, 8, "EDS"),
        answer(5.02, 9, "EDS"),
        push(6, "EDS", number=2),
        answer(6.03, 2, "EDS"),
    ]
    table = analysis.propagation(capture(pilot, [response(1.01, 1, "EDS"), reply(1.02, 1, "EDS")]))
    assert seconds(table["sent"]) == [1, 6]


def test_clocks_that_drift_are_bounded_push_by_push() -> None:
    pilot = [opened(0)]
    for n, begin in enumerate((10, 100)):
        pilot += [push(begin, number=n), answer(begin + 0.03, n)]
    sidecar = [response(10.01, 0), reply(10.02, 0), response(105.01, 1), reply(105.02, 1)]
    table = analysis.propagation(capture(pilot, sidecar))
    assert millis(table["clock_offset_low"]) == [-10, 4990]
    assert millis(table["clock_offset_high"]) == [1010, 6010]  # a push line is written late, but not by a second
    assert millis(table["delay_low"]) == [0, 0]
    assert "for 2 rows the clocks drift" in table.attrs["coverage"]
