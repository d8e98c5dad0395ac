"""Headers of Envoy's layouts, each line in every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from header_check import check
from header_rows import rows

import istiolog_pd as il

Lines = Callable[..., il.Capture]

ENVOY_TEXT = {
    "brackets, 1.0": (
        "[2018-12-24 16:27:52.484][18][info][upstream] "
        "external/envoy/source/common/upstream/cluster_manager_impl.cc:500] "
        "add/update cluster outbound|5000||helloworld.default.svc.cluster.local starting warming",
        {
            "timestamp": "2018-12-24T16:27:52.484",
            "level": "info",
            "scope": "upstream",
            "caller": "external/envoy/source/common/upstream/cluster_manager_impl.cc:500",
            "thread": 18,
            "event": "cluster_update",
            "cluster_host": "helloworld.default.svc.cluster.local",
        },
    ),
    "brackets, 1.1 to 1.3": (
        "[2019-06-01 00:00:00.001][18][warning][config] [bazel-out/k8-opt/bin/external/envoy/grpc_stream.h:86] "
        "gRPC config stream closed: 14, no healthy upstream",
        {
            "timestamp": "2019-06-01T00:00:00.001",
            "level": "warn",
            "scope": "config",
            "caller": "bazel-out/k8-opt/bin/external/envoy/grpc_stream.h:86",
            "thread": 18,
            "event": "xds_stream_closed",
            "grpc_code": 14,
            "error": "no healthy upstream",
        },
    ),
    "brackets, connection and stream": (
        "[2018-12-24 16:27:52.484][18][debug][http] [a/b.cc:50] [C12][S345] request end stream",
        {
            "timestamp": "2018-12-24T16:27:52.484",
            "level": "debug",
            "scope": "http",
            "caller": "a/b.cc:50",
            "thread": 18,
            "message": "[C12][S345] request end stream",
        },
    ),
    "epoch, 1.4": (
        "[Envoy (Epoch 1)] [2019-12-23 02:09:02.211][45][info][upstream] [a/cds_api_impl.cc:85] "
        "cds: add/update cluster 'outbound|80||a.b'",
        {
            "timestamp": "2019-12-23T02:09:02.211",
            "level": "info",
            "scope": "upstream",
            "caller": "a/cds_api_impl.cc:85",
            "thread": 45,
            "epoch": 1,
            "event": "cluster_update",
            "cluster": "outbound|80||a.b",
        },
    ),
    "console, location in brackets, 1.6": (
        "2020-05-26T00:00:00.000123Z\tinfo\tenvoy upstream\t[a/cds_api_impl.cc:67] cds: add 31 "
        "cluster(s), remove 5 cluster(s)",
        {
            "timestamp": "2020-05-26T00:00:00.000123",
            "level": "info",
            "scope": "upstream",
            "caller": "a/cds_api_impl.cc:67",
            "event": "cds_update",
            "added": 31,
            "removed": 5,
        },
    ),
    "console, 1.7": (
        "2022-08-23T03:47:18.626672Z\twarning\tenvoy upstream\tcds: add 31 cluster(s), remove 5 cluster(s)",
        {
            "timestamp": "2022-08-23T03:47:18.626672",
            "level": "warn",
            "scope": "upstream",
            "event": "cds_update",
            "added": 31,
            "removed": 5,
        },
    ),
    "console, location and thread, 1.17": (
        "2024-05-18T07:33:18.538878Z\tinfo\tenvoy upstream external/envoy/source/common/upstream/cds_api_helper.cc:32\t"
        "cds: add 2286 cluster(s), remove 5 cluster(s)\tthread=16",
        {
            "timestamp": "2024-05-18T07:33:18.538878",
            "level": "info",
            "scope": "upstream",
            "caller": "external/envoy/source/common/upstream/cds_api_helper.cc:32",
            "event": "cds_update",
            "added": 2286,
            "removed": 5,
            "message": "cds: add 2286 cluster(s), remove 5 cluster(s)\tthread=16",
            "thread": 16,
        },
    ),
    "console, 1.17, tabs lost": (
        "2024-05-18T07:33:18.538878Z info envoy upstream a/cds_api_helper.cc:32 "
        "cds: add 2286 cluster(s), remove 5 cluster(s) thread=16",
        {
            "timestamp": "2024-05-18T07:33:18.538878",
            "level": "info",
            "scope": "upstream",
            "caller": "a/cds_api_helper.cc:32",
            "thread": 16,
            "event": "cds_update",
            "added": 2286,
            "removed": 5,
        },
    ),
    "backtrace": (
        "[2019-06-01 00:00:00.000][18][critical][backtrace] [bazel-out/k8/backtrace.h:83] "
        "Caught Segmentation fault, suspect faulting address 0x0",
        {
            "timestamp": "2019-06-01T00:00:00",
            "level": "critical",
            "scope": "backtrace",
            "caller": "bazel-out/k8/backtrace.h:83",
            "thread": 18,
            "event": "panic",
        },
    ),
    "frame of a backtrace": (
        "[2019-06-01 00:00:00.000][18][critical][backtrace] [bazel-out/k8/backtrace.h:91] #0: Envoy::f() [0x55]",
        {
            "timestamp": "2019-06-01T00:00:00",
            "level": "critical",
            "scope": "backtrace",
            "caller": "bazel-out/k8/backtrace.h:91",
            "thread": 18,
            "event": "panic",
            "message": "#0: Envoy::f() [0x55]",
        },
    ),
    "access log": (
        '[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 - "-" 0 135 5 2 "-" "curl/7.60.0"',
        {
            "timestamp": "2019-03-06T09:31:27.36",
            "event": "access",
            "message": '[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 - "-" 0 135 5 2 "-" "curl/7.60.0"',
        },
    ),
    "access log, JSON": (
        '{"start_time":"2021-01-01T00:00:00.001Z","response_code":200}',
        {
            "timestamp": "2021-01-01T00:00:00.001",
            "event": "access",
            "message": '{"start_time":"2021-01-01T00:00:00.001Z","response_code":200}',
        },
    ),
}

ENVOY_JSON = {
    "1.8": (
        '{"level":"info","time":"2021-01-01T00:00:00.000001Z","scope":"envoy upstream","msg":"cds: '
        'add 1 cluster(s), remove 2 cluster(s)"}',
        {"timestamp": "2021-01-01T00:00:00.000001", "level": "info", "scope": "upstream", "added": 1, "removed": 2},
    ),
    "1.9.0, logger alone": (
        '{"level":"info","time":"2021-01-01T00:00:00Z","scope":"upstream","msg":"cds: add 1 cluster(s), remove 2 cluster(s)"}',
        {"timestamp": "2021-01-01T00:00:00", "level": "info", "scope": "upstream", "added": 1, "removed": 2},
    ),
    "1.8, message not escaped": (
        '{"level":"warning","time":"2021-01-01T00:00:00Z","scope":"envoy config",'
        '"msg":"gRPC config for type.googleapis.com/envoy.config.listener.v3.Listener rejected: no "such" \\thing"}',
        {
            "timestamp": "2021-01-01T00:00:00",
            "level": "warn",
            "scope": "config",
            "event": "xds_rejected",
            "xds_type": "LDS",
            "error": 'no "such" \\thing',
        },
    ),
    "1.17": (
        '{"level":"info","time":"2023-01-01T00:00:00Z","scope":"envoy upstream",'
        '"msg":"cds: add 31 cluster(s), remove 5 cluster(s)","caller":"a/b.cc:32","thread":16}',
        {
            "timestamp": "2023-01-01T00:00:00",
            "level": "info",
            "scope": "upstream",
            "caller": "a/b.cc:32",
            "event": "cds_update",
            "added": 31,
            "message": "cds: add 31 cluster(s), remove 5 cluster(s)\tthread=16",
            "thread": 16,
        },
    ),
    "1.22": (
        '{"time":"2023-01-01T00:00:00Z","level":"warning","scope":"envoy upstream",'
        '"msg":"cds: add 31 cluster(s), remove 5 cluster(s)","caller":"a/b.cc:32","thread":"16"}',
        {
            "timestamp": "2023-01-01T00:00:00",
            "level": "warn",
            "scope": "upstream",
            "caller": "a/b.cc:32",
            "event": "cds_update",
            "added": 31,
            "message": "cds: add 31 cluster(s), remove 5 cluster(s)\tthread=16",
            "thread": 16,
        },
    ),
}


@pytest.mark.parametrize(
    ("line", "expected"),
    [pytest.param(*one, id=name) for name, one in (*ENVOY_TEXT.items(), *ENVOY_JSON.items())],
)
def test_envoy(line: str, expected: dict[str, Any], lines: Lines) -> None:
    """Every header of Envoy tells that it is Envoy's, and its scope is the logger alone."""
    check(rows(lines(line)), expected | {"component": "envoy"})
