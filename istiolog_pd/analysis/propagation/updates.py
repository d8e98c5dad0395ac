"""What Envoy's own lines show of an update: when it applied clusters and listeners, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.sides import of_proxies
from istiolog_pd.capture import Capture

#: Envoy writes ``accepted`` after it has applied an update by less than the first, and all other lines of an
#: update before it has by less than the second.
AFTER, BEFORE = pd.Timedelta("10ms"), pd.Timedelta("300ms")
#: Lines of one update follow each other closely: a longer pause is taken to be between two. A large listener takes
#: its time; that an update is rejected is said at once.
CLOSE, AT_ONCE = pd.Timedelta("300ms"), pd.Timedelta("100ms")

KEY = ["proxy", "xds_type"]
UPDATE = ["row", *KEY, "timestamp", "started", "whole", "early", "late"]


def updates(capture: Capture, logs: pd.Series[str]) -> pd.DataFrame:
    """Every accepted update that an Envoy logs, in the order of time.

    At debug (1.11 on) any type: from ``Received … for <type>`` to the last ``… accepted`` (routes and endpoints
    have one per subscription). Else of clusters the summary ``added/updated N cluster(s), skipped M`` (Envoy
    1.18 on), or ``add N cluster(s), remove M`` (1.12 on), one of either per response; before, and for
    listeners always, the lines about one each that follow one another: an update that changes none has no
    line. What Envoy rejected is left out, though it applies the resources that are good.

    Parameters
    ----------
    logs
        The proxy of each sidecar's log, by log.

    Returns
    -------
    pandas.DataFrame
        `proxy`, `xds_type`, `timestamp` (its last line), `started` (its first), `row` of its last line; `whole`:
        every update of this type to this proxy is logged, whether or not it changes something; `early`, `late`:
        it was applied not before and not after.
    """
    summary = of_proxies(
        capture, logs, "cds_update", "xds_type", "added", "updated", "skipped", "resources", "duration"
    )
    rejected = of_proxies(capture, logs, "xds_rejected", "xds_type")
    typed, counts = summary["xds_type"].notna(), summary["added"].notna() | summary["updated"].notna()
    clusters = summary[~typed].assign(xds_type="CDS")
    opening = clusters[counts[~typed] & clusters["skipped"].isna()].assign(whole=True)
    opening["started"] = opening["timestamp"]
    closing = clusters[clusters["skipped"].notna()].assign(whole=True)
    begun = opening[["row", "proxy", "started"]]
    closing["started"] = merge_as_of(closing[["row", "proxy"]], begun, "row", ["proxy"])["started"].fillna(
        closing["timestamp"]
    )
    accepted = _accepted(summary[typed & summary["duration"].isna()], rejected, closing)
    kinds = [accepted, _without(closing, rejected), _without(opening, rejected)]
    for events, name, xds_type in (
        (("cluster_update", "cluster_remove"), "cluster", "CDS"),
        (("listener_update", "listener_remove"), "listener", "LDS"),
    ):
        lines = pd.concat([of_proxies(capture, logs, event, name) for event in events]).sort_values("row")
        kinds.append(_without(_bursts(lines[lines[name].notna()].assign(xds_type=xds_type)), rejected))
    found: list[pd.DataFrame] = []
    for table in kinds:
        # One kind of line per proxy and type: the first in this order that it has.
        taken = pd.concat([other[KEY] for other in found]).drop_duplicates() if found else table[KEY].iloc[:0]
        fresh = ~pd.MultiIndex.from_frame(table[KEY]).isin(pd.MultiIndex.from_frame(taken))
        if table is not accepted:
            table = table.assign(early=table["timestamp"], late=table["timestamp"] + BEFORE)
        found.append(table.loc[fresh, UPDATE])
    return pd.concat(found).sort_values("timestamp", kind="stable").reset_index(drop=True)


def _accepted(lines: pd.DataFrame, rejected: pd.DataFrame, closing: pd.DataFrame) -> pd.DataFrame:
    """One row per response that Envoy says it accepted, of all that it received.

    Of clusters its time is that of the summary (`closing`), which comes first.
    """
    said = lines["resources"].notna() | lines["added"].notna()
    received = lines.loc[~said, ["row", *KEY, "timestamp"]]
    begun = received.assign(started=received["timestamp"], response=received["row"]).drop(columns="timestamp")
    accepted = lines[said].reset_index(drop=True)
    of = merge_as_of(accepted[["row", *KEY]], begun, "row", KEY)
    accepted = accepted.assign(started=of["started"], response=of["response"].fillna(accepted["row"]))
    bad = merge_as_of(rejected[["row", *KEY]].dropna(), begun, "row", KEY)["response"]
    accepted = accepted[~accepted["response"].isin(set(bad.dropna()))]
    groups = accepted.groupby([*KEY, "response"], sort=False, as_index=False)
    table = groups.agg(row=("row", "last"), timestamp=("timestamp", "max"), started=("started", "min"))
    table = table.assign(started=table["started"].fillna(table["timestamp"]), whole=True).sort_values("row")
    table["early"], table["late"] = table["timestamp"] - AFTER, table["timestamp"] + AFTER
    ends = closing[["row", *KEY]].assign(closed=closing["timestamp"]).sort_values("row")
    closed = merge_as_of(table[["row", *KEY]], ends, "row", KEY)["closed"]
    of_it = closed >= table["started"]
    for name in ("timestamp", "early"):
        table[name] = table[name].mask(of_it, closed)
    return table


def _bursts(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per run of lines that follow one another closely."""
    pause = lines["timestamp"].groupby(lines["proxy"], sort=False).diff()
    lines = lines.assign(burst=(~(pause <= CLOSE)).groupby(lines["proxy"], sort=False).cumsum())
    groups = lines.groupby([*KEY, "burst"], sort=False, as_index=False)
    table = groups.agg(row=("row", "last"), timestamp=("timestamp", "max"), started=("timestamp", "min"))
    return table.assign(whole=False)


