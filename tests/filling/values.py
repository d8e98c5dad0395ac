"""Samples of values: durations, sizes, counts, lists, errors, requests in proto text, push details."""

from __future__ import annotations

from filling.names import FULL_NODES
from filling.sample import Pool, Sample, Value, give, numbers, plain

SECOND = 1_000_000_000

#: Durations as Go prints them, in nanoseconds.
TIMES: dict[str, int] = {
    "386.974\u00b5s": 386_974,
    "9.594\u03bcs": 9_594,
    "1h2m3.5s": 3_723_500_000_000,
    "48.293014ms": 48_293_014,
    "29.590140214s": 29_590_140_214,
    "0s": 0,
    "0": 0,
    "100ns": 100,
    "1m0s": 60 * SECOND,
    "2h0m0.000000001s": 7_200 * SECOND + 1,
}


def times(name: str) -> Pool:
    """Durations of a column."""
    return [Sample(text, {name: value}) for text, value in TIMES.items()]


DURATIONS = times("duration")
QUIET = times("quiet_time")
SINCE_LAST_PUSH = [*times("since_last_push"), give("2562047h47m16.854775807s", since_last_push=None)]
#: From 1.1 on the value is the time since the debounce began, so it is its length too.
DEBOUNCE = [Sample(text, {"since_last_push": value, "debounce_time": value}) for text, value in TIMES.items()]
SETTINGS = [Sample(text, {}, {"duration": value}) for text, value in TIMES.items()]

SIZES = [
    give("0B", size_bytes=0),
    give("999B", size_bytes=999),
    give("31.5kB", size_bytes=31_500),
    give("1.2MB", size_bytes=1_200_000),
    give("1.0GB", size_bytes=1_000_000_000),
]
EMPTY = [
    *numbers("empty", 0, 3),
    give("[]", empty=0),
    give("[outbound|80||a.b]", empty=1),
    give("[outbound|80||a.b outbound|443|v1|c.d]", empty=2),
]
EDS_UPDATES = [
    give("map[]", services=0),
    give("map[helloworld.default.svc.cluster.local:{}]", services=1),
    give("map[a.default.svc.cluster.local:{} b.default.svc.cluster.local:{}]", services=2),
    give("[a.default.svc.cluster.local b.default.svc.cluster.local *.example.com]", services=3),
]
NAMES = plain("[]", "[outbound|80||a.b]", "[outbound|80||a.b outbound|443|v1|*.example.com]", "map[80:{} 443:{}]")
CLUSTER_LISTS = [
    give("[]", clusters=0),
    give("[outbound|80||a.b]", clusters=1),
    give("[outbound|80||a.b outbound|443|v1|*.example.com]", clusters=2),
]
RESOURCE_LISTS = [Sample(s.text, {}, {"resources": n}) for n, s in enumerate(NAMES[:3])]
REMOVED_LISTS = [Sample(s.text, {}, {"removed": n}) for n, s in enumerate(NAMES[:3])]
ADDRESS_LISTS = [
    give("[]", endpoints=0),
    give("[172.17.0.3]", endpoints=1),
    give("[172.17.0.3 fd00:10::9 10.0.0.4]", endpoints=3),
]
_POD = (
    "&ObjectReference{Kind:Pod,Namespace:default,Name:web-1,UID:5f0597a9,APIVersion:,ResourceVersion:293,FieldPath:,}"
)
SUBSETS = [
    give("[]", endpoints=0, not_ready=0),
    give(f"[{{[{{172.17.0.3  0xc420a33620 {_POD}}}] [] [{{http 5000 TCP}}]}}]", endpoints=1, not_ready=0),
    give(f"[{{[{{172.17.0.3  0xc42062bf30 {_POD}}}] [{{172.17.0.14  0xc42062bf50 {_POD}}}] [{{http 5000 TCP}}]}}]",
         endpoints=1, not_ready=1),
    give("[{[{10.0.0.1  <nil> nil} {10.0.0.2  <nil> nil}] [] [{a 80 TCP} {b 81 UDP}]} "
         "{[] [{10.0.0.3 web <nil> nil}] [{c 82 TCP}]}]", endpoints=2, not_ready=1),
]  # fmt: skip

