"""Pilot, what its registries saw: pods, services, endpoints, and what of that triggered a push.

Kubernetes names hold no dots and no slashes, so ``name.namespace`` and ``namespace/name`` are parted
at their first sign. Events are ``add``, ``update`` and ``delete``.
"""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_KUBE = "pilot/pkg/serviceregistry/kube/controller"
_ENTRIES = "pilot/pkg/serviceregistry/serviceentry/controller.go"
_EDS = "pilot/pkg/proxy/envoy/v2/eds.go"
_BUILDER = "pilot/pkg/xds/endpoints/endpoint_builder.go"

#: What most examples below are about.
_CART = {"service": "cart", "namespace": "shop"}
_HOST = {"service": "cart.example.com"}
_KEY = {**_HOST, "namespace": "shop"}
_VM = {"service": "vm-10.0.0.7", "namespace": "shop"}
_CLUSTER = {"cluster": "outbound|80||cart.io"}

_pod = partial(Format, "pod_event", origin=f"{_KUBE}/pod.go")
_service = partial(Format, "service_event", level="debug", origin=f"{_KUBE}/controller.go", gives=_CART)
_external = partial(
    Format, "service_event", level="debug", scope="serviceentry", origin=_ENTRIES, since="1.6", gives=_CART
)
_vm = partial(
    Format, "service_event", scope="wle", since="1.8", origin="pilot/pkg/autoregistration/controller.go", gives=_VM
)
_endpoint = partial(Format, "endpoint_event", origin=f"{_KUBE}/controller.go", gives=_CART)
_slice = partial(Format, "endpoint_event", scope="default kube", origin=f"{_KUBE}/endpointslice.go", gives=_CART)
_stale = partial(_endpoint, level="debug", scope="default kube", until="1.17")
_no_instances = partial(
    Format, "endpoint_event", level="debug", scope="ads", origin=_EDS, gives={**_CLUSTER, "service": "cart.io"}
)
_missing = partial(Format, "missing_service", level="debug", scope="ads", since="1.6", origin=_BUILDER, gives=_CLUSTER)

