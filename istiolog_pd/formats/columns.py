"""The glossary: every column of the event tables, its type, its usual kind of text and its meaning.

The names and meanings are the public contract; a column may be added here, none renamed.
Types are logical: ``duration`` and ``timestamp`` are in nanoseconds, ``category`` is repeating text.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPES = ("timestamp", "duration", "int64", "boolean", "category", "string")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its logical type, the kind a field of this name has, and what it means."""

    name: str
    type: str
    kind: str
    meaning: str
    unit: str = ""


def _columns(*rows: tuple[str, ...]) -> dict[str, Column]:
    return {row[0]: Column(*row) for row in rows}


#: Columns that every entry has (null where the entry prints none).
COMMON: dict[str, Column] = _columns(
    ("timestamp", "timestamp", "", "the entry's own time; null where it prints none", "UTC"),
    ("level", "category", "", "debug, info, warn, error, fatal, trace, critical"),
    ("scope", "category", "", "Istio logging scope or Envoy logger; null where none is printed"),
    ("event", "category", "", "what happened; `other`: no event known, `unparsed`: no header"),
    ("message", "string", "", "the text after the header, continuation lines included"),
    ("source", "category", "", "the file the entry came from"),
    ("line", "int64", "", "the entry's first line in its source, from 1"),
    ("component", "category", "", "who wrote it: pilot, envoy, agent or ztunnel"),
    ("run", "int64", "", "the process run the entry is of, numbered over the whole capture"),
    ("epoch", "int64", "", "Envoy's hot-restart epoch, where the header prints it (1.4-1.5)"),
    ("caller", "category", "", "file:line of the logging statement, where the header prints it"),
    ("thread", "int64", "", "Envoy's thread number, where it is printed (1.0-1.5, and from 1.17 on)"),
    ("source_pod", "category", "", "the pod that the log is of, by its wrapper or its place"),
    ("source_namespace", "category", "", "the namespace of that pod"),
    ("source_container", "category", "", "the container that the log is of, by its wrapper or its place"),
    ("stream", "category", "", "stdout or stderr, where the wrapper tells"),
    (
        "received",
        "timestamp",
        "",
        "when the container runtime or the shipper took the line, where the wrapper tells",
        "UTC",
    ),
)

#: Columns that no line tells: they are known when sources are put together.
ARRANGED = frozenset({"run", "source_pod", "source_namespace", "source_container", "stream", "received"})

