"""A temporary file without a name, for what can be read only once, or only from front to back."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable
from threading import Lock

from istiolog_pd.errors import ArchiveError
from istiolog_pd.sources.limits import Limits, how_to_raise


class Spool:
    """Bytes in memory, and in a temporary file once they are more than `Limits.held`; gone with the last reader.

    All is added before the first is read. Threads may read at once.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._size = 0
        self._lock = Lock()
        self.file = tempfile.SpooledTemporaryFile(max_size=limits.held)  # noqa: SIM115 - closed with its last reader
        #: Closes it; it is called anyway when nothing reads from it any more.
        self.close = weakref.finalize(self, self.file.close)

    def add(self, blocks: Iterable[bytes]) -> tuple[int, int]:
        """Take down some blocks; gives their place and size.

        Raises
        ------
        ArchiveError
            If all is more than the limits allow, or than there is room for.
        """
        start = self._size
        for block in blocks:
            self._size += len(block)
            if self._size > self._limits.size:
                raise ArchiveError(
                    f"{self._name}: it has more than {self._limits.size:,} bytes: {how_to_raise('size')}"
                )
            try:
                self.file.write(block)
            except OSError as error:
                raise ArchiveError(
                    f"{self._name}: {tempfile.gettempdir()} has no room for it ({error.strerror or error}): "
                    "set TMPDIR to a folder that has, or unpack it yourself"
                ) from error
        return start, self._size - start

    def read(self, at: int, size: int) -> bytes:
        """The bytes at a place; fewer only at the end."""
        with self._lock:
            self.file.seek(at)
            return bytes(self.file.read(size))
