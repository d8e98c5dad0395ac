"""Labels behind a message."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import pytest
from header_rows import rows, values

import istiolog_pd as il

Lines = Callable[..., il.Capture]

LABELS_OF_A_RESPONSE = {
    "event": "xds_response",
    "component": "agent",
    "connection": 1,
    "xds_type": "CDS",
    "nonce": "2026-11-23T17:45:26Z/3a",
    "resources": 37,
    "removed": 0,
}

# ---- labels ----


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23T17:45:26.5Z\tdebug\txdsproxy\tupstream response\t"
        "id=1 type=CDS nonce=2026-11-23T17:45:26Z/3a resources=37 removes=0",
        "2026-11-23T17:45:26.5Z\tdebug\txdsproxy\tupstream response\t"
        "id=1 type=type.googleapis.com/envoy.config.cluster.v3.Cluster nonce=2026-11-23T17:45:26Z/3a "
        "resources=37 removes=0",
        "2026-11-23T17:45:26.5Z    debug    xdsproxy    upstream response    "
        "id=1 type=CDS nonce=2026-11-23T17:45:26Z/3a resources=37 removes=0",
        "2026-11-23T17:45:26.5Z debug xdsproxy upstream response "
        "id=1 type=CDS nonce=2026-11-23T17:45:26Z/3a resources=37 removes=0",
        '{"level":"debug","time":"2026-11-23T17:45:26.5Z","scope":"xdsproxy","msg":"upstream response","id":1,'
        '"type":"type.googleapis.com/envoy.config.cluster.v3.Cluster",'
        '"nonce":"2026-11-23T17:45:26Z/3a","resources":37,"removes":0}',
        '{"id":"1","nonce":"2026-11-23T17:45:26Z/3a","removes":0,"resources":37,"type":"CDS",'
        '"msg":"upstream response","scope":"xdsproxy","time":"2026-11-23T17:45:26.5Z","level":"debug"}',
    ],
    ids=["text", "type URL", "runs of blanks", "single blanks", "JSON", "JSON, keys first"],
)
def test_labels_are_read_from_text_and_json_alike(line: str, lines: Lines) -> None:
    """The same columns, however the labels are written."""
    (row,) = rows(lines(line))
    assert values(row, LABELS_OF_A_RESPONSE) == LABELS_OF_A_RESPONSE


@pytest.mark.parametrize(
    ("line", "event", "nonce"),
    [
        (
            "2026-11-23T17:45:26Z\tdebug\txdsproxy\tdelta request\tid=1 type=CDS sub=2 nonce=abc initial=0",
            "xds_ack",
            "abc",
        ),
        (
            "2026-11-23T17:45:26Z\tdebug\txdsproxy\tdelta request\tid=1 type=CDS sub=2 nonce= initial=0",
            "xds_request",
            None,
        ),
        (
            '{"level":"debug","time":"2026-11-23T17:45:26Z","scope":"xdsproxy","msg":"delta '
            'request","id":1,"type":"CDS",'
            '"sub":2,"nonce":"abc","initial":0}',
            "xds_ack",
            "abc",
        ),
        (
            '{"level":"debug","time":"2026-11-23T17:45:26Z","scope":"xdsproxy","msg":"delta '
            'request","id":1,"type":"CDS",'
            '"sub":2,"nonce":"","initial":0}',
            "xds_request",
            None,
        ),
    ],
)
def test_delta_request_with_a_nonce_is_an_ack(line: str, event: str, nonce: str | None, lines: Lines) -> None:
    """Envoy answers a response by a request that names it."""
    (row,) = rows(lines(line))
    assert (row["event"], row["xds_type"], row["connection"]) == (event, "CDS", 1)
    assert values(row, ["nonce"]) == {"nonce": nonce}


def test_label_that_is_a_duration(lines: Lines) -> None:
    """``time=`` is the entry's own duration where it is one."""
    found = rows(
        lines(
            "2026-11-23T17:28:49.307762Z\tinfo\tsync complete\tname=ingress/informer/Services "
            "handler attempt=2 time=2.089694ms",
            '{"level":"info","time":"2026-11-23T17:28:49.307762Z","msg":"sync complete","name":"x","attempt":2}',
        )
    )
    assert [row["event"] for row in found] == ["ready", "ready"]
    assert found[0]["duration"] == pd.Timedelta("2.089694ms")
    assert pd.isna(found[1]["duration"])


def test_labels_stay_in_the_message(lines: Lines) -> None:
    """What was printed is in the message, whatever was read from it."""
    (row,) = rows(lines("2026-11-23T17:45:26Z\tdebug\txdsproxy\tdelta request\tid=1 type=CDS nonce="))
    assert row["message"] == "delta request\tid=1 type=CDS nonce="


STACK = "istio.io/istio/pkg/istio-agent.f\n\tistio.io/istio/pkg/istio-agent/xds_proxy.go:1"


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23T17:45:26.5Z\tdebug\txdsproxy\tupstream response\t"
        f"id=1 type=CDS nonce=2026-11-23T17:45:26Z/3a resources=37 removes=0\n{STACK}",
        '{"level":"debug","time":"2026-11-23T17:45:26.5Z","scope":"xdsproxy","msg":"upstream response","id":1,"type":"CDS",'
        f'"nonce":"2026-11-23T17:45:26Z/3a","resources":37,"removes":0,"stack":{json.dumps(STACK)}}}',
    ],
    ids=["text", "JSON"],
)
def test_labels_before_a_stack(line: str, lines: Lines) -> None:
    """``--log_stacktrace_level``: a stack follows the labels."""
    (row,) = rows(lines(line))
    assert values(row, LABELS_OF_A_RESPONSE) == LABELS_OF_A_RESPONSE


@pytest.mark.parametrize(
    "line",
    [
        f"2026-11-23T17:45:26Z\tinfo\tads\tCDS: PUSH for node:web-1.shop resources:42 size:1.5kB\n{STACK}",
        '{"level":"info","time":"2026-11-23T17:45:26Z","scope":"ads",'
        f'"msg":"CDS: PUSH for node:web-1.shop resources:42 size:1.5kB","stack":{json.dumps(STACK)}}}',
    ],
    ids=["text", "JSON"],
)
def test_known_line_with_a_stack(line: str, lines: Lines) -> None:
    """It is what it is without."""
    (row,) = rows(lines(line))
    assert (row["event"], row["xds_type"]) == ("xds_push", "CDS")
    assert row["message"].endswith(STACK)
