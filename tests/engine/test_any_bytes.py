"""Any bytes at all, and time in proportion to the text."""

from __future__ import annotations

import gzip
import io
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from damaged import HEAD, ONE, TWO, read
from hypothesis import example, given, settings
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.engine.reference.entries import Entries
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.json_layouts import JSON_LAYOUTS

#: How long any of these may take (of the processor): a few seconds where the input is 20 MB, far less elsewhere.
SECONDS = 10.0


def quickly(raw: bytes) -> tuple[pd.DataFrame, list[str]]:
    """The same, in time."""
    start = time.process_time()
    found = read(raw)
    assert time.process_time() - start < SECONDS
    return found


HOSTILE = {
    "one line of 20 MB": HEAD + b"x" * 20_000_000,
    "text of 20 MB without a header": b"x" * 20_000_000,
    "numbers": HEAD + b"1 " * 2_500_000,
    "a push line": HEAD + b"CDS: PUSH for node:" + b"a" * 2_000_000,
    "labels": HEAD + b"x\t" + b"a=1 " * 500_000,
    "a rejection": HEAD + b"ADS:LDS: ACK ERROR a.b-1 Internal:" + b"listener code = " * 200_000,
    "50,000 headers in a line": b"2026-11-23T17:28:49.062996Z\tinfo\t" * 50_000,
    "a GC line begun before headers": b"gc 1 @" + b"2026-11-23T17:28:49.062996Z\tinfo\t" * 20_000,
    "GC lines begun in a line": b"gc 1 @" * 500_000,
    "GC lines begun": b"gc 1 @\n" * 30_000,
    "GC lines begun, digits": b"gc 1 @\n" + b"1\n" * 100_000,
    "GC lines at the end of a line": HEAD
    + b"gc 1 @0.1s 1%: 1+1+1 ms clock, 1 ms cpu, 1->1->1 MB, 1 MB goal, 1 P" * 40_000,
    "proto text, quotes never closed": HEAD + b"ADS:CDS: REQ 1.2.3.4:1 a~b~c~d-1 1us raw: node:" + b'<key:"' * 100_000,
    "proto text, deep": HEAD + b"ADS:CDS: REQ 1.2.3.4:1 a~b~c~d-1 1us raw: node:" + b"<key:" * 100_000,
    "proto text, blanks": HEAD + b"ADS:CDS: REQ 1.2.3.4:1 a~b~c~d-1 1us raw: node:<a:" + b" " * 1_000_000,
    "brackets": HEAD + b"[" * 1_000_000,
    "endpoints, deep": HEAD + b"Handle EDS endpoint a in namespace b -> " + b"[{" * 500_000,
    "quotes": HEAD + b'"\\' * 1_500_000,
    "JSON, deep": b'{"level":"info","time":"2020-01-01T00:00:03Z","msg":' + b"[" * 3_000_000,
    "JSON that Envoy did not escape": b'{"level":"info","time":"t","scope":"s","msg":"' + b'","caller":"' * 100_000,
    "dots and colons": b"[2018-12-24 16:27:52.484][1][info][main] [" + b"a:1" * 1_000_000,
    "Go files": HEAD + b"a.go:1" * 500_000,
    "tabs": b"2020-01-01T00:00:03Z\tinfo" + b"\t" * 3_000_000,
    "blanks for tabs": b"2020-01-01T00:00:03Z info" + b" " * 3_000_000 + b"a=b",
    "empty lines": b"\n" * 300_000,
    "bytes that are no UTF-8": (b"\xff" * 100 + b"\n") * 20_000,
}

# ---- time in proportion to the text: whether it is so a benchmark says; here only that it is not endless ----


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_hostile_line_takes_no_longer_than_its_length_allows(line: bytes) -> None:
    """The rows before and after it are there, in time."""
    table, _ = quickly(ONE + line + b"\n" + TWO)
    assert table["message"].iloc[-1] == "ADS: two"
    assert table["message"].iloc[0].startswith("ADS: one")


