"""Propagation joined by time, and the proxy of each log."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from loglines import MIDNIGHT, at
from propagation_lines import (
    DTYPES,
    PROXY,
    SIDECAR,
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
from istiolog_pd.analysis.propagation.sides import sidecars

Real = Callable[[str], il.Capture]


def connected(seconds: float) -> str:
    return at(seconds, "connected to delta upstream XDS server: istiod.istio-system.svc:15012\tid=1", scope="xdsproxy")


# ---- joined by time ----


def test_at_info_an_update_is_of_the_push_before_it() -> None:
    """The agent connects, istiod sees it 4 ms later, Envoy's first update comes 50 ms after connecting."""
    pilot = [opened(10.004), push(10.01), push(10.02, "LDS"), push(20), push(20.01, "LDS")]
    sidecar = [connected(10), *clusters(10.05), listener(10.06), *clusters(20.03), listener(20.05)]
    table = analysis.propagation(capture(pilot, sidecar))
    assert table["xds_type"].tolist() == ["CDS", "LDS", "CDS", "LDS"]
    assert seconds(table["applied"]) == [10.051, 10.06, 20.031, 20.05]
    assert table["exact"].eq(False).all()
    assert set(millis(table["clock_offset_low"])) == {-4}
    assert set(millis(table["clock_offset_high"])) == {47}
    assert millis(table["delay_low"]) == [0, 0, 0, 0]
    # The last line of an update is written some ms before it is done.
    assert millis(table["delay_high"]) == [345, 344, 335, 344]
    assert table["received"].isna().all()
    assert "4 rows are joined by time" in table.attrs["coverage"]
    assert "taken to be" not in table.attrs["coverage"]


def test_without_a_connection_in_the_logs_the_skew_is_assumed() -> None:
    table = analysis.propagation(capture([push(10)], clusters(10.5)), clock_skew="200ms")
    assert millis(table["clock_offset_low"]) == [-200]
    assert millis(table["clock_offset_high"]) == [200]
    assert millis(table["delay_low"]) == [301]
    assert table["delay_high"].isna().all()  # nothing says that it was not an update of a push before the log
    assert "taken to be 00:00:00.200000 at most" in table.attrs["coverage"]


def test_what_follows_an_update_of_clusters() -> None:
    name, other = "outbound|80||new.shop.svc.cluster.local", "outbound|80||old.shop.svc.cluster.local"
    request = (
        '[{}] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 5 1 1 "-" "curl" "id" "new" "10.0.0.9:80" {} 1:2 3:4 5:6 - -'
    )
    sidecar = [
        connected(10),
        envoy(10.04, f"add/update cluster {other} during init", "debug"),
        *clusters(10.05),
        clusters(20.01)[0],
        envoy(20.02, f"add/update cluster {name} starting warming", "debug"),
        clusters(20.03)[1],
        envoy(20.2, f"warming cluster {name} complete", "debug"),
        request.format("2026-01-01T00:00:20.500Z", other),
        request.format("2026-01-01T00:00:21.500Z", name),
        request.format("2026-01-01T00:00:22.500Z", name),
    ]
    table = analysis.propagation(capture([opened(10.004), push(10.01), push(20)], sidecar))
    assert seconds(table["warmed"]) == [None, 20.2]
    assert seconds(table["first_request"])[1] == 21.5


Mesh = tuple[list[str], list[tuple[str, list[str]]], dict[tuple[str, float], float]]


@st.composite
def meshes(draw: st.DrawFn) -> Mesh:
    """istiod's and some sidecars' lines at level info, and how long each push of clusters took in truth."""
    pilot: list[str] = []
    sidecars, truth = [], {}
    for number in range(12):
        pod = f"pod{number}-1"
        offset = draw(st.integers(-900, 900)) / 1000
        lines = [connected(100 + offset)]
        own = [opened(100.004)]
        sent, had = 100.01, 0.0
        for _ in range(draw(st.integers(1, 6))):
            had = max(sent + draw(st.integers(1, 3000)) / 1000, had + 0.002)
            own.append(push(sent))
            truth[f"{pod}.shop", round(sent, 6)] = had - sent
            lines.append(clusters(had + offset - 0.001)[1])
            sent += draw(st.integers(2, 2500)) / 1000
        pilot += [line.replace(PROXY, f"{pod}.shop") for line in own]
        sidecars.append((f"proxies/shop/{pod}/istio-proxy.log", lines))
    return pilot, sidecars, truth


