"""The `istiolog` command shows text of a log as text, in a pipe and on a terminal; cells, and formats of one's own."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from istiolog_pd._text import cell_text
from istiolog_pd.cli.app import app
from istiolog_pd.cli.terminal import plain, print_table

ADS = "2026-11-23T17:28:49.929503Z\tinfo\tads\t"
HOSTILE = f"{ADS}[bold]\x1b]0;owned\x07\x1b[31m[/bold] is what a log may say\u202e"


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    path = tmp_path / "host\x1b[2Jile.log"
    path.write_text(f"{HOSTILE}\n{ADS}EDS: PUSH for node:web-1.shop resources:3\n")
    return str(path)


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.mark.parametrize("verb", [["summary", "--all"], ["unmatched"]], ids=" ".join)
def test_hostile_text_in_a_pipe(verb: list[str], hostile: str) -> None:
    result = run(*verb, hostile)
    assert result.exit_code == 0
    assert result.output.replace("\n", "").isprintable()
    assert r"host\x1b[2Jile.log" in result.output


def test_hostile_text_in_explain(hostile: str) -> None:
    result = run("explain", HOSTILE)
    assert result.stdout.replace("\n", "").isprintable()
    assert r"[bold]\x1b]0;owned\x07\x1b[31m[/bold] is what" in result.stdout


def test_hostile_text_on_a_terminal(hostile: str) -> None:
    """What is shown on a terminal is a log's text as it is, escaped: it obeys none of it."""
    verbs = [["summary", "--all"], ["unmatched"]]
    code = (
        f"from istiolog_pd.cli.app import app; [app([*verb, {hostile!r}], standalone_mode=False) for verb in {verbs}]"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "300", "NO_COLOR": "1", "TERM": "xterm"}
    done = subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    out = b""
    while block := _read(ours):
        out += block
    assert done.wait() == 0
    assert b"\x1b]0;" not in out and b"\x1b[31m" not in out and b"\x1b[2J" not in out and b"\x07" not in out
    assert rb"\x1b[2Jile.log" in out
    assert rb"[bold]\x1b]#;owned\x07\x1b[#m[/bold] is what a log may say\u202e" in out


def test_table_on_a_terminal_is_a_line_a_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "48")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_table(pd.DataFrame({"error": ["e" * 90], "nacks": [3], "empty": [None], "last": ["l" * 30], "code": [503]}))
    shown, said = capsys.readouterr()
    assert shown.split() == ["error", "nacks", "last", "code", "e" * 15 + "\u2026", "3", "l" * 16 + "\u2026", "503"]
    assert "rows are cut to the width; not shown: empty" in said


def test_times_show_milliseconds_and_on_a_terminal_their_day_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = pd.to_datetime(["2026-11-30T13:09:19.123456Z", None, "2026-11-30T13:09:20.0Z"], format="ISO8601")
    print_table(pd.DataFrame({"time": times, "n": [1, 2, 3]}))
    assert "2026-11-30 13:09:19.123  1" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_table(pd.DataFrame({"time": times, "n": [1, 2, 3]}))
    shown, said = capsys.readouterr()
    assert shown.splitlines() == ["time          n", "13:09:19.123  1", "              2", "13:09:20.000  3"]
    assert said == "istiolog: times of 2026-11-30, in UTC\n"


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the other end is closed
        return b""


def test_cells() -> None:
    assert [
        cell_text(value, 6, "seconds")
        for value in (None, pd.NaT, pd.NA, float("nan"), True, 1234, "a\tb[x]", pd.Timestamp(0))
    ] == [
        *[""] * 4,
        "yes",
        "1,234",
        r"a\tb[x]",
        "1970-01-01 00:00:00",
    ]
    assert plain({"a": [], "b": []}, set()) == "a  b"


OWN = '[%START_TIME%] "%REQ(:METHOD)% %PATH%" %RESPONSE_CODE% %DURATION%ms'


@pytest.mark.parametrize("kept", [False, True], ids=["text", "file"])
def test_access_lines_of_a_format_of_ones_own(kept: bool, tmp_path: Path) -> None:
    """The format itself, or the file it stands in."""
    log, spec = tmp_path / "proxy.log", tmp_path / "format.txt"
    log.write_text('[2026-11-23T17:28:49.062Z] "GET /cart" 503 12ms\n')
    spec.write_text(OWN + "\n")
    chosen = f"@{spec}" if kept else OWN
    done = run("parse", str(log), "--events", "access", "--access-log-format", chosen)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["path"], row["response_code"], row["duration_seconds"]) == ("/cart", "503", "0.012")
    assert "access" in run("summary", str(log), "--access-log-format", chosen).stdout
    assert "every entry has a known event" in run("unmatched", str(log), "--access-log-format", chosen).stderr
