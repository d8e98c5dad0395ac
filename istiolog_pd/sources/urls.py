"""Files named by URL, through fsspec: ``s3://``, ``https://``, ``memory://``, ``zip://…::…``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from istiolog_pd.sources.limits import how_to_raise
from istiolog_pd.sources.source import Source

#: A URL of fsspec, or several chained: `simplecache::s3://...`.
URL = re.compile(r"(?:[a-z]\w*::)*[a-z][a-z0-9+.-]+://", re.I)

_SECRETS = re.compile(r"(?<=://)[^/@]*@")
_QUERY = re.compile(r"^(https?://[^?#]*)[?#].*", re.S | re.I)


def files_at(url: str, storage_options: Mapping[str, Any] | None, limit: int) -> tuple[list[tuple[str, Source]], bool]:
    """The files that a URL stands for, each with its path below the folder named; and whether a folder was.

    Parameters
    ----------
    url
        Of a file, a folder, or with a glob in its path.
    storage_options
        For the file system, as in pandas.
    limit
        The most files that a folder may have.

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    ValueError
        If there is no such protocol, what it takes is not installed, or the folder has too many files.
    """
    from fsspec.core import has_magic, url_to_fs

    try:
        system, path = url_to_fs(url, **(storage_options or {}))
    except (ImportError, ValueError) as error:
        raise ValueError(f"{shown_url(url)}: {error}") from error
    source = partial(_source, system, url.split("::"))
    if has_magic(path):
        files = {name: info for name, info in system.glob(path, detail=True).items() if info["type"] == "file"}
        if not files:
            raise FileNotFoundError(f"{shown_url(url)}: no file fits this pattern")
        return [(name, source(info)) for name, info in sorted(files.items())], False
    try:
        info = system.info(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{shown_url(url)}: no such file or folder") from error
    if info["type"] != "directory":
        return [(path, source(info))], False
    found = system.find(path, detail=True)
    if len(found) > limit:
        raise ValueError(f"{shown_url(url)}: a folder with more than {limit:,} files: {how_to_raise('members')}")
    top = len(path.rstrip("/")) + 1 if path.strip("/") else 0
    return [(name[top:], source(info)) for name, info in sorted(found.items())], True


def _source(system: Any, chain: list[str], info: Mapping[str, Any]) -> Source:
    at = next(at for at, part in enumerate(chain) if "://" in part)
    name = "::".join([*chain[:at], system.unstrip_protocol(info["name"]), *chain[at + 1 :]])
    size = info.get("size")
    opens = partial(system.open, info["name"], "rb")
    return Source(shown_url(name), opens, int(size) if size is not None else None, key=name, owned=True, again=True)


def shown_url(url: str) -> str:
    """A URL as it may be shown: without a password, and without what signs it."""
    return "::".join(_QUERY.sub(r"\1", _SECRETS.sub("", part)) for part in url.split("::"))
