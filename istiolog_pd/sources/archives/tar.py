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
from istiolog_pd.sources.archives.streams import BlockStream, FileStream, Headers, Part
from istiolog_pd.sources.archives.tar_cursor import Turns
from istiolog_pd.sources.compression.codecs import Note, packing, unpack
from istiolog_pd.sources.limits import Limits, bounded, how_to_raise
from istiolog_pd.sources.path_layouts import place
from istiolog_pd.sources.source import Raw, Source, plain

ODD = {
    tarfile.LNKTYPE: "a link",
    tarfile.SYMTYPE: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
}


def tar_contents(source: Source, limits: Limits) -> Archive:
    """The files of a tar archive, as `open_archive`.

    Of one that is not packed each file is read where it stands. A packed one is unpacked to list its files:
    what may be read of it is held in memory meanwhile, if it is little, or if the archive cannot be read
    twice; else the archive is unpacked once more while its files are read.
    """
    listing = _Listing(source, limits)
    archive = listing.archive
    if listing.seeks:
        opens = partial(_part, source)
    else:
        turns = Turns(lambda: _again(source, limits), limits.held)
        archive.expect = lambda paths: turns.expect(listing.files[path] for path in paths)
        opens = partial(_held_or_in_turn, listing.held, turns)
    for path, member in archive.members.items():
        member.open = partial(opens, *listing.files[path])
    return archive


def _part(source: Source, offset: int, size: int) -> Part:
    file = source.open()
    return Part(file, offset, size, file.close if source.owned else _nothing)


def _held_or_in_turn(held: dict[int, bytes], turns: Turns, offset: int, size: int) -> Any:
    return io.BytesIO(held[offset]) if offset in held else turns.open(offset, size)


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


def _again(source: Source, limits: Limits) -> BlockStream:
    if not source.again:
        raise ArchiveError(f"{source.name}: it can be read only once: save it to a file")
    stream = _opened(source, limits, _nothing)
    assert isinstance(stream, BlockStream)
    return stream


class _Listing:
    """Takes down the files of a tar archive, and holds those that may be read if they are few."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._contents = Contents(source, limits)
        self._room = limits.held
        #: By path: offset and size.
        self.files: dict[str, tuple[int, int]] = {}
        self.held: dict[int, bytes] = {}
        self._holds = True
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
        member = Source(
            f"{self._source.name}!{path}",
            _nothing,
            info.size,
            owned=True,
            again=True,
            work=not self.seeks,
            limits=self._limits,
        )
        self._contents.add(path, member)
        self.files[path] = info.offset_data, info.size
        if isinstance(stream, BlockStream) and self._holds and place(path) is not None:
            self._hold(stream, info)
        return member

    def _hold(self, stream: BlockStream, info: tarfile.TarInfo) -> None:
        self._room -= info.size
        if self._room >= 0:
            self.held[info.offset_data] = stream.read(info.size)
        elif self._source.again:
            self._holds = False
            self.held.clear()
        else:
            raise ArchiveError(
                f"{self._source.name}: its logs have more than {self._limits.held:,} bytes, and it can be read only "
                f"once: save it to a file; or {how_to_raise('held')}"
            )


def _infos(headers: Any) -> Iterator[tarfile.TarInfo]:
    """The headers of a tar. None is kept."""
    tar = tarfile.TarFile(fileobj=headers, mode="r", encoding="utf-8", errors="surrogateescape")
    while (info := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]
        yield info
