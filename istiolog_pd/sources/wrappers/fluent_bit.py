"""Fluent Bit: ``{"time"|"date"|"@timestamp", "stream", "_p"|"logtag", "log", "kubernetes":{"pod_name",...}}``.

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
    without_line_end,
)

_TIMES = ("@timestamp", "date", "time")
#: Keys of Fluent Bit's own, not of the line that it may have merged in.
_KEYS = frozenset(("@timestamp", "date", "stream", "_p", "logtag", "kubernetes", "log", "file", "tag", "docker"))


def is_record(record: Json) -> bool:
    """A time, and a log beside what Fluent Bit adds, or a pod's name."""
    record = dict_of(record.get("_source", record))
    if not record.keys() & set(_TIMES):
        return False
    if isinstance(record.get("log"), str):
        return bool(record.keys() & {"stream", "_p", "logtag", "kubernetes"})
    return "pod_name" in dict_of(record.get("kubernetes"))


def read(record: Json) -> Row | None:
    """A line, or the fields of one that was merged in."""
    record = dict_of(record.get("_source", record))
    time = next((record[key] for key in _TIMES if key in record), None)
    text = record.get("log")
    if not isinstance(text, str):
        text = merged({key: value for key, value in record.items() if key not in _KEYS}, time)
    if text is None:
        return None
    names = dict_of(record.get("kubernetes"))
    container = container_of(*(names.get(name) for name in ("namespace_name", "pod_name", "container_name")))
    tag = record.get("_p", record.get("logtag"))
    return Row(without_line_end(text), tag == "P", time, record.get("stream"), container)


def _columns(records: Sequence[Any]) -> Columns:
    if "_source" in records[0]:
        records = [r["_source"] for r in records]
    key = next(key for key in _TIMES if key in records[0])
    tag = "_p" if "_p" in records[0] else "logtag"
    names = [r["kubernetes"] for r in records]
    return Columns(
        [r["log"] for r in records],
        [r[key] for r in records],
        [r["stream"] for r in records],
        [(n["namespace_name"], n["pod_name"], n["container_name"]) for n in names],
        [r[tag] for r in records] if tag in records[0] else None,
    )


FLUENT_BIT = RecordWrapper(
    "Fluent Bit",
    is_record,
    read,
    b'{"time":"2026-11-23T17:28:49.12Z","stream":"stdout","_p":"F","log":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx",'
    b'"kubernetes":{"pod_name":"web-1","namespace_name":"shop","container_name":"istio-proxy"}}\n',
    _columns,
    newest_first=True,
)
