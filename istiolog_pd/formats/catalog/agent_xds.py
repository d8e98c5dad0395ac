"""Lines of pilot-agent about xDS: its streams to istiod and to Envoy, and what passes through."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

SDS = "pilot/pkg/xds/ads.go; pkg/xds/server.go"
_proxy = partial(Format, component="agent", scope="xdsproxy", origin="pkg/istio-agent/xds_proxy.go")
_delta = partial(Format, component="agent", scope="xdsproxy", origin="pkg/istio-agent/xds_proxy_delta.go")
_main = partial(Format, component="agent", origin="pkg/istio-agent/xds_proxy.go")

_on = partial(_proxy, "xds_connected")
_off = partial(_proxy, "xds_disconnected")

ISTIOD = "istiod.istio-system.svc:15012"
URL = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
CON = "sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local-2"
GONE = "rpc error: code = Unavailable desc = transport is closing"
LOST = {"error": GONE, "grpc_code": 14}
DONE = "rpc error: code = Canceled desc = context canceled"
ENDED = {"error": DONE, "grpc_code": 1}

FORMATS: tuple[Format, ...] = (
    # connected
    _on("Envoy ADS stream established", since="1.8", until="1.8"),
    _on(
        "Initializing with upstream address {:word} and cluster {:word}",
        since="1.8",
        example=f'Initializing with upstream address "{ISTIOD}" and cluster "Kubernetes"',
    ),
    _on(
        "connecting to upstream XDS server: {:word}",
        since="1.8",
        until="1.8",
        example=f"connecting to upstream XDS server: {ISTIOD}",
    ),
    _on(
        "connected to {?delta }upstream XDS server{?[{connection}]}: {upstream}",
        since="1.9",
        example=f"connected to delta upstream XDS server[3]: {ISTIOD}",
        gives={"connection": 3, "upstream": ISTIOD},
    ),
    _on("accepted XDS connection from Envoy, forwarding to upstream XDS server", level="debug", since="1.9"),
    _delta(
        "xds_connected", "accepted delta xds connection from envoy, forwarding to upstream", level="debug", since="1.10"
    ),
    Format(
        "xds_connected",
        "ADS: new connection for node:{?{connection:number}{|}{connection_id}}",
        component="agent",
        scope="ads",
        since="1.8",
        origin=SDS,
        example=f"ADS: new connection for node:{CON}",
        gives={"connection_id": CON, "connection": 2, "proxy": "web-1.shop"},
    ),
    # disconnected
    Format(
        "xds_disconnected",
        "ADS: {peer:quoted} {?{connection:number}{|}{connection_id}} terminated"
        "{? with stream closed{|} with errors{|} with error:}{? {error}}",
        component="agent",
        level="info error",
        scope="ads delta",
        since="1.9",
        origin=SDS,
        example='ADS: "@" web-1.shop-2 terminated',
        gives={"peer": "@", "connection_id": "web-1.shop-2", "connection": 2, "proxy": "web-1.shop", "error": None},
    ),
    _off(
        "disconnected from XDS server{?[{connection}]}: {:word}",
        level="info debug",
        since="1.8",
        example=f"disconnected from XDS server[3]: {ISTIOD}",
        gives={"connection": 3},
    ),
    _off("xds connection certificates have changed, resetting the upstream connection", since="1.8", until="1.8"),
    _off("registered overlapping stream; closing previous", level="warn", since="1.9"),
    _off(
        "upstream{? [{connection}]} terminated with {?unexpected error{|}status} {?<nil>{|}{error}}",
        level="warn debug",
        since="1.8",
        example=f"upstream [3] terminated with unexpected error {GONE}",
        gives={"connection": 3, **LOST},
    ),
    _off(
        "downstream{? [{connection}]} terminated with {?unexpected error{|}status} {?<nil>{|}{error}}",
        level="warn debug",
        since="1.8",
        example=f"downstream terminated with status {DONE}",
        gives={"connection": None, **ENDED},
    ),
    _off(
        "downstream{? [{connection}]} {?send }error: {error}",
        level="error",
        since="1.8",
        until="1.21",
        example=f"downstream [3] send error: {GONE}",
        gives={"connection": 3, **LOST},
    ),
    _off(
        "downstream{? [{connection}]} error channel full, but get downstream send error: {error}",
        level="debug",
        since="1.9",
        until="1.20",
        example=f"downstream [3] error channel full, but get downstream send error: {GONE}",
        gives={"connection": 3, **LOST},
    ),
    _off(
        "upstream [{connection}] error: {error}",
        level="error",
        since="1.21",
        until="1.21",
        example=f"upstream [3] error: {GONE}",
        gives={"connection": 3, **LOST},
    ),
    _off(
        "upstream{? [{connection}]} send error for type url {xds_type}: {error}",
        level="error",
        since="1.8",
        until="1.15",
        example=f"upstream [3] send error for type url {URL}: EOF",
        gives={"connection": 3, "xds_type": "CDS", "error": "EOF", "grpc_code": None},
    ),
    _off(
        "downstream{? [{connection}]} dropped {?delta }xds push to Envoy, connection already closed",
        level="error",
        since="1.15",
        example="downstream [3] dropped delta xds push to Envoy, connection already closed",
        gives={"connection": 3},
    ),
    _off(
        "failed to connect to upstream {:word}: {error}",
        level="error",
        since="1.8",
        example=f"failed to connect to upstream {ISTIOD}: {GONE}",
        gives=LOST,
    ),
    _off(
        "failed to create {?delta }upstream grpc client: {error}",
        level="error debug",
        since="1.8",
        example=f"failed to create delta upstream grpc client: {GONE}",
        gives=LOST,
    ),
    _main(
        "xds_disconnected",
        "failed to accept downstream gRPC connection {error}",
        level="error",
        since="1.8",
        example="failed to accept downstream gRPC connection mux: server closed",
        gives={"error": "mux: server closed"},
    ),
    _main(
        "xds_disconnected",
        'timed out waiting for Istiod to respond to "{xds_type}"',
        since="1.11",
        until="1.24",
        example=f'timed out waiting for Istiod to respond to "{URL}"',
        gives={"xds_type": "CDS"},
    ),
    # what passes through
    _proxy(
        "xds_request",
        "{?delta }request for type url {xds_type}",
        level="debug",
        since="1.8",
        example=f"delta request for type url {URL}",
        gives={"xds_type": "CDS"},
    ),
    _delta("xds_request", "delta request", level="debug", since="1.22", event_with={"nonce": "xds_ack"}),
    _proxy(
        "xds_response",
        "{?upstream [{connection}] }response for type url {xds_type}",
        level="debug",
        since="1.8",
        until="1.21",
        example=f"upstream [3] response for type url {URL}",
        gives={"connection": 3, "xds_type": "CDS"},
    ),
    _proxy("xds_response", "upstream response", level="debug", since="1.22"),
    _proxy(
        "xds_nack",
        "sending NACK for ECDS resources {?{:text}, err: {error}{|}{:text}}",
        level="debug",
        since="1.10",
        sets={"xds_type": "ECDS"},
        example='sending NACK for ECDS resources [type_url:"a"], err: wasm module not found',
        gives={"xds_type": "ECDS", "error": "wasm module not found"},
    ),
)
