"""Blocks of any size -> blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from istiolog_pd.sources.wrappers.model import Bytes, Ints


def whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks that end with a line end, but perhaps the last; a line of any length is in one block."""
    rest: list[bytes] = []
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((*rest, block[:end])) if rest else block[:end]
            rest = []
        if end < len(block):
            rest.append(block[end:])
    if rest:
        yield b"".join(rest)


def line_bounds(data: Bytes, size: int) -> tuple[Ints, Ints]:
    """Where each line of a block begins, and where its text ends (at the line end, or at the block's)."""
    ends = np.flatnonzero(data[:size] == ord("\n"))
    if not len(ends) or ends[-1] != size - 1:
        ends = np.append(ends, size)
    starts = np.empty(len(ends), np.int64)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    return starts, ends
