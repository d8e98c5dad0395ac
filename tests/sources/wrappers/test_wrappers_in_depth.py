"""Wrappers in depth: lines cut into parts, damage, files of several logs, shippers, memory."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from unwrapping import HEAD, columns, events, logs, unwrapped
from wrapping import (
    CONTAINER,
    NAMESPACE,
    PODS,
    WRAPPERS,
    Line,
    bug_report,
    cloud_entry,
    cluster_info,
    in_turn,
    lines_of,
    nanoseconds,
    stamp,
)

from istiolog_pd.sources.wrappers import unwrap


def told(raw: bytes) -> str:
    """The wrapper that some bytes are taken to have."""
    return next(unwrap(iter([raw]), lambda line, what: None)).wrapper


# ---- lines cut into parts ----


@pytest.mark.parametrize("name", ["CRI, parts", "docker, parts"])
def test_parts_of_both_streams(name: str) -> None:
    """Parts join per stream, each line at the place of its first part."""
    out, err = Line(1, "o" * 100), Line(2, "e" * 100, stream="stderr")
    one, two, three, four = WRAPPERS[name].write([out, err]).splitlines(keepends=True)
    [(stream, text)], notes = unwrapped(one + three + four + two)
    assert text.decode().split() == [out.text, err.text]
    assert columns(stream, text) == {
        "line": [1, 2],
        "received": [nanoseconds(1), nanoseconds(2)],
        "stream": ["stdout", "stderr"],
    }
    assert notes == []
    assert two


@pytest.mark.parametrize("name", ["CRI, parts", "docker, parts"])
def test_last_part_is_missing(name: str) -> None:
    """The line ends where it is, and that is noted; a last line of the source is left without its end."""
    out, err = Line(1, "o" * 100), Line(2, "e", stream="stderr")
    first = WRAPPERS[name].write([out]).splitlines(keepends=True)[0]
    [(_, text)], notes = unwrapped(first + WRAPPERS[name].write([err]))
    assert text == b"o" * 60 + b"\ne\n"
    [(_, alone)], _ = unwrapped(first)
    assert alone == b"o" * 60
    assert notes == [(1, "a line in parts whose last part is missing")]


def test_line_in_very_many_parts() -> None:
    """It is ended at a bound, in time in proportion to its length."""
    part = f"{stamp(1)} stdout P {'x' * 16384}\n".encode()
    found, notes = unwrapped(part * 1300)
    assert sum(text.count(b"x") for _, text in found) == 1300 * 16384
    assert 1 <= len(notes) <= 2


# ---- damage, and the wrapper's own words ----


def test_line_without_the_prefix() -> None:
    """It stays in the log that it stands in, as a line of its own, and is noted."""
    raw = WRAPPERS["kubectl --prefix"].write(in_turn(lines_of(b"a\nb\nc", "p"), lines_of(b"x\ny\nz", "q")))
    one, two, *rest = raw.splitlines(keepends=True)
    found, notes = unwrapped(b"".join([one, two, b"broken [2\n", *rest]))
    assert [(stream.pod, text) for stream, text in found] == [("p", b"a\nb\nc\n"), ("q", b"x\nbroken [2\ny\nz\n")]
    assert notes == [(3, "a line without the kubectl prefix that the others have: kept as text")]


def test_first_line_is_cut() -> None:
    """The tail of a file is told too."""
    raw = WRAPPERS["CRI"].write(lines_of(logs()[0]))[40:]
    [(stream, text)], notes = unwrapped(raw)
    assert stream.wrapper == "CRI"
    assert text.split(b"\n")[1:] == logs()[0].split(b"\n")[1:]
    assert [line for line, _ in notes] == [1]


def test_cut_record() -> None:
    """A last record that is cut is kept as text."""
    raw = WRAPPERS["docker"].write(lines_of(b"a\nb"))
    [(_, text)], notes = unwrapped(raw[:-20])
    assert text == b"a\n" + raw.splitlines()[1][:-19] + b"\n"
    assert notes == [(2, "a line that is no docker record: kept as text")]


def test_bytes_that_are_no_utf8() -> None:
    """They are kept as they are, in a record too."""
    raw = WRAPPERS["docker"].write(lines_of(b"a\nXX\nb")).replace(b"XX", b"\xff\xfe")
    assert unwrapped(raw)[0][0][1] == b"a\n\xff\xfe\nb\n"


def test_half_a_surrogate_pair() -> None:
    """It is text that no encoding has."""
    raw = WRAPPERS["docker"].write(lines_of(b"a\nXX\nb")).replace(b"XX", rb"\ud800")
    assert unwrapped(raw)[0][0][1] == b"a\n?\nb\n"


def test_stern_says_what_it_follows() -> None:
    """Its own lines, which it writes to stderr, are no log."""
    lines = WRAPPERS["stern -A"].write(lines_of(f"{HEAD}x\n{HEAD}y".encode()))
    talk = f"+ {NAMESPACE} {PODS[0]} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {CONTAINER}\n".encode()
    found, notes = unwrapped(talk + lines + talk.replace(b"+", b"-"))
    assert [stream.is_tool_output for stream, _ in found] == [False, True]
    assert found[1][1] == talk + talk.replace(b"+", b"-")
    assert columns(*found[1])["line"] == [1, 4]
    assert notes == []


def test_what_kubectl_says() -> None:
    """Which container it chose is no log, before a wrapped log; a bare log stays bare with it."""
    talk = b'Defaulted container "discovery" out of: discovery, istio-proxy\n'
    found, notes = unwrapped(talk + WRAPPERS["kubectl --timestamps"].write(lines_of(logs()[0])))
    assert [(text, stream.is_tool_output) for stream, text in found] == [(logs()[0], False), (talk, True)]
    assert notes == []
    assert told(talk + logs()[1]) == ""


def test_times_in_seconds() -> None:
    """Fluent Bit's `date` is a number of seconds."""
    record = {"date": 1795454857.25, "log": f"{HEAD}x", "stream": "stdout"}
    [(stream, text)], _ = unwrapped(json.dumps(record).encode())
    assert columns(stream, text)["received"] == [1795454857_250_000_000]


