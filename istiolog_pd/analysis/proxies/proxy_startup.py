"""From the start of a proxy to readiness: when each step was done, and which took longest."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd.analysis._answer import COUNT, PROXY, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import PROXY_INFO, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import log_of_runs, select_columns
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.propagation.updates import updates
from istiolog_pd.analysis.proxies._error_lines import error_lines
from istiolog_pd.capture import Capture, to_pandas

TIME = "datetime64[ns, UTC]"

#: The steps in their order.
STEPS = ("certificate", "connected", "clusters", "listeners", "initialized", "ready")

STARTUP = Answer(
    "proxy_startup",
    "One row per start of a proxy",
    time="started",
    columns=(
        Col("started", TIME, "UTC", "first line of its agent with a fraction of a second"),
        PROXY,
        Col("duration", "timedelta64[ns]", "ns", "from `started` to `ready`"),
        Col("slowest", "category", "", "step that took longest, of those that are logged"),
        Col("slowest_duration", "timedelta64[ns]", "ns", "time from the step before it that is logged"),
        Col("reason", "str", "", "what it said last that it waited for"),
        Col("certificate", TIME, "UTC", "first certificate made or read"),
        Col("connected", TIME, "UTC", "agent connected to the control plane"),
        Col("clusters", TIME, "UTC", "Envoy had applied its first clusters"),
        Col("listeners", TIME, "UTC", "Envoy had applied its first listeners"),
        Col("initialized", TIME, "UTC", "Envoy had all that it needs, and started its workers"),
        Col("ready", TIME, "UTC", "agent found Envoy ready; null where that is not logged"),
        Col("rejected", "Int64", "", "updates that Envoy rejected until then; null: not known"),
        RUN,
        SOURCE,
    ),
    needs=(
        Need("when proxies started", ("startup",), "pilot-agent: --log_output_level default:info", "agent"),
        Need("when Envoy was initialized", ("server_state",), PROXY_INFO, "envoy"),
    ),
    brief=("started", "proxy", "duration", "slowest", "slowest_duration", "ready", "reason"),
)

HIDDEN = "in {} of {} starts Envoy logs none of its steps: they are at info (sidecar.istio.io/logLevel: info)"
NONE = "no log of a sidecar begins with the start of its agent"
#: A start ends with its run, or after so long if nothing tells that the proxy got ready.
MAX_STARTUP = pd.Timedelta("10min")


@answers(STARTUP)
def proxy_startup(capture: Capture) -> pd.DataFrame:
    """How long each proxy took from its start to ready, and which step took longest.

    Parameters
    ----------
    capture
        Logs of sidecars and gateways.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no log holds a start.

    Notes
    -----
    pkg/istio-agent/agent.go, xds_proxy.go; source/server/server.cc. Envoy logs its steps at info, the agent says
    that Envoy is ready at info. What is not logged is null.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.proxy_startup(il.load("data/mesh-1.30.3/info/proxy-echo-69b8c7d5f-x2k4p.bank.log.gz"))
    >>> table[["proxy", "slowest"]].to_dict("records")
    [{'proxy': 'echo-69b8c7d5f-x2k4p.bank', 'slowest': 'connected'}]
    """
    flags = select_columns(capture, "startup", "timestamp", "flag", component="agent")
    started = flags.dropna(subset=["flag", "timestamp"]).groupby("run")["timestamp"].min()
    if started.empty:
        return empty_result(STARTUP, NONE)
    table = started.rename("started").reset_index()
    table["proxy"] = table["run"].map(proxies_of_runs(capture))
    last = to_pandas(capture.events.select(["run", "timestamp"])).groupby("run")["timestamp"].max()
    table["until"] = table["run"].map(last).clip(upper=table["started"] + MAX_STARTUP)
    for step, times in _steps(capture).items():
        table[step] = _first(table, times)
    table = table.join(_slowest(table))
    ends = table["ready"].fillna(table["initialized"])
    table["rejected"] = pd.Series(_count(table, ends, _rejected(capture)), dtype=COUNT).where(ends.notna())
    table["reason"] = _last_reason(capture, table)
    table["duration"] = table["ready"] - table["started"]
    table["source"] = table["run"].map(log_of_runs(capture))
    hidden = table["initialized"].isna() & table["clusters"].isna()
    said = HIDDEN.format(int(hidden.sum()), len(table)) if hidden.any() else ""
    return as_result(table.sort_values("started", kind="stable"), STARTUP, said)


def _steps(capture: Capture) -> dict[str, pd.DataFrame]:
    """The times at which something of each step was done, by `run` or `proxy`."""
    source_of = log_of_runs(capture)
    names = proxies_of_runs(capture)
    of_log = names.groupby(source_of.reindex(names.index)).first()
    shown = updates(capture, of_log)
    return {
        "certificate": select_columns(capture, "secret_update", "timestamp", component="agent"),
        "connected": select_columns(capture, "xds_connected", "timestamp", "upstream", component="agent").dropna(),
        "clusters": shown[shown["xds_type"].eq("CDS")],
        "listeners": shown[shown["xds_type"].eq("LDS")],
        "initialized": select_columns(
            capture, "server_state", "timestamp", component="envoy", where={"cause": "initialized"}
        ),
        "ready": select_columns(capture, "envoy_ready", "timestamp", component="agent", where={"cause": "ready"}),
    }


def _first(table: pd.DataFrame, times: pd.DataFrame) -> pd.Series[Any]:
    """The first of some times within each start."""
    key = "run" if "run" in times else "proxy"
    known = table[["run", "proxy", "started", "until"]].reset_index()
    both = known.merge(times[[key, "timestamp"]].dropna(), on=key)
    within = both[(both["timestamp"] >= both["started"]) & (both["timestamp"] <= both["until"])]
    found: pd.Series[Any] = within.groupby("index")["timestamp"].min().reindex(table.index)
    return found


def _slowest(table: pd.DataFrame) -> pd.DataFrame:
    """The step that took longest since the one before it that is logged; steps may come in another order."""
    long = table[["started", *STEPS]].reset_index(names="start")
    long = long.melt(id_vars="start", var_name="step", value_name="time")
    long = long.dropna().sort_values(["start", "time"], kind="stable")
    long["took"] = long.groupby("start")["time"].diff()
    best = long.dropna().sort_values("took", ascending=False, kind="stable").drop_duplicates("start").set_index("start")
    return pd.DataFrame(
        {"slowest": best["step"].reindex(table.index), "slowest_duration": best["took"].reindex(table.index)}
    )


def _rejected(capture: Capture) -> pd.DataFrame:
    """The updates that Envoys rejected, by run."""
    lines = error_lines(capture)
    if lines.empty:
        return pd.DataFrame({"run": pd.Series(dtype="int64"), "timestamp": pd.Series(dtype=TIME)})
    return lines.loc[lines["cause"].eq("rejected by Envoy"), ["run", "timestamp"]]


def _count(table: pd.DataFrame, ends: pd.Series[Any], lines: pd.DataFrame) -> list[int]:
    """How many of some lines each start has until it ended."""
    counts = []
    for run, begun, end in zip(table["run"], table["started"], ends, strict=True):
        own = lines.loc[lines["run"].eq(run), "timestamp"]
        counts.append(int(own.between(begun, end).sum()))
    return counts


def _last_reason(capture: Capture, table: pd.DataFrame) -> pd.Series[Any]:
    """What the agent of each start said last that Envoy waits for."""
    lines = select_columns(capture, "envoy_not_ready", "timestamp", "error", component="agent").dropna()
    both = table[["run", "started", "until", "ready"]].reset_index().merge(lines, on="run")
    end = both["ready"].fillna(both["until"])
    both = both[(both["timestamp"] >= both["started"]) & (both["timestamp"] <= end)]
    found: pd.Series[Any] = both.groupby("index")["error"].last().reindex(table.index)
    return found
