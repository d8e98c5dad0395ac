"""The event of a statement where its table gives none, or a wrong one (used by `build` alone)."""

from __future__ import annotations

import re

#: Packages that are in no program that runs in a cluster.
NOT_SHIPPED = re.compile(r"(?:^|/)(?:test|mock|testing|xdsfake|simulation|gen|schemagen|codecov|fake|sdsc)(?:/|$)")

#: By the package: the event of an error or warning, and that of another line; the longest beginning counts.
_PACKAGES: dict[str, tuple[str, str]] = {
    "cni": ("cni_pod", "cni_pod"),
    "cni/pkg/iptables": ("iptables", "iptables"),
    "cni/pkg/nftables": ("iptables", "iptables"),
    "cni/pkg/install": ("cni_install", "cni_install"),
    "cni/pkg/repair": ("cni_repair", "cni_repair"),
    "cni/pkg/taint": ("cni_repair", "cni_repair"),
    "cni/pkg/log": ("cni_pod", "cni_pod"),
    "cni/pkg/ebpf": ("iptables", "iptables"),
    "cni/pkg/monitoring": ("telemetry", "telemetry"),
    "tools/istio-iptables": ("iptables", "iptables"),
    "tools/istio-nftables": ("iptables", "iptables"),
    "operator": ("reconcile_error", "reconcile"),
    "operator/cmd": ("reconcile_error", "controller_lifecycle"),
    "operator/pkg/validate": ("config_invalid", "config_event"),
    "galley": ("server_error", "config_event"),
    "galley/pkg/crd/validation": ("config_invalid", "webhook_config"),
    "galley/cmd": ("startup", "startup"),
    "galley/pkg/server": ("server_error", "startup"),
    "galley/pkg/source": ("kube_api_error", "config_event"),
    "galley/pkg/config/source": ("kube_api_error", "config_event"),
    "galley/pkg/kube": ("kube_api_error", "config_event"),
    "galley/pkg/runtime": ("config_invalid", "config_event"),
    "galley/pkg/config": ("config_invalid", "config_event"),
    "galley/pkg/config/analysis": ("config_analysis", "config_analysis"),
    "galley/pkg/config/mesh": ("config_invalid", "config_event"),
    "galley/pkg/meshconfig": ("config_invalid", "config_event"),
    "galley/pkg/mcp": ("xds_client", "xds_client"),
    "pkg/mcp": ("xds_client", "xds_client"),
    "pkg/adsc": ("xds_client", "xds_client"),
    "pkg/config/analysis": ("config_analysis", "config_analysis"),
    "pkg/config": ("config_invalid", "config_event"),
    "pkg/config/mesh": ("config_invalid", "config_event"),
    "pkg/config/security": ("secret_error", "secret_update"),
    "pkg/kube": ("kube_api_error", "controller_lifecycle"),
    "pkg/kube/krt": ("krt", "krt"),
    "pkg/kube/inject": ("injection", "injection"),
    "pkg/kube/multicluster": ("cluster_registry", "cluster_registry"),
    "pkg/kube/secretcontroller": ("cluster_registry", "cluster_registry"),
    "pkg/queue": ("reconcile_error", "controller_lifecycle"),
    "pkg/dns": ("dns_proxy", "dns_proxy"),
    "pkg/wasm": ("wasm", "wasm"),
    "pkg/hbone": ("server_error", "ztunnel_conn"),
    "pkg/webhooks": ("webhook_config", "webhook_config"),
    "pkg/webhooks/validation": ("config_invalid", "webhook_config"),
    "pkg/revisions": ("controller_lifecycle", "controller_lifecycle"),
    "pkg/security": ("auth_failure", "client_auth"),
    "pkg/spiffe": ("trust_bundle", "trust_bundle"),
    "pkg/istio-agent/health": ("health_probe", "health_probe"),
    "pkg/istio-agent": ("startup", "startup"),
    "pkg/bootstrap": ("startup", "startup"),
    "pkg/envoy": ("envoy_exit", "startup"),
    "pkg/probe": ("health_probe", "health_probe"),
    "pkg/appsignals": ("file_watch", "file_watch"),
    "pkg/file": ("file_watch", "file_watch"),
    "pkg/filewatcher": ("file_watch", "file_watch"),
    "pkg/log": ("telemetry", "telemetry"),
    "pkg/util": ("config_invalid", "config_event"),
    "pilot/cmd/pilot-agent": ("startup", "startup"),
    "pilot/cmd/pilot-agent/status": ("health_probe", "health_probe"),
    "pilot/pkg/autoregistration": ("workload_entry", "workload_entry"),
    "pilot/pkg/controller/workloadentry": ("workload_entry", "workload_entry"),
    "pilot/pkg/bootstrap": ("startup", "startup"),
    "pilot/pkg/server": ("startup", "startup"),
    "pilot/pkg/config": ("config_invalid", "config_event"),
    "pilot/pkg/config/file": ("file_watch", "config_event"),
    "pilot/pkg/config/kube/gateway": ("gateway_deploy", "gateway_deploy"),
    "pilot/pkg/config/kube/gatewaycommon": ("gateway_deploy", "gateway_deploy"),
    "pilot/pkg/config/kube/agentgateway": ("gateway_deploy", "gateway_deploy"),
    "pilot/pkg/config/kube/ingress": ("config_invalid", "config_event"),
    "pilot/pkg/controllers/ipallocate": ("reconcile_error", "reconcile"),
    "pilot/pkg/controllers/untaint": ("cni_repair", "cni_repair"),
    "pilot/pkg/credentials": ("secret_error", "secret_update"),
    "pilot/pkg/secrets": ("secret_error", "secret_update"),
    "pilot/pkg/dns": ("dns_proxy", "dns_proxy"),
    "pilot/pkg/kube/inject": ("injection", "injection"),
    "pilot/pkg/model": ("config_invalid", "xds_generate"),
    "pilot/pkg/networking": ("xds_generate_error", "xds_generate"),
    "pilot/pkg/proxy": ("server_error", "startup"),
    "pilot/pkg/xds": ("xds_generate_error", "xds_generate"),
    "pilot/pkg/security": ("config_invalid", "xds_generate"),
    "pilot/pkg/serviceregistry": ("reconcile_error", "service_event"),
    "pilot/pkg/serviceregistry/ambient": ("ambient_index", "ambient_index"),
    "pilot/pkg/serviceregistry/kube/controller/ambient": ("ambient_index", "ambient_index"),
    "pilot/pkg/status": ("status_write", "status_write"),
    "pilot/pkg/trustbundle": ("trust_bundle", "trust_bundle"),
    "pilot/pkg/leaderelection": ("leader_election", "leader_election"),
    "security/pkg/k8s": ("cert_rotation", "cert_rotation"),
    "security/pkg/server/ca": ("ca_error", "ca_sign"),
    "security/pkg/pki": ("ca_error", "cert_rotation"),
    "security/pkg/registry": ("ca_error", "ca_sign"),
    "security/pkg/probe": ("health_probe", "health_probe"),
    "security/pkg/adapter": ("token_exchange", "token_exchange"),
    "security/pkg/stsservice": ("token_exchange", "token_exchange"),
    "security/pkg/credentialfetcher": ("token_exchange", "token_exchange"),
    "security/pkg/nodeagent": ("secret_error", "secret_request"),
    "security/pkg/nodeagent/caclient": ("ca_error", "secret_request"),
    "security/pkg/nodeagent/plugin": ("token_exchange", "token_exchange"),
    "security": ("ca_error", "cert_rotation"),
}

