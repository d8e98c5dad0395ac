"""Filebeat: ``{"@timestamp", "message", "stream", "kubernetes":{"pod":{"name"},"namespace","container":{"name"}}}``.

A line of JSON each, or what Elasticsearch exports of them (``_source``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from istiolog_pd.sources.wrappers._merged import merged
from istiolog_pd.sources.wrappers._wrapper import (
    Columns,
    Json,
    RecordWrapper,
    Row,
    container_of,
    dict_of,
    text_of,
    without_line_end,
)

#: Of these keys a record has one at least.
_OWN = {"agent", "ecs", "host", "input", "kubernetes", "stream", "beat", "prospector"}


def is_record(record: Json) -> bool:
    """A time, a message or a merged line, and what Beats add."""
    record = dict_of(record.get("_source", record))
    return "@timestamp" in record and ("message" in record or "json" in record) and bool(record.keys() & _OWN)


def read(record: Json) -> Row | None:
    """A line, or the fields of one that was merged in."""
    record = dict_of(record.get("_source", record))
    time, text = record.get("@timestamp"), record.get("message")
    if not isinstance(text, str):
        text = merged(dict_of(record.get("json")), time)
    if text is None:
        return None
    names = ("kubernetes.namespace", "kubernetes.pod.name", "kubernetes.container.name")
    container = container_of(*(_nested(record, name) for name in names))
    return Row(without_line_end(text), False, time, record.get("stream"), container)


def _nested(record: Json, path: str) -> str:
    """A text at a path, as nested objects or as one dotted key."""
    value: Any = record
    for name in path.split("."):
        value = dict_of(value).get(name)
    return value if isinstance(value, str) else text_of(record.get(path))


def _columns(records: Sequence[Any]) -> Columns:
    if "_source" in records[0]:
        records = [r["_source"] for r in records]
    names = [r["kubernetes"] for r in records]
    return Columns(
        [r["message"] for r in records],
        [r["@timestamp"] for r in records],
        [r["stream"] for r in records],
        [(n["namespace"], n["pod"]["name"], n["container"]["name"]) for n in names],
    )


FILEBEAT = RecordWrapper(
    "Filebeat",
    is_record,
    read,
    b'{"@timestamp":"2026-11-23T17:28:49.12Z","message":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx","agent":{},'
    b'"kubernetes":{"pod":{"name":"web-1"},"namespace":"shop","container":{"name":"istio-proxy"}}}\n',
    _columns,
    newest_first=True,
)
