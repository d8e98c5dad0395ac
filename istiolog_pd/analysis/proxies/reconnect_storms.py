"""Reconnect storms: many proxies that connect again at once, and what that costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import LINE, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.proxies.connections import connections
from istiolog_pd.analysis.pushes.rounds import pushes
from istiolog_pd.capture import Capture

STORMS = Answer(
    "reconnect_storms",
    "One row per storm and replica, in the order of time",
    columns=(
        Col("start", "datetime64[ns, UTC]", "UTC", "first of the new connections"),
        Col("end", "datetime64[ns, UTC]", "UTC", "last of the new connections"),
        Col("proxies", "Int64", "", "proxies that connected again"),
        Col("reason", "category", "", "why most of their connections before had ended, as in `connections`"),
        Col("pushes", "Int64", "", "pushes that these proxies asked for when they connected"),
        Col("size_bytes", "Int64", "B", "bytes of these pushes, as far as sizes are logged"),
        Col("share", "Float64", "", "share of all bytes that this run pushed, 0 to 1; null: no size is logged"),
        Col("last_served", "datetime64[ns, UTC]", "UTC", "last of these pushes"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need("storms of connections", ("connection_open",), ADS_INFO, since="1.8"),
        pushed("what a storm cost"),
    ),
)

#: Minimum number of proxies, and the maximum pause between two of their connections, of one storm.
MIN_PROXIES, MAX_PAUSE = 5, pd.Timedelta("5s")
#: What is asked for so soon after connecting belongs to it.
ASKED = pd.Timedelta("30s")

NONE = "no {} proxies connected again within {} s of one another"


@answers(STORMS)
def reconnect_storms(capture: Capture) -> pd.DataFrame:
    """Storms of proxies that connect again, and their cost in pushes and bytes.

    Parameters
    ----------
    capture
        Logs of one or more replicas of a control plane.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if there was no storm.

    Notes
    -----
    A storm is 5 connections or more to one replica, of proxies that were connected before, none more than 5 s after
    the one before. Each asks for its whole configuration (pilot/pkg/xds/ads.go); what a proxy asked for within
    30 s of connecting is counted. A replica that just started gets its proxies the same way.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.reconnect_storms(il.load("data/mesh-1.30.3/info/istiod.log.gz"))
    >>> table[["proxies", "reason", "pushes"]].to_dict("records")
    [{'proxies': 21, 'reason': 'restart', 'pushes': 84}]
    """
    sessions = connections(capture)
    if sessions.empty:
        return empty_result(STORMS, str(sessions.attrs["coverage"]))
    again = _again(sessions)
    if again.empty:
        return empty_result(STORMS, NONE.format(MIN_PROXIES, MAX_PAUSE.seconds))
    own = _asked(pushes(capture), again)
    groups = again.groupby("storm", sort=False)
    table = groups.agg(
        start=("opened", "min"),
        end=("opened", "max"),
        proxies=("proxy", "nunique"),
        reason=("before", lambda reasons: next(iter(reasons.dropna().mode()), None)),
        run=("run", "first"),
        source=("source", "first"),
        line=("line", "first"),
    )
    costs = own.groupby("storm").agg(pushes=("storm", "size"), last_served=("timestamp", "max"))
    costs["size_bytes"] = own.groupby("storm")["size_bytes"].sum(min_count=1)
    table = table.join(costs)
    table["pushes"] = table["pushes"].fillna(0)
    total = pushes(capture).groupby("run")["size_bytes"].sum(min_count=1)
    table["share"] = table["size_bytes"].astype("Float64") / table["run"].map(total).astype("Float64")
    return as_result(table.sort_values("start", kind="stable"), STORMS, str(own.attrs.get("coverage") or ""))


def _again(sessions: pd.DataFrame) -> pd.DataFrame:
    """The connections of storms: of proxies that had one before, which had ended for the reason `before`."""
    table = sessions.dropna(subset=["opened"]).sort_values(["proxy", "opened"], kind="stable")
    whole = sessions.assign(at=sessions["opened"].fillna(sessions["closed"])).sort_values(
        ["proxy", "at"], kind="stable"
    )
    before = whole.groupby("proxy", sort=False)[["connection", "reason"]].shift(1)
    table = table.assign(before=before["reason"].astype(object).reindex(table.index))
    table = table[before["connection"].notna().reindex(table.index)]
    table = table.sort_values(["run", "opened"], kind="stable", ignore_index=True)
    begins = ~(table.groupby("run", sort=False)["opened"].diff() <= MAX_PAUSE)
    table["storm"] = begins.cumsum()
    many = table.groupby("storm")["proxy"].transform("nunique") >= MIN_PROXIES
    return table[many]


def _asked(table: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """The pushes that proxies asked for just after they connected in a storm, with its number."""
    own = table[table["push_type"].eq("request") & table["proxy"].isin(set(again["proxy"]))]
    own = own.dropna(subset=["timestamp"]).sort_values("timestamp", kind="stable")
    known = again[["run", "proxy", "opened", "storm"]].rename(columns={"opened": "timestamp"})
    known = known.assign(opened=known["timestamp"]).sort_values("timestamp", kind="stable")
    # A push of the same moment as the connection counts too.
    sought = own[["run", "proxy", "timestamp"]].assign(timestamp=own["timestamp"] + np.timedelta64(1, "ns"))
    keys = {"run": np.int64}
    of = merge_as_of(sought.astype(keys), known.astype(keys), "timestamp", ["run", "proxy"])
    asked = (own["timestamp"] - of["opened"] <= ASKED).fillna(False)
    found = own.assign(storm=of["storm"])[asked]
    found.attrs = dict(table.attrs)
    return found