@cache
def real_lines() -> tuple[bytes, ...]:
    """A line of each event of each real log, and the example of each format, as they are written to a file."""
    found = []
    for log in sorted((Path(__file__).parents[2] / "data").glob("*/*.log*")):
        if log.parent.name.startswith("synthetic"):
            continue  # nothing that the real ones do not have
        raw = gzip.decompress(log.read_bytes()) if log.suffix == ".gz" else log.read_bytes()
        table = il.read_logs(io.BytesIO(raw)).drop_duplicates("event")
        lines = raw.split(b"\n")
        found += [lines[line - 1] for line in table["line"]]
    for entry in FORMATS:
        scope = entry.scope.split()[0].replace("default", "")
        if entry.component == "envoy":
            head = f"[2019-06-01 00:00:00.000][18][info][{scope or 'main'}] [a/b.cc:1] "
        else:
            head = "\t".join(["2020-01-01T00:00:03.000003Z", entry.level.split()[0], *filter(None, [scope]), ""])
        found.append((head + entry.example).encode())
    return tuple(found)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A few real lines, and what can happen to them."""
    raw = b"\n".join(draw(st.lists(st.sampled_from(real_lines()), min_size=1, max_size=6)))
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=4)):
        a, b = sorted((draw(st.integers(0, len(raw))), draw(st.integers(0, len(raw)))))
        raw = change(raw, a, b, draw(st.binary(max_size=8)))
    return raw


Change = Callable[[bytes, int, int, bytes], bytes]

CHANGES: tuple[Change, ...] = (
    lambda raw, a, b, new: raw[:a],  # cut
    lambda raw, a, b, new: raw[a:],
    lambda raw, a, b, new: raw[:a] + raw[b:],
    lambda raw, a, b, new: raw[:a] + new + raw[a + len(new) :],  # flipped
    lambda raw, a, b, new: raw[:a] + new + raw[a:],
    lambda raw, a, b, new: raw[:b] + raw[a:],  # spliced
    lambda raw, a, b, new: raw[:a] + raw[b:] + raw[a:b],
    lambda raw, a, b, new: raw[:a] + raw[a : a + 1] * 50 + raw[a:],
    lambda raw, a, b, new: raw.replace(b"\n", b"\r\n"),
    lambda raw, a, b, new: raw.replace(b"\t", b"    "),
    lambda raw, a, b, new: raw.replace(b"\t", b" "),
    lambda raw, a, b, new: raw.replace(b" ", b"\n", 1),
    lambda raw, a, b, new: raw.replace(b"\n", b""),
    lambda raw, a, b, new: re.sub(rb"[0-9]+", lambda _: new, raw, count=3),
    lambda raw, a, b, new: raw + b"\n",
)


def text_of(raw: bytes) -> list[str]:
    """The lines of some bytes, as the reader shows them: bytes that are no UTF-8 as their escapes."""
    lines = raw.split(b"\n")
    return [line.removesuffix(b"\r").decode(errors="backslashreplace") for line in lines]


def adds_up(raw: bytes) -> None:
    """Whether the entries' text is the text read, except line ends and empty lines."""
    entries = list(Entries(Lines([raw])))
    put_together = {layout.name for layout in JSON_LAYOUTS}
    if any(entry.layout in put_together for entry in entries):
        return  # of an object's keys
    found = "".join(entry.prefix + entry.message for entry in entries).replace("\n", "")
    assert Counter(found) == Counter("".join(text_of(raw)))
    if all(entry.takes_lines for entry in entries):
        assert found == "".join(text_of(raw))


def reads(raw: bytes) -> None:
    """Whether reading raises nothing but `NoLogError`, and gives a row for each entry."""
    try:
        table, found = read(raw)
    except il.NoLogError as error:
        assert "bad.log" in str(error)
        return
    assert table["line"].is_monotonic_increasing
    assert table["message"].notna().all()
    assert all(re.match(r"bad\.log:\d+: ", text) for text in found)


# ---- any bytes at all ----


@settings(max_examples=50)
@given(raw=st.binary(max_size=200))
@example(b"# HELP ")
@example(b"\x1f\x8b")
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00\xd8")
@example(b"{")
@example(b'{"node":{"id":"x"}}')
@example(b"[" * 5000)
def test_any_bytes(raw: bytes) -> None:
    """Nothing but `NoLogError`, and no text is lost."""
    reads(raw)
    adds_up(raw)


@settings(max_examples=50)
@given(raw=mutated())
@example(ONE + b"gc 1 @" + TWO + b"0.1s 1%: 1+1 ms clock, 1 ms cpu, 1->1->1 MB, 1 MB goal, 1 P\n")
@example(ONE[:-1] + b"gc 1 @0.1s 1%: 1+1 ms clock, 1 ms cpu, 1->1->1 MB, 1 MB goal, 1 P\n" + TWO)
def test_mutated_lines(raw: bytes) -> None:
    """Nothing but `NoLogError`, and no text is lost."""
    reads(raw)
    adds_up(raw)


@settings(max_examples=40)
@given(
    keys=st.dictionaries(
        st.sampled_from(("level", "time", "scope", "msg", "stack", "severity", "timestamp", "message", "type", "id")),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.sampled_from(("info", "2020-01-01T00:00:03Z", "2020-01-01T00:00:0", "envoy main", "ads", "CDS")),
            st.text(st.characters(codec="utf-8"), max_size=40),
            st.lists(st.integers(), max_size=3),
        ),
    ),
    cut=st.integers(0, 40),
)
def test_any_json(keys: dict[str, object], cut: int) -> None:
    """An object with a header's keys, whatever their values; whole or cut."""
    line = json.dumps(keys).encode()
    reads(ONE + line[: len(line) - cut] + b"\n" + TWO)


@given(raw=mutated(), ends=st.lists(st.integers(0, 2000), max_size=5))
def test_blocks_do_not_matter(raw: bytes, ends: list[int]) -> None:
    """However the bytes come, the entries are the same."""
    cuts = sorted({0, len(raw), *(end for end in ends if end < len(raw))})
    lines, whole = Lines([raw[a:b] for a, b in pairwise(cuts)]), Lines([raw] if raw else [])
    assert [(e.line, e.layout, e.message) for e in Entries(lines)] == [
        (e.line, e.layout, e.message) for e in Entries(whole)
    ]
    assert (lines.count, lines.complete, lines.damage) == (whole.count, whole.complete, whole.damage)
