"""Lines of pilot and istiod about connections: opened, refused, failed to send, closed."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

ADS = "pilot/pkg/proxy/envoy/v2/ads.go"
XDS = "pilot/pkg/xds/ads.go"
AUTH = "pilot/pkg/xds/auth.go"
SIMPLE = "pilot/pkg/xds/simple.go"

_failure = partial(Format, "xds_send_failure", scope="ads")
_open = partial(Format, "connection_open", scope="ads")
_auth = partial(Format, "client_auth", level="debug", scope="ads delta", since="1.7", origin=XDS)
_refused = partial(Format, "auth_failure", scope="ads", origin=AUTH)
_close = partial(Format, "connection_close", scope="ads")

CON = "sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local-8"
ONE = {"connection_id": CON, "connection": 8, "proxy": "web-1.shop"}
TWO = {"connection_id": "web-1.shop-8", "connection": 8, "proxy": "web-1.shop"}
GONE = "rpc error: code = Unavailable desc = transport is closing"
LOST = {"error": GONE, "grpc_code": 14}

FORMATS: tuple[Format, ...] = (
    # sends that failed
    _failure(
        "Timeout writing {?{connection_id}: {?%!(EXTRA string=}{xds_type}{?)}{|}{connection_id}: {|}{connection_id}}",
        scope="ads delta",
        origin=XDS,
        sets={"cause": "write timeout"},
        example="Timeout writing web-1.shop-8: EDS",
        gives={"xds_type": "EDS", **TWO},
    ),
    _failure(
        "ADS: {xds_type}: Send failure for {:text}, closing grpc {error}",
        level="warn",
        until="1.0",
        origin="pilot/pkg/proxy/envoy/v2/rds.go",
        example=f"ADS: RDS: Send failure for &{{sidecar [10.0.0.1] web-1.shop}}, closing grpc {GONE}",
        gives={"xds_type": "RDS", **LOST},
    ),
    _failure(
        "{xds_type}: Send failure, closing grpc {?{node_id}: }{error}",
        level="warn",
        until="1.0",
        origin="pilot/pkg/proxy/envoy/v2/cds.go",
        example=f"CDS: Send failure, closing grpc web-1.shop: {GONE}",
        gives={"xds_type": "CDS", "node_id": "web-1.shop", **LOST},
    ),
    _failure(
        "Failed to push, client busy {?{:int} }{connection_id}",
        level="warn",
        until="1.2",
        origin=ADS,
        sets={"cause": "client busy"},
        example=f"Failed to push, client busy 3 {CON}",
        gives=ONE,
    ),
    _failure(
        "Repeated failure to push {?{:int} }{connection_id}",
        level="warn",
        until="1.2",
        origin=ADS,
        sets={"cause": "client busy"},
        example=f"Repeated failure to push 3 {CON}",
        gives=ONE,
    ),
    _failure(
        "Closing EDS connection, failure to push {error}",
        level="error",
        until="1.0",
        origin="pilot/pkg/proxy/envoy/v2/eds.go",
        sets={"xds_type": "EDS"},
        example=f"Closing EDS connection, failure to push {GONE}",
        gives=LOST,
    ),
    _failure(
        "ADS: RDS: Send failure {node_id}: {error}",
        level="warn",
        since="1.1",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/rds.go",
        sets={"xds_type": "RDS"},
        example=f"ADS: RDS: Send failure web-1.shop: {GONE}",
        gives={"node_id": "web-1.shop", **LOST},
    ),
    _failure(
        "RDS: Send failure for node:{node_id}: {error}",
        level="warn",
        since="1.1",
        until="1.6",
        origin="pilot/pkg/proxy/envoy/v2/rds.go",
        sets={"xds_type": "RDS"},
        example=f"RDS: Send failure for node:web-1.shop: {GONE}",
        gives={"node_id": "web-1.shop", **LOST},
    ),
    _failure(
        "{xds_type}: Send failure {connection_id}: {error}",
        level="warn",
        since="1.1",
        until="1.11",
        origin="pilot/pkg/xds/monitoring.go",
        example=f"EDS: Send failure {CON}: {GONE}",
        gives={"xds_type": "EDS", **ONE, **LOST},
    ),
    _failure(
        "ADS: Send failure {connection_id}: {error}",
        level="warn",
        since="1.6",
        until="1.6",
        origin="pilot/pkg/proxy/envoy/v2/gen2.go",
        example=f"ADS: Send failure {CON}: {GONE}",
        gives={**ONE, **LOST},
    ),
    _failure(
        "{xds_type}: Send failure for node:{node_id} resources:{resources} size:{size_bytes}"
        "{? empty:{empty}}{? cached:{cached}/{cacheable}}{? filtered:{filtered}}: {error}",
        level="warn debug",
        scope="ads delta",
        since="1.12",
        origin="pilot/pkg/xds/xdsgen.go",
        example=f"EDS: Send failure for node:web-1.shop resources:10 size:23.6kB empty:0 cached:4/10: {GONE}",
        gives={
            "xds_type": "EDS",
            "node_id": "web-1.shop",
            "resources": 10,
            "size_bytes": 23_600,
            "empty": 0,
            "cached": 4,
            "cacheable": 10,
            **LOST,
        },
    ),
    _failure(
        "Failed to send internal event {?{connection_id}: {|}{connection_id} }{error}",
        level="info error",
        since="1.7",
        until="1.21",
        origin=SIMPLE,
        example=f"Failed to send internal event {CON} {GONE}",
        gives={**ONE, **LOST},
    ),
    _failure(
        "Failed to send, connection probably closed {error}",
        level="debug",
        scope="ads default",
        since="1.7",
        until="1.10",
        origin=SIMPLE,
        example=f"Failed to send, connection probably closed {GONE}",
        gives=LOST,
    ),
    _failure(
        "{xds_type}: QUEUE TIMEOUT for node:{node_id}",
        level="warn",
        since="1.9",
        until="1.13",
        origin=XDS,
        sets={"cause": "queue timeout"},
        example="EDS: QUEUE TIMEOUT for node:web-1.shop",
        gives={"xds_type": "EDS", "node_id": "web-1.shop"},
    ),
    # connections made, or refused
    _open(
        "ADS: new connection for node:{connection_id}",
        since="1.8",
        origin=XDS,
        sets={"delta": False},
        example="ADS: new connection for node:web-1.shop-8",
        gives={"delta": False, **TWO},
    ),
    _open(
        "ADS: new delta connection for node:{connection_id}",
        scope="ads delta",
        since="1.11",
        origin=XDS,
        sets={"delta": True},
        example="ADS: new delta connection for node:web-1.shop-8",
        gives={"delta": True, **TWO},
    ),
    _open(
        "Missing node id {nonce:request}",
        until="1.0",
        origin=ADS,
        example='Missing node id response_nonce:"n" type_url:"x/y" ',
        gives={"nonce": "n", "xds_type": "x/y"},
    ),
    _open(
        "ADS: starting legacy v2 discovery stream from {peer}",
        since="1.7",
        until="1.7",
        origin="pilot/pkg/xds/adapter.go",
        example="ADS: starting legacy v2 discovery stream from 10.0.0.3:4242",
        gives={"peer": "10.0.0.3:4242"},
    ),
    _refused(
        "Failed to authenticate client from {peer:peer}{?:}{error:error}",
        level="error",
        scope="ads security",
        since="1.7",
        sets={"cause": "unauthenticated"},
        example="Failed to authenticate client from 10.0.0.3:4242: Authenticator ClientCertAuthenticator: no certificate",
        gives={"peer": "10.0.0.3:4242", "error": "Authenticator ClientCertAuthenticator: no certificate"},
    ),
    Format(
        "debug_endpoint",
        "Failed to authenticate {path:word} [{error}]",
        level="error",
        since="1.11",
        origin="pilot/pkg/xds/debug.go",
        example="Failed to authenticate /debug/syncz [no token]",
        gives={"path": "/debug/syncz", "error": "no token"},
    ),
    _auth(
        "Authenticated XDS: {peer} with identity {:text}",
        example="Authenticated XDS: 10.0.0.3:4242 with identity [spiffe://cluster.local/ns/shop/sa/web]",
        gives={"peer": "10.0.0.3:4242"},
    ),
    _auth(
        "Unauthenticated XDS: {peer}",
        example="Unauthenticated XDS: 10.0.0.3:4242",
        gives={"peer": "10.0.0.3:4242"},
    ),
    _refused(
        "Unauthorized XDS: {peer} with identity {:list}: {error}",
        level="warn",
        since="1.8",
        sets={"cause": "unauthorized"},
        example="Unauthorized XDS: 10.0.0.3:4242 with identity [spiffe://a]: no identities matched web-1.shop",
        gives={"peer": "10.0.0.3:4242", "error": "no identities matched web-1.shop"},
    ),
    _open(
        "ADS: {peer:quoted} {connection_id} send health check probe before normal xDS request",
        level="warn",
        since="1.13",
        origin=XDS,
        example=f'ADS: "10.0.0.3:4242" {CON} send health check probe before normal xDS request',
        gives={"peer": "10.0.0.3:4242", **ONE},
    ),
    Format(
        "xds_rate_limited",
        "ADS: {peer:quoted} exceeded rate limit: {error}",
        level="warn",
        scope="ads delta",
        since="1.10",
        origin=XDS,
        example='ADS: "10.0.0.3:4242" exceeded rate limit: rate: Wait(n=1) would exceed context deadline',
        gives={"peer": "10.0.0.3:4242", "error": "rate: Wait(n=1) would exceed context deadline"},
    ),
    # connections that ended
    _close(
        "ADS: {peer:quoted} {connection_id} terminated{? with stream closed{|} with errors{|} with error:}{? {error}}",
        level="info error",
        scope="ads delta",
        origin="pkg/xds/server.go",
        example='ADS: "127.0.0.1:36918" web-1.shop-8 terminated rpc error: code = Canceled desc = context canceled',
        gives={
            "peer": "127.0.0.1:36918",
            "error": "rpc error: code = Canceled desc = context canceled",
            "grpc_code": 1,
            **TWO,
        },
    ),
    _close(
        "EDS: Envoy restart {connection_id} {peer}, cleanup old connection {?missing {:text}{|}{:word}}",
        level="info warn",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/eds.go",
        example=f"EDS: Envoy restart {CON} 10.0.0.3:4243, cleanup old connection 10.0.0.3:4242",
        gives={"peer": "10.0.0.3:4243", **ONE},
    ),
    _close(
        "ADS: Removing connection for non-existing node{? {|}:}{connection_id}.",
        level="error",
        origin=ADS,
        example=f"ADS: Removing connection for non-existing node:{CON}.",
        gives=ONE,
    ),
)
