"""Outputs: no source is replaced, modes stay, nothing half-written is left, and nothing acts where it is shown."""

from __future__ import annotations

import csv
import errno
import io
import os
import pickle
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import istiolog_pd as il
from istiolog_pd.cli.app import app
from istiolog_pd.export.atomic import replacing, replacing_folder
from istiolog_pd.export.star import to_star
from istiolog_pd.export.tables import to_csv, to_parquet
from istiolog_pd.report import write_report

ADS = "2026-11-23T17:28:49.929503Z\tinfo\tads\t"


@pytest.fixture
def here(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log, under its own name, a hard link and a symbolic link; it is the current folder."""
    shutil.copy(data / "seed" / "pilot.log", tmp_path / "q.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "q.csv")
    (tmp_path / "soft.csv").symlink_to("q.csv")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


SELF = ["q.csv", "hard.csv", "soft.csv", "sub/../q.csv", "", ".", ".."]


@pytest.mark.parametrize("name", SELF)
@pytest.mark.parametrize("write", [to_csv, to_parquet, to_star, write_report])
def test_no_function_replaces_a_source(write: Callable[[il.Capture, str], None], name: str, here: Path) -> None:
    before = (here / "q.csv").read_bytes()
    with pytest.raises(FileExistsError, match=r"is one of the sources|name of its own|is a file: name a folder"):
        write(il.load("q.csv"), name)
    assert (here / "q.csv").read_bytes() == before
    assert sorted(path.name for path in here.iterdir()) == ["hard.csv", "q.csv", "soft.csv", "sub"]


@pytest.mark.parametrize("name", SELF)
@pytest.mark.parametrize("command", [["parse"], ["parse", "--star"], ["parse", "--stream"], ["report"]], ids=" ".join)
def test_no_command_replaces_a_source(command: list[str], name: str, here: Path) -> None:
    before = (here / "q.csv").read_bytes()
    assert run(*command, "q.csv", "-o", name).exit_code in (1, 2)
    assert (here / "q.csv").read_bytes() == before


def test_a_folder_that_holds_a_source_is_not_replaced(here: Path) -> None:
    assert run("parse", "q.csv", "-o", str(here)).exit_code == 1
    shutil.copy("q.csv", "sub")
    assert "holds q.csv, which is no export" in run("parse", "sub/q.csv", "-o", "sub").stderr


def test_a_picture_does_not_replace_a_source(here: Path) -> None:
    shutil.copy("q.csv", "debounces.png")
    assert "one of the sources" in run("plot", "debounces", "debounces.png").stderr
    assert "one of the sources" in run("compare", "q.csv", "debounces.png", "-o", "debounces.png").stderr
    assert (here / "debounces.png").read_bytes() == (here / "q.csv").read_bytes()


def test_standard_input_is_a_source_too(here: Path) -> None:
    before = (here / "q.csv").read_bytes()
    with open("q.csv", "rb") as file:
        code = "from istiolog_pd.cli.app import app; app()"
        done = subprocess.run(
            [sys.executable, "-c", code, "parse", "-", "-o", "q.csv"], stdin=file, capture_output=True, check=False
        )
    assert done.returncode == 1 and b"one of the sources" in done.stderr
    assert (here / "q.csv").read_bytes() == before


def test_modes_stay(here: Path) -> None:
    capture = il.load("q.csv")
    to_csv(capture, "x.csv")
    to_parquet(capture, "tables")
    os.chmod("x.csv", 0o600)
    os.chmod("tables", 0o700)
    os.chmod("tables/events.parquet", 0o640)
    to_csv(capture, "x.csv")
    to_parquet(capture, "tables")
    modes = [(here / name).stat().st_mode & 0o777 for name in ("x.csv", "tables", "tables/events.parquet")]
    assert modes == [0o600, 0o700, 0o640]


def test_a_second_export_to_the_same_target_says_so(here: Path) -> None:
    capture = il.load("q.csv")
    with (
        replacing(here / "x.csv") as file,
        pytest.raises(FileExistsError, match=r"x\.csv: another export is writing it"),
    ):
        file.write(b"first")
        to_csv(capture, "x.csv")
    assert (here / "x.csv").read_bytes() == b"first"
    with (
        replacing_folder(here / "tables", lambda _: True) as folder,
        pytest.raises(FileExistsError, match="tables: another export is writing it"),
    ):
        (folder / "mine").touch()
        to_parquet(capture, "tables")
    assert [path.name for path in (here / "tables").iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["x.csv", "tables"])
def test_what_a_killed_export_left_is_cleared_by_the_next(name: str, here: Path) -> None:
    capture, write = il.load("q.csv"), to_csv if name == "x.csv" else to_parquet
    part = here / f".{name}.part"
    part.touch() if name == "x.csv" else part.mkdir()
    write(capture, name)
    assert sorted(path.name for path in here.iterdir()) == sorted(["hard.csv", "q.csv", "soft.csv", "sub", name])


def test_a_folder_whose_replacement_was_killed_comes_back(here: Path) -> None:
    """Between the two renames of an exchange the folder stands under a hidden name."""
    (here / ".tables.former.part").mkdir()
    (here / ".tables.former.part" / "mine").touch()
    with pytest.raises(FileExistsError, match="holds mine"):
        to_parquet(il.load("q.csv"), "tables")
    assert (here / "tables" / "mine").exists()


@pytest.mark.parametrize(("length", "fits"), [(255, True), (256, False)])
@pytest.mark.parametrize("end", [".csv", ".parquet", ""])
def test_a_name_as_long_as_names_can_be(length: int, fits: bool, end: str, here: Path) -> None:
    capture, name = il.load("q.csv"), "n" * (length - len(end)) + end
    write = to_csv if end == ".csv" else to_parquet
    if fits:
        write(capture, name)
    else:
        with pytest.raises(OSError, match="File name too long"):
            write(capture, name)
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []


TERMINATED = """
import os, signal
import pyarrow.parquet as pq
from istiolog_pd.cli.app import app
write = pq.ParquetWriter.write_table
def dying(*args, **kwargs):
    write(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGTERM)
pq.ParquetWriter.write_table = dying
app()
"""


@pytest.mark.parametrize("name", ["x.parquet", "tables"])
def test_a_terminated_command_leaves_nothing(name: str, here: Path) -> None:
    before = sorted(here.iterdir())
    done = subprocess.run([sys.executable, "-c", TERMINATED, "parse", "q.csv", "-o", name], check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert sorted(here.iterdir()) == before


def test_a_capture_is_pickled_after_an_answer(data: Path) -> None:
    capture = il.load(data / "istiod-1.30.3" / "discovery.log.gz")
    rounds = il.analysis.push_rounds(capture)
    again = pickle.loads(pickle.dumps(capture))
    assert il.analysis.push_rounds(again).equals(rounds)
    assert again.files == capture.files


# ---- what is shown ----

HOSTILE = f"{ADS}\x1b[31m\x1b]0;owned\x07 a\b\b \u202emoc\u202c caf\u00e9"


def on_terminal(*arguments: str) -> bytes:
    """What the command writes to a terminal, as stdout and stderr."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from istiolog_pd.cli.app import app; app()", *arguments]
    done = subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "NO_COLOR": "1", "TERM": "xterm"})
    os.close(theirs)
    out = b""
    while block := _read(ours):
        out += block
    done.wait()
    return out


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the other end is closed
        return b""


