"""Sessions of proxies: opened, closed, why they ended; and how connections are spread over replicas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import LINE, PROXY, RUN, SOURCE, TIME_BIN, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need
from istiolog_pd.analysis._result import as_result, cached_per_capture, empty_result, reason_no_lines
from istiolog_pd.analysis._select import bin_width, join_notes, log_of_runs, select_columns
from istiolog_pd.analysis._time import parse_duration
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.proxies._disconnect_reasons import NO_AGE, reasons
from istiolog_pd.capture import Capture, to_pandas
from istiolog_pd.formats.values import duration

CONNECTIONS = Answer(
    "connections",
    "One row per session of a proxy",
    time="opened",
    columns=(
        Col("opened", "datetime64[ns, UTC]", "UTC", "start of the session; null if it is not in the log"),
        Col("closed", "datetime64[ns, UTC]", "UTC", "end of the session; null if it is not in the log"),
        PROXY,
        Col("duration", "timedelta64[ns]", "ns", "null unless both ends are in the log"),
        Col("duration_low", "timedelta64[ns]", "ns", "part of the session that the log covers"),
        Col("reason", "category", "", "likely reason of its end; null while it is open"),
        Col(
            "gap",
            "timedelta64[ns]",
            "ns",
            "time until the proxy connected again; null if it did not, or no end is seen",
        ),
        Col("gap_low", "timedelta64[ns]", "ns", "that time, at least, where no line tells of the end"),
        Col("gap_high", "timedelta64[ns]", "ns", "that time, at most: from the last line of its replica"),
        Col("next_source", "str", "", "log of the replica it connected to next; null if it did not"),
        Col("connection", "Int64", "", "number of the session, counted anew by each run"),
        Col("delta", "boolean", "", "delta xDS; null where it is not logged"),
        Col("peer", "str", "", "address of the client"),
        Col("grpc_code", "Int64", "", "gRPC status code at the end"),
        Col("error", "str", "", "error text at the end"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need("sessions of proxies", ("connection_open",), ADS_INFO, since="1.8", counts=True),
        Need("how sessions ended", ("connection_close",), ADS_INFO, rare=True, counts=True),
    ),
    brief=("opened", "closed", "proxy", "duration_low", "reason", "gap"),
)

CONNECTED = Answer(
    "connected_endpoints",
    "One row per time bin and run of a replica",
    time="time",
    columns=(
        TIME_BIN,
        Col("connected_endpoints", "Int64", "", "ADS connections, as last logged in this bin or before"),
        Col("lowest", "Int64", "", "lowest number logged in the bin"),
        Col("highest", "Int64", "", "highest number logged in the bin"),
        Col("printed", "Int64", "", "lines in the bin that log the number"),
        Col("share", "Float64", "", "share of the connections of all runs in this bin, 0 to 1; null if there are none"),
        RUN,
        SOURCE,
    ),
    needs=(Need("how many proxies were connected", ("push_start",), ADS_INFO, column="connected_endpoints"),),
)

#: Events whose lines say that a control plane stops, and how long after them it may print.
STOPPING, ENDING = ("controller_lifecycle", "cluster_registry"), pd.Timedelta("2s")
#: As Istio's charts set it.
MAXIMUM_AGE = "30min"

LINES = (
    "they are logged at level info in scopes ads and, from Istio 1.14 on, delta: `ADS: new connection`, "
    "`terminated` (before 1.8 the first CDS request stands for the former)"
)
ROUND_LINES = "they are logged at level info in scope ads (--log_output_level ads:info)"
BEFORE = "{} session(s) were open before the log began: no `opened`, and `duration_low` is a lower bound"
STILL = "{} were still open when it ended, or their end is not in it: no `closed`"
REQUESTS = "where no `new connection` line is printed (before Istio 1.8), a session opens with its first CDS request"
SECOND_HAND = "a value is what the last round so far printed; between rounds it may have changed"


@answers(CONNECTIONS)
def connections(capture: Capture, *, maximum_age: str | None = None) -> pd.DataFrame:
    """Every session of a proxy with a control plane: opened, closed, and the likely reason of its end.

    Parameters
    ----------
    capture
        Logs of one or more replicas of a control plane.
    maximum_age
        The maximum age of a connection. None: ``keepaliveMaxServerConnectionAge`` as the log prints it among
        the flags, or 30 minutes as in Istio's charts. gRPC spreads it by a tenth either way.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what is not in the log.

    Notes
    -----
    pilot/pkg/xds/ads.go, pkg/xds/server.go. The log prints no reason; `reason` is the first of
    these that fits: ``restart`` and ``stopped`` (its run ended: another follows, or none does),
    ``maximum age`` (it lasted that long), ``proxy restart`` and ``gone`` (the proxy's own log ends then, and
    it came back or did not), ``network`` (5 connections of this replica ended within half a second),
    ``storm`` (within 10 s half of all the connections of this replica, and 5 at least, ended), ``scale-out`` (the
    proxy went to a replica whose log had begun in the 5 minutes before), ``flapping`` (3 sessions of this proxy ended
    within 10 minutes), ``gone`` (the proxy did not come back, although the logs go on for a minute), ``other``.
    Of a replica that stopped no line tells when its sessions ended: between its last line and the proxy's
    first at another.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.connections(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> len(table), int(table["duration"].notna().sum()), int(table["delta"].sum())
    (50, 50, 39)
    """
    return _as_logged(capture) if maximum_age is None else _connections(capture, maximum_age)


@cached_per_capture
def _as_logged(capture: Capture) -> pd.DataFrame:
    """The answer for what the log says of the maximum age: other answers are made of it."""
    return _connections(capture, None)


def _connections(capture: Capture, maximum_age: str | None) -> pd.DataFrame:
    lines = _lines(capture)
    if lines.empty:
        return empty_result(CONNECTIONS, reason_no_lines(capture, "line of a connection", LINES))
    table = _sessions(lines)
    spans = _spans(capture)
    own = table[["run"]].merge(spans, how="left", on="run")
    table["duration"] = table["closed"] - table["opened"]
    ends, begins = table["closed"].fillna(own["last"]), table["opened"].fillna(own["first"])
    table["duration_low"] = (ends - begins).where(ends >= begins, pd.Timedelta(0))
    table = _next(table)
    table["next_source"] = table["next_run"].map(log_of_runs(capture))
    age = _maximum_ages(capture, spans["run"]) if maximum_age is None else parse_duration(maximum_age, "maximum_age")
    table["maximum_age"] = table["run"].map(age) if isinstance(age, pd.Series) else age
    table["reason"] = reasons(table, spans, _departures(capture))
    last = table["run"].map(spans.set_index("run")["last"])
    unseen = table["closed"].isna() & (table["next_opened"] >= last)
    table["gap_low"] = table["gap"].mask(unseen, pd.Timedelta(0))
    table["gap_high"] = table["gap"].mask(unseen, table["next_opened"] - last)
    early, still = int(table["opened"].isna().sum()), int(table["closed"].isna().sum())
    return as_result(
        table.sort_values("row", kind="stable"),
        CONNECTIONS,
        join_notes(
            BEFORE.format(early) if early else "",
            STILL.format(still) if still else "",
            REQUESTS if not table["printed"].all() else "",
        ),
    )


@answers(CONNECTED)
def connected_endpoints(capture: Capture, *, freq: str | None = None) -> pd.DataFrame:
    """ADS connections of each replica over time, and its share of all.

    Parameters
    ----------
    capture
        Logs of one or more replicas of a control plane.
    freq
        Width of a bin (``"10s"``); None: a round width that gives at most 120 bins.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["freq"]`` is the width of a bin.

    Notes
    -----
    pilot/pkg/xds/ads.go (``AdsPushAll``): only the beginning of a round prints it. It counts sidecars, gateways,
    waypoints, ztunnels and other clients. A run has bins from its first round to its last entry.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.connected_endpoints(il.load("data/istiod-1.30.3/discovery.log.gz"), freq="10s")
    >>> int(table["highest"].max()), int(table["printed"].sum())
    (32, 145)
    """
    lines = select_columns(capture, "push_start", "timestamp", "connected_endpoints")
    lines = lines.dropna(subset=["timestamp", "connected_endpoints"])
    if lines.empty:
        return empty_result(CONNECTED, reason_no_lines(capture, "line that begins a round", ROUND_LINES))
    width = bin_width(lines["timestamp"], freq)
    lines["time"] = lines["timestamp"].dt.floor(width)
    bins = lines.groupby(["run", "time"], sort=False)["connected_endpoints"].agg(
        connected_endpoints="last", lowest="min", highest="max", printed="size"
    )
    # A long silence between two rounds is no reason for millions of bins.
    times = pd.DatetimeIndex(lines["time"].drop_duplicates().sort_values())
    last_entries, names = _spans(capture).set_index("run")["last"], log_of_runs(capture)
    parts = []
    for run, own in bins.groupby(level="run", sort=False):
        known = own.droplevel("run")
        last = last_entries[run]
        within = times[(times >= known.index.min()) & (times <= max(last, known.index.max()))]
        full = known.reindex(within)
        full["connected_endpoints"] = full["connected_endpoints"].ffill()
        full["printed"] = full["printed"].fillna(0)
        parts.append(full.rename_axis("time").reset_index().assign(source=names[run], run=run))
    table = pd.concat(parts, ignore_index=True).sort_values(["time", "source", "run"], kind="stable")
    total = table.groupby("time")["connected_endpoints"].transform("sum").astype(float)
    table["share"] = table["connected_endpoints"].astype(float) / total.where(total > 0)
    answer = as_result(table, CONNECTED, SECOND_HAND)
    answer.attrs["freq"] = width
    return answer


def _lines(capture: Capture) -> pd.DataFrame:
    """Lines that open or close a connection with a number, in file order."""
    names = ("row", "line", "timestamp", "source", "proxy", "connection")
    opened = select_columns(capture, "connection_open", *names, "delta")
    opened = opened[opened["delta"].notna()]
    asked = select_columns(capture, "xds_request", *names, "xds_type", "level")
    asked = asked[asked["xds_type"].eq("CDS") & asked["level"].eq("info") & ~asked["run"].isin(set(opened["run"]))]
    closed = select_columns(capture, "connection_close", *names, "peer", "grpc_code", "error")
    parts = [
        opened.assign(opens=True, printed=True),
        asked.assign(opens=True, printed=False),
        closed.assign(opens=False, printed=True),
    ]
    lines: pd.DataFrame = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True)
    blank = {"peer": None, "error": None, "grpc_code": None, "delta": None}
    lines = lines.assign(**{name: value for name, value in blank.items() if name not in lines})
    known = lines.dropna(subset=["proxy", "connection"])
    return known.sort_values("row", kind="stable", ignore_index=True)


def _sessions(lines: pd.DataFrame) -> pd.DataFrame:
    """A row per session: the first line that opens it, and the first after that which closes it.

    A number that is opened again is another session (of a run that nothing tells from the one before);
    the requests that stand for opening may come again in the same one.
    """
    keys = ["run", "proxy", "connection"]
    number = lines.groupby(keys, sort=False).ngroup()
    lines = lines.assign(number=number).sort_values("number", kind="stable")
    first = ~lines["number"].duplicated()
    after_an_end = ~lines["opens"].shift(fill_value=True)
    begins = first | (lines["opens"] & (after_an_end | lines["printed"]))
    lines["opened"] = lines["timestamp"].where(lines["opens"])
    lines["closed"] = lines["timestamp"].where(~lines["opens"])
    sessions = lines.groupby(begins.cumsum().to_numpy(), sort=False)
    names = [*keys, "source", "row", "line", "opened", "closed", "delta", "peer", "grpc_code", "error"]
    table: pd.DataFrame = sessions[names].first()
    return table.assign(printed=sessions["printed"].all()).reset_index(drop=True)


def _next(table: pd.DataFrame) -> pd.DataFrame:
    """`gap` and `next_run`: when the proxy opened its next session, and with which run."""
    table = table.sort_values(["proxy", "opened", "row"], kind="stable", na_position="first")
    later = table.groupby("proxy", sort=False)[["opened", "run"]].shift(-1)
    table["gap"] = later["opened"] - table["closed"]
    table["next_run"], table["next_opened"] = later["run"], later["opened"]
    return table.reset_index(drop=True)


def _spans(capture: Capture) -> pd.DataFrame:
    """`first` and `last` time of each `run`, and the `log` that it is of."""
    entries = capture.events.select(["run", "timestamp"])
    spans = to_pandas(entries.group_by("run").aggregate([("timestamp", "min"), ("timestamp", "max")]))
    spans = spans.rename(columns={"timestamp_min": "first", "timestamp_max": "last"}).astype({"run": np.int64})
    said = pd.concat([select_columns(capture, event, "timestamp", where={"cause": "stopped"}) for event in STOPPING])
    last = said.groupby("run")["timestamp"].max().reindex(spans["run"]).set_axis(spans.index)
    return spans.assign(log=spans["run"].map(log_of_runs(capture)), exit=spans["last"] - last <= ENDING)


def _maximum_ages(capture: Capture, runs: pd.Series[int]) -> pd.Series[Any]:
    """The maximum age of connections of each run, as its flags print it; else that of Istio's charts. Null: none."""
    flags = select_columns(capture, "startup", "flag", "flag_value", where={"flag": "keepaliveMaxServerConnectionAge"})
    ages: dict[int, Any] = dict.fromkeys(runs, pd.Timedelta(MAXIMUM_AGE))
    for run, text in zip(flags["run"], flags["flag_value"].fillna(""), strict=True):
        printed = duration(text.strip('"'))
        if printed is not None:
            ages[run] = pd.Timedelta(printed, "ns") if printed < NO_AGE.value else pd.NaT
    return pd.Series(ages, dtype="timedelta64[ns]")


def _departures(capture: Capture) -> pd.DataFrame:
    """When processes of proxies ended, by their own logs: `low` and `high`, which is the start of the next if any."""
    runs = capture.process_runs
    own = runs[runs["component"].eq("agent")].sort_values("run")
    following = own.groupby("log")["first"].shift(-1)
    own = own.assign(proxy=own["run"].map(proxies_of_runs(capture)), low=own["last"])
    own = own.assign(high=following.fillna(own["last"]))
    return own.loc[own["end"].isin(["exit", "restart"]), ["proxy", "low", "high"]].dropna()
