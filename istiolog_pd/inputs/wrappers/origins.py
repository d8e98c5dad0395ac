"""The containers that one source holds, and small numbers for them."""

from __future__ import annotations

import re

from istiolog_pd.inputs.wrappers.model import TALK, Origin

#: A source with more containers than this is no source of logs: the lines of further ones go together.
MOST_ORIGINS = 10_000

#: Escape sequences of colours.
ANSI = re.compile(rb"\x1b\[[0-9;]*m")


class Origins:
    """Codes of the containers in the order in which they came up."""

    def __init__(self) -> None:
        self.found: list[Origin] = []
        self._codes: dict[Origin, int] = {}

    def code(self, origin: Origin) -> int:
        """The code of a container; a new one, or that of all there is no room for."""
        code = self._codes.get(origin)
        if code is None:
            if len(self.found) >= MOST_ORIGINS and origin not in (TALK, Origin()):
                return self.code(Origin())
            code = self._codes[origin] = len(self.found)
            self.found.append(origin)
        return code
