"""Why sessions ended: no line says it, so it is inferred from the time and the lines that follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

#: How far gRPC spreads the maximum age either way, and how long a stream may outlast it.
JITTER = 0.1
GRACE = pd.Timedelta("10s")
#: No connection is so old: the flag's default, Go's longest duration, means none.
NO_AGE = pd.Timedelta("3650D")
#: What ends so shortly before its run ended with it; and so shortly, whatever its age was.
SHUTDOWN = pd.Timedelta("10s")
AT_THE_END = pd.Timedelta("1s")
#: So soon the proxies of a replica that stopped without a word are seen at another.
TAKEN_OVER = pd.Timedelta("1min")
#: So far apart are the end of a proxy's process in its own log and the end of its session, by two clocks.
NEAR = pd.Timedelta("10s")
#: Half of a storm's window, its least size, and the least share of the connections that it ends.
STORM = pd.Timedelta("5s")
STORM_SIZE = 5
STORM_SHARE = 0.5
#: Minimum number of connections that ended together, and the time within which they did, to be one event.
CUT = pd.Timedelta("250ms")
#: A replica so young is a new one.
YOUNG = pd.Timedelta("5min")
#: Minimum number of ends of one proxy's sessions, and the time they fall in, to count as flapping.
FLAPS = 3
FLAPPING = pd.Timedelta("10min")
#: Who has not come back for so long is gone.
GONE = pd.Timedelta("1min")


def reasons(table: pd.DataFrame, spans: pd.DataFrame, departures: pd.DataFrame) -> pd.Series[Any]:
    """The likeliest reason of each session's end, the first that fits; null while it is open.

    Parameters
    ----------
    table
        Sessions: `run`, `proxy`, `opened`, `closed`, `duration`, `next_run`, `next_opened`, and `maximum_age` of
        their replica (null: none).
    spans
        `run`, `log`, `first`, `last`: what the log covers of each run; `exit`: whether its lines say that it ended.
    departures
        `proxy`, `low`, `high`: when processes of proxies ended, by their own logs.
    """
    own = table[["run"]].merge(_with_logs(spans), how="left", on="run").set_index(table.index)
    closed, age = table["closed"], table["maximum_age"]
    over = own["superseded"] | own["exit"] | _taken_over(table, own)
    unseen = closed.isna() & (table["opened"].isna() | (table["opened"] <= own["last"]))
    with_run = over & (unseen | (closed >= own["last"] - AT_THE_END))
    ended = pd.Series(np.where(own["superseded"], "restart", "stopped"), table.index, dtype=object)
    steps = [
        (with_run, ended),
        (_lasted(table["duration"], age), "maximum age"),
        (over & (closed >= own["last"] - SHUTDOWN), ended),
        (_departed(table, departures) & table["next_run"].notna(), "proxy restart"),
        (_departed(table, departures), "gone"),
    ]
    found = _first_that_fits(steps, table.index)
    found = found.fillna(_first_that_fits([(_together(table[found.isna()]), "network")], table.index))
    found = found.fillna(_first_that_fits([(_storms(table, found.isna()), "storm")], table.index))
    rest = [
        (_to_a_new_replica(table, _with_logs(spans)), "scale-out"),
        (_flapping(table[found.isna()]).reindex(table.index, fill_value=False), "flapping"),
        (table["next_run"].isna() & (closed + GONE <= spans["last"].max()), "gone"),
        (closed.notna(), "other"),
    ]
    return found.fillna(_first_that_fits(rest, table.index))


def _first_that_fits(steps: list[tuple[Any, Any]], index: pd.Index) -> pd.Series[Any]:
    """The reason of the first step that fits each session; null where none does."""
    found = pd.Series(None, index, dtype=object)
    for fits, reason in steps:
        fits = fits.reindex(index, fill_value=False).fillna(False).astype(bool)
        found = found.mask(found.isna() & fits, reason)
    return found


def _with_logs(spans: pd.DataFrame) -> pd.DataFrame:
    """The runs, with whether another of the same log follows or comes before."""
    runs = spans.groupby("log")["run"]
    return spans.assign(superseded=spans["run"] < runs.transform("max"), again=spans["run"] > runs.transform("min"))


def _lasted(duration: pd.Series[Any], age: pd.Series[Any]) -> pd.Series[Any]:
    """Whether a session lasted as long as its replica lets it."""
    return (duration >= age * (1 - JITTER) - AT_THE_END) & (duration <= age * (1 + JITTER) + GRACE)


def _taken_over(table: pd.DataFrame, own: pd.DataFrame) -> pd.Series[Any]:
    """Whether the session's replica ended without a word: most that it held are then seen at another."""
    held = table["closed"].isna()
    moved = held & table["next_opened"].between(own["last"], own["last"] + TAKEN_OVER)
    many = moved.groupby(table["run"]).transform("sum") >= STORM_SIZE
    most = moved.groupby(table["run"]).transform("sum") >= held.groupby(table["run"]).transform("sum") * STORM_SHARE
    return moved & many & most


