"""Archives: their logs are read where they stand, each as the bare log; a hostile one is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

import istiolog_pd as il
from istiolog_pd.errors import ArchiveError, NoLogError
from istiolog_pd.sources.archives import tar as tars
from istiolog_pd.sources.discover import Limits, Source, find

ISTIOD = "istio/istio-system/istiod-7d4c5f-x2x4b"
WEB = "proxies/shop/web-575d9d9fcd-bjjj8"

PACKS: dict[str, Callable[[bytes], bytes]] = {
    "tar": lambda raw: raw,
    "tar.gz": gzip.compress,
    "tar.zst": zstandard.ZstdCompressor().compress,
    "tar.xz": lambda raw: lzma.compress(raw, preset=0),
    "tar.bz2": bz2.compress,
}

each_tar = pytest.mark.parametrize("sort", PACKS)
each_archive = pytest.mark.parametrize("sort", [*PACKS, "zip"])

#: So little may be held that a packed archive is read in turns.
NONE_HELD = Limits(held=1000)


def noise(seed: int, size: int = 3000) -> bytes:
    """Bytes that are like no other's, and do not pack."""
    return random.Random(seed).randbytes(size)


def info_of(name: str, **fields: object) -> tarfile.TarInfo:
    """A tar's header."""
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def tar(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    """A tar of files, and of headers of other things after them."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, text in files.items():
            archive.addfile(info_of(name, size=len(text)), io.BytesIO(text))
        for other in others:
            archive.addfile(other)
    return raw.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive of files."""
    raw = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, text in files.items():
            archive.writestr(name, text)
    return raw.getvalue()


def archived(sort: str, files: dict[str, bytes]) -> bytes:
    """An archive of files."""
    return zipped(files) if sort == "zip" else PACKS[sort](tar(files))


def text_of(source: Source) -> bytes:
    """All of a source."""
    return b"".join(source.blocks())


def paths(sources: list[Source]) -> list[str]:
    """Their paths in their archive."""
    return [source.name.partition("!")[2] for source in sources]


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
    with pytest.raises(ArchiveError, match=r"-: .*save it to a file; or .*Limits\(held="):
        find("-", limits=NONE_HELD)


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


def many(count: int = 12) -> dict[str, bytes]:
    """Logs that do not pack."""
    return {f"{n:02}.log": noise(n) for n in range(count)}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Limits], tuple[list[Source], list[int]]]:
    """The sources of a packed archive, and how often it was opened since."""
    (tmp_path / "a.tar.gz").write_bytes(archived("tar.gz", many()))

    def find_in(bounds: Limits) -> tuple[list[Source], list[int]]:
        found, count, real = find(tmp_path / "a.tar.gz", limits=bounds), [0], tars._opened

        def counted(*arguments: object) -> object:
            count[0] += 1
            return real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(tars, "_opened", counted)
        return found, count

    return find_in


def test_small_archive_is_unpacked_once(opened: Callable[[Limits], tuple[list[Source], list[int]]]) -> None:
    """While its files are listed."""
    found, count = opened(Limits())
    assert [text_of(source) for source in found] == list(many().values())
    assert count == [0]


def test_large_archive_is_unpacked_once_more(opened: Callable[[Limits], tuple[list[Source], list[int]]]) -> None:
    """And not once per file, as long as they are read in their order."""
    found, count = opened(NONE_HELD)
    assert [text_of(source) for source in found] == list(many().values())
    assert count == [1]


def test_files_that_are_passed_over_are_held(opened: Callable[[Limits], tuple[list[Source], list[int]]]) -> None:
    """As many as there is room for."""
    found, count = opened(Limits(held=10_000))
    order = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]
    assert [text_of(found[n]) for n in order] == [noise(n) for n in order]
    assert count == [1]


def test_any_other_order_is_right_too(opened: Callable[[Limits], tuple[list[Source], list[int]]]) -> None:
    """Backwards, twice, and two at a time: each costs unpacking once more."""
    found, count = opened(NONE_HELD)
    assert [text_of(source) for source in reversed(found)] == list(reversed(many().values()))
    assert count == [12]
    one, two = (found[n].blocks() for n in (3, 1))
    assert [next(one)[:9], next(two)[:9]] == [noise(3)[:9], noise(1)[:9]]
    assert [text_of(found[n]) for n in (5, 5)] == [noise(5)] * 2


# ---- damage ----


