"""Every shape of text is unwrapped in time in proportion to its size, and in memory that is bounded."""

from __future__ import annotations

import contextlib
import gzip
import io
import resource
import struct
import tarfile
import time
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest

import istiolog_pd as il
from istiolog_pd.engine.choose_engine import has_native
from istiolog_pd.sources.wrappers import unwrap
from tests.hostile import HEAD, SHAPES, text


def seconds(raw: bytes) -> float:
    """Processor time of unwrapping, in blocks as files are read."""
    start = time.process_time()
    for stream in unwrap((raw[at : at + (1 << 20)] for at in range(0, len(raw), 1 << 20)), lambda line, what: None):
        for _ in stream.blocks:
            pass
    return time.process_time() - start


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_time_in_proportion_to_size(shape: str) -> None:
    """Half a second a megabyte at most, on a machine that does other things too; four times the text, the same."""
    for size in (1 << 19, 1 << 21):
        assert seconds(text(shape, size)) < 1.0 * size / (1 << 20) + 0.5


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_load_in_proportion_to_size(shape: str, tmp_path: Path) -> None:
    """The same for all that `load` does, with the engine that is there (the reference alone takes longer)."""
    path = tmp_path / "a.log"
    path.write_bytes(text(shape, 1 << 19))
    start = time.process_time()
    with contextlib.suppress(il.NoLogError):
        loaded(path)
    assert time.process_time() - start < (1.0 if has_native() else 8.0)


def loaded(path: Path) -> il.Capture:
    """A source, whatever is said of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", il.DamageWarning)
        return il.load(path)


def test_json_nested_deep(tmp_path: Path) -> None:
    """It is kept as text."""
    path = tmp_path / "a.log"
    path.write_bytes(HEAD + b"x\n" + b'{"a":' * 100_000 + b"\n" + b"[" * 100_000 + b"\n")
    assert len(loaded(path).to_pandas()) >= 1
    path.write_bytes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    assert "".join(loaded(path).to_pandas()["message"]).startswith('{"a":{"a":')


def test_gzip_with_a_long_name(tmp_path: Path) -> None:
    """The name in its header is passed over, not held."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    line = HEAD + b"x\n"
    body = packed.compress(line) + packed.flush()
    path = tmp_path / "a.log.gz"
    header = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * (20 << 20) + b"\0"
    path.write_bytes(header + body + struct.pack("<II", zlib.crc32(line), len(line)))
    assert len(loaded(path).to_pandas()) == 1


def test_zip_members_that_overlap(tmp_path: Path) -> None:
    """Many entries of the table of contents for one member: it is read once, by the name that it has itself."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a0.log", HEAD + b"x" * 100_000 + b"\n")
    raw = whole.getvalue()
    table, end = raw.rindex(b"PK\x01\x02"), raw.rindex(b"PK\x05\x06")
    entries = b"".join(raw[table:end].replace(b"a0.log", b"%02x.log" % n) for n in range(256))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 256, 256, len(entries), table, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(raw[:table] + entries + tail)
    assert len(loaded(path).to_pandas()) == 1


def test_many_empty_members(tmp_path: Path) -> None:
    """None is read as a log; the error names some of them."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        for n in range(3000):
            file.addfile(tarfile.TarInfo(f"logs/{n}.log"))
    start = time.process_time()
    with pytest.raises(il.NoLogError, match="and 2,980 more"):
        il.load(path)
    assert time.process_time() - start < 3000 * 0.001


def test_lines_without_text(tmp_path: Path) -> None:
    """Millions of empty lines, packed: memory does not grow with them."""
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(HEAD + b"x\n" + b"\n" * 2_000_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(loaded(path).to_pandas()) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_line_of_many_megabytes(tmp_path: Path) -> None:
    """It is one entry, in memory of a few times its size."""
    path = tmp_path / "a.log"
    path.write_bytes(HEAD + b"x" * (16 << 20) + b"\n" + HEAD + b"y\n")
    start = time.process_time()
    assert loaded(path).to_pandas()["message"].str.len().to_list() == [16 << 20, 1]
    assert time.process_time() - start < 4


def test_more_starts_than_a_process_has(tmp_path: Path) -> None:
    """They are one run, and its evidence says so."""
    path = tmp_path / "a.log"
    path.write_bytes(text("flags", 200_000))
    runs = loaded(path).runs
    assert len(runs) == 1
    assert "more than 2,000 start-ups are in it: taken for one run" in runs["evidence"][0]
