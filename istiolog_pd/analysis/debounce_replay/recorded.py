"""The load that a control plane recorded: what each debounce merged, and what its push cost.

A debounce line tells when its first change came, when its last one, and how many there were: those between
are hidden. Where debug lines name every change, none is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from istiolog_pd.analysis._result import control_plane_rows
from istiolog_pd.analysis._select import entry_positions
from istiolog_pd.analysis._time import as_nanoseconds
from istiolog_pd.analysis.debounce_replay.costs import with_costs
from istiolog_pd.analysis.pushes._events import push_starts
from istiolog_pd.analysis.pushes.debounces import debounces
from istiolog_pd.capture import Capture, to_pandas

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: A debug line of a change stands at most so long before the debounce takes the change (ns).
NEAR = 2_000_000
FAR_FUTURE = 1 << 62
ARRAYS = ("first", "last", "events", "full", "dense", "sure", "decision", "proxies", "proxies_high", "size_bytes")


@dataclass(frozen=True, slots=True)
class Load:
    """The debounces of one process of a control plane, in the order of their first changes (times in ns).

    Parameters
    ----------
    first, last, events
        When the first and the last merged change came, and how many there were.
    full, kind_known
        Whether the push was full, and whether that is known (from 1.31 on it is not).
    dense
        Whether no two changes that follow each other in it can be AFTER apart: else it would have been pushed.
    proxies, proxies_high, size_bytes
        What its push reached and cost; NaN where that is not printed.
    known
        The times of all changes: of one or two, and where debug lines name them all; else None.
    sure
        Whether it is known of each change if it is endpoint-only: of one alone, of endpoint-only pushes, and
        where debug lines name them all.
    decision
        When it was let go.
    """

    first: Ints
    last: Ints
    events: Ints
    full: Flags
    kind_known: bool
    dense: Flags
    proxies: Floats
    proxies_high: Floats
    size_bytes: Floats
    known: tuple[Ints | None, ...]
    sure: Flags
    decision: Ints

    def part(self, rows: slice) -> Load:
        """Debounces that follow each other."""
        arrays = {name: getattr(self, name)[rows] for name in ARRAYS}
        return Load(**arrays, known=self.known[rows], kind_known=self.kind_known)

    def where(self, rows: Flags) -> Load:
        """Some of the debounces."""
        places = np.flatnonzero(rows)
        known = tuple(self.known[place] for place in places.tolist())
        arrays = {name: getattr(self, name)[places] for name in ARRAYS}
        return Load(**arrays, known=known, kind_known=self.kind_known)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The settings that a control plane ran with, as its log shows them, and its push contexts (ns).

    `full_context` and `other_context` are the least and the greatest time from a decision to the start of
    its round, of full and of endpoint-only pushes; all zero where a push does not wait for the one before.
    """

    after: int | None
    maximum: int | None
    eds_debounce: bool
    full_context: tuple[int, int]
    other_context: tuple[int, int]


def recorded_load(capture: Capture) -> tuple[tuple[Load, ...], Recorded] | None:
    """The load of each process in a capture, and the settings; None if no debounce tells when it began."""
    decisions = debounces(capture)
    decisions = decisions.dropna(subset=["timestamp", "start", "quiet_time", "events"])
    decisions = decisions[decisions["events"] >= 1]  # one that merged nothing moves nothing
    if decisions.empty:
        return None
    starts = with_costs(capture, push_starts(capture))
    decisions = _with_rounds(
        decisions.assign(place=entry_positions(capture, decisions)),
        starts.assign(place=entry_positions(capture, starts)),
    )
    at_once = _at_once(decisions, starts, capture)
    after = _after(decisions)
    waits = not capture["push_all"].num_rows and not capture["push_finish"].num_rows  # those end with 1.2
    recorded = Recorded(after, _maximum(decisions, after), at_once.empty, *contexts(decisions, waits))
    table = pd.concat([decisions, at_once], ignore_index=True) if len(at_once) else decisions
    lines = _named_changes(capture)
    parts = table.groupby("run", sort=False, dropna=False)
    loads = tuple(
        load_of(part, lines.get(int(part["run"].iloc[0]), np.zeros(0, np.int64)), recorded) for _, part in parts
    )
    return loads, recorded


