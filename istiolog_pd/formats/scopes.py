"""The scopes of Istio, the loggers of Envoy, and the levels, as headers print them. Data only."""

from __future__ import annotations

from collections.abc import Mapping

#: Istio's logging scopes: distinguish a scope from a message's first word where tabs became single blanks.
SCOPES = (
    "ads adsc all-scopes ambient analysis attributes authn authorization autoregistration cache cacheLog caclient ca "
    "cert-chiron chiron citadelclient citadel ControlZ ControlZLog controllers cni cni-plugin credscontroller default "
    "delta deltaadsc dns envoy file fullpush gateway gcecred googleca grpc grpcgen health healthcheck iptables installer "
    "ingress ingressGatewaySDS ip-autoallocate kube klog krt leader locality lroc mcp mcp-creds mesh model monitor "
    "multicluster nodeagent nds networking pkica pkica-test plugin probes processing proxyconfig push pkce rbac "
    "repair resource retry rootcertrotator sds sdsServiceLog secretfetcher secretFetcherLog security securitymodel "
    "serviceentry serverca servercalog secretController serviceregistry spiffe stackdriver status statuscontroller "
    "stsserver stsclient stsplugin telemetry tokenmanager trustBundle tpath translator upgrade validation "
    "validationController validationServer validator wasm webhook webhook-cert wle workload xdsproxy xds xdsgen"
).split()

#: Scopes that only a sidecar's agent has: they show the component of a file.
AGENT_SCOPES = frozenset(
    "xdsproxy cache cacheLog sds sdsServiceLog citadelclient healthcheck dns stsserver wasm googleca nodeagent".split()
)

#: Envoy's loggers: JSON of Istio 1.9.0 names them alone, without the `envoy ` before them.
ENVOY_LOGGERS = frozenset(
    "admin aws assert backtrace client config connection conn_handler decompression dubbo filter forward_proxy hc "
    "http http2 hystrix init io jwt kafka lua main misc mongo pool quic redis router runtime stats secret tap "
    "testing thrift tracing upstream udp".split()
) - set(SCOPES)

LEVELS: Mapping[str, str] = {
    **{level: level for level in ("debug", "info", "warn", "error", "fatal", "trace", "critical")},
    **{"warning": "warn", "I": "info", "W": "warn", "E": "error", "F": "fatal", "off": "off"},
}
