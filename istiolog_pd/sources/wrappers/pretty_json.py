"""JSON lines of Istio or Envoy that were printed over several lines, or as an array: one line each again."""

from __future__ import annotations

import orjson

from istiolog_pd.sources.wrappers._header import is_json_line
from istiolog_pd.sources.wrappers._model import ContainerId
from istiolog_pd.sources.wrappers._wrapper import Json, RecordWrapper, Row


def read(record: Json) -> Row | None:
    """The line."""
    return Row(orjson.dumps(record).decode(), False, None, None, ContainerId())


PRETTY_JSON = RecordWrapper(
    "pretty JSON",
    is_json_line,
    read,
    b'{\n  "level": "info",\n  "time": "2026-11-23T17:28:49.062996Z",\n  "scope": "ads",\n  "msg": "x"\n}\n',
    spread_only=True,
    newest_first=True,
)