def test_labels_that_logcli_prints_once() -> None:
    """Common labels are the labels of every line."""
    talk = f'2026/11/23 17:27:37 Common labels: {{pod="{PODS[0]}", namespace="{NAMESPACE}"}}\n'
    lines = "".join(f'{stamp(n)} {{container="{CONTAINER}", stream="stderr"}} {HEAD}x\n' for n in range(3))
    (log, text), (said, _) = unwrapped((talk + lines).encode())[0]
    assert (log.namespace, log.pod, log.container, said.is_tool_output) == (NAMESPACE, PODS[0], CONTAINER, True)
    assert columns(log, text)["stream"] == ["stderr"] * 3


def test_windows_line_ends() -> None:
    """They stay; nothing of them is in a name or a time."""
    raw = WRAPPERS["kubectl --prefix --timestamps"].write(lines_of(logs()[0])).replace(b"\n", b"\r\n")
    [(stream, text)], notes = unwrapped(raw)
    assert (stream.pod, notes) == (PODS[0], [])
    assert text == logs()[0].replace(b"\n", b"\r\n")


# ---- files of several logs ----


def test_cluster_info() -> None:
    """A stream for each container; the objects between them are the dump's own."""
    raw = cluster_info(dict(zip(PODS, logs(), strict=True)))
    found, notes = unwrapped(raw)
    assert [(s.wrapper, s.namespace, s.pod, s.container, s.is_tool_output) for s, _ in found[:2]] == [
        ("cluster-info dump", NAMESPACE, pod, CONTAINER, False) for pod in PODS
    ]
    assert [text for _, text in found[:2]] == list(logs())
    assert found[2][0].is_tool_output
    assert notes == []
    lines = raw.split(b"\n")
    stream, text = found[1]
    assert [lines[n - 1] for n in columns(stream, text)["line"]] == text.removesuffix(b"\n").split(b"\n")


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_cluster_info_in_a_file(size: int) -> None:
    """END may stand behind a last line that has no end; one may be missing."""
    raw = (
        b"==== START logs for container istio-init of pod shop/web-1 ====\n"
        b"==== END logs for container istio-init of pod shop/web-1 ====\n"
        b"==== START logs for container a of pod shop/web-1 ====\none\ntwo==== END logs for container a of pod shop/web-1 ====\n"
        b"==== START logs for container b of pod shop/web-1 ====\n==== END logs for container a of pod shop/web-1 ====\nthree\n"
    )
    found, notes = unwrapped(raw, size)
    assert [(s.container, text) for s, text in found] == [
        ("istio-init", b""),
        ("a", b"one\ntwo"),
        ("b", b"==== END logs for container a of pod shop/web-1 ====\nthree\n"),
    ]
    assert notes == [(6, "the END line of this log is missing")]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_bug_report(size: int) -> None:
    """The previous log comes first, though it stands behind the current one."""
    raw = bug_report(b"current\nlog\n", b"previous\nlog\n")
    found, _ = unwrapped(raw, size)
    assert [(s.wrapper, text, columns(s, text)["line"]) for s, text in found] == [
        ("bug-report", b"previous\nlog\n", [9, 10]),
        ("bug-report", b"current\nlog\n", [3, 4]),
    ]


