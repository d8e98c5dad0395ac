"""What is to be said of each run: its time, its gaps, its levels, how it begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine.program import KNOWN_BY_STATEMENTS
from istiolog_pd.formats.template import COMPONENTS
from istiolog_pd.runs.boundaries import BANNER, BLOCK, RESTART, SECOND, RunBoundary, find_run_boundaries
from istiolog_pd.runs.container_log import LEVELS, ContainerLog
from istiolog_pd.runs.proxies import named_proxies
from istiolog_pd.runs.source_part import NAT, Ints
from istiolog_pd.runs.versions import Found, detect

COUNTERS, CUT = "counters", "cut"
OPEN_END, EXIT = "open", "exit"

#: Minimum length of a gap, and its minimum ratio to the 99th percentile of pauses of the run.
SILENCE = 600 * SECOND
UNUSUAL = 10
#: Maximum number of entries, and maximum time, after the line that says that a process ends.
AFTER_END = 100
ENDING = 2 * SECOND
#: Events whose lines say that a process stops, where they print that cause.
STOPPING = ("controller_lifecycle", "cluster_registry")
#: The flags that set log levels, and the component they set them for.
LEVEL_FLAGS = {"log_output_level": "", "proxyLogLevel": "envoy", "proxyComponentLogLevel": "envoy"}
#: The components of which one entry shows the component of a run.
_FIRST = ("pilot", *sorted(KNOWN_BY_STATEMENTS))
_LEVEL = re.compile(r"\b(trace|debug|info|warn|error|fatal|critical)(?:ing)?\b")
_COMMAND_LEVEL = re.compile(r"(?:^|[\s\[])(?:-l|--log-level|--component-log-level) ([^\s\]]+)")


@dataclass(frozen=True)
class Run:
    """One process run."""

    source: str
    sources: int
    log: str
    pod: str
    namespace: str
    component: str
    found: Found
    first: int
    last: int
    entries: int
    gaps: int
    longest_gap: int
    level: str
    envoy_level: str
    start: str
    end: str
    why: str
    number: int = 0

    @property
    def begins(self) -> tuple[int, int]:
        """What runs of one container are ordered by: those without a time come last."""
        return (self.first == NAT, self.first)

    def row(self) -> Mapping[str, object]:
        """The row of the run in `istiolog_pd.capture.Capture.runs`."""
        times = {
            name: pd.NaT if time == NAT else pd.Timestamp(time, tz="UTC")
            for name, time in (("first", self.first), ("last", self.last))
        }
        names = "source sources log pod namespace component entries gaps level envoy_level start end".split()
        return {
            "run": self.number,
            "version": self.found.version,
            "evidence": "; ".join(filter(None, (self.found.evidence, self.why))),
            "longest_gap": pd.Timedelta(self.longest_gap),
            **times,
            **{name: getattr(self, name) for name in names},
        }


def described(lane: ContainerLog, log: str) -> Iterator[tuple[Ints | slice, Run]]:
    """Each run of a lane: the places of its entries in the concatenated pieces, and what it is.

    `log` is the name of the lane among all logs; empty: of many logs each is named as its source.
    """
    if not len(lane):
        return
    begun = find_run_boundaries(lane)
    starts = np.array([cut.at for cut in begun], np.int64)
    stops = np.append(starts[1:], len(lane))
    versions = detect(lane, starts, stops)
    lost, silent = _skips(lane, starts), _silences(lane)
    first, exits = _first_counts(lane), _exits(lane)
    levels = {component: _levels(lane, starts, component) for component in COMPONENTS}
    told = _told_levels(lane, starts)
    requests = _requests(lane, starts)
    named = named_proxies(lane, starts)
    begins = set(lane.logs.tolist())
    for n, (cut, start, stop) in enumerate(zip(begun, starts.tolist(), stops.tolist(), strict=True)):
        owner, component = lane.owner(start), _writer(lane, start, stop)
        pod, _, namespace = named.get(n, "").rpartition(".") if component != "pilot" else ("", "", "")
        yield (
            lane.places(start, stop),
            Run(
                source=owner.source,
                sources=_pieces(lane, lane.part_of(start), stop),
                log=log or owner.source,
                pod=owner.pod or pod,
                namespace=owner.namespace or namespace,
                component=component,
                found=versions[n],
                **_span(lane, start, stop, requests[n]),
                **_gaps(lane, start, stop, lost, silent),
                level=_more_verbose(levels[component][n], told.get((n, ""), "")),
                envoy_level=_more_verbose(levels["envoy"][n], told.get((n, "envoy"), "")),
                start=_start(cut, start, stop, first, is_first=start in begins),
                end=_end(lane, start, stop, exits, followed=stop < len(lane) and stop not in begins),
                why=cut.why,
            ),
        )


def _writer(lane: ContainerLog, start: int, stop: int) -> str:
    """The component of a run, by the writers of its entries."""
    count = np.bincount(lane.component[start:stop] + 1, minlength=len(COMPONENTS) + 1)[1:]
    return next((name for name in _FIRST if count[COMPONENTS.index(name)]), "agent")


def _pieces(lane: ContainerLog, first: int, stop: int) -> int:
    """How many pieces hold entries of a run, the first of them included."""
    return 1 + int(((lane.begins[first + 1 : -1] < stop) & (np.diff(lane.begins[first + 1 :]) > 0)).sum())


def _requests(lane: ContainerLog, starts: Ints) -> list[int]:
    """When the last request began of which each run has an access line; `NAT` if it has none."""
    found = np.full(len(starts), NAT)
    for rows, (times,) in lane.batches("access", "timestamp"):
        begun = pc.fill_null(times.cast(pa.int64()), NAT).to_numpy()
        np.maximum.at(found, np.searchsorted(starts, rows, side="right") - 1, begun)
    return found.tolist()


def _span(lane: ContainerLog, start: int, stop: int, request: int) -> dict[str, int]:
    # `NAT` is the smallest of all times: no copy of the others is needed.
    chunks = list(lane.time.stretch(start, stop))
    first, last = min(int(chunk.min()) for chunk in chunks), max(int(chunk.max()) for chunk in chunks)
    if first == NAT < last:
        first = min(int(chunk.min(where=chunk != NAT, initial=last)) for chunk in chunks)
    return {"first": request if first == NAT else first, "last": max(last, request), "entries": stop - start}


def _skips(lane: ContainerLog, starts: Ints) -> Ints:
    """Where the number of the debounce jumps within a run (1.1 on): lines before those places are lost."""
    rows, number = lane.column("debounce", "debounce_id")
    _, merged = lane.column("debounce", "debounced_events")
    if not len(rows):
        return rows
    known = number.is_valid().to_numpy() & merged.is_valid().to_numpy() & lane.is_of("pilot", rows)
    at, value = rows[known], pc.fill_null(number, 0).to_numpy()[known]
    run = np.searchsorted(starts, at, side="right")
    jump = (np.diff(value) > 1) & (np.diff(run) == 0)
    found: Ints = at[1:][jump]
    return found


def _silences(lane: ContainerLog) -> Ints:
    """The entries before which the log is silent so long that it may be a gap."""
    found = [np.empty(0, np.int64)]
    for start in range(0, len(lane), BLOCK):
        timed, pause = lane.pauses(start - 1, min(start + BLOCK, len(lane)) - 1)
        found.append(timed[pause > SILENCE])
    return np.concatenate(found)


def _gaps(lane: ContainerLog, start: int, stop: int, lost: Ints, silent: Ints) -> dict[str, int]:
    """Stretches that are silent for unusually long, or in which numbers are missing."""
    low, high = np.searchsorted(silent, [start, stop])
    before, after = np.searchsorted(lost, [start, stop])
    if low == high and before == after:
        return {"gaps": 0, "longest_gap": 0}
    time = lane.time[start:stop]
    untimed = np.flatnonzero(time == NAT)
    pause = np.diff(time[time != NAT] if len(untimed) else time)
    gap = pause > SILENCE
    if gap.any():
        gap &= pause > UNUSUAL * np.quantile(pause, 0.99)
    # Lost lines are missing somewhere before an entry: most likely in the longest pause near it.
    row = lost[before:after] - start
    at = row - np.searchsorted(untimed, row) - 1
    gap[at[(at >= 0) & (at < len(pause))]] = True
    return {"gaps": int(gap.sum()), "longest_gap": int(pause[gap].max()) if gap.any() else 0}


def _levels(lane: ContainerLog, starts: Ints, component: str) -> list[str]:
    """The most verbose level of a component in each run."""
    own = lane.is_of(component)
    if not own.any():
        return [""] * len(starts)
    printed = np.where(own & (lane.level >= 0), lane.level, len(LEVELS))
    return [[*LEVELS, ""][level] for level in np.minimum.reduceat(printed, starts).tolist()]


def _told_levels(lane: ContainerLog, starts: Ints) -> dict[tuple[int, str], str]:
    """The most verbose level that flags and Envoy's command line name, by run and for whom."""
    found: dict[tuple[int, str], str] = {}
    for rows, (flags, values, commands) in lane.batches("startup", "flag", "flag_value", "command"):
        run = np.searchsorted(starts, rows, side="right") - 1
        said = zip(run.tolist(), flags.to_pylist(), values.to_pylist(), commands.to_pylist(), strict=True)
        for number, flag, value, command in said:
            whom = LEVEL_FLAGS.get(flag or "", "envoy" if command else "nobody")
            texts = [value or ""] if flag else _COMMAND_LEVEL.findall(command or "")
            for level in _LEVEL.findall(" ".join(texts)):
                found[number, whom] = _more_verbose(found.get((number, whom), ""), level)
    return found


