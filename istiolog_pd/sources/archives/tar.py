"""Tar archives, packed or not, read as a stream: never once per member."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

from istiolog_pd.errors import ArchiveError
from istiolog_pd.sources.archives.contents import Archive, Contents
from istiolog_pd.sources.archives.spool import Spool
from istiolog_pd.sources.archives.streams import BlockStream, FileStream, Headers, Part
from istiolog_pd.sources.compression.codecs import Note, packing, unpack
from istiolog_pd.sources.limits import Limits, bounded
from istiolog_pd.sources.source import Raw, Source, plain

ODD = {
    tarfile.LNKTYPE: "a link",
    tarfile.SYMTYPE: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
}


def tar_contents(source: Source, limits: Limits, wanted: Callable[[str], bool]) -> Archive:
    """The files of a tar archive, as `open_archive`.

    Of one that is not packed each file is read where it stands. A packed one is unpacked once, and what is
    wanted of it is kept in a temporary file.
    """
    listing = _Listing(source, limits, wanted)
    opens = partial(_part, source) if listing.seeks else partial(_kept, listing.spool)
    for path, member in listing.archive.members.items():
        member.open = partial(opens, *listing.files[path])
    return listing.archive


def _part(source: Source, offset: int, size: int) -> Part:
    file = source.open()

    def read_at(at: int, size: int) -> bytes:
        file.seek(at)
        return bytes(file.read(size))

    return Part(read_at, offset, size, file.close if source.owned else _nothing)


def _kept(spool: Spool, offset: int, size: int) -> Part:
    return Part(spool.read, offset, size, _nothing)


def _nothing(*_: object) -> None:
    """A file that is not ours is not closed; what is wrong was noted before."""


def _opened(source: Source, limits: Limits, note: Note) -> BlockStream | FileStream:
    """A tar from its start, unpacked."""
    file = source.open()
    close: Callable[[], object] = file.close if source.owned else _nothing
    raw = Raw(file, None)
    first = raw.read()
    how = packing(first)
    if not how and source.again and file.seekable():
        file.seek(-len(first), io.SEEK_CUR)
        return FileStream(file, close)
    blocks = plain(first, raw)
    if how:
        blocks = unpack(blocks, how, note, source.raw_from if source.again else None)
    return BlockStream(bounded(blocks, lambda: raw.count, limits, source.name), close)


class _Listing:
    """Takes down the files of a tar archive, and keeps those that are wanted of a packed one."""

    def __init__(self, source: Source, limits: Limits, wanted: Callable[[str], bool]) -> None:
        self._source = source
        self._limits = limits
        self._wanted = wanted
        self._contents = Contents(source, limits)
        #: By path: offset and size, in the archive, or in the spool of a packed one.
        self.files: dict[str, tuple[int, int]] = {}
        self.spool = Spool(source.name, limits)
        damage: list[str] = []
        with ExitStack() as stack:
            stream = _opened(source, limits, damage.append)
            stack.callback(stream.close)
            self.seeks = isinstance(stream, FileStream)
            last = self._list(stream, damage)
        self.archive = self._contents.done()
        (self.archive if last is None else last).damage.extend(damage)

    def _list(self, stream: BlockStream | FileStream, damage: list[str]) -> Source | None:
        """Take down every file; gives the one in which the archive ends, if it does."""
        headers = Headers(stream, self._source.name)
        last = None
        try:
            for info in _infos(headers):
                last = self._member(info, stream)
        except (tarfile.TarError, RecursionError, OverflowError) as error:
            if not self.files:
                raise ArchiveError(f"{self._source.name}: the tar data is broken from its start ({error})") from error
            if not damage:
                damage.append("the tar data ends too early: what came before the cut is here")
            return last
        if headers.last.strip(b"\0") and not damage:
            damage.append("the tar data is broken: the rest is lost")
        return None

    def _member(self, info: tarfile.TarInfo, stream: BlockStream | FileStream) -> Source | None:
        path = self._contents.path(info.name)
        sparse = getattr(info, "sparse", None)  # a file with holes, in GNU's way
        if info.isdir() or not info.isreg() or sparse is not None or info.size < 0:
            if not info.isdir():
                self._contents.odd(path, ODD.get(info.type, "no plain file"))
            return None
        member = Source(f"{self._source.name}!{path}", _nothing, info.size, owned=True, again=True, limits=self._limits)
        self._contents.add(path, member)
        self.files[path] = info.offset_data, info.size
        if isinstance(stream, BlockStream):
            self.files[path] = self.spool.add(stream.pieces(info.size) if self._wanted(path) else ())
        return member


def _infos(headers: Any) -> Iterator[tarfile.TarInfo]:
    """The headers of a tar. None is kept."""
    tar = tarfile.TarFile(fileobj=headers, mode="r", encoding="utf-8", errors="surrogateescape")
    while (info := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]
        yield info
