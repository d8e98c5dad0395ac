"""Requests that failed, of what kind, who answered them, and how many did right after a push to their proxy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import TEXT, Answer, Col, answers
from istiolog_pd.analysis._needs import ACCESS, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import select_columns
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.proxies._failed_lines import failed_lines, of_envoy, seen_at_client
from istiolog_pd.capture import Capture

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
        Col(
            "kind",
            "category",
            "",
            "``blocked`` (REGISTRY_ONLY: BlackHoleCluster, block_all), ``denied`` (AuthorizationPolicy), ``jwt``, "
            "``ext_authz``, ``tls``, ``fault injected``, ``dns``, ``no route``, ``no cluster``, ``no endpoints``, "
            "``overload``, ``timeout``, ``protocol``, ``connection``, ``client`` (it left), ``grpc`` (status of gRPC "
            "beside an HTTP status of success), ``application``, ``direct`` (response of a route) or ``other``",
        ),
        Col("after_push_expected", "Float64", "", "the same share of all requests of their proxies: what chance gives"),
    ),
    needs=(Need("which requests failed, and who answered them", ("access",), ACCESS, component="envoy"),),
    brief=("answered_by", "response_code", "response_flags", "requests", "share"),
)

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
    more, if its gRPC status is (2, 4, 7, 8, 12 to 16; only formats that print it tell), or if a filter refused it
    (RBAC, JWT, external authorization). `failures_after_pushes` tells chance from a cause.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.failed_requests(il.load("data/mesh-1.30.3/info/proxy-client-5b7f8c9d6-x2k4p.load.log.gz"))
    >>> table.loc[:0, ["answered_by", "response_flags", "requests"]].to_dict("records")
    [{'answered_by': 'this proxy', 'response_flags': 'UF,URX', 'requests': 36}]
    """
    table = of_envoy(capture)
    if not table.num_rows:
        return empty_result(FAILED, NO_ACCESS)
    failed = failed_lines(table)
    if failed.empty:
        return empty_result(FAILED, NONE_FAILED.format(table.num_rows))
    failed = failed.join(_after_pushes(capture, table, failed))
    keys = ["answered_by", "response_code", "response_flags", "meaning", "cluster", "route_name", "kind"]
    causes = failed.groupby(keys, sort=False, dropna=False, as_index=False, observed=True).agg(
        requests=("run", "size"),
        first=("timestamp", "min"),
        last=("timestamp", "max"),
        after_push=("after", "mean"),
        after_push_expected=("usual", "mean"),
    )
    causes["share"] = causes["requests"] / causes["cluster"].astype(TEXT).fillna("").map(_totals(table, failed))
    return as_result(causes.sort_values("requests", ascending=False, kind="stable"), FAILED)


def _totals(table: pa.Table, failed: pd.DataFrame) -> pd.Series[int]:
    """How many requests went to each cluster (``""``: to none), each counted once."""
    counts = table["cluster"].value_counts()
    clusters = [name or "" for name in counts.field("values").cast(pa.string()).to_pylist()]
    total = pd.Series(counts.field("counts").to_pylist(), clusters, dtype="int64")
    inbound = set(failed.loc[failed["inbound"], "cluster"].dropna())
    return total.sub(seen_at_client(table, inbound).reindex(total.index, fill_value=0))


def _after_pushes(capture: Capture, table: pa.Table, failed: pd.DataFrame) -> pd.DataFrame:
    """Whether each request began soon after a push to its proxy (`after`), and how many of the proxy did (`usual`)."""
    pushes = select_columns(capture, "xds_push", "timestamp", "proxy").dropna()
    times = {str(proxy): np.sort(own.to_numpy("datetime64[ns]")) for proxy, own in pushes.groupby("proxy")["timestamp"]}
    proxy_of = proxies_of_runs(capture)
    runs = pc.fill_null(table["run"], 0).to_numpy()
    requests_of = pd.Series(runs).groupby(runs).indices
    begun = table["timestamp"].to_numpy().astype("datetime64[ns]")
    after, usual = (pd.Series(np.nan, failed.index) for _ in range(2))
    for run, own in failed.groupby("run"):
        pushed = times.get(str(proxy_of.get(run)))
        if pushed is not None:
            after[own.index] = soon_after(own["timestamp"].to_numpy("datetime64[ns]"), pushed, SOON)
            usual[own.index] = soon_after(begun[requests_of[run]], pushed, SOON).mean()
    return pd.DataFrame({"after": after, "usual": usual})


def soon_after(times: Any, pushed: Any, window: pd.Timedelta) -> Any:
    """Whether each time is within a window after one of some sorted times, as 0.0 or 1.0."""
    before = np.searchsorted(pushed, times - window.to_timedelta64(), "left")
    return (np.searchsorted(pushed, times, "right") > before).astype(float)
