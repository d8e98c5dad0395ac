"""Archives: what is read of them, and in which order."""

from __future__ import annotations

import errno
import gzip
import io
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archiving import archived, each_archive, many, noise, paths, tar, text_of, zipped

import istiolog_pd as il
from istiolog_pd.errors import ArchiveError, NoLogError
from istiolog_pd.sources.discover import Limits, find

ISTIOD = "istio/istio-system/istiod-7d4c5f-x2x4b"

WEB = "proxies/shop/web-575d9d9fcd-bjjj8"

#: So little may be held that what a packed archive holds goes to a temporary file.
NONE_HELD = Limits(held=1000)


@pytest.fixture(scope="module")
def report(data: Path) -> dict[str, bytes]:
    """The files of a bug report, of real logs."""
    return {
        "bug-report.log": b"2026-01-01T00:00:00.000000Z\tinfo\tbug-report\tDone\n",
        f"{ISTIOD}/debug/syncz": b"{}",
        f"{ISTIOD}/discovery.log": (data / "seed/pilot.log").read_bytes(),
        f"{ISTIOD}/metrics": (data / "istiod-1.30.3/metrics.txt").read_bytes(),
        f"{WEB}/clusters": b"x",
        f"{WEB}/config_dump?include_eds": b"{}",
        f"{WEB}/istio-proxy.log": (data / "seed/helloworld-v1-istio-proxy.log").read_bytes(),
        "cluster/events": b"x",
        "cluster/node.log": b"x",
        "versions": b"x",
    }


READ = [f"{ISTIOD}/discovery.log", f"{ISTIOD}/metrics", f"{WEB}/istio-proxy.log"]

# ---- what is in it ----


@each_archive
@pytest.mark.parametrize("top", ["bug-report/", "./", ""])
def test_bug_report(sort: str, top: str, report: dict[str, bytes], tmp_path: Path) -> None:
    """Its logs and metrics, with or without the top folder; each told apart, and as it is."""
    path = tmp_path / "capture"
    path.write_bytes(archived(sort, {top + name: text for name, text in report.items()}))
    for bounds in (Limits(), NONE_HELD):
        found = find(path, limits=bounds)
        assert [source.name for source in found] == [f"{path}!{top.removeprefix('./')}{name}" for name in READ]
        assert [source.kind for source in found] == ["log", "metrics", "log"]
        assert [source.hint for source in found] == ["pilot", "pilot", "agent"]
        assert [source.pod for source in found] == ["istiod-7d4c5f-x2x4b"] * 2 + ["web-575d9d9fcd-bjjj8"]
        assert [source.namespace for source in found] == ["istio-system"] * 2 + ["shop"]
        assert [text_of(source) for source in found] == [report[name] for name in READ]
        assert not any(source.damage for source in found)
        assert [note.rpartition("(")[2] for note in found[0].notes] == [
            "istioctl's own log)",
            "another file of a bug report)",
        ]


