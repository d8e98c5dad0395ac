"""Samples of names: nodes, connections, peers, clusters, listeners, types, versions, nonces."""

from __future__ import annotations

from filling.sample import ANY, Pool, Sample, column, give, optional, plain, with_text

#: Proxies as (type, ip, pod, namespace, domain). Namespaces may end like a connection number.
PROXIES = (
    ("sidecar", "172.17.0.3", "helloworld-v1-575d9d9fcd-bjjj8", "default", "default.svc.cluster.local"),
    ("router", "10.0.0.1", "edge-5f74f47fbc-4qmdk", "istio-system", "istio-system.svc.cluster.local"),
    ("sidecar", "fd00:10::9", "web-1", "shop-2", "shop-2.svc.cluster.local"),
    ("waypoint", "10.0.0.7", "waypoint.v1-0", "team-a-17", "team-a-17.svc.mesh.example"),
    ("ztunnel", "10.9.8.7", "ztunnel-x2x4z", "istio-system", "istio-system.svc.cluster.local"),
)


def _full(proxy: tuple[str, ...]) -> Sample:
    kind, ip, pod, namespace, domain = proxy
    text = f"{kind}~{ip}~{pod}.{namespace}~{domain}"
    return give(text, node_type=kind, node_ip=ip, domain=domain, **{**_short(proxy).gives, "node_id": text})


def _short(proxy: tuple[str, ...]) -> Sample:
    _, _, pod, namespace, _ = proxy
    text = f"{pod}.{namespace}"
    return give(text, node_id=text, proxy=text, pod=pod, namespace=namespace)


def _connected(node: Sample, number: int) -> Sample:
    text = f"{node.text}-{number}"
    return give(text, connection_id=text, connection=number, **node.gives)


FULL_NODES = [_full(proxy) for proxy in PROXIES]
SHORT_NODES = [_short(proxy) for proxy in PROXIES]
NODES = [node for pair in zip(FULL_NODES, SHORT_NODES, strict=True) for node in pair]
NUMBERS = (8, 8, 2, 41, 10021, 3, 1, 17, 999, 4)
CONNECTIONS = [_connected(node, number) for node, number in zip(NODES, NUMBERS, strict=True)]

#: A connection and, in parentheses, the node of the same proxy, in either form that both know.
CONNECTION_AND_NODE = [
    pair
    for full, short, number in zip(FULL_NODES, SHORT_NODES, NUMBERS, strict=False)
    for pair in (
        (_connected(full, number), full),
        (_connected(full, number), short),
        (_connected(short, number), short),
    )
]

#: ``%v`` of the proxy itself, a pointer to a Go struct: names within, but no column of its own.
STRUCTS = [
    Sample(
        f"&{{{kind} [{ip}] {pod}.{namespace}  {domain} map[ISTIO_PROXY_VERSION:1.1.0 app:web] <nil> 0xc0004a2b40}}",
        {},
        dict(_short((kind, ip, pod, namespace, domain)).gives) | {"node_type": kind, "node_ip": ip, "domain": domain},
    )
    for kind, ip, pod, namespace, domain in PROXIES
]
CONNECTION_AND_STRUCT = [
    (_connected(node, number), struct) for node, struct, number in zip(FULL_NODES, STRUCTS, NUMBERS, strict=False)
]

#: ``%#v`` of the same in the agent, before and after it has a name.
ROLES = [
    Sample(
        '&model.Proxy{ClusterID:"", Type:"sidecar", IPAddresses:[]string(nil), ID:""}', {}, {"node_type": "sidecar"}
    ),
    *(
        Sample(
            f'&model.Proxy{{ClusterID:"", Type:"{kind}", IPAddresses:[]string{{"{ip}"}}, ID:"{pod}.{namespace}", '
            f'Locality:(*core.Locality)(nil), DNSDomain:"{domain}", ConfigNamespace:""}}',
            {},
            {**_short((kind, ip, pod, namespace, domain)).gives, "node_type": kind, "node_ip": ip, "domain": domain},
        )
        for kind, ip, pod, namespace, domain in PROXIES
    ),
]

