"""Services whose endpoints come and go, and clusters without any."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import COUNT, FIRST_SEEN, LAST_SEEN, RUN, SOURCE, TIME_BIN, Answer, Col, answers
from istiolog_pd.analysis._needs import MODEL_INFO, Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import bin_width, log_of_runs, note_unprinted_pushes, select_columns
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES
from istiolog_pd.capture import Capture

CHURN = Answer(
    "endpoint_churn",
    "One row per run, source and service, the most changes first",
    columns=(
        Col("service", "str", "", "name of the service (of a Kubernetes host), otherwise the whole host"),
        Col("namespace", "str", "", "namespace of the service; null where no line logs it"),
        Col("updates", "Int64", "", "lines about it"),
        Col(
            "went_empty_low",
            "Int64",
            "",
            "times it lost its last endpoint (in one cluster, where the line names one), at least",
        ),
        Col("went_empty_high", "Int64", "", "times it lost its last endpoint, at most"),
        Col("came_back_low", "Int64", "", "times it got an endpoint again, at least"),
        Col("came_back_high", "Int64", "", "times it got an endpoint again, at most"),
        Col("full_pushes", "Int64", "", "lines that say it forced a full push"),
        Col("cache_updates", "Int64", "", "lines that only clear the cache (from Istio 1.25 on)"),
        Col("endpoints_min", "Int64", "", "fewest ready addresses logged; null where no line logs them"),
        Col("endpoints_max", "Int64", "", "most ready addresses logged"),
        Col("endpoints_last", "Int64", "", "ready addresses, as last logged"),
        FIRST_SEEN,
        LAST_SEEN,
        RUN,
        SOURCE,
    ),
    needs=(Need("services that flap or go empty", ("push_trigger",), MODEL_INFO, rare=True),),
)

EMPTY = Answer(
    "empty_clusters",
    "One row per time bin and run",
    time="time",
    columns=(
        TIME_BIN,
        Col("pushes", "Int64", "", "pushes that log ``empty:``"),
        Col("proxies", "Int64", "", "proxies they went to"),
        Col("empty_min", "Int64", "", "fewest clusters without endpoints in one push"),
        Col("empty_median", "Float64", "", "median of clusters without endpoints in one push"),
        Col("empty_max", "Int64", "", "most clusters without endpoints in one push"),
        Col("empty_low", "Int64", "", "most clusters without endpoints that one proxy had, at least"),
        RUN,
    ),
    needs=(pushed("clusters without endpoints over time", "empty"),),
)


#: Whether a service has no endpoint, by the cause that a trigger line prints; null: nothing is known of their number.
EMPTY_BY_CAUSE = {"new service": False, "service accounts": None, "no endpoints": True}

#: More clusters than any proxy has.
MAX_CLUSTERS = 10**7

#: The host of a Kubernetes service: its name and its namespace come first.
HOST = r"^(?P<name>[^.]+)\.(?P<space>[^.]+)\.svc(?:\..*)?$"

HOW = "services are named at level info by lines like `Full push, new service` (scope ads, later model)"
ONLY_LINES = (
    "from Istio 1.7 on no line at info prints how many endpoints a service has, nor that it came back from none: the "
    "log says when it was empty (in one cluster), so how often it went empty and came back is bounded"
)
NO_EMPTY = "no push line prints `empty:` (EDS lines do, from 1.0 on)"


@answers(CHURN)
def endpoint_churn(capture: Capture) -> pd.DataFrame:
    """Services whose endpoints went to none and came back, or that forced full pushes.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no line names a service.

    Notes
    -----
    pilot/pkg/model/endpointshards.go: a service is ``new`` when its first endpoints come; once it
    was known, coming back from none prints nothing at info, and each update to none prints that it is
    empty, even if it was before. 1.0 to 1.6 print the endpoints (pilot/pkg/serviceregistry/kube/controller).

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.endpoint_churn(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> table.loc[:0, ["service", "went_empty_low", "went_empty_high", "full_pushes"]].to_dict("records")
    [{'service': 'svc-4', 'went_empty_low': 1, 'went_empty_high': 1, 'full_pushes': 1}]
    """
    lines = _lines(capture)
    if lines.empty:
        return empty_result(CHURN, reason_no_lines(capture, "line about the endpoints of a service", HOW))
    keys = ["run", "service", "namespace"]
    groups = lines.groupby(keys, sort=False, dropna=False)
    known = lines["empty"].notna()
    states = lines[known]
    before = states.groupby(keys, sort=False, dropna=False)["empty"].shift()
    steps = states["empty"].astype(float) - before.astype(float)
    lines["went"], lines["back"] = steps.eq(1).reindex(lines.index), steps.eq(-1).reindex(lines.index)
    lines["empty_line"] = lines["empty"].eq(True).fillna(False)
    table = _sums(lines, keys)
    counted = groups["endpoints"].count().to_numpy() > 0
    for name, low in (("went_empty", "went"), ("came_back", "back")):
        table[f"{name}_low"] = table[low]
        table[f"{name}_high"] = table[low].where(counted, table["empty_line"])
    restless = table["went_empty_high"] + table["came_back_high"] + table["full_pushes"]
    table = table.assign(restless=restless, source=table["run"].map(log_of_runs(capture))).sort_values(
        "restless", ascending=False, kind="stable"
    )
    return as_result(table, CHURN, "" if counted.all() else ONLY_LINES)


def _sums(lines: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sums and extremes of the lines about each service."""
    return lines.groupby(keys, sort=False, dropna=False, as_index=False).agg(
        updates=("row", "size"),
        went=("went", "sum"),
        back=("back", "sum"),
        empty_line=("empty_line", "sum"),
        full_pushes=("full", "sum"),
        cache_updates=("cache", "sum"),
        endpoints_min=("endpoints", "min"),
        endpoints_max=("endpoints", "max"),
        endpoints_last=("endpoints", "last"),
        first_seen=("timestamp", "min"),
        last_seen=("timestamp", "max"),
    )


@answers(EMPTY)
def empty_clusters(capture: Capture, *, freq: str | None = None) -> pd.DataFrame:
    """Clusters without endpoints named by pushes, over time.

    Parameters
    ----------
    capture
        Logs of a control plane.
    freq
        Width of a bin (``"10s"``); None: a round width that gives at most 120 bins.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["freq"]`` is the width of a bin.

    Notes
    -----
    pilot/pkg/xds/eds.go. From 1.5 on only the clusters generated for this push are counted, not all that the proxy
    watches, so a smaller number may be a smaller push. `empty_low` keeps what a proxy had over its pushes: a push
    fills or removes no more clusters than it holds or removes.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.empty_clusters(il.load("data/istiod-1.30.3/discovery.log.gz"), freq="1h")
    >>> table[["pushes", "empty_min", "empty_max"]].to_dict("records")
    [{'pushes': 829, 'empty_min': 0, 'empty_max': 2}]
    """
    lines = select_columns(
        capture, "xds_push", "timestamp", "level", "proxy", "xds_type", "empty", "resources", "removed"
    )
    if lines.empty:
        return empty_result(EMPTY, reason_no_lines(capture, "push line", PUSH_LINES))
    lines["proxy"] = pd.factorize(lines["proxy"])[0]  # numbers are counted faster than texts
    lines["low"] = _at_least(lines)
    lines = lines.dropna(subset=["timestamp", "empty"])
    if lines.empty:
        return empty_result(EMPTY, NO_EMPTY)
    width = bin_width(lines["timestamp"], freq)
    lines = lines.assign(
        time=lines["timestamp"].dt.floor(width),
        empty=lines["empty"].astype(np.int64),
    )
    table = lines.groupby(["time", "run"], as_index=False).agg(
        pushes=("empty", "size"),
        proxies=("proxy", "nunique"),
        empty_min=("empty", "min"),
        empty_median=("empty", "median"),
        empty_max=("empty", "max"),
        empty_low=("low", "max"),
    )
    answer = as_result(table, EMPTY, note_unprinted_pushes(capture, lines))
    answer.attrs["freq"] = width
    return answer


def _at_least(lines: pd.DataFrame) -> pd.Series[int]:
    """How many clusters without endpoints the proxy has after each push, at least.

    A push of `resources` of which some are `empty` can have filled the others, and taken away `removed`; one of
    clusters that does not say how many it removes can have removed all.
    """
    zero = pd.Series(0, lines.index)
    known = lines["empty"].notna()
    empty = zero.where(~known, lines["empty"].fillna(0).astype(np.int64))
    pushed = lines["resources"].fillna(0).astype(np.int64).where(known, 0)
    removed = lines["removed"].fillna(0).astype(np.int64)
    whole = lines["xds_type"].eq("CDS") & lines["removed"].isna()
    fewer = ((pushed - empty).clip(lower=0) + removed.where(known | lines["xds_type"].eq("CDS"), 0)).mask(
        whole, MAX_CLUSTERS
    )
    proxy = [lines["run"], lines["proxy"]]
    lost = fewer.groupby(proxy).cumsum()
    low: pd.Series[int] = (empty + lost).groupby(proxy).cummax() - lost
    return low


def _lines(capture: Capture) -> pd.DataFrame:
    """Lines about the endpoints of a service, in file order: `endpoints`, `empty`, `full`, `cache`."""
    names = ("row", "timestamp", "service", "namespace")
    events = select_columns(capture, "endpoint_event", *names, "endpoints")
    events["empty"] = events["endpoints"].eq(0)
    triggers = select_columns(capture, "push_trigger", *names, "cause", "effect")
    triggers = triggers[triggers["cause"].isin(list(EMPTY_BY_CAUSE))]
    triggers = triggers.assign(
        empty=triggers["cause"].map(EMPTY_BY_CAUSE).astype("boolean"),
        full=triggers["effect"].eq("full push"),
        cache=triggers["effect"].eq("cache update"),
    )
    parts = [part for part in (events.assign(full=False, cache=False), triggers) if len(part)]
    if not parts:
        return pd.DataFrame()
    lines = pd.concat(parts, ignore_index=True).dropna(subset=["service"])
    if "endpoints" not in lines:
        lines["endpoints"] = pd.Series(pd.NA, lines.index, COUNT)
    host = lines["service"].str.extract(HOST)
    lines["namespace"] = host["space"].fillna(lines["namespace"])
    lines["service"] = host["name"].fillna(lines["service"])
    return lines.sort_values("row", kind="stable", ignore_index=True)
