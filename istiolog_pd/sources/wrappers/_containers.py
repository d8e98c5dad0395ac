"""The containers that one source holds, and a code for each."""

from __future__ import annotations

from istiolog_pd.sources.wrappers._model import TOOL_OUTPUT, ContainerId

#: A source with more containers than this is no source of logs: the lines of further ones go together.
MAX_CONTAINERS = 10_000


class Containers:
    """Codes of the containers in the order in which they came up."""

    def __init__(self) -> None:
        self.ids: list[ContainerId] = []
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
            if len(self.ids) >= MAX_CONTAINERS and new not in (TOOL_OUTPUT, ContainerId()):
                return self.code(ContainerId())
            code = self._codes[container] = self._codes.setdefault(new, len(self.ids))
            if code == len(self.ids):
                self.ids.append(new)
        return code