#: How the agent's SDS server of 1.3 to 1.8 begins a message: with its connection, later with the resource alone.
RESOURCE_PREFIXES = plain("resource:default", "resource:ROOTCA request:5f0597a9-0793")
PREFIXES = [*with_text(CONNECTIONS[:4], "CONNECTION ID: @, RESOURCE NAME: default, EVENT:"), *RESOURCE_PREFIXES]
PREFIX_AND_NODE = [(PREFIXES[0], FULL_NODES[0]), (PREFIXES[2], FULL_NODES[1]), (PREFIXES[4], FULL_NODES[2])]

PEERS = column("peer", "127.0.0.1:59200", "[fd00:10::9]:41190", "172.17.0.3:1", "[fe80::1%eth0]:65535")
OTHER_PEERS = [Sample("10.1.1.1:40000"), Sample("[fd00:10::a]:40001")]
NO_PEERS = column("peer", "", "@")

TYPES = column("xds_type", "CDS", "EDS", "LDS", "RDS", "SDS", "NDS", "ECDS", "PCDS", "WDS", "WADS")
TYPES.append(Sample("istio.io/debug/syncz", {}, {"xds_type": ANY}))  # a type that nobody gave a short name
URLS = [
    give("type.googleapis.com/envoy.api.v2.Cluster", xds_type="CDS"),
    give("type.googleapis.com/envoy.config.cluster.v3.Cluster", xds_type="CDS"),
    give("type.googleapis.com/envoy.api.v2.ClusterLoadAssignment", xds_type="EDS"),
    give("type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", xds_type="EDS"),
    give("type.googleapis.com/envoy.config.listener.v3.Listener", xds_type="LDS"),
    give("type.googleapis.com/envoy.api.v2.RouteConfiguration", xds_type="RDS"),
    give("type.googleapis.com/envoy.config.route.v3.RouteConfiguration", xds_type="RDS"),
    give("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", xds_type="SDS"),
    give("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", xds_type="ECDS"),
    give("type.googleapis.com/istio.networking.nds.v1.NameTable", xds_type="NDS"),
    give("type.googleapis.com/istio.mesh.v1alpha1.ProxyConfig", xds_type="PCDS"),
    give("type.googleapis.com/istio.workload.Address", xds_type="WDS"),
    give("type.googleapis.com/istio.security.Authorization", xds_type="WADS"),
    Sample("type.googleapis.com/istio.v1.HealthInformation", {}, {"xds_type": ANY}),
]

VERSIONS = column(
    "push_version",
    "2018-12-24T16:27:52Z/20",
    "2018-12-24T16:27:52Z",
    "2020-01-01T00:00:00+08:00/3",
    "0",
)
MAYBE_VERSIONS = [*VERSIONS, give("", push_version=None)]
#: The global version and that of the context: equal, except for the first push of a process.
VERSION_TWICE = [*((version, version) for version in VERSIONS[:3]), (VERSIONS[3], give("", push_version="0"))]
OTHER_VERSIONS = [Sample("2018-12-24T16:28:00Z/21"), Sample("2018-12-24T16:28:00Z")]

NONCES = column(
    "nonce",
    "d41d8cd9-8f00-4204-a980-0998ecf8427e",
    "2026-11-23T17:27:52Z/20d8b6b0b1-0c0e-4d0e-8c52-5c9ee58f9d1a",
    "x5Rq+/8=bb1b8c4e-1f0e-4c7e-9d4e-0a5c1f6b7d3e",
)
MAYBE_NONCES = [*NONCES, give("", nonce=None)]
OTHER_NONCES = [Sample("aaaaaaaa-8f00-4204-a980-0998ecf8427e"), Sample("2020-01-01T00:00:00Z/1aaaaaaaa-8f00")]
#: 1.0 takes the time for its nonce, as text.
TIME_NONCE = "2018-12-24 15:48:45.929503123 +0000 UTC m=+814.512"
VERSION_AND_NONCE = [(version, nonce) for version in MAYBE_VERSIONS for nonce in NONCES]
VERSION_AND_TIME_NONCE = [
    *VERSION_AND_NONCE,
    (VERSIONS[0], give(TIME_NONCE, nonce=TIME_NONCE)),
]
VERSION_AND_MAYBE_NONCE = [
    *VERSION_AND_NONCE,
    *((version, give("", nonce=None)) for version in MAYBE_VERSIONS),
]

