"""Where bytes come from: paths, globs, folders, open files and standard input, plain or gzip.

Knows nothing of logs: a source is a name and blocks of bytes.
"""

from __future__ import annotations

import codecs
import glob
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

BLOCK = 1 << 20
GZIP = b"\x1f\x8b"

#: Files of a folder that are taken for logs: `x.log`, `x.log.gz`, `x.log.1`, `x.log.20260101-120000.gz`.
LOG_NAME = re.compile(r"\.log(\.[\w.-]+)?$")

#: What names a source; lists of these do too.
SourceLike = str | os.PathLike[str] | IO[Any] | Iterable[Any]


class NoLogError(ValueError):
    """There is nothing to read: an empty source, one that is no text, a folder without logs."""


@dataclass(slots=True)
class Source:
    """A source of bytes: its name, and how to open it.

    `damage` fills while the blocks are read: what went wrong, in words.
    """

    name: str
    open: Callable[[], IO[Any]]
    size: int | None = None
    #: Whether it is ours to close.
    owned: bool = False
    damage: list[str] = field(default_factory=list)

    def blocks(self, progress: Callable[[int], object] | None = None) -> Iterator[bytes]:
        """The bytes, gzip unpacked and UTF-16 made UTF-8 (told by content, not by name), in blocks.

        Parameters
        ----------
        progress
            Called with the number of bytes read from the source, before unpacking.
        """
        with ExitStack() as stack:
            file = self.open()
            if self.owned:
                stack.enter_context(file)
            raw = _Raw(file, progress)
            first = raw.read()
            yield from _as_utf8(self._unpacked(first, raw) if first.startswith(GZIP) else _plain(first, raw))

    def _unpacked(self, block: bytes, raw: _Raw) -> Iterator[bytes]:
        """Every member of a gzip file, up to where it is cut or broken."""
        member = zlib.decompressobj(wbits=31)
        while block:
            before = member.copy()
            try:
                out = member.decompress(block, BLOCK)
            except zlib.error as error:
                self.damage.append(f"the gzip data is broken ({error}): the rest is lost")
                yield from _up_to_fault(before, block)
                return
            if out:
                yield out
            if member.eof:
                block = member.unused_data or raw.read()
                if not block.strip(b"\0"):
                    return
                member = zlib.decompressobj(wbits=31)
            else:
                block = member.unconsumed_tail or raw.read()
        self.damage.append("the gzip data ends too early: what came before the cut is here")


def _up_to_fault(member: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    """What a block unpacks to before the fault in it, in small steps."""
    for at in range(0, len(block), 64):
        try:
            yield member.decompress(block[at : at + 64])
        except zlib.error:
            return


class _Raw:
    """An open file as bytes, whatever it was opened as."""

    def __init__(self, file: IO[Any], progress: Callable[[int], object] | None) -> None:
        self._file = file
        self._progress = progress

    def read(self) -> bytes:
        block = self._file.read(BLOCK)
        data = block.encode(errors="surrogateescape") if isinstance(block, str) else bytes(block)
        if self._progress is not None and data:
            self._progress(len(data))
        return data


def _plain(block: bytes, raw: _Raw) -> Iterator[bytes]:
    while block:
        yield block
        block = raw.read()


def _as_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks without a byte order mark; UTF-16, which PowerShell's ``>`` writes, becomes UTF-8."""
    first = next(blocks, b"")
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for block in chain([first], blocks):
        yield decoder.decode(block).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


def _file_source(path: str) -> Source:
    return Source(path, lambda: open(path, "rb"), os.path.getsize(path), owned=True)


def find(*sources: SourceLike) -> list[Source]:
    """The sources that names stand for, in order.

    Parameters
    ----------
    sources
        Paths, globs, folders (every file below whose name has ``.log``), open binary or text files,
        ``-`` for standard input, or lists of these.

    Raises
    ------
    FileNotFoundError
        If a path is not there, or a glob fits nothing.
    NoLogError
        If a folder holds no log, or nothing was named.
    """
    found = list(_once([one for source in sources for one in _find(source)]))
    seen: dict[str, int] = {}
    for one in found:
        count = seen[one.name] = seen.get(one.name, 0) + 1
        if count > 1 and not one.owned:  # open files without names of their own
            one.name = f"{one.name} ({count})"
    if not found:
        raise NoLogError("nothing to read: name at least one log file, folder or glob, or '-' for standard input")
    return found


def _once(sources: list[Source]) -> Iterator[Source]:
    """Each file once, however often it is named: its lines must not be counted double."""
    paths: set[str] = set()
    for source in sources:
        path = os.path.realpath(source.name) if source.owned else ""
        if path not in paths:
            yield source
        if path:
            paths.add(path)


def _find(source: SourceLike) -> Iterator[Source]:
    if isinstance(source, (str, os.PathLike)):
        yield from _named(os.fspath(source))
    elif hasattr(source, "read"):
        yield _open_file(source)
    elif isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
        for one in source:
            yield from _find(one)
    else:
        raise TypeError(
            f"a source is a path, a glob, an open file, '-' or a list of these, not {type(source).__name__}: "
            "wrap bytes in io.BytesIO"
        )


def _open_file(file: Any) -> Source:
    name = getattr(file, "name", None)
    return Source(name if isinstance(name, str) else f"<{type(file).__name__}>", lambda: file)


def _named(name: str) -> Iterator[Source]:
    path = Path(name)
    if name == "-":
        yield Source("-", lambda: sys.stdin.buffer)
    elif path.is_dir():
        files = sorted(str(p) for p in path.rglob("*") if p.is_file() and LOG_NAME.search(p.name))
        if not files:
            raise NoLogError(f"{name}: a folder with no log in it (no file named *.log, *.log.gz, *.log.1, ...)")
        yield from map(_file_source, files)
    elif path.exists():
        yield _file_source(name)
    elif glob.has_magic(name):
        files = sorted(file for file in glob.glob(name, recursive=True) if os.path.isfile(file))
        if not files:
            raise FileNotFoundError(f"{name}: no file fits this pattern")
        yield from map(_file_source, files)
    else:
        raise FileNotFoundError(f"{name}: no such file or folder")
