"""Archives that are damaged, or hostile."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from archiving import PACKS, archived, each_archive, info_of, many, noise, paths, tar, text_of, zipped

from istiolog_pd.errors import ArchiveError, NoLogError
from istiolog_pd.sources.discover import Limits, find

each_tar = pytest.mark.parametrize("sort", PACKS)

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
    bomb = archived(sort, {"a.log": b"x" * (4 << 20)})
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
