"""Compressed bytes, detected by content, and decompressed in blocks: gzip, zstd, xz, bzip2, of one member or many.

What is cut or broken gives what comes before, and a note. No member's bytes are copied for the next one's
sake, so many small members take no longer than a large one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

BLOCK = 1 << 20

#: How much is unpacked at a time where a fault would lose what the same call unpacked before it.
STEP = 1 << 13

#: The first piece of a member that is given to its decompressor; each that follows is twice as long.
PIECE = 1 << 8

#: Bytes of memory that unpacking xz may take.
XZ_MEMORY = 1 << 28

#: A zstd block holds no more than this, before and after.
ZSTD_BLOCK = 1 << 17
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

PACKINGS = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
}

#: With what each member begins.
MEMBERS = {"gzip": b"\x1f\x8b", "xz": b"\xfd7zXZ\0", "bzip2": b"BZh"}

Note = Callable[[str], None]
Again = Callable[[int], Iterator[bytes]]
Blocks = Generator[bytes, None, None]


class _Member(Protocol):
    """What the decompressors of gzip, xz and bzip2 have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes: ...


def packing(head: bytes) -> str:
    """How bytes that begin so are packed: a key of `PACKINGS`, or "" if they are not."""
    return next((name for name, magic in PACKINGS.items() if magic.match(head)), "")


def unpack(blocks: Iterator[bytes], how: str, note: Note, again: Again | None = None) -> Blocks:
    """What packed bytes unpack to, in blocks.

    Parameters
    ----------
    blocks
        The packed bytes.
    how
        A key of `PACKINGS`.
    note
        Called with what is wrong, in words; nothing comes after that.
    again
        Gives the packed bytes from a place on once more. With it, nothing before a fault in a gzip is lost;
        without, up to 8 KB may be.
    """
    data = _Input(blocks)
    if how == "zstd":
        yield from _in_blocks(_zstd(data, note))
    elif how == "gzip" and again is not None:
        yield from _members(data, how, BLOCK, note, again)
    else:
        yield from _in_blocks(_members(data, how, STEP, note, None))


class _Input:
    """Packed bytes, taken a piece at a time."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = memoryview(b"")
        self._next = 0
        self._before = 0

    @property
    def at(self) -> int:
        """The place of the next byte."""
        return self._before + self._next

    def take(self, most: int) -> memoryview:
        """The next bytes, some of them; none at the end."""
        if self._next == len(self._block):
            self._before += self._next
            self._next = 0
            self._block = memoryview(next(self._blocks, b""))
        piece = self._block[self._next : self._next + most]
        self._next += len(piece)
        return piece

    def back(self, count: int) -> None:
        """The last bytes of the piece taken last were not used."""
        self._next -= count

    def exactly(self, count: int) -> bytes:
        """Read a number of bytes; fewer only at the end."""
        piece = self.take(count)
        if len(piece) == count or not piece:
            return bytes(piece)
        pieces = [piece]
        while piece and (count := count - len(piece)):
            pieces.append(piece := self.take(count))
        return b"".join(pieces)

    def skip(self, count: int) -> bool:
        """Skip a number of bytes; false if there were fewer."""
        while count and (piece := self.take(count)):
            count -= len(piece)
        return not count

    def skip_zeros(self) -> bool:
        """Pass over padding; whether anything comes after it."""
        while piece := self.take(BLOCK):
            rest = bytes(piece[:1]) if piece[0] else bytes(piece).lstrip(b"\0")
            if rest:
                self.back(len(piece) if piece[0] else len(rest))
                return True
        return False


def _in_blocks(pieces: Iterator[bytes]) -> Blocks:
    """The same bytes in pieces of about a block."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if size:
        yield b"".join(waiting)


def _member(how: str) -> tuple[_Member, tuple[Any, ...]]:
    """A decompressor for one member, and what it raises."""
    if how == "gzip":
        from isal import igzip_lib

        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), (igzip_lib.IsalError, EOFError, ValueError)
    if how == "xz":
        import lzma

        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY), (lzma.LZMAError, EOFError)
    import bz2

    return bz2.BZ2Decompressor(), (OSError, EOFError, ValueError)