@settings(max_examples=4)
@given(meshes())
def test_no_delay_is_outside_its_bounds(mesh: Mesh) -> None:
    """Whatever the offset, and however many pushes are on their way at a time."""
    pilot, sidecars, truth = mesh
    table = analysis.propagation(il.load(file("istiod.log", *pilot), *[file(name, *lines) for name, lines in sidecars]))
    assert len(table) == len(truth)
    slack = 2e-6
    for row in table.dropna(subset=["applied"]).itertuples():
        took = truth[row.proxy, round((row.sent - MIDNIGHT).total_seconds(), 6)]
        assert row.delay_low.total_seconds() <= took + slack
        assert pd.isna(row.delay_high) or took <= row.delay_high.total_seconds() + slack


# ---- whose log ----


@pytest.mark.parametrize(
    "name",
    [
        "proxies/shop/web-1/istio-proxy.log",
        "bug-report.tar.gz!bug-report/proxies/shop/web-1/istio-proxy.log",
        "shop_web-1_0f3c/istio-proxy/0.log",
        "web-1_shop_istio-proxy-0f3c.log",
        "dump/cluster/web-1_istio-proxy.log",
        "shop/web-1/logs.txt",
        "web-1.log",
        "web-1.log.gz",
    ],
)
def test_the_name_of_a_source_tells_its_pod(name: str) -> None:
    table = sidecars(
        capture([], clusters(10.5), name), [PROXY, "web-10.shop"], {}, pd.DataFrame(columns=["log", "proxy"])
    )
    assert table.to_dict() == {name: PROXY}


def test_two_pods_of_one_name_are_told_apart_by_their_namespace() -> None:
    logs = il.load(file("shop/web-1/logs.txt", *clusters(1)), file("web-1.log", *clusters(1)), component="agent")
    table = sidecars(logs, [PROXY, "web-1.pay"], {}, pd.DataFrame(columns=["log", "proxy"]))
    assert table["shop/web-1/logs.txt"] == PROXY
    assert pd.isna(table["web-1.log"])


def test_the_proxy_of_a_log_can_be_given() -> None:
    name = "web-10.log"
    log = capture([push(10)], clusters(10.5), name)
    silent = analysis.propagation(log)
    assert silent.empty
    assert f"the proxy of {name} is unknown: name it" in silent.attrs["coverage"]
    told = analysis.propagation(log, proxies={name: PROXY})
    assert seconds(told["applied"]) == [10.501]


def test_an_agent_names_its_node() -> None:
    role = at(1, f"Proxy role\tips=[10.0.0.1] type=sidecar id={PROXY} domain=shop.svc.cluster.local")
    table = analysis.propagation(
        capture([push(10)], [role.replace("\tads", ""), connected(9), *clusters(10.5)], "p.log")
    )
    assert seconds(table["applied"]) == [10.501]


def test_pushes_to_others_are_counted() -> None:
    other = push(11).replace(PROXY, "other-1.shop")
    table = analysis.propagation(capture([push(10), other], clusters(10.5)))
    assert table["proxy"].tolist() == [PROXY]
    assert "1 of 2 pushes go to proxies whose log is not here" in table.attrs["coverage"]


