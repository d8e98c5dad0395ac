"""The lines that metrics are counted from, one process run at a time, in few columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd.analysis._select import log_of_runs
from istiolog_pd.analysis.metrics.series import BUCKETS
from istiolog_pd.capture import Capture
from istiolog_pd.engine.schema import event_schema

KEYS = ("row", "timestamp", "level", "scope", "source", "run")

#: What is read of each event, beside the keys.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "push_start": ("connected_endpoints", "services", "virtual_services", "push_type", "duration"),
    "debounce": ("debounce_id", "debounced_events", "debounce_time", "full", "forced", "rearmed"),
    "xds_push": ("xds_type", "push_type", "proxy", "size_bytes", "clusters", "endpoints", "cached"),
    "xds_send_failure": ("xds_type", "size_bytes", "error"),
    "xds_nack": ("xds_type",),
    "xds_stale_nonce": ("xds_type",),
    "connection_open": ("connection_id",),
    "connection_close": ("proxy", "error"),
    "push_skipped": ("connection_id", "xds_type", "push_version"),
    "warming_push": ("proxy",),
    "push_proxy": (),
    "startup": (),
}

#: Lines at debug of these scopes show that all pushes are printed.
PUSH_SCOPES = ("ads", "delta")

Frame = pd.DataFrame
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Numbers = np.ndarray[Any, np.dtype[np.float64]]


def is_one_of(column: pa.ChunkedArray, *words: str) -> Flags:
    """Which values of a column of repeating text are one of these words; each word is compared once."""
    words_of = one_chunk(column)
    if not pa.types.is_dictionary(words_of.type):
        words_of = words_of.dictionary_encode()
    known = pc.is_in(words_of.dictionary, pa.array(words, words_of.dictionary.type)).to_numpy(zero_copy_only=False)
    codes = pc.fill_null(words_of.indices, len(known)).to_numpy(zero_copy_only=False)
    found: Flags = np.append(known, False)[codes].astype(bool)
    return found


def of_pilot(table: pa.Table, names: tuple[str, ...]) -> Frame:
    """Some columns of the rows that a control plane wrote; text as categories, however it is held."""
    pilot = is_one_of(table["component"], "pilot")
    table = table if pilot.all() else table.filter(pa.array(pilot))
    columns = {}
    for name in names:
        if name in table.schema.names:
            column = one_chunk(table[name])
            text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            columns[name] = column.dictionary_encode() if text else column
    # Numbers with nulls become floats, which hold every count and size there is.
    frame: Frame = pa.table(columns).to_pandas()
    if "run" not in frame:
        frame["run"] = 0
    return frame.astype({"row": "int64", "run": "int64"})


@dataclass(frozen=True)
class RunLines:
    """What one process run printed: a small table per event, and the rows of its lines at debug.

    `first` and `last` are the times of its first and last entry, `end` the row of the last; `ends` are the upper
    ends of the buckets of its histograms.
    """

    source: str
    run: int
    first: pd.Timestamp
    last: pd.Timestamp
    end: int
    lines: Mapping[str, Frame]
    ends: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: BUCKETS)

    def __getitem__(self, event: str) -> Frame:
        """The lines of an event."""
        return self.lines[event]

    def until(self, time: pd.Timestamp) -> RunLines:
        """The same run as it was at this time."""
        if time >= self.last:
            return self
        lines = {event: frame[(frame["timestamp"] <= time).to_numpy(bool)] for event, frame in self.lines.items()}
        lines = {event: frame.reset_index(drop=True) for event, frame in lines.items()}
        end = max((int(frame["row"].iloc[-1]) for frame in lines.values() if len(frame)), default=-1)
        return replace(self, last=max(time, self.first), end=end, lines=lines)

    @cached_property
    def decisions(self) -> Frame:
        """The debounce lines that let a push go."""
        lines = self["debounce"]
        rearmed = lines["rearmed"].fillna(False).astype(bool) if "rearmed" in lines else np.zeros(len(lines), bool)
        return lines[~rearmed].reset_index(drop=True)

    @cached_property
    def starts(self) -> Frame:
        """The lines that begin a round, with the decision that each came from.

        `full` (False: endpoints only; from 1.31 on no line tells, and then all are full), `events` that
        were merged, `decision` (its place in `decisions`, -1: none) and `built_within`, seconds since it.
        """
        lines = self["push_start"]
        lines = lines[lines["connected_endpoints"].notna()].reset_index(drop=True)
        full = lines["push_type"].astype(object).ne("incremental").to_numpy(bool)
        decisions = self.decisions
        place = np.searchsorted(decisions["row"].to_numpy(), lines["row"].to_numpy()) - 1
        known = place >= 0
        if len(decisions):
            said = decisions["full"].astype(object).to_numpy()[place]
            known &= np.asarray(pd.isna(said) | (said == full), bool)
        first = ~pd.Series(np.where(known, place, -1 - np.arange(len(place)))).duplicated().to_numpy(bool)
        place = np.where(known & first, place, -1)
        return lines.assign(full=full, decision=place, **self._of_decisions(place, lines))

    def _of_decisions(self, place: np.ndarray[Any, Any], lines: Frame) -> dict[str, Numbers]:
        decisions = self.decisions
        if decisions.empty:
            return {"events": np.full(len(lines), np.nan), "built_within": np.full(len(lines), np.nan)}
        own = decisions.iloc[np.maximum(place, 0)]
        within = (
            lines["timestamp"].reset_index(drop=True) - own["timestamp"].reset_index(drop=True)
        ).dt.total_seconds()
        events = own["debounced_events"].to_numpy(float)
        return {"events": np.where(place >= 0, events, np.nan), "built_within": np.where(place >= 0, within, np.nan)}

    @cached_property
    def opens(self) -> Frame:
        """The connections that opened (lines before a node is known have no connection yet)."""
        lines = self["connection_open"]
        return lines[lines["connection_id"].notna()].reset_index(drop=True)

    @cached_property
    def failures(self) -> Frame:
        """Sends that failed and say why (`Send failure`)."""
        lines = self["xds_send_failure"]
        return lines[lines["error"].notna().to_numpy(bool)]

    @cached_property
    def timeouts(self) -> Frame:
        """The lines ``Timeout writing``, which a send that failed prints beside `Send failure`, or alone."""
        lines = self["xds_send_failure"]
        return lines[lines["error"].isna().to_numpy(bool) & (lines["level"] == "info").to_numpy(bool)]

    @cached_property
    def from_start(self) -> bool:
        """Whether the log begins when the process did."""
        ids = self.decisions["debounce_id"].where(self.decisions["debounced_events"].notna()).dropna()
        return bool(len(self["startup"]) or (len(ids) and ids.iloc[0] == 1))

    @cached_property
    def talks(self) -> bool:
        """Whether scope ads prints at info: else nothing but warnings can be counted."""
        return any(len(self[event]) for event in ("push_start", "debounce", "xds_push", "connection_open"))

    @cached_property
    def missing(self) -> str:
        """Why lines are missing, so that no count has an upper bound; empty if none are known to be."""
        ids = self.decisions["debounce_id"].where(self.decisions["debounced_events"].notna()).dropna()
        if (ids.diff().dropna() != 1).any():
            return "some debounce numbers are not there: a part of the log is missing"
        connected = self.starts["connected_endpoints"].to_numpy(float)
        if self.from_start and len(self.opens):
            after = np.append(self.starts["row"].to_numpy()[1:], self.end + 1)
            if (connected > np.searchsorted(self.opens["row"].to_numpy(), after)).any():
                return "more connections are counted than opened: a scope (delta) does not print at info"
        elif connected.any() and not len(self.opens) and not len(self["xds_push"]):
            return "connections are counted, but no push to them is printed"
        return ""

    @cached_property
    def debug(self) -> set[str]:
        """The scopes of pushes that print at debug."""
        return set(self["debug"]["scope"].astype(object).unique())

    @cached_property
    def all_debug(self) -> bool:
        """Whether every scope that connections print in is at debug."""
        used = pd.concat([self["xds_push"]["scope"].astype(object), self.opens["scope"].astype(object)]).unique()
        return bool(self.debug) and set(used) & set(PUSH_SCOPES) <= self.debug

    @cached_property
    def hidden(self) -> Flags:
        """Rounds whose endpoint-only pushes the level does not print, if they had any.

        At debug something is printed for every proxy of a round: a round after which nothing is was not
        seen (levels change at run time). 1.0-1.4 print endpoint-only pushes at info.
        """
        rounds = self.starts["connected_endpoints"].to_numpy(float) > 0
        if not self.decisions["forced"].notna().any():
            rounds &= ~self.starts["full"].to_numpy(bool)
        pushes = self["xds_push"]
        early = pushes["push_type"].eq("incremental") & pushes["endpoints"].notna() & pushes["level"].eq("info")
        if early.any():
            return np.zeros(len(rounds), bool)
        if self.all_debug:
            begins = self.starts["row"].to_numpy()
            seen = np.searchsorted(self["debug"]["row"].to_numpy(), np.append(begins, self.end + 1))
            rounds &= np.diff(seen) == 0
        return rounds


def runs(capture: Capture) -> Iterator[RunLines]:
    """The runs of the control planes of a capture, in file order."""
    frames = {event: _lines(capture, event) for event in NEEDED}
    events = capture.events.append_column("row", pa.array(np.arange(capture.n_entries)))
    names = ("row", "timestamp", "source", "run", "scope")
    every = of_pilot(events, names[:4])
    at_debug = is_one_of(events["level"], "debug") & is_one_of(events["scope"], *PUSH_SCOPES)
    frames["debug"] = of_pilot(events.filter(pa.array(at_debug)), names)
    parts = {event: _by_run(frame) for event, frame in frames.items()}
    names_of = log_of_runs(capture)
    for run, own in _by_run(every).items():
        lines = {event: parts[event].get(run, frames[event].iloc[:0]) for event in frames}
        times = own["timestamp"]
        yield RunLines(names_of[run], run, times.min(), times.max(), int(own["row"].iloc[-1]), lines)


def _lines(capture: Capture, event: str) -> Frame:
    """What is needed of an event's lines."""
    return of_pilot(capture[event], (*KEYS, *NEEDED[event])) if event in capture else _no_lines(event)


@cache
def _no_lines(event: str) -> Frame:
    return of_pilot(event_schema(event).empty_table(), (*KEYS, *NEEDED[event]))


def _by_run(frame: Frame) -> dict[int, Frame]:
    """The parts of a table by run; a table of one run is its own part."""
    if len(frame):
        run = frame["run"].to_numpy()
        if (run == run[0]).all():
            return {int(run[0]): frame}
    parts = {run: own.reset_index(drop=True) for run, own in frame.groupby("run", sort=False)}
    return cast("dict[int, Frame]", parts)
