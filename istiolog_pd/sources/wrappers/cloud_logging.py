"""Google Cloud Logging: an array or lines of LogEntry, ``textPayload`` or ``jsonPayload``."""

from __future__ import annotations

from istiolog_pd.sources.wrappers._merged import merged
from istiolog_pd.sources.wrappers._wrapper import (
    Json,
    RecordWrapper,
    Row,
    container_of,
    dict_of,
    text_of,
    without_line_end,
)


def is_record(record: Json) -> bool:
    """A payload and what an entry has beside it."""
    own = set(record)
    return bool(own & {"textPayload", "jsonPayload"}) and bool(own & {"logName", "resource", "insertId"})


def read(record: Json) -> Row | None:
    """A line, its container named by the labels of the resource."""
    time = record.get("timestamp", record.get("receiveTimestamp"))
    text = record.get("textPayload")
    if not isinstance(text, str):
        text = merged(dict_of(record.get("jsonPayload")), time, text_of(record.get("severity")))
    if text is None:
        return None
    labels = dict_of(dict_of(record.get("resource")).get("labels"))
    stream = text_of(record.get("logName")).rpartition("/")[2].rpartition("%2F")[2]
    container = container_of(*(labels.get(name) for name in ("namespace_name", "pod_name", "container_name")))
    return Row(without_line_end(text), False, time, stream, container)


CLOUD_LOGGING = RecordWrapper(
    "Cloud Logging",
    is_record,
    read,
    b'{"textPayload":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx","insertId":"1","timestamp":"2026-11-23T17:28:49Z",'
    b'"resource":{"labels":{"namespace_name":"shop","pod_name":"web-1","container_name":"istio-proxy"}}}\n',
    newest_first=True,
    identity=("timestamp", "insertId"),
)
