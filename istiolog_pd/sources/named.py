"""First step: the files that names, open files and lists stand for."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from istiolog_pd.errors import NoLogError
from istiolog_pd.sources.limits import Limits
from istiolog_pd.sources.local_files import file_source, files_below, name_of, open_source
from istiolog_pd.sources.source import Source
from istiolog_pd.sources.urls import URL, files_at, shown_url

#: What names a source; lists of these do too.
SourceLike = str | os.PathLike[str] | IO[Any] | Iterable[Any]


@dataclass(slots=True)
class Collection:
    """Files that are chosen from together: those of a folder, of an archive, or one that was named itself."""

    #: How messages call it, and what the names of its files begin with.
    name: str
    #: ``"file"``, ``"folder"`` or ``"archive"``.
    kind: str
    #: Each with its path below it, in order; an archive among them is a collection of its own.
    files: list[tuple[str, Source | Collection]]
    #: The file, or the pattern of files, that is asked for of an archive; "": its logs.
    member: str = ""
    #: What was left out before there was anything to choose from.
    left_out: list[str] = field(default_factory=list)
    #: What is wrong with it.
    damage: list[str] = field(default_factory=list)


def named(source: SourceLike, storage_options: Mapping[str, Any] | None, limits: Limits) -> Iterator[Collection]:
    """What a name, an open file or a list stands for; parameters and errors as `istiolog_pd.sources.discover.find`."""
    if isinstance(source, (str, os.PathLike)):
        yield from _by_name(os.fspath(source), storage_options, limits)
    elif hasattr(source, "read"):
        yield _one("", open_source(name_of(source), source))
    elif isinstance(source, Mapping):
        kind = type(source).__name__
        raise TypeError(f"a {kind} is no log to read" + (": it is read already, ask it" * (kind == "Capture")))
    elif isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
        for one in source:
            yield from named(one, storage_options, limits)
    else:
        raise TypeError(
            f"a source is a path, a glob, an open file, '-' or a list of these, not {type(source).__name__}: "
            "wrap bytes in io.BytesIO"
        )


def _one(path: str, source: Source, member: str = "") -> Collection:
    return Collection(source.name, "file", [(path.replace(os.sep, "/"), source)], member)


def _by_name(name: str, storage_options: Mapping[str, Any] | None, limits: Limits) -> Iterator[Collection]:
    if name == "-":
        yield _one("", open_source("-", sys.stdin.buffer))
    elif URL.match(name):
        yield from _by_url(name, storage_options, limits)
    elif os.path.isdir(name):
        try:
            files, left_out = files_below(name, limits)
        except ValueError as error:
            raise NoLogError(str(error)) from error
        yield Collection(name, "folder", [*files], left_out=left_out)
    elif os.path.exists(name):
        yield _one(name, file_source(name))
    elif (member := _member_name(name)) is not None:
        yield _one(member[0], file_source(member[0]), member[1])
    elif glob.has_magic(name):
        files_of = sorted(file for file in glob.glob(name, recursive=True) if os.path.isfile(file))
        if not files_of:
            raise FileNotFoundError(f"{name}: no file fits this pattern")
        for file in files_of:
            yield _one(file, file_source(file))
    else:
        raise FileNotFoundError(f"{name}: no such file or folder")


def _by_url(url: str, storage_options: Mapping[str, Any] | None, limits: Limits) -> Iterator[Collection]:
    try:
        files, folder = files_at(url, storage_options, limits.members)
    except ValueError as error:
        raise NoLogError(str(error)) from error
    if folder:
        yield Collection(shown_url(url), "folder", [*files])
        return
    for path, source in files:
        yield _one(path, source)


def _member_name(name: str) -> tuple[str, str] | None:
    """An archive and a path in it, if that is what a name means."""
    ends = [at for at, letter in enumerate(name) if letter == "!"]
    return next(((name[:at], name[at + 1 :]) for at in ends if os.path.isfile(name[:at])), None)
