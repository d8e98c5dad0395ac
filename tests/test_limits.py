"""How far sources are trusted: each limit holds, its error names it, and both ways to raise it work."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import lzma
import os
import re
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
import zstandard
from typer.testing import CliRunner

import istiolog_pd as il
from istiolog_pd.cli.app import app
from istiolog_pd.sources.discover import find
from istiolog_pd.sources.limits import limits_of

LIMITS_PAGE = Path(__file__).parents[1] / "docs" / "howto" / "limits.md"
LINE = "2026-11-23T17:28:49.062996Z\tinfo\tads\tReady\n"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}
STRICT = il.Limits(ratio_from=1 << 16)


@pytest.mark.parametrize("packer", PACKERS)
def test_packed_log_is_bounded(packer: str, tmp_path: Path) -> None:
    """A bomb that is no archive's member: an error that says which limit, and how to raise it."""
    bomb = tmp_path / f"a.log.{packer}"
    bomb.write_bytes(PACKERS[packer](LINE.encode() * 20_000))
    with pytest.raises(
        ValueError, match=r"a\.log\.\w+: it unpacks to more than 250 times .*Limits\(ratio=.*--limit ratio="
    ):
        il.load(bomb, limits=STRICT)
    with pytest.raises(ValueError, match=r"to more than 1,000 bytes: .*Limits\(size=.*--limit size="):
        il.load(bomb, limits=il.Limits(size=1000))
    assert len(il.load(bomb, limits=il.Limits(ratio_from=1 << 16, ratio=1e9)).to_pandas()) == 20_000


def test_on_the_command_line(tmp_path: Path) -> None:
    """The same limits, with units; a name that is none is wrong use."""
    log = tmp_path / "a.log.gz"
    log.write_bytes(gzip.compress(LINE.encode() * 10))
    run = CliRunner().invoke
    refused = run(app, ["--limit", "size=100", "parse", str(log)])
    assert refused.exit_code == 1
    assert "--limit size=" in refused.stderr
    assert run(app, ["--limit", "size=1K", "--limit", "members=5", "parse", str(log)]).exit_code == 0
    assert run(app, ["--limit", "sise=1K", "parse", str(log)]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "want"), [("size=2G", 2 << 30), ("size=1.5M", 3 << 19), ("size=100", 100), ("size=1KiB", 1024)]
)
def test_units(text: str, want: int) -> None:
    assert limits_of([text]).size == want


def test_members_of_a_folder(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"{n}.log").write_text(LINE)
    with pytest.raises(il.NoLogError, match=r"more than 4 files: .*members"):
        il.load(tmp_path, limits=il.Limits(members=4))


def test_link_out_of_a_folder(tmp_path: Path) -> None:
    """It is left out and said; links within the folder, and to a container's log of the kubelet, are read."""
    outside, folder = tmp_path / "secret.log", tmp_path / "logs"
    pods = tmp_path / "pods" / "shop_web-1_0123" / "istio-proxy"
    folder.mkdir()
    pods.mkdir(parents=True)
    for path in (outside, folder / "a.log", pods / "0.log"):
        path.write_text(LINE)
    (folder / "b.log").symlink_to(outside)
    (folder / "c.log").symlink_to(pods / "0.log")
    with pytest.warns(il.DamageWarning, match=r"left out: b\.log \(a link that leads out of the folder"):
        capture = il.load(folder)
    assert [Path(name).name for name in capture.sources["source"]] == ["a.log", "c.log"]


def test_name_that_is_no_utf8(tmp_path: Path) -> None:
    """It is shown with its bytes escaped."""
    path = os.fsencode(tmp_path) + b"/a\xff.log"
    Path(os.fsdecode(path)).write_text(LINE)
    capture = il.load(tmp_path)
    assert [name.rpartition("/")[2] for name in capture.sources["source"]] == [r"a\udcff.log"]
    assert len(capture.to_pandas()) == 1


def test_member_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of a folder that cannot be opened is damage; one that is named is an error."""
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(LINE)
    (refused, _) = find(tmp_path)

    def refuse() -> object:
        raise PermissionError(13, "Permission denied")

    refused.open = refuse
    monkeypatch.setattr("istiolog_pd.loading.load.find", lambda *_, **__: [refused, *find(tmp_path / "b.log")])
    with pytest.warns(il.DamageWarning, match=r"a\.log: it cannot be read \(Permission denied\)"):
        assert il.load(tmp_path).n_entries == 1
    refused.optional = False
    with pytest.raises(PermissionError):
        il.load(tmp_path)


def test_many_warnings_are_counted(tmp_path: Path) -> None:
    for n in range(300):
        (tmp_path / f"{n}.log").write_text("" if n else LINE)
    with pytest.warns(il.DamageWarning) as caught:
        il.load(tmp_path)
    assert len(caught) == 201
    assert "more such warnings" in str(caught[-1].message)


FIXED = re.findall(r"^\| [^|]+ \| ([^|]+) \| `([\w.]+)\.(\w+)` \|", LIMITS_PAGE.read_text(), re.MULTILINE)
UNITS = {"KB": 1 << 10, "MB": 1 << 20, "hours": 3600 * 10**9}


@pytest.mark.parametrize(("bound", "module", "name"), FIXED, ids=[name for _, _, name in FIXED])
def test_page_of_fixed_bounds(bound: str, module: str, name: str) -> None:
    """The documentation says what the code has."""
    value = getattr(import_module(f"istiolog_pd.{module}"), name)
    if bound == "1970 to 2099":
        assert value == pd.Timestamp("2100-01-01", tz="UTC").value
    elif bound == "10^15":
        assert value == 10**15
    else:
        number, _, unit = bound.partition(" ")
        assert value == int(number.replace(",", "")) * UNITS.get(unit, 1)


def test_page_of_limits() -> None:
    """Every limit is on the page with its default."""
    found = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+(?: [MG]B)?) \|", LIMITS_PAGE.read_text(), re.MULTILINE))
    assert list(found) == ["ratio", "ratio_from", "size", "members", "held", "containers"]
    for name, text in found.items():
        number, _, unit = text.partition(" ")
        assert getattr(il.Limits(), name) == int(number.replace(",", "")) * {"": 1, "MB": 1 << 20, "GB": 1 << 30}[unit]
    assert set(found) == {field.name for field in dataclasses.fields(il.Limits)}
    assert len(FIXED) > 18


def test_interrupt_while_a_bar_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends the reading at once: no thread goes on, and the bar is gone."""
    from tqdm import tqdm

    def interrupt(bar: object, size: float | None = 1) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tqdm, "update", interrupt)
    before = {thread.name for thread in threading.enumerate()}
    with pytest.raises(KeyboardInterrupt):
        il.load("data/istiod-1.30.3/discovery.log.gz", progress=True)
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if name.startswith("istiolog")]
    assert capsys.readouterr().err.endswith("\r")
