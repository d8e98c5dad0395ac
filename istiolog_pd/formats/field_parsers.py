"""Names that are made of parts: node and connection IDs, clusters, listeners, configs, requests.

Each function takes the printed text and returns one value, or a tuple of them in the order of its
kind's columns (`istiolog_pd.formats.kinds`). What is printed empty is null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from istiolog_pd.formats import proto_text as prototext
from istiolog_pd.formats.values import BLANKS, integer, unquote

Part = str | int | bool | None

GRPC_CODES: dict[str, int] = {
    name: code
    for code, name in enumerate(
        "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted "
        "FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated".split()
    )
}

#: Last part of a type URL -> short name (Istio's ``GetShortType``, pkg/model/xds.go).
XDS_TYPES: dict[str, str] = {
    "Cluster": "CDS",
    "ClusterLoadAssignment": "EDS",
    "Listener": "LDS",
    "RouteConfiguration": "RDS",
    "Secret": "SDS",
    "NameTable": "NDS",
    "TypedExtensionConfig": "ECDS",
    "ProxyConfig": "PCDS",
    "Address": "WDS",
    "Workload": "WDS",
    "Authorization": "WADS",
    "Bootstrap": "BDS",
    "ScopedRouteConfiguration": "SRDS",
    "VirtualHost": "VHDS",
    "Runtime": "RTDS",
}

_LISTENER = re.compile(r"\[?([0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*)\]?_([0-9]+)")
_MORE_CONFIGS = re.compile(r"(.*) and ([0-9]+) more configs", re.DOTALL)
_STATUS = re.compile(r"code = (\w+(?:\([0-9]+\))?)", re.ASCII)
_NAMED = re.compile(r"\b(listener|cluster)(?:\(s\))?:? ['\"]?([^\s'\",]*[^\s'\",:;.])", re.ASCII)


def text(value: str) -> str | None:
    """Text as printed, without the blanks at its ends; null if there is none."""
    return value.strip(BLANKS) or None


def dashed(value: str) -> str | None:
    """Text as printed; null where nothing or Envoy's ``-`` stands for it.

    Examples
    --------
    >>> dashed("curl/7.60.0"), dashed("-")
    ('curl/7.60.0', None)
    """
    return None if value == "-" else text(value)


def http_version(value: str) -> str | None:
    """The protocol of a request line, from what follows its ``HTTP/``."""
    return f"HTTP/{value}"


def unquoted(value: str) -> str | None:
    """Text that is in double quotes or, as ztunnel of 1.22 prints words, is not."""
    return unquote(value) if value.startswith('"') else text(value)


def unquoted_error(value: str) -> tuple[Part, ...]:
    """An error's text in double quotes, and the gRPC status if the text prints one."""
    return error(unquoted(value) or "")


def proxy(value: str) -> tuple[Part, ...]:
    """``pod.namespace``: the key itself, pod and namespace, split at the last dot.

    Examples
    --------
    >>> proxy("web-1.shop")
    ('web-1.shop', 'web-1', 'shop')
    """
    pod, dot, namespace = value.rpartition(".")
    return (value or None, (pod if dot else value) or None, namespace or None if dot else None)


def pod_key(value: str) -> tuple[Part, ...]:
    """``namespace/pod``, as Kubernetes writes it."""
    namespace, _, pod = value.rpartition("/")
    return proxy(f"{pod}.{namespace}")


def service_key(value: str) -> tuple[Part, ...]:
    """``namespace/service``."""
    namespace, _, service = value.rpartition("/")
    return (namespace or None, service or None)


def node(value: str) -> tuple[Part, ...]:
    """A node ID, full (``type~ip~pod.namespace~domain``) or only ``pod.namespace``.

    Examples
    --------
    >>> node("sidecar~172.17.0.3~web-1.shop~shop.svc.cluster.local")[1:4]
    ('sidecar', '172.17.0.3', 'web-1.shop')
    """
    parts = value.split("~")
    if len(parts) != 4:
        return (value or None, None, None, *proxy(value), None)
    kind, ip, key, domain = parts
    return (value, kind or None, ip or None, *proxy(key), domain or None)


def numbered(value: str) -> tuple[tuple[Part, ...], str]:
    """A name, a dash and a number: the whole text and the number, and the name.

    Examples
    --------
    >>> numbered("web-1.shop-2-41")
    (('web-1.shop-2-41', 41), 'web-1.shop-2')
    """
    name, dash, number = value.rpartition("-")
    if not (dash and number.isascii() and number.isdecimal()):
        return (value or None, None), value
    return (value, integer(number)), name


@dataclass(frozen=True, slots=True)
class SuffixSplit:
    """For text around a name that other texts hold too, so that each name need be taken apart only once."""

    split: Callable[[str], tuple[tuple[Part, ...], str]]
    inner: Callable[[str], tuple[Part, ...]]

    def __call__(self, value: str) -> tuple[Part, ...]:
        """The parts around the name, and those of the name."""
        around, name = self.split(value)
        return (*around, *self.inner(name))


#: A connection ID: a node ID, a dash and the number of the connection.
connection = SuffixSplit(numbered, node)


def cluster(value: str) -> tuple[Part, ...]:
    """An Envoy cluster name; of Istio's ``direction|port|subset|host`` form also its parts.

    Examples
    --------
    >>> cluster("outbound|5000||helloworld.default.svc.cluster.local")[1:]
    ('outbound', 5000, None, 'helloworld.default.svc.cluster.local')
    """
    parts = value.split("|")
    if len(parts) != 4:
        return (value or None, None, None, None, None)
    direction, port, subset, host = parts
    return (value, direction or None, integer(port), subset or None, host or None)


