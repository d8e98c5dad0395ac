"""stern: ``POD CONTAINER line``, ``NS POD CONTAINER line``, a time or none; ``-o json``, ``extjson``; colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from istiolog_pd.sources.wrappers._header import STAMPED_HEADER
from istiolog_pd.sources.wrappers._prefix import Named
from istiolog_pd.sources.wrappers._wrapper import (
    CONTAINER,
    NAMESPACE,
    POD,
    Columns,
    Json,
    RecordWrapper,
    Row,
    container_of,
    prefix_wrapper,
    without_line_end,
)

_TOOL_OUTPUT = rb"[+-] (?:\S+ ){1,2}\xe2\x80\xba \S+"

STERN = prefix_wrapper(
    "stern",
    Named,
    rb"%b %b" % (POD, CONTAINER),
    b"web-1 istio-proxy 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n" * 2,
    certain=STAMPED_HEADER,
    words=2,
    needed=2,
    tool_output=_TOOL_OUTPUT,
)
STERN_ALL_NAMESPACES = prefix_wrapper(
    "stern",
    Named,
    rb"%b %b %b" % (NAMESPACE, POD, CONTAINER),
    b"shop web-1 istio-proxy 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n" * 2,
    certain=STAMPED_HEADER,
    words=3,
    needed=2,
    tool_output=_TOOL_OUTPUT,
)


def is_record(record: Json) -> bool:
    """``-o json``: ``podName``, ``containerName``, ``message``; ``extjson``: ``pod``, ``container``, ``message``."""
    own = set(record)
    return {"message", "podName", "containerName"} <= own or own - {"namespace"} == {"pod", "container", "message"}


def read(record: Json) -> Row | None:
    """A line, as text or as the JSON that it is."""
    text: Any = record.get("message")
    if isinstance(text, dict):
        text = orjson.dumps(text).decode()
    if not isinstance(text, str):
        return None
    pod, container = record.get("podName", record.get("pod")), record.get("containerName", record.get("container"))
    return Row(without_line_end(text), False, None, None, container_of(record.get("namespace"), pod, container))


def _columns(records: Sequence[Any]) -> Columns:
    return Columns(
        [r["message"] for r in records],
        containers=[(r["namespace"], r["podName"], r["containerName"]) for r in records]
        if "podName" in records[0]
        else [(r.get("namespace", ""), r["pod"], r["container"]) for r in records],
    )


STERN_JSON = RecordWrapper(
    "stern",
    is_record,
    read,
    b'{"message":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx","podName":"web-1","containerName":"istio-proxy"}\n',
    _columns,
)