def test_folder_of_a_bug_report_is_like_its_archive(report: dict[str, bytes], tmp_path: Path) -> None:
    """Files, fields and notes."""
    for name, text in report.items():
        (tmp_path / "bug-report" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bug-report" / name).write_bytes(text)
    found, archive = find(tmp_path), find(io.BytesIO(tar({f"bug-report/{name}": b"" for name in sorted(report)})))
    assert [source.name for source in found] == [f"{tmp_path}/{path}" for path in paths(archive)]
    for field in ("kind", "pod", "namespace", "container", "hint", "group", "order", "notes"):
        assert [getattr(source, field) for source in found] == [getattr(source, field) for source in archive]


def test_archive_gives_the_rows_of_its_logs(report: dict[str, bytes], tmp_path: Path) -> None:
    """They are loaded as the bare log is."""
    path = tmp_path / "bug-report.tar.gz"
    path.write_bytes(archived("tar.gz", report))
    capture, bare = il.load(path), il.load(io.BytesIO(report[READ[0]]), io.BytesIO(report[READ[2]]))
    assert capture.sources["source"].tolist() == [f"{path}!{READ[0]}", f"{path}!{READ[2]}"]
    assert capture.counts().equals(bare.counts())


@each_archive
def test_archive_that_is_open(sort: str, report: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory, or on standard input, which cannot be read twice."""
    raw = archived(sort, report)
    expected = [report[name] for name in READ]
    assert [text_of(source) for source in find(io.BytesIO(raw))] == expected

    class Pipe(io.BufferedReader):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(io.BytesIO(raw))))  # type: ignore[arg-type]
    found = find("-")
    assert found[0].name == f"-!{READ[0]}"
    assert [text_of(source) for source in found] == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(io.BytesIO(raw))))  # type: ignore[arg-type]
    assert [text_of(source) for source in find("-", limits=NONE_HELD)] == expected


@each_archive
def test_packed_logs_in_an_archive(sort: str, tmp_path: Path) -> None:
    """Rotated files of a kubelet: unpacked, and put in order."""
    folder = "pods/shop_web-1_8d0c/istio-proxy"
    files = {
        f"{folder}/1.log": b"4",
        f"{folder}/1.log.20260102-000000": b"3",
        f"{folder}/1.log.20260101-000000.gz": gzip.compress(b"2"),
        "pods/a_b_c/discovery/0.log": b"5",
        f"{folder}/0.log": b"1",
    }
    (tmp_path / "a").write_bytes(archived(sort, files))
    for bounds in (Limits(), NONE_HELD):
        found = find(tmp_path / "a", limits=bounds)
        assert [text_of(source) for source in found] == [b"1", b"2", b"3", b"4", b"5"]
        assert {source.group for source in found[:4]} == {f"{tmp_path / 'a'}!pods/shop/web-1/istio-proxy"}


@each_archive
def test_member_that_is_named(sort: str, tmp_path: Path) -> None:
    """It is read, whatever it is; several by a pattern."""
    path = tmp_path / "my.archive"
    path.write_bytes(archived(sort, {"a/x.txt": b"1", "a/y.txt": b"2", "z.log": b"3"}))
    for bounds in (Limits(), NONE_HELD):
        assert [text_of(source) for source in find(f"{path}!a/x.txt", limits=bounds)] == [b"1"]
        assert paths(find(f"{path}!a/*", limits=bounds)) == ["a/x.txt", "a/y.txt"]
    with pytest.raises(FileNotFoundError, match="b/x: no such member"):
        find(f"{path}!b/x")


def test_archives_in_a_folder(tmp_path: Path) -> None:
    """And those that a pattern fits; each file is read once."""
    (tmp_path / "d.log.zip").write_bytes(b"4")
    (tmp_path / "a.tgz").write_bytes(archived("tar.gz", {"x.log": b"1"}))
    (tmp_path / "b.zip").write_bytes(zipped({"x.log": b"2"}))
    (tmp_path / "c.log").write_bytes(b"3")
    assert sorted(text_of(source) for source in find(tmp_path)) == [b"1", b"2", b"3", b"4"]
    assert len(find(tmp_path, str(tmp_path / "*"), f"{tmp_path}/a.tgz!x.log")) == 4


def test_archive_without_a_log(tmp_path: Path) -> None:
    """The error says how to read a file of it all the same."""
    for sort in ("tar.gz", "zip"):
        with pytest.raises(NoLogError, match=r"<BytesIO>: an archive with no log in it .*<BytesIO>!path"):
            find(io.BytesIO(archived(sort, {"a.txt": b"x"})))
        with pytest.raises(NoLogError, match=r"a\.log\.tgz \(an archive in an archive: take it out"):
            find(io.BytesIO(archived(sort, {"a.log.tgz": archived("tar.gz", {"a.log": b"x"})})))


def test_zip_made_by_windows() -> None:
    """Its names have backslashes; macOS adds files of its own."""
    found = find(io.BytesIO(zipped({f"x\\{READ[0]}".replace("/", "\\"): b"1", "__MACOSX/._a.log": b"2"})))
    assert paths(found) == [f"x/{READ[0]}"]


# ---- in what order it is read ----


@pytest.mark.parametrize("bounds", [Limits(), NONE_HELD])
def test_files_are_read_in_any_order(bounds: Limits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Backwards, twice, two at a time, and by threads; the archive is unpacked once, while its files are listed."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(archived("tar.gz", many()))
    found = find(path, limits=bounds)
    path.unlink()
    assert [text_of(source) for source in reversed(found)] == list(reversed(many().values()))
    one, two = (found[n].blocks() for n in (3, 1))
    assert [next(one)[:9], next(two)[:9]] == [noise(3)[:9], noise(1)[:9]]
    assert [text_of(found[n]) for n in (5, 5)] == [noise(5)] * 2
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(text_of, found * 20)) == list(many().values()) * 20


@pytest.mark.parametrize("sort", ["tar.gz", "zip"])
def test_no_room_for_what_is_unpacked(sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where there is none, and what to do."""

    def full(self: object, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)
    with pytest.raises(ArchiveError, match=r"<Stream>: .* has no room for it \(No space left on device\): set TMPDIR"):
        find(Stream(archived(sort, many())))


class Stream(io.BytesIO):
    """A file that cannot be moved about in."""

    def seekable(self) -> bool:
        return False
