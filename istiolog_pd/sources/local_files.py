"""Files of this machine, and files that are open already."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

from istiolog_pd.sources.compression.codecs import BLOCK
from istiolog_pd.sources.limits import LIMITS, Limits, how_to_raise
from istiolog_pd.sources.path_layouts import place, shown
from istiolog_pd.sources.source import Identity, Source, identity


class Peeked:
    """A file that can be read only once, and whose beginning was looked at before."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._seen: list[bytes] = []
        self.close = getattr(file, "close", None)

    def look(self) -> Generator[bytes, None, None]:
        """Its first blocks, which will be read once more; of a pipe only what is there now."""
        read = getattr(self._file, "read1", self._file.read)
        while block := _as_bytes(read(BLOCK)):
            self._seen.append(block)
            yield block

    def read(self, size: int) -> bytes:
        """The next bytes."""
        if not self._seen:
            return _as_bytes(self._file.read(size))
        block = self._seen.pop(0)
        if len(block) > size:
            self._seen.insert(0, block[size:])
        return block[:size]

    def seekable(self) -> bool:
        """Whether it can be moved about in: never."""
        return False


def _as_bytes(block: str | bytes) -> bytes:
    return block.encode(errors="surrogateescape") if isinstance(block, str) else bytes(block)


def file_source(path: str) -> Source:
    """A file of this machine, which is opened when it is read; a named pipe is opened at once."""
    if not os.path.isfile(path):
        source = open_source(path, open(path, "rb"))  # noqa: SIM115 - who reads the source closes it
        source.owned = True
        return source
    size = os.path.getsize(path)
    key = os.path.realpath(path)
    return Source(
        shown(path), partial(open, path, "rb"), size, owned=True, again=True, key=key, identity=identity(path)
    )


def open_source(name: str, file: Any) -> Source:
    """An open file, from where it is now; it is not closed."""
    if (getattr(file, "mode", "") == "rb" or isinstance(file, io.BytesIO)) and file.seekable():
        return Source(name, partial(_moved_to, file, file.tell()), again=True, identity=_identity_of(file))
    peeked = Peeked(file)
    return Source(name, lambda: peeked, identity=_identity_of(file))


def _identity_of(file: Any) -> Identity | None:
    """Of an open file, if it is one of the operating system's."""
    try:
        return identity(file.fileno())
    except (AttributeError, OSError):
        return None


def _moved_to(file: Any, place: int) -> Any:
    file.seek(place)
    return file


def name_of(file: Any) -> str:
    """What an open file is called."""
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else f"<{type(file).__name__}>"


def files_below(folder: str, limits: Limits = LIMITS) -> tuple[list[tuple[str, Source]], list[str]]:
    """Every file of a folder and the folders in it, each with its path below it, by name; and what was left out.

    A link that leads out of the folder is left out, but to a container's log where the kubelet keeps them.

    Raises
    ------
    ValueError
        If there are too many.
    """
    found: list[tuple[str, Source]] = []
    notes: list[str] = []
    top = os.path.realpath(folder)
    for count, path in enumerate(sorted(Path(folder).rglob("*"))):
        if count >= limits.members:
            raise ValueError(f"{shown(folder)}: it holds more than {limits.members:,} files: {how_to_raise('members')}")
        if not path.is_file():
            continue
        below = path.relative_to(folder).as_posix()
        target = os.path.realpath(path) if path.is_symlink() else ""
        if target and not target.startswith(top + os.sep) and not _is_container_log(target):
            notes.append(f"left out: {shown(below)} (a link that leads out of the folder: name it to read it)")
            continue
        source = file_source(str(path))
        source.optional = True
        found.append((below, source))
    return found, notes


def _is_container_log(path: str) -> bool:
    at = place(path.replace(os.sep, "/"))
    return at is not None and bool(at.pod and at.namespace and at.container)