#: What the words of an error say, where its table calls it by a step that went well.
_ERRORS: tuple[tuple[str, str], ...] = (
    (r"(?i)\b(?:listen|serve|server|http|grpc|tls|handshake|port)\b", "server_error"),
    (r"(?i)\b(?:cert|certs|certificates?|secrets?|csr|root|key|sds|citadel|ca)\b", "secret_error"),
    (r"(?i)\b(?:token|jwt|jwks|oidc)\b", "token_exchange"),
    (r"(?i)\b(?:kube|kubernetes|k8s|configmap|client-go|informer|namespace)\b", "kube_api_error"),
    (r"(?i)\b(?:config|invalid|annotation|unmarshal|parse|parsing|yaml|json|env|flag|variable|type)\b", "config_invalid"),  # noqa: E501
    (r"(?i)\b(?:file|watch|watcher)\b", "file_watch"),
)  # fmt: skip

#: What a text says whatever its table calls it: tables call all of a package's lines by its main event.
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"TEST for node|finding collection generator|skipping collection initialization", "xds_generate"),
    (r"(?:DE)?QUEUE for node", "push_backlog"),
    (r"^InitContext .* for push took", "push_context"),
    (r"^(?:Una|A)uthenticated XDS", "client_auth"),
    (r"^Unauthorized XDS|^Failed to authenticate client", "auth_failure"),
    (r"^Failed to authenticate .*/debug|^Failed to authorize", "debug_endpoint"),
    (r"send health check probe before normal xDS request", "health_probe"),
    (r"^ads received error", "server_error"),
    (r"^drained response", "xds_client"),
)  # fmt: skip

