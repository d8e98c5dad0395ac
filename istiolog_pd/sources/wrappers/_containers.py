"""The containers that one source holds, and a code for each."""

from __future__ import annotations

from istiolog_pd.sources.limits import LIMITS
from istiolog_pd.sources.wrappers._model import TOOL_OUTPUT, ContainerId


class Containers:
    """Codes of the containers in the order in which they came up."""

    def __init__(self) -> None:
        self.ids: list[ContainerId] = []
        #: Maximum number of them: the lines of further ones stay together.
        self.most = LIMITS.containers
        #: Whether there were more.
        self.overflowed = False
        self._codes: dict[tuple[str | bool, ...], int] = {}

    def code(self, container: ContainerId | tuple[str, str, str]) -> int:
        """The code of a container; a new one, or that of all there is no room for.

        Raises
        ------
        TypeError
            If a name is no text.
        """
        code = self._codes.get(container)
        if code is None:
            new = ContainerId(*container)
            if not all(isinstance(name, str) for name in container[:3]):
                raise TypeError("a name that is no text")
            if len(self.ids) >= self.most and new not in (TOOL_OUTPUT, ContainerId()):
                self.overflowed = True
                return self.code(ContainerId())
            code = self._codes[container] = self._codes.setdefault(new, len(self.ids))
            if code == len(self.ids):
                self.ids.append(new)
        return code
