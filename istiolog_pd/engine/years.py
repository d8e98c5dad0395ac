"""The year of times that are printed without one: that of their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.engine.common import set_time
from istiolog_pd.engine.piece import Numbers, Piece
from istiolog_pd.engine.reference.timestamps import Clock


@dataclass(slots=True)
class Years:
    """Gives times without a year (klog) the year of their neighbours; goes through the pieces in order."""

    last: int | None = None
    waiting: list[Callable[[int], None]] = field(default_factory=list)

    def date(self, piece: Piece) -> None:
        """Date the entries of a piece; those at the head of a source wait for the first time after them."""
        times = piece.common["timestamp"]
        assert isinstance(times, Numbers)
        if times.valid is None and len(times.values) and not (piece.undated or self.waiting):
            self.last = int(times.values[-1])
            return
        valid = np.ones(len(times.values), np.bool_) if times.valid is None else times.valid
        known = np.flatnonzero(valid)
        for row, text in piece.undated:
            before = known[: np.searchsorted(known, row)]
            near = int(times.values[before[-1]]) if len(before) else self.last
            if near is None:
                self.waiting.append(_later(piece, row, text))
            else:
                _set(piece, row, text, near)
        if len(known):
            first = int(times.values[known[0]])
            for later in self.waiting:
                later(first)
            self.waiting.clear()
            self.last = int(times.values[known[-1]])


def _later(piece: Piece, row: int, text: str) -> Callable[[int], None]:
    return lambda near: _set(piece, row, text, near)


def _set(piece: Piece, row: int, text: str, near: int) -> None:
    time = Clock().klog(text, near)
    if time is not None:
        set_time(piece, row, time)
