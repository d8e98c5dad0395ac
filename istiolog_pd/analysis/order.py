"""The order in which a proxy gets its types: clusters, endpoints, listeners, routes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis.answers import COUNT, FLAG, TEXT, TIME, WORD, Shape, cannot, no_lines, shaped
from istiolog_pd.analysis.lines import push_lines
from istiolog_pd.analysis.requests import asking
from istiolog_pd.analysis.rounds import PUSH_LINES, pushes
from istiolog_pd.capture import Capture

XDS_ORDER: Shape = {
    "proxy": TEXT,
    "round": COUNT,
    "order": TEXT,
    "kept": FLAG,
    "early": WORD,
    "flow": WORD,
    "certain": FLAG,
    "timestamp": TIME,
    "run": COUNT,
    "source": TEXT,
}

#: The order that keeps traffic flowing (Envoy's xDS protocol, "eventual consistency considerations").
TURN = {"CDS": 0, "EDS": 1, "LDS": 2, "RDS": 3}

FIRST, UPDATE, INCREMENTAL = "first configuration", "update", "incremental update"


def xds_order(capture: Capture) -> pd.DataFrame:
    """Per proxy and round: the order its types came in, and whether that was CDS, EDS, LDS, RDS.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        One row per proxy and round, and one per first configuration of a proxy: `proxy` (str);
        `round` (Int64; null for a first configuration, which belongs to no round); `order` (str): the
        types as they first came; `kept` (boolean); `early` (category): the type that came before its
        turn, or null; `flow` (category): ``first configuration`` (the answers to a new proxy's
        requests), ``update`` (a full round) or ``incremental update`` (endpoints only);
        `certain` (boolean): each of these pushes can be of no other round;
        `timestamp` of the first push (datetime64[ns, UTC]); `run` (Int64); `source` (str). Types beside
        these four have no turn and are left out. Istio 1.0 pushes RDS before LDS in every full round.
        Empty with the reason in ``attrs["coverage"]`` if there is no push line.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.xds_order(il.load("data/seed/pilot.log"))
    >>> table.loc[table["flow"] == "first configuration", "order"].unique().tolist()
    ['CDS EDS LDS RDS']
    """
    table = pushes(capture)
    coverage = table.attrs["coverage"]
    table["row"] = push_lines(capture)["row"]
    table = table[table["xds_type"].isin(TURN)].reset_index(drop=True)
    if table.empty:
        return cannot(XDS_ORDER, coverage or no_lines(capture, "push line", PUSH_LINES))
    table = table.assign(group=_group(capture, table)).dropna(subset=["group"])
    table = table.assign(flow_of=table.groupby(["run", "proxy", "group"], sort=False).ngroup().to_numpy())
    turn = table["xds_type"].astype(object).map(TURN).to_numpy(np.int64)
    first = table.assign(turn=turn)[
        ~pd.Series(table["flow_of"].to_numpy() * len(TURN) + turn, table.index).duplicated()
    ]
    # A type is early if one whose turn is before its own comes later.
    later = first["turn"][::-1].groupby(first["flow_of"][::-1]).cummin()[::-1]
    early = first["turn"].where(first["turn"] > later)
    place = first.groupby("flow_of").cumcount()
    by_flow = first.assign(early=early, digits=(first["turn"] + 1) * (len(TURN) + 1) ** place).groupby("flow_of")
    rows = pd.DataFrame(by_flow[["run", "proxy", "round", "timestamp", "source", "push_type"]].nth(0))
    rows = rows.reset_index(drop=True)
    rows["order"] = _spelt(by_flow["digits"].sum())
    rows["early"] = by_flow["early"].first().map(dict(enumerate(TURN))).to_numpy(object)
    asked_for = table["push_type"].eq("request")
    rows["certain"] = (table["certain"] | asked_for).groupby(table["flow_of"]).all()
    full = table["push_type"].ne("incremental").groupby(table["flow_of"]).any()
    rows["kept"] = rows["early"].isna()
    asked = rows["push_type"].eq("request")
    rows["flow"] = pd.Series(UPDATE, rows.index).where(full, INCREMENTAL).mask(asked, FIRST)
    return shaped(rows, XDS_ORDER, coverage)


def _spelt(digits: pd.Series[int]) -> pd.Series[str]:
    """The types of each flow in their order, from a number whose digits are their turns."""
    names, base = [*TURN], len(TURN) + 1
    words = {}
    for number in digits.unique().tolist():
        left, found = number, []
        while left:
            found.append(names[left % base - 1])
            left //= base
        words[number] = " ".join(found)
    return digits.map(words)


def _group(capture: Capture, table: pd.DataFrame) -> pd.Series[Any]:
    """What belongs together, as a number: the round, or for requested pushes the connection they belong to.

    Only the first answer of each type after a proxy connected is its first configuration; what it asks
    for later is no flow of its own.
    """
    asked = asking(capture)
    lines = table[["run", "row", "proxy"]]
    opened = asked[["run", "row", "proxy"]].astype({"run": COUNT}).assign(opened=range(len(asked)))
    merged = pd.merge_asof(lines, opened, on="row", by=["run", "proxy"]).set_axis(table.index)["opened"]
    request = table["push_type"].eq("request")
    first = ~table.assign(begun=merged, request=request).duplicated(["run", "proxy", "begun", "xds_type", "request"])
    begun = (-1 - merged).where(first)
    return table["round"].astype("Float64").where(~request, begun.astype("Float64"))