def upstream_cluster(value: str) -> tuple[Part, ...]:
    """The cluster of an access line: ``-`` is none, and a ``;`` that ends it is not part of its host.

    Examples
    --------
    >>> upstream_cluster("outbound|80||web.shop.svc.cluster.local;")[4], upstream_cluster("-")[0]
    ('web.shop.svc.cluster.local', None)
    """
    name = dashed(value) or ""
    return (name or None, *cluster(name.removesuffix(";"))[1:])


def listener(value: str) -> tuple[Part, ...]:
    """An Envoy listener name; of the ``address_port`` form also its parts.

    Examples
    --------
    >>> listener("0.0.0.0_5000"), listener("virtualInbound")
    (('0.0.0.0_5000', '0.0.0.0', 5000), ('virtualInbound', None, None))
    """
    match = _LISTENER.fullmatch(value)
    if match is None:
        return (value or None, None, None)
    return (value, match[1], integer(match[2]))


def config(value: str) -> tuple[Part, ...]:
    """``Kind/namespace/name and N more configs``.

    Examples
    --------
    >>> config("ServiceEntry/shop/cart.shop.svc.cluster.local and 3 more configs")
    ('ServiceEntry', 'shop', 'cart.shop.svc.cluster.local', 3)
    """
    match = _MORE_CONFIGS.fullmatch(value)
    key, more = (match[1], integer(match[2])) if match else (value, None)
    kind, _, rest = key.strip(BLANKS).partition("/")
    namespace, slash, name = rest.partition("/")
    return (kind or None, (namespace if slash else "") or None, (name if slash else namespace) or None, more)


def xds_type(value: str) -> str | None:
    """The short name of an xDS type; of a type URL nobody gave one, the URL itself.

    Examples
    --------
    >>> xds_type("CDS"), xds_type("type.googleapis.com/envoy.api.v2.ClusterLoadAssignment")
    ('CDS', 'EDS')
    """
    if "/" not in value:
        return value or None
    return XDS_TYPES.get(re.split(r"[./]", value)[-1], value)


def unquoted_xds_type(value: str) -> str | None:
    """The short name of an xDS type that may be in double quotes."""
    return xds_type(unquoted(value) or "")


def push_type(value: str) -> str:
    """``full``, ``incremental`` or ``request``, from the words that print it."""
    if "INC" in value:
        return "incremental"
    return "request" if value.endswith("request") else "full"


def grpc_code(value: str) -> int | None:
    """The number of a gRPC status given by name, by ``Code(17)`` or by number."""
    return GRPC_CODES.get(value, integer(value.removeprefix("Code(").removesuffix(")")))


def error(value: str) -> tuple[Part, ...]:
    """An error's text, and the gRPC status if the text prints one.

    Examples
    --------
    >>> error("rpc error: code = Canceled desc = context canceled")[1], error("code = Code(17)")[1]
    (1, 17)
    """
    match = _STATUS.search(value)
    return (text(value), grpc_code(match[1]) if match else None)


def rejection(value: str) -> tuple[Part, ...]:
    """Envoy's reason for a rejection, and the first listener or cluster that it names.

    Examples
    --------
    >>> rejection("Error adding/updating listener(s) 0.0.0.0_80: duplicate listener 0.0.0.0_80 found")[2:5]
    ('0.0.0.0_80', '0.0.0.0', 80)
    """
    match = _NAMED.search(value)
    kind, name = (match[1], match[2]) if match else ("", "")
    return (
        *error(value),
        *(listener(name) if kind == "listener" else (None,) * 3),
        *(cluster(name) if kind == "cluster" else (None,) * 5),
    )


def request(value: str) -> tuple[Part, ...]:
    """Error, code, nonce, version, type and node of a DiscoveryRequest in proto text."""
    message = prototext.parse(value)
    code = prototext.first_text(message, "error_detail", "code")
    url = prototext.first_text(message, "type_url")
    detail = prototext.first_text(message, "error_detail", "message")
    return (
        text(detail) if detail else None,
        integer(code) if code else None,
        prototext.first_text(message, "response_nonce"),
        prototext.first_text(message, "version_info"),
        xds_type(url) if url else None,
        _node_metadata(message),
    )


def _node_metadata(message: prototext.Message) -> str | None:
    """The node of a request that prints it with its metadata: cluster, build and metadata, as JSON."""
    node_message = next((one for one in message.get("node", ()) if isinstance(one, dict)), None)
    if node_message is None:
        return None
    struct = next((one for one in node_message.get("metadata", ()) if isinstance(one, dict)), {})
    known = {
        "id": prototext.first_text(node_message, "id"),
        "cluster": prototext.first_text(node_message, "cluster"),
        "build_version": prototext.first_text(node_message, "build_version"),
        "metadata": dict(prototext.struct_fields(struct)),
    }
    return json.dumps({name: value for name, value in known.items() if value}, sort_keys=True) if known["id"] else None


def subsets(value: str) -> tuple[Part, ...]:
    """Ready and other addresses of ``Endpoints.Subsets`` as Go prints it.

    Each subset is ``{[addresses] [other addresses] [ports]}``, each address a pair of braces.

    Examples
    --------
    >>> subsets("[{[{10.0.0.1 a} {10.0.0.2 b}] [{10.0.0.3 c}] [{http 80 TCP}]}]")
    (2, 1)
    """
    counts = [0, 0, 0]
    stack: list[str] = []
    part = 0
    for bracket in re.finditer(r"[\[\]{}]", value):
        sign = bracket[0]
        if sign in "[{":
            stack.append(sign)
            if stack == ["[", "{"]:
                part = 0
            elif stack == ["[", "{", "[", "{"]:
                counts[min(part, 2)] += 1
        elif stack:
            stack.pop()
            part += stack == ["[", "{"]
    return (counts[0], counts[1])