CONFIGS = [
    give("ServiceEntry/shop/cart.shop.svc.cluster.local", config_kind="ServiceEntry", config_namespace="shop",
         config_name="cart.shop.svc.cluster.local"),
    give("VirtualService/team-a-17/web and 3 more configs", config_kind="VirtualService",
         config_namespace="team-a-17", config_name="web", more_configs=3),
    give("ServiceEntry/default/*.example.com and 12 more configs", config_kind="ServiceEntry",
         config_namespace="default", config_name="*.example.com", more_configs=12),
    give("Namespace//shop", config_kind="Namespace", config_name="shop"),
    give("Address//Kubernetes//Pod/shop/web-1", config_kind="Address", config_name="Kubernetes//Pod/shop/web-1"),
    give("Address//network-1/fd00:10::9", config_kind="Address", config_name="network-1/fd00:10::9"),
    give(""),
]  # fmt: skip
REASONS = [
    Sample(text, {"reason": text})
    for text in ("unknown", "endpoint:3 and headlessendpoint:1", "config", "config and 2 more reasons",
                 "service:1 and 4(19) more reasons")
]  # fmt: skip

#: Errors as the last thing of a message: the text, and the gRPC status where it names one.
ERRORS = [
    give("EOF", error="EOF"),
    give("rpc error: code = Unavailable desc = transport is closing", grpc_code=14,
         error="rpc error: code = Unavailable desc = transport is closing"),
    give("rpc error: code = Canceled desc = context canceled", grpc_code=1,
         error="rpc error: code = Canceled desc = context canceled"),
    give('rpc error: code = Internal desc = "quoted \\"text\\"": more', grpc_code=13,
         error='rpc error: code = Internal desc = "quoted \\"text\\"": more'),
    give("first line: broken\n\tsecond line\nthird line", error="first line: broken\n\tsecond line\nthird line"),
    give(" padded: text  ", error="padded: text"),
    give("open /etc/certs/key.pem: no such file or directory",
         error="open /etc/certs/key.pem: no such file or directory"),
]  # fmt: skip
CODES = [
    give("Internal", grpc_code=13),
    give("Unknown", grpc_code=2),
    give("InvalidArgument", grpc_code=3),
    give("Unauthenticated", grpc_code=16),
    give("OK", grpc_code=0),
    give("Code(17)", grpc_code=17),
]
#: What a NACK says: its text alone, whatever status it quotes.
REJECTIONS = [
    give(text, error=text.strip() or None)
    for text in (
        "Error adding/updating listener(s) 0.0.0.0_80: duplicate listener 0.0.0.0_80 found",
        'Proto constraint validation failed: ["value" is required]: name: "a"\nsecond: line\n',
        "",
        "rpc error: code = Unavailable desc = not this one",
        " : starts with a colon ",
        "overflow",
    )
]

_URLS = {
    "CDS": "type.googleapis.com/envoy.api.v2.Cluster",
    "EDS": "type.googleapis.com/envoy.api.v2.ClusterLoadAssignment",
    "LDS": "type.googleapis.com/envoy.api.v2.Listener",
    "RDS": "type.googleapis.com/envoy.api.v2.RouteConfiguration",
}
_METADATA = (
    'metadata:<fields:<key:"INTERCEPTION_MODE" value:<string_value:"REDIRECT" > > fields:<key:"odd \\"}>" '
    'value:<string_value:"type_url:\\"no\\" > {" > > > build_version:"0/1.8.0-dev//RELEASE"'
)


def discovery_requests(kind: str) -> Pool:
    """A DiscoveryRequest that is no NACK, as golang/protobuf printed it; its node may be read or not."""
    url, node = f'type_url:"{_URLS[kind]}"', FULL_NODES[0]
    may, version, nonce = node.gives, "2018-12-24T15:35:09Z/16", "2018-12-24 15:48:45.9 +0000 UTC m=+8.1"
    sender = f'node:<id:"{node.text}" cluster:"helloworld" {_METADATA} >'
    names = 'resource_names:"outbound|80||a.b" resource_names:"80"'
    answer = {"xds_type": kind, "push_version": version, "nonce": nonce}
    return [
        Sample(f"{sender} {url} ", {"xds_type": kind}, may),
        Sample(f'version_info:"{version}" {sender} {names} {url} response_nonce:"{nonce}" ', answer, may),
        Sample(f'version_info:"{version}" {names} {url} response_nonce:"{nonce}" ', answer),
    ]


