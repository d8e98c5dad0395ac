"""Archives of every kind, made of a few files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from istiolog_pd.sources.discover import Source

PACKS: dict[str, Callable[[bytes], bytes]] = {
    "tar": lambda raw: raw,
    "tar.gz": gzip.compress,
    "tar.zst": zstandard.ZstdCompressor().compress,
    "tar.xz": lambda raw: lzma.compress(raw, preset=0),
    "tar.bz2": bz2.compress,
}

each_archive = pytest.mark.parametrize("sort", [*PACKS, "zip"])


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


def many(count: int = 12) -> dict[str, bytes]:
    """Logs that do not pack."""
    return {f"{n:02}.log": noise(n) for n in range(count)}
