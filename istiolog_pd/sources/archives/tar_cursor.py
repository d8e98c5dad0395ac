"""The files of a packed archive, read in turn while it is unpacked once."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from istiolog_pd.sources.archives.streams import BlockStream


class Turns:
    """A place in an archive that moves on from file to file.

    What it passes over and is still to be read is held in memory, as long as there is room. A file that is
    asked for after the place has moved past it, or while another is being read, costs unpacking once more.
    """

    def __init__(self, start: Callable[[], BlockStream], room: int) -> None:
        self._start = start
        self._room = room
        self._sizes: dict[int, int] = {}
        self._unread: list[int] = []
        self._held: dict[int, bytes] = {}
        self._stream: BlockStream | None = None
        self._reader: _Reader | None = None
        self._lock = Lock()

    def expect(self, files: Iterable[tuple[int, int]]) -> None:
        """These will be read: (offset, size)."""
        self._sizes = dict(files)
        self._unread = sorted(self._sizes)

    def open(self, offset: int, size: int) -> Any:
        """The file at an offset of the unpacked archive."""
        with self._lock:
            held = self._held.pop(offset, None)
            if held is not None:
                self._room += len(held)
                return io.BytesIO(held)
            self._reader = _Reader(self._moved_to(offset), size, self._done)
            return self._reader

    def _moved_to(self, offset: int) -> BlockStream:
        stream = self._stream
        if stream is None or stream.at > offset or self._reader is not None:
            if stream is not None and self._reader is None:
                stream.close()
            # One that is being read from is left to its reader.
            stream = self._stream = self._start()
        while (at := bisect_left(self._unread, stream.at)) < len(self._unread) and self._unread[at] < offset:
            passed = self._unread.pop(at)
            size = self._sizes[passed]
            stream.skip(passed - stream.at)
            if size <= self._room:
                self._held[passed] = stream.read(size)
                self._room -= len(self._held[passed])
            else:
                stream.skip(size)
        at = bisect_left(self._unread, offset)
        del self._unread[at : at + (at < len(self._unread) and self._unread[at] == offset)]
        stream.skip(offset - stream.at)
        return stream

    def _done(self, reader: _Reader, stream: BlockStream) -> None:
        with self._lock:
            if reader is not self._reader:
                stream.close()
                return
            self._reader = None
            if not self._unread or self._unread[-1] < stream.at:
                stream.close()
                self._stream = None


class _Reader:
    """One file of the stream."""

    def __init__(self, stream: BlockStream, size: int, done: Callable[[_Reader, BlockStream], None]) -> None:
        self._stream = stream
        self._left = size
        self._done = done
        self._open = True

    def read(self, size: int) -> bytes:
        """The next bytes, some of them; none at the end."""
        data = self._stream.some(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Let the next one have the stream."""
        if self._open:
            self._open = False
            self._done(self, self._stream)
