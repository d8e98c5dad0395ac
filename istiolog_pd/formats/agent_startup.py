"""Lines of pilot-agent as it starts: flags, configuration, addresses, watches; and whether Envoy is ready."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.model import Format

_agent = partial(Format, "startup", component="agent")
_main = partial(_agent, origin="pilot/cmd/pilot-agent/app/cmd.go")
_config = partial(_agent, origin="pilot/cmd/pilot-agent/config/config.go")
_epoch = partial(_agent, origin="pkg/envoy/agent.go")
_status = partial(_agent, origin="pilot/cmd/pilot-agent/status/server.go")
_resolve = partial(_agent, origin="pilot/pkg/proxy/resolve.go", until="1.6")
_watcher = partial(_agent, origin="pkg/envoy/watcher.go", until="1.6")
_istio = partial(_agent, origin="pkg/istio-agent/agent.go")
_sds = partial(_agent, origin="security/pkg/nodeagent/sds/server.go")
_cache = partial(_agent, scope="cache", origin="security/pkg/nodeagent/cache/secretcache.go")
_options = partial(_agent, origin="pilot/cmd/pilot-agent/options/security.go")
_ready = partial(Format, "envoy_ready", component="agent")
_health = partial(_ready, scope="healthcheck", since="1.9", origin="pkg/istio-agent/health/health_check.go")

IP = "10.0.0.3"
SOCKET = "./var/run/secrets/workload-spiffe-uds/socket"
ISTIOD = "istiod.istio-system.svc:15012"
ROLE = (
    f'Proxy role: &model.Proxy{{ClusterID:"", Type:"sidecar", IPAddresses:[]string{{"{IP}"}}, ID:"web-1.shop", '
    'Locality:(*core.Locality)(nil), DNSDomain:"shop.svc.cluster.local", ConfigNamespace:""}'
)

FORMATS: tuple[Format, ...] = (
    # who, with what configuration
    _agent(
        "memory is not limited, skipping{? {:text}}",
        since="1.29",
        origin="github.com/KimMachineGun/automemlimit",
        example="memory is not limited, skipping package=github.com/KimMachineGun/automemlimit/memlimit",
    ),
    _main("FLAG: {:text}", since="1.1", example='FLAG: --concurrency="2"'),
    _main("Version {:text}", example="Version 1.20.8-1f0c5d4b2f9d8a7a3ab2b4e1c3b3b4c5d6e7f8a9-Clean"),
    _main("Effective config: {:text}", example="Effective config: binaryPath: /usr/local/bin/envoy\nconcurrency: 2"),
    _main("Static config:{:text}", until="1.5", example="Static config:\nnode:\n  id: web-1.shop"),
    _main("Obtained private IP {:text}", until="1.8", example=f"Obtained private IP [{IP}]"),
    _main(
        'Proxy role: {?{:text}Type:"{node_type}"{:text} ID:"{proxy}"{:text}Domain:"{domain}"}{:text}',
        until="1.8",
        example=ROLE,
        gives={"node_type": "sidecar", "proxy": "web-1.shop", "domain": "shop.svc.cluster.local"},
    ),
    _main(
        "Proxy role",
        since="1.9",
        labels={"type": "node_type:word", "id": "proxy:proxy", "domain": "domain:word"},
    ),
    _main("Monitored certs: {:text}", until="1.6", example='Monitored certs: []string{"/etc/certs/key.pem"}'),
    _main("PilotSAN {:text}", since="1.1", until="1.8", example='PilotSAN []string{"istiod.istio-system.svc"}'),
    _main(
        "MixerSAN {:text}", since="1.2", until="1.7", example='MixerSAN []string{"spiffe://cluster.local/ns/a/sa/b"}'
    ),
    _istio("Pilot SAN: {:text}", since="1.9", example="Pilot SAN: [istiod.istio-system.svc]"),
    _config(
        "Apply {?mesh config from file{|}proxy config from annotation{|}proxy config from env} {:text}",
        since="1.6",
        example='Apply proxy config from env {"discoveryAddress":"127.0.0.1:15010"}',
    ),
    _config(
        "cpu limit detected as {:int}, setting concurrency",
        since="1.18",
        example="cpu limit detected as 2, setting concurrency",
    ),
    _config(
        "legacy --concurrency={:int} flag detected; prefer to use ProxyConfig",
        level="warn",
        since="1.18",
        example="legacy --concurrency=2 flag detected; prefer to use ProxyConfig",
    ),
    _config(
        "concurrency is set to 0, which will use a thread per CPU on the host. However, CPU limit is set lower. "
        "This is not recommended and may lead to performance issues. CPU count: {:int}, CPU Limit: {:int}.",
        level="warn",
        since="1.21",
        example="concurrency is set to 0, which will use a thread per CPU on the host. However, CPU limit is set "
        "lower. This is not recommended and may lead to performance issues. CPU count: 16, CPU Limit: 2.",
    ),
    _main(
        "Maximum file descriptors (ulimit -n): {:text}",
        since="1.15",
        until="1.21",
        example="Maximum file descriptors (ulimit -n): 1048576",
    ),
    _main(
        "Set max file descriptors (ulimit -n) to: {:int}",
        since="1.22",
        until="1.26",
        example="Set max file descriptors (ulimit -n) to: 1048576",
    ),
    _main(
        "Excluding ip {:word} from proxy IPaddresses list",
        since="1.19",
        until="1.20",
        example=f"Excluding ip {IP} from proxy IPaddresses list",
    ),
    _main(
        "Exclude IPs {:text} based on {:word} annotation",
        since="1.21",
        example=f"Exclude IPs [{IP}] based on traffic.sidecar.istio.io/excludeInterfaces annotation",
    ),
    _status(
        "Prometheus scraping configuration: {:text}", since="1.6", example="Prometheus scraping configuration: {true}"
    ),
    _status("Opening status port {:int}", example="Opening status port 15020"),
    _agent(
        "platform detected is {:word}",
        since="1.13",
        origin="pkg/bootstrap/platform/discovery.go",
        example="platform detected is GCP",
    ),
    # the address of pilot, the certificates to wait for (to 1.6)
    _resolve(
        "{?Attempting to lookup{|}Finished lookup of} address: {:word}", example="Finished lookup of address: zipkin"
    ),
    _resolve("Addr resolved to: {:word}", example="Addr resolved to: 10.96.0.7:9411"),
    _watcher("watchFileEvents: {:text}", example='watchFileEvents: "/etc/certs/key.pem": MODIFY|ATTRIB'),
    _watcher("watching {:text} for changes", since="1.1", example="watching /etc/certs for changes"),
    _watcher(
        "watching {:text} encounter{?s{|}ed} an error {error}",
        level="warn",
        example="watching /etc/certs encountered an error no such file or directory",
        gives={"error": "no such file or directory"},
    ),
    _main("waiting {:duration} for {:text}", since="1.1", until="1.6", example="waiting 1m0s for /etc/certs/key.pem"),
    _main("waiting for certificates", since="1.1", until="1.2"),
    _main("waiting for file", since="1.3", until="1.6"),
    _main(
        "error while waiting for {?certificates{|}file}{error}",
        level="error",
        since="1.1",
        until="1.6",
        example="error while waiting for filecontext deadline exceeded",
        gives={"error": "context deadline exceeded"},
    ),
    # epochs: the start of Envoy
    _epoch("Starting proxy agent"),
    _epoch("starting", since="1.15", until="1.20", needs_scope=True),
    _epoch("Epoch {:int} starting", until="1.14", example="Epoch 0 starting"),
    _epoch(
        "Epoch {:int}: set retry delay to {:duration}, budget to {:int}",
        until="1.3",
        example="Epoch 0: set retry delay to 200ms, budget to 9",
    ),
    _epoch("Desired configuration is already applied", until="1.3"),
    _epoch("Received new config, resetting budget", until="1.3"),
    _epoch(
        "Received new config, creating new Envoy epoch {:int}",
        since="1.4",
        until="1.9",
        example="Received new config, creating new Envoy epoch 1",
    ),
    _epoch(
        "Reconciling {?configuration{|}retry} (budget {:int})", until="1.3", example="Reconciling retry (budget 10)"
    ),
    _epoch(
        "{?timed out }waiting for epoch {:int} to go live{?.{|} before performing a hot restart}",
        level="info warn",
        since="1.4",
        until="1.9",
        example="waiting for epoch 0 to go live before performing a hot restart",
    ),
    _agent(
        "Envoy command: {:text}",
        origin="pkg/envoy/proxy.go",
        example="Envoy command: [-c /etc/istio/proxy/envoy-rev0.json --restart-epoch 0 -l warning]",
    ),
    _agent(
        "{:text} starting with command: {:text}",
        since="1.4",
        until="1.15",
        origin="pkg/envoy/instance.go",
        needs_scope=True,
        example="Envoy 'envoy' starting with command: [/usr/local/bin/envoy -c envoy.yaml]",
    ),
    # the CA and the tokens
    _options("JWT policy is {?first{|}third}-party-jwt", since="1.5", example="JWT policy is third-party-jwt"),
    _options(
        "Using deprecated JWT policy 'first-party-jwt'; treating as 'third-party-jwt'", level="warn", since="1.22"
    ),
    _options(
        "using credential fetcher of {:word} type in {:word} trust domain",
        since="1.9",
        example="using credential fetcher of JWT type in cluster.local trust domain",
    ),
    _istio("Istio Agent uses default istiod CA", since="1.5", until="1.7"),
    _istio("istiod uses self-issued certificate", since="1.5", until="1.7"),
    _istio(
        "istiod uses {?a custom root certificate mounted in a well known location{|}the k8s root certificate} {:text}",
        since="1.5",
        until="1.7",
        example="istiod uses the k8s root certificate ./var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    ),
    _istio(
        "{?sa.}serverOptions.CAEndpoint == {:text}",
        since="1.6",
        until="1.8",
        example=f"sa.serverOptions.CAEndpoint == {ISTIOD} Citadel",
    ),
    _istio("CA Endpoint {:word}, provider {:word}", since="1.9", example=f"CA Endpoint {ISTIOD}, provider Citadel"),
    _istio(
        "Using CA {:word} cert with {?system certs{|}certs: {:text}}",
        since="1.8",
        example=f"Using CA {ISTIOD} cert with certs: var/run/secrets/istio/root-cert.pem",
    ),
    _istio("workload certificate files detected, creating secret manager without caClient", since="1.14"),
    _istio(
        "received server-side bootstrap in {duration}",
        since="1.11",
        until="1.15",
        example="received server-side bootstrap in 12ms",
        gives={"duration": 12_000_000},
    ),
    _istio("successfully updated bootstrap config", since="1.16", until="1.20"),
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
        until="1.22",
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
        scope="xdsproxy",
        since="1.8",
        until="1.8",
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
        since="1.11",
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
    _ready("Envoy proxy is ready", origin="pilot/cmd/pilot-agent/status/server.go"),
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
    _ready("Envoy is ready!", since="1.7", origin="pilot/cmd/pilot-agent/app/wait.go"),
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
