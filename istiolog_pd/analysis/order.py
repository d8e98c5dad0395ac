"""The order in which a proxy gets its types: clusters, endpoints, listeners, routes."""

from __future__ import annotations

from typing import Any

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
    table = table.assign(group=_group(capture, table), at=range(len(table))).dropna(subset=["group"])
    kinds = ~table["push_type"].astype(object).eq("incremental")
    first = table.drop_duplicates(["run", "proxy", "group", "xds_type"])
    first = first.assign(turn=first["xds_type"].map(TURN).astype(int), name=first["xds_type"].astype(object))
    keys = ["run", "proxy", "group"]
    # A type is early if one whose turn is before its own comes later.
    later = first[::-1].groupby(keys, sort=False)["turn"].cummin()[::-1]
    first["early"] = first["name"].where(first["turn"] > later)
    rows = first.groupby(keys, sort=False).agg(
        round=("round", "first"),
        order=("name", " ".join),
        early=("early", "first"),
        timestamp=("timestamp", "first"),
        source=("source", "first"),
        push_type=("push_type", "first"),
    )
    certain = table["certain"] | table["push_type"].astype(object).eq("request")
    rows["certain"] = certain.groupby([table[key] for key in keys], sort=False).all().reindex(rows.index)
    full = kinds.groupby([table[key] for key in keys], sort=False).any()
    rows["kept"] = rows["early"].isna()
    asked = rows["push_type"].astype(object).eq("request")
    rows["flow"] = pd.Series(UPDATE, rows.index).where(full.reindex(rows.index), INCREMENTAL).mask(asked, FIRST)
    return shaped(rows.reset_index(), XDS_ORDER, coverage)


def _group(capture: Capture, table: pd.DataFrame) -> pd.Series[Any]:
    """What belongs together: the round, or for requested pushes the connection they belong to.

    Only the first answer of each type after a proxy connected is its first configuration; what it asks
    for later is no flow of its own.
    """
    asked = asking(capture)
    lines = table[["run", "row", "proxy", "xds_type"]].assign(at=table.index)
    opened = asked[["run", "row", "proxy"]].astype({"run": COUNT}).assign(opened=range(len(asked)))
    merged = pd.merge_asof(lines, opened, on="row", by=["run", "proxy"]).set_index("at")["opened"].reindex(table.index)
    request = table["push_type"].astype(object).eq("request")
    numbered = table["round"].astype("Float64").map("round {:.0f}".format, na_action="ignore")
    begun = merged.map("connection {:.0f}".format, na_action="ignore")
    first = ~table.assign(begun=begun, request=request).duplicated(["run", "proxy", "begun", "xds_type", "request"])
    return numbered.astype(object).where(~request, begun.where(first))
