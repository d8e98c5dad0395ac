"""Lines of pilot-agent about certificates: made, loaded, changed, rotated, handed to Envoy."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

SERVICE = "security/pkg/nodeagent/sds/sdsservice.go"
CACHE = "security/pkg/nodeagent/cache/secretcache.go"
CITADEL = "security/pkg/nodeagent/caclient/providers/citadel/client.go"

_agent = partial(Format, "secret_update", component="agent")
_error = partial(Format, "secret_error", component="agent", level="error")
#: 1.1 and 1.2: the default scope.
_old = partial(_agent, since="1.1", until="1.2")
_old_error = partial(_error, since="1.1", until="1.2")
#: 1.3-1.8: the line begins with a prefix, and only the scope tells that the rest is what it seems.
_sds = partial(_agent, since="1.3", until="1.8", scope="sdsServiceLog sds", origin=SERVICE, needs_scope=True)
_sds_error = partial(_error, since="1.3", until="1.8", scope="sdsServiceLog sds", origin=SERVICE, needs_scope=True)
_cache = partial(_agent, since="1.3", scope="cacheLog cache", origin=CACHE, needs_scope=True)
_cache_error = partial(_error, since="1.3", scope="cacheLog cache", origin=CACHE, needs_scope=True)
#: 1.9 on (some since 1.5).
_new = partial(_agent, since="1.9", scope="cache", origin=CACHE)

#: That prefix: `CONNECTION ID: c, RESOURCE NAME: r, EVENT:` (1.3-1.4), `resource:r` (1.6 on).
WHO = "{?CONNECTION ID: {connection_id}, }{:text}"

NODE = "sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local"
CON = f"{NODE}-2"
ONE = {"connection_id": CON, "connection": 2, "proxy": "web-1.shop"}
EVENT = f"CONNECTION ID: {CON}, RESOURCE NAME: default, EVENT:"
DENIED = "rpc error: code = PermissionDenied desc = no token"
WHY = {"error": DENIED, "grpc_code": 7}
NONE = {"connection_id": None, **WHY}

FORMATS: tuple[Format, ...] = (
    # 1.1-1.2
    _old(
        'SDS: push key/cert pair from node agent to proxy: "{connection_id}"',
        origin=SERVICE,
        example=f'SDS: push key/cert pair from node agent to proxy: "{CON}"',
        gives=ONE,
    ),
    _old(
        'SDS: push root cert from node agent to proxy connection: "{connection_id}"',
        origin=SERVICE,
        example=f'SDS: push root cert from node agent to proxy connection: "{CON}"',
        gives=ONE,
    ),
    _old_error(
        'SDS failed to push key/cert to proxy {:quoted} connection "{connection_id}": {error}',
        origin=SERVICE,
        example=f'SDS failed to push key/cert to proxy "{NODE}" connection "{CON}": {DENIED}',
        gives={**ONE, **WHY},
    ),
    _old_error(
        'SDS: got nil secret for proxy connection "{connection_id}"',
        origin=SERVICE,
        example=f'SDS: got nil secret for proxy connection "{CON}"',
        gives=ONE,
    ),
    _old_error(
        "Failed to sign cert for {:quoted}: {error}, will retry in {:int} millisec",
        level="warn",
        until="1.1",
        origin=CACHE,
        example=f'Failed to sign cert for "default": {DENIED}, will retry in 50 millisec',
        gives=WHY,
    ),
    _old_error(
        'Failed to generate secret for proxy "{connection_id}": {error}',
        origin=CACHE,
        example=f'Failed to generate secret for proxy "{CON}": {DENIED}',
        gives={**ONE, **WHY},
    ),
    _old_error(
        "Failed to generated key cert for {:quoted}: {error}",
        origin=CACHE,
        example=f'Failed to generated key cert for "default": {DENIED}',
        gives=WHY,
    ),
    # the SDS server of 1.3-1.8
    _sds(
        f"{WHO} new connection", since="1.5", example="resource:default new connection", gives={"connection_id": None}
    ),
    _sds(
        f"{WHO} pushed {{?key/cert pair to proxy{{|}}root cert to proxy{{|}}secret}}",
        example=f"{EVENT} pushed key/cert pair to proxy",
        gives=ONE,
    ),
    _sds_error(
        f"{WHO} got nil secret for proxy",
        level="warn",
        example="resource:default got nil secret for proxy",
        gives={"connection_id": None},
    ),
    _sds_error(
        f'{WHO} waiting for {{?ingress }}gateway secret for proxy "{{node_id}}"',
        level="warn",
        example=f'resource:kubernetes://web waiting for gateway secret for proxy "{NODE}"',
        gives={"node_id": NODE, "proxy": "web-1.shop"},
    ),
    _sds_error(
        f'{WHO} Close connection. Failed to push key/cert to proxy "{{node_id}}": {{error}}',
        example=f'{EVENT} Close connection. Failed to push key/cert to proxy "{NODE}": {DENIED}',
        gives={"node_id": NODE, "proxy": "web-1.shop", **WHY},
    ),
    _sds_error(
        "{:text} close connection. Missing Node ID in the first request",
        since="1.5",
        example="resource:default close connection. Missing Node ID in the first request",
    ),
    _agent(
        "Dynamic push for secret {:text}",
        scope="sds",
        since="1.5",
        until="1.8",
        origin=SERVICE,
        example="Dynamic push for secret default",
    ),
    _agent(
        "Skipping waiting for {?ingress }gateway secret",
        scope="sds",
        since="1.6",
        until="1.8",
        origin=SERVICE,
        example="Skipping waiting for gateway secret",
    ),
    # the cache, with that prefix
    _cache_error(
        f"{WHO} failed to generate key and certificate for CSR: {{error}}",
        example=f"resource:default failed to generate key and certificate for CSR: {DENIED}",
        gives=NONE,
    ),
    _cache_error(
        f"{WHO} failed to generate secret for proxy{{? from file}}: "
        "{?{error}, by loading from files{|}{error}}",
        example=f"{EVENT} failed to generate secret for proxy: {DENIED}, by loading from files",
        gives={**ONE, **WHY},
    ),
    _cache_error(
        f"{WHO} failed to notify secret change for proxy: {{error}}",
        until="1.8",
        example=f"resource:default failed to notify secret change for proxy: {DENIED}",
        gives=NONE,
    ),
    _cache_error(
        f"{WHO} failed to rotate secret: {{error}}",
        until="1.8",
        example=f"{EVENT} failed to rotate secret: {DENIED}",
        gives={**ONE, **WHY},
    ),
    _cache_error(
        f"{WHO} hit non-retryable error{{? (HTTP code: {{:int}}). Error:}} {{error}}",
        scope="default cacheLog cache",
        since="1.1",
        until="1.8",
        example=f"{EVENT} CSR hit non-retryable error (HTTP code: 403). Error: {DENIED}",
        gives={**ONE, **WHY},
    ),
    _cache_error(
        f"{WHO} retry timed out {{error}}",
        until="1.4",
        example=f"{EVENT} CSR retry timed out {DENIED}",
        gives={**ONE, **WHY},
    ),
    _cache_error(
        f"{WHO} retrial timed out: {{error}}",
        since="1.4",
        until="1.8",
        example=f"resource:default CSR retrial timed out: {DENIED}",
        gives=NONE,
    ),
    _cache_error(
        "{:text} failed to sign: {error}",
        since="1.21",
        example=f"resource:default failed to sign: {DENIED}",
        gives=WHY,
    ),
    _cache(
        "{:text}: file changed, triggering secret push to proxy [{:text}]",
        since="1.6",
        until="1.8",
        example=f"{{{CON} default}}: file changed, triggering secret push to proxy [./etc/certs/key.pem]",
    ),
    # the cache
    _new(
        "Root cert has changed{?, start rotating root cert{? for SDS clients}}",
        scope="default cacheLog cache",
        since="1.2",
        example="Root cert has changed, start rotating root cert for SDS clients",
    ),
    _new("GenerateSecret{? from file} {:text}", since="1.5", until="1.8", example="GenerateSecret from file ROOTCA"),
    _new(
        "Loaded root cert from certificate {:text}",
        since="1.6",
        until="1.8",
        example="Loaded root cert from certificate ROOTCA",
    ),
    _new("generated new workload certificate", labels={"latency": "duration"}),
    _new("read certificate from file"),
    _new("returned delayed workload certificate from cache", until="1.9"),
    _new("returned workload certificate from cache"),
    _new("returned workload trust anchor from cache", since="1.10"),
    _new("skip scheduling certificate rotation, already scheduled"),
    _new(
        "event for file certificate {:text} : {:text}, {?debouncing{|}pushing to proxy}",
        since="1.10",
        example='event for file certificate /etc/certs/cert.pem : "WRITE", pushing to proxy',
    ),
    _new(
        "file certificate {:text} changed with event {:text}, pushing to proxy",
        since="1.10",
        until="1.10",
        example="file certificate file-cert:/c.pem~/k.pem changed with event WRITE, pushing to proxy",
    ),
    _new(
        "symlink target changed from {:text} to {:text}",
        since="1.29",
        example="symlink target changed from /certs/..2026_1/tls.crt to /certs/..2026_2/tls.crt",
    ),
    _error(
        "failed to warm {?root }certificate: {error}",
        level="warn",
        scope="sds",
        since="1.9",
        origin=SERVICE,
        example=f"failed to warm root certificate: {DENIED}",
        gives=WHY,
    ),
    _error(
        "failed to sign CSR: {error}",
        scope="citadelclient",
        since="1.21",
        origin=CITADEL,
        example=f"failed to sign CSR: {DENIED}",
        gives=WHY,
    ),
    # handed to Envoy by the discovery server inside the agent
    _agent("SDS: PUSH", scope="sds", since="1.9", until="1.10", origin=SERVICE, sets={"xds_type": "SDS"}),
    _agent(
        "{xds_type}: {push_type} for node:{node_id} resources:{resources}{? removed:{removed}}{? size:{size_bytes}}"
        "{? empty:{empty}}{? cached:{cached}/{cacheable}}{? filtered:{filtered}}"
        "{? nonce:{nonce} version:{push_version}}",
        scope="ads delta",
        since="1.9",
        origin="pilot/pkg/xds/xdsgen.go",
        example="SDS: PUSH request for node:web-1.shop resources:1 size:4.0kB cached:0/1 filtered:0 "
        "nonce:a3f1 version:2021-01-01T00:00:00Z/2",
        gives={
            "xds_type": "SDS",
            "push_type": "request",
            "node_id": "web-1.shop",
            "resources": 1,
            "removed": None,
            "size_bytes": 4000,
            "empty": None,
            "cached": 0,
            "cacheable": 1,
            "filtered": 0,
            "nonce": "a3f1",
            "push_version": "2021-01-01T00:00:00Z/2",
        },
    ),
)
