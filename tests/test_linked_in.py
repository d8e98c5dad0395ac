r"""Lines that no statement of Istio's own prints: gRPC, net/http, client-go, Go's runtime, Envoy's crashes, iptables.

The shapes are those of public reports, with general names. Tabs are written as ``\t``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import istiolog_pd as il

Lines = Callable[..., il.Capture]

INFO = "2021-06-17T23:24:31.307058Z\tinfo\t"


def values(capture: il.Capture, row: int, *names: str) -> dict[str, Any]:
    """Some columns of a row, null as None."""
    found = capture.to_pandas().iloc[row]
    return {name: None if pd.isna(found[name]) else found[name] for name in names}


def entries(capture: il.Capture) -> list[tuple[str, int]]:
    """Event and first line of every entry."""
    table = capture.to_pandas(columns=["event", "line"]).astype(object)
    return [(str(event), int(line)) for event, line in table.to_numpy()]


ONE_LINE = {
    "a client that does not trust the certificate": (
        "http: TLS handshake error from 10.16.7.6:48390: remote error: tls: bad certificate",
        "server_error",
        {"peer": "10.16.7.6:48390", "error": "remote error: tls: bad certificate"},
    ),
    "a client of IPv6": (
        "http: TLS handshake error from [fd00:10::9]:41190: EOF",
        "server_error",
        {"peer": "[fd00:10::9]:41190", "error": "EOF"},
    ),
    "a gRPC client that does not speak TLS": (
        'grpc: Server.Serve failed to complete security handshake from "10.16.7.6:48390": tls: first record does not '
        "look like a TLS handshake",
        "server_error",
        {"peer": "10.16.7.6:48390", "error": "tls: first record does not look like a TLS handshake"},
    ),
    "a probe of a gRPC port": (
        'grpc: Server.Serve failed to create ServerTransport: connection error: desc = "transport: '
        'http2Server.HandleStreams failed to receive the preface from client: EOF"',
        "server_error",
        {"peer": None},
    ),
    "the end of a transport": (
        'transport: loopyWriter.run returning. Err: connection error: desc = "transport is closing"',
        "server_error",
        {"error": 'connection error: desc = "transport is closing"'},
    ),
    "a channel's state": (
        "pickfirstBalancer: HandleSubConnStateChange: 0xc0007d7f20, {READY <nil>}",
        "server_error",
        {},
    ),
    "a channel's state, newer": ("[core]Subchannel Connectivity change to CONNECTING", "server_error", {}),
    "a watch that is forbidden": (
        'k8s.io/client-go@v0.20.2/tools/cache/reflector.go:167: Failed to watch *v1.Service: services is forbidden: User "x" '
        "cannot list",
        "kube_api_error",
        {"config_kind": "*v1.Service", "error": 'services is forbidden: User "x" cannot list'},
    ),
    "a watch that ended": (
        "pkg/kube/client.go:9: watch of *v1.Secret ended with: too old resource version: 123 (456)",
        "kube_api_error",
        {"config_kind": "*v1.Secret", "error": "too old resource version: 123 (456)"},
    ),
    "throttling": (
        "Waited for 1.04s due to client-side throttling, not priority and fairness, request: GET:https://10.96.0.1/api",
        "kube_api_error",
        {"duration": pd.Timedelta("1.04s")},
    ),
    "a deprecated API": (
        "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
        "deprecation",
        {"config_name": "Ingress"},
    ),
    "a lock taken by another": (
        'Failed to update lock: Operation cannot be fulfilled on configmaps "x": the object has been modified',
        "leader_election",
        {"error": 'Operation cannot be fulfilled on configmaps "x": the object has been modified'},
    ),
    "a trace export": ("traces export: context deadline exceeded", "telemetry", {"error": "context deadline exceeded"}),
}


@pytest.mark.parametrize(("message", "event", "gives"), ONE_LINE.values(), ids=ONE_LINE)
@pytest.mark.parametrize("component", ["pilot", "agent"])
def test_a_line_of_a_library(message: str, event: str, gives: dict[str, Any], component: str, lines: Lines) -> None:
    """Istiod and the agent print them alike, under a header of Istio's."""
    found = lines(INFO + message, component=component)
    assert values(found, 0, "event", *gives) == {"event": event, **gives}