def _without(table: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    """The updates after whose last line no line follows closely that says Envoy rejected one."""
    last = table[["row", *KEY]].assign(at=table.index, ended=table["timestamp"])
    bad = merge_as_of(rejected[["row", *KEY, "timestamp"]].dropna(subset=KEY), last.sort_values("row"), "row", KEY)
    return table[~table.index.isin(set(bad.loc[bad["timestamp"] - bad["ended"] <= AT_ONCE, "at"]))]


def effects(capture: Capture, logs: pd.Series[str], had: pd.DataFrame) -> pd.DataFrame:
    """What followed an update of clusters until the next one: the last that got warm, the first request.

    Parameters
    ----------
    logs
        The proxy of each sidecar's log, by log.
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
    asked = _requests(capture, logs, fresh["cluster"].unique()).merge(fresh, on=keys, suffixes=("", "_added"))
    asked = asked[asked["timestamp"] >= asked["timestamp_added"]]
    first = asked.groupby(keys, as_index=False).agg(timestamp=("timestamp_added", "first"), at=("timestamp", "min"))
    found = {
        "warmed": warmed.groupby("update")["timestamp"].max(),
        "first_request": _within(first, times).groupby("update")["at"].min(),
    }
    return pd.DataFrame({name: column.reindex(had.index) for name, column in found.items()})


def _requests(capture: Capture, logs: pd.Series[str], clusters: Iterable[str]) -> pd.DataFrame:
    """The access-log entries that name one of these upstream clusters."""
    return of_proxies(capture, logs, "access", "cluster", only={"cluster": clusters})


def _within(lines: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """Lines with the `update` of their proxy that was the last before each."""
    times = times.rename(columns={"begun": "timestamp"})
    found = merge_as_of(lines.sort_values("timestamp"), times, "timestamp", ["proxy"])
    return found.dropna(subset=["update"])