@each_tar
def test_tar_that_is_cut(sort: str) -> None:
    """What came before the cut is there, and a word about it on the file in which it is."""
    files = {"a.log": noise(1), "b.log": noise(2, 300_000)}
    raw = archived(sort, files)
    found = find(io.BytesIO(raw[: len(raw) - 20_000]))
    if sort == "tar.bz2":  # nothing of a block that is cut can be unpacked
        assert text_of(found[0]) == b""
    else:
        assert paths(found) == ["a.log", "b.log"]
        assert text_of(found[0]) == files["a.log"]
        assert files["b.log"].startswith(text_of(found[1]))
        assert not found[0].damage
    assert ["ends too early" in text for text in found[-1].damage] == [True]


def test_tar_with_a_broken_header() -> None:
    """What came before it is there, and a word about the rest."""
    raw = bytearray(tar(many(3)))
    raw[512 + 3072 + 10] ^= 0xFF
    (found,) = find(io.BytesIO(raw))
    assert text_of(found) == noise(0)
    assert found.damage == ["in the archive: the tar data is broken: the rest is lost"]


def test_zip_that_is_cut() -> None:
    """Its table of contents is at its end."""
    with pytest.raises(ArchiveError, match=r"<BytesIO>: the zip archive is cut or broken"):
        find(io.BytesIO(zipped(many(3))[:-30]))


def test_zip_with_a_fault() -> None:
    """The file with the fault ends there; the others are whole."""
    text = b"".join(b"%d\n" % n for n in range(50_000))
    raw = bytearray(zipped({"a.log": text, "b.log": text}))
    raw[100_000] ^= 0xFF
    bad, good = find(io.BytesIO(raw))
    assert len(text_of(bad)) > 100_000
    assert ["the zip data is broken" in damage for damage in bad.damage] == [True]
    assert text_of(good) == text


def test_file_that_is_there_twice() -> None:
    """The last one stands, as when they are unpacked."""
    raw = tar({"a.log": b"old", "b.log": b"b"})[:2048] + tar({"a.log": b"new"})
    found = find(io.BytesIO(raw))
    assert [text_of(source) for source in found] == [b"b", b"new"]
    assert found[0].damage == ["in the archive: a.log passed over: a later one of that name is read"]


@pytest.mark.parametrize(
    ("sort", "what"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "a named pipe"),
    ],
)
def test_links_and_devices_are_passed_over(sort: bytes, what: str) -> None:
    """With a word about them."""
    odd = [info_of(f"{n}.log", type=sort, linkname="/etc/passwd") for n in range(3)]
    (found,) = find(io.BytesIO(tar({"a.log": b"a"}, *odd)))
    assert text_of(found) == b"a"
    assert found.damage == [f"in the archive: 0.log and 2 more passed over: {what}"]


