"""A log that is held whole until it is given on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.sources.wrappers._model import NAT, ContainerId, LineTable, LogStream


@dataclass(slots=True)
class HeldLog:
    """A log put together from pieces of blocks."""

    container: ContainerId
    wrapper: str
    blocks: list[bytes] = field(default_factory=list)
    metadata: LineTable = field(default_factory=LineTable)
    _inside: bool = False

    def add(self, text: bytes, line: int) -> None:
        """Take text that begins on a physical line."""
        if not text:
            return
        self.blocks.append(text)
        count = text.count(b"\n") + (text[-1:] != b"\n")
        lines = np.arange(line, line + count)[int(self._inside) :]
        self._inside = text[-1:] != b"\n"
        self.metadata.add(lines, np.full(len(lines), NAT), np.full(len(lines), -1, np.int8))

    def drop_blank_lines(self, most: int) -> None:
        """Take away blank lines at the end."""
        for _ in range(most):
            if self.blocks and self.blocks[-1] == b"\n":
                self.blocks.pop()
            elif self.blocks and self.blocks[-1].endswith(b"\n\n"):
                self.blocks[-1] = self.blocks[-1][:-1]

    def stream(self) -> LogStream:
        """What was put together, as a stream."""
        container = self.container
        return LogStream(
            iter(self.blocks),
            self.metadata,
            self.wrapper,
            container.pod,
            container.namespace,
            container.container,
            container.is_tool_output,
        )

    def __bool__(self) -> bool:
        return any(not block.isspace() for block in self.blocks)