def _members(data: _Input, how: str, step: int, note: Note, again: Again | None) -> Blocks:
    """Every member, up to where one is cut or broken."""
    while data.skip_zeros():
        start, given, size = data.at, 0, PIECE
        member, errors = _member(how)
        while not member.eof:
            piece: bytes | memoryview = b""
            if member.needs_input:
                piece, size = data.take(size), min(2 * size, BLOCK)
                if not piece:
                    note(_cut(how))
                    return
                if data.at - len(piece) == start and not _begins_so(bytes(piece), MEMBERS[how]):
                    note(_broken(how, "something else follows"))
                    return
            try:
                out = member.decompress(piece, step)
            except errors as error:
                note(_broken(how, error))
                if again is not None:
                    yield from _before_fault(again(start), given)
                return
            if out:
                given += len(out)
                yield out
        data.back(len(member.unused_data))


def _begins_so(data: bytes, magic: bytes) -> bool:
    """Whether data begins with a magic number, or with as much of it as there is data."""
    return data[: len(magic)] == magic[: len(data)]


def _cut(how: str) -> str:
    return f"the {how} data ends too early: what came before the cut is here"


def _broken(how: str, error: object) -> str:
    return f"the {how} data is broken ({error}): the rest is lost"


def _before_fault(blocks: Iterator[bytes], given: int) -> Iterator[bytes]:
    """What a broken gzip member decompresses to before its fault, without the bytes given already."""
    for out in _up_to_fault(blocks):
        if len(out) > given:
            yield out[given:]
        given = max(0, given - len(out))


def _up_to_fault(blocks: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    for block in blocks:
        rest = block
        while rest:
            before = member.copy()
            try:
                yield member.decompress(rest, BLOCK)
            except zlib.error:
                yield from _in_small_steps(before, rest)
                return
            rest = member.unconsumed_tail


def _in_small_steps(member: zlib._Decompress, block: bytes, step: int = 1 << 12) -> Iterator[bytes]:
    """What a block unpacks to before the fault in it: in steps, and the one with the fault byte by byte."""
    for at in range(0, len(block), step):
        before = member.copy()
        try:
            yield member.decompress(block[at : at + step])
        except zlib.error:
            if step > 1:
                yield from _in_small_steps(before, block[at : at + step], step >> 6)
            return


def _zstd(data: _Input, note: Note) -> Blocks:
    """Every frame, a block of it at a time: so none is lost before a fault, and none is large."""
    import zstandard

    frames = zstandard.ZstdDecompressor()
    while head := data.exactly(5):
        if head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50:  # a frame that is to be passed over
            size = int.from_bytes(head[4:] + data.exactly(3), "little")
            if not data.skip(size):
                note(_cut("zstd"))
            continue
        try:
            whole = yield from _zstd_frame(data, head, frames.decompressobj())
        except zstandard.ZstdError as error:
            note(_broken("zstd", error))
            return
        if not whole:
            note(_cut("zstd"))
            return


def _zstd_frame(data: _Input, head: bytes, frame: Any) -> Generator[bytes, None, bool]:
    """What a frame unpacks to; whether its end was there.

    A frame is a header, blocks of a header of three bytes (last or not, two bits of sort, 21 of size) and
    their bytes, and a checksum if the header says so (RFC 8878).
    """
    import zstandard

    if not _begins_so(head, ZSTD_MAGIC):
        raise zstandard.ZstdError("something else follows")
    if len(head) < 5:
        return False
    size = zstandard.frame_header_size(head) - len(head)
    head += (rest := data.exactly(size))
    if len(rest) < size:
        return False
    frame.decompress(head)
    last = False
    while not last:
        block = data.exactly(3)
        word = int.from_bytes(block, "little")
        last, sort, size = bool(word & 1), word >> 1 & 3, word >> 3
        if size > ZSTD_BLOCK and len(block) == 3:
            raise zstandard.ZstdError("a block is larger than any")
        stored = 1 if sort == 1 else size
        if len(block) < 3 or len(rest := data.exactly(stored)) < stored:
            return False
        if out := frame.decompress(block + rest):
            yield out
    if head[4] & 4:  # a checksum follows
        checksum = data.exactly(4)
        frame.decompress(checksum)
        return len(checksum) == 4
    return True
