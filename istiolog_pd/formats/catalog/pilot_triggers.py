"""Lines of pilot and istiod about what made or shaped a push."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_KUBE = "pilot/pkg/serviceregistry/kube/controller"
_ENTRIES = "pilot/pkg/serviceregistry/serviceentry/controller.go"
_EDS = "pilot/pkg/proxy/envoy/v2/eds.go"
_DISCOVERY = "pilot/pkg/xds/discovery.go"

_HOST = {"service": "cart.example.com"}
_KEY = {**_HOST, "namespace": "shop"}

_trigger = partial(Format, "push_trigger", scope="ads", origin=_EDS)
_old = partial(_trigger, origin="pilot/pkg/proxy/envoy/v2/discovery.go")
_shards = partial(Format, "push_trigger", scope="ads model", origin="pilot/pkg/model/endpointshards.go", gives=_HOST)
_cache = partial(_shards, scope="model", since="1.25")
_network = partial(Format, "push_trigger", scope="model", origin="pilot/pkg/model/network.go")

FORMATS: tuple[Format, ...] = (
    # push triggers; a `Cache Update` is a `Full push` without a push of its own
    _shards(
        "Full push, new service {service:service_key}",
        sets={"cause": "new service", "effect": "full push"},
        example="Full push, new service shop/cart.example.com",
        gives=_KEY,
    ),
    _cache(
        "Cache Update, new service {service:service_key}",
        sets={"cause": "new service", "effect": "cache update"},
        example="Cache Update, new service shop/cart.example.com",
        gives=_KEY,
    ),
    _shards(
        "Full push, service accounts changed, {service}",
        sets={"cause": "service accounts", "effect": "full push"},
        since="1.5",
        example="Full push, service accounts changed, cart.example.com",
    ),
    _cache(
        "Cache Update, service accounts changed, {service}",
        sets={"cause": "service accounts", "effect": "cache update"},
        example="Cache Update, service accounts changed, cart.example.com",
    ),
    _shards(
        "Incremental push, service {service} {?has{|}at shard {:text} has} no endpoints",
        sets={"cause": "no endpoints", "effect": "incremental push"},
        since="1.2",
        example="Incremental push, service cart.example.com at shard Kubernetes/Kubernetes has no endpoints",
    ),
    _cache(
        "Cache Update, Service {service} at shard {:text} has no endpoints",
        sets={"cause": "no endpoints", "effect": "cache update"},
        example="Cache Update, Service cart.example.com at shard Kubernetes/Kubernetes has no endpoints",
    ),
    _shards(
        "No push, either old endpoint health status did not change or new endpoint came with unhealthy status, "
        "{service}",
        level="debug",
        since="1.14",
        example="No push, either old endpoint health status did not change or new endpoint came with unhealthy status, "
        "cart.example.com",
    ),
    _trigger(
        "Full push, service {service} has no endpoints",
        sets={"cause": "no endpoints", "effect": "full push"},
        since="1.4",
        until="1.4",
        example="Full push, service cart.example.com has no endpoints",
        gives=_HOST,
    ),
    _trigger(
        "Endpoint updating service account {:word} {service}",
        sets={"cause": "service accounts", "effect": "full push"},
        until="1.4",
        example="Endpoint updating service account spiffe://cluster.local/ns/shop/sa/cart cart.example.com",
        gives=_HOST,
    ),
    _trigger("Label change, full push {:text}", until="1.3", example="Label change, full push 10.244.1.9"),
    _trigger(
        "Workload update detected for {:text}, triggering a push now",
        since="1.2",
        until="1.2",
        example="Workload update detected for 10.244.1.9, triggering a push now",
    ),
    _old(
        "XDS Incremental Push EDS:{services}",
        until="1.1",
        example="XDS Incremental Push EDS:12",
        gives={"services": 12},
    ),
    _old(
        "ADS: periodic push of envoy configs {push_version}",
        until="1.1",
        example="ADS: periodic push of envoy configs 2018-12-24T16:27:52Z/20",
        gives={"push_version": "2018-12-24T16:27:52Z/20"},
    ),
    _old(
        "ADS: Periodic push of envoy configs version:{push_version}",
        level="debug",
        since="1.2",
        until="1.3",
        example="ADS: Periodic push of envoy configs version:2018-12-24T16:27:52Z/20",
        gives={"push_version": "2018-12-24T16:27:52Z/20"},
    ),
    _trigger(
        "full push triggered configs={configs} reasons={reason}",
        level="debug",
        scope="fullpush",
        since="1.24",
        until="1.30",
        origin=_DISCOVERY,
        example="full push triggered configs=[ServiceEntry/shop/cart.example.com] reasons=[service]",
        gives={"reason": "[service]"},
    ),
    _trigger(
        "push triggered configs={configs} reasons={reason}",
        level="debug",
        scope="push",
        since="1.31-dev",
        origin=_DISCOVERY,
        example="push triggered configs=[ServiceEntry/shop/cart.example.com] reasons=[service endpoint]",
        gives={"reason": "[service endpoint]"},
    ),
    _trigger(
        "Full push triggered during event {:word} for workload instance "
        "({:word}/{?{:list}){|}{address})} in namespace {namespace}",
        level="debug",
        scope="serviceentry",
        since="1.13",
        until="1.29",
        origin=_ENTRIES,
        example="Full push triggered during event add for workload instance (Pod/10.244.1.9) in namespace shop",
        gives={"address": "10.244.1.9", "namespace": "shop"},
    ),
    _trigger(
        "triggering EDS push for {services:list} in namespace {namespace}",
        level="debug",
        scope="kube",
        since="1.25",
        origin=f"{_KUBE}/endpointslice.go",
        example="triggering EDS push for [cart.example.com cart.example.org] in namespace shop",
        gives={"services": 2, "namespace": "shop"},
    ),
    _network("gateways changed, triggering push", since="1.13"),
    _network("endpoints changed, triggering push", since="1.15", until="1.17"),
)
