"""Wrappers that are JSON: what each of their records says, and how to tell whose a record is.

docker's json-file, Loki's ``logcli -o jsonl``, Cloud Logging, Fluent Bit, Filebeat, stern and kail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from istiolog_pd.sources.wrappers.model import Origin
from istiolog_pd.sources.wrappers.prefixes import origin_of

Json = dict[str, Any]


class Row(NamedTuple):
    """A record, read: its text without the line end, and what is said of it."""

    text: str
    part: bool
    time: Any
    stream: Any
    origin: Origin


NO_ORIGIN = Origin()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _origin(namespace: Any, pod: Any, container: Any) -> Origin:
    return Origin(_text(namespace), _text(pod), _text(container))


def _line(text: str) -> str:
    """A text without its own line end."""
    return text[:-1] if text.endswith("\n") else text


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
        return _line(payload["message"])
    return orjson.dumps(head | payload).decode()


def docker(record: Json) -> Row | None:
    r"""``{"log":"line\n","stream":"stdout","time":"..."}``; a log without its line end goes on in the next."""
    log = record.get("log")
    if not isinstance(log, str):
        return None
    return Row(_line(log), log[-1:] != "\n", record.get("time"), record.get("stream"), NO_ORIGIN)


def logcli(record: Json) -> Row | None:
    """``{"labels":{...},"line":"...","timestamp":"..."}``."""
    line = record.get("line")
    if not isinstance(line, str):
        return None
    labels = {name: value for name, value in _dict(record.get("labels")).items() if isinstance(value, str)}
    return Row(_line(line), False, record.get("timestamp"), labels.get("stream"), origin_of(labels))


def cloud_logging(record: Json) -> Row | None:
    """A LogEntry: ``textPayload`` or ``jsonPayload``, the container in ``resource.labels``."""
    time = record.get("timestamp", record.get("receiveTimestamp"))
    text = record.get("textPayload")
    if not isinstance(text, str):
        text = merged(_dict(record.get("jsonPayload")), time, _text(record.get("severity")))
    if text is None:
        return None
    labels = _dict(_dict(record.get("resource")).get("labels"))
    stream = _text(record.get("logName")).rpartition("/")[2].rpartition("%2F")[2]
    origin = _origin(*(labels.get(name) for name in ("namespace_name", "pod_name", "container_name")))
    return Row(_line(text), False, time, stream, origin)


#: Keys of Fluent Bit's own, not of the line that it may have merged in.
_FLUENT_KEYS = frozenset(("@timestamp", "date", "stream", "_p", "logtag", "kubernetes", "log", "file", "tag", "docker"))


def fluent_bit(record: Json) -> Row | None:
    """``{"time"|"date"|"@timestamp", "stream", "_p"|"logtag", "log", "kubernetes":{"pod_name",...}}``."""
    record = _dict(record.get("_source", record))
    time = next((record[key] for key in ("@timestamp", "date", "time") if key in record), None)
    text = record.get("log")
    if not isinstance(text, str):
        text = merged({key: value for key, value in record.items() if key not in _FLUENT_KEYS}, time)
    if text is None:
        return None
    names = _dict(record.get("kubernetes"))
    origin = _origin(*(names.get(name) for name in ("namespace_name", "pod_name", "container_name")))
    tag = record.get("_p", record.get("logtag"))
    return Row(_line(text), tag == "P", time, record.get("stream"), origin)


def _nested(record: Json, path: str) -> str:
    """A text at a path, as nested objects or as one dotted key."""
    value: Any = record
    for name in path.split("."):
        value = _dict(value).get(name)
    return value if isinstance(value, str) else _text(record.get(path))


def filebeat(record: Json) -> Row | None:
    """``{"@timestamp", "message", "stream", "kubernetes":{"pod":{"name"},"namespace","container":{"name"}}}``."""
    record = _dict(record.get("_source", record))
    time, text = record.get("@timestamp"), record.get("message")
    if not isinstance(text, str):
        text = merged(_dict(record.get("json")), time)
    if text is None:
        return None
    names = ("kubernetes.namespace", "kubernetes.pod.name", "kubernetes.container.name")
    origin = _origin(*(_nested(record, name) for name in names))
    return Row(_line(text), False, time, record.get("stream"), origin)


def stern(record: Json) -> Row | None:
    """``-o json``: ``podName``, ``containerName``, ``namespace``, ``message``; ``extjson``: ``pod``, ``container``."""
    text: Any = record.get("message")
    if isinstance(text, dict):
        text = orjson.dumps(text).decode()
    if not isinstance(text, str):
        return None
    pod, container = record.get("podName", record.get("pod")), record.get("containerName", record.get("container"))
    return Row(_line(text), False, None, None, _origin(record.get("namespace"), pod, container))


def kail(record: Json) -> Row | None:
    """``-o json``: ``{"namespace", "name", "container", "message"}``."""
    return stern(record | {"pod": record.get("name")})


Reader = Callable[[Json], Row | None]

#: Every JSON wrapper's reader.
READERS: dict[str, Reader] = {
    "docker": docker,
    "logcli": logcli,
    "Cloud Logging": cloud_logging,
    "Fluent Bit": fluent_bit,
    "Filebeat": filebeat,
    "stern": stern,
    "kail": kail,
}


def _is_filebeat(record: Json, keys: set[str]) -> bool:
    beats = keys & {"agent", "ecs", "host", "input", "kubernetes", "stream", "beat", "prospector"}
    return "@timestamp" in keys and ("message" in keys or "json" in keys) and bool(beats)


def _is_fluent_bit(record: Json, keys: set[str]) -> bool:
    if not keys & {"time", "@timestamp", "date"}:
        return False
    if isinstance(record.get("log"), str):
        return bool(keys & {"stream", "_p", "logtag", "kubernetes"})
    return "pod_name" in _dict(record.get("kubernetes"))


def shape_of(record: Any) -> str:
    """Whose record an object is: a key of `READERS`, or empty.

    Only by keys that Istio's own JSON lines never have together, so a bare log stays bare.
    """
    if not isinstance(record, dict):
        return ""
    inner = _dict(record.get("_source", record))
    keys, own = set(inner), set(record)
    told = (
        ("docker", {"log", "stream", "time"} <= own <= {"log", "stream", "time", "attrs", "partial_message"}),
        ("logcli", {"line", "timestamp"} <= own and isinstance(record.get("labels", {}), dict) and "msg" not in own),
        (
            "Cloud Logging",
            bool(own & {"textPayload", "jsonPayload"}) and bool(own & {"logName", "resource", "insertId"}),
        ),
        ("Fluent Bit", _is_fluent_bit(inner, keys)),
        ("Filebeat", _is_filebeat(inner, keys)),
        (
            "stern",
            {"message", "podName", "containerName"} <= own or own - {"namespace"} == {"pod", "container", "message"},
        ),
        ("kail", own == {"namespace", "name", "container", "message"}),
    )
    return next((name for name, fits in told if fits), "")