def _more_verbose(one: str, other: str) -> str:
    """The more verbose of two levels, of which either may be unknown."""
    return min(one, other, key=[*LEVELS, ""].index)


def _exits(lane: ContainerLog) -> Ints:
    """Entries that say that the process ends."""
    found = [lane.rows_of("envoy_exit")]
    for event in STOPPING:
        rows, causes = lane.column(event, "cause")
        found.append(rows[pc.fill_null(pc.equal(causes, "stopped"), False).to_numpy(zero_copy_only=False)])
    return np.sort(np.concatenate(found))


def _first_counts(lane: ContainerLog) -> Ints:
    """Entries that print the first number of a counter: debounce 1, or the first push version."""
    rows, number = lane.column("debounce", "debounce_id")
    if not len(rows):
        return rows
    found: Ints = rows[pc.fill_null(pc.equal(number, 1), False).to_numpy(zero_copy_only=False)]
    return found


def _start(cut: RunBoundary, start: int, stop: int, first: Ints, *, is_first: bool) -> str:
    if cut.how == BANNER:
        return BANNER
    if not is_first or cut.how == RESTART:
        return RESTART
    return COUNTERS if np.searchsorted(first, start) < np.searchsorted(first, stop) else CUT


def _end(lane: ContainerLog, start: int, stop: int, exits: Ints, *, followed: bool) -> str:
    """How a run ends: its last lines say that it does, another follows, or nothing is known."""
    near = max(start, stop - AFTER_END)
    said = exits[np.searchsorted(exits, near) : np.searchsorted(exits, stop)]
    fatal = np.flatnonzero(lane.level[near:stop] == LEVELS.index("fatal")) + near
    times = lane.time[near:stop]
    last = times.max()
    # Goroutines go on to print for a moment.
    if any(times[at - near] == NAT or last - times[at - near] <= ENDING for at in (*said, *fatal)):
        return EXIT
    return RESTART if followed else OPEN_END