#: Columns that some events have.
COLUMNS: dict[str, Column] = _columns(
    ("node_id", "string", "node", "the node as printed, connection number taken off"),
    ("connection_id", "string", "connection", "a connection ID as printed, number included"),
    ("node_type", "category", "word", "sidecar, router, waypoint, ztunnel, ...: first field of a node ID"),
    ("node_ip", "string", "word", "second field of a full node ID"),
    ("proxy", "string", "proxy", "pod.namespace: the key that joins every event of one proxy"),
    ("pod", "string", "word", "the part of `proxy` before its last dot; also of Kubernetes events"),
    ("namespace", "string", "word", "the part of `proxy` after its last dot; also of Kubernetes events"),
    ("domain", "string", "word", "fourth field of a full node ID"),
    ("connection", "int64", "int", "the number that ends an ADS connection ID; the agent's own `id`"),
    ("peer", "string", "word", "ip:port of the client's end, as printed"),
    ("xds_type", "category", "xds_type", "CDS EDS LDS RDS SDS NDS ECDS PCDS WDS WADS ..."),
    (
        "push_type",
        "category",
        "push_type",
        "full, incremental, or request (a proxy asked), as printed: before 1.10 no line says request",
    ),
    ("resources", "int64", "int", "resources in the push (before 1.8: clusters, listeners, routes)"),
    ("clusters", "int64", "int", "clusters, as printed"),
    ("endpoints", "int64", "int", "endpoints, as printed (EDS lines to 1.7 count groups of one locality)"),
    ("not_ready", "int64", "int", "addresses that are not ready"),
    ("empty", "int64", "count", "clusters without endpoints"),
    ("listeners", "int64", "int", "listeners, as printed"),
    ("routes", "int64", "int", "routes, as printed"),
    ("services", "int64", "count", "services, as printed"),
    ("virtual_services", "int64", "int", "virtual services, as printed"),
    ("removed", "int64", "int", "removed resources"),
    ("cached", "int64", "int", "resources that came from the xDS cache"),
    ("cacheable", "int64", "int", "resources that could have come from the xDS cache"),
    ("filtered", "int64", "int", "watched resources left out of a request push"),
    ("subscribed", "int64", "count", "resource names a delta request subscribes to"),
    ("unsubscribed", "int64", "count", "resource names a delta request unsubscribes from"),
    ("size_bytes", "int64", "size", "size in bytes; Istio prints decimal units with one digit", "B"),
    ("push_version", "string", "word", "version of the push context: `2018-12-24T16:27:52Z/20`"),
    ("nonce", "string", "word", "nonce of an xDS response, as printed (debug)"),
    ("connected_endpoints", "int64", "int", "ADS connections of this replica"),
    ("duration", "duration", "duration", "the time the entry itself reports", "ns"),
    ("debounce_id", "int64", "int", "the number of the debounce (1.0: running count of events)"),
    ("debounced_events", "int64", "int", "events merged into one push"),
    ("rearmed", "boolean", "bool", "1.0: the line only re-arms the debounce, no push follows"),
    ("quiet_time", "duration", "duration", "since last change", "ns"),
    ("since_last_push", "duration", "duration", "as printed; from 1.1 on the time since the debounce began", "ns"),
    ("debounce_time", "duration", "duration", "from the first event to the push; null for 1.0", "ns"),
    ("full", "boolean", "bool", "whether the push was a full one (to 1.30)"),
    ("forced", "boolean", "bool", "whether everything was pushed to everyone (from 1.31)"),
    ("reason", "string", "text", "why a push was triggered"),
    ("config_kind", "string", "word", "kind of the config that is named (one of a set, at random)"),
    ("config_namespace", "string", "word", "namespace of the config that is named"),
    ("config_name", "string", "word", "name of the config that is named"),
    ("more_configs", "int64", "int", "how many more configs there were than the one named"),
    ("cluster", "string", "cluster", "an Envoy cluster name, as printed"),
    ("cluster_direction", "category", "word", "outbound, inbound, ... of an Istio cluster name"),
    ("cluster_port", "int64", "int", "port of an Istio cluster name"),
    ("cluster_subset", "string", "word", "subset of an Istio cluster name"),
    ("cluster_host", "string", "word", "host of an Istio cluster name"),
    ("listener", "string", "listener", "an Envoy listener name"),
    ("listener_address", "string", "word", "address of a listener name like 0.0.0.0_5000"),
    ("listener_port", "int64", "int", "port of a listener name like 0.0.0.0_5000"),
    ("added", "int64", "int", "added, as counted by the line"),
    ("updated", "int64", "int", "updated, as counted by the line"),
    ("skipped", "int64", "int", "skipped as unchanged, as counted by the line"),
    ("service", "string", "service", "the service named by a registry event"),
    ("address", "string", "word", "the IP a registry event reports"),
    ("error", "string", "error", "the error text of a NACK, a failed send or a closed stream"),
    ("grpc_code", "int64", "grpc_code", "the gRPC status code, where one is printed"),
    (
        "cause",
        "category",
        "word",
        "which of its event's lines it is, where that tells why: `no endpoints`, `write timeout`",
    ),
    ("effect", "category", "word", "what a trigger leads to: `full push`, `incremental push`, `cache update`"),
    ("delta", "boolean", "bool", "whether a new connection is one of delta xDS"),
    ("upstream", "string", "word", "the XDS server that an agent connected to"),
    ("warming", "boolean", "bool", "the cluster waits for its endpoints before Envoy uses it"),
    ("configs", "string", "text", "the configs that a request for a push names, as printed"),
    ("pending", "int64", "int", "proxies for which an earlier push was still waiting"),
    (
        "node_metadata",
        "string",
        "text",
        "the node of a request printed whole (1.0-1.1): cluster, build, metadata, as JSON",
    ),
    ("flag", "string", "word", "name of a flag of the command line"),
    ("flag_value", "string", "text", "its value, as printed: in double quotes"),
    ("version", "string", "text", "version of Istio, as printed"),
    # the Go runtime's trace of garbage collections
    ("gc_number", "int64", "int", "number of the garbage collection in its process"),
    ("since_start", "duration", "seconds", "time since the process began, cut off to milliseconds", "ns"),
    ("cpu_percent", "int64", "int", "share of the CPU that garbage collection took since the process began", "%"),
    (
        "gc_sweep_termination",
        "duration",
        "millis",
        "first pause of a garbage collection, cut off after its last digit",
        "ns",
    ),
    ("gc_mark", "duration", "millis", "marking beside the program, cut off after its last digit", "ns"),
    ("gc_mark_termination", "duration", "millis", "second pause of a collection, cut off after its last digit", "ns"),
    ("heap_before_mb", "int64", "int", "heap when the collection began", "MB"),
    ("heap_after_mb", "int64", "int", "heap when it ended", "MB"),
    ("live_mb", "int64", "int", "live heap", "MB"),
    ("goal_mb", "int64", "int", "goal for the heap", "MB"),
    ("processors", "int64", "int", "processors that Go used"),
    ("gc_forced", "boolean", "bool", "whether the program asked for the collection"),
    # access lines
    ("method", "category", "method", "HTTP method of a request; null for TCP"),
    ("path", "string", "dashed", "path of a request, its query too"),
    ("protocol", "category", "dashed", "HTTP/1.1, HTTP/2, ...; null for TCP"),
    ("response_code", "int64", "dashed_int", "HTTP status; 0 if the connection ended before an answer, and for TCP"),
    ("response_flags", "category", "dashed", "Envoy's response flags, comma separated (see `RESPONSE_FLAGS`)"),
    ("response_code_details", "category", "dashed", "why this status was sent: via_upstream, route_not_found, ..."),
    ("connection_termination_details", "string", "dashed", "why Envoy ended the connection"),
    ("upstream_transport_failure_reason", "string", "dashed", "why the TLS handshake with the upstream failed"),
    ("istio_policy_status", "string", "dashed", "status of the Mixer check (1.1-1.7)"),
    ("bytes_received", "int64", "dashed_int", "body bytes from the client; ztunnel: bytes from its peer", "B"),
    ("bytes_sent", "int64", "dashed_int", "body bytes to the client; ztunnel: bytes to its peer", "B"),
    ("request_duration", "duration", "dashed_millis", "until the last byte of the request was received", "ns"),
    ("response_duration", "duration", "dashed_millis", "until the first byte of the upstream's answer", "ns"),
    ("response_tx_duration", "duration", "dashed_millis", "from that byte until the last one was sent on", "ns"),
    ("upstream_service_time", "duration", "dashed_millis", "time the upstream took, from the answer's header", "ns"),
    ("x_forwarded_for", "string", "dashed", "the addresses that a request came through, comma separated"),
    ("user_agent", "string", "dashed", "user agent, as the client sent it"),
    ("request_id", "string", "dashed", "x-request-id: the same in the lines of every proxy on the way"),
    ("trace_id", "string", "dashed", "ID of the request's trace"),
    ("authority", "string", "dashed", "host (and port) asked for"),
    ("upstream_host", "string", "dashed", "ip:port that the request went to"),
    ("upstream_attempts", "int64", "dashed_int", "how often the request was sent upstream, retries counted"),
    ("upstream_local_address", "string", "dashed", "ip:port of the proxy towards the upstream"),
    ("downstream_local_address", "string", "dashed", "ip:port that the client connected to"),
    ("downstream_remote_address", "string", "dashed", "ip:port of the client (by a trusted x-forwarded-for)"),
    ("downstream_direct_remote_address", "string", "dashed", "ip:port of the other end of the connection"),
    ("requested_server_name", "string", "dashed", "SNI of the client's TLS handshake"),
    ("route_name", "string", "dashed", "name of the route that was taken"),
    ("direction", "category", "unquoted", "inbound or outbound, as seen from the workload"),
    ("source_address", "string", "unquoted", "ip:port of a ztunnel connection's source"),
    ("source_workload", "string", "unquoted", "workload that a connection came from"),
    ("source_workload_namespace", "string", "unquoted", "its namespace"),
    ("source_principal", "string", "unquoted", "its SPIFFE identity"),
    ("destination_address", "string", "unquoted", "ip:port that ztunnel connected to"),
    ("destination_hbone_address", "string", "unquoted", "the address inside the HBONE tunnel"),
    ("destination_service", "string", "unquoted", "hostname of the service asked for"),
    ("destination_workload", "string", "unquoted", "workload that a connection went to"),
    ("destination_workload_namespace", "string", "unquoted", "its namespace"),
    ("destination_principal", "string", "unquoted", "its SPIFFE identity"),
)

