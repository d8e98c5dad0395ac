"""What Envoy's own lines show of an update: when it applied clusters and listeners, and what came of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._intervals import Bools, Ints
from istiolog_pd.analysis._time import NEVER, as_of, moments, nanoseconds, spans
from istiolog_pd.analysis.propagation.sides import of_proxies
from istiolog_pd.capture import Capture

#: Lines of one update follow each other closely: a longer pause than the first is taken to
#: be between two, one longer than the second surely is.
CLOSE, APART = pd.Timedelta("100ms"), pd.Timedelta("1s")

KEY = ["proxy", "xds_type"]


def updates(capture: Capture, logs: pd.Series[str]) -> pd.DataFrame:
    """Every update that an Envoy logs, in the order of time.

    Clusters: the summary ``added/updated N cluster(s), skipped M`` (Envoy 1.18 on), or ``add N
    cluster(s), remove M`` (1.12 on), one of either per response; before, and for listeners always, the
    first of the lines about one each that follow one another. At debug (1.11 on) any type: ``… accepted``.

    Parameters
    ----------
    logs
        Whose log each sidecar's is: the proxy by log.

    Returns
    -------
    pandas.DataFrame
        `proxy`, `xds_type`, `timestamp`; `started`: its first line; `counted`: it is surely another
        response than the one before.
    """
    summary = of_proxies(capture, logs, "cds_update", "xds_type", "added", "updated", "skipped", "resources")
    accepted = summary["xds_type"].notna() & (summary["resources"].notna() | summary["added"].notna())
    closing = summary["xds_type"].isna() & summary["skipped"].notna()
    opening = summary["xds_type"].isna() & summary["skipped"].isna()
    kinds = [summary[rows].fillna({"xds_type": "CDS"}) for rows in (closing, accepted, opening)]
    tables = [lines.assign(counted=True, started=lines["timestamp"]) for lines in kinds]
    begun = kinds[2][["row", "proxy", "timestamp"]].rename(columns={"timestamp": "started"})
    tables[0]["started"] = as_of(kinds[0][["row", "proxy"]], begun, "row", ["proxy"])["started"]
    for event, name, xds_type in (("cluster_update", "cluster", "CDS"), ("listener_update", "listener", "LDS")):
        lines = of_proxies(capture, logs, event, name)
        tables.append(_bursts(lines[lines[name].notna()].assign(xds_type=xds_type)))
    found: list[pd.DataFrame] = []
    for table in tables:
        # One kind of line per proxy and type: the first in this order that it has.
        taken = pd.concat([other[KEY] for other in found]).drop_duplicates() if found else table[KEY].iloc[:0]
        fresh = ~pd.MultiIndex.from_frame(table[KEY]).isin(pd.MultiIndex.from_frame(taken))
        found.append(table.loc[fresh, [*KEY, "timestamp", "started", "counted"]])
    return pd.concat(found).sort_values("timestamp", kind="stable").reset_index(drop=True)


def _bursts(lines: pd.DataFrame) -> pd.DataFrame:
    """The first line of each run of lines that follow one another closely."""
    pause = lines["timestamp"].groupby(lines["proxy"], sort=False).diff()
    counted = ~(pause <= APART)
    return lines.assign(counted=counted, started=lines["timestamp"])[~(pause <= CLOSE)]


def by_time(pushes: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """For each push the update that is likeliest its own, and bounds of the time that it took.

    A type's updates keep the order of its pushes, and none comes before its push. So an update of a push is
    the first after it at the earliest; and since no two updates are of one push, the n-th update of a
    connection shows that its first n pushes had arrived.

    Parameters
    ----------
    pushes
        `proxy`, `xds_type`, `sent`, `begun` (when its connection began; null if that is not logged) in the
        order of writing, and the bounds of the clocks' offset.
    known
        Of `updates`.

    Returns
    -------
    pandas.DataFrame
        By the pushes' index: `applied`, `delay_low`, `delay_high`; null where no update fits.
    """
    code, codes = _shared_codes(pushes, known)
    moment, begun = nanoseconds(pushes["sent"]), nanoseconds(pushes["begun"])
    low, high = (nanoseconds(pushes[f"clock_offset_{end}"]) for end in ("low", "high"))
    order = np.argsort(codes, kind="stable")
    codes, times, sure = codes[order], nanoseconds(known["timestamp"])[order], known["counted"].to_numpy(bool)[order]
    line, counted = _Line(codes, times), _Line(codes[sure], times[sure])
    first, there = line.at_or_after(code, moment + low)
    # An update is of the newest push before it, by the middle of the offset.
    middle = moment + low + (high - low) // 2
    likely, fits = line.at_or_after(code, middle)
    following = pd.Series(middle).groupby([code, begun], sort=False).shift(-1, fill_value=np.iinfo(np.int64).max)
    fits &= likely < following.to_numpy(np.int64)
    place = np.asarray(pd.Series(begun).groupby([code, begun], sort=False).cumcount(), np.int64)
    nth, bounded = counted.at_or_after(code, begun + high, place)
    bounded &= begun != NEVER
    found = {
        "applied": moments(likely, fits),
        "delay_low": spans(np.maximum(first - moment - high, 0), fits & there),
        "delay_high": spans(np.maximum(nth, likely) - moment - low, fits & bounded),
    }
    return pd.DataFrame(found, index=pushes.index)


def _shared_codes(pushes: pd.DataFrame, known: pd.DataFrame) -> tuple[Ints, Ints]:
    """Numbers for proxy and type that both tables share."""
    both = pd.concat([pushes[KEY], known[KEY]], ignore_index=True)
    codes = np.asarray(both.groupby(KEY, sort=False, dropna=False).ngroup(), np.int64)
    return codes[: len(pushes)], codes[len(pushes) :]


class _Line:
    """Moments by code, in order, to search in."""

    def __init__(self, code: Ints, time: Ints) -> None:
        self._code, self._time = code, time
        self._times = np.sort(time)
        self._keys = code * (len(time) + 1) + np.searchsorted(self._times, time)

    def at_or_after(self, code: Ints, moment: Ints, skip: Ints | int = 0) -> tuple[Ints, Bools]:
        """The first moment of a code at or after another (or so many later), and whether there is one."""
        if not len(self._time):
            return np.full(len(code), NEVER), np.zeros(len(code), np.bool_)
        sought = code * (len(self._time) + 1) + np.searchsorted(self._times, moment)
        at = np.searchsorted(self._keys, sought) + skip
        known = np.minimum(at, len(self._time) - 1)
        there: Bools = (at < len(self._time)) & (self._code[known] == code)
        return self._time[known], there


def effects(capture: Capture, logs: pd.Series[str], had: pd.DataFrame) -> pd.DataFrame:
    """What followed an update of clusters until the next one: the last that got warm, the first request.

    Parameters
    ----------
    logs
        Whose log each sidecar's is: the proxy by log.
    had
        `proxy`, `begun` (when the sidecar had the update), one row per update of clusters.

    Returns
    -------
    pandas.DataFrame
        By the index of `had`: `warmed`, and `first_request`: on a cluster that no update before it named.
    """
    times = had.dropna().sort_values("begun")
    times = times[["proxy", "begun"]].assign(update=times.index)
    warmed = _within(of_proxies(capture, logs, "cluster_warmed"), times)
    named = of_proxies(capture, logs, "cluster_update", "cluster")
    keys = ["proxy", "cluster"]
    fresh = named.dropna(subset=keys).drop_duplicates(keys)[[*keys, "timestamp"]]
    asked = _requests(capture, logs).merge(fresh, on=keys, suffixes=("", "_added"))
    asked = asked[asked["timestamp"] >= asked["timestamp_added"]]
    first = asked.groupby(keys, as_index=False).agg(timestamp=("timestamp_added", "first"), at=("timestamp", "min"))
    found = {
        "warmed": warmed.groupby("update")["timestamp"].max(),
        "first_request": _within(first, times).groupby("update")["at"].min(),
    }
    return pd.DataFrame({name: column.reindex(had.index) for name, column in found.items()})


def _requests(capture: Capture, logs: pd.Series[str]) -> pd.DataFrame:
    """The access-log entries, each with the upstream cluster that it names."""
    return of_proxies(capture, logs, "access", "cluster")


def _within(lines: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """Lines with the `update` of their proxy that was the last before each."""
    times = times.rename(columns={"begun": "timestamp"})
    found = as_of(lines.sort_values("timestamp"), times, "timestamp", ["proxy"])
    return found.dropna(subset=["update"])
