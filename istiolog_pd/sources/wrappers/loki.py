"""Loki's ``logcli``: ``<time> {labels} line``; ``-o jsonl``: ``{"labels":{...},"line":"...","timestamp":"..."}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from istiolog_pd.sources.wrappers._header import HEADER, STAMP
from istiolog_pd.sources.wrappers._prefix import Logcli, container_in
from istiolog_pd.sources.wrappers._wrapper import (
    Columns,
    Json,
    RecordWrapper,
    Row,
    dict_of,
    prefix_wrapper,
    without_line_end,
)

_LABELS = rb'\{(?:[A-Za-z_]\w*="(?:[^"\\]|\\.)*"(?:, )?)+\}'
_TOOL_OUTPUT = rb"(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(?:https?://\S+/loki/api/|(?:Common|Ignoring) labels)"

LOGCLI = prefix_wrapper(
    "logcli",
    Logcli,
    rb"%b %b" % (STAMP, _LABELS),
    b'2026-11-23T17:28:49Z {namespace="shop", pod="web-1"} 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n',
    tool_output=_TOOL_OUTPUT,
    newest_first=True,
)
LOGCLI_NO_LABELS = prefix_wrapper(
    "logcli",
    Logcli,
    STAMP + rb" \{\}",
    b'Common labels: {namespace="shop", pod="web-1"}\n'
    + b"2026-11-23T17:28:49Z {} 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n" * 2,
    certain=rb" *" + HEADER,
    needed=2,
    tool_output=_TOOL_OUTPUT,
    newest_first=True,
)


def is_record(record: Json) -> bool:
    """A line, its time and its labels, and no message."""
    return "line" in record and "timestamp" in record and isinstance(record.get("labels"), dict) and "msg" not in record


def read(record: Json) -> Row | None:
    """A line, its container named by labels."""
    line = record.get("line")
    if not isinstance(line, str):
        return None
    labels = {name: value for name, value in dict_of(record.get("labels")).items() if isinstance(value, str)}
    return Row(without_line_end(line), False, record.get("timestamp"), labels.get("stream"), container_in(labels))


def _columns(records: Sequence[Any]) -> Columns:
    labels = [r["labels"] for r in records]
    return Columns(
        [r["line"] for r in records],
        [r["timestamp"] for r in records],
        [x.get("stream", "") for x in labels],
        [(x["namespace"], x["pod"], x["container"]) for x in labels],
    )


LOGCLI_JSON = RecordWrapper(
    "logcli",
    is_record,
    read,
    b'{"labels":{"namespace":"shop","pod":"web-1"},"line":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx",'
    b'"timestamp":"2026-11-23T17:28:49Z"}\n',
    _columns,
    newest_first=True,
)
