"""A log as the same processes would have written it as JSON (``--log_as_json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

#: How an entry begins; all else goes on with the entry before.
_BEGINS = re.compile(r"\d{4}-\d\d-\d\dT|\[\d{4}-|\d{4}/\d\d|gc \d")
_HEADER = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)\t(?P<level>\w+)\t(?P<rest>.*)", re.DOTALL)
#: ``--log-format`` of Envoy in Istio (pkg/envoy/proxy.go), as text.
_ENVOY = re.compile(r"(?P<scope>envoy \w+) (?P<caller>\S+:\d+)\t(?P<msg>.*?)(?:\tthread=(?P<thread>\d+))?", re.DOTALL)
_SCOPE = re.compile(r"(?P<scope>[A-Za-z][\w.\- /]*)\t(?!\w+=)(?P<rest>.*)", re.DOTALL)
_LABELS = re.compile(r"(?P<msg>.*?)(?P<labels>(?:\t[A-Za-z_]\w*=[^\t]*)*)", re.DOTALL)


def as_json(text: str) -> str:
    """The entries with a header of Istio or Envoy as JSON lines; access lines and what the Go runtime prints stay."""
    return "".join(f"{_entry(entry)}\n" for entry in _entries(text.removesuffix("\n").split("\n")))


def _entries(lines: list[str]) -> Iterator[str]:
    entry = lines[:1]
    for line in lines[1:]:
        if _BEGINS.match(line):
            yield "\n".join(entry)
            entry = []
        entry.append(line)
    yield "\n".join(entry)


def _entry(entry: str) -> str:
    header = _HEADER.fullmatch(entry)
    if not header:
        return entry
    said = {"level": header["level"], "time": header["time"]} | _fields(header["rest"])
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _fields(rest: str) -> dict[str, str | int]:
    if envoy := _ENVOY.fullmatch(rest):
        found: dict[str, str | int] = {"scope": envoy["scope"], "msg": envoy["msg"], "caller": envoy["caller"]}
        return found | ({"thread": int(envoy["thread"])} if envoy["thread"] else {})
    scope = _SCOPE.fullmatch(rest)
    parts = _LABELS.fullmatch(scope["rest"] if scope else rest)
    assert parts
    labels = dict(label.split("=", 1) for label in parts["labels"].split("\t")[1:])
    return (
        ({"scope": scope["scope"]} if scope else {})
        | {"msg": parts["msg"]}
        | {key: _value(text) for key, text in labels.items()}
    )


def _value(text: str) -> str | int:
    """A label's value: zap writes numbers as numbers, and quotes texts with blanks in the text form alone."""
    if text.isdigit() and len(text) < 16:
        return int(text)
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return str(json.loads(text)) if quoted else text
