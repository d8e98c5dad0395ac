"""The kinds of text a field can be: how each is recognized, what it is worth, which columns it fills.

A kind is either *free* (``chars``: a run of such characters that ends where the literal after the
field begins) or *closed* (``pattern``: it knows its own end). A kind of several columns takes the
captured text apart with a function of `istiolog_pd.formats.field_parsers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from istiolog_pd.formats import field_parsers as names
from istiolog_pd.formats import values

Parts = tuple[names.Part, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field.

    Parameters
    ----------
    name
        What templates call it.
    meaning
        What such text is.
    value
        From the text to the value of the field's column, or to one value for each of `columns`;
        ``None`` where the text is not of this kind after all.
    chars, pattern
        The characters of a free kind, or the pattern of a closed one.
    columns
        The columns filled; empty: the one the field names.
    """

    name: str
    meaning: str
    value: Callable[[str], names.Part | Parts]
    chars: str = ""
    pattern: str = ""
    columns: tuple[str, ...] = ()

    def columns_for(self, column: str) -> tuple[str, ...]:
        """The columns that a field of this kind, named `column`, fills."""
        if not column:
            return ()
        return self.columns or (column,)


NODE = ("node_id", "node_type", "node_ip", "proxy", "pod", "namespace", "domain")
CLUSTER = ("cluster", "cluster_direction", "cluster_port", "cluster_subset", "cluster_host")
LISTENER = ("listener", "listener_address", "listener_port")
CONFIG = ("config_kind", "config_namespace", "config_name", "more_configs")
PROTO = ("error", "grpc_code", "nonce", "push_version", "xds_type", "node_metadata")

