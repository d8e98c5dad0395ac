"""Errors by cause, and the shapes of the tables of proxies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from loglines import MIDNIGHT, at, closed, metric, rows

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

Lines = Callable[..., il.Capture]

ANSWERS = ("connections", "connected_endpoints", "errors", "endpoint_churn", "empty_clusters")

each_answer = pytest.mark.parametrize("name", ANSWERS)


@each_answer
def test_a_capture_without_any_entry(name: str, real: Real) -> None:
    """A bootstrap alone."""
    table = getattr(analysis, name)(real("seed/envoy-rev0.json"))
    assert table.empty
    assert table.attrs["coverage"]


GONE = "rpc error: code = Unavailable desc = transport is closing"

# ---- errors ----


@pytest.mark.parametrize(
    ("line", "cause", "grpc", "proxy", "peer"),
    [
        (at(1, "ADS:EDS: ACK ERROR web-1.shop-8 Internal:bad", "warn"), "NACK", "Internal", "web-1.shop", None),
        (at(1, "Timeout writing web-1.shop-8: EDS"), "write timeout", None, "web-1.shop", None),
        (at(1, "EDS: QUEUE TIMEOUT for node:web-1.shop", "warn"), "queue timeout", None, "web-1.shop", None),
        (
            at(1, "Failed to push, client busy 3 sidecar~10.0.0.3~web-1.shop~shop.svc-8", "warn"),
            "client busy",
            None,
            "web-1.shop",
            None,
        ),
        (
            at(1, f"EDS: Send failure for node:web-1.shop resources:10 size:23.6kB: {GONE}", "warn"),
            "send failure",
            "Unavailable",
            "web-1.shop",
            None,
        ),
        (
            at(1, 'ADS: "10.0.0.3:4242" exceeded rate limit: rate: Wait(n=1) would exceed context deadline', "warn"),
            "rate limit",
            None,
            None,
            "10.0.0.3",
        ),
        (
            at(1, "Failed to authenticate client from [fd00::3]:4242: no certificate", "error"),
            "unauthenticated",
            None,
            None,
            "[fd00::3]",
        ),
        (
            at(1, "Unauthorized XDS: 10.0.0.3:4242 with identity [spiffe://a]: no identities matched", "warn"),
            "unauthorized",
            None,
            None,
            "10.0.0.3",
        ),
        (closed(1, "web-1.shop", 8, GONE), "stream closed", "Unavailable", "web-1.shop", None),
    ],
)
def test_causes(line: str, cause: str, grpc: str | None, proxy: str | None, peer: str | None, lines: Lines) -> None:
    """One line of each."""
    table = analysis.errors(lines(line, component="pilot"))
    assert rows(table, "cause", "grpc", "proxy", "peer", "count", "component", "expected") == [
        (cause, grpc, proxy, peer, 1, "pilot", False)
    ]


def test_errors_of_one_form_are_counted_together(lines: Lines) -> None:
    """Digits aside; the first text stands for all."""
    table = analysis.errors(
        lines(
            *[at(n, f"ADS:LDS: ACK ERROR web-1.shop-{n} Internal:listener 0.0.0.0_{n}", "warn") for n in (80, 90, 443)],
            at(500, "ADS:LDS: ACK ERROR web-1.shop-8 Internal:another", "warn"),
            at(501, "ADS:LDS: ACK ERROR web-2.shop-9 Code(99):another", "warn"),
        )
    )
    assert rows(table, "proxy", "count", "error", "grpc_code", "grpc") == [
        ("web-1.shop", 3, "listener 0.0.0.0_80", 13, "Internal"),
        ("web-1.shop", 1, "another", 13, "Internal"),
        ("web-2.shop", 1, "another", 99, "Code(99)"),
    ]
    assert table.loc[0, "first_seen"] == MIDNIGHT + pd.Timedelta("80s")
    assert table.loc[0, "last_seen"] == MIDNIGHT + pd.Timedelta("443s")


def test_ends_as_proxies_go_are_expected(lines: Lines) -> None:
    """Canceled and EOF; an end without a word is no error at all."""
    table = analysis.errors(
        lines(
            closed(1, "a.b", 1, "EOF"),
            closed(2, "c.b", 2, "rpc error: code = Canceled desc = context canceled"),
            closed(3, "d.b", 3, GONE),
            closed(4, "e.b", 4),
        )
    )
    assert sorted(rows(table, "proxy", "expected")) == [("a.b", True), ("c.b", True), ("d.b", False)]


def test_errors_of_a_sidecar(real: Real) -> None:
    """The agent's streams; whether they ended as they should."""
    table = analysis.errors(real("pair-1.30.3/istio-proxy.log"))
    assert set(table["component"]) == {"agent"}
    table = table[table["cause"] == "disconnected"]
    assert table.groupby("expected")["count"].sum().to_dict() == {False: 9, True: 5}


@pytest.mark.parametrize(
    ("log", "file"),
    [
        ("istiod-1.20.8/discovery.log.gz", "istiod-1.20.8/metrics.txt"),
        ("istiod-1.30.3/discovery.log.gz", "istiod-1.30.3/metrics.txt"),
        ("istiod-1.30.3/discovery-debug.log.gz", "istiod-1.30.3/metrics-debug.txt"),
    ],
)
def test_nacks_are_those_of_the_metric(log: str, file: str, real: Real, data: Path) -> None:
    """By type, exactly."""
    table = analysis.errors(real(log))
    nacks = table[table["cause"] == "NACK"].groupby("xds_type", observed=True)["count"].sum()
    for xds_type, count in nacks.items():
        assert count == metric(data, file, "pilot_total_xds_rejects", f'{{type="{str(xds_type).lower()}"}}')


def test_failed_writes_are_those_of_the_metric(real: Real, data: Path) -> None:
    """Each prints two lines."""
    table = analysis.errors(real("istiod-1.20.8/discovery.log.gz")).groupby("cause", observed=True)["count"].sum()
    timeouts = metric(data, "istiod-1.20.8/metrics.txt", "pilot_xds_write_timeout")
    assert table["write timeout"] == table["send failure"] == timeouts


def encoded(capture: il.Capture) -> il.Capture:
    """The same capture in chunks, repeating text as dictionaries, all of it of run 3."""

    def other(table: pa.Table) -> pa.Table:
        half = table.num_rows // 2
        table = pa.concat_tables([table.slice(0, half), table.slice(half)])
        for place, field in enumerate(table.schema):
            if field.type == pa.string() and field.name not in ("message", "error", "nonce"):
                table = table.set_column(place, field.name, table[field.name].dictionary_encode())
        run = table.schema.get_field_index("run")
        return table.set_column(run, "run", pa.array([3] * table.num_rows, pa.int64()))

    tables = {event: other(table) for event, table in capture.tables.items()}
    return il.Capture(other(capture.events), tables, capture.infos, process_runs=capture.runs.assign(run=3))


# ---- other shapes of the same tables ----


@pytest.mark.parametrize("name", [*ANSWERS, "triggers", "push_sizes", "sidecar_savings", "cache_ratio", "gc"])
def test_tables_in_chunks_with_dictionaries_and_runs(name: str, real: Real) -> None:
    """Only `run` differs."""
    log = real("istiod-1.30.3/discovery-debug.log.gz")
    expected, table = (getattr(analysis, name)(capture) for capture in (log, encoded(log)))
    assert set(table["run"]) == {3}
    pd.testing.assert_frame_equal(table.drop(columns="run"), expected.drop(columns="run"), check_like=True)
