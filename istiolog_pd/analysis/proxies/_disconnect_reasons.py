"""Why sessions ended: no line says it, so it is told from when, and what came next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

#: How far gRPC spreads the maximum age either way, and how long a stream may outlast it.
JITTER = 0.1
GRACE = pd.Timedelta("10s")
#: What ends so shortly before its run ended with it.
SHUTDOWN = pd.Timedelta("10s")
#: Half of a storm's window, its least size, and the least share of the connections that it ends.
STORM = pd.Timedelta("5s")
STORM_SIZE = 5
STORM_SHARE = 0.5
#: A replica so young is a new one.
YOUNG = pd.Timedelta("5min")
#: So many ends of one proxy's sessions in such a time are flapping.
FLAPS = 3
FLAPPING = pd.Timedelta("10min")
#: Who has not come back for so long is gone.
GONE = pd.Timedelta("1min")


def reasons(table: pd.DataFrame, spans: pd.DataFrame, maximum_age: pd.Timedelta) -> pd.Series[Any]:
    """The likeliest reason of each session's end, the first that fits; null while it is open.

    Parameters
    ----------
    table
        Sessions: `run`, `proxy`, `opened`, `closed`, `duration`, `next_run`.
    spans
        `run`, `log`, `first`, `last`: what the log covers of each run.
    maximum_age
        Of a connection.
    """
    newest = spans.groupby("log")["run"].transform("max")
    own = table[["run"]].merge(spans.assign(newest=newest), how="left", on="run")
    superseded = own["run"] < own["newest"]
    closed = table["closed"]
    fits = {
        "restart": superseded & (closed.isna() | (closed >= own["last"] - SHUTDOWN)),
        "maximum age": table["duration"].between(
            maximum_age * (1 - JITTER) - GRACE, maximum_age * (1 + JITTER) + GRACE
        ),
        "storm": _storms(table),
        "scale-out": _to_a_new_replica(table, spans),
        "flapping": _flapping(table),
        "gone": table["next_run"].isna() & (closed + GONE <= spans["last"].max()),
        "other": closed.notna(),
    }
    # A list, not an array: NumPy would cut the names to one length.
    names = np.select([fit.fillna(False).to_numpy(bool) for fit in fits.values()], list(fits), "")
    return pd.Series(names, table.index, dtype=object).where(names != "", None)


def _storms(table: pd.DataFrame) -> pd.Series[Any]:
    """Whether many connections of the same replica ended about the same time."""
    storm = np.zeros(len(table), bool)
    for at in table.groupby("run", sort=False).indices.values():
        own = table.iloc[at]
        closed, opened = (np.sort(own[name].dropna().to_numpy("datetime64[ns]")) for name in ("closed", "opened"))
        before_the_log = int(own["opened"].isna().sum())
        times = own["closed"].to_numpy("datetime64[ns]")
        begin, end = times - STORM.to_timedelta64(), times + STORM.to_timedelta64()
        ended_before = np.searchsorted(closed, begin, "left")
        ended = np.searchsorted(closed, end, "right") - ended_before
        there = before_the_log + np.searchsorted(opened, begin, "right") - ended_before
        storm[at] = (ended >= STORM_SIZE) & (ended >= there * STORM_SHARE) & ~np.isnat(times)
    return pd.Series(storm, table.index, dtype=bool)


def _to_a_new_replica(table: pd.DataFrame, spans: pd.DataFrame) -> pd.Series[Any]:
    """Whether the proxy went on to a replica that had just begun."""
    known = spans.set_index("run")
    began = table["next_run"].map(known["first"])
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
