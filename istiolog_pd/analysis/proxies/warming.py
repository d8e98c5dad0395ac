"""Clusters that wait for their endpoints before Envoy uses them."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.analysis._answer import LINE, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import PROXY_DEBUG, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis.propagation.sides import PILOT, SIDECAR, side, sidecars
from istiolog_pd.capture import Capture, to_pandas

WARMING = Answer(
    "cluster_warming",
    "One row per cluster that started warming",
    time="started",
    columns=(
        Col("started", "datetime64[ns, UTC]", "UTC", "start of warming, by Envoy's clock"),
        Col("ended", "datetime64[ns, UTC]", "UTC", "end of warming, by Envoy's clock; null if the log ends first"),
        Col("proxy", "str", "", "proxy that the log belongs to; null if unknown"),
        Col("cluster", "str", "", "Envoy cluster"),
        Col(
            "state",
            "category",
            "",
            "``warm``, ``updated again`` before it was warm, ``removed``, or ``still warming`` at the end of the log",
        ),
        Col("warming_low", "timedelta64[ns]", "ns", "time it warmed, at least"),
        Col("warming_high", "timedelta64[ns]", "ns", "time it warmed, at most; null while it is warming"),
        SOURCE,
        LINE,
    ),
    needs=(Need("how long clusters warmed", ("cluster_warmed",), PROXY_DEBUG, component="envoy", debug_since="1.4"),),
)

#: What ends the warming of a cluster, by the event that comes next; none: the log ends.
STATES = {"cluster_warmed": "warm", "cluster_update": "updated again", "cluster_remove": "removed"}
STILL = "still warming"

NO_WARMING = (
    "no cluster starts warming among the lines of Envoy: they are printed at level info to Istio 1.3, and at debug "
    "later (sidecar.istio.io/componentLogLevel: upstream:debug)"
)
NO_ENVOY = "this capture holds no log of an Envoy, so no cluster that is warming"


@answers(WARMING)
def cluster_warming(capture: Capture) -> pd.DataFrame:
    """Each time that a cluster warmed, how long that took, and those that stayed warming.

    Envoy uses a new or changed cluster only when its first endpoints have come (and its secrets). One that
    stays warming is not used: requests to it fail, or go on to the old version of it.

    Parameters
    ----------
    capture
        Logs of sidecars.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no line tells.

    Notes
    -----
    source/common/upstream/cluster_manager_impl.cc.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.cluster_warming(il.load("data/seed/helloworld-v1-istio-proxy.log"))
    >>> table[["cluster", "state", "warming_high"]].iloc[0].tolist()
    ['outbound|5000||helloworld.default.svc.cluster.local', 'warm', Timedelta('0 days 00:00:00.017000')]
    """
    updates = side(capture, "cluster_update", SIDECAR, "line", "cluster", "warming")
    updates = updates[updates["warming"].notna()]
    if updates.empty:
        envoy = (to_pandas(capture.events.select(["component"]))["component"] == "envoy").any()
        return empty_result(WARMING, NO_WARMING if envoy else NO_ENVOY)
    ends = [
        side(capture, event, SIDECAR, "cluster").assign(event=event) for event in ("cluster_warmed", "cluster_remove")
    ]
    lines = pd.concat([updates.assign(event="cluster_update"), *ends]).sort_values("row")
    following = lines.groupby(["log", "run", "cluster"], sort=False)[["timestamp", "event"]].shift(-1)
    lines = lines.assign(ended=following["timestamp"], state=following["event"].map(STATES).fillna(STILL))
    rows = lines[lines["event"].eq("cluster_update")].rename(columns={"timestamp": "started"})
    took = rows["ended"] - rows["started"]
    rows = rows.assign(warming_low=took.fillna(_last(capture, rows) - rows["started"]), warming_high=took)
    known = side(capture, "xds_push", PILOT, "proxy")["proxy"].dropna().unique()
    logs = sidecars(capture, known, {}, pd.DataFrame(columns=["log", "proxy"]))
    return as_result(rows.assign(proxy=rows["log"].map(logs)), WARMING)


def _last(capture: Capture, rows: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """When the run of each row ends."""
    entries = capture.events.select(["run", "timestamp"])
    last = to_pandas(entries.group_by("run").aggregate([("timestamp", "max")])).set_index("run")["timestamp_max"]
    return rows["run"].map(last)
