"""Bare log lines in, wrapped bytes out: the wrappers as their tools write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import zip_longest
from typing import Any

NAMESPACE, CONTAINER = "istio-system", "discovery"
PODS = ("istiod-5d8f7c9b6-abcde", "istiod-5d8f7c9b6-fghij")
START = datetime(2026, 11, 23, 17, 27, 37, tzinfo=UTC)


def stamp(n: int, zone: timezone = UTC) -> str:
    """The time of the n-th line as Go's RFC3339Nano prints it: trailing zeros trimmed, to nothing at times."""
    nanos = n * 100_000_123 if n % 7 else n * 1_000_000_000
    text = (START + timedelta(seconds=nanos // 10**9)).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{nanos % 10**9:09d}".rstrip("0").rstrip(".")
    offset = "Z" if zone is UTC else START.astimezone(zone).isoformat()[-6:]
    return text + fraction + offset


def nanoseconds(n: int) -> int:
    """The time of the n-th line in nanoseconds since 1970."""
    return int(START.timestamp()) * 10**9 + (n * 100_000_123 if n % 7 else n * 1_000_000_000)


@dataclass(frozen=True)
class Line:
    """A line of a container: its number there, its text without the line end, whose it is."""

    n: int
    text: str
    pod: str = PODS[0]
    stream: str = "stdout"


def lines_of(log: bytes, pod: str = PODS[0]) -> list[Line]:
    """The lines of a bare log."""
    return [Line(n, text, pod) for n, text in enumerate(log.decode().removesuffix("\n").split("\n"))]


def in_turn(*logs: Sequence[Line]) -> list[Line]:
    """Lines of several containers, one of each in turn."""
    return [line for group in zip_longest(*logs) for line in group if line is not None]


def each(write: Callable[[Line], str]) -> Callable[[Iterable[Line]], bytes]:
    """A wrapper that writes every line alike."""
    return lambda lines: "".join(f"{write(line)}\n" for line in lines).encode()


def dumps(value: Any) -> str:
    """JSON as Go writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def color(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


BERLIN = timezone(timedelta(hours=1))


def cri_parts(lines: Iterable[Line], limit: int = 60) -> bytes:
    """containerd cuts long lines; each part has a time and a tag of its own."""
    out = []
    for line in lines:
        cuts = [line.text[i : i + limit] for i in range(0, len(line.text), limit)] or [""]
        for cut in cuts[:-1]:
            out.append(f"{stamp(line.n)} {line.stream} P {cut}\n")
        out.append(f"{stamp(line.n)} {line.stream} F {cuts[-1]}\n")
    return "".join(out).encode()


def docker_parts(lines: Iterable[Line], limit: int = 60) -> bytes:
    """docker cuts long lines; only the last part has the line end."""
    out = []
    for line in lines:
        text = line.text + "\n"
        for i in range(0, len(text), limit):
            out.append(dumps({"log": text[i : i + limit], "stream": line.stream, "time": stamp(line.n)}) + "\n")
    return "".join(out).encode()


def labels(line: Line) -> dict[str, str]:
    return {"app": 'a "quoted} name', "container": CONTAINER, "namespace": NAMESPACE, "pod": line.pod}


def label_text(line: Line) -> str:
    return "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in labels(line).items()) + "}"


def logcli_text(line: Line) -> str:
    return f"{stamp(line.n)} {label_text(line):<140} {line.text.strip()}"


def cloud_entry(line: Line) -> dict[str, Any]:
    """An entry as `gcloud logging read` prints it."""
    return {
        "insertId": f"{line.pod}-{line.n}",
        "logName": f"projects/p/logs/{line.stream}",
        "receiveTimestamp": stamp(line.n + 1),
        "resource": {
            "labels": {"container_name": CONTAINER, "namespace_name": NAMESPACE, "pod_name": line.pod},
            "type": "k8s_container",
        },
        "severity": "INFO",
        "textPayload": line.text,
        "timestamp": stamp(line.n),
    }


def cloud_array(lines: Iterable[Line]) -> bytes:
    """The array, newest first, one entry twice."""
    entries = [cloud_entry(line) for line in lines][::-1]
    return (json.dumps([*entries[:2], *entries[1:]], indent=2) + "\n").encode()


def fluent(line: Line) -> str:
    return dumps(
        {
            "time": stamp(line.n),
            "stream": line.stream,
            "_p": "F",
            "log": line.text,
            "kubernetes": {"pod_name": line.pod, "namespace_name": NAMESPACE, "container_name": CONTAINER},
        }
    )


def fluent_parts(lines: Iterable[Line], limit: int = 60) -> bytes:
    """Fluent Bit that leaves the parts of long lines as they are."""
    out = []
    for line in lines:
        cuts = [line.text[i : i + limit] for i in range(0, len(line.text), limit)] or [""]
        for cut in cuts[:-1]:
            out.append(fluent(replace(line, text=cut)).replace('"_p":"F"', '"_p":"P"') + "\n")
        out.append(fluent(replace(line, text=cuts[-1])) + "\n")
    return "".join(out).encode()


def fluent_docker(line: Line) -> str:
    """Fluent Bit reading docker's files: line ends stay, no tag."""
    record = json.loads(fluent(replace(line, text=line.text + "\n")))
    del record["_p"]
    return dumps(record)


def filebeat(line: Line) -> str:
    return dumps(
        {
            "@timestamp": stamp(line.n),
            "message": line.text,
            "stream": line.stream,
            "log": {"file": {"path": "/var/log/containers/x.log"}, "offset": 1},
            "kubernetes": {
                "pod": {"name": line.pod},
                "namespace": NAMESPACE,
                "container": {"name": CONTAINER},
            },
        }
    )


def elastic(line: Line) -> str:
    return dumps({"_index": "logs", "_id": str(line.n), "_source": json.loads(filebeat(line))})


def stern_json(line: Line, message: str) -> str:
    return dumps(
        {
            "message": message,
            "nodeName": "node-1",
            "namespace": NAMESPACE,
            "podName": line.pod,
            "containerName": CONTAINER,
        }
    )


def stern_extjson(line: Line) -> str:
    """`-o extjson`, colored if forced."""
    return f'{{"pod": "{line.pod}", "container": "{CONTAINER}", "message": {dumps(line.text)}}}'


def colored(line: Line) -> str:
    return f"{color('96', line.pod)} {color('36', CONTAINER)} {line.text}"


@dataclass(frozen=True)
class Wrapper:
    """A wrapper: how it writes lines, and what of them it says."""

    write: Callable[[Iterable[Line]], bytes]
    name: str
    says: frozenset[str] = field(default_factory=frozenset)


def _w(name: str, says: str, write: Callable[[Iterable[Line]], bytes]) -> Wrapper:
    return Wrapper(write, name, frozenset(says.split()))


WRAPPERS = {
    "kubectl --timestamps": _w("kubectl timestamps", "time one", each(lambda x: f"{stamp(x.n)} {x.text}")),
    "kubectl --prefix": _w("kubectl", "pod", each(lambda x: f"[pod/{x.pod}/{CONTAINER}] {x.text}")),
    "kubectl --prefix --timestamps": _w(
        "kubectl", "pod time", each(lambda x: f"[pod/{x.pod}/{CONTAINER}] {stamp(x.n)} {x.text}")
    ),
    "stern": _w("stern", "pod", each(lambda x: f"{x.pod} {CONTAINER} {x.text}")),
    "stern -A": _w("stern", "pod namespace", each(lambda x: f"{NAMESPACE} {x.pod} {CONTAINER} {x.text}")),
    "stern -t": _w("stern", "pod time", each(lambda x: f"{x.pod} {CONTAINER} {stamp(x.n, BERLIN)} {x.text}")),
    "stern, colored": _w("stern", "pod", each(colored)),
    "stern -o json": _w("stern", "pod namespace", each(lambda x: stern_json(x, x.text))),
    "stern -o json -t": _w("stern", "pod namespace time", each(lambda x: stern_json(x, f"{stamp(x.n)} {x.text}"))),
    "stern -o extjson": _w("stern", "pod", each(stern_extjson)),
    "stern -o ppextjson": _w(
        "stern",
        "pod spread",
        each(lambda x: json.dumps({"pod": x.pod, "container": CONTAINER, "message": x.text}, indent=2)),
    ),
    "kail": _w("kail", "pod namespace", each(lambda x: f"{NAMESPACE}/{x.pod}[{CONTAINER}]: {x.text}")),
    "kail, colored": _w(
        "kail",
        "pod namespace",
        each(lambda x: color("34", f"{NAMESPACE}/{x.pod}[{CONTAINER}]") + color("34", ": ") + x.text),
    ),
    "kail -o json": _w(
        "kail",
        "pod namespace",
        each(lambda x: dumps({"container": CONTAINER, "message": x.text, "name": x.pod, "namespace": NAMESPACE})),
    ),
    "CRI": _w("CRI", "time stream one", each(lambda x: f"{stamp(x.n)} {x.stream} F {x.text}")),
    "CRI, zone": _w("CRI", "time stream one", each(lambda x: f"{stamp(x.n, BERLIN)} {x.stream} F {x.text}")),
    "CRI, parts": _w("CRI", "time stream one parts", cri_parts),
    "docker": _w(
        "docker",
        "time stream one",
        each(lambda x: dumps({"log": x.text + "\n", "stream": x.stream, "time": stamp(x.n)})),
    ),
    "docker, parts": _w("docker", "time stream one parts", docker_parts),
    "logcli --forward": _w("logcli", "pod namespace time trimmed", each(logcli_text)),
    "logcli": _w("logcli", "pod namespace time trimmed newest", lambda lines: each(logcli_text)(list(lines)[::-1])),
    "logcli -o jsonl": _w(
        "logcli",
        "pod namespace time newest",
        lambda lines: each(lambda x: dumps({"labels": labels(x), "line": x.text, "timestamp": stamp(x.n)}))(
            list(lines)[::-1]
        ),
    ),
    "CRI in Loki": _w(
        "logcli",
        "pod namespace time stream",
        each(
            lambda x: dumps(
                {"labels": labels(x), "line": f"{stamp(x.n)} {x.stream} F {x.text}", "timestamp": stamp(x.n, BERLIN)}
            )
        ),
    ),
    "Cloud Logging": _w("Cloud Logging", "pod namespace time stream newest twice spread", cloud_array),
    "Cloud Logging, lines": _w("Cloud Logging", "pod namespace time stream", each(lambda x: dumps(cloud_entry(x)))),
    "Fluent Bit": _w("Fluent Bit", "pod namespace time stream", each(fluent)),
    "Fluent Bit, parts": _w("Fluent Bit", "pod namespace time stream parts", fluent_parts),
    "Fluent Bit from docker": _w("Fluent Bit", "pod namespace time stream", each(fluent_docker)),
    "Filebeat": _w("Filebeat", "pod namespace time stream", each(filebeat)),
    "Elasticsearch": _w("Filebeat", "pod namespace time stream", each(elastic)),
}


def cluster_info(logs: dict[str, bytes]) -> bytes:
    """`kubectl cluster-info dump` on one stream: objects, and the log of each pod."""
    out = [json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": []}, indent=4).encode() + b"\n"]
    for pod, log in logs.items():
        what = f"logs for container {CONTAINER} of pod {NAMESPACE}/{pod} ===="
        out.append(f"==== START {what}\n".encode() + log + f"==== END {what}\n".encode())
        out.append(json.dumps({"kind": "EventList", "items": []}, indent=4).encode() + b"\n")
    return b"".join(out)


def bug_report(current: bytes, previous: bytes) -> bytes:
    """A log of `istioctl bug-report` with that of the container before its restart."""
    return (
        b"========= Previous log present (appended at the end) =========\n\n"
        + current
        + b"\n\n========= Previous log =========\n\n"
        + previous
    )
