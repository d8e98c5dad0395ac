"""Garbage collections of the control plane: pauses, heap, and what was pushed meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._answer import LINE, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import GC_TRACE, Need
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes, log_of_runs, select_columns
from istiolog_pd.capture import Capture

Floats = npt.NDArray[np.float64]

NUMBER = pd.Float64Dtype()

GC = Answer(
    "gc",
    "One row per GC trace line",
    time="timestamp_low",
    columns=(
        Col("timestamp_low", "datetime64[ns, UTC]", "UTC", "earliest start by the clock of the log"),
        Col("timestamp_high", "datetime64[ns, UTC]", "UTC", "latest start by the clock of the log"),
        Col("gc", "Int64", "", "number of the collection"),
        Col(
            "since_start",
            "timedelta64[ns]",
            "ns",
            "start of the collection since the start of the process; whole milliseconds, cut off",
        ),
        Col(
            "pause_low", "timedelta64[ns]", "ns", "time the program was stopped (sweep and mark termination), at least"
        ),
        Col("pause_high", "timedelta64[ns]", "ns", "time the program was stopped, at most"),
        Col("concurrent_low", "timedelta64[ns]", "ns", "concurrent marking, at least"),
        Col("concurrent_high", "timedelta64[ns]", "ns", "concurrent marking, at most"),
        Col("cpu_percent", "Int64", "%", "share of CPU time that GC took since the start of the process"),
        Col(
            "heap_before_bytes", "Int64", "B", "heap when the collection began; sizes are logged in whole MiB, cut off"
        ),
        Col("heap_after_bytes", "Int64", "B", "heap when it ended"),
        Col("live_bytes", "Int64", "B", "live heap"),
        Col("goal_bytes", "Int64", "B", "heap goal"),
        Col("processors", "Int64", "", "processors used"),
        Col("forced", "boolean", "", "true if the program asked for it"),
        Col("pushes", "Int64", "", "push lines logged while it ran (by the latest bound)"),
        Col(
            "push_lag",
            "timedelta64[ns]",
            "ns",
            "median time from the start of their round to these lines, requested pushes left out",
        ),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(Need("garbage collection beside pushes", ("go_gc",), GC_TRACE),),
)

#: What a trace line prints that is the answer's own.
PRINTED = ("since_start", "cpu_percent", "heap_before_mb", "heap_after_mb", "live_mb", "goal_mb", "processors")
MS = 1_000_000  # nanoseconds
MEBIBYTE = 1 << 20
#: How long before it is written an entry can have got its time stamp, and a trace line can have been due.
WRITTEN = pd.Timedelta("10ms")

HOW = "Go prints them to stderr when istiod runs with GODEBUG=gctrace=1"
IN_PIECES = "{} of {} GC trace lines are cut or of another form, and left out"
DRIFT = (
    "in {} run(s) the clock was set or drifted: times of their collections are bounded by their neighbors in the log"
)


@answers(GC)
def gc(capture: Capture) -> pd.DataFrame:
    """Every garbage collection of the control plane, when it was, and the pushes written meanwhile.

    A trace line has no time of its own, but that since the process began. Each line was written after the entry
    before it and before the entry after it; all lines of a run together bound when the process
    began, and so when each collection did.

    Parameters
    ----------
    capture
        Logs of a control plane that ran with ``GODEBUG=gctrace=1``.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["push_lag"]`` is the median lag over all pushes (or None). Empty, with the reason in
        ``attrs["coverage"]``, without such lines.

    Notes
    -----
    Go, runtime/mgc.go (``gcMarkTermination``): ``fmtNSAsMS`` cuts a time off after two digits, and to whole
    milliseconds from 10 ms on, so a printed 7.0 is 7.0 to 7.1 ms.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.gc(il.load("data/istiod-1.30.3/discovery-debug.log.gz"))
    >>> len(table), [f"{1000 * time.total_seconds():.1f} ms" for time in table[["pause_low", "pause_high"]].sum()]
    (164, ['88.4 ms', '93.7 ms'])
    """
    phases = ("gc_sweep_termination", "gc_mark", "gc_mark_termination")
    traces = select_columns(capture, "go_gc", "row", "source", "line", "gc_number", "gc_forced", *PRINTED, *phases)
    if traces.empty:
        return empty_result(GC, reason_no_lines(capture, "GC trace line", HOW))
    readable = traces["gc_number"].notna()
    table = _with_phases(traces[readable].reset_index(drop=True))
    cut = IN_PIECES.format(int((~readable).sum()), len(traces)) if not readable.all() else ""
    if table.empty:
        return empty_result(GC, cut)
    times, drifted = _times(capture, table)
    table = pd.concat([table, times], axis=1)
    lags = _lags(capture)
    table = pd.concat([table, _meanwhile(table, lags)], axis=1)
    answer = as_result(table, GC, join_notes(cut, DRIFT.format(drifted) if drifted else ""))
    answer.attrs["push_lag"] = lags["lag"].median() if lags["lag"].notna().any() else None
    return answer


def _with_phases(traces: pd.DataFrame) -> pd.DataFrame:
    """The lines with the bounds of their phases."""
    first, mark, second = (
        _cut_off(traces[name].dt.total_seconds().to_numpy(np.float64) * 1000)
        for name in ("gc_sweep_termination", "gc_mark", "gc_mark_termination")
    )
    sizes = {f"{name}_bytes": traces[f"{name}_mb"] * MEBIBYTE for name in ("heap_before", "heap_after", "live", "goal")}
    return traces.rename(columns={"gc_number": "gc", "gc_forced": "forced"}).assign(
        pause_low=_duration(first[0] + second[0]),
        pause_high=_duration(first[1] + second[1]),
        concurrent_low=_duration(mark[0]),
        concurrent_high=_duration(mark[1]),
        **sizes,
    )


def _duration(millis: Floats) -> pd.TimedeltaIndex:
    """Milliseconds as durations."""
    return pd.to_timedelta((millis * MS).round(), unit="ns")


def _cut_off(millis: Floats) -> tuple[Floats, Floats]:
    """What a printed time is at least, and at most: it is cut off after its last digit."""
    digit = np.select([millis >= 10, millis >= 1, millis >= 0.1], [1.0, 0.1, 0.01], 0.001)
    return millis, millis + digit


def _times(capture: Capture, table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """`timestamp_low` and `timestamp_high` of each collection, and in how many runs the clock was set.

    A line is printed when the collection is over.
    """
    before, after = _neighbors(capture, table)
    backwards = before > after + WRITTEN  # an older log was put behind a newer one
    before, after = before.mask(backwards), after.mask(backwards)
    low = before - table["since_start"] - pd.Timedelta("1ms") - _span(table, "high") - WRITTEN
    high = after - table["since_start"] - _span(table, "low") + WRITTEN
    began_low, began_high = low.groupby(table["run"]).transform("max"), high.groupby(table["run"]).transform("min")
    drifted = began_low > began_high
    times = pd.DataFrame(
        {
            "timestamp_low": began_low.where(~drifted, low) + table["since_start"],
            "timestamp_high": began_high.where(~drifted, high) + table["since_start"] + pd.Timedelta("1ms"),
        }
    )
    return times, int(table.loc[drifted, "run"].nunique())


def _neighbors(capture: Capture, table: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """The time of the nearest entry with a time before and after each line of the table, of the same log."""
    times = capture.events["timestamp"].to_numpy()
    names = log_of_runs(capture)
    log = pd.Series(pd.factorize(names)[0], names.index)
    of = log.reindex(capture.events["run"].to_numpy()).to_numpy()
    rows = table["row"].to_numpy(np.int64)
    stamped = np.flatnonzero(~np.isnat(times))
    at = np.searchsorted(stamped, rows)
    found = []
    for place in (at - 1, at):
        near = np.full(len(rows), np.timedelta64("NaT", "ns")).astype(times.dtype)
        there = np.flatnonzero((place >= 0) & (place < len(stamped)))
        own = stamped[place[there]]
        same = of[own] == of[rows[there]]
        near[there[same]] = times[own[same]]
        found.append(pd.Series(near, table.index).astype("datetime64[ns]").dt.tz_localize("UTC"))
    return found[0], found[1]


def _span(table: pd.DataFrame, end: str) -> pd.Series[Any]:
    """How long a collection took, at least or at most."""
    return table[f"pause_{end}"] + table[f"concurrent_{end}"]


def _lags(capture: Capture) -> pd.DataFrame:
    """Push lines that no proxy asked for, by time: how long after the newest start of a round each was written."""
    lines = select_columns(capture, "xds_push", "row", "timestamp", "push_type")
    lines = lines[lines["push_type"].ne("request") & lines["timestamp"].notna()]
    starts = select_columns(capture, "push_start", "row", "timestamp", "connected_endpoints")
    starts = starts.dropna(subset=["connected_endpoints", "timestamp"])
    # Rows of a run stand together, so the newest start before a row is its own or of another run.
    at = np.searchsorted(starts["row"].to_numpy(np.int64), lines["row"].to_numpy(np.int64)) - 1
    run, of = lines["run"].to_numpy(), starts["run"].to_numpy()
    lag = np.full(len(lines), np.timedelta64("NaT", "ns"))
    own = np.flatnonzero(at >= 0)
    own = own[run[own] == of[at[own]]]
    stamps, begun = (frame["timestamp"].dt.tz_localize(None).to_numpy("datetime64[ns]") for frame in (lines, starts))
    lag[own] = stamps[own] - begun[at[own]]
    order = np.lexsort((stamps, run))
    return lines[["run", "timestamp"]].assign(lag=lag).iloc[order]


def _meanwhile(table: pd.DataFrame, lags: pd.DataFrame) -> pd.DataFrame:
    """`pushes` and `push_lag` of each collection: of push lines between its begin and its end."""
    counts = np.zeros(len(table), np.int64)
    lag = np.full(len(table), np.timedelta64("NaT", "ns"))
    ends = table["timestamp_high"] + _span(table, "high")
    for run, own in lags.groupby("run", sort=False):
        mine = np.flatnonzero(table["run"].eq(run) & table["timestamp_low"].notna() & ends.notna())
        stamps = own["timestamp"]
        first = stamps.searchsorted(table["timestamp_low"].iloc[mine], "left")
        size = np.maximum(stamps.searchsorted(ends.iloc[mine], "right") - first, 0)
        places = np.arange(size.sum()) + np.repeat(first - np.cumsum(size) + size, size)
        medians = own["lag"].iloc[places].groupby(np.repeat(mine, size)).median()
        counts[mine] = size
        lag[medians.index] = medians.to_numpy("timedelta64[ns]")
    return pd.DataFrame({"pushes": counts, "push_lag": lag}, table.index)