#: Labels (``\tkey=value`` after a message) that are columns wherever they fit.
LABELS: dict[str, str] = {
    "type": "xds_type",
    "nonce": "nonce",
    "resources": "resources",
    "removes": "removed",
    "id": "connection",
    "time": "duration",
    "error": "error",
    "sub": "subscribed",
    "unsub": "unsubscribed",
}

#: The events whose lines can carry labels: all of the agent's, and istiod's own state.
LABELLED = frozenset(
    "xds_connected xds_disconnected xds_request xds_ack xds_response xds_nack secret_request secret_update "
    "envoy_ready envoy_not_ready envoy_exit ready startup other".split()
)

EVENTS: dict[str, str] = {
    "debounce": "a debounce that let a push go; the 1.0 lines that re-arm it too",
    "push_trigger": "what made or shaped a push",
    "push_start": "a push round begins",
    "push_proxy": "a full push to one connection begins (1.1-1.7)",
    "xds_push": "one type pushed to one proxy",
    "push_all": "work of a round handed over, or aborted (1.0-1.2)",
    "push_finish": "a full round is done on all connections (1.0-1.2)",
    "push_status": "conflicts found while building",
    "push_skipped": "a push that did not reach a proxy",
    "push_backlog": "a push starts while others are still pending",
    "cluster_init": "endpoints of all clusters computed once (1.0-1.5)",
    "xds_request": "a request of a proxy",
    "xds_ack": "a proxy acknowledged a push",
    "xds_nack": "a proxy rejected a push",
    "xds_stale_nonce": "a request that answers an older push: ignored",
    "xds_unwatch": "a proxy no longer watches something",
    "xds_send_failure": "a push that could not be sent",
    "xds_rate_limited": "a new connection turned away by the rate limit",
    "warming_push": "an ACK-like request answered so that Envoy can finish warming",
    "connection_open": "a proxy connected",
    "client_auth": "who connects: authenticated, or let in without",
    "auth_failure": "a client or request that was refused: not authenticated, or not authorized",
    "debug_endpoint": "an HTTP request of istiod's debug pages",
    "connection_close": "a proxy's connection ended",
    "pod_event": "a Kubernetes pod changed",
    "service_event": "a service, ServiceEntry or WorkloadEntry changed",
    "endpoint_event": "the endpoints of a service changed",
    "tls_multiplexing": "a service uses TLS multiplexing (1.0)",
    "go_gc": "a Go garbage collector trace line",
    "missing_service": "a proxy of no service, or a watched cluster whose service is gone",
    "ready": "caches synced, a server ready",
    "startup": "flags, versions, configuration, addresses listened on",
    "cluster_update": "Envoy adds or updates a cluster",
    "endpoint_update": "the endpoints of a cluster reach a worker of Envoy",
    "cluster_warmed": "a cluster has finished warming",
    "cluster_remove": "Envoy removes a cluster",
    "cds_update": "summary of a cluster update",
    "listener_update": "Envoy adds or updates a listener",
    "listener_error": "a listener that could not bind, or that failed",
    "listener_remove": "Envoy removes a listener",
    "lds_update": "other messages of a listener update",
    "route_update": "Envoy loads a route configuration",
    "secret_update": "a certificate or root made, loaded, pushed, changed or rotated",
    "secret_request": "a certificate asked for, or served from the cache",
    "xds_stream_closed": "Envoy's xDS stream opened, closed or failed",
    "xds_rejected": "Envoy rejected an update, or never got one",
    "server_state": "a step of Envoy's life",
    "access": "an access-log line",
    "xds_connected": "the agent connected upstream, or Envoy to the agent",
    "xds_disconnected": "the agent's upstream or downstream stream ended",
    "xds_response": "a response of istiod passing through the agent",
    "envoy_ready": "Envoy is ready",
    "envoy_not_ready": "Envoy is not ready",
    "envoy_exit": "Envoy or the agent drains or ends",
    "other": "a header, but no event known",
    "unparsed": "text with no header to belong to",
}
