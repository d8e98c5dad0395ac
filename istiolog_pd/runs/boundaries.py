"""Where one process ends and the next begins, and which lines say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from istiolog_pd.formats.template import COMPONENTS
from istiolog_pd.runs.container_log import ContainerLog
from istiolog_pd.runs.source_part import NAT, Bools, Ints

SECOND = 1_000_000_000

#: Lines of one writer step back by less than this: goroutines and threads race for the log, clocks are set.
TOLERANCE = SECOND
#: Minimum number of entries on either side that agree that the time went back: one odd line is no restart.
AGREE = 3
#: The head of a start-up stands so long before its first flag or version at most (a whole second, cut off).
HEAD = 2 * SECOND
#: ... and the number of lines before it; among the first lines of a log anything can precede it.
MAX_HEAD = 200
FIRST_LINES = 20
#: Maximum number of entries between flags and a version of the same start-up.
BANNER_LINES = 2000
#: Maximum number of starts of a log that are counted: nobody restarts a process so often, and each run costs time.
MAX_STARTS = 2000
#: Counters that fall more often than this are of several processes in one stream, or no counters.
MAX_FALLS = 1000
#: Full rounds can be printed in another order by so much (1.0-1.2 push several at a time).
RACE = 3

#: Connections that open at a time are printed in any order; this is their maximum distance.
STORM = 30

MARKER = "========= Previous log"

#: Number of entries read together in a pass over a whole log.
BLOCK = 1 << 16

#: Number of entries before a step back that are searched for the marker.
MARKER_NEAR = 100

BANNER, RESTART = "banner", "restart"


@dataclass(frozen=True)
class RunBoundary:
    """A place where a run begins: the entry, how that shows, and in words why."""

    at: int
    how: str
    why: str


@dataclass(frozen=True)
class CounterReset:
    """A counter that began again somewhere after one entry and not after another."""

    after: int
    until: int
    why: str


class _Start(NamedTuple):
    """The first flag or version of a start-up, and what is printed.

    `before` is the last sign of the start before it, -1 if there is none: then nothing else was there. The log
    begins at `begin`.
    """

    row: int
    before: int
    begin: int
    text: str


def find_run_boundaries(lane: ContainerLog) -> list[RunBoundary]:
    """Every run's beginning, in order; the first of each log is its own, with an empty `how` if nothing shows it."""
    found = {cut.at: cut for cut in _banners(lane)}
    falls = sorted([*_back_in_time(lane), *_falls(lane)], key=lambda fall: fall.until)
    for fall in _unexplained(falls, np.array(sorted(found), np.int64)):
        at = _widest_step(lane, fall)
        found.setdefault(at, RunBoundary(at, RESTART, fall.why))
    for at in lane.logs.tolist():
        found.setdefault(at, RunBoundary(at, "", ""))
    return [found[at] for at in sorted(found)]


def _banners(lane: ContainerLog) -> Iterator[RunBoundary]:
    """Starts of pilot and of the agent: flags come in alphabetical order, and a version once."""
    starts = _starts(lane)
    if not starts:
        return
    log = np.searchsorted(lane.logs, [one.row for one in starts], side="right") - 1
    count = np.bincount(log)
    quiet = lane.rows_of("startup", "go_gc", "unparsed")
    for start, number in zip(starts, log.tolist(), strict=True):
        if count[number] <= MAX_STARTS:
            yield RunBoundary(_head(lane, start, quiet), BANNER, f"start-up: {start.text[:60]!r}")
    for number in np.flatnonzero(count > MAX_STARTS).tolist():
        why = f"more than {MAX_STARTS:,} start-ups are in it: taken for one run"
        yield RunBoundary(int(lane.logs[number]), "", why)


def _starts(lane: ContainerLog) -> list[_Start]:
    """The first flag or version of each start."""
    found = []
    signs = _signs(lane)
    begins = lane.logs[np.searchsorted(lane.logs, [row for row, _, _ in signs], side="right") - 1]
    begin = -1
    for (row, name, text), own in zip(signs, begins.tolist(), strict=True):
        if own != begin:
            begin = own
            flag, began, version, before = "", begin - BANNER_LINES - 1, -1, -1
        if name:
            starts = not flag or name <= flag or row - began > BANNER_LINES
            flag = name
        else:
            starts = version >= began if version >= 0 else row - began > BANNER_LINES
            version = row
        if starts:
            began = row
            found.append(_Start(row, before, begin, text))
        before = row
    return found


