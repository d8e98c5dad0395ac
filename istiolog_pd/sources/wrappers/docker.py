r"""docker's json-file: ``{"log":"line\n","stream":"stdout","time":"<time>"}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from istiolog_pd.sources.wrappers._model import ContainerId
from istiolog_pd.sources.wrappers._wrapper import Columns, Json, RecordWrapper, Row, without_line_end


def is_record(record: Json) -> bool:
    """Its keys are these and no others."""
    own = set(record)
    return {"log", "stream", "time"} <= own <= {"log", "stream", "time", "attrs", "partial_message"}


def read(record: Json) -> Row | None:
    """A line; a `log` without its line end goes on in the next record."""
    log = record.get("log")
    if not isinstance(log, str):
        return None
    return Row(without_line_end(log), log[-1:] != "\n", record.get("time"), record.get("stream"), ContainerId())


def _columns(records: Sequence[Any]) -> Columns:
    return Columns([r["log"] for r in records], [r["time"] for r in records], [r["stream"] for r in records])


DOCKER = RecordWrapper(
    "docker",
    is_record,
    read,
    b'{"log":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx\\n","stream":"stdout","time":"2026-11-23T17:28:49.12Z"}\n',
    _columns,
    ends_lines=True,
)
