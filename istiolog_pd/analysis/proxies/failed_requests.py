"""Requests that failed, who answered them, and whether they fail right after updates of their proxy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import TEXT, Answer, Col, answers
from istiolog_pd.analysis._needs import ACCESS, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import select_columns
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.capture import Capture
from istiolog_pd.formats.response_flags import RESPONSE_FLAGS

FAILED = Answer(
    "failed_requests",
    "One row per cause and destination, the most frequent first",
    columns=(
        Col(
            "answered_by",
            "category",
            "",
            "``application``, ``this proxy`` (the client's), ``the other proxy`` (in front of the application), or "
            "``unknown``",
        ),
        Col("response_code", "Int64", "", "HTTP status; 0 if there was none, and for TCP"),
        Col("response_flags", "category", "", "Envoy's response flags"),
        Col("meaning", "str", "", "what the first flag means, or the detail of the response, of who answered"),
        Col("cluster", "str", "", "Envoy cluster that the request was for; null if none was chosen"),
        Col("route_name", "str", "", "route that was taken"),
        Col("requests", "Int64", "", "requests or connections that failed so"),
        Col("share", "Float64", "", "share of all requests to this cluster, 0 to 1"),
        Col("first", "datetime64[ns, UTC]", "UTC", "start of the first of these requests"),
        Col("last", "datetime64[ns, UTC]", "UTC", "start of the last of these requests"),
        Col(
            "after_push",
            "Float64",
            "",
            "share that began within a second of a push to their proxy; null: none is logged",
        ),
        Col("after_push_expected", "Float64", "", "the same share of all requests of their proxies: what chance gives"),
    ),
    needs=(Need("which requests failed, and who answered them", ("access",), ACCESS, component="envoy"),),
)

#: Flags of requests that went as they should.
HARMLESS = frozenset({"DI", "RFCF"})
#: The status of a WebSocket: that its client closes it is how it ends.
UPGRADED = 101
#: Statuses of failure; details of a refusal by the proxy.
ERROR_STATUS = 500
REFUSED = r"^(?:rbac_access_denied|jwt_authn_access_denied|ext_authz)"
#: So soon after a push a request is after it.
SOON = pd.Timedelta("1s")

NO_ACCESS = "no access line is among the entries: meshConfig.accessLogFile turns them on"
NONE_FAILED = "none of {:,} requests failed"


@answers(FAILED)
def failed_requests(capture: Capture) -> pd.DataFrame:
    """Requests and connections that failed, by who answered them and where they went.

    A request is counted once, where the proxy of its client logged it: the line of the proxy before the
    application, which has the same request ID, tells who answered.

    Parameters
    ----------
    capture
        Logs of sidecars and gateways with access lines, and of the control plane for `after_push`.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no request failed or no line tells.

    Notes
    -----
    A request failed if Envoy flags it (``UF``, ``UH``, ``NR``, ``UC``, ``DC``, …), if its status is 500 or
    more, or if a filter refused it (RBAC, JWT, external authorization).

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.failed_requests(il.load("data/mesh-1.30.3/info/proxy-client-5b7f8c9d6-x2k4p.load.log.gz"))
    >>> table.loc[:0, ["answered_by", "response_flags", "requests"]].to_dict("records")
    [{'answered_by': 'this proxy', 'response_flags': 'UF,URX', 'requests': 36}]
    """
    lines = _lines(capture)
    if lines.empty:
        return empty_result(FAILED, NO_ACCESS)
    lines = lines.assign(answered_by=_answered_by(lines), failed=_failed(lines), meaning=_meaning(lines))
    lines = _told_by_other(lines)
    lines = lines[~_seen_at_client(lines)]
    total = lines.groupby("cluster", dropna=False)["run"].size().rename("total")
    lines = lines.join(_after_pushes(capture, lines))
    failed = lines[lines["failed"]]
    if failed.empty:
        return empty_result(FAILED, NONE_FAILED.format(len(lines)))
    keys = ["answered_by", "response_code", "response_flags", "meaning", "cluster", "route_name"]
    table = failed.groupby(keys, sort=False, dropna=False, as_index=False).agg(
        requests=("run", "size"),
        first=("timestamp", "min"),
        last=("timestamp", "max"),
        after_push=("after", "mean"),
        after_push_expected=("usual", "mean"),
    )
    table = table.merge(total, how="left", on="cluster")
    table["share"] = table["requests"] / table["total"]
    return as_result(table.sort_values("requests", ascending=False, kind="stable"), FAILED)


def _lines(capture: Capture) -> pd.DataFrame:
    """The access lines."""
    names = ("timestamp", "response_code", "response_flags", "response_code_details", "cluster", "cluster_direction")
    lines = select_columns(capture, "access", *names, "route_name", "request_id", component="envoy")
    texts = ("response_flags", "response_code_details", "cluster", "cluster_direction", "route_name", "request_id")
    return lines.astype(dict.fromkeys(texts, TEXT))  # a column of nulls has no type of its own


def _failed(lines: pd.DataFrame) -> pd.Series[Any]:
    """Whether each request failed."""
    bad = [text for text in lines["response_flags"].dropna().unique() if not set(text.split(",")) <= HARMLESS]
    flagged = lines["response_flags"].isin(bad)
    flagged &= ~(lines["response_code"].eq(UPGRADED) & lines["response_flags"].eq("DC")).fillna(False).astype(bool)
    status = (lines["response_code"] >= ERROR_STATUS).fillna(False).astype(bool)
    return flagged | status | _refused(lines)


def _refused(lines: pd.DataFrame) -> pd.Series[Any]:
    """Whether a filter of the proxy refused each request."""
    return lines["response_code_details"].str.contains(REFUSED).fillna(False).astype(bool)


def _answered_by(lines: pd.DataFrame) -> pd.Series[Any]:
    """Who answered each request, as far as the lines of both proxies tell."""
    details = lines["response_code_details"]
    passed_on = details.eq("via_upstream").fillna(False).astype(bool)
    inbound = lines["cluster_direction"].eq("inbound").fillna(False).astype(bool)
    known = lines["request_id"].notna()
    of_application = set(lines.loc[inbound & passed_on & known, "request_id"])
    of_other = set(lines.loc[inbound & ~passed_on & known, "request_id"])
    own = np.where(details.notna() | lines["response_flags"].notna(), "this proxy", "unknown")
    found = np.select(
        [
            passed_on & inbound,
            passed_on & lines["request_id"].isin(of_application),
            passed_on & lines["request_id"].isin(of_other),
            passed_on,
        ],
        ["application", "application", "the other proxy", "unknown"],
        own,
    )
    return pd.Series(found, lines.index, dtype=object)


def _seen_at_client(lines: pd.DataFrame) -> pd.Series[Any]:
    """Whether a line is that of the proxy before the application, of a request that its client's proxy logged too."""
    inbound = lines["cluster_direction"].eq("inbound").fillna(False).astype(bool)
    sent = set(lines.loc[~inbound, "request_id"].dropna())
    return inbound & lines["request_id"].isin(sent)