def _signs(lane: ContainerLog) -> list[tuple[int, str, str]]:
    """The entries that print a flag or a version of Istio: the place, the flag's name, and what is printed."""
    found = []
    for rows, (flags, values, versions) in lane.batches("startup", "flag", "flag_value", "version"):
        printed = zip(rows.tolist(), flags.to_pylist(), values.to_pylist(), versions.to_pylist(), strict=True)
        for row, flag, value, version in printed:
            if flag:
                found.append((row, flag, f"FLAG: --{flag}={value or ''}"))
            elif version:
                found.append((row, "", f"version: {version}"))
    return found


def _head(lane: ContainerLog, start: _Start, quiet: Ints) -> int:
    """The first entry of a start-up: the lines right before its first flag or version that are as recent."""
    row, before, begin = start.row, start.before, start.begin
    first, time = row, lane.time[row]
    low, high = np.searchsorted(quiet, [row - MAX_HEAD, row])
    startup = set(quiet[low:high].tolist())
    for at in range(row - 1, max(row - MAX_HEAD, before, begin - 1), -1):
        own_time = lane.time[at]
        if own_time != NAT and not time - HEAD <= own_time <= time + TOLERANCE:
            break
        if at not in startup and (before >= 0 or row - begin > FIRST_LINES):
            break
        # A line without a time is of this start only if one with a time stands before it.
        first = at if own_time != NAT or at == begin else first
    return first


def _back_in_time(lane: ContainerLog) -> Iterator[CounterReset]:
    """Places from which on one writer's times are earlier than before, for good.

    Each writer by its own clock. Where much of a log steps back it is in no order of time at all.
    """
    stops = np.append(lane.logs[1:], len(lane)).tolist()
    for log in map(slice, lane.logs.tolist(), stops):
        for component in _stepping_back(lane, log):
            yield from _steps_back(lane, log, component)


def _steps_back(lane: ContainerLog, log: slice, component: int) -> Iterator[CounterReset]:
    """Where the times of one writer in a log step back."""
    own = np.flatnonzero((lane.component[log] == component) & (lane.time[log] != NAT)) + log.start
    time = lane.time[own]
    step = np.flatnonzero(np.diff(time) < -TOLERANCE) + 1
    step = step[:0] if len(step) > MAX_FALLS else step
    backs = [at for at in step.tolist() if _for_good(time, at)]
    if len(backs) > AGREE and len(backs) * 4 > len(time):
        return
    for at in backs:
        yield _stepped(lane, int(own[at - 1]), int(own[at]))


def _stepping_back(lane: ContainerLog, log: slice) -> list[int]:
    """The components whose times step back at all; gone through in blocks, since mostly there is none."""
    if _is_in_order(lane, log):
        return []
    found = set()
    last = [NAT] * len(COMPONENTS)
    for start in range(log.start, log.stop, BLOCK):
        block = slice(start, min(start + BLOCK, log.stop))
        writer, time = lane.component[block], lane.time[block]
        for component in np.flatnonzero(np.bincount(writer + 1)[1:]).tolist():
            own = time[(writer == component) & (time != NAT)]
            if len(own):
                stepped = last[component] > own[0] + TOLERANCE or (np.diff(own) < -TOLERANCE).any()
                found |= {component} if stepped else set()
                last[component] = int(own[-1])
    return sorted(found)


def _is_in_order(lane: ContainerLog, log: slice) -> bool:
    """Whether the times of a log never step back, whoever wrote them."""
    last = NAT
    for start in range(log.start, log.stop, BLOCK):
        time = lane.time[start : min(start + BLOCK, log.stop)]
        if time[0] == NAT or (time[1:] < time[:-1]).any():
            time = time[time != NAT]
        if len(time) and (time[0] < last or (time[1:] < time[:-1]).any()):
            return False
        last = int(time[-1]) if len(time) else last
    return True


def _stepped(lane: ContainerLog, before: int, row: int) -> CounterReset:
    """A step back in time; with the marker of a bug-report between, which puts the older log behind the newer."""
    near = np.arange(max(before, row - MARKER_NEAR), row)
    marked = next((at for at, text in zip(near.tolist(), lane.texts(near), strict=True) if MARKER in text), None)
    if marked is None:
        return CounterReset(before, row, "time runs backwards")
    # The marker may be the last lines of the entry before it.
    after = max(marked, before + 1)
    return CounterReset(after - 1, after, "the previous log stands behind a marker")


def _for_good(time: Ints, at: int) -> bool:
    return bool(time[max(at - AGREE, 0) : at].min() > time[at : at + AGREE].max() + TOLERANCE)


def _falls(lane: ContainerLog) -> Iterator[CounterReset]:
    """Counters of a control plane's process that begin again."""
    yield from _debounces(lane)
    yield from _versions(lane)
    yield from _connections(lane)


