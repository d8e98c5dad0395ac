"""Lines of ztunnel, the node proxy of ambient mode: its access log, its xDS client, its start.

Strings among its labels are in double quotes (1.22 leaves single words without). An access line is
printed when the connection ends, so its time is the end; to Istio 1.21 ztunnel printed no such lines.
"""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_ztunnel = partial(Format, component="ztunnel", since="1.18")
_xds = partial(_ztunnel, scope="xds::client", origin="src/xds/client.rs (ztunnel)")

_TYPE = {"type_url": "xds_type:unquoted_xds_type"}

FORMATS: tuple[Format, ...] = (
    _ztunnel(
        "access",
        "connection {?complete{|}failed}",
        level="info warn error",
        scope="access",
        since="1.22",
        origin="src/proxy/metrics.rs (ztunnel)",
        example="connection complete",
        labels={
            "src.addr": "source_address",
            "src.workload": "source_workload",
            "src.namespace": "source_workload_namespace",
            "src.identity": "source_principal",
            "dst.addr": "destination_address",
            "dst.hbone_addr": "destination_hbone_address",
            "dst.service": "destination_service",
            "dst.workload": "destination_workload",
            "dst.namespace": "destination_workload_namespace",
            "dst.identity": "destination_principal",
            "direction": "direction",
            "bytes_sent": "bytes_sent",
            "bytes_recv": "bytes_received",
            "duration": "duration:quoted_duration",
            "error": "error:unquoted_error",
        },
    ),
    # the xDS client
    _xds("xds_connected", "Stream established"),
    _xds(
        "xds_response",
        "received response",
        labels={**_TYPE, "size": "resources"},
    ),
    _xds("xds_request", "sending initial request", level="debug", labels=_TYPE),
    _xds("xds_request", "sending request", level="debug", labels=_TYPE),
    # an ACK at debug, a NACK at error: the text is the same
    _xds(
        "xds_ack",
        "sending response",
        level="debug",
        needs_scope=True,
        labels={**_TYPE, "nonce": "nonce:unquoted"},
    ),
    _xds(
        "xds_nack",
        "sending response",
        level="error",
        needs_scope=True,
        labels={**_TYPE, "nonce": "nonce:unquoted", "error": "error:unquoted_error"},
    ),
    _xds(
        "xds_disconnected",
        "XDS client connection error: {error}, retrying in {:duration}",
        level="warn",
        example="XDS client connection error: gRPC connection error connecting to istiod: dns error, retrying in 20ms",
        gives={"error": "gRPC connection error connecting to istiod: dns error"},
    ),
    _xds(
        "xds_disconnected",
        "XDS client {?error{|}terminated}: {error}, retrying{? in {:duration}}",
        level="warn debug",
        example="XDS client error: gRPC error (Unavailable): transport is closing, retrying in 10ms",
        gives={"error": "gRPC error (Unavailable): transport is closing"},
    ),
    _xds("xds_disconnected", "XDS client complete", level="warn"),
    # start
    _ztunnel(
        "startup",
        "version: {:text}",
        scope="ztunnel",
        origin="src/main.rs (ztunnel)",
        example='version: version.BuildInfo{Version:"1.30.0", GitRevision:"8cf9a3b"}',
    ),
    _ztunnel(
        "startup",
        "running with config: {:text}",
        scope="ztunnel",
        origin="src/main.rs (ztunnel)",
        example="running with config: proxy: true\ndnsProxy: true",
    ),
    _ztunnel(
        "startup",
        "listener established",
        scope="hyper_util proxy::inbound proxy::inbound_passthrough proxy::outbound proxy::socks5",
        origin="src/proxy/inbound.rs (ztunnel)",
    ),
    _ztunnel(
        "ready",
        "Task '{:text}' complete ({duration}), marking server ready",
        scope="readiness",
        origin="src/readiness.rs (ztunnel)",
        example="Task 'workload proxy manager' complete (27.456208ms), marking server ready",
        gives={"duration": 27_456_208},
    ),
    # pods of the node
    _ztunnel(
        "pod_event",
        "pod received, starting proxy",
        scope="inpod::statemanager",
        since="1.22",
        origin="src/inpod/statemanager.rs (ztunnel)",
        labels={"name": "pod:unquoted", "namespace": "namespace:unquoted"},
    ),
)
