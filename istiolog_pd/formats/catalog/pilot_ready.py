"""Pilot becoming ready (servers listening, caches synced), and the Go runtime's own trace lines."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_ready = partial(Format, "ready", origin="pilot/pkg/bootstrap/server.go")
_xds = partial(Format, "ready", origin="pilot/pkg/xds/discovery.go")
_kube = partial(Format, "ready", scope="kube", origin="pilot/pkg/serviceregistry/kube/controller/controller.go")
_crd = partial(Format, "ready", origin="pilot/pkg/config/kube/crdclient/client.go")
_gc = partial(Format, "go_gc", origin="Go runtime")

#: runtime/mgc.go: `gcMarkTermination`.
GC = (
    "gc {gc_number} @{since_start}s {cpu_percent}%: {gc_sweep_termination}+{gc_mark}+{gc_mark_termination} ms clock, "
    "{:word} ms cpu, {heap_before_mb}->{heap_after_mb}->{live_mb} MB, {goal_mb} MB goal, "
    "{?{:int} MB stacks, }{?{:int} MB globals, }{processors}"
)

FORMATS: tuple[Format, ...] = (
    # servers
    _ready(
        "Discovery service started at http={:word} grpc={:word}",
        until="1.0",
        example="Discovery service started at http=127.0.0.1:8080 grpc=127.0.0.1:15010",
    ),
    _ready(
        "Starting GRPC secure on {:word} with certs in {:text}",
        until="1.0",
        example="Starting GRPC secure on [::]:15011 with certs in /etc/certs",
    ),
    _ready(
        "starting discovery service{? at {:text}}",
        since="1.1",
        example="starting discovery service at http=[::]:8080 grpc=[::]:15010",
    ),
    _ready(
        "starting {?secure {?(DNS) }}gRPC discovery service at {:word}",
        since="1.5",
        example="starting secure gRPC discovery service at [::]:15012",
    ),
    _ready(
        "starting {?HTTP{|}Http} service at {:word}",
        since="1.5",
        example="starting HTTP service at 127.0.0.1:8080",
    ),
    _ready("starting webhook service at {:word}", since="1.7", example="starting webhook service at [::]:15017"),
    _xds(
        "Starting ADS server{? with {:text}}",
        scope="ads default",
        example="Starting ADS server with throttle=10 burst=100",
    ),
    Format(
        "ready",
        "Serve done{? {:text}}",
        scope="default ads",
        since="1.7",
        until="1.16",
        origin="pilot/pkg/xds/simple.go",
        example="Serve done with <nil>",
    ),
    Format(
        "ready",
        "Endpoint {:word} is not ready{?: {:text}}",
        scope="validationController",
        since="1.5",
        until="1.6",
        origin="pkg/webhooks/validation/controller/controller.go",
        example="Endpoint istiod is not ready: no subset addresses ready",
    ),
    # caches
    _xds(
        "All caches have been synced up{? in {duration}}, {?marking server ready{|}triggering a push}",
        scope="default ads",
        since="1.5",
        example="All caches have been synced up in 220.5ms, marking server ready",
        gives={"duration": 220_500_000},
    ),
    _ready(
        "All controller caches have been synced up in {duration}",
        since="1.11",
        example="All controller caches have been synced up in 16.177874ms",
        gives={"duration": 16_177_874},
    ),
    _ready(
        "caches synced after {duration}",
        since="1.9",
        until="1.9",
        example="caches synced after 1.5s",
        gives={"duration": 1_500_000_000},
    ),
    _kube(
        "kube controller for {cluster:word} synced after {duration}",
        since="1.12",
        example="kube controller for Kubernetes synced after 6.356668ms",
        gives={"cluster": "Kubernetes", "duration": 6_356_668},
    ),
    _kube(
        "kube controller for {cluster:word} initial sync timed out",
        level="warn",
        since="1.15",
        example="kube controller for Kubernetes initial sync timed out",
        gives={"cluster": "Kubernetes"},
    ),
    _kube(
        "cluster {cluster:word} synced, replacing registry",
        since="1.30",
        origin="pilot/pkg/serviceregistry/kube/controller/multicluster.go",
        example="cluster remote-1 synced, replacing registry",
        gives={"cluster": "remote-1"},
    ),
    _crd(
        "controller {:text} is syncing...",
        scope="default kube",
        example='controller "networking.istio.io/v1alpha3/Sidecar" is syncing...',
    ),
    _crd(
        "Pilot K8S CRD controller synced{? in} {duration}",
        scope="kube",
        since="1.8",
        example="Pilot K8S CRD controller synced 101.5ms",
        gives={"duration": 101_500_000},
    ),
    Format(
        "ready",
        "multicluster remote secrets controller cache synced in {duration}",
        since="1.12",
        origin="pkg/kube/multicluster/secretcontroller.go",
        example="multicluster remote secrets controller cache synced in 7.780264ms",
        gives={"duration": 7_780_264},
    ),
    # its name, attempts and time are labels
    Format(
        "ready", "sync complete", level="info debug", scope="default krt", since="1.22", origin="pkg/kube/client.go"
    ),
    Format(
        "ready",
        "{:text} synced{? (uid {:word})}",
        scope="krt",
        since="1.21",
        origin="pkg/kube/krt/collection.go",
        example="ingress/informer/Services synced",
        needs_scope=True,
    ),
    # the Go runtime: GODEBUG=gctrace=1
    _gc(
        f"{GC} P",
        sets={"gc_forced": False},
        example="gc 15 @1689.641s 0%: 0.011+10+7.0 ms clock, 0.045+7.5/7.9/13+28 ms cpu, 11->11->6 MB, 12 MB goal, 4 P",
        gives={"gc_number": 15, "since_start": 1_689_641_000_000, "gc_mark": 10_000_000, "live_mb": 6, "processors": 4},
    ),
    _gc(
        f"{GC} P (forced)",
        sets={"gc_forced": True},
        example="gc 8 @0.215s 2%: 0.06+1.2+0.01 ms clock, 0.2+0.3/1.0/0+0.0 ms cpu, 7->8->4 MB, 8 MB goal, "
        "0 MB stacks, 0 MB globals, 8 P (forced)",
        gives={"gc_number": 8, "cpu_percent": 2, "gc_mark_termination": 10_000, "goal_mb": 8, "gc_forced": True},
    ),
    _gc(
        "scvg{:word}: {:text}",
        until="1.4",
        example="scvg0: inuse: 24, idle: 38, sys: 63, released: 0, consumed: 63 (MB)",
    ),
)