FORMATS: tuple[Format, ...] = (
    # pods
    _pod(
        "Handling {?update }event {:word} for pod {pod}{? ({:word})} in namespace {namespace} ->{? {address}}",
        level="info debug",
        scope="default stdlog",
        until="1.6",
        example="Handling event update for pod helloworld-v1-575d9d9fcd-bjjj8 in namespace default -> 172.17.0.3",
        gives={"pod": "helloworld-v1-575d9d9fcd-bjjj8", "namespace": "default", "address": "172.17.0.3"},
    ),
    _pod(
        "Pod {proxy:pod_key} has no IP{?, but was in the cache ({address}), continue so we can delete it}",
        level="debug",
        scope="kube",
        since="1.26",
        example="Pod shop/cart-0 has no IP, but was in the cache (10.244.1.9), continue so we can delete it",
        gives={"proxy": "cart-0.shop", "address": "10.244.1.9"},
    ),
    # services of Kubernetes
    _service(
        "Handle service {service} in namespace {namespace}",
        level="info debug",
        until="1.4",
        example="Handle service cart in namespace shop",
    ),
    _service(
        "Handle event {:word} for service {service} in namespace {namespace}",
        scope="default kube",
        since="1.5",
        example="Handle event add for service cart in namespace shop",
    ),
    _service(
        "Service {service} in namespace {namespace} updated and needs push",
        scope="kube",
        since="1.25",
        example="Service cart.example.com in namespace shop updated and needs push",
        gives=_KEY,
    ),
    # ServiceEntry and WorkloadEntry
    _external(
        "Handle event {:word} for service instance (from {?{address:ip}) in{|}{service}) in} namespace {namespace}",
        scope="default",
        until="1.12",
        example="Handle event add for service instance (from cart.example.com) in namespace shop",
        gives=_KEY,
    ),
    _external(
        "Handle event {:word} for service entry {service:service_key}",
        since="1.15",
        until="1.29",
        example="Handle event update for service entry shop/cart",
    ),
    _external(
        "Handle event {:word} for workload entry {?{service} in namespace {namespace}{|}{service:service_key}}",
        scope="default serviceentry",
        until="1.29",
        example="Handle event delete for workload entry cart in namespace shop",
    ),
    _external(
        "Handle event {:word} for workload instance ({:word}/{?{:list}){|}{address})} in namespace {namespace}",
        since="1.13",
        example="Handle event add for workload instance (Pod/10.244.1.9) in namespace shop",
        gives={"address": "10.244.1.9", "namespace": "shop"},
    ),
    # WorkloadEntries of virtual machines
    _vm(
        "auto-registered WorkloadEntry {service:service_key}{? {:text}}",
        example="auto-registered WorkloadEntry shop/vm-10.0.0.7 with health checking enabled",
    ),
    _vm(
        "cleaned up {?auto-registered{|}health-checked} WorkloadEntry {service:service_key}{? periodic:{:word}}",
        example="cleaned up auto-registered WorkloadEntry shop/vm-10.0.0.7 periodic:true",
    ),
    _vm(
        "updated {?auto-registered{|}health-checked} WorkloadEntry {service:service_key}{? as {:word}}",
        example="updated auto-registered WorkloadEntry shop/vm-10.0.0.7 as connected",
    ),
    _vm(
        "failed cleaning up {?auto-registered{|}health-checked} WorkloadEntry {service:service_key}: {:text}",
        level="warn",
        scope="ads wle",
        example="failed cleaning up auto-registered WorkloadEntry shop/vm-10.0.0.7: not found",
    ),
    _vm(
        "updating auto-registered WorkloadEntry {service:service_key}: {:text}",
        level="warn",
        scope="ads",
        until="1.8",
        example="updating auto-registered WorkloadEntry shop/vm-10.0.0.7: conflict",
    ),
    # endpoints: 1.0 and 1.1 print the subsets and then what was made of them
    _endpoint(
        "Handle endpoint {service} in namespace {namespace} -> {endpoints:subsets}",
        until="1.0",
        example="Handle endpoint cart in namespace shop -> [{[{10.0.0.1  <nil> nil}] [] [{http 80 TCP}]}]",
        gives={**_CART, "endpoints": 1, "not_ready": 0},
    ),
    _endpoint(
        "Handle EDS endpoint {service} in namespace {namespace} -> {endpoints:subsets}]}}] [{:text}",
        until="1.1",
        example="Handle EDS endpoint cart in namespace shop -> [{[{10.0.0.1  0xc420a33620 &ObjectReference{Kind:Pod,}} "
        "{10.0.0.3  <nil> nil}] [{10.0.0.2  <nil> nil}] [{http 80 TCP}]}] [0xc420d1e9c0 0xc420d1e9d0]",
        gives={**_CART, "endpoints": 2, "not_ready": 1},
    ),
    _endpoint(
        "Handle EDS endpoint {service} in namespace {namespace} -> [] [{:text}",
        until="1.1",
        example="Handle EDS endpoint cart in namespace shop -> [] []",
        sets={"endpoints": 0, "not_ready": 0},
    ),
    _endpoint(
        "Handle EDS endpoint {service} in namespace {namespace} -> {endpoints:count}",
        since="1.2",
        until="1.4",
        example="Handle EDS endpoint cart in namespace shop -> [10.0.0.1 fd00::1]",
        gives={**_CART, "endpoints": 2},
    ),
    _slice(
        "Handle EDS endpoint {service} {?in{|}{:word} in} namespace {namespace}",
        level="info debug",
        since="1.5",
        example="Handle EDS endpoint cart update in namespace shop",
    ),
    # Istio's own slip: four `%s` and three values, so the last place says `%!s(MISSING)`
    _endpoint(
        "Handle EDS endpoint {service} {:word} {namespace} in namespace {:word}",
        level="debug",
        scope="kube",
        since="1.13",
        until="1.14",
        example="Handle EDS endpoint cart update shop in namespace %!s(MISSING)",
    ),
    _endpoint(
        "Handle EDS: {endpoints} endpoints for {service} in namespace {namespace}",
        level="info debug",
        since="1.5",
        until="1.6",
        example="Handle EDS: 3 endpoints for cart in namespace shop",
        gives={**_CART, "endpoints": 3},
    ),
    _endpoint(
        "Handle event {:word} for endpoint {service} in namespace {namespace}",
        level="debug",
        since="1.5",
        until="1.6",
        example="Handle event update for endpoint cart in namespace shop",
    ),
    _slice(
        "Handle EDS endpoint{?s}: skip updating, service {service}/{namespace} has {?mot{|}not} been populated",
        scope="default",
        since="1.6",
        until="1.7",
        example="Handle EDS endpoint: skip updating, service cart/shop has mot been populated",
    ),
    # name/namespace at info to 1.10, namespace/name at debug from 1.11 on: only the level tells
    _slice(
        "Handle EDS endpoint: skip collecting workload entry endpoints, service {service}/{namespace} has not been "
        "populated",
        level="info",
        scope="default kube",
        since="1.8",
        until="1.10",
        needs_scope=True,
        example="Handle EDS endpoint: skip collecting workload entry endpoints, service cart/shop has not been populated",
        gives=_CART,
    ),
    _slice(
        "Handle EDS endpoint: skip collecting workload entry endpoints, service "
        "{?{service}/ has{|}{namespace}/{service} has} not been populated",
        level="debug",
        scope="kube",
        since="1.11",
        needs_scope=True,
        example="Handle EDS endpoint: skip collecting workload entry endpoints, service shop/cart has not been populated",
        gives=_CART,
    ),
    # 1.0 and 1.1 print the whole Endpoints
    _slice(
        "Endpoint without pod {address} {?&{:text}{|}{service}.{namespace}{? error: {:text}}}",
        level="warn error debug",
        example="Endpoint without pod 10.244.1.9 cart.shop",
        gives={**_CART, "address": "10.244.1.9"},
    ),
    _stale(
        "Endpoint {service:service_key} lookup failed{:text}",
        since="1.6",
        example="Endpoint shop/cart lookup failed with error not found, skipping stale endpoint",
    ),
    _stale(
        "Endpoint {service:service_key} not found, skipping stale endpoint",
        since="1.7",
        example="Endpoint shop/cart not found, skipping stale endpoint",
    ),
    _no_instances(
        'EDS: cluster "{cluster}" (host={service} ports={:word} labels={:text}) has no instances',
        since="1.1",
        until="1.1",
        example='EDS: cluster "outbound|80||cart.io" (host=cart.io ports=80 labels=[]) has no instances',
    ),
    _no_instances(
        'EDS: Cluster "{cluster}" (host:{service} ports:{:word} labels:{:text}) has no instances',
        since="1.2",
        until="1.5",
        example='EDS: Cluster "outbound|80||cart.io" (host:cart.io ports:80 labels:[]) has no instances',
    ),
    Format(
        "tls_multiplexing",
        "Uses TLS multiplexing for {service:host} {:text}",
        until="1.0",
        origin="pilot/pkg/networking/core/v1alpha3/listener.go",
        example="Uses TLS multiplexing for cart.example.com {http 5000 HTTP}\n",
        gives=_HOST,
    ),
    # proxies of no service, clusters whose service is gone
    _missing(
        "can not find the service for cluster {cluster}",
        example="can not find the service for cluster outbound|80||cart.io",
    ),
    _missing(
        "can not find the service {service} for cluster {cluster}",
        since="1.20",
        example="can not find the service cart.io for cluster outbound|80||cart.io",
        gives={**_CLUSTER, "service": "cart.io"},
    ),
    _missing(
        "can not find the service port {:int} for cluster {cluster}",
        example="can not find the service port 80 for cluster outbound|80||cart.io",
    ),
    _missing(
        "failed to get proxy service targets from metadata: no instances found for {node_id}",
        level="error warn",
        scope="kube",
        since="1.28",
        origin=f"{_KUBE}/controller.go",
        example="failed to get proxy service targets from metadata: no instances found for cart-7b9c4d5f6-vmxxl.shop",
        gives={"node_id": "cart-7b9c4d5f6-vmxxl.shop", "proxy": "cart-7b9c4d5f6-vmxxl.shop"},
    ),
)