def _departed(table: pd.DataFrame, departures: pd.DataFrame) -> pd.Series[Any]:
    """Whether the proxy's own log says that its process ended then."""
    ends = table[["proxy", "closed"]].reset_index().merge(departures, on="proxy")
    near = ends[ends["closed"].between(ends["low"] - NEAR, ends["high"] + NEAR)]
    return pd.Series(table.index.isin(near["index"]), table.index)


def _near(times: Any, around: Any, span: pd.Timedelta) -> Any:
    """How many of some sorted times are near each of others."""
    low = np.searchsorted(times, around - span.to_timedelta64(), "left")
    return np.searchsorted(times, around + span.to_timedelta64(), "right") - low


def _together(table: pd.DataFrame) -> pd.Series[Any]:
    """Whether several connections of the same replica ended in the same moment."""
    cut = pd.Series(False, table.index)
    for _, closed in table["closed"].dropna().groupby(table["run"]):
        times = closed.to_numpy("datetime64[ns]")
        cut[closed.index] = _near(np.sort(times), times, CUT) >= STORM_SIZE
    return cut


def _storms(table: pd.DataFrame, unexplained: pd.Series[Any]) -> pd.Series[Any]:
    """Whether many connections of the same replica ended about the same time, for no other reason."""
    storm = np.zeros(len(table), bool)
    ends, begins = (table[name].to_numpy("datetime64[ns]") for name in ("closed", "opened"))
    free = unexplained.to_numpy(bool)
    for at in table.groupby("run", sort=False).indices.values():
        times, opened = ends[at], begins[at]
        closed = _sorted(times)
        begin = times - STORM.to_timedelta64()
        ended_before = np.searchsorted(closed, begin, "left")
        ended = _near(_sorted(times[free[at]]), times, STORM)
        there = np.isnat(opened).sum() + np.searchsorted(_sorted(opened), begin, "right") - ended_before
        storm[at] = (ended >= STORM_SIZE) & (ended >= there * STORM_SHARE) & ~np.isnat(times)
    return pd.Series(storm, table.index, dtype=bool)


def _sorted(times: Any) -> Any:
    """Times in order, without those that are not known."""
    return np.sort(times[~np.isnat(times)])


def _to_a_new_replica(table: pd.DataFrame, spans: pd.DataFrame) -> pd.Series[Any]:
    """Whether the proxy went on to a replica that had just begun, and is no restart of one that was there."""
    known = spans.set_index("run")
    began = table["next_run"].map(known["first"].where(~known["again"]))
    other = table["next_run"].notna() & table["next_run"].map(known["log"]).ne(table["run"].map(known["log"]))
    new = (began > table["opened"].fillna(began)) | table["opened"].isna()
    return other & new & (table["closed"] - began <= YOUNG)


def _flapping(table: pd.DataFrame) -> pd.Series[Any]:
    """Whether the end is one of several of this proxy in a short time."""
    ends = table.sort_values(["proxy", "closed"], kind="stable")
    by_proxy = ends.groupby("proxy", sort=False)["closed"]
    few = FLAPS - 1
    first_of_some = (by_proxy.shift(-few) - ends["closed"]) <= FLAPPING
    flapping = first_of_some.copy()
    for steps in range(1, FLAPS):
        flapping |= first_of_some.groupby(ends["proxy"], sort=False).shift(steps, fill_value=False)
    return flapping.sort_index() & table["closed"].notna()
