"""Damaged, hostile and empty input: a clear error where there is nothing to read, else a warning and every good row.

Whatever the bytes are, reading them raises nothing but `NoLogError`, takes time in proportion to their
number, and the text of the entries adds up to the text that was read.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.engine.reference.entries import Entries
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.layouts import JSON_LAYOUTS

ONE = b"2020-01-01T00:00:01.000001Z\tinfo\tads\tADS: one\n"
TWO = b"2020-01-01T00:00:02.000002Z\tinfo\tads\tADS: two\n"
HEAD = b"2020-01-01T00:00:03.000003Z\tinfo\tads\t"
JSON = b'{"level":"info","time":"2020-01-01T00:00:03.000003Z","scope":"ads","msg":"ADS: three"}\n'

#: How long any of these may take (of the processor): a few seconds where the input is 20 MB, far less elsewhere.
SECONDS = 10.0


def read(raw: bytes, name: str = "bad.log") -> tuple[pd.DataFrame, list[str]]:
    """The rows of some bytes, and the warnings about them."""
    file = io.BytesIO(raw)
    file.name = name
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = il.read_logs(file)
    assert all(warning.category is il.DamageWarning for warning in caught)
    return table, [str(warning.message) for warning in caught]


def quickly(raw: bytes) -> tuple[pd.DataFrame, list[str]]:
    """The same, in time."""
    start = time.process_time()
    found = read(raw)
    assert time.process_time() - start < SECONDS
    return found


# ---- nothing to read ----


def test_empty_file(tmp_path: Path) -> None:
    """The error names the file, and says that it is empty."""
    (tmp_path / "empty.log").touch()
    with pytest.raises(il.NoLogError, match=r"empty\.log: it is empty"):
        il.read_logs(tmp_path / "empty.log")


@pytest.mark.parametrize("raw", [b"\n", b"\r\n\r\n", gzip.compress(b"")], ids=["newline", "CRLF", "gzip"])
def test_nothing_but_line_ends(raw: bytes) -> None:
    """An empty file in other words."""
    with pytest.raises(il.NoLogError, match=r"bad\.log: it is empty"):
        read(raw)


@pytest.mark.parametrize("raw", [bytes(range(256)) * 40, b"\x7fELF\x02\x01\x01" + b"\0" * 9, b"\0"])
def test_binary_file(raw: bytes) -> None:
    """The error names the file, and asks whether it is the right one."""
    with pytest.raises(il.NoLogError, match=r"bad\.log: .*binary.*right file"):
        read(raw)


def test_folder_without_logs(tmp_path: Path) -> None:
    """The error says what files are looked for."""
    (tmp_path / "readme.txt").write_text("no log")
    with pytest.raises(il.NoLogError, match=rf"{re.escape(str(tmp_path))}: a folder with no log in it .*\*\.log"):
        il.load(tmp_path)


@pytest.mark.parametrize("name", ["gone.log", "no/such/folder", "*.log", "**/*.gz"])
def test_path_that_is_not_there(name: str, tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / name))):
        il.load(tmp_path / name)


@pytest.mark.parametrize("sources", [(), ([],), (iter(()),)])
def test_no_source(sources: tuple[Any, ...]) -> None:
    """The error says what to name."""
    with pytest.raises(il.NoLogError, match="name at least one log file, folder or glob"):
        il.load(*sources)


def test_one_bad_source_among_good_ones(tmp_path: Path) -> None:
    """The others are read, and a warning says which was not."""
    (tmp_path / "a.log").write_bytes(b"")
    (tmp_path / "b.log").write_bytes(ONE)
    (tmp_path / "c.log").write_bytes(b"\0\1\2")
    with pytest.warns(il.DamageWarning) as caught:
        capture = il.load(tmp_path)
    assert [re.sub(".*/", "", str(warning.message)).split(": ")[0] for warning in caught] == ["a.log", "c.log"]
    assert capture.n_entries == 1
    assert capture.sources["source"].tolist() == [str(tmp_path / "b.log")]


# ---- damage, and every other row ----


@pytest.mark.parametrize(
    ("raw", "rows", "warning"),
    [
        (ONE + TWO[:-10], [1, 2], r"bad\.log:2: .*it may be cut"),
        (ONE + b"a\0b\n" + TWO, [1, 3], r"bad\.log:2: NUL bytes"),
        (ONE + HEAD + b"\0\n" + TWO, [1, 2, 3], r"bad\.log:2: NUL bytes"),
        (ONE + HEAD + b"caf\xe9 \xff\n" + TWO, [1, 2, 3], r"bad\.log:2: .*no UTF-8"),
        (ONE + HEAD + b"\xff\n" * 3 + TWO, [1, 2, 5], r"bad\.log:2: .*no UTF-8.*3 lines"),
        (JSON + JSON[:-9] + b"\n" + JSON, [1, 2, 3], r"bad\.log:2: a broken JSON line"),
        (ONE + JSON[:-9] + b"\n" + TWO, [1, 3], r"bad\.log:2: a broken JSON line"),
        (
            JSON + b'{"level":"info","msg":' + b"[" * 100_000 + b"\n" + JSON,
            [1, 2, 3],
            r"bad\.log:2: a broken JSON line",
        ),
        (gzip.compress(ONE + TWO)[:-4], [1, 2], r"bad\.log:2: the gzip data ends too early"),
        (gzip.compress(ONE + TWO) + b"garbage", [1, 2], r"bad\.log:2: the gzip data is broken.*the rest is lost"),
        (b"no log at all\nand nothing else\n", [1, 2], r"bad\.log:1: no line of it looks like a log"),
    ],
    ids=[
        "cut in a line",
        "NUL bytes",
        "NUL in an entry",
        "no UTF-8",
        "no UTF-8, three lines",
        "broken JSON",
        "broken JSON in text",
        "deep and broken JSON",
        "gzip cut in its trailer",
        "garbage after gzip",
        "no log",
    ],
)
def test_damage_is_named_once(raw: bytes, rows: list[int], warning: str) -> None:
    """One warning with source and line; the rows before and after are there."""
    table, found = read(raw)
    assert table["line"].tolist() == rows
    assert len(found) == 1
    assert re.match(warning, found[0])


def test_damage_is_in_the_capture() -> None:
    """Where a report can find it."""
    with pytest.warns(il.DamageWarning, match=r"^<BytesIO>:2: NUL bytes$"):
        capture = il.load(io.BytesIO(ONE + b"\0\n" + TWO))
    assert capture.sources["damage"].tolist() == ["NUL bytes"]
    assert "damaged: NUL bytes" in repr(capture)


def test_bytes_that_are_no_utf_8_are_kept() -> None:
    """As their escapes, in the message."""
    table, _ = read(ONE + HEAD + b"caf\xe9 \xe2\x82\n" + TWO)
    assert table["message"].tolist() == ["ADS: one", r"caf\xe9 \xe2\x82", "ADS: two"]


def test_last_line_without_its_end() -> None:
    """If it is a known one it is whole: no damage."""
    table, found = read(ONE + HEAD + b"CDS: PUSH for node:a.b resources:42 size:31.5kB")
    assert table["event"].tolist() == ["other", "xds_push"]
    assert found == []


def test_cut_in_the_middle_of_a_character() -> None:
    """One cut is one damage."""
    table, found = read(ONE + HEAD + "Cluster init time 386.974µs".encode()[:-2])
    assert table["line"].tolist() == [1, 2]
    assert len(found) == 1


def test_gzip_that_is_cut() -> None:
    """What came before the cut is there; one cut is one damage."""
    table, found = read(gzip.compress(b"".join(ONE.replace(b"one", b"%d" % n) for n in range(999)))[:-40])
    assert len(table) > 900
    assert len(found) == 1
    assert re.match(r"bad\.log:\d+: the gzip data ends too early", found[0])


@pytest.mark.parametrize("at", [-5, -2000], ids=["checksum", "data"])
def test_gzip_with_a_fault(at: int) -> None:
    """What came before the fault is there."""
    packed = bytearray(gzip.compress(b"".join(ONE.replace(b"one", b"%d" % (n * n * n)) for n in range(4000))))
    packed[at] ^= 0xFF
    table, found = read(bytes(packed))
    assert len(table) > 1000
    assert re.match(r"bad\.log:\d+: the gzip data is broken", found[-1])


def test_crlf_is_no_damage() -> None:
    """Windows writes its line ends so."""
    table, found = read((ONE + TWO).replace(b"\n", b"\r\n"))
    assert table["message"].tolist() == ["ADS: one", "ADS: two"]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            b'{"level":"info","time":"2020-01-01T00:00:03Z","msg":"x","a":' + b"[" * 600 + b"]" * 600 + b"}",
            id="lists, 600 deep",
        ),
        pytest.param(
            b'{"level":"info","time":"2020-01-01T00:00:03Z","msg":"x","a":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}",
            id="objects, 400 deep",
        ),
        pytest.param(
            rb'{"level":"info","time":"2020-01-01T00:00:03Z","msg":"half of a pair: \ud800"}',
            id="lone surrogate in JSON",
        ),
        pytest.param(
            b"2020-01-01T00:00:03Z\twarn\tads\tADS:LDS: ACK ERROR 10.0.0.1:1 a~1.2.3.4~c.d~e-1 (LDS) "
            rb'version_info:"1" error_detail:<code:13 message:"bad \ud800 thing" > type_url:"x" ',
            id="lone surrogate in proto text",
        ),
        pytest.param(
            b"[Envoy (Epoch 99999999999999999999)] [2019-12-23 02:09:02.211][45][info][upstream] [a/b.cc:85] x",
            id="large epoch",
        ),
        pytest.param(
            b"[Envoy (Epoch " + b"9" * 5000 + b")] [2019-12-23 02:09:02.211][45][info][upstream] [a/b.cc:85] x",
            id="long epoch",
        ),
        pytest.param(b"[2018-12-24 16:27:52.484][" + b"9" * 18 + b"][info][main] [a/b.cc:85] x", id="large thread"),
        pytest.param(b'{"level":7,"time":9,"scope":[1],"msg":{"a":null}}', id="JSON of other types"),
        pytest.param(b'{"level":"info","time":' + b"9" * 5000 + b',"msg":"x"}', id="long number in JSON"),
        pytest.param(b"2020-99-99T99:99:99.999999999Z\tinfo\tads\tx", id="no such time"),
        pytest.param(b"0000-01-01T00:00:00Z\tinfo\tads\tx", id="year 0"),
        pytest.param(b"9999-12-31T23:59:59Z\tinfo\tads\tx", id="year 9999"),
        pytest.param(
            HEAD + b"CDS: PUSH for node:a.b resources:99999999999999999999 size:999999999999EB", id="large numbers"
        ),
        pytest.param(HEAD + b"CDS: PUSH for node:a.b resources:" + b"9" * 5000 + b" size:1B", id="long number"),
        pytest.param(HEAD + b"Cluster init time " + b"9" * 5000 + b"s 1", id="long duration"),
    ],
)
def test_values_that_do_not_fit(line: bytes) -> None:
    """They are null; the line is a row like any other."""
    table, _ = read(ONE + line + b"\n" + TWO)
    assert len(table) == 3
    assert table["message"].tolist()[::2] == ["ADS: one", "ADS: two"]


def test_time_that_is_none_is_null_every_time() -> None:
    """However often it stands there."""
    bad = JSON.replace(b"01T00:00:03.000003Z", b"01Tab:cd:ef.000003Z")
    table, _ = read(JSON + bad + bad + JSON)
    assert table["timestamp"].isna().tolist() == [False, True, True, False]


# ---- time in proportion to the text: whether it is so a benchmark says; here only that it is not endless ----

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


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_hostile_line_takes_no_longer_than_its_length_allows(line: bytes) -> None:
    """The rows before and after it are there, in time."""
    table, _ = quickly(ONE + line + b"\n" + TWO)
    assert table["message"].iloc[-1] == "ADS: two"
    assert table["message"].iloc[0].startswith("ADS: one")


# ---- any bytes at all ----


@cache
def real_lines() -> tuple[bytes, ...]:
    """A line of each event of each real log, and the example of each format, as they are written to a file."""
    found = []
    for log in sorted((Path(__file__).parents[1] / "data").glob("*/*.log*")):
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
    """Whether the entries' text is the text read, but for line ends and empty lines."""
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
