"""Texts of fields: nodes, connections, clusters, listeners, configs, types, codes, errors."""

from __future__ import annotations

import pytest

from istiolog_pd.formats import field_parsers as names

SIDECAR = "sidecar~172.17.0.3~web-1.shop~shop.svc.cluster.local"

NODES = {
    SIDECAR: (SIDECAR, "sidecar", "172.17.0.3", "web-1.shop", "web-1", "shop", "shop.svc.cluster.local"),
    "router~fd00::9~edge.istio-system~istio-system.svc": (
        "router~fd00::9~edge.istio-system~istio-system.svc",
        "router",
        "fd00::9",
        "edge.istio-system",
        "edge",
        "istio-system",
        "istio-system.svc",
    ),
    "web-1.shop": ("web-1.shop", None, None, "web-1.shop", "web-1", "shop", None),
    "web.v1.shop": ("web.v1.shop", None, None, "web.v1.shop", "web.v1", "shop", None),
    "web-1": ("web-1", None, None, "web-1", "web-1", None, None),
    "ztunnel~~a.b~": ("ztunnel~~a.b~", "ztunnel", None, "a.b", "a", "b", None),
    "": (None,) * 7,
}

# ---- nodes and connections ----


@pytest.mark.parametrize(("text", "parts"), NODES.items())
def test_node(text: str, parts: tuple[names.Part, ...]) -> None:
    """node_id, node_type, node_ip, proxy, pod, namespace, domain; the pod's name may have dots."""
    assert names.node(text) == parts


@pytest.mark.parametrize("node", [node for node in NODES if node])
@pytest.mark.parametrize("number", [1, 41, 10**12])
def test_connection(node: str, number: int) -> None:
    """A node and a number; a namespace may end in a number too."""
    for one in (node, f"{node}-2"):
        text = f"{one}-{number}"
        assert names.connection(text) == (text, number, *names.node(one))


def test_connection_without_a_number() -> None:
    """Then it is all node."""
    assert names.connection("web.shop") == ("web.shop", None, *names.node("web.shop"))
    assert names.connection("a.b-" + "9" * 40)[1:3] == (None, "a.b")


def test_keys_of_kubernetes() -> None:
    """``namespace/name``."""
    assert names.pod_key("shop/web-1") == ("web-1.shop", "web-1", "shop")
    assert names.service_key("shop/cart") == ("shop", "cart")
    assert names.service_key("cart") == (None, "cart")
    assert names.proxy("web-1.shop") == ("web-1.shop", "web-1", "shop")


def test_empty_namespace_is_null() -> None:
    """What is printed empty is null."""
    assert names.proxy("web-1.") == ("web-1.", "web-1", None)


CLUSTERS = {
    "outbound|5000|v1|helloworld.default.svc.cluster.local": (
        "outbound",
        5000,
        "v1",
        "helloworld.default.svc.cluster.local",
    ),
    "inbound|8080||": ("inbound", 8080, None, None),
    "outbound|x||a.b": ("outbound", None, None, "a.b"),
    "BlackHoleCluster": (None,) * 4,
    "outbound_.80_._.a.b": (None,) * 4,
}

# ---- clusters, listeners, configs ----


@pytest.mark.parametrize(("text", "parts"), CLUSTERS.items())
def test_cluster(text: str, parts: tuple[names.Part, ...]) -> None:
    """cluster, and direction, port, subset, host where the name is made of them."""
    assert names.cluster(text) == (text, *parts)


LISTENERS = {
    "0.0.0.0_5000": ("0.0.0.0", 5000),
    "::_80": ("::", 80),
    "[fd00::1]_443": ("fd00::1", 443),
    "fd00::1_443": ("fd00::1", 443),
    "virtualInbound": (None, None),
    "10.0.0.1_443_udp": (None, None),
    "connect_originate": (None, None),
}


@pytest.mark.parametrize(("text", "parts"), LISTENERS.items())
def test_listener(text: str, parts: tuple[names.Part, ...]) -> None:
    """listener, and address (without brackets) and port of the ``address_port`` form."""
    assert names.listener(text) == (text, *parts)


