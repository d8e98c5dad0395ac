"""Lines of pilot-agent about its servers, the files it watches, and whether Envoy is ready."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_agent = partial(Format, "startup", component="agent")
_istio = partial(_agent, origin="pkg/istio-agent/agent.go")
_sds = partial(_agent, origin="security/pkg/nodeagent/sds/server.go")
_cache = partial(_agent, scope="cache", origin="security/pkg/nodeagent/cache/secretcache.go")
_ready = partial(Format, "envoy_ready", component="agent")
_health = partial(_ready, scope="healthcheck", since="1.9", origin="pkg/istio-agent/health/health_check.go")

SOCKET = "./var/run/secrets/workload-spiffe-uds/socket"

FORMATS: tuple[Format, ...] = (
    # the SDS server
    _sds(
        "SDS gRPC server start, listen {:quoted}",
        since="1.1",
        until="1.1",
        example='SDS gRPC server start, listen "/sds"',
    ),
    _sds(
        "Start SDS grpc server{? for ingress gateway proxy}",
        scope="default sdsServiceLog sds",
        since="1.1",
        until="1.10",
        example="Start SDS grpc server for ingress gateway proxy",
    ),
    _sds(
        "SDS gRPC server for {?ingress gateway controller{|}gateway controller{|}workload UDS} starts, "
        "listening on {:quoted}",
        scope="default sdsServiceLog sds",
        since="1.2",
        until="1.8",
        example='SDS gRPC server for workload UDS starts, listening on "./etc/istio/proxy/SDS"',
    ),
    _istio("Starting gateway SDS", since="1.5", until="1.8"),
    _sds(
        "SDS server for workload certificates started, listening on {:quoted}",
        scope="sds",
        since="1.9",
        until="1.22",
        example=f'SDS server for workload certificates started, listening on "{SOCKET}"',
    ),
    _sds("Starting SDS grpc server", scope="sds", since="1.11"),
    _sds(
        "Starting SDS server for {?workload certificates{|}file certificates only}, will listen on {:quoted}",
        scope="sds",
        since="1.21",
        example=f'Starting SDS server for workload certificates, will listen on "{SOCKET}"',
    ),
    _istio(
        "{?Workload }SDS socket {?found. Istio SDS Server won't be started{|}not found. Starting Istio SDS Server}",
        since="1.14",
        until="1.22",
        example="Workload SDS socket not found. Starting Istio SDS Server",
    ),
    _istio("Credential SDS socket found", since="1.15"),
    _istio("Starting default Istio SDS Server", since="1.23"),
    _istio(
        "Existing workload SDS socket found at {:text}. Default Istio SDS Server {?won't be started"
        "{|}will only serve files}",
        since="1.23",
        example=f"Existing workload SDS socket found at {SOCKET}. Default Istio SDS Server will only serve files",
    ),
    _agent(
        "XDS: Incremental Pushing{?:{push_version}} ConnectedEndpoints:{connected_endpoints} Version:{push_version}",
        scope="ads",
        since="1.9",
        until="1.30",
        origin="pilot/pkg/xds/discovery.go",
        sets={"push_type": "incremental"},
        example="XDS: Incremental Pushing:0 ConnectedEndpoints:2 Version:",
        gives={"connected_endpoints": 2, "push_version": "0", "push_type": "incremental"},
    ),
    # watches of certificate files
    _cache(
        "adding watcher for file{? certificate} {:text}",
        since="1.6",
        example="adding watcher for file certificate /etc/certs/key.pem",
    ),
    _cache(
        "adding watcher for symlink certificate {:text} -> {:text}",
        since="1.29",
        example="adding watcher for symlink certificate /certs/tls.crt -> /certs/..data/tls.crt",
    ),
    _agent(
        "adding watcher for certificate {:text}",
        scope="default xdsproxy",
        since="1.7",
        origin="pkg/istio-agent/xds_proxy.go",
        example="adding watcher for certificate ./var/run/secrets/istio/root-cert.pem",
    ),
    _cache(
        "{:text}: error adding watcher for file, {?skipping{|}retrying} watches [{:text}] {error}",
        level="error",
        since="1.6",
        until="1.15",
        needs_scope=True,
        example="default: error adding watcher for file, skipping watches [./etc/certs/key.pem] too many open files",
        gives={"error": "too many open files"},
    ),
    _cache(
        "{:text}: error adding watcher for {?resolved file{|}file{|}symlink directory{|}symlink} {:text}, "
        "retrying watches: {error}",
        level="error",
        since="1.16",
        needs_scope=True,
        example="default: error adding watcher for symlink directory /certs, retrying watches: too many open files",
        gives={"error": "too many open files"},
    ),
    _cache(
        "error adding watcher for new symlink target {:text}: {error}",
        level="error",
        since="1.29",
        example="error adding watcher for new symlink target /certs/..data/tls.crt: too many open files",
        gives={"error": "too many open files"},
    ),
    # the agent's other servers
    _agent(
        "Starting local {:word} DNS server {?at{|}on} {:word}",
        scope="dns",
        since="1.11",
        origin="pkg/dns/client/proxy.go",
        example="Starting local udp DNS server on 127.0.0.1:15053",
    ),
    _agent(
        "starting Http service at {:word}",
        since="1.5",
        until="1.24",
        origin="pkg/istio-agent/xds_proxy.go",
        example="starting Http service at 127.0.0.1:15004",
    ),
    _agent(
        "starting health check for {:word} in {:duration}",
        scope="healthcheck",
        since="1.9",
        origin="pkg/istio-agent/health/health_check.go",
        example="starting health check for *health.HTTPProber in 5s",
    ),
    # is Envoy ready
    _ready("Envoy proxy is ready", origin="pilot/cmd/pilot-agent/status/server.go", sets={"cause": "ready"}),
    Format(
        "envoy_not_ready",
        "Envoy proxy is NOT ready: {error}",
        component="agent",
        level="info warn",
        origin="pilot/cmd/pilot-agent/status/server.go",
        example="Envoy proxy is NOT ready: config not received from XDS server (is Istiod running?): cds updates: 0",
        gives={"error": "config not received from XDS server (is Istiod running?): cds updates: 0"},
    ),
    _ready(
        "envoy server not yet live, state: {:word}",
        since="1.4",
        until="1.9",
        origin="pkg/envoy/proxy.go",
        example="envoy server not yet live, state: INITIALIZING",
    ),
    _ready("Envoy is ready!", since="1.7", origin="pilot/cmd/pilot-agent/app/wait.go", sets={"cause": "ready"}),
    _ready(
        "Waiting for Envoy proxy to be ready (timeout: {:int} seconds)...",
        since="1.7",
        origin="pilot/cmd/pilot-agent/app/wait.go",
        example="Waiting for Envoy proxy to be ready (timeout: 60 seconds)...",
    ),
    _ready(
        "Initialization took {duration}",
        since="1.9",
        until="1.11",
        origin="pilot/cmd/pilot-agent/metrics/metrics.go",
        example="Initialization took 2.5s",
        gives={"duration": 2_500_000_000},
    ),
    _ready(
        "Readiness succeeded in {duration}",
        since="1.12",
        origin="pilot/cmd/pilot-agent/metrics/metrics.go",
        example="Readiness succeeded in 1.206851534s",
        gives={"duration": 1_206_851_534},
    ),
    _health(
        "failure threshold hit, marking as unhealthy: {error}",
        example="failure threshold hit, marking as unhealthy: EOF",
        gives={"error": "EOF"},
    ),
    _health("success threshold hit, marking as healthy"),
)