def test_headers_that_are_not_istios(lines: Lines) -> None:
    """Go's own log, klog, and controller-runtime's zap JSON."""
    found = lines(
        "2021/06/17 23:24:31 http: TLS handshake error from 10.16.7.6:48390: EOF",
        "E0617 23:24:32.433262       1 reflector.go:383] k8s.io/client-go/informers/factory.go:134: Failed to watch *v1.Node: "
        "net/http: TLS handshake timeout",
        '{"level":"error","ts":1623972273.25,"logger":"controller-runtime.controller","msg":"Reconciler error",'
        '"error":"conflict"}',
        component="pilot",
    )
    table = found.to_pandas()
    assert table["event"].tolist() == ["server_error", "kube_api_error", "reconcile_error"]
    assert [str(time) for time in table["timestamp"]] == [
        "2021-06-17 23:24:31+00:00",
        "2021-06-17 23:24:32.433262+00:00",
        "2021-06-17 23:24:33.250000+00:00",
    ]
    assert table["scope"].tolist()[2] == "controller-runtime.controller"
    assert values(found, 2, "level", "error") == {"level": "error", "error": "conflict"}


TRACE = (
    "goroutine 1187 [running]:",
    "runtime.throw(0x1c43e3f, 0x21)",
    "{}/usr/local/go/src/runtime/panic.go:616 +0x81",
)


@pytest.mark.parametrize("tab", ["\t", "  ", "        ", ""])
def test_a_panic_is_one_entry(tab: str, lines: Lines) -> None:
    """With all its lines, whatever became of the tabs before the frames."""
    found = lines(
        INFO + "ads\tPush debounce stable[2] 22: 100ms since last change, 122ms since last push, full=true",
        "fatal error: concurrent map writes",
        "fatal error: concurrent map writes",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x40 pc=0x253b873]",
        "",
        *(line.format(tab) for line in TRACE),
        "",
        "goroutine 7 [select, 3 minutes]:",
        "main.main()",
        INFO + "x",
    )
    assert entries(found) == [("debounce", 1), ("panic", 2), ("other", 13)]


def test_panics_one_after_another(lines: Lines) -> None:
    """A process that crashes again and again: each trace is an entry."""
    crash = ("panic: exit status 2", "", "goroutine 1 [running]:", "main.main()")
    assert entries(lines(*crash, *crash)) == [("panic", 1), ("panic", 5)]


def test_a_panic_inside_a_panic(lines: Lines) -> None:
    """A panic that was recovered and raised again is the same one, its tab lost or not."""
    first = "panic: a [recovered]"
    trace = ("goroutine 1 [running]:", "main.main()")
    assert (
        entries(lines(first, "\tpanic: a", "", *trace))
        == entries(lines(first, "panic: a", "", *trace))
        == [("panic", 1)]
    )


def test_a_trace_under_a_header(lines: Lines) -> None:
    """What a server caught is a line of Istio's log with the trace behind it; a trace alone is an entry too."""
    found = lines(
        INFO + "http: panic serving 127.0.0.1:57814: runtime error: index out of range",
        *TRACE,
        INFO + "x",
        component="pilot",
    )
    assert entries(found) == [("panic", 1), ("other", 5)]
    assert values(found, 0, "peer") == {"peer": "127.0.0.1:57814"}
    assert entries(lines(*TRACE)) == [("panic", 1)]


def test_envoy_crashes(lines: Lines) -> None:
    """A backtrace is a line a frame, as Envoy prints it."""
    head = "[2019-09-19 01:31:46.826][127][critical][backtrace] [x/server/backtrace.h:81] "
    found = lines(
        head + "Caught Segmentation fault, suspect faulting address 0x228",
        head + "Backtrace (use tools/stack_decode.py to get line numbers):",
        head + "Envoy version: a7b2578494d79fe098f0e99282e0236946562fa0/1.12.0/Clean/RELEASE/BoringSSL",
        head + "#0: __restore_rt [0x7f3650349390]",
        head + "#1: Envoy::Upstream::CdsApiImpl::onConfigUpdate() [0xcf4a4d]",
        head + "thr<0> #19 0x7a8a5c std::_Hashtable<>::clear()",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "  what():  std::bad_alloc",
    )
    assert entries(found) == [("panic", n) for n in range(1, 8)]
    assert set(found.to_pandas()["component"]) == {"envoy"}