#: IDs of Kubernetes clusters; not all formats have a column for them.
CLUSTER_IDS = optional(column("cluster", "Kubernetes", "east-1", "cluster.b"))

CLUSTERS = [
    give(
        "outbound|5000||helloworld.default.svc.cluster.local",
        cluster="outbound|5000||helloworld.default.svc.cluster.local",
        cluster_direction="outbound",
        cluster_port=5000,
        cluster_host="helloworld.default.svc.cluster.local",
    ),
    give(
        "outbound|443|v1|*.example.com",
        cluster="outbound|443|v1|*.example.com",
        cluster_direction="outbound",
        cluster_port=443,
        cluster_subset="v1",
        cluster_host="*.example.com",
    ),
    give(
        "inbound|9080|http|reviews.shop-2.svc.cluster.local",
        cluster="inbound|9080|http|reviews.shop-2.svc.cluster.local",
        cluster_direction="inbound",
        cluster_port=9080,
        cluster_subset="http",
        cluster_host="reviews.shop-2.svc.cluster.local",
    ),
    give("inbound|8080||", cluster="inbound|8080||", cluster_direction="inbound", cluster_port=8080),
    give("BlackHoleCluster", cluster="BlackHoleCluster"),
    give("outbound_.80_._.web.shop.svc.cluster.local", cluster="outbound_.80_._.web.shop.svc.cluster.local"),
]
SERVICE_CLUSTERS = CLUSTERS[:3]

LISTENERS = [
    give("0.0.0.0_5000", listener="0.0.0.0_5000", listener_address="0.0.0.0", listener_port=5000),
    give("10.96.0.10_53", listener="10.96.0.10_53", listener_address="10.96.0.10", listener_port=53),
    give("[::]_15006", listener="[::]_15006", listener_address="::", listener_port=15006),
    give("fd00:10::9_443", listener="fd00:10::9_443", listener_address="fd00:10::9", listener_port=443),
    give("virtualOutbound", listener="virtualOutbound"),
    give("connect_originate", listener="connect_originate"),
]

NAMESPACES = column("namespace", "default", "shop-2", "istio-system")
PODS = column("pod", "helloworld-v1-575d9d9fcd-bjjj8", "web-1", "waypoint.v1-0")
SERVICES = column("service", "helloworld", "reviews-v2", "headless-2")
HOSTS = column("service", "helloworld.default.svc.cluster.local", "*.example.com", "web.shop-2.svc.cluster.local")
#: Names of things that are no service: the schema leaves the column open.
ENTRIES = optional(column("service", "vm-1", "web-10.0.0.1-network1"))
ADDRESSES = column("address", "172.17.0.3", "fd00:10::9", "10.0.0.255")
MAYBE_ADDRESSES = [*ADDRESSES, give("", address=None)]
POD_KEYS: Pool = [
    give("default/web-1", pod="web-1", namespace="default", proxy="web-1.default"),
    give("shop-2/web-v1-575d9d9fcd-bjjj8", pod="web-v1-575d9d9fcd-bjjj8", namespace="shop-2",
         proxy="web-v1-575d9d9fcd-bjjj8.shop-2"),
]  # fmt: skip
SERVICE_KEYS: Pool = [
    give("default/helloworld", service="helloworld", namespace="default"),
    give("shop-2/reviews-v2", service="reviews-v2", namespace="shop-2"),
]
