"""The files that are shared out: what their names are, where they are, and reading parts of them by fsspec."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from istiolog_pd.sources.archives.open_archive import ARCHIVE_NAME
from istiolog_pd.sources.limits import LIMITS
from istiolog_pd.sources.local_files import file_source, files_below
from istiolog_pd.sources.path_layouts import choose
from istiolog_pd.sources.source import Source
from istiolog_pd.sources.urls import URL, files_at, shown_url

#: A path, a glob, a folder or a URL of fsspec, or several of them.
Urls = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
StorageOptions = Mapping[str, Any] | None


class Opened:
    """An open file under a name of its own, which is the one that the column `source` shows."""

    mode = "rb"

    def __init__(self, file: Any, name: str) -> None:
        self._file = file
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        """All else is the file's."""
        return getattr(self._file, attribute)


def system_of(url: str, storage_options: StorageOptions) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(url, **(storage_options or {}))
    return system, str(path)


def read_bytes(url: str, start: int, stop: int, storage_options: StorageOptions) -> bytes:
    """Some bytes of a file, by one request.

    Raises
    ------
    OSError
        If there are fewer: the file was cut since, or its server gives no byte ranges.
    """
    system, path = system_of(url, storage_options)
    data = bytes(system.cat_file(path, start=start, end=stop)) if stop > start else b""
    if len(data) != stop - start:
        raise OSError(f"{shown_url(url)}: {len(data):,} bytes from {start:,} to {stop:,}: did the file change?")
    return data


def found(urls: Urls | Iterable[Urls], storage_options: StorageOptions) -> list[Source]:
    """The files that names stand for, in order, each once; of folders the logs and the archives.

    Raises
    ------
    FileNotFoundError
        If a path is not there, or a glob fits nothing.
    """
    names = _flat(urls)
    once = {source.key: source for name in names for source in _named(os.fspath(name), storage_options)}
    return list(once.values())


def _flat(urls: Urls | Iterable[Urls]) -> Iterator[str | os.PathLike[str]]:
    """Names, one by one, of lists in lists too."""
    if isinstance(urls, (str, os.PathLike)):
        yield urls
    else:
        for one in urls:
            yield from _flat(one)


def _named(name: str, storage_options: StorageOptions) -> Iterator[Source]:
    if URL.match(name):
        files, folder = files_at(name, storage_options, LIMITS.members)
    elif folder := os.path.isdir(name):
        files, _ = files_below(name)
    elif os.path.isfile(name):
        files = [(name, file_source(name))]
    else:
        files = [(path, file_source(path)) for path in sorted(glob.glob(name, recursive=True)) if os.path.isfile(path)]
        if not files:
            raise FileNotFoundError(f"{name}: no such file or folder, and no file fits it as a pattern")
    kept = _logs([path for path, _ in files]) if folder else {path for path, _ in files}
    return (source for path, source in files if path in kept)


def _logs(paths: list[str]) -> set[str]:
    """Of the files of a folder those that are read."""
    archives = {path for path in paths if ARCHIVE_NAME.search(path)}
    chosen, _ = choose([path for path in paths if path not in archives])
    return archives | {path for path, place in chosen if place.kind == "log"}
