"""What the fields of an exported record are, by their names: pod, namespace, container, stream and receipt time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from istiolog_pd.sources.path_layouts import place
from istiolog_pd.sources.wrappers._model import STREAMS, ContainerId

#: Ends of names, without what parts their words, best first.
_NAMES = {
    "pod": ("podname", "pod", "kubernetespod"),
    "namespace": ("podnamespace", "namespacename", "kubenamespace", "namespace", "kubernetesnamespace"),
    "container": ("containername", "kubecontainername", "container"),
}
#: Names of the time at which a line was received; a time that was observed comes after one that was printed.
_TIMES = (
    "timestamp time ts timeunixnano timegenerated date datetime receivetimestamp observedtimestamp "
    "observedtimeunixnano ingestiontime tsns messagetime when syslogtimestamp logtimestamp eventtime"
).split()
_WORDS = re.compile(r"[^a-z0-9]+")
_UNITS = re.compile(r"[\[(].*[\])]$")
#: Names that end so and are no container's name.
_NOT_NAMES = ("id", "image", "uid", "ip", "labels", "annotations")

#: The deepest object in a record whose fields are looked at, and the most fields of one.
MAX_DEPTH, MAX_FIELDS = 6, 400


def flat(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The fields of an object and of the objects in it, each with its dotted name."""
    if depth > MAX_DEPTH:
        return
    for key, inner in list(value.items())[:MAX_FIELDS]:
        name = f"{path}.{key}" if path else str(key)
        if isinstance(inner, list):
            inner = inner[0] if len(inner) == 1 and isinstance(inner[0], str) else as_mapping(inner[:MAX_FIELDS])
        elif isinstance(inner, str) and inner[:1] == "{" and len(inner) < MAX_LABELS:
            inner = _labels(inner)
        if isinstance(inner, dict):
            yield from flat(inner, name, depth + 1)
        else:
            yield name, inner


#: The longest text that is looked into for labels.
MAX_LABELS = 4096
_LABEL = re.compile(r'([A-Za-z_]\w{0,200})="((?:[^"\\]|\\.)*)"')


def _labels(text: str) -> Any:
    """Labels in a text, as JSON or as Loki prints them; the text if there are none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return dict(_LABEL.findall(text)) or text


def _role(name: str) -> tuple[str, int] | None:
    """What a field is by its name, and how good a name that is (less is better)."""
    lowered = _UNITS.sub("", name.lower().strip()).strip()
    words = [word for word in _WORDS.split(lowered) if word]
    if not words or words[-1] in _NOT_NAMES:
        return None
    joined = "".join(words)
    if words[-1] in ("stream", "logiostream") or joined == "iostream":
        return "stream", 0
    for role, names in _NAMES.items():
        for rank, end in enumerate(names):
            if joined.endswith(end) and (joined == end or len(words) > 1 or joined.startswith(("k8s", "kube"))):
                return role, rank
    ends = (joined, words[-1])
    for rank, known in enumerate(_TIMES):
        if known in ends:
            return "time", rank + (joined != known) * len(_TIMES)
    return None


class FieldReader:
    """Tells what a record says of its line; what a name means is worked out once for each name."""

    def __init__(self) -> None:
        self._roles: dict[str, tuple[str, int] | None] = {}

    def describe(self, fields: Iterable[tuple[str, Any]]) -> tuple[ContainerId, Any, str]:
        """Container, time (a text or a number, or null) and stream that some fields tell.

        Of two fields of one meaning the better name counts, and then the first: fields of inner objects
        are given before those of outer ones.
        """
        best: dict[str, tuple[int, Any]] = {}
        path = ""
        for name, value in fields:
            if value is None or isinstance(value, (list, bool)):
                continue
            role = self._roles[name] if name in self._roles else self._learn(name)
            if role is not None:
                kind, rank = role
                good = isinstance(value, str) if kind != "time" else time_of(value) is not None
                if good and (kind not in best or rank < best[kind][0]):
                    best[kind] = rank, value
            elif isinstance(value, str) and ".log" in value and "_" in value and len(value) < 1024:
                path = path or value
        at = place(_path_in(path)) if path else None
        namespace, pod, container = (
            str(best[kind][1]) if kind in best else (getattr(at, kind) if at is not None else "")
            for kind in ("namespace", "pod", "container")
        )
        stream = best["stream"][1] if "stream" in best else ""
        return (
            ContainerId(namespace, pod, container),
            best["time"][1] if "time" in best else None,
            stream if stream in STREAMS else "",
        )

    def _learn(self, name: str) -> tuple[str, int] | None:
        role = _role(name)
        if len(self._roles) < 10_000:
            self._roles[name] = role
        return role


def _path_in(text: str) -> str:
    """The path of a container's log, also where dots stand for its slashes (Fluent Bit's tags)."""
    return text.replace("var.log.containers.", "/").replace("var.log.pods.", "/")


def as_mapping(pairs: list[Any]) -> Mapping[str, Any] | None:
    """A list of names and values as an object: OpenTelemetry's attributes, CloudWatch Insights' fields."""
    found: dict[str, Any] = {}
    for pair in pairs:
        if not isinstance(pair, dict) or len(pair) != 2 or "value" not in pair:
            return None
        name = pair.get("key", pair.get("name", pair.get("field")))
        if not isinstance(name, str):
            return None
        found[name] = pair["value"]
    return found or None


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_BASIC_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")
#: Seconds, milliseconds, microseconds and nanoseconds since 1970, from 2001 to 2096.
_EPOCHS = ((10**9, 4 * 10**9, 10**9), (10**12, 4 * 10**12, 10**6), (10**15, 4 * 10**15, 10**3), (10**18, 4 * 10**18, 1))


def time_of(value: Any) -> str | int | None:
    """A time with its zone as RFC 3339 text, or a number since 1970 as nanoseconds; else null."""
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 24:
            return time_of(int(text) if text.isdigit() else float(text))
        text = _BASIC_ZONE.sub(r"\1:\2", text)
        return text if _RFC3339.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    for low, high, nanoseconds in _EPOCHS:
        if low <= value < high:
            return value * nanoseconds if isinstance(value, int) else round(value * 10**6) * nanoseconds // 10**6
    return None
