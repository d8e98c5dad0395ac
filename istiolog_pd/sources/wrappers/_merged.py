"""JSON lines that a shipper took apart, put together again."""

from __future__ import annotations

from typing import Any

import orjson

from istiolog_pd.sources.wrappers._wrapper import Json, without_line_end


def merged(payload: Json, time: Any, severity: str = "") -> str | None:
    """The JSON line that a shipper took apart, put together again; null if it was none of Istio's.

    Shippers take the time and the severity out of the payload: they are given back.
    """
    if "start_time" in payload:
        return orjson.dumps(payload).decode()
    if isinstance(payload.get("msg"), str):
        head = {"level": payload.get("level", severity.lower() or "info"), "time": payload.get("time", time)}
    elif not isinstance(payload.get("message"), str):
        return None
    elif payload.keys() & {"logger", "severity", "caller", "stacktrace"}:
        head = {
            "severity": payload.get("severity", severity.capitalize() or "Info"),
            "timestamp": payload.get("timestamp", time),
        }
    else:
        return without_line_end(payload["message"])
    return orjson.dumps(head | payload).decode()
