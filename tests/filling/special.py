"""Where an expression means something else in one format, goes with another, or the format itself says something."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from filling import names as n
from filling import values as v
from filling.rows import Row
from filling.sample import ANY, Pool, Sample, Value, numbers, optional, plain

#: `clusters:` of the incremental pushes of 1.8 to 1.10: the resources of the push, by the source.
WATCHED = [Sample(str(count), {"clusters": count}, {"resources": count}) for count in (0, 1, 17, 2286)]

#: (table, pattern of the format, expression -> samples); every row that matches takes them.
ELSEWHERE: tuple[tuple[str, str, Mapping[str, Pool]], ...] = (
    # the connection of a stream, whatever server it is of (pkg/xds/server.go)
    ("pilot", r"^ADS:%s: (?:ACK|INIT|REQ|RESOURCE|UNSUBSCRIBE|FORCE)", {"id": n.CONNECTIONS}),
    ("pilot", r"Removing connection|non-existing node|Close connection", {"s": n.CONNECTIONS}),
    ("pilot", r"initializing Kubernetes credential reader", {"key": v.WORDS}),
    ("pilot", r"Endpoint without pod", {"a": n.ADDRESSES}),
    ("pilot", r"RESOURCE CHANGE previous resources", {"deltaResources": optional(v.RESOURCE_LISTS)}),
    ("pilot", r"Unknown watched resources", {"w.TypeUrl": optional(n.URLS)}),
    # the argument called `node` is the connection's ID (pilot/pkg/proxy/envoy/v2/eds.go)
    ("pilot", r"(?i)EDS: remove unwatched|EDS: Envoy restart", {"node": n.CONNECTIONS}),
    # to 1.10 a connection ID is a full node ID and a number
    ("pilot", r"CDS: PUSH %s for", {"con.ConID": [one for one in n.CONNECTIONS if "~" in one.text]}),
    # lists of clusters where no version prints a count
    ("pilot", r"EDS: Multiple clusters|EDS: ACK ", {"con.Clusters": optional(v.CLUSTER_LISTS)}),
    ("pilot", r"delta request: ", {"debug": [Sample('type_url:"a b"', {}, {"xds_type": ANY, "nonce": ANY})]}),
    ("pilot", r"Handle EDS endpoint .*-> %v %v", {"endpoints": plain("[0xc420d1e9c0 0xc420d1e9c8]", "[]")}),
    ("pilot", r"Handle endpoint ", {"ep.Subsets": optional(v.SUBSETS)}),
    ("pilot", r"for service entry", {"curr.Name": n.SERVICES}),
    ("pilot", r"for endpoint %s in", {"name": n.SERVICES}),
    ("pilot", r"has no instances", {"hostname": optional(n.HOSTS)}),
    ("pilot", r"Endpoint without pod|but was in the cache", {"ip": n.ADDRESSES}),
    ("pilot", r"XDS: PUSH for node:%s listeners", {"len(cl)": numbers("listeners")}),
    ("pilot", r"EDS: PUSH INC.* clusters:%d", {"len(resources)": WATCHED}),
    ("pilot", r"Timeout writing %s: $", {"v3.GetShortType(res.TypeUrl)": optional(n.TYPES)}),
    ("agent", r"\[%d\]", {"con.conID": numbers("connection")}),
    ("agent", r"by loading from files", {"err": optional(v.ERRORS[:4])}),
)

#: Expressions whose values belong together: (expressions, pattern of the format, tuples of samples).
TOGETHER: tuple[tuple[tuple[str, ...], str, Sequence[tuple[Sample, ...]]], ...] = (
    (("con.ConID", "con.modelNode.ID"), "", n.CONNECTION_AND_NODE),
    (("con.ConID", "con.node.ID"), "", n.CONNECTION_AND_NODE),
    (("conIDresourceNamePrefix", "discReq.Node.Id"), "", n.PREFIX_AND_NODE),
    (("con.ConID", "con.modelNode"), "", n.CONNECTION_AND_STRUCT),
    (
        ("con.proxyID", "con.conID"),
        "",
        [(node, con) for con, node in n.CONNECTION_AND_NODE if con.text.startswith(f"{node.text}-")],
    ),
    (("version", "req.Push.PushVersion"), "", n.VERSION_TWICE),
    (("request.VersionInfo", "request.ResponseNonce"), "INIT|RECONNECT|CHANGE", n.VERSION_AND_MAYBE_NONCE),
    (("request.VersionInfo", "request.ResponseNonce"), "", n.VERSION_AND_NONCE),
)

#: Events whose `error` the schema asks for: a NACK, a failed send, a closed stream, a rate limit.
ERROR_EVENTS = {
    "xds_nack",
    "xds_send_failure",
    "xds_rate_limited",
    "connection_close",
    "xds_disconnected",
    "xds_stream_closed",
    "xds_rejected",
}
_CLOSED_STREAM = re.compile(r"connection (?:is terminated|with %q terminated)")

_TYPE = re.compile(r"d?(?:ADS: ?)?(CDS|EDS|LDS|RDS|SDS): ?")
_TYPE_EVENTS = {
    "xds_push",
    "xds_request",
    "xds_ack",
    "xds_nack",
    "xds_stale_nonce",
    "xds_send_failure",
    "xds_unwatch",
}

#: Columns that the schema leaves open where a value of this name is printed by other events than its own.
OPEN: dict[str, set[str]] = {
    "push_type": {"push_skipped", "secret_update", "xds_send_failure"},
}

#: Rows whose event the tables and the schema name differently: either is right.
EVENTS_TOO: dict[tuple[str, str], str] = {
    # schema: the agent's own SDS server prints pilot's push_start, xds_push, connection_open too
    ("agent", "ADS: new connection for node:%s"): "connection_open",
    ("agent", "%s: PUSH%s for node:%s resources:%d size:%s"): "xds_push",
    ("agent", "%s: %s%s for node:%s resources:%d size:%v%s%s"): "xds_push",
    ("agent", "XDS: Incremental Pushing:%s ConnectedEndpoints:%d Version:%s"): "push_start",
    ("agent", "XDS: Incremental Pushing ConnectedEndpoints:%d Version:%s"): "push_start",
    # schema: only a new connection is a `connection_open`
    ("pilot", "Authenticated XDS: %v with identity %v"): "client_auth",
    ("pilot", "Unauthenticated XDS: "): "client_auth",
    ("pilot", "Unauthenticated XDS: %s"): "client_auth",
    ("pilot", "Unauthenticated XDS: %v"): "client_auth",
    ("pilot", "Failed to authenticate client from "): "auth_failure",
    ("pilot", "Failed to authenticate client from %s: %s"): "auth_failure",
    ("pilot", "Unauthorized XDS: %v with identity %v: %v"): "auth_failure",
    ("pilot", "Failed to authenticate %s %v"): "debug_endpoint",
    ("envoy", "membership update for TLS cluster {} added {} removed {}"): "endpoint_update",
    ("envoy", "listener '{}' failed to listen on address '{}' on worker"): "listener_error",
    ("envoy", "final pre-worker listener init for listener '{}' failed: {}"): "listener_error",
}


def requests(row: Row) -> Pool:
    """What ``discReq.String()`` prints in a row."""
    kind = _TYPE.match(row.format)
    if row.event == "xds_nack":
        return v.nacks(kind[1]) if kind else v.ANY_NACK
    pool = v.discovery_requests(kind[1]) if kind else v.ANY_REQUEST
    return optional(s for s in pool if "node:<" not in s.text) if row.event == "connection_open" else pool


def errors(row: Row) -> Pool:
    """What an error at the end of a row prints, asked for only where the schema does."""
    return v.ERRORS if row.event in ERROR_EVENTS or _CLOSED_STREAM.search(row.format) else optional(v.ERRORS)


def of_row(row: Row) -> dict[str, Pool]:
    """The expressions of a row that do not mean there what they mean elsewhere."""
    found = {"err": errors(row), "err.Error()": errors(row)}
    if "discReq.String()" in row.args:
        found["discReq.String()"] = requests(row)
    for table, pattern, pools in ELSEWHERE:
        if table == row.table and re.search(pattern, row.format):
            found.update(pools)
    return found


def together(row: Row) -> tuple[tuple[str, ...], Sequence[tuple[Sample, ...]]]:
    """The expressions of a row whose values belong together, with these values."""
    version_and_nonce = ("discReq.VersionInfo", "discReq.ResponseNonce")
    timed = n.VERSION_AND_TIME_NONCE if row.first == "1.0" else n.VERSION_AND_NONCE
    expressions: tuple[str, ...] = ()
    tuples: Sequence[tuple[Sample, ...]] = [()]
    for names, pattern, pool in (*TOGETHER, (version_and_nonce, "", timed)):
        if set(names) <= set(row.args) - set(expressions) and re.search(pattern, row.format):
            expressions += names
            turns = range(max(len(tuples), len(pool)))
            tuples = [tuples[turn % len(tuples)] + pool[turn % len(pool)] for turn in turns]
    return expressions, tuples


def literal(row: Row) -> tuple[dict[str, Value], dict[str, object]]:
    """Columns that the text of the format says itself: those asked for, those allowed."""
    gives: dict[str, Value] = {}
    may: dict[str, object] = {}
    kind = _TYPE.match(row.format)
    if kind:
        (gives if row.event in _TYPE_EVENTS else may)["xds_type"] = kind[1]
    if row.format.startswith(("XDS Incremental Push EDS", "XDS:EDSInc")):
        may["xds_type"] = "EDS"
    if row.format.startswith("XDS: PUSH for node:%s listeners"):
        may["xds_type"] = "LDS"
    if "ECDS resources" in row.format:
        gives["xds_type"] = "ECDS"
    if "Inc" in row.format and row.event == "push_start":
        gives["push_type"] = "incremental"
    elif "Pushing" in row.format and row.event in ("push_start", "startup"):
        may["push_type"] = "incremental" if "Inc" in row.format else "full"
    if row.event == "xds_push" and re.search(r"\bINC\b", row.format):
        gives["push_type"] = "incremental"
    if row.format.startswith("Closing EDS connection"):
        may["xds_type"] = "EDS"
    if (row.event == "secret_update" and "PUSH" in row.format) or EVENTS_TOO.get((row.table, row.format)) == "xds_push":
        may["push_type"] = "full"
    return gives, may


__all__ = ["EVENTS_TOO", "OPEN", "literal", "of_row", "together"]
