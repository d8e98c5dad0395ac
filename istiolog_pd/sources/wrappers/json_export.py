"""JSON that any store of logs exports: the field that holds log lines is used.

Whatever holds it: lines of JSON, an array, or one document (CloudWatch, Elasticsearch, Loki's query API,
Grafana, Splunk, Vector, OpenTelemetry, Datadog, Azure and others). What is known of a line's container and time
comes from the fields around it, by their names (`_fields`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._fields import FieldReader, as_mapping, flat, time_of
from istiolog_pd.sources.wrappers._header import is_json_line, is_line
from istiolog_pd.sources.wrappers._json_records import batch_of, parsed
from istiolog_pd.sources.wrappers._json_stream import objects
from istiolog_pd.sources.wrappers._model import ContainerId, Note
from istiolog_pd.sources.wrappers._rows import Batch
from istiolog_pd.sources.wrappers._wrapper import GuessedWrapper, Row, without_line_end

NAME = "JSON export"
NO_LINE = "JSON without a log line in it: kept as text"

#: A log line as a JSON text, where an object is too long to be looked at whole.
_LINE_IN_TEXT = re.compile(
    rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"\\\s]{0,16}(?:\\t| +)(?:debug|info|warn|warning|error|fatal)\b'
    rb'|"\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^"\\\]]{0,12}\]'
)

#: JSON, perhaps below the command that gave it.
_BEGINS = re.compile(rb"(?:[^{\[\n]{0,1000}\n){0,5}\s*[{\[]")

#: A text, or an object that is a line, with the path to it and the objects around it, the innermost first.
Leaf = tuple[str, str, tuple[Any, ...]]


def leaves(document: Any) -> Iterator[Leaf]:
    """Every text of a document in order, and every object that is a log line itself."""
    waiting: list[tuple[str, Any, tuple[Any, ...]]] = [("", document, ())]
    while waiting:
        path, value, around = waiting.pop()
        if isinstance(value, str):
            inner = _parsed_text(value)
            if inner is None:
                yield path, value, around
            else:
                waiting.append((path, inner, around))
        elif isinstance(value, dict):
            if around and is_json_line(value):
                yield f"{path}{{}}", orjson.dumps(value).decode(), around
                continue
            inner = _opened(value)
            waiting += [
                (f"{path}.{'' if key.isdigit() else key}", one, (inner, *around[:7]))
                for key, one in reversed(inner.items())
            ]
        elif isinstance(value, list):
            pairs = as_mapping(value)
            if pairs is not None:
                waiting.append((path, dict(pairs), around))
            elif len(value) in (2, 3) and _is_stamp(value[0]):  # Loki's values: a time, a line, and perhaps labels
                waiting.append((path, dict(zip(("time", "line", "labels"), value, strict=False)), around))
            elif path.endswith("[]") and len(value) > 1 and not any(isinstance(one, (dict, list)) for one in value):
                waiting.append((path, {_index(n, one): one for n, one in enumerate(value)}, around))
            else:
                waiting += [(f"{path}[]", one, around) for one in reversed(value)]


def _is_stamp(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit() and 16 <= len(value) <= 19


def _index(number: int, value: Any) -> str:
    """The name of a value in a row without names."""
    return f"{number}.time" if time_of(value) is not None else f"column {number}"


def _parsed_text(text: str) -> dict[str, Any] | None:
    """The object that a text is, if it is one and no log line itself."""
    if text[:1] != "{" or text[-1:] != "}":
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and not is_json_line(value) else None


def _opened(value: dict[str, Any]) -> dict[str, Any]:
    """An object, its columns as rows and its lists of names and values as objects."""
    columns, rows = value.get("columns"), value.get("rows", value.get("values"))
    if isinstance(columns, list) and isinstance(rows, list):
        names = [str(one.get("name", n)) if isinstance(one, dict) else str(one) for n, one in enumerate(columns)]
        return {"rows": [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]}
    schema, data = value.get("schema"), value.get("data")
    if isinstance(schema, dict) and isinstance(data, dict) and isinstance(schema.get("fields"), list):
        names = [str(one.get("name")) if isinstance(one, dict) else "" for one in schema["fields"]]
        values = data.get("values")
        if isinstance(values, list) and all(isinstance(column, list) for column in values):
            return {"rows": [dict(zip(names, row, strict=False)) for row in zip(*values, strict=False)]}
    return {key: (as_mapping(one) or one) if isinstance(one, list) and one else one for key, one in value.items()}


def _fields(around: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for value in around:
        if isinstance(value, dict):
            for name, one in flat(value):
                yield name.removesuffix(".stringValue").removesuffix(".intValue"), one


class JsonExport:
    """The rows of an export."""

    def __init__(self, *, spread: bool, path: str) -> None:
        self.containers = Containers()
        #: Whether an object may be printed over several lines.
        self._spread = spread
        self._path = path
        self._reader = FieldReader()
        self._last = ContainerId()

    def batches(self, blocks: Iterator[bytes], note: Note) -> Iterator[Batch]:
        """The rows of the source's blocks."""
        for found in objects(blocks, arrays_of_texts=True):
            texts, lines = [text for _, text in found], [line for line, _ in found]
            rows: list[Row] = []
            at: list[int] = []
            own: list[bool] = []
            for document, text, line in zip(parsed(texts), texts, lines, strict=True):
                of_document = self._rows(document)
                if not of_document:
                    note(line, NO_LINE)
                    for n, one in enumerate(text.split(b"\n")):
                        rows.append(Row(one.decode(errors="surrogateescape"), False, None, None, self._last))
                        at.append(line + n)
                        own.append(False)
                    continue
                rows += of_document
                own += [True] * len(of_document)
                at += _lines(text, line, of_document) if self._spread else [line] * len(of_document)
            if rows:
                yield batch_of(rows, self.containers, np.array(at, np.int64), own)

    def _rows(self, document: Any) -> list[Row]:
        found = list(leaves(document))
        path = self._path
        if not any(one[0] == path for one in found):
            path = best_path(found)
            if not path:
                return []
        rows = []
        seen: tuple[tuple[Any, ...], Any] | None = None
        for one_path, text, around in found:
            if one_path != path:
                continue
            if seen is None or not _same(seen[0], around):
                seen = around, self._reader.describe(_fields(around))
            container, time, stream = seen[1]
            self._last = container
            rows.append(Row(without_line_end(text), False, time_of(time), stream, container))
        return rows


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def best_path(found: list[Leaf]) -> str:
    """The path at which most texts are log lines; empty if none is."""
    counts = Counter(path for path, text, _ in found if path.endswith("{}") or is_line(text))
    texts = [one for one in counts if not one.endswith("{}")] or list(counts)
    return max(texts, key=lambda path: counts[path]) if texts else ""