def _with_rounds(decisions: pd.DataFrame, starts: pd.DataFrame) -> pd.DataFrame:
    """Each decision with the round that it began: the next one of its kind in its log."""
    columns = ["run", "place", "kind", "began", "number", "proxies", "connected_endpoints", "size_bytes", "visible"]
    rounds = starts.assign(
        kind=starts["full"].astype(object).astype(str), began=starts["timestamp"], number=starts["round"]
    )[columns]
    merged = pd.merge_asof(
        decisions.assign(kind=decisions["full"].astype(object).astype(str)).sort_values("place", kind="stable"),
        rounds.sort_values("place", kind="stable"),
        on="place",
        by=["run", "kind"],
        direction="forward",
    )
    second = merged.duplicated(["run", "number"]) & merged["number"].notna()
    own = ["began", "number", "proxies", "connected_endpoints", "size_bytes"]
    merged[own] = merged[own].mask(second)
    return merged.sort_values("place", kind="stable", ignore_index=True)


def _at_once(decisions: pd.DataFrame, starts: pd.DataFrame, capture: Capture) -> pd.DataFrame:
    """Endpoint-only pushes that no debounce decided (PILOT_ENABLE_EDS_DEBOUNCE=false): each is one change."""
    alone = starts["full"].eq(False).fillna(False).astype(bool) & ~starts["round"].isin(decisions["number"].dropna())
    table = starts[alone & starts["run"].isin(decisions["run"])]
    if table.empty or decisions["full"].eq(False).any():
        return table.iloc[:0]
    # At the beginning of a log the decision may be cut off: it stands a moment before.
    begin = to_pandas(capture.events.select(["run", "timestamp"])).groupby("run")["timestamp"].min()
    table = table[table["timestamp"] - table["run"].map(begin) > pd.Timedelta("100ms")]
    zero = pd.Timedelta(0)
    return table.assign(
        start=table["timestamp"],
        quiet_time=zero,
        debounce_time=zero,
        events=1,
        began=table["timestamp"],
        number=table["round"],
    )


