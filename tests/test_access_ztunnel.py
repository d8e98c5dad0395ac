"""ztunnel's log: access lines, the xDS client, its start; text, JSON, and text that lost its tabs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd.formats.columns import COLUMNS

Lines = Callable[..., il.Capture]

MS = 1_000_000

LABELS = {
    "src.addr": "10.244.0.9:51948",
    "src.workload": "web-7bf44b8df8-rx25b",
    "src.namespace": "shop",
    "src.identity": "spiffe://cluster.local/ns/shop/sa/web",
    "dst.addr": "10.244.0.7:15008",
    "dst.hbone_addr": "10.244.0.7:8080",
    "dst.service": "cart.shop.svc.cluster.local",
    "dst.workload": "cart-v1-86b8ffc5ff-bhvxx",
    "dst.namespace": "shop",
    "dst.identity": "spiffe://cluster.local/ns/shop/sa/cart",
    "direction": "outbound",
    "bytes_sent": 84,
    "bytes_recv": 358,
    "duration": "15ms",
}
ACCESS = {
    "source_address": "10.244.0.9:51948",
    "source_workload": "web-7bf44b8df8-rx25b",
    "source_workload_namespace": "shop",
    "source_principal": "spiffe://cluster.local/ns/shop/sa/web",
    "destination_address": "10.244.0.7:15008",
    "destination_hbone_address": "10.244.0.7:8080",
    "destination_service": "cart.shop.svc.cluster.local",
    "destination_workload": "cart-v1-86b8ffc5ff-bhvxx",
    "destination_workload_namespace": "shop",
    "destination_principal": "spiffe://cluster.local/ns/shop/sa/cart",
    "direction": "outbound",
    "bytes_sent": 84,
    "bytes_received": 358,
    "duration": 15 * MS,
}
ERROR = "io error: peer did not present the SAN (spiffe://a), status code = Unavailable"

TYPE = "type.googleapis.com/istio.workload.Address"
XDS = {
    "xds::client:xds{id=1}\tStream established\t": ("xds_connected", {}),
    f'xds::client:xds{{id=1}}\treceived response\ttype_url="{TYPE}" size=118 removes=2': (
        "xds_response",
        {"xds_type": "WDS", "resources": 118, "removed": 2},
    ),
    "xds::client:xds{id=3}\tXDS client error: gRPC error (Unavailable): closed, retrying in 1.28s\t": (
        "xds_disconnected",
        {"error": "gRPC error (Unavailable): closed"},
    ),
    "xds:xds{id=1}\thandling RBAC update default-deny\t": ("ztunnel_xds", {}),
    "readiness\tTask 'state manager' complete (26.847041ms), marking server ready\t": (
        "ready",
        {"duration": 26_847_041},
    ),
    'proxy::inbound\tlistener established\taddress=[::]:15008 component="inbound" transparent=true': ("startup", {}),
    'inpod::statemanager\tpod received, starting proxy\tuid="ec71" name="web-1" namespace="shop"': (
        "pod_event",
        {"pod": "web-1", "namespace": "shop", "proxy": "web-1.shop"},
    ),
}


SENT = f'2026-05-09T13:04:07.837318Z\t%s\txds::client:xds{{id=14}}\tsending response\ttype_url="{TYPE}" nonce="ab-1" type=%s'


def quoted(labels: dict[str, Any]) -> str:
    """Labels as ztunnel prints them in text: strings that are no addresses in double quotes."""
    return " ".join(
        f'{key}="{value}"' if isinstance(value, str) and not key.endswith("addr") else f"{key}={value}"
        for key, value in labels.items()
    )


def row_of(capture: il.Capture, number: int = 0) -> dict[str, Any]:
    """A row, nulls left out, durations in nanoseconds."""
    row = capture.to_pandas().iloc[number].dropna().to_dict()
    return {str(k): v.value if isinstance(v, pd.Timedelta) else v for k, v in row.items()}


def own(row: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row that only some events have."""
    return {name: value for name, value in row.items() if name in COLUMNS}


@pytest.mark.parametrize("gap", ["\t", "    "], ids=["tabs", "tabs lost"])
def test_access(gap: str, lines: Lines) -> None:
    """Every label in its column; the message is the line after its header."""
    found = row_of(
        lines(f"2026-06-08T08:52:53.326278Z{gap}info{gap}access{gap}connection complete{gap}{quoted(LABELS)}")
    )
    assert own(found) == ACCESS
    assert (found["event"], found["component"], found["scope"], found["level"]) == (
        "access",
        "ztunnel",
        "access",
        "info",
    )
    assert found["message"] == f"connection complete{gap}{quoted(LABELS)}"
    assert found["timestamp"] == pd.Timestamp("2026-06-08T08:52:53.326278", tz="UTC")