def test_links_and_secrets_in_a_zip_are_passed_over() -> None:
    """With a word about them."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a.log", b"a")
        link = zipfile.ZipInfo("b.log")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("c.log", b"c")
    data = bytearray(raw.getvalue())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (found,) = find(io.BytesIO(data))
    assert found.damage == [
        "in the archive: b.log passed over: a link",
        "in the archive: c.log passed over: it needs a password",
    ]


# ---- hostile ones ----


@each_archive
@pytest.mark.parametrize("name", ["../a.log", "/etc/a.log", "x/../../a.log", "C:/a.log"])
def test_name_that_leads_out_of_the_archive(sort: str, name: str) -> None:
    """It is refused, with all the rest."""
    with pytest.raises(ArchiveError, match=r"<BytesIO>: its member '.*a\.log' leads out of the archive"):
        find(io.BytesIO(archived(sort, {"good.log": b"x", name: b"x"})))


@each_archive
def test_name_that_would_take_over_a_terminal(sort: str) -> None:
    """It is shown as what it is."""
    assert paths(find(io.BytesIO(archived(sort, {"\x1b[2J\na\u202e.log": b"x"})))) == [r"\x1b[2J\na\u202e.log"]


@each_archive
def test_too_many_members(sort: str) -> None:
    """They are counted, whatever they are; the error says what can be done."""
    raw = io.BytesIO(archived(sort, {f"{n}.txt": b"" for n in range(30)} | {"a.log": b"x"}))
    with pytest.raises(ArchiveError, match=r"more than 30 members: .*Limits\(members="):
        find(raw, limits=Limits(members=30))
    assert len(find(raw, limits=Limits(members=31))) == 1


def test_zip_with_a_table_of_contents_without_end() -> None:
    """It is not read: only its size is."""
    raw = zipped({"x" * 60_000 + f"{n}.log": b"" for n in range(8)})
    with pytest.raises(ArchiveError, match=r"its table of contents has 4\d\d,\d{3} bytes: .*Limits\(members="):
        find(io.BytesIO(raw), limits=Limits(members=100))


#: The ratio is checked of the first megabytes too, which makes a small bomb do.
STRICT = Limits(ratio_from=1 << 20)


@pytest.mark.parametrize("sort", [*PACKS, "zip"][1:])
def test_bomb(sort: str) -> None:
    """Its size and its ratio are bounded, before it is read."""
    bomb = archived(sort, {"a.log": bytes(4 << 20)})
    with pytest.raises(ArchiveError, match=r"unpacks to more than 1,000,000 bytes: .*Limits\(size="):
        find(io.BytesIO(bomb), limits=Limits(size=1_000_000))
    with pytest.raises(ArchiveError, match=r"as a bomb does: .*Limits\(ratio="):
        find(io.BytesIO(bomb), limits=STRICT)
    (found,) = find(io.BytesIO(bomb), limits=Limits(ratio=1e9, ratio_from=1 << 20))
    assert sum(map(len, found.blocks())) == 4 << 20


@each_archive
def test_bomb_in_an_archive(sort: str) -> None:
    """A packed log in it is bounded too, when it is read."""
    bomb = archived(sort, {"a.log.gz": gzip.compress(bytes(4 << 20))})
    (found,) = find(io.BytesIO(bomb), limits=STRICT)
    with pytest.raises(ArchiveError, match=r"!a\.log\.gz: it unpacks to more than 250 times its size"):
        text_of(found)


def pax(body: bytes) -> bytes:
    """A tar's header of what comes next, and its end."""
    info = info_of("x", type=tarfile.XHDTYPE, size=len(body))
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (pax(b"9" * 200_000) + tar({"a.log": b"x"}), "a number of over 100 digits"),
        (
            info_of("x", type=tarfile.XHDTYPE, size=1 << 40).tobuf(tarfile.GNU_FORMAT) + bytes(1024),
            "a tar header in it has 1,099,511,",
        ),
        (
            info_of("x", type=tarfile.GNUTYPE_LONGNAME, size=1 << 30).tobuf(tarfile.GNU_FORMAT) + bytes(1024),
            "a tar header in it has",
        ),
        (b"".join([pax(b"12 a=bbbbbb\n")] * 2000) + tar({"a.log": b"x"}), "broken from its start"),
        (tar({"a" * 5000 + ".log": b"x"}), "a name of 5,004 characters"),
    ],
    ids=["digits", "large pax header", "large name", "headers of headers", "long name"],
)
def test_hostile_tar_header(raw: bytes, error: str) -> None:
    """It is refused before it takes memory or time."""
    for pack in PACKS.values():
        with pytest.raises(ArchiveError, match=error):
            find(io.BytesIO(pack(raw)))


def test_tar_header_that_leads_back() -> None:
    """A size below nothing would be read for ever."""
    good = tar({"a.log": b"x"})[:1024]
    bad = bytearray(info_of("b.log", size=0).tobuf(tarfile.GNU_FORMAT))
    bad[124:136] = b"\xff" * 10 + b"\xfc\x00"  # -1024, in base 256
    bad[148:156] = b"%06o\0 " % (sum(bad[:148]) + sum(bad[156:]) + 8 * 32)
    with pytest.raises(ArchiveError, match="leads back"):
        find(io.BytesIO(good + bad + bytes(1024)))


@each_tar
@pytest.mark.parametrize("size", [1 << 40, 1 << 63, 1 << 70])
def test_size_that_no_file_has(sort: str, size: int, tmp_path: Path) -> None:
    """The file is as long as it is."""
    header = info_of("b.log", size=size).tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "a").write_bytes(PACKS[sort](tar({"a.log": b"a"})[:1024] + header + b"b"))
    found = find(tmp_path / "a")
    assert [text_of(source) for source in found] == [b"a", b"b"]
    assert found[1].damage == ["the tar data ends too early: what came before the cut is here"]


@pytest.mark.parametrize("seed", range(60))
def test_any_fault_in_an_archive(seed: int) -> None:
    """What is broken is said so, or gives what is there; nothing else is raised."""
    chance = random.Random(seed)
    sort = chance.choice([*PACKS, "zip"])
    raw = bytearray(archived(sort, {f"{n}.log": b"line\n" * 99 for n in range(3)}))
    for _ in range(chance.randrange(1, 4)):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    raw = raw[: len(raw) - chance.choice([0, 0, 7, 600])]
    try:
        for source in find(io.BytesIO(raw)):
            text_of(source)
    except (ArchiveError, NoLogError) as error:
        assert "<BytesIO>" in str(error)