def test_a_terminal_gets_escapes_and_a_pipe_the_bytes(here: Path) -> None:
    (here / "bad.log").write_text(HOSTILE + "\n", encoding="utf-8")
    shown = on_terminal("parse", "bad.log").decode()
    assert r"\x1b[31m\x1b]0;owned\x07 a\x08\x08 \u202emoc\u202c café" in shown
    assert shown.replace("\r\n", "").isprintable()
    piped = run("parse", "bad.log")
    assert HOSTILE.rpartition("\t")[2] in piped.stdout


@pytest.mark.parametrize(
    "arguments",
    [["\x1b[31mno\u202e"], ["parse", "--\x1b[31mno\u202e"], ["parse", "x", "--events", "\x1b[31mno\u202e"]],
    ids=["command", "option", "value"],
)  # fmt: skip
def test_usage_errors_repeat_nothing_that_acts(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.replace("\n", "").isprintable()
    assert r"\x1b[31mno\u202e" in result.stderr


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "\t=1"]


def test_text_that_a_spreadsheet_takes_for_a_formula(lines: Callable[..., il.Capture], here: Path) -> None:
    """Quoted in a file that ends in .csv, as it is in a pipe, in Parquet, and where it is switched off."""
    (here / "f.log").write_text("".join(f"{ADS}{text}\n" for text in [*FORMULAS, "1 of 2"]), encoding="utf-8")
    bare = [text.strip() if text.startswith("\t") else text for text in [*FORMULAS, "1 of 2"]]

    def messages(text: str) -> list[str]:
        return [row["message"] for row in csv.DictReader(io.StringIO(text, newline=""))]

    assert run("parse", "f.log", "-o", "f.csv").exit_code == 0
    safe = messages((here / "f.csv").read_text(encoding="utf-8"))
    assert all(not text.startswith(("=", "+", "-", "@", "\uff1d", "\t")) for text in safe)
    assert [text.removeprefix("'").strip() for text in safe] == bare and safe[-1] == "1 of 2"
    assert [text.strip() for text in messages(run("parse", "f.log").stdout)] == bare
    run("parse", "f.log", "--no-csv-safe", "-o", "f.csv")
    assert [text.strip() for text in messages((here / "f.csv").read_text(encoding="utf-8"))] == bare
    assert messages(run("parse", "f.log", "--csv-safe").stdout) == safe


def test_hints_quote_their_paths(here: Path) -> None:
    assert "cd 'a $(b)' && duckdb" in run("parse", "q.csv", "--star", "-o", "a $(b)").stderr


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "tables"])
def test_a_full_disk(name: str, tmp_path: Path) -> None:
    """The error names the output, what was there stays, and no part of the new one does."""
    target = tmp_path / name

    def write() -> None:
        with replacing_folder(target, lambda _: True) if name == "tables" else replacing(target) as out:
            (out / "a").write_text("new") if isinstance(out, Path) else out.write(b"new")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if name == "tables":
        target.mkdir()
        (target / "a").write_text("old")
    else:
        target.write_text("old")
    with pytest.raises(OSError, match=f"No space left on device: .*{name}"):
        write()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert (target / "a" if name == "tables" else target).read_text() == "old"