DURATION = r"-?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+|0"
QUOTED = r'"(?:[^"\\]|\\.)*"'
LIST = r"map\[[^\]]*\]|\[[^\]]*\]"
GRPC = "|".join(names.GRPC_CODES) + r"|Code\([0-9]+\)"
XDS_TYPE = r"(?![AX]DS(?!\w))(?:[A-Z]{2,6}(?![A-Za-z])|[A-Za-z][\w.-]*/[\w./-]+)"

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        # one value
        Kind("word", "text without blanks, possibly empty", names.text, chars=r"\S"),
        Kind("text", "any text", names.text, chars="."),
        Kind("quoted", "a Go string in double quotes", values.unquote, pattern=QUOTED),
        Kind("message", "any text, as the value of a column", names.text, chars="."),
        Kind("int", "a whole number", values.integer, pattern=r"-?[0-9]+"),
        Kind("number", "a whole number that is all of a word", values.integer, pattern=r"[0-9]+(?![^ ])"),
        Kind("float", "a decimal number", names.text, pattern=r"-?[0-9]+(?:\.[0-9]+)?"),
        Kind("bool", "true or false", values.boolean, pattern="true|false"),
        Kind("duration", "a Go duration: `1h2m3.5s`", values.duration, pattern=DURATION),
        Kind("seconds", "a whole number of seconds", values.seconds, pattern=r"[0-9]+(?:\.[0-9]+)?"),
        Kind("millis", "a whole number of milliseconds", values.millis, pattern=r"[0-9]+(?:\.[0-9]+)?"),
        Kind("size", "bytes: `1.5kB`, `999B`, or a bare count", values.size, pattern=r"[0-9]+(?:\.[0-9]+)?[kMGTPE]?B?"),
        Kind(
            "count", "a number, or a list or map that stands for its length", values.count, pattern=rf"-?[0-9]+|{LIST}"
        ),
        Kind("list", "a list or map; its length", values.count, pattern=LIST),
        Kind("nested", "a list of anything up to the literal that follows; its length", values.count, chars="."),
        Kind("xds_type", "an xDS type, short or as a type URL", names.xds_type, pattern=XDS_TYPE),
        Kind(
            "push_type",
            "PUSH, PUSH INC, INC PUSH, PUSH request",
            names.push_type,
            pattern=r"INC PUSH|PUSH(?: INC)?(?: request)?",
        ),
        Kind("grpc_code", "a gRPC status, by name or number", names.grpc_code, pattern=rf"{GRPC}|-?[0-9]+"),
        Kind("grpc_name", "a gRPC status by name", names.grpc_code, pattern=GRPC),
        Kind(
            "peer", "ip:port", names.text, pattern=r"(?:\[[0-9A-Fa-f:.%\w-]*\]|[\w.-]+):[0-9]+|[0-9]+(?:\.[0-9]+){3}|@"
        ),
        Kind("ip", "an IP address", names.text, pattern=r"[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+"),
        Kind("since_push", "a Go duration; the largest one is no time at all", values.since_push, pattern=DURATION),
        # a name that is several columns
        Kind("node", "a node ID, full or pod.namespace", names.node, chars=r"\S", columns=NODE),
        Kind(
            "connection",
            "a connection ID: a node ID and a number",
            names.connection,
            chars=r"\S",
            columns=("connection_id", "connection", *NODE),
        ),
        Kind(
            "full_connection",
            "a full node ID and the number of its connection",
            names.connection,
            pattern=r"[^\s~]*~[^\s~]*~[^\s~]*~\S*-[0-9]+",
            columns=("connection_id", "connection", *NODE),
        ),
        Kind(
            "acker",
            "a connection ID, where `ERROR` or a request may stand instead",
            names.connection,
            pattern=r"(?!ERROR |PROTOCOL |[a-z_]+:)\S*+",
            columns=("connection_id", "connection", *NODE),
        ),
        Kind("proxy", "pod.namespace", names.proxy, chars=r"\S", columns=("proxy", "pod", "namespace")),
        Kind("pod_key", "namespace/pod", names.pod_key, chars=r"\S", columns=("proxy", "pod", "namespace")),
        Kind("cluster", "an Envoy cluster name", names.cluster, chars=r"\S", columns=CLUSTER),
        Kind("listener", "an Envoy listener name", names.listener, chars=".", columns=LISTENER),
        Kind("config", "Kind/namespace/name and N more configs", names.config, chars=".", columns=CONFIG),
        Kind("service", "a service's name or hostname", names.text, chars=r"\S"),
        Kind("service_key", "namespace/service", names.service_key, chars=r"\S", columns=("namespace", "service")),
        Kind("host", "service.namespace.svc...; its own text", names.text, chars=r"\S"),
        Kind("error", "the text of an error", names.error, chars=".", columns=("error", "grpc_code")),
        Kind(
            "rejection",
            "the text of a rejection and the listener or cluster it names",
            names.rejection,
            chars=".",
            columns=("error", "grpc_code", "listener", "listener_address", "listener_port", *CLUSTER),
        ),
        Kind("request", "a DiscoveryRequest in proto text", names.request, chars=".", columns=PROTO),
        Kind(
            "began",
            "the time since the debounce began, that Istio calls `since last push`",
            values.DuplicateColumn(values.duration),
            pattern=DURATION,
            columns=("since_last_push", "debounce_time"),
        ),
        Kind(
            "pushed_clusters",
            "clusters pushed: the resources of that push",
            values.DuplicateColumn(values.integer),
            pattern=r"-?[0-9]+",
            columns=("clusters", "resources"),
        ),
        Kind(
            "pushed_listeners",
            "listeners pushed: the resources of that push",
            values.DuplicateColumn(values.integer),
            pattern=r"-?[0-9]+",
            columns=("listeners", "resources"),
        ),
        Kind(
            "pushed_routes",
            "routes pushed: the resources of that push",
            values.DuplicateColumn(values.integer),
            pattern=r"-?[0-9]+",
            columns=("routes", "resources"),
        ),
        Kind(
            "request_text",
            "a DiscoveryRequest that is surely one",
            names.request,
            columns=PROTO,
            pattern=r"(?:version_info|node|resource_names|type_url|response_nonce|error_detail):.*",
        ),
        Kind("parens", "anything up to the parenthesis that ends it", names.text, pattern=r"&\{[^\n]*?\}(?=\))|[^()]*"),
        Kind(
            "subsets",
            "Endpoints.Subsets, as Go prints it",
            names.subsets,
            chars=".",
            columns=("endpoints", "not_ready"),
        ),
        # access lines: `-` stands for nothing
        Kind("dashed", "any text, or -", names.dashed, chars="."),
        Kind(
            "dashed_word",
            "text without blanks that does not begin with a quote, or -",
            names.dashed,
            pattern=r'[^\s"]\S*',
        ),
        Kind("dashed_int", "a whole number, or -", values.integer, pattern="-|[0-9]+"),
        Kind("dashed_millis", "a number of milliseconds, or -", values.millis, pattern=r"-|[0-9]+(?:\.[0-9]+)?"),
        Kind("dashed_grpc_code", "a gRPC status, or -", names.grpc_code, pattern=rf"{GRPC}|[0-9]+|-"),
        Kind("dashed_cluster", "an Envoy cluster name, or -", names.upstream_cluster, chars=r"\S", columns=CLUSTER),
        Kind("method", "an HTTP method, or -", names.dashed, pattern=r"-|[A-Za-z][\w.-]*"),
        Kind("http_version", "what follows HTTP/", names.http_version, pattern=r"[0-9]+(?:\.[0-9]+)?"),
        # ztunnel's labels
        Kind(
            "unquoted_xds_type",
            "a type URL in double quotes, or not",
            names.unquoted_xds_type,
            pattern=rf'{QUOTED}|[^\s"]\S*',
        ),
        Kind("unquoted", "text in double quotes, or a word", names.unquoted, pattern=rf'{QUOTED}|[^\s"]\S*'),
        Kind(
            "quoted_duration",
            "a duration in double quotes",
            values.quoted_duration,
            pattern=rf'"(?:{DURATION})"|{DURATION}',
        ),
        Kind(
            "unquoted_error",
            "an error in double quotes, or not",
            names.unquoted_error,
            pattern=rf'{QUOTED}|[^"].*',
            columns=("error", "grpc_code"),
        ),
    )
}
