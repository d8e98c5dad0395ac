"""Lines of pilot-agent as it starts: flags, configuration, addresses, watches; and whether Envoy is ready."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_agent = partial(Format, "startup", component="agent")
_main = partial(_agent, origin="pilot/cmd/pilot-agent/app/cmd.go")
_config = partial(_agent, origin="pilot/cmd/pilot-agent/config/config.go")
_epoch = partial(_agent, origin="pkg/envoy/agent.go")
_status = partial(_agent, origin="pilot/cmd/pilot-agent/status/server.go")
_resolve = partial(_agent, origin="pilot/pkg/proxy/resolve.go")
_watcher = partial(_agent, origin="pkg/envoy/watcher.go", until="1.6")
_istio = partial(_agent, origin="pkg/istio-agent/agent.go")
_options = partial(_agent, origin="pilot/cmd/pilot-agent/options/security.go")

IP = "10.0.0.3"
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
    _agent(
        "failed to set GOMEMLIMIT{? {:text}}",
        level="error",
        since="1.29",
        origin="github.com/KimMachineGun/automemlimit",
        example="failed to set GOMEMLIMIT package=github.com/KimMachineGun/automemlimit/memlimit error=denied",
    ),
    _agent(
        "GOMEMLIMIT is updated{? {:text}}",
        since="1.29",
        origin="github.com/KimMachineGun/automemlimit",
        example="GOMEMLIMIT is updated package=github.com/KimMachineGun/automemlimit/memlimit GOMEMLIMIT=966367641",
    ),
    _main(
        "FLAG: {?--{|}-}{flag}={flag_value}",
        since="1.1",
        example='FLAG: --concurrency="2"',
        gives={"flag": "concurrency", "flag_value": '"2"'},
    ),
    _main("Version {version}", example="Version 1.20.8-1f0c5d4b-Clean", gives={"version": "1.20.8-1f0c5d4b-Clean"}),
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
        "Envoy command: {command}",
        origin="pkg/envoy/proxy.go",
        example="Envoy command: [-c /etc/istio/proxy/envoy-rev0.json --restart-epoch 0 -l warning]",
        gives={"command": "[-c /etc/istio/proxy/envoy-rev0.json --restart-epoch 0 -l warning]"},
    ),
    _agent(
        "{:text} starting with command: {command}",
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
)
