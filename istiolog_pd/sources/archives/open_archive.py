"""The files in an archive, read where they stand: tar, packed or not, and zip.

Nothing is written but a temporary file without a name. No member's name leads out of the archive: one that would is
refused with it.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain

from istiolog_pd.sources.archives.contents import Archive
from istiolog_pd.sources.archives.tar import tar_contents
from istiolog_pd.sources.archives.zip import zip_contents
from istiolog_pd.sources.compression.codecs import packing, unpack
from istiolog_pd.sources.limits import Limits
from istiolog_pd.sources.source import Source

ZIP = re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)")

#: File names that look like an archive's: of a folder's files only these are looked into.
ARCHIVE_NAME = re.compile(r"\.(?:tar|tar\.(?:gz|zst|xz|bz2)|tgz|tzst|txz|tbz2?|zip)$", re.I)


def archive_of(first: bytes, rest: Iterator[bytes]) -> str:
    """What sort of archive begins with these blocks: ``"tar"``, ``"zip"`` or "" (by its content)."""
    if ZIP.match(first):
        return "zip"
    how = packing(first)
    while len(first) < tarfile.BLOCKSIZE and (how or 0 in first) and (more := next(rest, b"")):
        first += more
    if not how:
        return "tar" if _begins_tar(first) else ""
    with closing(unpack(chain([first], rest), how, _nothing)) as unpacked:
        return "tar" if _begins_tar(next(unpacked, b"")) else ""


def _begins_tar(block: bytes) -> bool:
    """Whether a tar's first header is there: its checksum is right. A log has no NUL so early."""
    if len(block) < tarfile.BLOCKSIZE or 0 not in block[: tarfile.BLOCKSIZE]:
        return False
    try:
        tarfile.TarInfo.frombuf(block[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _nothing(text: str) -> None:
    """What is wrong is noted when it is read."""


def open_archive(source: Source, sort: str, limits: Limits, wanted: Callable[[str], bool]) -> Archive:
    """The files of an archive, to be read in any order; of a packed tar those that are wanted.

    Parameters
    ----------
    source, sort
        The archive, and `archive_of` it.
    limits
        How far it is trusted.
    wanted
        Whether the file of a path will be read: what is not wanted need not be kept.

    Raises
    ------
    ArchiveError
        If it is hostile, too large, or broken from its start.
    """
    return zip_contents(source, limits) if sort == "zip" else tar_contents(source, limits, wanted)
