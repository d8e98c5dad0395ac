"""Pilot starting: flags, versions, configuration, registries, certificates, leader elections."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_at = partial(Format, "startup", origin="pilot/pkg/bootstrap/server.go")
_mesh = partial(Format, "startup", origin="pilot/pkg/bootstrap/mesh.go")
_watch = partial(Format, "startup", origin="pkg/config/mesh/kubemesh/watcher.go", until="1.24")
_config = partial(Format, "startup", origin="pilot/pkg/bootstrap/configcontroller.go")
_kube = partial(Format, "startup", origin="pilot/pkg/serviceregistry/kube/controller/multicluster.go")
_remote = partial(Format, "startup", origin="pkg/kube/multicluster/secretcontroller.go", since="1.12")
_leader = partial(Format, "startup", origin="pilot/pkg/leaderelection/leaderelection.go")
_lease = partial(
    Format, "startup", scope="klog", since="1.12", origin="pilot/pkg/leaderelection/k8sleaderelection/leaderelection.go"
)

FORMATS: tuple[Format, ...] = (
    # flags, version, mesh configuration
    _at(
        "FLAG: {?--{|}-}{flag}={flag_value}",
        origin="pilot/cmd/pilot-discovery/app/cmd.go",
        example='FLAG: --clusterID="Kubernetes"',
        gives={"flag": "clusterID", "flag_value": '"Kubernetes"'},
    ),
    _at("flags{?:} {:text}", origin="pilot/pkg/bootstrap/mesh.go", example='flags: {\n   "ServerOptions": {}\n}'),
    _at(
        "version{?:} {version}",
        level="info warn",
        origin="pilot/pkg/bootstrap/mesh.go",
        example="version: 1.20.8-6b0e1e5f-Clean",
        gives={"version": "1.20.8-6b0e1e5f-Clean"},
    ),
    _at(
        "memory is not limited, skipping{? {:text}}",
        since="1.29",
        origin="github.com/KimMachineGun/automemlimit",
        example="memory is not limited, skipping package=github.com/KimMachineGun/automemlimit/memlimit",
    ),
    _at(
        "failed to set GOMEMLIMIT{? {:text}}",
        level="error",
        since="1.29",
        origin="github.com/KimMachineGun/automemlimit",
        example="failed to set GOMEMLIMIT package=github.com/KimMachineGun/automemlimit/memlimit error=denied",
    ),
    _at(
        "GOMEMLIMIT is updated{? {:text}}",
        since="1.29",
        origin="github.com/KimMachineGun/automemlimit",
        example="GOMEMLIMIT is updated package=github.com/KimMachineGun/automemlimit/memlimit GOMEMLIMIT=966367641",
    ),
    _mesh(
        "mesh configuration{?:{|} sources have changed{|} updated to:}{:text}",
        example="mesh configuration: accessLogFile: /dev/stdout\n",
    ),
    _mesh("mesh networks configuration{?:}{:text}", since="1.1", example="mesh networks configuration: networks: {}"),
    _mesh(
        "initializing mesh configuration{? {:text}}",
        since="1.7",
        example="initializing mesh configuration ./etc/istio/config/mesh",
    ),
    _mesh(
        "initializing mesh networks{? from mesh config watcher{|} configuration{:text}}",
        since="1.7",
        example="initializing mesh networks configuration ./etc/istio/config/meshNetworks",
    ),
    _mesh(
        "failed to read mesh configuration{?, using default}: {:text}",
        level="warn",
        until="1.24",
        example="failed to read mesh configuration, using default: open /etc/istio/config/mesh: no such file",
    ),
    _mesh(
        "failed to read the default mesh configuration: {:text}",
        level="warn",
        since="1.1",
        until="1.6",
        example="failed to read the default mesh configuration: not found, from the istio config map in the "
        "istio-system namespace",
    ),
    _watch(
        "Loaded {?MeshConfig{|}MeshNetworks} config from Kubernetes API server.",
        since="1.9",
        example="Loaded MeshConfig config from Kubernetes API server.",
    ),
    _watch(
        "no ConfigMap found, using {:text}", since="1.8", example="no ConfigMap found, using default MeshConfig config"
    ),
    # the server and its parts
    _at(
        "Star{?t}ing Istiod Server with primary cluster{:text}",
        since="1.6",
        example="Starting Istiod Server with primary cluster Kubernetes",
    ),
    _at(
        "initializing Istiod admin server{? multiplexed on httpAddr{:text}}",
        since="1.7",
        example="initializing Istiod admin server multiplexed on httpAddr :8080",
    ),
    _at("initializing controllers", since="1.7"),
    _at("initializing mesh handlers", since="1.7"),
    _at("initializing registry event handlers", since="1.7"),
    _at("initializing secure discovery service", since="1.7"),
    _at("initializing DNS server", since="1.7", until="1.7"),
    _at("initializing secure webhook server for istiod webhooks", since="1.7", origin="pilot/pkg/bootstrap/webhook.go"),
    _at("initializing sidecar injector", since="1.7", origin="pilot/pkg/bootstrap/sidecarinjector.go"),
    _at("initializing config validator", since="1.7", origin="pilot/pkg/bootstrap/validation.go"),
    _at("Starting validation controller", since="1.5", origin="pilot/pkg/bootstrap/validation.go"),
    _at("Starting namespace controller", since="1.6", until="1.8"),
    _at(
        "The secure discovery port is disabled, multiplexing on httpAddr{:text}",
        since="1.8",
        example="The secure discovery port is disabled, multiplexing on httpAddr ",
    ),
    _at(
        "HTTPS port is disabled, multiplexing webhooks on the httpAddr{:text}",
        since="1.8",
        origin="pilot/pkg/bootstrap/webhook.go",
        example="HTTPS port is disabled, multiplexing webhooks on the httpAddr :8080",
    ),
    _at(
        "multiplexing gRPC on http {?port{|}addr}{:text}", since="1.10", example="multiplexing gRPC on http addr :8080"
    ),
    _at("multiplexing gRPC services with HTTP services", since="1.10", until="1.15"),
    _at("using max conn age of {:text}", since="1.8", until="1.10", example="using max conn age of 30m0s"),
    # certificates and the CA
    _at(
        "initializing Istiod DNS certificates {?host{|}using K8S RA:{:word} {? }host}: {:text}, custom host:{:text}",
        since="1.7",
        example="initializing Istiod DNS certificates host: istiod.istio-system.svc, custom host: ",
    ),
    _at("creating CA and initializing public key", since="1.7"),
    _at("initializing CA server with {?IstioD CA{|}RA}", since="1.22", example="initializing CA server with IstioD CA"),
    _at("Starting IstioD CA", since="1.8", until="1.21"),
    _at("Istiod CA has started", since="1.5", origin="pilot/pkg/bootstrap/istio_ca.go"),
    _at(
        "JWT policy is {:text}",
        since="1.5",
        until="1.21",
        origin="pilot/pkg/bootstrap/istio_ca.go",
        example="JWT policy is third-party-jwt",
    ),
    _at(
        "unknown JWT policy {:text}, default to certificates",
        since="1.7",
        until="1.21",
        origin="pilot/pkg/bootstrap/istio_ca.go",
        example="unknown JWT policy none, default to certificates ",
    ),
    # registries and sources of configuration
    _at(
        "Adding {:text} registry adapter",
        origin="pilot/pkg/bootstrap/servicecontroller.go",
        example="Adding Kubernetes registry adapter",
    ),
    _at("Primary Cluster name: {:text}", until="1.5", example="Primary Cluster name: Kubernetes"),
    _at(
        "Consul url: {:text}",
        until="1.7",
        origin="pilot/pkg/bootstrap/servicecontroller.go",
        example="Consul url: http://consul:8500",
    ),
    _at(
        "clusters configuration {:text}",
        until="1.0",
        example="clusters configuration (*clusterregistry.ClusterStore)(<nil>)\n",
    ),
    _at("skipping cluster registries, no kube-client created", until="1.0"),
    _at(
        "initializing Kubernetes cluster registry",
        since="1.7",
        until="1.8",
        origin="pilot/pkg/bootstrap/multicluster.go",
    ),
    _at(
        "Service controller watching namespace {:quoted} for service{?s}, endpoint{?s}, nodes and pods, refresh{:text}",
        until="1.6",
        origin="pilot/pkg/serviceregistry/kube/controller/controller.go",
        example='Service controller watching namespace "" for services, endpoints, nodes and pods, refresh 1m0s',
    ),
    _kube(
        "Initializing Kubernetes service registry {cluster:quoted}",
        scope="default kube",
        since="1.7",
        example='Initializing Kubernetes service registry "Kubernetes"',
        gives={"cluster": "Kubernetes"},
    ),
    _kube(
        "initializing {?injection }webhook cert patch{?er} for cluster {:text}",
        scope="default kube",
        since="1.9",
        example="initializing injection webhook cert patcher for cluster Kubernetes",
    ),
    _at(
        "initializing Kubernetes credential reader for cluster {:text}",
        since="1.8",
        until="1.21",
        origin="pilot/pkg/credentials/kube/multicluster.go",
        example="initializing Kubernetes credential reader for cluster Kubernetes",
    ),
    _remote("Number of remote clusters: {:int}", since="1.1", example="Number of remote clusters: 0"),
    _remote("Starting multicluster remote secrets controller"),
    _at(
        "CRD controller watching namespaces {:text}",
        until="1.6",
        origin="pilot/pkg/config/kube/crd/controller/controller.go",
        example='CRD controller watching namespaces ""',
    ),
    _at(
        "Starting Pilot K8S CRD controller",
        scope="default kube",
        since="1.5",
        origin="pilot/pkg/config/kube/crdclient/client.go",
    ),
    _config(
        "Started {:word} configSource {:text}", since="1.18", example="Started Kubernetes configSource k8s://cluster"
    ),
    _config("Starting ingress controller", since="1.6"),
    _config("Starting ingress status writer", since="1.27"),
    _config(
        "Starting ingress status controller", since="1.5", until="1.5", origin="pilot/pkg/config/kube/ingress/status.go"
    ),
    # leader elections
    _leader(
        "leader election lock obtained: {:text}", since="1.12", example="leader election lock obtained: istio-leader"
    ),
    _leader("leader election lock lost{?: {:text}}", since="1.5", example="leader election lock lost: istio-leader"),
    _leader("bypassing leader election: {:text}", since="1.16", example="bypassing leader election: istio-leader"),
    _leader(
        "Leader election cycle {:word} lost. Trying again",
        level="error info",
        since="1.5",
        example="Leader election cycle 3 lost. Trying again",
    ),
    _leader(
        "unexpected error starting leader election: {:text}",
        level="error",
        since="1.1",
        until="1.4",
        origin="pilot/pkg/config/kube/ingress/status.go",
        example="unexpected error starting leader election: Lock identity is empty",
    ),
    _lease(
        "attempting to acquire leader lease {:text}...",
        example="attempting to acquire leader lease istio-system/istio-leader...",
    ),
    _lease("successfully acquired lease {:text}", example="successfully acquired lease istio-system/istio-leader"),
    _lease(
        "error initially creating leader election record: {:text}",
        level="error",
        example='error initially creating leader election record: configmaps "istio-leader" already exists',
    ),
)
