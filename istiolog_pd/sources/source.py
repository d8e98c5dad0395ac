"""A source of bytes: its name, its component by its path, and its text in blocks."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from istiolog_pd.sources.compression.codecs import BLOCK, packing, unpack
from istiolog_pd.sources.compression.prefetch import ahead
from istiolog_pd.sources.limits import LIMITS, Limits, bounded

#: A source that is longer than this is read in blocks of four times the size: each costs a search for its last entry.
LONG = 4 * BLOCK

Progress = Callable[[int], object]
Blocks = Generator[bytes, None, None]

#: What tells a file from every other, however it is named: device and inode.
Identity = tuple[int, int]


def identity(file: str | os.PathLike[str] | int) -> Identity | None:
    """What tells a regular file (a path or a descriptor) from every other; None for anything else."""
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


@dataclass(slots=True)
class Source:
    """A source of bytes: its name, how to open it, and what its place tells.

    `damage` fills while the blocks are read: what went wrong, in words.
    """

    name: str
    #: Gives an open file; of one that is ours only `read` and `close` are asked, of one that can be read only once
    #: `look`.
    open: Callable[[], Any]
    #: Bytes as stored, packed or not.
    size: int | None = None
    #: The same for one file, however it is named; "" where it is unknown.
    key: str = ""
    #: Of the file it is read from, so that no output replaces it; None if it is none.
    identity: Identity | None = None
    #: Whether it is ours to close.
    owned: bool = False
    #: Whether `open` gives it from its start every time.
    again: bool = False
    #: Whether reading it takes work (it is unpacked on the way), which a thread can do.
    work: bool = False
    #: What it may unpack to.
    limits: Limits = LIMITS
    #: Whether it was not named itself: if it cannot be opened, that is damage and no error.
    optional: bool = False
    damage: list[str] = field(default_factory=list)
    #: What of its folder or archive was left out; on the first source of it.
    notes: list[str] = field(default_factory=list)
    #: ``"log"``, or ``"metrics"``: Prometheus text.
    kind: str = "log"
    #: Of which pod, namespace and container, as far as the place tells.
    pod: str = ""
    namespace: str = ""
    container: str = ""
    #: ``"pilot"`` or ``"agent"`` if the path shows the component.
    hint: str = ""
    #: The same for the pieces of one container's log; "" if there is one piece.
    group: str = ""
    #: Sorts the pieces of a group, oldest first.
    order: tuple[int, ...] = ()

    def blocks(self, progress: Progress | None = None) -> Iterator[bytes]:
        """The bytes, unpacked and UTF-16 made UTF-8 (both detected by content, not by name), in blocks.

        gzip, zstd, xz and bzip2 are unpacked, by a thread of their own where there is much to unpack.

        Parameters
        ----------
        progress
            Called with the number of bytes read from the source, before unpacking.

        Raises
        ------
        ArchiveError
            If it is an archive's member, and unpacks to more than the limits allow.
        """
        with ExitStack() as stack:
            try:
                file = self.open()
            except OSError as error:
                if not self.optional:
                    raise
                self.damage.append(f"it cannot be read ({error.strerror or error})")
                return
            if self.owned:
                stack.callback(file.close)
            data = self._unpacked(Raw(file, progress))
            yield from as_utf8(data)

    def _unpacked(self, raw: Raw) -> Iterator[bytes]:
        first = raw.read()
        how = packing(first)
        blocks: Blocks = plain(first, raw)
        if how:
            blocks = unpack(blocks, how, self.damage.append, self.raw_from if self.again else None)
            blocks = bounded(blocks, lambda: raw.count, self.limits, self.name)
        # Not of a file that is not ours: a thread that waits for a pipe's other end cannot be stopped.
        return ahead(blocks) if self.owned and (how or self.work) else blocks

    def look(self) -> Blocks:
        """Its first bytes as stored, which will be there when it is read."""
        if self.again:
            return self.raw_from(0)
        looked: Blocks = self.open().look()
        return looked

    def raw_from(self, place: int) -> Blocks:
        """The bytes as stored, from a place on: of a source that can be opened again."""
        with ExitStack() as stack:
            file = self.open()
            if self.owned:
                stack.callback(file.close)
            raw = Raw(file, None)
            while block := raw.read():
                if place < len(block):
                    yield block[place:]
                place = max(0, place - len(block))


class Raw:
    """An open file as bytes, whatever it was opened as."""

    def __init__(self, file: Any, progress: Progress | None) -> None:
        self._file = file
        self._progress = progress
        #: Bytes read so far.
        self.count = 0

    def read(self) -> bytes:
        """The next block; nothing at the end."""
        block = self._file.read(BLOCK if self.count < LONG else 4 * BLOCK)
        data = block.encode(errors="surrogateescape") if isinstance(block, str) else bytes(block)
        self.count += len(data)
        if self._progress is not None and data:
            self._progress(len(data))
        return data


def plain(block: bytes, raw: Raw) -> Blocks:
    """A block, and those that follow it."""
    while block:
        yield block
        block = raw.read()


def as_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks without a byte order mark; UTF-16, which PowerShell's ``>`` writes, becomes UTF-8."""
    first = next(blocks, b"")
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from without_gaps(chain([first.removeprefix(codecs.BOM_UTF8)], blocks))
        return
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for block in chain([first], blocks):
        yield decoder.decode(block).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


def without_gaps(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks, each run of blocks that are NULs alone as one.

    A log that is truncated while its writer keeps its place begins with as many NULs as it was long; the file is small
    on disk, but read it is one line of gigabytes.
    """
    is_gap = False
    for block in blocks:
        was_gap, is_gap = is_gap, block[:1] == b"\0" and not block.strip(b"\0")
        if not (was_gap and is_gap):
            yield block
