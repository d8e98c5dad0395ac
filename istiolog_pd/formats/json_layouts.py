"""Layouts of lines that are JSON objects, by producer and version. Data only."""

from __future__ import annotations

from collections.abc import Mapping

from istiolog_pd.formats.layout import JsonLayout

#: Keys of Istio's access lines in JSON -> columns; the other keys are called as their columns are.
ACCESS_FIELDS: Mapping[str, str] = {
    **{
        name: name
        for name in (
            "method path protocol response_code response_flags response_code_details connection_termination_details "
            "upstream_transport_failure_reason istio_policy_status bytes_received bytes_sent upstream_service_time "
            "x_forwarded_for user_agent request_id authority upstream_host upstream_local_address downstream_local_address "
            "downstream_remote_address requested_server_name route_name"
        ).split()
    },
    "duration": "duration:dashed_millis",
    "upstream_cluster": "cluster:dashed_cluster",
}

JSON_LAYOUTS: tuple[JsonLayout, ...] = (
    JsonLayout(
        "Istio or Envoy JSON",
        "time",
        "level",
        "scope",
        "msg",
        "stack",
        "1.0",
        "",
        '{"level":"info","time":"2019-06-27T15:24:14.664725Z","scope":"ads","msg":"ADS:CDS: REQ"}',
        {"level": "info", "scope": "ads", "message": "ADS:CDS: REQ"},
    ),
    JsonLayout(
        "Stackdriver JSON",
        "timestamp",
        "severity",
        "logger",
        "message",
        "stacktrace",
        "1.10",
        "",
        '{"severity":"Info","timestamp":"2021-01-01T00:00:00.000000001Z","logger":"ads","message":"ADS:CDS: REQ"}',
        {"level": "info", "scope": "ads", "message": "ADS:CDS: REQ"},
    ),
    JsonLayout(
        "ztunnel JSON",
        "time",
        "level",
        "scope",
        "message",
        "",
        "1.22",
        "",
        '{"level":"info","time":"2026-05-09T13:04:07.837318Z","scope":"xds::client","message":"Stream established"}',
        {"level": "info", "scope": "xds::client", "message": "Stream established"},
        component="ztunnel",
        needs="scope",
    ),
    JsonLayout(
        "zap JSON",
        "ts",
        "level",
        "logger",
        "msg",
        "stacktrace",
        "1.4",
        "",
        '{"level":"info","ts":1588611111.25,"logger":"controller-runtime.metrics","msg":"metrics server is starting"}',
        {"level": "info", "scope": "controller-runtime.metrics", "message": "metrics server is starting"},
        clock="epoch",
    ),
    JsonLayout(
        "access log, JSON",
        "start_time",
        "",
        "",
        "",
        "",
        "1.1",
        "",
        '{"start_time":"2021-01-01T00:00:00.000Z","response_code":200}',
        {"message": '{"start_time":"2021-01-01T00:00:00.000Z","response_code":200}'},
        event="access",
        component="envoy",
        fields=ACCESS_FIELDS,
    ),
)

#: JSON that Envoy of Istio 1.8 and 1.9 wrote without escaping the message.
BROKEN_JSON = (
    r'\{"level":"(?P<level>\w+)","time":"(?P<time>[^"]+)","scope":"(?P<scope>[^"]*)","msg":"(?P<message>.*?)"'
    r'(?:,"caller":"(?P<caller>[^"]*)","thread":"?(?P<thread>[0-9]{1,18})"?)?\}\s*'
)
