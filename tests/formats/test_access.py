"""Access lines in Istio's own formats, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from access_rows import FORMATS, HTTP, KEYS, TEXTS, TIME, own, read, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

#: The same for a connection: what it lacks is `-`.
TCP = {name: ("-", None) for name in HTTP} | {
    name: HTTP[name] for name in ("start_time", "bytes_received", "bytes_sent", "duration", "upstream_host", "cluster")
}
TCP["response_code"] = ("0", 0)

PARTS = {
    "cluster_direction": "outbound",
    "cluster_port": 8000,
    "cluster_subset": "v1",
    "cluster_host": "httpbin.shop.svc.cluster.local",
}


def expected(name: str, sample: Mapping[str, tuple[str, object]]) -> dict[str, object]:
    """The columns that a line of a format gives."""
    values = {row["column"]: sample[row["column"]][1] for row in FORMATS[name]}
    values |= PARTS if values.get("cluster") else {}
    return {column: value for column, value in values.items() if value is not None}


# ---- Istio's own formats ----


@pytest.mark.parametrize("sample", [HTTP, TCP], ids=["http", "tcp"])
@pytest.mark.parametrize("name", TEXTS)
def test_default_text(name: str, sample: dict[str, tuple[str, object]]) -> None:
    """Every version's text, for requests and connections: each operator in its column, the line whole."""
    line = text_of(name, {column: text for column, (text, _) in sample.items()})
    (row,) = read(line)
    assert own(row) == expected(name, sample)
    assert (row["event"], row["component"], row["message"]) == ("access", "envoy", line)
    assert row["timestamp"] == "2019-03-06T09:31:27.360000+00:00"


@pytest.mark.parametrize(
    ("request_line", "method", "path", "protocol"),
    [
        ('"GET / HTTP/2"', "GET", "/", "HTTP/2"),
        ('"- - HTTP/1.1"', None, None, "HTTP/1.1"),
        ('"GET /x -"', "GET", "/x", None),
        ('"M-SEARCH /a" HTTP/1.0"', "M-SEARCH", '/a"', "HTTP/1.0"),
        ('"- - -"', None, None, None),
    ],
)
def test_request_line(request_line: str, method: str | None, path: str | None, protocol: str | None) -> None:
    """Any part of a request line can be missing."""
    line = text_of("text-1.23", {column: text for column, (text, _) in TCP.items()}).replace('"- - -"', request_line)
    (row,) = read(line)
    assert (row.get("method"), row.get("path"), row.get("protocol")) == (method, path, protocol)
    assert row["response_code"] == 0


@pytest.mark.parametrize("user_agent", ['x" "y', '" "0" "1.2.3.4:5" a b c d e f', "x\t" + '" "' * 9])
def test_a_user_agent_without_an_end(user_agent: str) -> None:
    """A client's text that looks like more fields never ends up in another column: the line stays whole."""
    line = text_of("text-1.23", {column: text for column, (text, _) in HTTP.items()} | {"user_agent": user_agent})
    (row,) = read(line)
    assert (row["event"], row["message"], own(row)) == ("access", line, {})


def test_a_line_of_no_known_format_is_its_message() -> None:
    """The layout says that it is an access line, and nothing says what its fields are."""
    (row,) = read(f'[{TIME}] "GET /x HTTP/1.1" 200 custom=1')
    assert (row["event"], own(row)) == ("access", {})
    assert row["timestamp"] == "2019-03-06T09:31:27.360000+00:00"


# ---- JSON ----


@given(st.permutations(sorted(KEYS)), st.booleans())
@settings(max_examples=6)
def test_json_in_any_order(keys: list[str], numbers: bool) -> None:
    """Every key of Istio's JSON form; numbers are numbers, or text as in older Envoy."""
    fields: dict[str, object] = {key: HTTP[KEYS[key]][0] for key in keys}
    if numbers:
        fields |= {key: int(text) for key, text in fields.items() if isinstance(text, str) and text.isdigit()}
    line = json.dumps(fields)
    (row,) = read(line)
    assert own(row) == expected("json", HTTP)
    assert (row["event"], row["message"]) == ("access", line)
    assert row["timestamp"] == "2019-03-06T09:31:27.360000+00:00"


@pytest.mark.parametrize("nothing", ["null", '"-"', '""', "{}"])
def test_json_null(nothing: str) -> None:
    """A key with nothing in it is a null."""
    keys = ",".join(f'"{key}":{nothing}' for key in KEYS if key != "start_time")
    (row,) = read(f'{{"start_time":"{TIME}",{keys}}}')
    assert (row["event"], own(row)) == ("access", {})


def test_json_of_1_1_prints_its_time_as_method_too() -> None:
    """A fault of 1.1.0: a time is no method."""
    (row,) = read(f'{{"start_time":"{TIME}","method":"{TIME}","path":"/x"}}')
    assert own(row) == {"path": "/x"}


def test_json_key_twice() -> None:
    """The first counts."""
    (row,) = read(f'{{"start_time":"{TIME}","path":"/a","path":"/b"}}')
    assert own(row) == {"path": "/a"}
