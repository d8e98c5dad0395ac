"""Bad input: nothing to read, and damage beside which every other row is there."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path
from typing import Any

import pytest
from damaged import HEAD, ONE, TWO, read

import istiolog_pd as il

JSON = b'{"level":"info","time":"2020-01-01T00:00:03.000003Z","scope":"ads","msg":"ADS: three"}\n'

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
            b'{"level":"info","time":"2020-01-01T00:00:03Z","msg":"x","a":' + b"[" * 150 + b"]" * 150 + b"}",
            id="lists, 150 deep",
        ),
        pytest.param(
            b'{"level":"info","time":"2020-01-01T00:00:03Z","msg":"x","a":' + b'{"a":' * 150 + b"1" + b"}" * 150 + b"}",
            id="objects, 150 deep",
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
