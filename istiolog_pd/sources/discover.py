"""Where bytes come from: paths, globs, folders, archives, URLs, open files and standard input.

Knows nothing of what a log says: a source is a name, what its place tells of it, and blocks of bytes.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any

from istiolog_pd.errors import ArchiveError, NoLogError
from istiolog_pd.sources.archives.open_archive import ARCHIVE_NAME, archive_of, open_archive
from istiolog_pd.sources.limits import LIMITS, Limits
from istiolog_pd.sources.local_files import file_source, files_below, looked_at, name_of, open_source
from istiolog_pd.sources.path_layouts import Place, choose, place, shown
from istiolog_pd.sources.source import Source
from istiolog_pd.sources.urls import URL, files_at, shown_url

__all__ = ["ArchiveError", "Limits", "NoLogError", "Source", "SourceLike", "find"]

#: What names a source; lists of these do too.
SourceLike = str | os.PathLike[str] | IO[Any] | Iterable[Any]

#: Metrics of Prometheus begin so.
METRICS = (b"# HELP ", b"# TYPE ")


def find(
    *sources: SourceLike, storage_options: Mapping[str, Any] | None = None, limits: Limits = LIMITS
) -> list[Source]:
    """The sources that names stand for, in order; pieces of one container's log together, oldest first.

    Parameters
    ----------
    sources
        Paths, globs, folders, archives (tar, packed or not, and zip; one of their files is
        ``archive.tar.gz!path/in/it``), URLs of fsspec, open binary or text files, ``-`` for standard input, or
        lists of these. Of a folder or an archive the logs of Istio's containers are taken (see `places`), and
        metrics, whose `kind` is ``"metrics"``; a file that is named is always taken.
    storage_options
        For the file systems of URLs, as in pandas.
    limits
        How far archives are trusted.

    Raises
    ------
    FileNotFoundError
        If a path is not there, or a glob fits nothing.
    NoLogError
        If a folder or an archive holds no log, or nothing was named.
    ArchiveError
        If an archive is hostile, too large, or broken from its start.

    Examples
    --------
    >>> from istiolog_pd.sources.discover import find
    >>> [(source.name, source.kind) for source in find("data/istiod-1.20.8")]
    [('data/istiod-1.20.8/discovery.log.gz', 'log'), ('data/istiod-1.20.8/metrics.txt', 'metrics')]
    """
    finder = _Finder(storage_options, limits)
    found = _together(list(_once([one for source in sources for one in finder.find(source)])))
    for one in found:
        one.limits = limits
    seen: dict[str, int] = {}
    for one in found:
        count = seen[one.name] = seen.get(one.name, 0) + 1
        if count > 1:  # open files without names of their own, URLs that differ in what is not shown
            one.name = f"{one.name} ({count})"
    if not found:
        raise NoLogError("nothing to read: name at least one log file, folder or glob, or '-' for standard input")
    return found


def _once(sources: list[Source]) -> Iterator[Source]:
    """Each file once, however often it is named: its lines must not be counted double."""
    paths: set[str] = set()
    for source in sources:
        path = source.key
        if path not in paths:
            yield source
        if path:
            paths.add(path)


def _together(sources: list[Source]) -> list[Source]:
    """The same, the pieces of a group after one another, oldest first, where the first of them was."""
    groups: dict[object, list[Source]] = {}
    for number, source in enumerate(sources):
        groups.setdefault(source.group or number, []).append(source)
    for pieces in groups.values():
        pieces.sort(key=lambda piece: piece.order)
        if len(pieces) == 1:
            pieces[0].group = ""
    return [piece for pieces in groups.values() for piece in pieces]


@dataclass(frozen=True, slots=True)
class _Finder:
    storage_options: Mapping[str, Any] | None
    limits: Limits

    def find(self, source: SourceLike) -> Iterator[Source]:
        """The sources that a name, an open file or a list stands for."""
        if isinstance(source, (str, os.PathLike)):
            yield from self._named(os.fspath(source))
        elif hasattr(source, "read"):
            yield from self._file(open_source(name_of(source), source), "")
        elif isinstance(source, Mapping):
            kind = type(source).__name__
            raise TypeError(f"a {kind} is no log to read" + (": it is read already, ask it" * (kind == "Capture")))
        elif isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
            for one in source:
                yield from self.find(one)
        else:
            raise TypeError(
                f"a source is a path, a glob, an open file, '-' or a list of these, not {type(source).__name__}: "
                "wrap bytes in io.BytesIO"
            )

    def _named(self, name: str) -> Iterator[Source]:
        if name == "-":
            yield from self._file(open_source("-", sys.stdin.buffer), "")
        elif URL.match(name):
            yield from self._url(name)
        elif os.path.isdir(name):
            try:
                below, left_out = files_below(name, self.limits)
            except ValueError as error:
                raise NoLogError(str(error)) from error
            yield from self._tree(name, below, left_out)
        elif os.path.exists(name):
            yield from self._file(file_source(name), name)
        elif (member := _member_name(name)) is not None:
            yield from self._member(*member)
        elif glob.has_magic(name):
            files = sorted(file for file in glob.glob(name, recursive=True) if os.path.isfile(file))
            if not files:
                raise FileNotFoundError(f"{name}: no file fits this pattern")
            for file in files:
                yield from self._file(file_source(file), file)
        else:
            raise FileNotFoundError(f"{name}: no such file or folder")

    def _url(self, url: str) -> Iterator[Source]:
        try:
            files, folder = files_at(url, self.storage_options, self.limits.members)
        except ValueError as error:
            raise NoLogError(str(error)) from error
        if folder:
            yield from self._tree(shown_url(url), files)
            return
        for path, source in files:
            yield from self._file(source, path)

    def _file(self, source: Source, path: str) -> Iterator[Source]:
        """A file that was named: an archive's files, else itself, whatever it is."""
        with closing(looked_at(source)) as blocks:
            first = next(blocks, b"")
            sort = archive_of(first, blocks)
        if sort:
            yield from self._archive(source, sort)
            return
        at = replace(place(_path(path)) or Place(), kind="metrics" if first.startswith(METRICS) else "log")
        yield _placed(source, at, "")

    def _tree(self, name: str, files: list[tuple[str, Source]], left_out: Sequence[str] = ()) -> Iterator[Source]:
        """The logs of a folder, and of the archives in it."""
        chosen, notes = choose([path for path, _ in files if not ARCHIVE_NAME.search(path)])
        places = dict(chosen)
        found: list[Source] = []
        for path, source in files:
            if path in places:
                found.append(_placed(source, places[path], f"{name}/"))
            elif ARCHIVE_NAME.search(path):
                try:
                    found += self._file(source, path)
                except PermissionError as error:
                    left_out = (*left_out, f"left out: {shown(path)} ({error.strerror})")
        if not found:
            more = "".join(f"; {note}" for note in left_out)
            raise NoLogError(
                f"{shown(name)}: a folder with no log in it (no file named *.log, *.log.gz, *.log.1, ...){more}"
            )
        found[0].damage.extend(f"in the folder: {note}" for note in left_out)
        found[0].notes.extend(notes)
        yield from found

    def _archive(self, source: Source, sort: str, member: str = "") -> Iterator[Source]:
        """The logs of an archive, or the members that were asked for."""
        wanted = partial(_fits, pattern=member) if member else _has_place
        archive = open_archive(source, sort, self.limits, wanted)
        notes: list[str] = []
        if member:
            fits = [path for path in archive.members if path == member] or filter(wanted, archive.members)
            chosen = [(path, replace(place(path) or Place(), kind="log")) for path in fits]
            if not chosen:
                raise FileNotFoundError(f"{source.name}!{member}: no such member in the archive")
        else:
            inner = [path for path in archive.members if ARCHIVE_NAME.search(path)]
            chosen, notes = choose([path for path in archive.members if not ARCHIVE_NAME.search(path)])
            notes += [f"left out: {path} (an archive in an archive: take it out and name it)" for path in inner[:9]]
        if not chosen:
            raise NoLogError(
                f"{source.name}: an archive with no log in it (no file named *.log, *.log.gz, *.log.1, ...)"
                + "".join(f"; {note}" for note in notes)
                + f"; name one of its files as {source.name}!path"
            )
        found = [_placed(archive.members[path], at, f"{source.name}!") for path, at in chosen]
        for one, (path, _) in zip(found, chosen, strict=True):
            one.key = source.key and f"{source.key}!{path}"
            one.identity = source.identity
        found[0].notes.extend(notes)
        found[0].damage.extend(f"in the archive: {text}" for text in archive.damage)
        yield from found

    def _member(self, archive: str, member: str) -> Iterator[Source]:
        source = file_source(archive)
        with closing(looked_at(source)) as blocks:
            sort = archive_of(next(blocks, b""), blocks)
        if not sort:
            raise NoLogError(f"{archive}: no archive, so it has no member {member}")
        yield from self._archive(source, sort, member)


def _member_name(name: str) -> tuple[str, str] | None:
    """An archive and a path in it, if that is what a name means."""
    ends = [at for at, letter in enumerate(name) if letter == "!"]
    return next(((name[:at], name[at + 1 :]) for at in ends if os.path.isfile(name[:at])), None)


def _has_place(path: str) -> bool:
    """Whether a member can be a log or metrics."""
    return place(path) is not None


def _fits(path: str, pattern: str) -> bool:
    """Whether a member is meant: by its path, or by a pattern."""
    return path == pattern or fnmatch.fnmatch(path, pattern)


def _path(name: str) -> str:
    return name.replace(os.sep, "/")


def _placed(source: Source, at: Place, top: str) -> Source:
    """A source, and what its place tells; `top` tells the groups of one folder or archive from another's."""
    source.kind, source.pod, source.namespace, source.container = at.kind, at.pod, at.namespace, at.container
    source.hint, source.order, source.group = at.hint, at.order, at.group and top + at.group
    return source