#: What istiod's discovery server prints, and what it is where the agent links it for its own SDS.
OF_AGENT: dict[str, str] = {
    "connection_open": "xds_connected",
    "connection_close": "xds_disconnected",
    "push_start": "startup",
    "push_skipped": "secret_update",
    "push_backlog": "secret_update",
    "xds_push": "secret_update",
    "xds_send_failure": "secret_error",
    "xds_stale_nonce": "xds_request",
    "xds_unwatch": "xds_request",
    "warming_push": "xds_request",
    "client_auth": "xds_connected",
}

#: Events of things that went well: an error is not one.
_WENT_WELL = frozenset({"secret_update", "secret_request", "startup", "ready"})

BAD = frozenset({"warn", "error", "fatal", "critical"})


def istio_event(package: str, level: str, text: str, given: str) -> str:
    """The event of a statement of Istio."""
    bad = level in BAD
    said = next((event for words, event in _TEXTS if re.search(words, text)), "")
    if said:
        return said
    if given == "startup" and level == "fatal":
        return given  # what ends a start is of the start
    if given in _WENT_WELL and bad:
        return next((event for words, event in _ERRORS if re.search(words, text)), given)
    if given and given != "other":
        return given
    begins = [name for name in _PACKAGES if package == name or package.startswith(name + "/")]
    if not begins:
        raise ValueError(f"package {package!r} of {text!r} has no event: add it to _PACKAGES")
    return _PACKAGES[max(begins, key=len)][not bad]


#: Envoy's events by what a line says, then by its logger. The events that answers count (an update of a cluster,
#: of a listener, a rejection) are those of hand-written formats alone.
_ENVOY_TEXTS: tuple[tuple[str, str, str], ...] = (
    (".*", r"(?i)deprecat", "deprecation"),
    ("assert|backtrace|envoy_bug", "", "panic"),
    (".*", r"(?i)listener.*(?:fail|could not|error)|(?:fail|error).*listener|cannot bind", "listener_error"),
    ("upstream|config", r"^membership update", "endpoint_update"),
    ("secret|config", r"(?i)secret|certificate", "secret_update"),
    ("upstream", r"(?i)outlier|health", "envoy_health"),
    ("upstream", r"^cm init|^maybe finish initialize|^continue initializing", "server_state"),
)  # fmt: skip
_ENVOY_LOGGERS: dict[str, str] = {
    name: event
    for event, names in {
        "envoy_connection_event": "pool connection client http2 http3 conn_handler quic quic_stream io udp",
        "envoy_request": "http router filter lua rbac jwt ext_authz ext_proc oauth2 golang credential_injector "
        "rate_limit_quota cache_filter forward_proxy dubbo thrift redis mongo kafka rocketmq sip grpc sse "
        "dynamic_modules",
        "envoy_health": "hc health_checker outlier",
        "server_state": "main init runtime admin hystrix decompression",
        "wasm": "wasm",
        "telemetry": "tracing stats",
        "file_watch": "file",
        "secret_update": "secret",
    }.items()
    for name in names.split()
}


def envoy_event(logger: str, level: str, text: str) -> str:
    """The event of a statement of Envoy."""
    for loggers, words, event in _ENVOY_TEXTS:
        if re.fullmatch(loggers, logger) and re.search(words, text):
            return "secret_error" if event == "secret_update" and level in BAD else event
    return _ENVOY_LOGGERS.get(logger, "envoy_other")


def ztunnel_event(module: str, level: str) -> str:
    """The event of a statement of ztunnel, by its module."""
    if module == "access":
        return "access"
    part = module.removeprefix("ztunnel::").split("::")[0]
    if part == "xds":
        return "ztunnel_xds"
    return "ztunnel_proxy" if part in {"proxy", "socks", "inpod", "dns", "hyper_util", "copy"} else "ztunnel_other"