def test_bug_report_of_real_logs() -> None:
    """Their events are those of the two logs."""
    found, _ = unwrapped(bug_report(*logs()))
    assert [text for _, text in found] == list(logs()[::-1])


ISTIO = {"level": "warn", "time": "2026-11-23T17:28:49.062996Z", "scope": "ads", "msg": "ADS: x", "n": 1}

NAMES = {"pod_name": "p", "namespace_name": "n", "container_name": "c"}


def without(record: dict[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in record.items() if key not in keys}


MERGED = {
    "Fluent Bit": {"@timestamp": ISTIO["time"], "kubernetes": NAMES, "stream": "stdout", **without(ISTIO, "time")},
    "Fluent Bit, both": {"date": 1.5, "kubernetes": NAMES, "log": json.dumps(ISTIO), **ISTIO},
    "Cloud Logging": {
        "jsonPayload": without(ISTIO, "time", "level"),
        "timestamp": ISTIO["time"],
        "severity": "WARN",
        "insertId": "1",
        "resource": {"labels": NAMES},
    },
    "Filebeat": {"@timestamp": ISTIO["time"], "json": ISTIO, "kubernetes.pod.name": "p", "agent": {}},
    "stern": {"pod": "p", "container": "c", "message": ISTIO},
}

# ---- what shippers make of a JSON log ----


@pytest.mark.parametrize("name", MERGED)
def test_merged_json(name: str) -> None:
    """The line that the shipper took apart is put together again."""
    [(stream, text)], notes = unwrapped(json.dumps(MERGED[name]).encode() + b"\n")
    assert (stream.wrapper, stream.pod, notes) == (name.split(",")[0], "p", [])
    row = events(text).to_pylist()[0]
    assert {key: row[key] for key in ("level", "scope", "message")} == {
        "level": "warn",
        "scope": "ads",
        "message": "ADS: x\tn=1",
    }
    assert str(row["timestamp"]).startswith("2026-11-23 17:28:49.062996")


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_cloud_logging_array(indent: int | None) -> None:
    """However it is printed; oldest first it stays as it is."""
    lines = lines_of(logs()[0])[:40]
    raw = json.dumps([cloud_entry(line) for line in lines], indent=indent).encode()
    for size in (100, 1 << 20):
        [(stream, text)], notes = unwrapped(raw, size)
        assert text.decode().splitlines() == [line.text for line in lines]
        assert notes == []
    if indent == 2:
        first = columns(stream, text)["line"][0]
        assert first == 2


def test_array_that_is_cut() -> None:
    """The rest is kept as text."""
    raw = json.dumps([cloud_entry(line) for line in lines_of(b"a\nb\nc")], indent=1).encode()
    [(_, text)], notes = unwrapped(raw[:-30])
    assert text.startswith(b"a\nb\n{")
    assert len(notes) == 1


def blocks_of(write: str, count: int) -> Iterator[bytes]:
    """A long source, made as it is read."""
    piece = WRAPPERS[write].write(lines_of(logs()[0]))
    for _ in range(count):
        yield piece


# ---- memory ----


@pytest.mark.parametrize("name", ["CRI", "kubectl --prefix", "docker", "CRI in Loki"])
def test_one_container_is_never_held(name: str) -> None:
    """Its blocks come while the source is read; marks can be forgotten."""
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for block in blocks_of(name, 12):
            read += 1
            yield block

    stream = next(unwrap(counted(), lambda line, what: None))
    assert stream.metadata is not None
    done = 0
    for number, block in enumerate(stream.blocks, 1):
        assert read <= number + 5
        lines = np.arange(done + 1, done + block.count(b"\n") + 1)
        assert stream.metadata.columns(lines)["line"].to_pylist() == lines.tolist()
        done = int(lines[-1])
        stream.metadata.forget(done + 1)
        stream.metadata.forget(done + 1)  # a second time does nothing
    assert done == 12 * 250
    with pytest.raises(ValueError, match="lines 1 to 1"):
        stream.metadata.columns(np.array([1]))
