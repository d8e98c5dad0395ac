"""Every wrapper around the same log gives the same tables; what is bare stays bare."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unwrapping import DATA, HEAD, Notes, columns, events, logs, unwrapped
from wrapping import (
    CONTAINER,
    NAMESPACE,
    PODS,
    WRAPPERS,
    Wrapper,
    in_turn,
    lines_of,
    nanoseconds,
    stamp,
)

from istiolog_pd.formats.json_layouts import JSON_LAYOUTS
from istiolog_pd.formats.layout import JsonLayout, Layout
from istiolog_pd.formats.layouts import LAYOUTS
from istiolog_pd.sources.wrappers import LogStream, registry
from istiolog_pd.sources.wrappers._header import HEADER as HEADER_PATTERN


def trimmed(log: bytes) -> bytes:
    """A log as Loki's logcli prints it: blanks at the ends of lines are gone."""
    return b"".join(line.strip() + b"\n" for line in log.removesuffix(b"\n").split(b"\n"))


each_wrapper = pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)


@each_wrapper
def test_one_container(wrapper: Wrapper) -> None:
    """The bare log comes out, so its events too; each line's place, time and stream are told."""
    log = trimmed(logs()[0]) if "trimmed" in wrapper.says else logs()[0]
    lines = lines_of(logs()[0])
    raw = wrapper.write(lines)
    [(stream, text)], notes = unwrapped(raw)
    assert (stream.wrapper, stream.is_tool_output) == (wrapper.name, False)
    assert stream.pod == ("" if "one" in wrapper.says else PODS[0])
    assert stream.namespace == (NAMESPACE if "namespace" in wrapper.says else "")
    assert stream.container == (CONTAINER if stream.pod else "")
    assert events(text).equals(events(log))
    assert text == log
    found = columns(stream, text)
    assert found["received"] == [nanoseconds(line.n) if "time" in wrapper.says else None for line in lines]
    assert found["stream"] == ["stdout" if "stream" in wrapper.says else None] * len(lines)
    if not wrapper.says & {"parts", "spread"}:
        places = range(1, len(lines) + 1)
        assert found["line"] == list(places[::-1] if "newest" in wrapper.says else places)
    assert len(notes) == ("twice" in wrapper.says)


@each_wrapper
def test_two_containers_in_turn(wrapper: Wrapper) -> None:
    """Each container's lines are a stream of their own, in order; entries over several lines stay whole."""
    if "one" in wrapper.says:
        return
    both = [lines_of(log, pod) for log, pod in zip(logs(), PODS, strict=True)]
    found, _ = unwrapped(wrapper.write(in_turn(*both)))
    want = [trimmed(log) if "trimmed" in wrapper.says else log for log in logs()]
    if "newest" in wrapper.says:
        want = [(text, pod) for text, pod in zip(want, PODS, strict=True)]
        assert sorted((text, stream.pod) for stream, text in found) == sorted(want)
    else:
        assert [(text, stream.pod) for stream, text in found] == list(zip(want, PODS, strict=True))


@each_wrapper
@settings(max_examples=4)
@given(data=st.data())
def test_blocks_do_not_matter(wrapper: Wrapper, data: st.DataObject) -> None:
    """However the bytes come, the streams and what is said of their lines are the same."""
    raw = wrapper.write(in_turn(*(lines_of(log, pod)[:12] for log, pod in zip(logs(), PODS, strict=True))))
    raw = raw[: data.draw(st.integers(0, len(raw)), label="cut at")]
    lines = raw.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines)), label="a line that does not fit, at")
    raw = b"".join([*lines[:at], b"+ what is \xe2\x80\xba this?\n", *lines[at:]])
    size = data.draw(st.one_of(st.integers(1, 9), st.integers(1, max(len(raw), 1))), label="block")
    assert shown(*unwrapped(raw, size)) == shown(*unwrapped(raw))


def shown(found: list[tuple[LogStream, bytes]], notes: Notes) -> object:
    """All that there is to see of some streams."""
    return [
        (s.wrapper, s.namespace, s.pod, s.container, s.is_tool_output, text, s.metadata and columns(s, text))
        for s, text in found
    ], sorted(notes)


