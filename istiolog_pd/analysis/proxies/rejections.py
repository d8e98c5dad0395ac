"""Updates that proxies rejected: istiod's line, Envoy's and what came after, joined."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from istiolog_pd.analysis._answer import LINE, PROXY, SOURCE, TEXT, XDS_TYPE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, PROXY_INFO, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import select_columns
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.proxies._error_lines import error_lines
from istiolog_pd.analysis.proxies._objects_meant import objects_meant
from istiolog_pd.capture import Capture

REJECTIONS = Answer(
    "rejections",
    "One row per proxy, type and error",
    time="first",
    columns=(
        PROXY,
        XDS_TYPE,
        Col("error", "str", "", "error text, without the object that is dumped into it"),
        Col("names", "str", "", "listeners, clusters and routes that it names, comma separated; null: none"),
        Col("nacks", "Int64", "", "updates that were rejected so"),
        Col("first", "datetime64[ns, UTC]", "UTC", "first of them"),
        Col("last", "datetime64[ns, UTC]", "UTC", "last of them"),
        Col(
            "recovered",
            "datetime64[ns, UTC]",
            "UTC",
            "first accepted update of that type after; null if none is logged (they are at debug)",
        ),
        Col(
            "objects",
            "str",
            "",
            "objects that can be meant, as Kind/namespace/name, the likeliest first, five at most; null: no line tells",
        ),
        Col(
            "objects_by",
            "category",
            "",
            "how the first is known: ``changed`` (it alone, in the round of the rejected push), ``one of several`` "
            "(changed with others, or the push can be of several rounds) or ``named`` (by the error); none is certain",
        ),
        SOURCE,
        LINE,
    ),
    needs=(
        Need("rejected updates", ("xds_nack",), ADS_INFO, level="warn", rare=True),
        Need("rejected updates, by Envoy's lines", ("xds_rejected",), PROXY_INFO, "envoy", level="warn", rare=True),
    ),
    brief=("proxy", "xds_type", "error", "nacks", "first", "recovered", "objects"),
)

#: What both sides call it.
CAUSES = ("NACK", "rejected by Envoy")
KEY = ["proxy", "xds_type", "error"]

#: A thing of xDS and its name, in an error of Envoy's.
_NAMED = re.compile(r"\b(?:listener|cluster|route|secret)(?:\(s\))?:? ['\"]?([^\s'\",]*[^\s'\",:;.])")

NONE = "no NACK and no rejection is among the {:,} entries: both are printed at level warn"


@answers(REJECTIONS)
def rejections(capture: Capture) -> pd.DataFrame:
    """Updates that proxies rejected: which proxies, which names, since when, and whether they recovered.

    istiod and Envoy each log a rejected update; where both logs are there the one that has more counts.
    Envoy applies the good resources of a rejected update.

    Parameters
    ----------
    capture
        Logs of a control plane, of sidecars, or of both.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if there is no such line.

    Notes
    -----
    pilot/pkg/xds/ads.go, delta.go; source/extensions/config_subscription/grpc. Envoy logs one line for an update
    and one for each subscription: the update is counted once. An object can be meant if it changed in a round that
    the rejected push can be of, or if the error names it or its service. Which ports and hosts a Gateway or an
    EnvoyFilter has no line says. What a change made invalid need not be the object that changed.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.rejections(il.load("data/mesh-1.30.3/cases/rejected.log"))
    >>> table[["xds_type", "names", "nacks"]].to_dict("records")
    [{'xds_type': 'CDS', 'names': 'outbound|8080||web.shop.svc.cluster.local', 'nacks': 1}]
    """
    lines = error_lines(capture)
    lines = lines[lines["cause"].isin(CAUSES)] if len(lines) else lines
    if lines.empty:
        return empty_result(REJECTIONS, NONE.format(capture.n_entries))
    proxy_of = lines["run"].map(proxies_of_runs(capture)).astype(TEXT)
    lines = lines.assign(proxy=lines["proxy"].fillna(proxy_of), error=lines["error"].fillna("").str.strip())
    sides = lines.groupby(["cause", *KEY], sort=False, dropna=False, as_index=False).agg(
        nacks=("row", "size"), first=("timestamp", "min"), last=("timestamp", "max"), row=("row", "first")
    )
    sides = sides.sort_values(["nacks", "cause"], ascending=[False, True], kind="stable")
    table = sides.drop_duplicates(KEY).reset_index(drop=True)
    places = capture.events.select(["source", "line"]).take(pa.array(table["row"])).to_pandas()
    table = table.assign(
        names=table["error"].map({text: names_in(text) for text in table["error"].unique()}),
        **objects_meant(capture, table.merge(_nacks(lines), on=KEY, how="left")),
        error=table["error"].where(table["error"].ne("")),
        recovered=_recovered(capture, table),
        source=places["source"].astype("str").to_numpy(),
        line=places["line"].to_numpy(),
    )
    return as_result(table.sort_values("first", kind="stable"), REJECTIONS)


def _nacks(lines: pd.DataFrame) -> pd.DataFrame:
    """The control plane's first line (`nack`: its row) of each rejection."""
    own = lines[lines["cause"].eq(CAUSES[0])]
    return own.groupby(KEY, sort=False, dropna=False, as_index=False).agg(nack=("row", "first"))


@cache
def names_in(error: str) -> str | None:
    """The names of listeners, clusters, routes and secrets in an error.

    Examples
    --------
    >>> names_in("Only unique values for domains are permitted. Duplicate entry of domain a.b in route 8080")
    '8080'
    """
    return ", ".join(dict.fromkeys(_NAMED.findall(error))) or None


def _recovered(capture: Capture, table: pd.DataFrame) -> pd.Series[Any]:
    """The first update of the same type that the proxy accepted after the last rejection, as any side logs it."""
    acks = select_columns(capture, "xds_ack", "timestamp", "proxy", "xds_type")
    accepted = select_columns(capture, "cds_update", "timestamp", "xds_type", component="envoy").dropna()
    accepted["proxy"] = accepted["run"].map(proxies_of_runs(capture))
    both = pd.concat([part for part in (acks, accepted) if len(part)] or [acks], ignore_index=True)
    both = both[["timestamp", "proxy", "xds_type"]].dropna().sort_values("timestamp", kind="stable")
    known = both.assign(recovered=both["timestamp"])
    sought = table[["proxy", "xds_type", "last"]].rename(columns={"last": "timestamp"}).dropna()
    sought = sought.assign(timestamp=sought["timestamp"] + pd.Timedelta("1ns")).sort_values("timestamp", kind="stable")
    return merge_as_of(sought, known, "timestamp", ["proxy", "xds_type"], after=True)["recovered"].reindex(table.index)
