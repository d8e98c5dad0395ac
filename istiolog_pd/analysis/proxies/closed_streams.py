"""Streams between proxies and control planes that closed: why, and whether it matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import LINE, PROXY, RUN, SOURCE, TEXT, TIME, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import join_notes, log_of_runs, select_columns
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.proxies._disconnect_reasons import GRACE, JITTER
from istiolog_pd.analysis.proxies.connections import MAXIMUM_AGE, connections
from istiolog_pd.capture import Capture

CLOSED_STREAMS = Answer(
    "closed_streams",
    "One row per stream that ended, as either side tells, in the order of time",
    columns=(
        PROXY,
        Col("closed", "datetime64[ns, UTC]", "UTC", "its end by the control plane's line; null if that has none"),
        Col("seen", "datetime64[ns, UTC]", "UTC", "its end by the first line of the proxy; null if there is none"),
        Col("reason", "category", "", "as in `connections`; also ``overload``, or ``unreachable``"),
        Col("harmless", "boolean", "", "whether nothing is wrong; null: that depends, or cannot be told"),
        Col("why", "str", "", "why it is harmless or not"),
        Col("duration", "timedelta64[ns]", "ns", "how long it had lasted; null unless both ends are logged"),
        Col("gap_high", "timedelta64[ns]", "ns", "time until it had a stream again, at most; null: none is seen"),
        Col("grpc_code", "Int64", "", "gRPC status code that the proxy logged"),
        Col("error", "str", "", "what the proxy logged, or else the control plane"),
        Col("attempts", "Int64", "", "lines of the proxy about it, failed attempts to connect again included"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need("when streams ended: the control plane's side", ("connection_close",), ADS_INFO, rare=True),
        Need(
            "when streams ended: the proxy's side",
            ("xds_stream_closed", "xds_disconnected"),
            "proxy level warning, pilot-agent: --log_output_level xdsproxy:info",
            "envoy",
            level="warn",
            rare=True,
        ),
    ),
)

TIMES = {"closed": TIME, "seen": TIME}
#: Lines of a proxy that follow each other so closely are about one end.
TOGETHER = pd.Timedelta("5s")
#: So far apart are both sides' lines of one end, by two clocks.
NEAR = pd.Timedelta("2s")
#: Away for longer, a proxy misses changes that matter.
AWAY = pd.Timedelta("1min")
#: What the texts of an end tell, the first that fits.
TEXTS = {
    "overload": r"ResourceExhausted|rate limit|too many|Timeout writing|DeadlineExceeded|code = 8\b",
    "unreachable": r"connection refused|no such host|no route to host|i/o timeout|Error while dialing",
    "network": r"connection reset|broken pipe|keepalive ping failed|transport is closing",
}
#: Why an end is harmless (true), or is not.
JUDGED: dict[str, tuple[bool | None, str]] = {
    "maximum age": (True, "connections end at their maximum age by design, and the proxy connects again at once"),
    "scale-out": (True, "the proxy went to a new replica"),
    "proxy restart": (None, "the proxy's process ended, and came back"),
    "gone": (None, "the proxy did not come back: its pod was deleted, or it is lost"),
    "restart": (None, "the control plane restarted"),
    "stopped": (None, "the control plane stopped"),
    "overload": (False, "the control plane, or what is between, refused or timed out"),
    "unreachable": (False, "no control plane answered"),
    "network": (False, "many connections of a replica ended in the same moment, or the connection was reset"),
    "storm": (False, "many connections of a replica ended within seconds"),
    "flapping": (False, "the streams of this proxy end again and again"),
    "other": (None, "no line tells why"),
}
IN_TIME, TOO_LONG = "; it had a stream again within {}", "; it had none for {} or longer"
TERMINATED, DIED = "; its agent says that it terminated", "; its Envoy died"
AGE_ALONE = "judged by the proxy's log alone"

NOTHING = "no line of either side tells of a stream that ended"


@answers(CLOSED_STREAMS)
def closed_streams(capture: Capture, *, maximum_age: str | None = None) -> pd.DataFrame:
    """Streams that closed, by both sides' lines: why each did, and whether it is harmless.

    Parameters
    ----------
    capture
        Logs of control planes, of sidecars and gateways, or of both.
    maximum_age
        As in `connections`.

    Returns
    -------
    pandas.DataFrame
        {columns}

        `source` and `line` are of the control plane's line, or else of the proxy's. Empty, with the reason in
        ``attrs["coverage"]``, if no stream ended.

    Notes
    -----
    Envoy's ``gRPC config stream closed: 14`` and the agent's ``upstream terminated with unexpected error`` say the
    same of a planned end as of a fault: what tells is the control plane's side, the age of the stream and what came
    after. Without the control plane's log the reason is judged by age and text. Envoy's own stream goes to its
    agent, which closes it when that to istiod ends.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.closed_streams(il.load("data/mesh-1.30.3/sotw-debug"))
    >>> table["reason"].value_counts().to_dict()
    {'restart': 21, 'gone': 1, 'proxy restart': 1}
    """
    theirs, ours = _of_proxies(capture), _of_control_planes(capture, maximum_age)
    age = pd.Timedelta(maximum_age or MAXIMUM_AGE)
    table = _both(ours, theirs)
    alone = theirs[~theirs.index.isin(table["end"].dropna())]
    table = pd.concat([part for part in (table, _alone(alone, age)) if len(part)] or [table], ignore_index=True)
    if table.empty:
        return empty_result(CLOSED_STREAMS, join_notes(NOTHING, str(ours.attrs.get("coverage") or "")))
    table = _judged(capture, table.reindex(columns=table.columns.union(["closed", "seen"])).astype(TIMES))
    order = table["closed"].fillna(table["seen"])
    return as_result(table.iloc[order.argsort(kind="stable")], CLOSED_STREAMS)


def _of_control_planes(capture: Capture, maximum_age: str | None) -> pd.DataFrame:
    """The sessions that ended, with the last moment of those of which no line tells the end (`latest`)."""
    table = connections(capture, maximum_age=maximum_age)
    if table.empty:
        return table
    closes = select_columns(capture, "connection_close", "source", "line", "proxy", "connection")
    closes = closes.drop_duplicates(["run", "proxy", "connection"], keep="last")
    table = table.merge(closes, how="left", on=["run", "proxy", "connection"], suffixes=("", "_end"))
    for name in ("source", "line"):
        table[name] = table.pop(f"{name}_end").fillna(table[name])
    if len(capture.process_runs):
        table["latest"] = table["closed"].fillna(table["run"].map(capture.process_runs.set_index("run")["last"]))
    else:  # a batch of a log has no runs
        table["latest"] = table["closed"]
    return table[table["reason"].notna()].reset_index(drop=True)


def _of_proxies(capture: Capture) -> pd.DataFrame:
    """The ends that proxies log: a row per burst of lines."""
    names = ("timestamp", "source", "line", "grpc_code", "error")
    envoy = select_columns(capture, "xds_stream_closed", *names, "cause", "cluster", component="envoy")
    envoy = envoy[envoy["cause"].eq("stream closed") & ~envoy["cluster"].fillna("").str.startswith("sds")]
    agent = select_columns(capture, "xds_disconnected", *names, "scope", component="agent")
    agent = agent[agent["scope"].eq("xdsproxy") & agent["error"].notna() & agent["grpc_code"].ne(1).fillna(True)]
    parts = [part[[*names, "run"]].astype({"error": TEXT}) for part in (envoy, agent) if len(part)]
    columns = ["proxy", "seen", "run", "source", "line", "grpc_code", "error", "attempts", "age"]
    if not parts:
        return pd.DataFrame(columns=columns)
    lines = pd.concat(parts, ignore_index=True).dropna(subset=["timestamp"])
    proxy_of = proxies_of_runs(capture)
    lines = lines.assign(proxy=lines["run"].map(proxy_of).astype(TEXT).fillna(lines["run"].map(log_of_runs(capture))))
    lines = lines.sort_values(["proxy", "timestamp"], kind="stable", ignore_index=True)
    begins = ~(lines.groupby("proxy", sort=False)["timestamp"].diff() <= TOGETHER)
    table = lines.groupby(begins.cumsum().to_numpy(), sort=False).agg(
        proxy=("proxy", "first"),
        seen=("timestamp", "first"),
        run=("run", "first"),
        source=("source", "first"),
        line=("line", "first"),
        grpc_code=("grpc_code", "first"),
        error=("error", "first"),
        attempts=("timestamp", "size"),
    )
    begun = select_columns(capture, "xds_connected", "timestamp", "upstream", component="agent").dropna()
    begun = begun.sort_values("timestamp")[["run", "timestamp"]]
    table = table.sort_values("seen", kind="stable", ignore_index=True)
    sought = table[["run", "seen"]].rename(columns={"seen": "timestamp"})
    before = merge_as_of(sought, begun.assign(begun=begun["timestamp"]), "timestamp", ["run"])
    after = merge_as_of(sought, begun.assign(again=begun["timestamp"]), "timestamp", ["run"], after=True)
    return table.assign(age=table["seen"] - before["begun"], gap_high=after["again"] - table["seen"])


def _both(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """The control planes' ends with the proxy's lines about each (`end`: which)."""
    if ours.empty:
        return ours.assign(end=pd.Series(dtype="Int64"))
    sought = ours[["proxy", "latest"]].dropna().sort_values("latest")
    sought = sought.assign(timestamp=sought["latest"] - NEAR)
    known = theirs[["proxy", "seen"]].assign(end=theirs.index, timestamp=theirs["seen"]).sort_values("timestamp")
    found = ours[["proxy"]].assign(end=pd.Series(pd.NA, ours.index))
    if len(known):
        known = known.astype({"timestamp": sought["timestamp"].dtype, "proxy": sought["proxy"].dtype})
        found = merge_as_of(sought, known, "timestamp", ["proxy"], after=True).reindex(ours.index)
        until = ours["latest"] + ours["gap_high"].where(ours["closed"].isna(), NEAR).fillna(NEAR) + NEAR
        found["end"] = found["end"].where(found["seen"] <= until)
        # One end of the proxy is of one session.
        found["end"] = found["end"].mask(found["end"].duplicated())
    at = found["end"].fillna(-1).astype("int64").to_numpy()
    taken = {name: theirs[name].array.take(at, allow_fill=True) for name in ("seen", "grpc_code", "error", "attempts")}
    said = pd.Series(taken.pop("error"), ours.index).astype(TEXT).fillna(ours["error"])
    return ours.assign(end=found["end"], error=said, **taken)


def _alone(theirs: pd.DataFrame, age: pd.Timedelta) -> pd.DataFrame:
    """The ends that proxies alone tell of, with the reason by age and text."""
    if theirs.empty:
        return theirs
    old = theirs["age"].between(age * (1 - JITTER), age * (1 + JITTER) + GRACE)
    reason = pd.Series(np.where(old, "maximum age", "other"), theirs.index, dtype=object)
    return theirs.assign(reason=reason, duration=theirs["age"], alone=True)


def _judged(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """The ends with the reason that their text tells where no other does, and whether they are harmless."""
    text = table["error"].astype(TEXT).fillna("")
    reason = table["reason"].astype(object)
    for name, pattern in TEXTS.items():
        by_text = reason.eq("other") & text.str.contains(pattern)
        reason = reason.mask(
            by_text | (name == "overload") & text.str.contains(pattern) & reason.ne("maximum age"), name
        )
    harmless = reason.map({name: harm for name, (harm, _) in JUDGED.items()}).astype("boolean")
    why = reason.map({name: words for name, (_, words) in JUDGED.items()})
    outage = reason.isin(["restart", "stopped"])
    back = pd.to_timedelta(table["gap_high"])
    soon = outage & (back <= AWAY)
    late = outage & ~soon & (back > AWAY)
    harmless = harmless.mask(soon, True).mask(late, False)
    why = why + _said(soon, IN_TIME.format("a minute")) + _said(late, TOO_LONG.format("a minute"))
    left = reason.isin(["gone", "proxy restart"])
    died, ended = (table["proxy"].isin(proxies) & left for proxies in _departed(capture))
    harmless = harmless.mask(ended & ~died, True).mask(died, False)
    why = why + _said(ended & ~died, TERMINATED) + _said(died, DIED)
    alone = table["alone"].eq(True) if "alone" in table else pd.Series(False, table.index)
    return table.assign(reason=reason, harmless=harmless, why=why + _said(alone, f" ({AGE_ALONE})"))


def _said(which: pd.Series[Any], words: str) -> pd.Series[Any]:
    """These words where they hold, else none."""
    return pd.Series(np.where(which.fillna(False), words, ""), which.index, dtype=object)


def _departed(capture: Capture) -> tuple[set[str], set[str]]:
    """The proxies with an Envoy that died, and those with an agent that terminated when asked to."""
    proxy_of = proxies_of_runs(capture)
    lines = select_columns(capture, "envoy_exit", "cause", component="agent")
    proxy = lines["run"].map(proxy_of)
    died = proxy[lines["cause"].eq("Envoy exited")].dropna()
    return set(died), set(proxy.dropna()) - set(died)
