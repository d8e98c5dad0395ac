"""Stretches of time that a capture is cut into, and how much of a control plane there was in each."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._time import as_nanoseconds
from istiolog_pd.analysis.compare.bootstrap import STRETCHES, Floats, Ints
from istiolog_pd.analysis.pushes.rounds import push_rounds
from istiolog_pd.capture import Capture, to_pandas

MINUTE = 60e9  # nanoseconds


class Stretches:
    """The time in which any process of a control plane is seen, cut into stretches of the same length.

    Time in which none is seen (between two pieces of a log) is in none of them; replicas that ran at the
    same time share stretches.

    Parameters
    ----------
    capture
        Logs of a control plane.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.runs = _runs(capture)
        self.edges = _edges(self.runs)

    def at(self, times: pd.Series[Any]) -> Ints:
        """The stretch of each time."""
        return np.clip(np.searchsorted(self.edges, as_nanoseconds(times), side="right") - 1, 0, STRETCHES - 1)

    def sums(self, times: pd.Series[Any], values: pd.Series[Any] | Floats | None = None) -> Floats:
        """What is summed in each stretch: values, or how many there are."""
        weights = None if values is None else pd.Series(values).astype("Float64").to_numpy(np.float64, na_value=0.0)
        return np.bincount(self.at(times), weights, STRETCHES).astype(np.float64)

    @cached_property
    def minutes(self) -> Floats:
        """Minutes that replicas were seen, in each stretch, summed."""
        return _within(self.runs["first"].to_numpy(), self.runs["last"].to_numpy(), self.edges) / MINUTE

    @cached_property
    def proxy_minutes(self) -> Floats:
        """Minutes that proxies were connected, in each stretch, summed: as rounds print ``ConnectedEndpoints``."""
        rounds = push_rounds(self._capture).dropna(subset=["connected_endpoints", "timestamp"])
        total = np.zeros(STRETCHES)
        for run, own in rounds.groupby(rounds["run"].astype("int64")):
            first, last = self.runs.loc[[run]].to_numpy(np.int64)[0]
            begun = np.maximum.accumulate(np.append(as_nanoseconds(own["timestamp"]), last))
            begun[0] = min(first, begun[0])  # what the first round prints stands for the time before it
            area = np.append(0.0, np.cumsum(np.diff(begun) * own["connected_endpoints"].to_numpy(np.float64)))
            total += np.diff(np.interp(self.edges, begun, area))
        return total / MINUTE


def _runs(capture: Capture) -> pd.DataFrame:
    """When each run of a control plane is first and last seen (`first`, `last`, in nanoseconds)."""
    table = capture.events.select(["run", "timestamp", "component"])
    times = to_pandas(table)
    times = times[times["component"].eq("pilot")].dropna(subset=["timestamp"])
    spans = times.groupby("run")["timestamp"].agg(["min", "max"])
    return pd.DataFrame(
        {"first": as_nanoseconds(spans["min"]), "last": as_nanoseconds(spans["max"])}, index=spans.index
    )


def _edges(runs: pd.DataFrame) -> Ints:
    """The times between stretches: equal parts of the time in which any run is seen."""
    if runs.empty:
        return np.arange(STRETCHES + 1)
    spans = runs.sort_values("first")
    before = spans["last"].cummax().shift(fill_value=spans["first"].iloc[0])
    begins = np.maximum(spans["first"].to_numpy(np.int64), before.to_numpy(np.int64))
    ends = np.maximum(spans["last"].to_numpy(np.int64), begins)
    seen = np.append(0, np.cumsum(ends - begins))
    clock = np.column_stack([begins, ends]).ravel()
    passed = np.column_stack([seen[:-1], seen[1:]]).ravel()
    origin = clock[0]
    wanted = np.linspace(0, seen[-1], STRETCHES + 1)
    return np.asarray(np.interp(wanted, passed, clock - origin).astype(np.int64) + origin)


def _within(first: Ints, last: Ints, edges: Ints) -> Floats:
    """How much of these spans lies in each stretch, summed."""
    inside = np.clip(edges[None, :], first[:, None], last[:, None])
    return np.asarray(np.diff(inside, axis=1).sum(axis=0), np.float64)


def duration_ms(spans: pd.Series[Any]) -> Floats:
    """Durations in milliseconds; NaN where there is none."""
    return np.asarray(spans.to_numpy("timedelta64[ns]") / np.timedelta64(1, "ms"), np.float64)
