"""The job that all contenders do: what is asked of each log, as regular expressions and literals.

Of every entry: `timestamp` (ns), `level`, `scope`, `event`; of some events, fields as typed columns. Our own
engine does more: it knows all other events and columns too, and gives a table for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

#: Units of what is printed with one, in bytes and nanoseconds.
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "µs": 10**3, "ms": 10**6, "s": 10**9}
COMMON = ("timestamp", "level", "scope", "event")
#: How a push says that it is incremental, or an answer.
PUSH_TYPES = {"": "full", "INC": "incremental", "request": "request"}


@dataclass(frozen=True)
class Rule:
    """A message that begins with a text, or holds it, is of an event."""

    event: str
    literal: str
    begins: bool = True


@dataclass(frozen=True)
class Detail:
    """The fields of an event: the groups of an expression; a group `x_unit` is the unit of group `x`."""

    event: str
    expression: str
    #: Column -> ``int``, ``amount`` (with a unit), ``flag``, ``text`` or ``push_type``.
    fields: dict[str, str]


@dataclass(frozen=True)
class Job:
    """What is to be found in a log; the first rule that fits counts, and `otherwise` without one."""

    name: str
    header: str
    rules: tuple[Rule, ...]
    details: tuple[Detail, ...] = ()
    json: bool = False
    otherwise: str = "other"
    keys: dict[str, str] = field(
        default_factory=lambda: {"time": "time", "level": "level", "scope": "scope", "message": "msg"}
    )

    @property
    def fields(self) -> dict[str, str]:
        """All columns of the details, and their sorts."""
        return {name: sort for detail in self.details for name, sort in detail.fields.items()}


_TEXT = r"^(?P<time>[0-9T:.-]+Z)\t(?P<level>[a-z]+)\t(?:(?P<scope>[a-z]+)\t)?(?P<message>.*)$"
_SIDECAR = r"^\[?(?P<time>[0-9T:.-]+Z)(?:\] |\t(?P<level>[a-z]+)\t(?:envoy )?(?:(?P<scope>[a-z]+)\t)?)(?P<message>.*)$"
_PUSH = (
    r"^(?P<xds_type>[A-Z]+): PUSH(?: (?P<push_type>INC|request))? for node:(?P<proxy>[^ ]+)"
    r" resources:(?P<resources>[0-9]+)"
    r"(?: removed:(?P<removed>[0-9]+))? size:(?P<size_bytes>[0-9.]+)(?P<size_bytes_unit>[kMG]?B)"
    r"(?: empty:(?P<empty>[0-9]+))?(?: cached:(?P<cached>[0-9]+)/(?P<cacheable>[0-9]+))?"
)
_SPANS = (
    r"(?P<quiet_time>[0-9.]+)(?P<quiet_time_unit>µs|ms|s) since last change, "
    r"(?P<since_last_push>[0-9.]+)(?P<since_last_push_unit>µs|ms|s) since last push, full=(?P<full>true|false)"
)
_DEBOUNCE = rf"^Push debounce stable\[(?P<debounce_id>[0-9]+)\] (?P<debounced_events>[0-9]+) for .*: {_SPANS}"
_FIRST_PUSH = (
    r"^(?:ADS: )?(?P<xds_type>[A-Z]+): PUSH(?: [0-9TZ:/-]+)? for (?:node: ?)?(?:sidecar~[0-9.]+~)?(?P<proxy>[^ ~]+)"
    r".* ?(?:Clusters: |clusters |listeners:|routes:)(?P<resources>[0-9]+)"
)
_INTS = dict.fromkeys(
    ("resources", "removed", "empty", "cached", "cacheable", "debounce_id", "debounced_events"), "int"
)
_FIELDS = {
    **_INTS, "xds_type": "text", "push_type": "push_type", "proxy": "text", "size_bytes": "amount",
    "quiet_time": "amount", "since_last_push": "amount", "full": "flag",
}  # fmt: skip


def _of(event: str, expression: str) -> Detail:
    names = [name for name in _FIELDS if f"(?P<{name}>" in expression]
    return Detail(event, expression, {name: _FIELDS[name] for name in names})


_ISTIOD = (
    Rule("xds_push", ": PUSH", begins=False),
    Rule("debounce", "Push debounce stable"),
    Rule("push_start", "XDS: Pushing"),
    Rule("connection_open", "ADS: new "),
    Rule("connection_close", " terminated", begins=False),
    Rule("push_trigger", "Full push, "),
)
_CDS = (
    r"^cds: added/updated (?P<updated>[0-9]+) cluster\(s\) \(skipped (?P<skipped>[0-9]+) unmodified cluster\(s\)\); "
    r"removed (?P<removed>[0-9]+)"
)
_ACCESS = (
    r'^"(?P<method>[A-Z]+) (?P<path>[^ ]+) [^"]*" (?P<response_code>[0-9]+) [^ ]+ [^ ]+ [^ ]+ "[^"]*" '
    r'(?P<bytes_received>[0-9]+) (?P<bytes_sent>[0-9]+) [0-9]+ [0-9-]+ "[^"]*" '
    r'"(?P<user_agent>[^"]*)" "(?P<request_id>[^"]*)" '
    r'"(?P<authority>[^"]*)" "(?P<upstream_host>[^"]*)"'
)
_TEXTS = ("method", "path", "user_agent", "request_id", "authority", "upstream_host")
_ACCESS_FIELDS = dict.fromkeys(("response_code", "bytes_received", "bytes_sent"), "int") | dict.fromkeys(_TEXTS, "text")
_MESH = (
    Rule("xds_nack", ": ACK ERROR", begins=False),
    *_ISTIOD,
    Rule("push_start", "XDS: Incremental Pushing"),
    Rule("ready", "All caches have been synced"),
)
JOBS = {
    "mesh": Job("mesh", _TEXT, _MESH, (_of("xds_push", _PUSH), _of("debounce", _DEBOUNCE))),
    "modern": Job("modern", _TEXT, _ISTIOD, (_of("xds_push", _PUSH), _of("debounce", _DEBOUNCE))),
    "first": Job(
        "first",
        _TEXT,
        _ISTIOD[:2],
        (_of("xds_push", _FIRST_PUSH), _of("debounce", rf"^Push debounce stable .*: {_SPANS}")),
    ),
    "sidecar": Job(
        "sidecar",
        _SIDECAR,
        (Rule("access", '"'), Rule("cds_update", "cds: added"), Rule("listener_update", "lds: add")),
        (
            Detail("access", _ACCESS, _ACCESS_FIELDS),
            Detail("cds_update", _CDS, dict.fromkeys(("updated", "skipped", "removed"), "int")),
        ),
    ),
    "json": Job("json", "", _ISTIOD, (_of("xds_push", _PUSH), _of("debounce", _DEBOUNCE)), json=True),
}
TYPES = {"int": pa.int64(), "amount": pa.int64(), "flag": pa.bool_(), "text": pa.string(), "push_type": pa.string()}


def narrow(wide: pa.Table, job: Job) -> dict[str, pa.Table]:
    """What a contender found, in one form: the common columns (``""``), and a table for each event with fields."""
    tables = {"": typed(wide.select(COMMON), {"timestamp": pa.int64(), **dict.fromkeys(COMMON[1:], pa.string())})}
    for detail in job.details:
        rows = wide.filter(pc.equal(tables[""]["event"], detail.event)).select(list(detail.fields))
        tables[detail.event] = typed(rows, {name: TYPES[sort] for name, sort in detail.fields.items()})
    return tables


def typed(table: pa.Table, types: dict[str, pa.DataType]) -> pa.Table:
    """Some columns of a table, as these types (times and durations as nanoseconds)."""
    columns = {}
    for name, kind in types.items():
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns", column.type.tz))
        if pa.types.is_duration(column.type):
            column = column.cast(pa.duration("ns"))
        columns[name] = column.cast(kind).combine_chunks()
    return pa.table(columns)


def differences(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> list[str]:
    """The columns in which two contenders differ, with the first row that does."""
    found = []
    for event, table in one.items():
        for name in table.column_names:
            left, right = table[name].to_pylist(), other[event][name].to_pylist()
            if left != right:
                at = next(
                    (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
                )
                where = f"{event or 'all'}.{name}[{at}] of {len(left)}, {len(right)}"
                found.append(f"{where}: {left[at : at + 1]} {right[at : at + 1]}")
    return found