# ---- what is bare stays bare ----


@pytest.mark.parametrize("log", sorted(DATA.glob("*/*.log*")), ids=lambda path: path.relative_to(DATA).as_posix())
def test_real_log_is_bare(log: Path) -> None:
    """Its blocks are given on as they are."""
    raw = gzip.decompress(log.read_bytes()) if log.suffix == ".gz" else log.read_bytes()
    for begin in (0, raw.index(b"\n") + 1, len(raw) // 2):
        [(stream, text)], notes = unwrapped(raw[begin:])
        assert (stream.wrapper, stream.metadata, text, notes) == ("", None, raw[begin:], [])


LOOKS_WRAPPED = {
    "a time in the message": HEAD + stamp(1) + " stdout F x",
    "no scope": "2026-11-23T17:28:49.062996Z\tinfo\t2026-11-23T17:28:49.062996Z\tinfo\tads\tx",
    "blanks for tabs": "2026-11-23T17:28:49.062996Z info ads x",
    "a prefix in the message": HEAD + f"[pod/a/b] {HEAD}x",
    "an Envoy line": "[2018-12-24 16:27:52.484][18][info][main] [pod/a/b] x",
    "an access log": '[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 -',
    "Istio's JSON": json.dumps(
        {"level": "info", "time": "2026-11-23T17:28:49.062996Z", "msg": "x", "stream": "stdout"}
    ),
    "Stackdriver's": json.dumps({"severity": "Info", "timestamp": stamp(1), "logger": "ads", "message": "x"}),
    "a JSON access log": json.dumps({"start_time": stamp(1), "response_code": 200, "message": "x"}),
    "a GC line with an entry in it": f"gc 12 @0.012s {HEAD}x",
    "text": "three plain words",
    "a stack": "goroutine 1 [running]:",
    "a brace": "{",
    "a bracket": "[",
    "an object": '{"a": 1}',
    "nothing": "",
}


@pytest.mark.parametrize("line", LOOKS_WRAPPED.values(), ids=LOOKS_WRAPPED)
def test_what_looks_wrapped_is_bare(line: str) -> None:
    """Alone, many times, and before lines that are certainly bare, even if later lines look wrapped."""
    raw = f"{line}\n".encode()
    wrapped = WRAPPERS["CRI"].write(lines_of(b"a\nb"))
    for text in (raw, raw[:-1], raw * 60, raw + HEAD.encode() + b"x\n" + wrapped):
        [(stream, found)], notes = unwrapped(text)
        assert (stream.wrapper, found, notes) == ("", text, [])


@pytest.mark.parametrize("wrapper", registry.WRAPPERS, ids=lambda wrapper: wrapper.name)
def test_sample(wrapper: registry.Wrapper) -> None:
    """Each wrapper's own sample is detected, and what is left of it are entries."""
    found, notes = unwrapped(wrapper.sample)
    assert {stream.wrapper for stream, _ in found} == {wrapper.name}
    assert notes == []
    texts = [text for stream, text in found if not stream.is_tool_output]
    assert all(re.match(rb'(\{"level":"info","time":")?2026-11-23T17:28:4\d(\.\d+)?Z["\t]', text) for text in texts)
    assert len(texts) == (2 if wrapper.name == "bug-report" else 1)


@pytest.mark.parametrize("layout", [*LAYOUTS, *JSON_LAYOUTS], ids=lambda layout: layout.name)
def test_every_layout_is_known_to_be_bare(layout: Layout | JsonLayout) -> None:
    """A header layout that is added must be known here too."""
    if not layout.clock or layout.name == "Go log":  # text without a time; what logcli says itself begins so too
        return
    assert re.match(HEADER_PATTERN, layout.example.encode())


def test_empty_source() -> None:
    """One stream without a block in it."""
    [(stream, text)], _ = unwrapped(b"")
    assert (stream.wrapper, text) == ("", b"")