def _debounces(lane: ContainerLog) -> Iterator[CounterReset]:
    """From 1.1 on pushes of the process are counted, each once; 1.0 counts events and repeats the number."""
    rows, merged = lane.column("debounce", "debounced_events")
    _, number = lane.column("debounce", "debounce_id")
    if not len(rows):
        return
    counts = merged.is_valid().to_numpy() & number.is_valid().to_numpy() & lane.is_of("pilot", rows)
    events = merged.is_null().to_numpy() & number.is_valid().to_numpy() & lane.is_of("pilot", rows)
    values = pc.fill_null(number, 0).to_numpy().astype(np.int64)
    for own, words in ((counts, "debounce numbers"), (events, "counts of events")):
        for log in lane.by_log(rows[own]):
            at, value = rows[own][log], values[own][log]
            fall = np.diff(value) < 0
            if words == "debounce numbers":
                fall |= (np.diff(value) == 0) & (np.diff(lane.time[at]) > 0)
            yield from _between(at, fall, value, words)


def _versions(lane: ContainerLog) -> Iterator[CounterReset]:
    """The number at the end of a push version counts full pushes of the process."""
    rows, text = lane.column("push_start", "push_version")
    if not len(rows):
        return
    number = pc.struct_field(pc.extract_regex(text, r"/(?P<n>\d{1,9})$"), "n")
    known = number.is_valid().to_numpy() & lane.is_of("pilot", rows)
    known &= pc.fill_null(pc.not_equal(number, ""), False).to_numpy()
    value = pc.fill_null(number, "0").to_numpy(zero_copy_only=False)[known].astype(np.int64)
    for log in lane.by_log(rows[known]):
        yield from _between(rows[known][log], np.diff(value[log]) <= -RACE, value[log], "push versions")


def _connections(lane: ContainerLog) -> Iterator[CounterReset]:
    """Connections are numbered from 1; no number is given twice."""
    rows, number = lane.column("connection_open", "connection")
    if not len(rows):
        return
    known = number.is_valid().to_numpy() & lane.is_of("pilot", rows)
    known &= lane.level[rows] == 2  # at info: the line of a new connection, once for each
    rows, value = rows[known], pc.fill_null(number, 0).to_numpy()[known].astype(np.int64)
    for log in lane.by_log(rows):
        yield from _falls_of_connections(rows[log], value[log])


def _falls_of_connections(rows: Ints, value: Ints) -> Iterator[CounterReset]:
    """Where connections of one log are numbered anew."""
    order = np.argsort(value, kind="stable")
    before = np.full(len(value), -1)
    again = np.flatnonzero(np.diff(value[order]) == 0)
    before[order[again + 1]] = order[again]
    newest = np.maximum.accumulate(before) if len(before) else before
    start = 0
    for _ in range(MAX_FALLS):
        at = int(np.searchsorted(newest, start))
        if at >= len(value):
            break
        yield CounterReset(int(rows[before[at]]), int(rows[at]), f"connection number {value[at]:,} is given again")
        start = at
    low = np.flatnonzero(np.diff(value) < 0)[:MAX_FALLS]
    fall = np.zeros(max(len(value) - 1, 0), bool)
    for at in low.tolist():
        fall[at] = value[max(at + 1 - AGREE, 0) : at + 1].min() > value[at + 1 : at + 1 + AGREE].max() + STORM
    yield from _between(rows, fall, value, "connection numbers")


def _between(rows: Ints, fall: Bools, value: Ints, words: str) -> Iterator[CounterReset]:
    """The falls of a counter; none where it falls so often that it is no counter of one process."""
    at = np.flatnonzero(fall)
    if len(at) > MAX_FALLS or (len(at) > AGREE and len(at) * 4 > len(rows)):
        return
    for n in at.tolist():
        why = f"{words} begin again ({value[n]:,} to {value[n + 1]:,})"
        yield CounterReset(int(rows[n]), int(rows[n + 1]), why)


def _unexplained(falls: list[CounterReset], known: Ints) -> Iterator[CounterReset]:
    """Falls with no known beginning in between, as few as can be: those that overlap are one restart."""
    current: CounterReset | None = None
    for fall in falls:
        at = int(np.searchsorted(known, fall.after, side="right"))
        if at < len(known) and known[at] <= fall.until:
            continue
        if current is not None and fall.after < current.until:
            current = CounterReset(max(current.after, fall.after), current.until, f"{current.why}, {fall.why}")
            continue
        if current is not None:
            yield current
        current = fall
    if current is not None:
        yield current


def _widest_step(lane: ContainerLog, fall: CounterReset) -> int:
    """The entry before which time steps most: the silence (or the step back) in which the restart was."""
    timed, pause = lane.pauses(fall.after, fall.until)
    return int(timed[np.argmax(np.abs(pause))]) if len(timed) else fall.until
