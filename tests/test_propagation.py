"""Propagation: lines of two logs, and the way of each push between them."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from loglines import MIDNIGHT, at, log, read

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.propagation.sides import sidecars

Real = Callable[[str], il.Capture]

POD, PROXY = "web-1", "web-1.shop"
SIDECAR = f"proxies/shop/{POD}/istio-proxy.log"
MS = pd.Timedelta("1ms")

DTYPES = {
    "proxy": "str",
    "xds_type": "category",
    "push_version": "str",
    "nonce": "str",
    **dict.fromkeys(("sent", "received", "applied", "acknowledged"), "datetime64[ns, UTC]"),
    **dict.fromkeys(("clock_offset_low", "clock_offset_high", "delay_low", "delay_high"), "timedelta64[ns]"),
    "exact": "boolean",
    **dict.fromkeys(("nacked", "warmed", "first_request"), "datetime64[ns, UTC]"),
}

# ---- lines ----


def nonce(number: int) -> str:
    return f"2026-01-01T00:00:00Z/7{number:08x}-18d1-4aa1-9dec-1f9cd0cc7d3e"


def opened(seconds: float, connection: int = 1) -> str:
    return at(seconds, f"ADS: new delta connection for node:{PROXY}-{connection}", scope="delta")


def push(seconds: float, xds_type: str = "CDS", number: int | None = None, words: str = "PUSH") -> str:
    """A push; a nonce is printed at debug only."""
    tail = "" if number is None else f" nonce:{nonce(number)} version:2026-01-01T00:00:00Z/7"
    return at(
        seconds,
        f"{xds_type}: {words} for node:{PROXY} resources:4 removed:0 size:1.5kB cached:0/4{tail}",
        scope="delta",
    )


def answer(seconds: float, number: int, xds_type: str = "CDS") -> str:
    """istiod, debug: the proxy's answer to a push."""
    return at(seconds, f"ADS:{xds_type}: REQ {PROXY}-1 resources sub:0 unsub:0 nonce:{nonce(number)}", "debug", "delta")


def rejection(seconds: float, xds_type: str = "CDS") -> str:
    return at(seconds, f"ADS:{xds_type}: ACK ERROR {PROXY}-1 Internal:bad", "warn", "delta")


def response(seconds: float, number: int, xds_type: str = "CDS") -> str:
    """The agent, debug."""
    return at(
        seconds,
        f"upstream response\tid=1 type={xds_type} nonce={nonce(number)} resources=4 removes=0",
        "debug",
        "xdsproxy",
    )


def reply(seconds: float, number: int, xds_type: str = "CDS") -> str:
    """The agent, debug: Envoy's answer."""
    return at(
        seconds,
        f"delta request\tid=1 type={xds_type} sub=0 unsub=0 nonce={nonce(number)} initial=0",
        "debug",
        "xdsproxy",
    )


def connected(seconds: float) -> str:
    return at(seconds, "connected to delta upstream XDS server: istiod.istio-system.svc:15012\tid=1", scope="xdsproxy")


def envoy(seconds: float, message: str, level: str = "info") -> str:
    return at(seconds, f"{message}\tthread=22", level, "envoy upstream external/envoy/source/x.cc:35")


def clusters(seconds: float) -> list[str]:
    """Envoy's two lines of an update of clusters."""
    return [
        envoy(seconds, "cds: add 4 cluster(s), remove 1 cluster(s)"),
        envoy(seconds + 0.001, "cds: added/updated 3 cluster(s), skipped 1 unmodified cluster(s)"),
    ]


def listener(seconds: float, name: str = "0.0.0.0_80") -> str:
    return envoy(seconds, f"lds: add/update listener '{name}'")


def file(name: str, *lines: Any) -> io.BytesIO:
    return log(*lines, name=name)


def capture(pilot: list[Any], sidecar: list[Any], name: str = SIDECAR) -> il.Capture:
    return read(*[file("istiod.log", pilot)] * bool(pilot), file(name, sidecar))


def seconds(column: pd.Series[Any]) -> list[float | None]:
    """Times in seconds since midnight, nulls as None."""
    return [None if pd.isna(time) else (time - MIDNIGHT) / pd.Timedelta("1s") for time in column]


def millis(column: pd.Series[Any]) -> list[float | None]:
    return [None if pd.isna(span) else span / MS for span in column]


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


def test_whose_log_it_is_can_be_told() -> None:
    name = "web-10.log"
    log = capture([push(10)], clusters(10.5), name)
    silent = analysis.propagation(log)
    assert silent.empty
    assert f"whose log it is cannot be told of {name}: name its proxy" in silent.attrs["coverage"]
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


# ---- whatever is left of logs ----

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


def test_no_update_is_later_than_its_push() -> None:
    """Pushes of a sidecar whose only update came before: nothing is joined by time."""
    of = il.load(
        file("istiod.log", push(1.2, "LDS"), push(1.4, number=2), push(1.2, "LDS")), file(SIDECAR, listener(0.5))
    )
    table = analysis.propagation(of)
    assert len(table) == 3
    assert table["applied"].isna().all()


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