HEADERS = "':authority', 'www.example.com'"


@pytest.mark.parametrize(
    ("line", "last", "connection", "stream"),
    [
        ("debug\tenvoy http\t[C12][S345] request headers complete (end_stream=true):", "", 12, "345"),
        ("debug\tenvoy client\t[C12] response complete", "", 12, None),
        (
            'debug\tenvoy http x.cc:1192\t[Tags: "ConnectionId":"12","StreamId":"345"] request headers complete '
            "(end_stream=true):",
            "\tthread=23",
            12,
            "345",
        ),
        ('debug    envoy client x.cc:141      [Tags: "ConnectionId":"48"] encode complete     thread=23', "", 48, None),
        ('debug\tenvoy router x.cc:1\t[Tags: "ConnectionId":"0","StreamId":"7"] pool ready\tthread=2', "", 0, "7"),
        ("debug\tenvoy pool\tnothing of a connection", "", None, None),
    ],
)
def test_envoys_connection_and_stream(
    line: str, last: str, connection: int | None, stream: str | None, lines: Lines
) -> None:
    """Both notations; a block of headers and a last line that is only the thread are of the entry."""
    block = (HEADERS, "':path', '/'", last) if line.endswith(":") else ()
    found = lines(f"2023-12-07T11:50:35.816251Z\t{line}", *block, f"2023-12-07T11:50:35.9Z\t{line}", component="agent")
    assert values(found, 0, "envoy_connection", "envoy_stream") == {
        "envoy_connection": connection,
        "envoy_stream": stream,
    }
    assert [n for _, n in entries(found)] == [1, 2 + len(block)]
    if "thread" in line + last:
        assert values(found, 0, "thread")["thread"] in (23, 2)


def test_iptables(lines: Lines) -> None:
    """The init container's script, and what it runs, prints no header."""
    found = lines(
        "Environment:",
        "------------",
        "ENVOY_PORT=",
        "",
        "Variables:",
        "----------",
        "PROXY_PORT=15001",
        "",
        "+ iptables -t nat -N ISTIO_REDIRECT",
        "+ '[' -n '' ']'",
        "iptables-restore --noflush /tmp/iptables-rules-1605323206851298933.txt",
        "iptables-restore v1.6.1: iptables-restore: unable to initialize table 'nat'",
        "",
        "Error occurred at line: 1",
        "iptables-save ",
        "# Generated by iptables-save v1.8.4 on Mon Nov  8 22:47:59 2022",
        "*nat",
        "COMMIT",
    )
    assert {event for event, _ in entries(found)} == {"iptables"}
    assert [line for _, line in entries(found)] == [1, 9, 11, 12, 15]


@pytest.mark.parametrize("flag", ['FLAG: --a="b"', 'FLAG:  --a="b"', 'FLAG:\t--a="b"'])
@pytest.mark.parametrize(
    "header", [INFO, "2021-06-17T23:24:31.307058Z     info    ", "2021-06-17T23:24:31.307058Z info  "]
)
def test_flags(header: str, flag: str, lines: Lines) -> None:
    """A dump of flags, whatever its blanks became."""
    assert entries(lines(header + flag, component="pilot")) == [("startup", 1)]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("trace\tenvoy http\t[C809][S11] decode headers called: filter=0x55c0ab4695c0 status=0", "envoy_request"),
        ("debug\tenvoy connection\t[C2] connection in progress", "envoy_connection_event"),
        ("trace\tenvoy nobody_knows\tanything", "envoy_other"),
        ("info\tklog\tanything", "kube_api_error"),
        ("info\tads\tanything", "other"),
    ],
)
def test_lines_of_no_known_statement_have_the_event_of_their_scope(line: str, event: str, lines: Lines) -> None:
    """Envoy's trace lines, and many of its debug lines, are in no table: which part of it printed them is known."""
    found = lines(f"2023-12-07T11:50:35.816251Z\t{line}", component="agent")
    assert values(found, 0, "event", "statement") == {"event": event, "statement": None}
