"""Zip archives: their files are read where they stand."""

from __future__ import annotations

import lzma
import struct
import weakref
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

from istiolog_pd.errors import ArchiveError
from istiolog_pd.sources.archives.contents import Archive, Contents
from istiolog_pd.sources.archives.spool import Spool
from istiolog_pd.sources.compression.codecs import BLOCK
from istiolog_pd.sources.limits import Limits, how_to_raise
from istiolog_pd.sources.path_layouts import shown
from istiolog_pd.sources.source import Source

#: What the table of contents has of a member, on average, at most.
ENTRY = 300

#: What zipfile raises of an archive that is broken.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError)

#: How much is unpacked at a time: a fault loses what the same call unpacked before it. Of packings other than
#: deflate a call unpacks all that so much holds, which may be thousands of times as much.
STEP = 1 << 14
SMALL_STEP = 1 << 12


def zip_contents(source: Source, limits: Limits) -> Archive:
    """The files of a zip archive, as `open_archive`."""
    file = _Table(*_seekable(source, limits), source, limits)
    try:
        archive = zipfile.ZipFile(file)
    except ArchiveError:
        file.close()
        raise
    except BROKEN as error:
        file.close()
        raise ArchiveError(f"{source.name}: the zip archive is cut or broken ({error}): copy it once more") from error
    file.most = None
    weakref.finalize(archive, file.close)
    contents = Contents(source, limits)
    total = 0
    for info in archive.infolist():
        total += info.file_size
        if total > limits.size:
            raise ArchiveError(f"{source.name}: it unpacks to more than {limits.size:,} bytes: {how_to_raise('size')}")
        _add(archive, info, contents, source, limits)
    return contents.done()


def _seekable(source: Source, limits: Limits) -> tuple[Any, Callable[[], object]]:
    """The archive as a file that can be moved about in, of a stream a temporary one; and what closes it."""
    file = source.open()
    if source.again and file.seekable():
        return file, file.close if source.owned else _nothing
    spool = Spool(source.name, limits)
    spool.add(iter(partial(file.read, BLOCK), b""))
    if source.owned:
        file.close()
    return spool.file, partial(_close, spool)


def _close(spool: Spool) -> None:
    """What holds this holds the file open."""
    spool.close()


class _Table:
    """A file as zipfile wants it; its table of contents, which is read at once, must not be too long."""

    def __init__(self, file: Any, close: Callable[[], object], source: Source, limits: Limits) -> None:
        self._file = file
        self.close = close
        self._source = source
        self.most: int | None = ENTRY * limits.members + (1 << 17)
        self.seekable = file.seekable
        self.tell = file.tell
        self.seek = file.seek

    def read(self, size: int = -1) -> bytes:
        if self.most is not None and size > self.most:
            raise ArchiveError(
                f"{self._source.name}: its table of contents has {size:,} bytes: {how_to_raise('members')}"
            )
        return bytes(self._file.read(size))


def _add(archive: zipfile.ZipFile, info: zipfile.ZipInfo, contents: Contents, source: Source, limits: Limits) -> None:
    name = info.filename if "/" in info.filename else info.filename.replace("\\", "/")
    path = contents.path(name)
    mode = info.external_attr >> 28  # of the file as Unix has it: 8 is a plain file, 10 a link
    if not path or name.endswith("/") or mode == 4:
        return
    if info.flag_bits & 1:
        contents.odd(path, "it needs a password")
    elif mode not in (0, 8):
        contents.odd(path, "a link" if mode == 10 else "no plain file")
    else:
        _hold_to(info, source, limits)
        member = Source(f"{source.name}!{path}", _nothing, info.compress_size, owned=True, again=True, limits=limits)
        member.work = info.compress_type != zipfile.ZIP_STORED
        member.open = partial(_Member, archive, info, member.damage.append)
        contents.add(path, member)


def _hold_to(info: zipfile.ZipInfo, source: Source, limits: Limits) -> None:
    """A member says what it unpacks to, and zipfile gives no more."""
    if info.file_size > limits.ratio_from and info.file_size > limits.ratio * info.compress_size:
        raise ArchiveError(
            f"{source.name}: {shown(info.filename)!r} unpacks from {info.compress_size:,} to {info.file_size:,} bytes, "
            f"as a bomb does: {how_to_raise('ratio')}"
        )


def _nothing() -> None:
    """What is not ours is not closed."""


class _Member:
    """A file of a zip archive; where it is broken it ends, with a note."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, note: Any) -> None:
        self._note = note
        self._step = STEP if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else SMALL_STEP
        self._file: Any = None
        try:
            self._file = archive.open(info)
        except BROKEN as error:
            note(f"the zip data is broken ({error}): the rest is lost")

    def read(self, size: int) -> bytes:
        """The next bytes, some of them; none at the end."""
        pieces: list[bytes] = []
        try:
            while size > 0 and self._file is not None and (piece := self._file.read1(min(size, self._step))):
                pieces.append(piece)
                size -= len(piece)
        except BROKEN as error:
            self._note(f"the zip data is broken ({error}): the rest is lost")
            self.close()
        return b"".join(pieces)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