def nacks(kind: str) -> Pool:
    """A DiscoveryRequest that rejects a response."""
    url, node = f'type_url:"{_URLS[kind]}"', FULL_NODES[0]
    printed = r"Error adding/updating listener 0.0.0.0_80: \"quoted\" > { code:2\nnext line"
    error = 'Error adding/updating listener 0.0.0.0_80: "quoted" > { code:2\nnext line'
    nonce = "0c5a7f1c-3d3e-4c7e-9d4e-0a5c1f6b7d3e"
    answer: dict[str, Value] = {"xds_type": kind, "nonce": nonce, "grpc_code": 13}
    sender = f'node:<id:"{node.text}" cluster:"helloworld" {_METADATA} >'
    return [
        Sample(f'{sender} {url} response_nonce:"{nonce}" error_detail:<code:13 message:"{printed}" > ',
               answer | {"error": error}, node.gives),
        Sample(f'version_info:"0" {url} response_nonce:"{nonce}" error_detail:<code:13 message:"{printed}" > ',
               answer | {"error": error, "push_version": "0"}),
        Sample(f'version_info:"v" {url} response_nonce:"{nonce}" error_detail:<code:3 > ',
               answer | {"grpc_code": 3, "push_version": "v"}),
    ]  # fmt: skip


#: Requests of any type, and one that names no type, version or node.
ANY_REQUEST = [sample for kind in _URLS for sample in discovery_requests(kind)]
ANY_NACK = [sample for kind in _URLS for sample in nacks(kind)]

#: What the push lines of 1.11 on append: how it was built, and at debug the nonce.
INFO = [
    give(""),
    give(" empty:0", empty=0),
    give(" cached:40/42", cached=40, cacheable=42),
    give(" empty:3 cached:1/2", empty=3, cached=1, cacheable=2),
    give(" filtered:12", filtered=12),
    give(" cached:5/5 filtered:-1", cached=5, cacheable=5, filtered=-1),
    give(" empty:1 cached:0/0 filtered:3", empty=1, cached=0, cacheable=0, filtered=3),
]
DEBUG = [
    give(""),
    give(" nonce:2026-11-23T17:27:52Z/20d8b6b0b1-0c0e version:2026-11-23T17:27:52Z/20",
         nonce="2026-11-23T17:27:52Z/20d8b6b0b1-0c0e", push_version="2026-11-23T17:27:52Z/20"),
    give(" nonce:d41d8cd9-8f00 version:", nonce="d41d8cd9-8f00"),
]  # fmt: skip
PUSH_KINDS = [give("PUSH"), give("PUSH INC", push_type="incremental")]
PUSH_REASONS = [give(""), give(" request", push_type="request")]
BOOLS = {"full": [give("true", full=True), give("false", full=False)]}
BOOLS["forced"] = [give("true", forced=True), give("false", forced=False)]

DUMPS = plain(
    '(*bootstrap.PilotArgs)(0xc0002341c0)({\n DiscoveryOptions: (bootstrap.DiscoveryOptions) {\n  "a": 1\n }\n})',
    "(*v1alpha1.MeshConfig)(0xc000446000)(proxy_listen_port:15001 connect_timeout:<seconds:1 > )",
)
JSONS = plain(
    '{\n    "ProxyStatus": {},\n    "Start": "2018-12-24T16:27:52.464875563Z"\n}',
    '{\n    "pilot_no_ip": {\n        "web-1.shop": {\n            "proxy": "web-1.shop-2",\n'
    '            "message": "a: b, push with"\n        }\n    }\n}',
    "{}",
)
YAMLS = plain("accessLogFile: /dev/stdout\ndefaultConfig:\n  discoveryAddress: istiod:15012\n", "networks: {}\n", "")
EVENTS = plain("add", "update", "delete")
INTEGERS = plain("0", "7", "4294967297")
PATHS = plain("/etc/certs/key.pem", "./var/run/secrets/workload-spiffe-uds/socket", "[::]:15012", "-", "")
LISTEN = plain("127.0.0.1:15010", "[::]:15012", ":15017", "localhost:0")
WORDS = plain("Kubernetes", "istio-system/pilot-2", "default", "-")
TEXTS = plain("default", 'text with blanks: and "quotes"', "[a b]", "-", "10.0.0.1")
GRPC_STATUS = [Sample(str(n), {"grpc_code": n}) for n in (0, 13, 14, 2)]
