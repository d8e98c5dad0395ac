"""What an archive holds, within its limits: no name leads out of it, links and devices are passed over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from istiolog_pd.errors import ArchiveError
from istiolog_pd.sources.limits import Limits, how_to_raise
from istiolog_pd.sources.path_layouts import shown
from istiolog_pd.sources.source import Source

#: More than any real name has; patterns are held against names.
LONGEST_NAME = 4096


@dataclass(slots=True)
class Archive:
    """The files of an archive, and what is wrong with it."""

    #: By path, in the archive's order.
    members: dict[str, Source] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)


class Contents:
    """Takes down what an archive holds, within its limits; links, devices and the like are passed over."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.archive = Archive()
        self._name = source.name
        self._limits = limits
        self._count = 0
        #: The first of what was odd in one way, and how many.
        self._odd: dict[str, tuple[str, int]] = {}

    def path(self, name: str) -> str:
        """A member's path, if it is within the archive; it counts as one member.

        Raises
        ------
        ArchiveError
            If its name leads out of the archive, or there are too many.
        """
        self._count += 1
        if self._count > self._limits.members:
            raise ArchiveError(
                f"{self._name}: it has more than {self._limits.members:,} members: {how_to_raise('members')}"
            )
        if len(name) > LONGEST_NAME:
            raise ArchiveError(f"{self._name}: it has a member with a name of {len(name):,} characters: not read")
        parts = name.split("/")
        if (not parts[0] and len(parts) > 1) or ".." in parts or re.match(r"[A-Za-z]:", name):
            raise ArchiveError(
                f"{self._name}: its member {shown(name)!r} leads out of the archive: "
                "not read; unpack it yourself if you trust it"
            )
        return "/".join(shown(part) for part in parts if part not in ("", "."))

    def add(self, path: str, member: Source) -> None:
        """A file; of several of one path the last one stands, as when they are unpacked."""
        if path in self.archive.members:
            self.odd(path, "a later one of that name is read")
            del self.archive.members[path]
        self.archive.members[path] = member

    def odd(self, path: str, what: str) -> None:
        """A member that is no file to be read."""
        first, count = self._odd.get(what, (path, 0))
        self._odd[what] = first, count + 1

    def done(self) -> Archive:
        """The archive, with a word on what was odd."""
        for what, (first, count) in self._odd.items():
            more = f" and {count - 1:,} more" if count > 1 else ""
            self.archive.damage.append(f"{first}{more} passed over: {what}")
        return self.archive
