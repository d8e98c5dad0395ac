"""Files and folders that appear whole or not at all. Knows nothing of logs.

What is being written stands beside its place, under a hidden name that ends in ``.part``; a process
that is killed leaves only that.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when all is written, and never before.

    It is written beside `path`, under a hidden name that ends in ``.part``. A pipe or a device
    (``/dev/stdout``) is written straight.

    Raises
    ------
    IsADirectoryError
        If `path` is a folder.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            yield file
        return
    target, part = _beside(path)
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Make a folder that takes the place of `path` when all in it is written, and never before.

    Parameters
    ----------
    path
        The folder's name. One that is there is replaced if everything in it is ours.
    is_ours
        Whether a file in it may go.

    Raises
    ------
    FileExistsError
        If `path` is a file, or a folder that holds anything that is not ours.
    """
    _check(path, is_ours)
    target, part = _beside(path)
    _, former = _beside(path)
    try:
        part.mkdir()
        yield part
        _check(path, is_ours)
        if target.exists():
            os.rename(target, former)
        os.rename(part, target)
    finally:
        if former.exists() and not target.exists():
            os.rename(former, target)
        for rest in (part, former):
            shutil.rmtree(rest, ignore_errors=True)


def _beside(path: Path) -> tuple[Path, Path]:
    """Where a path leads to, and a new name beside that."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    return target, target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")


def _check(path: Path, is_ours: Callable[[Path], bool]) -> None:
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} is a file: name a folder, or end the name in .parquet or .csv")
    for one in sorted(path.iterdir()) if path.exists() else ():
        if not is_ours(one):
            raise FileExistsError(f"{path} holds {one.name}, which is no export of istiolog_pd: name another folder")
