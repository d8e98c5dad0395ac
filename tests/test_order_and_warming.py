"""Order over more than one round: clusters without endpoints, listeners without routes, clusters that stay cold."""

from __future__ import annotations

from collections.abc import Callable

import loglines
import pandas as pd
import pytest
from loglines import envoy, full

import istiolog_pd as il
from istiolog_pd import analysis

PROXY = "web-1.shop"
CLUSTER = "outbound|80||cart.shop.svc.cluster.local"
MS = pd.Timedelta("1ms")


def capture(*lines: str) -> il.Capture:
    return loglines.capture(*lines, component=None)


def round_(seconds: float, version: int) -> str:
    return full(seconds, version, connected=1)


def push(seconds: float, xds_type: str, words: str = "PUSH") -> str:
    return loglines.push(seconds, xds_type, PROXY, words)


def warming(seconds: float, cluster: str = CLUSTER) -> str:
    return envoy(seconds, f"add/update cluster {cluster} starting warming")


ASKED = push(0.1, "CDS", "PUSH request")


def test_endpoints_and_routes_that_follow() -> None:
    """Endpoints of the first round are asked for after it, as delta xDS does."""
    lines = [
        ASKED,
        round_(1, 1),
        push(1.010, "CDS"),
        push(1.020, "LDS"),
        push(1.050, "EDS", "PUSH request"),
        push(1.080, "RDS", "PUSH request"),
    ]
    table = analysis.xds_order(capture(*lines)).query("flow == 'update'")
    assert table["order"].tolist() == ["CDS LDS"]
    assert (table["endpoints_after"] / MS).tolist() == [40]
    assert (table["routes_after"] / MS).tolist() == [60]
    assert table[["without_endpoints", "without_routes"]].to_numpy().tolist() == [[False, False]]


def test_clusters_again_before_endpoints() -> None:
    lines = [
        ASKED,
        round_(1, 1),
        push(1.01, "CDS"),
        round_(2, 2),
        push(2.01, "CDS"),
        push(2.03, "EDS"),
        round_(3, 3),
        push(3.01, "CDS"),
    ]
    table = analysis.xds_order(capture(*lines)).query("flow == 'update'")
    without = [None if pd.isna(value) else bool(value) for value in table["without_endpoints"]]
    assert without == [True, False, None]  # of the last the log does not tell
    assert table["endpoints_after"].isna().tolist() == [True, False, True]
    assert table["without_routes"].isna().all()


def test_a_cluster_gets_warm() -> None:
    """Exact times, on one clock."""
    table = analysis.cluster_warming(capture(warming(1), envoy(1.25, f"warming cluster {CLUSTER} complete")))
    assert table[["cluster", "state", "line"]].to_numpy().tolist() == [[CLUSTER, "warm", 1]]
    assert (table["warming_low"] / MS).tolist() == (table["warming_high"] / MS).tolist() == [250]


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (warming(3), "updated again"),
        (envoy(3, f"removing warming cluster {CLUSTER}"), "removed"),
        (envoy(3, "lds: add/update listener '0.0.0.0_80'"), "still warming"),
    ],
)
def test_a_cluster_that_does_not_get_warm(line: str, state: str) -> None:
    """One that is still warming did so until the log's end at least."""
    first = analysis.cluster_warming(capture(warming(1), line)).iloc[0]
    assert first["state"] == state
    assert first["warming_low"] == pd.Timedelta("2s")
    assert pd.isna(first["warming_high"]) == (state == "still warming")


def test_warming_of_the_seed(real: Callable[[str], il.Capture]) -> None:
    table = analysis.cluster_warming(real("seed/helloworld-v1-istio-proxy.log"))
    assert table["state"].tolist() == ["warm", "warm"]
    assert (table["warming_high"] / MS).tolist() == [17, 0]


@pytest.mark.parametrize(
    ("log", "why"),
    [("pair-1.30.3/istio-proxy.log", "no log of an Envoy"), ("seed/pilot.log", "no log of an Envoy")],
)
def test_no_warming_to_see(log: str, why: str, real: Callable[[str], il.Capture]) -> None:
    table = analysis.cluster_warming(real(log))
    assert table.empty
    assert why in table.attrs["coverage"]


def test_an_envoy_that_prints_no_warming() -> None:
    table = analysis.cluster_warming(capture(envoy(3, "lds: add/update listener '0.0.0.0_80'")))
    assert "at debug later" in table.attrs["coverage"]
