"""The containers that one source holds, and small numbers for them."""

from __future__ import annotations

import re

from istiolog_pd.sources.wrappers.model import TALK, Origin

#: A source with more containers than this is no source of logs: the lines of further ones go together.
MOST_ORIGINS = 10_000

#: Escape sequences of colours.
ANSI = re.compile(rb"\x1b\[[0-9;]*m")


class Origins:
    """Codes of the containers in the order in which they came up."""

    def __init__(self) -> None:
        self.found: list[Origin] = []
        self._codes: dict[tuple[str | bool, ...], int] = {}

    def code(self, origin: Origin | tuple[str, str, str]) -> int:
        """The code of a container; a new one, or that of all there is no room for.

        Raises
        ------
        TypeError
            If a name is no text.
        """
        code = self._codes.get(origin)
        if code is None:
            new = Origin(*origin)
            if not all(isinstance(name, str) for name in origin[:3]):
                raise TypeError("a name that is no text")
            if len(self.found) >= MOST_ORIGINS and new not in (TALK, Origin()):
                return self.code(Origin())
            code = self._codes[origin] = self._codes.setdefault(new, len(self.found))
            if code == len(self.found):
                self.found.append(new)
        return code