def contexts(decisions: pd.DataFrame, waits: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """How long full and endpoint-only pushes took from the decision to the start, at least and at most."""
    took = decisions["began"] - decisions["timestamp"]
    took = took.where(~(took < pd.Timedelta(0)), pd.Timedelta(0))
    endpoints = decisions["full"].eq(False).fillna(False).astype(bool)
    return (_range(took[~endpoints]), _range(took[endpoints])) if waits else ((0, 0), (0, 0))


def _range(spans: pd.Series[Any]) -> tuple[int, int]:
    known = as_nanoseconds(spans.dropna())
    return (int(known.min()), int(known.max())) if len(known) else (0, 0)


def _after(decisions: pd.DataFrame) -> int | None:
    """AFTER: a debounce of one change was quiet for no less, and the timer is a moment late."""
    single = decisions[decisions["events"] == 1]
    quiet = as_nanoseconds((single if len(single) else decisions)["quiet_time"])
    if not len(single):  # then only the most: those that the maximum ended were quiet for less
        quiet = np.sort(quiet)[len(quiet) // 2 :]
    return _plain(int(quiet.min()))


def _maximum(decisions: pd.DataFrame, after: int | None) -> int | None:
    """MAX: what a debounce lasted at least that was not quiet for AFTER; Istio's 10 s if there is none."""
    total, quiet = as_nanoseconds(decisions["debounce_time"]), as_nanoseconds(decisions["quiet_time"])
    cut = quiet < (after or 0) - NEAR
    if cut.any():
        return _plain(int(total[cut].min()))
    default = 10_000_000_000
    return default if int(total.max()) <= default + (after or 0) else None


def _plain(span: int) -> int | None:
    """The number of two digits (of ms at least) that a measured span is a little more than."""
    if span < 1_000_000:
        return None
    unit = max(1_000_000, int(10 ** (len(str(span)) - 2)))
    return (span + 50_000) // unit * unit  # the printed span is rounded


def _named_changes(capture: Capture) -> dict[int, Ints]:
    """Times of the debug lines that name a change each (1.24 on), by run."""
    lines = control_plane_rows(capture, "push_trigger")
    lines = lines[lines["reason"].notna() & lines["level"].eq("debug")].dropna(subset=["timestamp"])
    return {run: as_nanoseconds(lines.loc[lines["run"] == run, "timestamp"]) for run in lines["run"].unique().tolist()}


def load_of(part: pd.DataFrame, lines: Ints, recorded: Recorded) -> Load:
    """The load of one process: its decisions with their rounds, and the times of debug lines that name changes."""
    part = part.sort_values("timestamp", kind="stable")
    events = part["events"].to_numpy(np.int64)
    stamp = as_nanoseconds(part["timestamp"])
    first = as_nanoseconds(part["start"])
    last = np.maximum(stamp - as_nanoseconds(part["quiet_time"]), first)
    last = np.where(events == 1, first, last)
    order = np.argsort(first, kind="stable")
    began = np.maximum.accumulate(as_nanoseconds(part["began"].fillna(part["timestamp"])))
    free = np.concatenate([[-FAR_FUTURE], began[:-1]])
    dense = (first + (recorded.after or FAR_FUTURE) >= free) if recorded.after else np.zeros(len(part), bool)
    connected = part["connected_endpoints"].to_numpy(np.float64, na_value=np.nan)
    seen = part["visible"].fillna(False).to_numpy(bool)
    proxies = np.where(seen, part["proxies"].to_numpy(np.float64, na_value=np.nan), np.nan)
    sizes = np.where(seen, part["size_bytes"].to_numpy(np.float64, na_value=np.nan), np.nan)
    kind_known = bool(part["full"].notna().all())
    full = part["full"].fillna(True).to_numpy(bool)
    costs = (np.where(np.isnan(proxies), connected, proxies), np.where(seen & (proxies == 0), 0.0, sizes))
    known = tuple(_named(lines, *each) for each in zip(first[order], last[order], events[order], strict=True))
    named = np.array([_names_all(lines, *each) for each in zip(first[order], last[order], events[order], strict=True)])
    alone = (events[order] == 1) | ~full[order] | named
    sure = kind_known & (alone | (not recorded.eds_debounce))
    arrays = (first, last, events, full, dense, stamp, proxies, costs[0], costs[1])
    names = ("first", "last", "events", "full", "dense", "decision", "proxies", "proxies_high", "size_bytes")
    ordered: dict[str, Any] = {name: array[order] for name, array in zip(names, arrays, strict=True)}
    return Load(**ordered, known=known, sure=sure, kind_known=kind_known)


def _names_all(lines: Ints, first: int, last: int, events: int) -> bool:
    """Whether there is a debug line for each change of a debounce."""
    begin, end = np.searchsorted(lines, [first - NEAR, last + 1])
    return bool(end - begin == events)


def _named(lines: Ints, first: int, last: int, events: int) -> Ints | None:
    """The times of all changes of a debounce: of one or two always, of more if debug lines name them all."""
    if events <= 2:
        return np.array([first, last][:events], np.int64)
    if not _names_all(lines, first, last, events):
        return None
    begin, end = np.searchsorted(lines, [first - NEAR, last + 1])
    times: Ints = np.clip(lines[begin:end], first, last)
    times[0], times[-1] = first, last
    return times


def each_event(load: Load) -> Iterator[Ints]:
    """The known changes of each debounce: all of them, or the first and the last."""
    for known, first, last in zip(load.known, load.first.tolist(), load.last.tolist(), strict=True):
        yield np.array([first, last], np.int64) if known is None else known
