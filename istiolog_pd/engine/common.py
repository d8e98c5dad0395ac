"""The columns that all entries have, and what a narrow table repeats of them."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.arena import Arena
from istiolog_pd.engine.kernel import copies
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.piece import Coded, Numbers, Piece, Same, Values

#: What a narrow table repeats of the common columns.
KEYS = ("timestamp", "level", "scope", "line", "component")


def common_columns(
    found: e.Found, claims: np.ndarray, count: int, numbers: np.ndarray, arena: Arena
) -> dict[str, Values]:
    """The common columns of so many entries, but for their messages."""
    fields, times, rare = found.flat()
    lines, words, seen = arena.take(count, np.int64), np.empty(5 * count, np.int32), np.zeros(3, np.int64)
    copies.spread(STAMP, numbers, fields, times, claims, count, lines, words, seen)
    when = arena.take(count, np.int64)
    when[:] = times[:count]
    level, scope, event, component, caller = (_coded(one, arena) for one in words.reshape(5, count))
    common: dict[str, Values] = {
        "timestamp": _present(when, int(seen[0])),
        "level": level,
        "scope": scope,
        "event": event,
        "line": Numbers(lines, None),
        "component": component,
    }
    if seen[1]:
        common["caller"] = caller
    if seen[2]:
        told = np.empty((2, count), np.int64)
        copies.spread_rare(STAMP, fields, rare, count, told.ravel())
        for name, values in (("thread", told[e.THREAD]), ("epoch", told[e.EPOCH])):
            common[name] = _present(values, int((values != e.NOTHING).sum()))
    return common


def keys_of(common: dict[str, Values], rows: np.ndarray, arena: Arena) -> dict[str, Values]:
    """What the narrow table of these rows repeats."""
    return {name: _taken(common[name], rows, arena) for name in KEYS}


def event_at(common: dict[str, Values], row: int) -> str:
    """The event of an entry."""
    events = common["event"]
    return p.EVENT_NAMES[events.number if isinstance(events, Same) else events.numbers[row]]  # type: ignore[union-attr]


def set_time(piece: Piece, row: int, time: int) -> None:
    """Give an entry its time, in the common columns and in its event's own table."""
    event = event_at(piece.common, row)
    at = int(np.searchsorted(piece.rows[event], row))
    for values, place in ((piece.common["timestamp"], row), (piece.columns[event]["timestamp"], at)):
        assert isinstance(values, Numbers)
        values.values[place] = time
        if values.valid is not None:
            values.valid[place] = True


def _coded(numbers: np.ndarray, arena: Arena, rows: np.ndarray | None = None) -> Coded | Same:
    """Numbers of words in room of their own, or of those in some rows, if they are not all the same."""
    kept = arena.take(len(numbers if rows is None else rows), np.int32)
    if copies.copied(STAMP, numbers, kept) if rows is None else copies.take(STAMP, numbers, rows, kept):
        same = Same(int(kept[0]) if len(kept) else -1, len(kept))
        kept[:] = 0  # as room is that is handed out
        arena.shorten(kept, 0)
        return same
    return Coded(kept)


def _taken(values: Values, rows: np.ndarray, arena: Arena) -> Values:
    if isinstance(values, Same):
        return Same(values.number, len(rows))
    if isinstance(values, Coded):
        return _coded(values.numbers, arena, rows)
    if isinstance(values, Numbers):
        taken = values.values.take(rows, out=arena.take(len(rows), np.int64), mode="clip")
        return Numbers(taken, None if values.valid is None else values.valid[rows])
    raise TypeError("texts are held once")


def _present(values: np.ndarray, there: int) -> Numbers:
    """Numbers of which so many are there; the others have the value that stands for none."""
    if there == len(values):
        return Numbers(values, None)
    valid = values != e.NOTHING
    return Numbers(np.where(valid, values, 0), valid)
