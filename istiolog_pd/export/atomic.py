"""Files and folders that appear whole or not at all. Knows nothing of logs.

What is being written stands beside its place, under a hidden name that ends in ``.part`` and is locked while
it is written. A process that is killed leaves only that, and the next export to the same place clears it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from istiolog_pd.sources.source import Identity, identity

#: Maximum length of a name that is put into the name of its part, in bytes: file systems take 255.
MAX_NAME = 200

#: What a file system without locks says: then two exports at once are not detected.
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)

#: What is said where there is no room, or where writing fails.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def refuse_sources(path: Path, sources: Collection[Identity]) -> None:
    """Refuse an output that has no name of its own, or that is a source.

    Raises
    ------
    FileExistsError
        If `path` is empty, the current folder or one above it, or one of the sources, by whatever name.
    """
    if not path.name or path.name == "..":
        raise FileExistsError(f"{str(path)!r} cannot be replaced: give the output a name of its own")
    if identity(path) in sources:
        raise FileExistsError(f"{path} is one of the sources: it would be replaced; give the output another name")


@contextmanager
def replacing(path: Path, sources: Collection[Identity] = ()) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when all is written, and never before.

    It is written beside `path`, under a hidden name that ends in ``.part``. A file that is there gives its mode
    to the new one. A pipe or a device (``/dev/stdout``) is written straight.

    Parameters
    ----------
    path
        The file's name.
    sources
        Files that must not be replaced.

    Raises
    ------
    IsADirectoryError
        If `path` is a folder.
    FileExistsError
        If `path` is a source, or another export writes it now.
    """
    refuse_sources(path, sources)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            yield file
        return
    target, part = _beside(path)
    lock = _claim(part, path, _make_file)
    try:
        if target.exists():
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        with _named(path), open(lock, "wb", closefd=False) as file:
            yield file
            file.flush()
            os.fsync(lock)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def replacing_folder(path: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Make a folder that takes the place of `path` when all in it is written, and never before.

    Parameters
    ----------
    path
        The folder's name. One that is there is replaced if everything in it is ours; it and its files give
        their modes to the new ones.
    is_ours
        Whether a file in it may go; a source never is.

    Raises
    ------
    FileExistsError
        If `path` is a file, a folder that holds anything that is not ours or the current folder, or if another
        export writes it now.
    """
    _check(path, is_ours)
    target, part = _beside(path)
    lock = _claim(part, path, _make_folder)
    former = part.with_name(f"{part.stem}.former.part")
    try:
        _restore(former, target)
        with _named(path):
            yield part
        _check(path, is_ours)
        if target.exists():
            _keep_modes(target, part)
            os.rename(target, former)
        os.rename(part, target)
    finally:
        _restore(former, target)
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)
        os.close(lock)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say which output it was where a write fails without a name, as on a full disk; nothing of it is kept."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL and error.filename is None:
            error.filename = str(path)
        raise


def _beside(path: Path) -> tuple[Path, Path]:
    """Where a path leads to, and the name of its part beside that."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    name = os.fsencode(target.name)
    if len(name) > MAX_NAME:
        name = name[:MAX_NAME] + b"." + hashlib.sha256(name).hexdigest()[:16].encode()
    return target, target.with_name(f".{os.fsdecode(name)}.part")


def _make_file(part: Path) -> int:
    return os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)


def _make_folder(part: Path) -> int:
    part.mkdir()
    return os.open(part, os.O_RDONLY)


def _claim(part: Path, path: Path, make: Callable[[Path], int]) -> int:
    """Make a part and lock it; one that a killed process has left is cleared. Gives its file descriptor."""
    while True:
        try:
            number = make(part)
        except FileExistsError:
            _clear(part, path)
            continue
        if _lock(number) and _is_at(number, part):
            return number
        os.close(number)


def _clear(part: Path, path: Path) -> None:
    """Remove a part that nobody writes.

    Raises
    ------
    FileExistsError
        If somebody does.
    """
    try:
        number = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    try:
        if not _lock(number):
            raise FileExistsError(f"{path}: another export is writing it: wait for it, or name another output")
        if _is_at(number, part):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    finally:
        os.close(number)


def _lock(number: int) -> bool:
    """Lock an open file or folder; false if somebody else holds it."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


def _is_at(number: int, part: Path) -> bool:
    """Whether a path still leads to the file that is open."""
    try:
        return os.path.samestat(os.fstat(number), os.stat(part, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _restore(former: Path, target: Path) -> None:
    """Bring back the folder that was to be replaced, where nothing has taken its place; else remove it."""
    if former.exists() and not target.exists():
        os.rename(former, target)
    elif former.exists():
        former.chmod(0o700)  # one that cannot be written cannot be emptied
        shutil.rmtree(former, ignore_errors=True)


def _keep_modes(former: Path, new: Path) -> None:
    """Give a folder and its files the modes of those whose place they take."""
    for one in (new, *new.iterdir()):
        same = former if one == new else former / one.name
        if same.exists():
            one.chmod(stat.S_IMODE(same.stat().st_mode))


def _check(path: Path, is_ours: Callable[[Path], bool]) -> None:
    refuse_sources(path, ())
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} is a file: name a folder, or end the name in .parquet or .csv")
    here = Path(os.path.realpath(path))
    if here in (Path.cwd(), *Path.cwd().parents):
        raise FileExistsError(f"{path} is the current folder or holds it: name another folder")
    for one in sorted(path.iterdir()) if path.exists() else ():
        if not is_ours(one):
            raise FileExistsError(f"{path} holds {one.name}, which is no export of istiolog_pd: name another folder")