def _lines(text: bytes, line: int, rows: list[Row]) -> list[int]:
    """On which physical line each row's text stands, as far as its beginning is found."""
    found, at, counted = [], 0, 0
    for row in rows:
        place = text.find(row.text[:24].encode(errors="replace").split(b"\t")[0].split(b'"')[0], at)
        if place >= 0:
            line += text.count(b"\n", counted, place)
            counted, at = place, place + 1
        found.append(line)
    return found


def detect(head: bytes) -> JsonExport | None:
    """What reads JSON in which there is a log line somewhere."""
    if _BEGINS.match(head) is None:
        return None
    values = [text for _, text in next(objects(iter([head]), arrays_of_texts=True), [])[:50]]
    found = [leaf for document in parsed(values) if document is not None for leaf in leaves(document)]
    path = best_path(found)
    if path:
        return JsonExport(spread=b"\n" in head.strip(), path=path)
    return JsonExport(spread=True, path="?") if _LINE_IN_TEXT.search(head) and len(head) >= 1 << 20 else None


JSON_EXPORT = GuessedWrapper(
    NAME,
    detect,
    b'{"events":[{"timestamp":1795454929123,"message":"2026-11-23T17:28:49.062996Z\\tinfo\\tads\\tx","pod":"web-1"}]}\n',
)
