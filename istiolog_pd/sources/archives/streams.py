"""Files that are read from front to back, and parts of files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

from istiolog_pd.errors import ArchiveError

#: More than any real header has: long names, pax records.
LONGEST_HEADER = 1 << 18

#: No header has such a number; some versions of tarfile look for `<number> hdrcharset=` from each digit of one.
LONG_NUMBER = re.compile(rb"\d{100}")


class BlockStream:
    """Blocks of bytes, read from front to back."""

    def __init__(self, blocks: Generator[bytes, None, None], close: Callable[[], object]) -> None:
        self._blocks = blocks
        self._block = memoryview(b"")
        self._close = close
        #: The place of the next byte.
        self.at = 0

    def some(self, most: int) -> bytes:
        """The next bytes, at least one but at the end."""
        if not self._block:
            self._block = memoryview(next(self._blocks, b""))
        piece, self._block = self._block[:most], self._block[most:]
        self.at += len(piece)
        return bytes(piece)

    def pieces(self, size: int) -> Iterator[bytes]:
        """A number of bytes, piece by piece; fewer only at the end."""
        while size and (piece := self.some(size)):
            yield piece
            size -= len(piece)

    def read(self, size: int) -> bytes:
        """Read a number of bytes; fewer only at the end."""
        return b"".join(self.pieces(size))

    def skip(self, size: int) -> None:
        """Pass over bytes, as far as there are any."""
        while size and (passed := len(self.some(size))):
            size -= passed

    def close(self) -> None:
        """Close what the blocks come from."""
        self._blocks.close()
        self._close()


class FileStream:
    """The same for a file that passes over bytes without reading them."""

    def __init__(self, file: Any, close: Callable[[], object]) -> None:
        self._file = file
        self._start = file.tell()
        self._end = file.seek(0, io.SEEK_END)
        file.seek(self._start)
        self.close = close
        self.at = 0

    def read(self, size: int) -> bytes:
        """Read a number of bytes; fewer only at the end."""
        data = bytes(self._file.read(size))
        self.at += len(data)
        return data

    def skip(self, size: int) -> None:
        """Pass over bytes, even beyond the end."""
        self.at += size
        self._file.seek(min(self._start + self.at, self._end))


class Headers:
    """A stream as tarfile wants it, which reads headers only: never back, never much at once."""

    def __init__(self, stream: BlockStream | FileStream, name: str) -> None:
        self._stream = stream
        self._name = name
        #: What was read last.
        self.last = b""

    def tell(self) -> int:
        """The place of the next byte."""
        return self._stream.at

    def seek(self, place: int) -> None:
        """Move on.

        Raises
        ------
        ArchiveError
            If it were back: a header with a size below nothing asks for it.
        """
        if place < self._stream.at:
            raise ArchiveError(f"{self._name}: a tar header in it leads back: not read")
        self._stream.skip(place - self._stream.at)

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises
        ------
        ArchiveError
            If a header is larger than any real one, or made to take long.
        """
        if not 0 <= size <= LONGEST_HEADER:
            raise ArchiveError(f"{self._name}: a tar header in it has {size:,} bytes: not read")
        self.last = self._stream.read(size)
        if size > 512 and LONG_NUMBER.search(self.last):
            raise ArchiveError(f"{self._name}: a tar header in it has a number of over 100 digits: not read")
        return self.last


class Part:
    """A part of a file, as a file of its own."""

    def __init__(
        self, read_at: Callable[[int, int], bytes], start: int, size: int, close: Callable[[], object]
    ) -> None:
        self._read_at = read_at
        self._at = start
        self._end = start + size
        self.close = close

    def read(self, size: int) -> bytes:
        """The next bytes."""
        data = self._read_at(self._at, min(size, self._end - self._at))
        self._at += len(data)
        return data
