"""Values at the edge of their types: answers add and subtract them, which must stay within 64 bits.

Both engines read such values exactly; here they become null, with a damage note, before anyone reckons with them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine.reference.lines import Damage

NS = 1_000_000_000

#: Times that are kept, in nanoseconds since 1970: from then until 2100-01-01. The difference of any two is a duration.
EARLIEST, LATEST = 0, 4_102_444_800 * NS
#: Maximum duration that is kept, either sign. A time and a duration add up to a time.
MAX_DURATION = 100_000 * 3600 * NS

#: Maximum number that is kept, either sign: thousands of such sizes still add up to a number of 64 bits.
MAX_NUMBER = 10**15

TIMES = "times that do not exist, or before 1970 or after 2099, are no times of a log: left out"
DURATIONS = "durations of more than 100,000 hours are none that was measured: left out"
NUMBERS = "numbers of more than 10^15 are none that was counted: left out"

#: Numbers that are places, not counts.
PLACES = ("row", "line", "run")


def within_limits(
    events: pa.Table, tables: dict[str, pa.Table]
) -> tuple[pa.Table, dict[str, pa.Table], dict[str, tuple[Damage, ...]]]:
    """The tables of some logs, null where a value is beyond the limits, and what was left out of each source.

    Parameters
    ----------
    events
        The common columns of every entry.
    tables
        The narrow tables of its events, which repeat the common columns.
    """
    events, damage = _bounded(events)
    # The narrow tables have the same times.
    times = any(one.what == TIMES for _, one in damage)
    bounded = {}
    for event, table in tables.items():
        bounded[event], own = _bounded(table, times=times)
        damage += [one for one in own if one[1].what != TIMES]
    by_source: dict[str, list[Damage]] = {}
    for source, one in damage:
        by_source.setdefault(source, []).append(one)
    return events, bounded, {source: together(of_source) for source, of_source in by_source.items()}


def _bounded(table: pa.Table, *, times: bool = True) -> tuple[pa.Table, list[tuple[str, Damage]]]:
    damage: list[tuple[str, Damage]] = []
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            if not times:
                continue
            low, high, what = EARLIEST, LATEST, TIMES
        elif pa.types.is_duration(field.type):
            low, high, what = -MAX_DURATION, MAX_DURATION, DURATIONS
        elif pa.types.is_int64(field.type) and field.name not in PLACES:
            low, high, what = -MAX_NUMBER, MAX_NUMBER, NUMBERS
        else:
            continue
        column = table.column(at)
        if column.null_count == len(column):
            continue
        if all(_within(chunk, low, high) for chunk in column.chunks):
            continue
        values = column if pa.types.is_int64(field.type) else column.cast(pa.int64())
        beyond = pc.or_(pc.less(values, low), pc.greater(values, high))
        lines = table.select(["source", "line"]).filter(beyond).group_by("source", use_threads=False)
        found = lines.aggregate([("line", "min"), ("line", "count")]).to_pylist()
        damage += [(one["source"], Damage(what, one["line_min"], one["line_count"])) for one in found]
        table = table.set_column(at, field, pc.if_else(beyond, pa.scalar(None, field.type), column))
    return table, damage


def _within(chunk: pa.Array, low: int, high: int) -> bool:
    """Whether all numbers of 64 bits are within bounds; those under nulls are looked at too, which is faster."""
    numbers = pa.Array.from_buffers(pa.int64(), len(chunk), [None, chunk.buffers()[1]], offset=chunk.offset)
    extremes = pc.min_max(numbers).as_py()
    return not len(chunk) or (extremes["min"] >= low and extremes["max"] <= high)


def together(damage: list[Damage]) -> tuple[Damage, ...]:
    """One note of each sort: its first line, and how many."""
    found: dict[str, Damage] = {}
    for one in damage:
        if (other := found.setdefault(one.what, one)) is not one:
            found[one.what] = Damage(one.what, min(one.line, other.line), one.lines + other.lines)
    return tuple(found.values())