def test_access_of_1_22(lines: Lines) -> None:
    """Words stood without quotes then."""
    bare = " ".join(f"{key}={value}" for key, value in LABELS.items())
    found = row_of(lines(f"2024-05-30T12:18:10.172761Z\tinfo\taccess\tconnection complete\t{bare}"))
    assert own(found) == ACCESS


def test_access_that_failed(lines: Lines) -> None:
    """An error has its text, and the gRPC status if there is one in it."""
    text = quoted(LABELS | {"error": ERROR})
    found = row_of(lines(f"2026-06-08T08:52:53.326278Z\terror\taccess\tconnection complete\t{text}"))
    assert own(found) == ACCESS | {"error": ERROR, "grpc_code": 14}


def test_access_json(lines: Lines) -> None:
    """The same columns from JSON."""
    head = {"level": "info", "time": "2026-08-10T08:19:58.950669Z", "scope": "access", "message": "connection complete"}
    found = row_of(lines(json.dumps(head | LABELS | {"error": ERROR})))
    assert own(found) == ACCESS | {"error": ERROR, "grpc_code": 14}
    assert (found["event"], found["component"], found["scope"]) == ("access", "ztunnel", "access")


@pytest.mark.parametrize(("text", "event", "values"), [(text, *one) for text, one in XDS.items()])
def test_other_lines(text: str, event: str, values: dict[str, Any], lines: Lines) -> None:
    """The Rust module is the scope, without the span behind it."""
    capture = lines(f"2026-05-09T13:04:07.837318Z\tinfo\t{text}")
    found = row_of(capture)
    assert (found["event"], own(found)) == (event, values)
    assert found["scope"] == text.partition("\t")[0].partition(":xds{")[0]
    assert capture.sources["component"].to_list() == ["ztunnel"]


@pytest.mark.parametrize(
    ("level", "answer", "event", "error"),
    [
        ("debug", "Ack", "xds_ack", None),
        ("error", 'Nack error="bad: x"', "xds_nack", "bad: x"),
        ("error", 'Nack error="bad b=c d"', "xds_nack", None),  # cut in two by what looks like a label
    ],
)
def test_ack_and_nack(level: str, answer: str, event: str, error: str | None, lines: Lines) -> None:
    """Their texts are the same; the level tells them apart."""
    found = row_of(lines(SENT % (level, answer)))
    assert (found["event"], found["xds_type"], found["nonce"], found.get("error")) == (event, "WDS", "ab-1", error)


def test_rust_tracing(lines: Lines) -> None:
    """To Istio 1.21 the lines were those of Rust's tracing library."""
    found = row_of(
        lines(
            "2023-05-11T08:37:59.078700Z  WARN xds{id=1}: ztunnel::xds::client: XDS client connection error: "
            "gRPC connection error: dns error, retrying in 20ms"
        )
    )
    assert (found["event"], found["level"], found["scope"]) == ("xds_disconnected", "warn", "xds::client")
    assert own(found) == {"error": "gRPC connection error: dns error"}


def test_lines_of_istio_stay_istios(lines: Lines) -> None:
    """A scope of Istio's, or a message with a colon, makes no line ztunnel's."""
    found = lines(
        "2018-12-24T15:48:45.929503Z\tinfo\txds\tx: y{z}\ta=1",
        "2018-12-24T15:48:45.929503Z\tinfo\thttp: TLS handshake error from 10.0.0.1:1234: EOF\tb=2",
        "2018-12-24T15:48:45.929503Z info access to the server denied",
    ).to_pandas()
    assert set(found["component"]) == {"pilot"}


@pytest.mark.parametrize("thread", ["\tthread=16", "  thread=16"], ids=["tab", "tab lost"])
def test_thread_of_envoy(thread: str, lines: Lines) -> None:
    """Since Istio 1.17 Envoy prints its thread behind the message, after further lines too."""
    gap = thread.partition("thread")[0]
    head = f"2024-05-18T07:33:18.538878Z{gap}info{gap}envoy upstream cds_api_helper.cc:32{gap}"
    found = lines(
        f"{head}cds: add 3 cluster(s), remove 5 cluster(s){thread}", f"{head}runtime: a\nb{thread}"
    ).to_pandas()
    assert found["thread"].to_list() == [16, 16]
    assert found["added"][0] == 3
    assert found["message"][1] == f"runtime: a\nb{thread}"


def test_a_word_that_looks_like_a_thread(lines: Lines) -> None:
    """Only a label is one, and only Envoy's."""
    found = lines(
        "2024-05-18T07:33:18.538878Z\tinfo\tenvoy upstream\tstarted thread=16",
        "2024-05-18T07:33:18.538878Z\tinfo\tads\tx\tthread=16",
        "2024-05-18T07:33:18.538878Z\tinfo\tenvoy upstream\tx\tthread=1_6",
    ).to_pandas()
    assert found["thread"].isna().all()