def test_listener_whose_name_is_hexadecimal() -> None:
    """An address has a dot or a colon."""
    assert names.listener("cafe_80") == ("cafe_80", None, None)


CONFIGS = {
    "ServiceEntry/shop/cart.shop.svc.cluster.local and 3 more configs": (
        "ServiceEntry",
        "shop",
        "cart.shop.svc.cluster.local",
        3,
    ),
    "VirtualService/shop/web": ("VirtualService", "shop", "web", None),
    "Gateway//edge": ("Gateway", None, "edge", None),
    "Secret/shop/a/b and 1 more configs": ("Secret", "shop", "a/b", 1),
    "Mesh": ("Mesh", None, None, None),
    "": (None,) * 4,
}


@pytest.mark.parametrize(("text", "parts"), CONFIGS.items())
def test_config(text: str, parts: tuple[names.Part, ...]) -> None:
    """Kind, namespace, name, and how many more."""
    assert names.config(text) == parts


XDS_TYPES = {
    "CDS": "CDS",
    "type.googleapis.com/envoy.api.v2.ClusterLoadAssignment": "EDS",
    "type.googleapis.com/envoy.config.listener.v3.Listener": "LDS",
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration": "RDS",
    "type.googleapis.com/envoy.api.v2.auth.Secret": "SDS",
    "type.googleapis.com/istio.networking.nds.v1.NameTable": "NDS",
    "type.googleapis.com/istio.workload.Address": "WDS",
    "type.googleapis.com/istio.security.Authorization": "WADS",
    "istio.io/debug": "istio.io/debug",
    "": None,
}

# ---- types, codes, errors ----


@pytest.mark.parametrize(("text", "short"), XDS_TYPES.items())
def test_xds_type(text: str, short: str | None) -> None:
    """A short name stays; a type URL gets the one that it has."""
    assert names.xds_type(text) == short


@pytest.mark.parametrize(
    ("text", "kind"),
    [("PUSH", "full"), ("PUSH INC", "incremental"), ("INC PUSH", "incremental"), ("PUSH request", "request")],
)
def test_push_type(text: str, kind: str) -> None:
    """From the words before ``for node``."""
    assert names.push_type(text) == kind


@pytest.mark.parametrize(
    ("text", "code"), [("OK", 0), ("Internal", 13), ("Unavailable", 14), ("Code(17)", 17), ("14", 14), ("Bad", None)]
)
def test_grpc_code(text: str, code: int | None) -> None:
    """By name or by number."""
    assert names.grpc_code(text) == code


def test_error() -> None:
    """The text without blanks at its ends; its status where it prints one."""
    assert names.error(" rpc error: code = Unavailable desc = gone ") == (
        "rpc error: code = Unavailable desc = gone",
        14,
    )
    assert names.error("EOF") == ("EOF", None)
    assert names.error("  ") == (None, None)


def test_rejection() -> None:
    """The first listener or cluster that is named."""
    listener = names.rejection("Error adding/updating listener(s) 0.0.0.0_80: no, virtualInbound: no")
    assert listener[2:5] == ("0.0.0.0_80", "0.0.0.0", 80)
    cluster = names.rejection("Error adding/updating cluster(s) outbound|80||a.b: no")
    assert cluster[5:] == ("outbound|80||a.b", "outbound", 80, None, "a.b")
    assert names.rejection("no")[2:] == (None,) * 8


def test_subsets() -> None:
    """Ready and other addresses, added up over the subsets."""
    assert names.subsets("[]") == (0, 0)
    assert names.subsets("[{[{10.0.0.1 a} {10.0.0.2 b}] [{10.0.0.3 c}] [{http 80 TCP}]}]") == (2, 1)
    assert names.subsets("[{[] [{1}] []} {[{2} {3 &ObjectReference{Kind:Pod,Name:x,}}] [] [{p 1 TCP}]}]") == (2, 1)
    assert names.subsets("]}][{[") == (0, 0)
