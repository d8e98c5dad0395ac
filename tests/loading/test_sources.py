"""Sources of readers: what can be given, and whose log it is."""

from __future__ import annotations

import gzip
import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from some_logs import LOGS, ONE, TWO, each_log, text_of

import istiolog_pd as il

Real = Callable[[str], il.Capture]

Read = Callable[..., il.Capture]

# ---- sources ----


def test_sources_of_every_sort(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, Path, glob, list, folder, open files, standard input: the same rows."""
    log = data / "seed/pilot.log"
    expected = il.read_pilot(str(log))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "pilot.log").write_bytes(log.read_bytes())
    (tmp_path / "notes.txt").write_text("no log")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes())))
    with log.open("rb") as binary, log.open(encoding="utf-8") as text:
        for source in (
            log,
            str(tmp_path / "**" / "*.log"),
            [log],
            [[str(log)]],
            (path for path in [log]),
            tmp_path,
            str(tmp_path / "deep"),
            binary,
            text,
            io.BytesIO(log.read_bytes()),
            io.StringIO(text_of(log)),
            "-",
        ):
            table = il.read_pilot(source)
            pd.testing.assert_frame_equal(table.drop(columns="source"), expected.drop(columns="source"))


def test_files_that_were_opened_stay_open(data: Path) -> None:
    """What we did not open is not ours to close."""
    with (data / "seed/pilot.log").open("rb") as file:
        il.read_pilot(file)
        assert not file.closed


def test_source_is_named_in_each_row(data: Path) -> None:
    """By its path, as given; rows of a source follow those of the one before."""
    first, second = str(data / "seed/pilot.log"), str(data / "seed/helloworld-v1-istio-proxy.log")
    table = il.read_logs(first, second)
    assert table["source"].tolist() == [first] * 68 + [second] * 6
    assert table["line"].iloc[[67, 68]].tolist() == [74, 1]
    assert il.read_logs([second, first])["source"].iloc[0] == second


def test_several_sources_share_their_tables(data: Path, real: Real) -> None:
    """Events of both are in one table, and `row` is the place in the whole."""
    paths = [data / log for log in ("seed/pilot.log", "pilot-1.0.9/discovery.log.gz")]
    both = il.load(*paths)
    parts = [real("seed/pilot.log"), real("pilot-1.0.9/discovery.log.gz")]
    assert both.n_entries == sum(part.n_entries for part in parts)
    assert both["xds_push"].num_rows == sum(part["xds_push"].num_rows for part in parts)
    assert both.to_pandas()["message"].tolist() == [m for part in parts for m in part.to_pandas()["message"]]
    rows = both["xds_push"]["row"].to_numpy()
    assert (np.diff(rows) > 0).all()
    assert set(both.events["event"].take(pa.array(rows)).to_pylist()) == {"xds_push"}


def test_file_that_is_named_twice_is_read_once(data: Path) -> None:
    """By its path and by a glob: its rounds must not be counted double."""
    capture = il.load(data / "seed/pilot.log", str(data / "seed/*.log"), data / "seed")
    assert capture.sources["entries"].tolist() == [68, 6]
    assert len(il.analysis.push_rounds(capture)) == 3


def test_folder_gives_its_logs_in_order(tmp_path: Path) -> None:
    """Rotated and packed ones too, the pieces of one log by their time; other files are left alone."""
    pieces = ("a.log.20260101-120000.gz", "a.log.1", "a.log.gz", "b.log", "sub/c.log")
    for hour, name in enumerate(pieces):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        line = ONE.replace("T00:", f"T0{hour}:").encode()
        path.write_bytes(gzip.compress(line) if name.endswith("gz") else line)
    for name in ("readme.txt", "catalog", "a.logs", "metrics.json"):
        (tmp_path / name).write_text(ONE)
    found = [str(Path(name).relative_to(tmp_path)) for name in il.load(tmp_path).sources["source"]]
    assert found == list(pieces)


@pytest.mark.parametrize("name", ["a.log.gz", "a.log", "a.txt", "a.zst"])
def test_gzip_is_told_by_its_content(name: str, tmp_path: Path) -> None:
    """Whatever the file is called."""
    (tmp_path / name).write_bytes(gzip.compress((ONE + TWO).encode()))
    assert il.read_logs(tmp_path / name)["line"].tolist() == [1, 2]


def test_text_that_is_called_gzip(tmp_path: Path) -> None:
    """The other way round."""
    (tmp_path / "a.log.gz").write_text(ONE + TWO)
    assert il.read_logs(tmp_path / "a.log.gz")["line"].tolist() == [1, 2]


def test_gzip_of_several_members(tmp_path: Path) -> None:
    """They are one text: a line may go from one to the next; an empty one and padding do no harm."""
    text = (ONE + TWO).encode()
    members = [text[:20], b"", text[20:60], text[60:]]
    (tmp_path / "a.log").write_bytes(b"".join(map(gzip.compress, members)) + b"\0" * 512)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = il.read_logs(tmp_path / "a.log")
    assert table["message"].tolist() == ["ADS: one", "ADS: two"]
    assert table["line"].tolist() == [1, 2]


def test_gzip_that_unpacks_to_much(tmp_path: Path) -> None:
    """More than a block of text from a few bytes, in and out of an open file."""
    count = 40_000
    packed = gzip.compress((ONE * count).encode())
    (tmp_path / "a.log").write_bytes(packed)
    assert il.load(tmp_path / "a.log").n_entries == il.load(io.BytesIO(packed)).n_entries == count


def test_lines_across_blocks(lines: Read) -> None:
    """A block ends in the middle of a line, of a character, and of a line end."""
    text = f"{'µ' * 700_000}\r\n".encode()
    table = il.read_logs(io.BytesIO(ONE.encode() + text * 3 + TWO.encode()))
    assert table["line"].tolist() == [1, 5]
    assert table["message"].iloc[0] == "ADS: one" + ("\n" + "µ" * 700_000) * 3


def test_crlf_is_a_line_end(lines: Read) -> None:
    """It is no part of any value."""
    table = il.read_logs(io.BytesIO((ONE + "more\n" + TWO).replace("\n", "\r\n").encode()))
    assert table["message"].tolist() == ["ADS: one\nmore", "ADS: two"]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8-sig", ""), ("utf-16", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff")],
)
def test_text_of_another_encoding(encoding: str, mark: str) -> None:
    """With a byte order mark, as PowerShell and editors write them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = il.read_logs(io.BytesIO((mark + ONE + TWO).encode(encoding)))
    assert table["message"].tolist() == ["ADS: one", "ADS: two"]


def test_open_files_without_a_name_are_told_apart() -> None:
    """Two replicas, each in memory: they must not be taken for one source."""
    capture = il.load(io.BytesIO(ONE.encode()), io.BytesIO(TWO.encode()))
    assert capture.sources["source"].is_unique
    assert capture.to_pandas()["source"].nunique() == 2


def test_what_is_no_source() -> None:
    """Bytes and numbers name nothing."""
    with pytest.raises(TypeError, match=r"io\.BytesIO"):
        il.load(ONE.encode())
    with pytest.raises(TypeError, match="int"):
        il.load(7)  # type: ignore[arg-type]


# ---- whose log it is ----


@each_log
def test_component_is_detected(log: str, real: Real) -> None:
    """Pilot and sidecar are told apart by their lines."""
    components = set(real(log).to_pandas()["component"])
    assert (
        components
        == {
            "pilot": {"pilot"},
            "agent": {"envoy"} if log.startswith("seed") else {"agent"},
        }[LOGS[log][0]]
    )
    assert real(log).sources["component"].tolist() == [LOGS[log][0]]


def test_component_may_be_said(data: Path) -> None:
    """`read_pilot` and `read_sidecar` do not guess; Envoy's own lines are Envoy's in any case."""
    line = "2020-01-01T00:00:00Z\tinfo\tads\tADS: x\n[2020-01-01 00:00:00.000][1][info][main] x\n"
    assert il.read_pilot(io.StringIO(line))["component"].tolist() == ["pilot", "envoy"]
    assert il.read_sidecar(io.StringIO(line))["component"].tolist() == ["agent", "envoy"]


def test_ads_lines_of_a_sidecar_are_the_agents(lines: Read) -> None:
    """To 1.22 the agent prints istiod's own lines of its small SDS server: never a control plane's push."""
    capture = lines(
        "2021-06-01T00:00:00Z\tinfo\tcache\tgenerated new workload certificate\tlatency=1s ttl=23h59m59s",
        "2021-06-01T00:00:00Z\tinfo\tads\tXDS: Incremental Pushing:0 ConnectedEndpoints:2 Version:",
        "2021-06-01T00:00:00Z\tinfo\tads\tADS: new connection for node:sidecar~10.0.0.1~a.b~b.svc.cluster.local-1",
        "2021-06-01T00:00:00Z\tinfo\tcache\tRoot cert has changed, start rotating root cert",
    )
    assert set(capture.to_pandas()["component"]) == {"agent"}
    assert il.analysis.push_rounds(capture).empty


@pytest.mark.parametrize("pod", ['"a\\udca0b"', '"a\xa0b"'.encode("latin-1").decode(errors="surrogateescape")])
def test_a_name_in_an_export_that_is_no_text_is_replaced(pod: str) -> None:
    row = '{"kubernetes": {"pod": {"name": POD}}, "message": "2026-01-01T00:00:00.000000Z\\tinfo\\tads\\tx"}\n'
    capture = il.load(io.BytesIO(row.replace("POD", pod).encode(errors="surrogateescape")))
    assert capture.events["source_pod"].to_pylist()[0].startswith("a\N{REPLACEMENT CHARACTER}")
