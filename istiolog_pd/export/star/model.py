"""The star schema as data: its tables, what a row of each is, and what every column means.

A column named ``<dimension>_id`` in a fact refers to that dimension; whatever it is, it may be null.
"""

from __future__ import annotations

from dataclasses import dataclass

from istiolog_pd.analysis._discover import declarations
from istiolog_pd.formats.columns import COLUMNS, COMMON, Column

GLOSSARY = {**COMMON, **COLUMNS}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the star: fact, dimension or one about the capture; what a row is; its columns."""

    name: str
    kind: str
    row: str
    columns: tuple[Column, ...]


def _own(name: str, kind: str, meaning: str, unit: str = "") -> Column:
    return Column(name, kind, "", meaning, unit)


#: Columns that the glossary of the logs does not have, or that mean something narrower here.
OWN: dict[str, Column] = {
    column.name: column
    for column in (
        _own("proxy_id", "int64", "key of `proxy`; null where no line tells the proxy"),
        _own("config_id", "int64", "key of `config`: the one config that is named, of a set at random"),
        _own("istiod_pod_id", "int64", "key of `istiod_pod`: the process run of a control plane"),
        _own("xds_type_id", "int64", "key of `xds_type`"),
        _own("capture_id", "int64", "key of `capture`"),
        _own("capture", "string", "the sources of the capture"),
        _own(
            "answered_by",
            "string",
            "who answered a request: upstream, this proxy, the other proxy (as its line of this request says), nobody; "
            "null: no line says",
        ),
        _own("hop", "int64", "place of the line among those of one request ID, from 0 at the client"),
        _own("hops", "int64", "lines with this request ID"),
        _own("time_id", "int64", "key of `time`: minutes since 1970 (UTC)"),
        _own("first", "timestamp", "its first entry", "UTC"),
        _own("last", "timestamp", "its last entry", "UTC"),
        _own("entries", "int64", "log entries"),
        _own("version", "string", "Istio's version: exact, or the range that the lines leave"),
        _own("end", "string", "how the log of the run ends: open, restart, exit"),
        _own("minute", "timestamp", "the minute's start", "UTC"),
        _own("date", "date", "its date (UTC)"),
        _own("hour", "int64", "hour of the day, 0 to 23 (UTC)"),
        _own("minute_of_hour", "int64", "0 to 59"),
        _own("day_of_week", "int64", "1 Monday to 7 Sunday (UTC)"),
        _own("meaning", "string", "what it is"),
        _own("table", "string", "a table or view"),
        _own("kind", "string", "fact, dimension, about, view"),
        _own("row", "string", "what a row of the table is"),
        _own("column", "string", "its column"),
        _own("type", "string", "the column's Arrow type"),
        _own("unit", "string", "s (seconds), B (bytes), UTC; empty: none"),
        _own("refers_to", "string", "the key that the column refers to: table.column"),
    )
}


#: The types of the star by the dtypes of answers.
TYPES = {
    "datetime64[ns, UTC]": "timestamp",
    "timedelta64[ns]": "duration",
    "Int64": "int64",
    "Float64": "float64",
    "boolean": "boolean",
    "str": "string",
    "category": "string",
}


def _table(name: str, kind: str, row: str, columns: str, *, answer: str = "", **more: Column) -> Table:
    """A table; `columns` are names of `OWN`, of the answer that it holds, or of the glossary.

    `more` are those that mean something else here.
    """
    declared = declarations()[answer].columns if answer else ()
    of_answer = {c.name: _own(c.name, TYPES[c.dtype], c.meaning, c.unit) for c in declared}
    known = {**GLOSSARY, **of_answer, **OWN, **more}
    return Table(name, kind, row, tuple(known[column] for column in columns.split()))


#: Where a row of a fact stands in the logs.
_PLACE = "run source line capture_id"
_ERROR = "grpc_code error"
#: What an access line has of its own; it can be much, so only that.
ACCESS = (
    "duration cluster cluster_direction cluster_port cluster_subset cluster_host method path protocol response_code "
    "response_flags response_code_details connection_termination_details upstream_transport_failure_reason "
    "bytes_received bytes_sent request_duration response_duration response_tx_duration upstream_service_time "
    "user_agent request_id trace_id authority upstream_host upstream_attempts downstream_remote_address "
    "requested_server_name route_name direction source_workload source_workload_namespace "
    "destination_service destination_workload destination_workload_namespace answered_by hop hops error"
)

FACTS = (
    _table(
        "debounce",
        "fact",
        "a decision to push",
        "time_id istiod_pod_id config_id timestamp start quiet_time debounce_time events full forced bound "
        f"more_configs reason debounce_id {_PLACE}",
        answer="debounces",
    ),
    _table(
        "push",
        "fact",
        "a push round: one merged change, pushed to every connected proxy that needs it",
        "round time_id istiod_pod_id timestamp push_version full forced connected_endpoints pushes proxies size_bytes "
        f"first_push last_push duration visible debounce_id {_PLACE}",
        answer="push_rounds",
    ),
    _table(
        "proxy_push",
        "fact",
        "one type pushed to one proxy",
        "time_id istiod_pod_id proxy_id xds_type_id timestamp push_type resources size_bytes round round_first "
        f"round_last certain inferred {_PLACE}",
        answer="pushes",
    ),
    _table(
        "connection",
        "fact",
        "a session of a proxy with a control plane",
        "time_id istiod_pod_id proxy_id connection opened closed duration duration_low reason gap next_source delta "
        f"peer {_ERROR} {_PLACE}",
        time_id=_own("time_id", "int64", "key of `time`: when it opened, or closed if that alone is known"),
        answer="connections",
    ),
    _table(
        "nack",
        "fact",
        "a configuration that a proxy rejected, as istiod (xds_nack) or Envoy (xds_rejected) printed it",
        "time_id istiod_pod_id proxy_id xds_type_id timestamp event component nonce cluster listener "
        f"{_ERROR} {_PLACE}",
    ),
    _table(
        "envoy_update",
        "fact",
        "what Envoy printed of an update that it took: clusters, listeners, routes",
        "time_id proxy_id xds_type_id timestamp event cluster listener added updated removed skipped duration "
        f"push_version {_PLACE}",
    ),
    _table("access", "fact", "an access-log line", f"time_id proxy_id timestamp {ACCESS} {_PLACE}"),
)

DIMENSIONS = (
    _table("proxy", "dimension", "a proxy that a fact names", "proxy_id proxy pod namespace"),
    _table(
        "config",
        "dimension",
        "a config that a decision to push names",
        "config_id config_kind config_namespace config_name",
    ),
    _table(
        "istiod_pod",
        "dimension",
        "a process run of a control plane: a container's log from a start of its process to the next",
        "istiod_pod_id capture_id source pod namespace version first last entries end",
    ),
    _table("capture", "dimension", "a capture: what was exported together", "capture_id capture first last entries"),
    _table("xds_type", "dimension", "a type of xDS", "xds_type_id xds_type meaning"),
    _table(
        "time",
        "dimension",
        "a minute in which a fact happened",
        "time_id minute date hour minute_of_hour day_of_week",
    ),
)

ABOUT = (
    _table(
        "coverage",
        "about",
        "a question, and whether the capture answers it",
        "capture_id question answer can missing setting runs",
        answer="coverage",
    ),
    _table(
        "dictionary",
        "about",
        "a column of a table or view",
        "table kind row column type unit meaning refers_to",
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in (*FACTS, *DIMENSIONS, *ABOUT)}

#: What the types of xDS are; types that a log names beside these are added.
XDS_MEANINGS: dict[str, str] = {
    "CDS": "clusters",
    "EDS": "endpoints of clusters",
    "LDS": "listeners",
    "RDS": "routes",
    "SDS": "secrets",
    "NDS": "name table of the DNS proxy",
    "ECDS": "extension configurations",
    "PCDS": "proxy configuration: trusted roots",
    "WDS": "workloads and services (ambient)",
    "WADS": "authorization of workloads (ambient)",
}
