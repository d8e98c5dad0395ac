"""Second step: a look at what was named. Archives become collections of their own, metrics are known as such."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from contextlib import closing
from functools import partial

from istiolog_pd.errors import NoLogError
from istiolog_pd.sources.archives.open_archive import ARCHIVE_NAME, archive_of, open_archive
from istiolog_pd.sources.limits import Limits
from istiolog_pd.sources.named import Collection
from istiolog_pd.sources.path_layouts import place, shown
from istiolog_pd.sources.source import Source

#: Metrics of Prometheus begin so.
METRICS = (b"# HELP ", b"# TYPE ")


def look_at(collection: Collection, limits: Limits) -> None:
    """Open the archives of a collection: of a folder those that are called so, else whatever the file is called.

    Raises
    ------
    NoLogError
        If a file of an archive was named, and it is none.
    ArchiveError
        If an archive is hostile, too large, or broken from its start.
    """
    for at, (path, source) in enumerate(collection.files):
        assert isinstance(source, Source)
        if collection.kind == "folder" and not ARCHIVE_NAME.search(path):
            continue
        try:
            archive = _archive(source, collection.member, limits)
        except PermissionError as error:
            if collection.kind != "folder":
                raise
            collection.left_out.append(f"left out: {shown(path)} ({error.strerror})")
            continue
        if archive is not None:
            collection.files[at] = path, archive
        elif collection.member:
            raise NoLogError(f"{source.name}: no archive, so it has no member {collection.member}")
        elif collection.kind == "folder":  # it is only called so: read as if it was named
            collection.files[at] = path, Collection(source.name, "file", [(path, source)])


def _archive(source: Source, member: str, limits: Limits) -> Collection | None:
    """A file as the archive that it is, if it is one; else its kind is known."""
    with closing(source.look()) as blocks:
        first = next(blocks, b"")
        sort = archive_of(first, blocks)
    if not sort:
        source.kind = "metrics" if first.startswith(METRICS) else "log"
        return None
    archive = open_archive(source, sort, limits, wanted_of(member))
    for path, one in archive.members.items():
        one.key = source.key and f"{source.key}!{path}"
        one.identity = source.identity
    return Collection(source.name, "archive", [*archive.members.items()], member, damage=archive.damage)


def wanted_of(member: str) -> Callable[[str], bool]:
    """Whether a file of an archive can be read: what was asked for by its path or a pattern; else logs and metrics."""
    return partial(_fits, member) if member else _has_place


def _fits(member: str, path: str) -> bool:
    return path == member or fnmatch.fnmatch(path, member)


def _has_place(path: str) -> bool:
    return place(path) is not None