def _told_by_other(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines, those that the other proxy answered with what its own line says of the request."""
    theirs = lines[lines["cluster_direction"].eq("inbound") & lines["request_id"].notna()]
    theirs = theirs.assign(refused=_refused(theirs)).drop_duplicates("request_id", keep="last").set_index("request_id")
    other = lines["answered_by"].eq("the other proxy")
    refused = lines["request_id"].isin(theirs.index[theirs["refused"]])
    meaning = lines["meaning"].mask(other, lines["request_id"].map(theirs["meaning"]).astype(object))
    return lines.assign(failed=lines["failed"] | (other & refused), meaning=meaning)


def _meaning(lines: pd.DataFrame) -> pd.Series[Any]:
    """What the first flag of each failed request means, or else its detail."""
    texts = lines["response_flags"].dropna().unique()
    meanings = {text: RESPONSE_FLAGS.get(text.split(",")[0]) for text in texts}
    status = "status " + lines["response_code"].astype("str")
    return (
        lines["response_flags"]
        .map(meanings)
        .astype(object)
        .fillna(lines["response_code_details"].astype(object))
        .fillna(status)
    )


def _after_pushes(capture: Capture, lines: pd.DataFrame) -> pd.DataFrame:
    """Whether each request began soon after a push to its proxy (`after`), and how many of the proxy did (`usual`)."""
    pushes = select_columns(capture, "xds_push", "timestamp", "proxy").dropna()
    whose = lines["run"].map(proxies_of_runs(capture))
    after = pd.Series(np.nan, lines.index)
    for proxy, own in lines.groupby(whose):
        times = np.sort(pushes.loc[pushes["proxy"].eq(proxy), "timestamp"].to_numpy("datetime64[ns]"))
        begun = own["timestamp"].to_numpy("datetime64[ns]")
        if len(times):
            found = np.searchsorted(times, begun, "right") - np.searchsorted(
                times, begun - SOON.to_timedelta64(), "left"
            )
            after[own.index] = (found > 0).astype(float)
    return pd.DataFrame({"after": after, "usual": after.groupby(whose).transform("mean")})