# ---- what cannot be answered ----


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("pair-1.30.3/istio-proxy.log", "no log of a control plane"),
        ("seed/envoy-rev0.json", "no log of a control plane"),
        ("pilot-1.0.9/discovery.log.gz", "no push can be followed"),
        ("istiod-1.20.8/discovery.log.gz", ""),
    ],
)
def test_an_answer_that_cannot_be_given_says_why(log: str, why: str, real: Real) -> None:
    table = analysis.propagation(real(log))
    assert {name: str(table[name].dtype) for name in DTYPES} == DTYPES
    assert table["applied"].isna().all()
    assert why in table.attrs["coverage"]
    assert table.attrs["coverage"]


PIECES = (
    opened(1),
    opened(5, 2),
    push(1.1),
    push(1.2, "LDS"),
    push(1.3, number=1),
    push(1.4, number=2),
    push(1.4, number=2),
    push(1.5, "EDS", words="PUSH INC"),
    push(0.9, words="PUSH request"),
    at(1, "XDS: Pushing Services:9 ConnectedEndpoints:3 Version:2026-01-01T00:00:00Z/7"),
    at(1.2, "XDS: Incremental Pushing ConnectedEndpoints:3 Version:2026-01-01T00:00:00Z/7"),
    at(1.2, "Starting new push while 17 were still pending"),
    answer(1.6, 1),
    answer(1.7, 2),
    answer(1.8, 3, "EDS"),
    rejection(1.9),
    push(1.1).replace("2026-01", "2026-99"),
    opened(1).replace("2026-01", "2026-99"),
    answer(1.6, 1).replace("2026-01", "2026-99"),
)

SIDECARS = (
    connected(0.9),
    response(1.5, 1),
    response(1.5, 2),
    reply(1.55, 1),
    reply(1.4, 2),
    *clusters(1.5),
    listener(1.6),
    listener(0.5),
    envoy(1.5, "add/update cluster outbound|80||a.b starting warming", "debug"),
    envoy(1.9, "warming cluster outbound|80||a.b complete", "debug"),
    envoy(1.9, "removing cluster outbound|80||a.b", "debug"),
    connected(0.9).replace("2026-01", "2026-99"),
    listener(0.5).replace("2026-01", "2026-99"),
    reply(1.55, 1).replace("2026-01", "2026-99"),
    "[2026-99-01 00:00:01.000][18][info][upstream] x.cc:5] add/update cluster outbound|80||a.b starting warming",
)

# ---- whatever is left of logs ----


def test_no_update_is_later_than_its_push() -> None:
    """Pushes of a sidecar whose only update came before: nothing is joined by time."""
    of = il.load(
        file("istiod.log", push(1.2, "LDS"), push(1.4, number=2), push(1.2, "LDS")), file(SIDECAR, listener(0.5))
    )
    table = analysis.propagation(of)
    assert len(table) == 3
    assert table["applied"].isna().all()


@pytest.mark.filterwarnings("ignore:.* are no times of a log")
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14), min_size=1, max_size=2),
    st.lists(st.sampled_from(SIDECARS), min_size=1, max_size=10),
)
def test_any_lines_have_answers(pilots: list[list[str]], sidecar: list[str]) -> None:
    """In any order, from the middle, without their times, several replicas: bounds keep their order."""
    files = [file(f"istiod-{number}.log", *lines) for number, lines in enumerate(pilots)]
    of = il.load(*files, file(SIDECAR, *sidecar))
    table = analysis.propagation(of)
    assert {name: str(table[name].dtype) for name in DTYPES} == DTYPES
    bounded = table.dropna(subset=["delay_low", "delay_high"])
    if (bounded["exact"] == False).all():  # noqa: E712  (by nonce, lines in any order can say anything)
        assert (bounded["delay_low"] <= bounded["delay_high"]).all()
    waves = analysis.push_waves(of)
    assert (waves["stragglers_low"] <= waves["stragglers_high"]).all()
    assert (waves["merged_low"] <= waves["merged_high"]).all()
    assert analysis.push_wave(of, 0).empty or len(waves)
    assert (analysis.cluster_warming(of)["cluster"] == "outbound|80||a.b").all()
    assert analysis.xds_order(of)["order"].notna().all()
