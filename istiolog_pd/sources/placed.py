"""Third step: which files of a collection are read, and what their places tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from istiolog_pd.errors import NoLogError
from istiolog_pd.sources.archives.open_archive import ARCHIVE_NAME
from istiolog_pd.sources.named import Collection
from istiolog_pd.sources.path_layouts import Place, choose, place, shown
from istiolog_pd.sources.source import Source
from istiolog_pd.sources.unpacked import wanted_of


def placed(collection: Collection) -> list[Source]:
    """The sources of a collection, with what their places tell.

    Raises
    ------
    NoLogError
        If a folder or an archive holds no log.
    FileNotFoundError
        If an archive has no such member.
    """
    if collection.kind == "file":
        ((path, source),) = collection.files
        return placed(source) if isinstance(source, Collection) else [_named(path, source)]
    places, notes = _chosen(collection)
    top = collection.name + ("!" if collection.kind == "archive" else "/")
    found: list[Source] = []
    for path, source in collection.files:
        if isinstance(source, Collection):
            found += placed(source)
        elif path in places:
            found.append(_with_place(source, places[path], top))
    if not found:
        raise _no_log(collection, notes)
    where = "in the archive: " if collection.kind == "archive" else "in the folder: "
    found[0].damage.extend(where + text for text in (*collection.damage, *collection.left_out))
    found[0].notes.extend(notes)
    return found


def _named(path: str, source: Source) -> Source:
    """A file that was named: it is read, whatever it is."""
    return _with_place(source, replace(place(path) or Place(), kind=source.kind), "")


def _chosen(collection: Collection) -> tuple[dict[str, Place], list[str]]:
    """The places of the files that are read, and what is to be said of the others."""
    paths = [path for path, source in collection.files if isinstance(source, Source)]
    if collection.member:
        fits = [path for path in paths if path == collection.member] or list(
            filter(wanted_of(collection.member), paths)
        )
        if not fits:
            raise FileNotFoundError(f"{collection.name}!{collection.member}: no such member in the archive")
        return {path: replace(place(path) or Place(), kind="log") for path in fits}, []
    inner = [path for path in paths if ARCHIVE_NAME.search(path)]
    chosen, notes = choose([path for path in paths if not ARCHIVE_NAME.search(path)])
    if collection.kind == "archive":
        notes += [f"left out: {path} (an archive in an archive: take it out and name it)" for path in inner[:9]]
    return dict(chosen), notes


def _no_log(collection: Collection, notes: list[str]) -> NoLogError:
    """Nothing of a folder or an archive is read: why."""
    more = "".join(f"; {note}" for note in (*notes, *collection.left_out))
    if collection.kind == "archive":
        more += f"; name one of its files as {collection.name}!path"
        what = f"{collection.name}: an archive"
    else:
        what = f"{shown(collection.name)}: a folder"
    return NoLogError(f"{what} with no log in it (no file named *.log, *.log.gz, *.log.1, ...){more}")


def _with_place(source: Source, at: Place, top: str) -> Source:
    """A source, and what its place tells; `top` tells the groups of one folder or archive from another's."""
    source.kind, source.pod, source.namespace, source.container = at.kind, at.pod, at.namespace, at.container
    source.hint, source.order, source.group = at.hint, at.order, at.group and top + at.group
    return source


def once(sources: list[Source]) -> Iterator[Source]:
    """Each file once, however often it is named: its lines must not be counted double."""
    paths: set[str] = set()
    for source in sources:
        path = source.key
        if path not in paths:
            yield source
        if path:
            paths.add(path)


def together(sources: list[Source]) -> list[Source]:
    """The same, the pieces of a group after one another, oldest first, where the first of them was."""
    groups: dict[object, list[Source]] = {}
    for number, source in enumerate(sources):
        groups.setdefault(source.group or number, []).append(source)
    for pieces in groups.values():
        pieces.sort(key=lambda piece: piece.order)
        if len(pieces) == 1:
            pieces[0].group = ""
    return [piece for pieces in groups.values() for piece in pieces]


def name_apart(sources: list[Source]) -> None:
    """Number what has one name: open files without names of their own, URLs that differ in what is not shown."""
    seen: dict[str, int] = {}
    for one in sources:
        count = seen[one.name] = seen.get(one.name, 0) + 1
        if count > 1:
            one.name = f"{one.name} ({count})"
