"""JSON wrappers, a column at a time: the fast path where all records of a block have the usual keys.

Each function gives the same as the reader of `shapes` for such records; anything unusual raises
`KeyError` or `TypeError`, and the records are read one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Record = Any
#: namespace, pod, container
Names = tuple[str, str, str]
NO_NAMES: Names = ("", "", "")


class Columns(NamedTuple):
    """The records' texts and what is said of them; null is a column that the wrapper does not have."""

    texts: list[str]
    times: list[str] | None = None
    streams: list[str] | None = None
    origins: list[Names] | None = None
    #: The ``P`` or ``F`` of each.
    tags: list[str] | None = None


def _docker(records: Sequence[Record]) -> Columns:
    return Columns([r["log"] for r in records], [r["time"] for r in records], [r["stream"] for r in records])


def _fluent_bit(records: Sequence[Record]) -> Columns:
    if "_source" in records[0]:
        records = [r["_source"] for r in records]
    key = next(key for key in ("@timestamp", "date", "time") if key in records[0])
    tag = "_p" if "_p" in records[0] else "logtag"
    names = [r["kubernetes"] for r in records]
    return Columns(
        [r["log"] for r in records],
        [r[key] for r in records],
        [r["stream"] for r in records],
        [(n["namespace_name"], n["pod_name"], n["container_name"]) for n in names],
        [r[tag] for r in records] if tag in records[0] else None,
    )


def _filebeat(records: Sequence[Record]) -> Columns:
    if "_source" in records[0]:
        records = [r["_source"] for r in records]
    names = [r["kubernetes"] for r in records]
    return Columns(
        [r["message"] for r in records],
        [r["@timestamp"] for r in records],
        [r["stream"] for r in records],
        [(n["namespace"], n["pod"]["name"], n["container"]["name"]) for n in names],
    )


def _stern(records: Sequence[Record]) -> Columns:
    return Columns(
        [r["message"] for r in records],
        origins=[(r["namespace"], r["podName"], r["containerName"]) for r in records]
        if "podName" in records[0]
        else [(r.get("namespace", ""), r["pod"], r["container"]) for r in records],
    )


def _kail(records: Sequence[Record]) -> Columns:
    return Columns(
        [r["message"] for r in records], origins=[(r["namespace"], r["name"], r["container"]) for r in records]
    )


def _logcli(records: Sequence[Record]) -> Columns:
    labels = [r["labels"] for r in records]
    return Columns(
        [r["line"] for r in records],
        [r["timestamp"] for r in records],
        [x.get("stream", "") for x in labels],
        [(x["namespace"], x["pod"], x["container"]) for x in labels],
    )


#: The wrappers whose records come by the million.
COLUMNS: dict[str, Callable[[Sequence[Record]], Columns]] = {
    "docker": _docker,
    "logcli": _logcli,
    "Fluent Bit": _fluent_bit,
    "Filebeat": _filebeat,
    "stern": _stern,
    "kail": _kail,
}
