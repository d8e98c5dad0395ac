"""The order in which a proxy gets its types: clusters, endpoints, listeners, routes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import FLAG, PROXY, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.pushes._events import push_lines
from istiolog_pd.analysis.pushes._requests import asking
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES, pushes_as_read
from istiolog_pd.capture import Capture

XDS_ORDER = Answer(
    "xds_order",
    "One row per proxy and round, and one per first configuration of a proxy",
    time="timestamp",
    columns=(
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "first of these pushes"),
        PROXY,
        Col("round", "Int64", "", "number of the round; null for a first configuration, which belongs to no round"),
        Col(
            "flow",
            "category",
            "",
            "``first configuration`` (answers to a new proxy's requests), ``update`` (a full round) or ``incremental "
            "update`` (endpoints only)",
        ),
        Col("order", "str", "", "xDS types in the order they first came"),
        Col("kept", "boolean", "", "true if they came in Envoy's order: CDS, EDS, LDS, RDS"),
        Col("early", "category", "", "type that came before its turn"),
        Col(
            "certain",
            "boolean",
            "",
            "true if none of these pushes can belong to another round, nor to none if the order was not kept",
        ),
        Col(
            "endpoints_after",
            "timedelta64[ns]",
            "ns",
            "from the push of clusters to the next push of endpoints to this proxy, of any round or requested",
        ),
        Col(
            "without_endpoints",
            "boolean",
            "",
            "true if clusters were pushed again before any endpoints, so new clusters had none; null without "
            "clusters, or if the log ends first",
        ),
        Col(
            "routes_after",
            "timedelta64[ns]",
            "ns",
            "from the push of listeners to the next push of routes to this proxy",
        ),
        Col(
            "without_routes",
            "boolean",
            "",
            "true if listeners were pushed again before any routes; null without listeners, or if the log ends first "
            "(a gateway may need no routes)",
        ),
        RUN,
        SOURCE,
    ),
    needs=(pushed("the order of types at each proxy"),),
)

#: The order that keeps traffic flowing (Envoy's xDS protocol, "eventual consistency considerations").
TURN = {"CDS": 0, "EDS": 1, "LDS": 2, "RDS": 3}

FIRST, UPDATE, INCREMENTAL = "first configuration", "update", "incremental update"


@answers(XDS_ORDER)
def xds_order(capture: Capture) -> pd.DataFrame:
    """Per proxy and round: the order its types came in, and whether that was CDS, EDS, LDS, RDS.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Endpoint-only pushes are logged at debug from Istio 1.5 on and count only where they are. Other
        types than these four are left out. Istio 1.0 pushes RDS before LDS in every full round. Empty, with
        the reason in ``attrs["coverage"]``, if there is no push line.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.xds_order(il.load("data/seed/pilot.log"))
    >>> table.loc[table["flow"] == "first configuration", "order"].unique().tolist()
    ['CDS EDS LDS RDS']
    """
    table = pushes_as_read(capture)
    coverage = table.attrs["coverage"]
    table[["row", "single"]] = push_lines(capture)[["row", "single"]]
    table = table[table["xds_type"].isin(TURN)].reset_index(drop=True)
    if table.empty:
        return empty_result(XDS_ORDER, coverage or reason_no_lines(capture, "push line", PUSH_LINES))
    flat = _flat(capture, table)
    flat = flat.join(_follows(flat, "CDS", "EDS", "endpoints")).join(_follows(flat, "LDS", "RDS", "routes"))
    flat = flat[flat["group"].notna()]
    flat["flow"] = flat.groupby(["owner", "group"], sort=False).ngroup()
    first = flat[~flat.duplicated(["flow", "turn"])]
    heads = first.drop_duplicates("flow").set_index("flow")
    rows = table.loc[heads["at"], ["proxy", "round", "timestamp", "run", "source"]].set_index(heads.index)
    rows = rows.join(_orders(first))
    following = ["endpoints_after", "without_endpoints", "routes_after", "without_routes"]
    rows[following] = first.groupby("flow", sort=False)[following].first()
    flows = flat.groupby("flow", sort=False)
    # A set in order that may be an update of its proxy alone is in order then, too.
    rows["certain"] = flows["sure"].all() | (flows["single"].all() & rows["kept"])
    rows["flow"] = pd.Series(UPDATE, rows.index).where(flows["whole"].any(), INCREMENTAL).mask(heads["asked"], FIRST)
    return as_result(rows, XDS_ORDER, coverage)


def _flat(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """What orders are made of, in numbers: `owner` is a proxy of a run, `group` what belongs together.

    That is the round, or for requested pushes (`asked`) the connection they belong to, below 0. Only the
    first answer of each type after a proxy connected is its first configuration; what it asks for later is
    no flow of its own.
    """
    asked = asking(capture)
    owners = pd.concat([table[["run", "proxy"]], asked[["run", "proxy"]]], ignore_index=True)
    owner = np.asarray(owners.groupby(["run", "proxy"], sort=False, dropna=False).ngroup(), np.int64)
    kind = table["push_type"]
    flat = pd.DataFrame(
        {
            "at": table.index,
            "owner": owner[: len(table)],
            "row": table["row"].astype(np.int64),
            "turn": table["xds_type"].cat.codes.map(dict(enumerate(map(TURN.get, table["xds_type"].cat.categories)))),
            "timestamp": table["timestamp"],
            "asked": kind.eq("request"),
            "whole": kind.ne("incremental"),
            "sure": (table["certain"] | kind.eq("request")).fillna(False).astype(bool),
            "single": (table["single"] | kind.eq("request")).fillna(False).astype(bool),
        }
    )
    opened = pd.DataFrame({"row": asked["row"].astype(np.int64).to_numpy(), "owner": owner[len(table) :]})
    opened = opened.assign(opened=np.arange(len(opened))).sort_values("row")
    begun = merge_as_of(flat[["row", "owner"]].sort_values("row"), opened, "row", ["owner"])["opened"].reindex(
        flat.index
    )
    first = flat["asked"] & ~flat.assign(begun=begun)[flat["asked"]].duplicated(["owner", "begun", "turn"]).reindex(
        flat.index, fill_value=True
    )
    return flat.assign(group=table["round"].astype("float64").where(~flat["asked"], (-1 - begun).where(first)))


def _orders(first: pd.DataFrame) -> pd.DataFrame:
    """By flow: the `order` of its types, the type that came `early`, and whether the order was `kept`."""
    groups = first.groupby("flow", sort=False)
    # A type is early if one whose turn is before its own comes later.
    later = first[::-1].groupby("flow", sort=False)["turn"].cummin()[::-1]
    early = first[first["turn"] > later].drop_duplicates("flow").set_index("flow")["turn"]
    # An order is a number whose digits are the turns, so that each is put in words once.
    digits = (first["turn"] + 1) * (len(TURN) + 1) ** groups.cumcount()
    numbers = digits.groupby(first["flow"], sort=False).sum()
    table = pd.DataFrame({"order": numbers.map({number: _in_words(number) for number in numbers.unique()})})
    table["early"] = early.map(dict(enumerate(TURN))).astype(object).reindex(numbers.index)
    return table.assign(kept=table["early"].isna())


def _in_words(number: int) -> str:
    """The types of an order that was written as a number."""
    names, types = list(TURN), []
    while number:
        number, digit = divmod(int(number), len(TURN) + 1)
        types.append(names[digit - 1])
    return " ".join(types)


def _follows(flat: pd.DataFrame, xds_type: str, needed: str, name: str) -> pd.DataFrame:
    """For each push of a type: how long until what it needs was pushed, and whether it was not in time."""
    own, times = flat["turn"].eq(TURN[xds_type]), flat["timestamp"].array
    nobody = len(flat)
    at = pd.DataFrame({"reached": np.arange(nobody), "again": np.arange(nobody)}, flat.index, dtype="float64")
    at["reached"] = at["reached"].where(flat["turn"].eq(TURN[needed]))
    at["again"] = at["again"].where(own)
    at["again"] = at.groupby(flat["owner"], sort=False)["again"].shift(-1)
    at = at.groupby(flat["owner"], sort=False).bfill().fillna(nobody).astype(np.int64)
    without = at["again"] < at["reached"]
    after = pd.Series(
        times.take(at["reached"].where(at["reached"] < nobody, -1).to_numpy(), allow_fill=True), flat.index
    )
    known = own & (at.min(axis=1) < nobody)
    return pd.DataFrame(
        {
            f"{name}_after": (after - flat["timestamp"]).where(own & ~without),
            f"without_{name}": without.astype(FLAG).where(known),
        }
    )
