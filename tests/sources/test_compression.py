"""Compressed files: every codec, in any number of members."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from input_texts import LOG, ONE, TWO, text_of

from istiolog_pd.sources.compression.codecs import unpack
from istiolog_pd.sources.discover import find

Pack = Callable[[bytes], bytes]


def zstd(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(text)


PACKS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "zstd": zstd,
    "xz": lambda text: lzma.compress(text, preset=0),
    "bzip2": bz2.compress,
}

each_packing = pytest.mark.parametrize("how", PACKS)


def read(packed: bytes) -> tuple[bytes, list[str]]:
    """What packed bytes unpack to, and what is wrong with them."""
    (source,) = find(io.BytesIO(packed))
    return text_of(source), source.damage


# ---- packings ----


@each_packing
def test_packing_is_told_by_its_content(how: str, tmp_path: Path) -> None:
    """Whatever the file is called; in a file, in an open file, and from where nothing can be read twice."""
    path = tmp_path / "a.log"
    path.write_bytes(PACKS[how](LOG))
    assert [text_of(source) for source in find(path)] == [LOG]
    assert read(path.read_bytes()) == (LOG, [])
    end, start = os.pipe()
    with open(end, "rb") as pipe, open(start, "wb") as writer:
        writing = threading.Thread(target=lambda: (writer.write(path.read_bytes()), writer.close()))
        writing.start()
        assert [text_of(source) for source in find(pipe)] == [LOG]
        writing.join()


@each_packing
def test_members_are_one_text(how: str) -> None:
    """A line may go from one to the next; empty ones, and what pads them, do no harm."""
    members = [LOG[:1000], b"", LOG[1000:1010], LOG[1010:]]
    assert read(b"".join(map(PACKS[how], members))) == (LOG, [])
    if how != "zstd":
        assert read(PACKS[how](LOG) + bytes(5000)) == (LOG, [])
        assert read(PACKS[how](ONE) + bytes(512) + PACKS[how](TWO)) == (ONE + TWO, [])


@each_packing
def test_many_small_members(how: str) -> None:
    """Their number is not squared: each takes as long as the one before."""
    count = 2_000
    assert read(PACKS[how](ONE) * count) == (ONE * count, [])


def test_many_empty_members() -> None:
    """Half a megabyte of them is nothing."""
    assert read(gzip.compress(b"") * 20_000 + gzip.compress(ONE)) == (ONE, [])


@each_packing
def test_what_is_cut_gives_what_comes_before(how: str) -> None:
    """And one note of it."""
    packed = PACKS[how](LOG)
    for end in (len(packed) // 2, len(packed) - 1, len(packed) - 5):
        text, damage = read(packed[:end])
        assert LOG.startswith(text)
        assert len(text) >= (0 if how == "bzip2" else 0.25 * len(LOG))
        assert damage == [f"the {how} data ends too early: what came before the cut is here"]


@each_packing
def test_what_is_broken_gives_what_comes_before(how: str) -> None:
    """A second member is garbage: all of the first one is there."""
    packed = PACKS[how](LOG)
    for rest in (b"garbage", packed[:6] + b"\xff" * 100):
        text, (damage,) = read(packed + rest)
        assert text == LOG
        assert damage.startswith((f"the {how} data is broken (", f"the {how} data ends too early"))


def test_nothing_is_lost_before_a_fault_in_gzip(tmp_path: Path) -> None:
    """In a checksum: nothing at all. In a file, and in an open one."""
    packed = bytearray(gzip.compress(LOG))
    packed[-5] ^= 0xFF
    (tmp_path / "a.log.gz").write_bytes(packed)
    for source in (tmp_path / "a.log.gz", io.BytesIO(packed)):
        (found,) = find(source)
        assert text_of(found) == LOG
        assert len(found.damage) == 1


def test_fault_in_zstd_loses_less_than_a_block() -> None:
    """A block is 128 KB."""
    packed = bytearray(zstd(LOG))
    packed[-10] ^= 0xFF
    text, (damage,) = read(bytes(packed))
    assert text[: len(LOG) - (1 << 17)] == LOG[: len(LOG) - (1 << 17)]
    assert damage.startswith("the zstd data is broken (")


def test_zstd_frame_that_is_passed_over() -> None:
    """Programs that pack with several threads write them."""
    frame = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    assert read(frame + zstd(ONE) + frame + zstd(TWO) + frame) == (ONE + TWO, [])
    assert read(zstd(ONE) + frame[:-2])[1] == ["the zstd data ends too early: what came before the cut is here"]


def test_bytes_that_repeat_unpack_in_blocks() -> None:
    """32 MB of a few bytes: no block is large."""
    for how, pack in PACKS.items():
        packed = pack(bytes(4 << 20)) * 8
        sizes = [len(block) for block in unpack(iter([packed]), how, pytest.fail)]
        assert sum(sizes) == 32 << 20
        assert max(sizes) <= 2 << 20


@settings(max_examples=40)
@given(
    texts=st.lists(st.binary(max_size=300), max_size=5),
    how=st.sampled_from(sorted(PACKS)),
    size=st.integers(1, 50),
    cut=st.integers(0, 40),
    flips=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 255)), max_size=2),
)
def test_any_blocks_and_any_fault(
    texts: list[bytes], how: str, size: int, cut: int, flips: list[tuple[int, int]]
) -> None:
    """However the packed bytes come, they unpack to the same; cut and broken ones raise nothing."""
    packed = bytearray(b"".join(map(PACKS[how], texts)))

    def unpacked() -> tuple[bytes, list[str]]:
        blocks: Iterator[bytes] = (bytes(packed[at : at + size]) for at in range(0, len(packed), size))
        notes: list[str] = []
        return b"".join(unpack(blocks, how, notes.append)), notes

    assert unpacked() == (b"".join(texts), [])
    for at, flip in flips:
        if packed:
            packed[at % len(packed)] ^= flip
    packed = packed[: len(packed) - cut]
    assert len(unpacked()[1]) <= 1


def test_much_is_unpacked_beside_its_reading(tmp_path: Path) -> None:
    """By a thread, which ends when the reading does."""
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(LOG * 25, 1))
    (source,) = find(tmp_path / "a.log.gz")
    blocks = source.blocks()
    names = [{thread.name for thread in threading.enumerate()} for _, _ in zip(blocks, range(6), strict=False)]
    assert not any("unpack" in name for name in names[0])
    assert any("unpack" in name for name in names[5])
    blocks.close()  # type: ignore[attr-defined]
    assert not any("unpack" in thread.name for thread in threading.enumerate())
    assert text_of(source) == LOG * 25


def test_progress_counts_packed_bytes(tmp_path: Path) -> None:
    """Which add up to the size of the source."""
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(LOG))
    (source,) = find(tmp_path / "a.log.gz")
    counts: list[int] = []
    assert sum(map(len, source.blocks(counts.append))) == len(LOG)
    assert sum(counts) == source.size == (tmp_path / "a.log.gz").stat().st_size
