"""Where bytes come from: paths, globs, folders, archives, URLs, open files and standard input.

Three steps, one behind the other: what was named (`named`), the archives among that (`unpacked`), and which of the
files are read, with what their places tell (`placed`). Nothing here knows what a log says: a source is a name, what its
place tells of it, and blocks of bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from istiolog_pd.errors import ArchiveError, NoLogError
from istiolog_pd.sources.limits import LIMITS, Limits
from istiolog_pd.sources.named import SourceLike, named
from istiolog_pd.sources.placed import name_apart, once, placed, together
from istiolog_pd.sources.source import Source
from istiolog_pd.sources.unpacked import look_at

__all__ = ["ArchiveError", "Limits", "NoLogError", "Source", "SourceLike", "find"]


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
    collections = list(named(sources, storage_options, limits))
    for collection in collections:
        look_at(collection, limits)
    found = together(list(once([source for collection in collections for source in placed(collection)])))
    if not found:
        raise NoLogError("nothing to read: name at least one log file, folder or glob, or '-' for standard input")
    for source in found:
        source.limits = limits
    name_apart(found)
    return found
