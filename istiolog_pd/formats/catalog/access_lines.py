"""Access lines of Envoy in Istio's default text formats, one entry for each layout that a version had.

HTTP and TCP share a format from 1.1 on: TCP prints ``-`` for what it lacks. The lines of two versions
differ in how many fields they have, so a line is matched by one format, to its end, or by none.

A user agent, like any header, is printed as the client sent it: one that holds ``" "`` has no end that
can be parsed, and no format matches such a line (its message stays whole).
"""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_access = partial(Format, "access", component="envoy", origin="pilot/pkg/networking/core/v1alpha3/listener.go")
_modern = partial(_access, origin="pilot/pkg/model/telemetry_logging.go")

_REQUEST = '[{:word}] "{method} {?- -" {|}{path} HTTP/{protocol:http_version}" {|}{path} -" }{response_code} {response_flags:dashed_word} '
_DETAILS = "{response_code_details:dashed_word} {connection_termination_details} "
_POLICY = '"{istio_policy_status}" '
_TLS = '"{upstream_transport_failure_reason}" '
_COUNTS = "{bytes_received} {bytes_sent} {duration:dashed_millis} "
_HEADERS = '{upstream_service_time} "{x_forwarded_for}" "{user_agent}" "{request_id}" "{authority}" "{upstream_host}"'
_CLUSTER = " {cluster:dashed_cluster} {upstream_local_address} {downstream_local_address} "
_TO_CLIENT = _CLUSTER + "{downstream_remote_address:dashed_word}"
_TO_SNI = _CLUSTER + "{downstream_remote_address} {requested_server_name:dashed_word}"
_TO_ROUTE = _CLUSTER + "{downstream_remote_address} {requested_server_name} {route_name:dashed_word}"

#: What the examples share.
_SENT = '"-" "curl/7.60.0" "d209e46f-9ed5-9b61-bbdd-43e22662702a" "httpbin:8000" "127.0.0.1:80"'
_PATH = "inbound|8000|http|httpbin.default.svc.cluster.local - 172.30.146.73:80 172.30.146.82:38618"
_GIVES = {
    "method": "GET",
    "path": "/status/418",
    "protocol": "HTTP/1.1",
    "response_code": 418,
    "bytes_received": 0,
    "bytes_sent": 135,
    "duration": 5_000_000,
    "upstream_service_time": 2_000_000,
    "user_agent": "curl/7.60.0",
    "request_id": "d209e46f-9ed5-9b61-bbdd-43e22662702a",
    "authority": "httpbin:8000",
    "upstream_host": "127.0.0.1:80",
}
_GIVES_CLUSTER = {
    **_GIVES,
    "cluster_direction": "inbound",
    "cluster_port": 8000,
    "cluster_subset": "http",
    "downstream_local_address": "172.30.146.73:80",
    "downstream_remote_address": "172.30.146.82:38618",
}


def _line(before: str, after: str = "") -> str:
    return f'[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 - {before}0 135 5 2 {_SENT}{after}'


FORMATS: tuple[Format, ...] = (
    _modern(
        _REQUEST + _DETAILS + _TLS + _COUNTS + _HEADERS + _TO_ROUTE,
        since="1.9",
        example=_line('via_upstream - "-" ', f" {_PATH} outbound_.8000_._.httpbin.default.svc.cluster.local default"),
        gives={
            **_GIVES_CLUSTER,
            "response_code_details": "via_upstream",
            "requested_server_name": "outbound_.8000_._.httpbin.default.svc.cluster.local",
            "route_name": "default",
        },
    ),
    _access(
        _REQUEST + _TLS + _COUNTS + _HEADERS + _TO_ROUTE,
        since="1.8",
        until="1.8",
        example=_line('"TLS error: 268435581" ', f" {_PATH} - default"),
        gives={
            **_GIVES_CLUSTER,
            "upstream_transport_failure_reason": "TLS error: 268435581",
            "requested_server_name": None,
            "route_name": "default",
        },
    ),
    _access(
        _REQUEST + _POLICY + _TLS + _COUNTS + _HEADERS + _TO_ROUTE,
        since="1.3",
        until="1.7",
        example=_line('"-" "-" ', f" {_PATH} - default"),
        gives={**_GIVES_CLUSTER, "istio_policy_status": None, "route_name": "default"},
    ),
    _access(
        _REQUEST + _POLICY + _TLS + _COUNTS + _HEADERS + _TO_SNI,
        since="1.2",
        until="1.2",
        example=_line('"PERMISSION_DENIED" "-" ', f" {_PATH} -"),
        gives={**_GIVES_CLUSTER, "istio_policy_status": "PERMISSION_DENIED"},
    ),
    _access(
        _REQUEST + _POLICY + _COUNTS + _HEADERS + _TO_SNI,
        since="1.1",
        until="1.1",
        example=_line('"-" ', f" {_PATH} outbound_.8000_._.httpbin.default.svc.cluster.local"),
        gives={
            **_GIVES_CLUSTER,
            "requested_server_name": "outbound_.8000_._.httpbin.default.svc.cluster.local",
        },
    ),
    # previews of 1.1: no policy status yet
    _access(
        _REQUEST + _COUNTS + _HEADERS + _TO_SNI,
        since="1.1",
        until="1.1",
        example=_line("", f" {_PATH} -"),
        gives=_GIVES_CLUSTER,
    ),
    # 1.0.3 forgot the blank before the protocol, and printed TCP in a format of its own
    _access(
        '[{:word}] "{method} {?--" {|}{path}HTTP/{protocol:http_version}" {|}{path}-" }{response_code} {response_flags:dashed_word} '
        + _COUNTS
        + _HEADERS
        + _TO_CLIENT,
        until="1.0",
        example=_line("", f" {_PATH}").replace(" HTTP/", "HTTP/"),
        gives=_GIVES_CLUSTER,
    ),
    _access(
        '[{:word}] {response_flags:dashed_word} {bytes_received} {bytes_sent} {duration:dashed_millis} "{upstream_host}"'
        + _TO_CLIENT,
        until="1.0",
        example=f'[2019-03-06T09:31:27.360Z] UF,URX 0 135 5 "127.0.0.1:80" {_PATH}',
        gives={"response_flags": "UF,URX", "bytes_sent": 135, "duration": 5_000_000, "upstream_host": "127.0.0.1:80"},
    ),
    # before 1.0.3, and where Envoy is given no format: Envoy's own
    _access(
        _REQUEST + _COUNTS + _HEADERS,
        until="1.0",
        origin="source/common/access_log/access_log_formatter.cc",
        example=_line(""),
        gives=_GIVES,
    ),
)
