"""Push rounds, and the round that each push belongs to.

A round is one merged change pushed to all connections; it begins with the line ``XDS: Pushing ...``.
No line names the round of a push (except by its version, where it is logged), and from Istio 1.3 on
rounds overlap and merge per proxy. So each push gets the likeliest round, and the earliest and the
latest that it can belong to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from istiolog_pd.analysis._answer import COUNT, LINE, PROXY, PUSH_TYPE, RUN, SOURCE, XDS_TYPE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need, pushed
from istiolog_pd.analysis._result import as_result, cached_per_capture, empty_result, reason_no_lines
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.capture import Capture

ROUNDS = Answer(
    "push_rounds",
    "One row per round",
    time="timestamp",
    columns=(
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "start of the round"),
        Col("round", "Int64", "", "number of the round, from 0 in file order"),
        Col("full", "boolean", "", "full push; null from Istio 1.31 on, which logs only `forced`"),
        Col("forced", "boolean", "", "push to all proxies, as logged from Istio 1.31 on"),
        Col("duration", "timedelta64[ns]", "ns", "from the start to the last push"),
        Col("proxies", "Int64", "", "proxies that got a push; null if they are not visible"),
        Col("pushes", "Int64", "", "pushes of the round; null if they are not visible"),
        Col("size_bytes", "Int64", "B", "bytes pushed, as far as sizes are logged"),
        Col("connected_endpoints", "Int64", "", "ADS connections of this replica"),
        Col("first_push", "datetime64[ns, UTC]", "UTC", "first push of the round"),
        Col("last_push", "datetime64[ns, UTC]", "UTC", "last push of the round; an estimate from Istio 1.3 on"),
        Col("push_version", "str", "", "version of the pushed configuration"),
        Col(
            "visible", "boolean", "", "false if the log level hides the pushes of this round; its counts are then null"
        ),
        Col("debounce_id", "Int64", "", "debounce that decided this round"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(Need("which push rounds there were", ("push_start",), ADS_INFO, column="connected_endpoints"),),
)

PUSHES = Answer(
    "pushes",
    "One row per push line",
    time="timestamp",
    columns=(
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "time of the push"),
        PROXY,
        XDS_TYPE,
        PUSH_TYPE,
        Col("resources", "Int64", "", "resources in the push"),
        Col("size_bytes", "Int64", "B", "size of the push, as logged"),
        Col(
            "round",
            "Int64",
            "",
            "most likely round; null for a push that the proxy requested, for an update of this proxy alone (its pod "
            "or WorkloadEntry changed, or its warming clusters needed endpoints), and for a round that began before "
            "the log",
        ),
        Col("round_first", "Int64", "", "earliest round it can belong to; if `round` is null: should it be of one"),
        Col("round_last", "Int64", "", "latest round it can belong to; if `round` is null: should it be of one"),
        Col(
            "certain",
            "boolean",
            "",
            "true if only this round is possible: a complete set of types can be an update of its proxy alone, unless "
            "it prints the version of the round",
        ),
        Col(
            "inferred",
            "boolean",
            "",
            "true if `push_type` is not logged: an update of this proxy alone, since it had the round already or the "
            "round had finished everywhere else; before Istio 1.10 a requested push, since it followed a request or a "
            "new connection of this proxy, came after the round had finished, or repeated a type in one round",
        ),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(pushed("what was pushed to which proxy, in which round"),),
)

FAN_OUT = Answer(
    "fan_out",
    "One row per round and xDS type that was pushed",
    columns=(
        Col("round", "Int64", "", "number of the round"),
        XDS_TYPE,
        Col("proxies", "Int64", "", "proxies pushed to"),
        Col("pushes", "Int64", "", "pushes of this type"),
        Col("resources", "Int64", "", "resources sent"),
        Col("size_bytes", "Int64", "B", "bytes sent; null before Istio 1.9, which does not log sizes"),
    ),
    needs=(pushed("how many proxies each round was pushed to"),),
)

ROUND_LINES = "they are logged at level info in scope ads (--log_output_level ads:info)"
PUSH_LINES = "they are logged at level info in scopes ads and, from Istio 1.14 on, delta"
SOME_SIZES = "{} of {} push lines print no size (before Istio 1.9 only LDS lines do): `size_bytes` sums what is printed"
NO_SIZES = "this version logs no sizes (Istio 1.9 and later do)"
HIDDEN = (
    "the pushes of {:,} of {:,} rounds are not printed: they are endpoint-only, and show only with "
    "--log_output_level ads:debug,delta:debug"
)


@answers(PUSHES)
@cached_per_capture
def pushes(capture: Capture) -> pd.DataFrame:
    """Every push with the round that it belongs to, and the bounds of that statement.

    Parameters
    ----------
    capture
        Logs of a control plane. Replicas and restarts are kept apart by their run.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what is not logged; of an empty answer, why it is empty.

    Notes
    -----
    What bounds a push: no round is pushed before it starts, a proxy's rounds never go back, a proxy
    gets no round from before it connected, endpoint-only rounds push endpoints only, and a printed
    version names its round, the first time that this proxy gets it. The updates of one proxy alone are
    counted in ``pilot_push_triggers{type="proxy"}`` (``ProxyUpdate``, pilot/pkg/xds/ads.go).

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.pushes(il.load("data/seed/pilot.log"))
    >>> table["push_type"].value_counts().to_dict()
    {'request': 13, 'full': 4, 'incremental': 3}
    """
    lines = pushes_as_read(capture)
    return as_result(lines, PUSHES, lines.attrs["coverage"])


@cached_per_capture
def pushes_as_read(capture: Capture) -> pd.DataFrame:
    """The answer `pushes` in file order: row by row that of `push_lines` and of the table of the event."""
    starts, lines = push_starts(capture), push_lines(capture)
    as_read = replace(PUSHES, time="")
    if lines.empty:
        return empty_result(as_read, reason_no_lines(capture, "push line", PUSH_LINES))
    return as_result(lines, as_read, hidden_rounds(starts, lines))


@answers(ROUNDS)
@cached_per_capture
def push_rounds(capture: Capture) -> pd.DataFrame:
    """Every round: what was pushed, to how many proxies, and how long until the last one.

    The end of a round is an estimate from Istio 1.3 on: the last push that is likeliest its own.

    Parameters
    ----------
    capture
        Logs of a control plane. Replicas and restarts are kept apart by their run.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no round begins.

    Notes
    -----
    pilot/pkg/xds/ads.go (``AdsPushAll``). Requests of proxies belong to no round.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.push_rounds(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> len(table), int(table["full"].sum()), int(table["visible"].sum())
    (145, 21, 26)
    """
    starts = push_starts(capture)
    if starts.empty:
        return empty_result(ROUNDS, reason_no_lines(capture, "line that begins a round", ROUND_LINES))
    lines = push_lines(capture)
    own = lines[["round", "proxy", "size_bytes", "timestamp"]].dropna(subset=["round"])
    by_round = own.groupby("round")
    sums = by_round.agg(first_push=("timestamp", "min"), last_push=("timestamp", "max"))
    sums["pushes"] = by_round.size()
    sums["proxies"] = own.drop_duplicates(["round", "proxy"]).groupby("round")["proxy"].count()
    sums["size_bytes"] = by_round["size_bytes"].sum(min_count=1)
    table = starts.drop(columns=["push_type", "duration"]).join(sums, on="round")
    table["visible"] = visible(starts, lines)
    for name in ("pushes", "proxies"):
        table[name] = table[name].astype(COUNT).mask(table["visible"] & table[name].isna(), 0)
    table["duration"] = table["last_push"] - table["timestamp"]
    return as_result(table, ROUNDS, with_sizes(hidden_rounds(starts, lines), lines))


def visible(starts: pd.DataFrame, lines: pd.DataFrame) -> pd.Series[Any]:
    """Whether the pushes of a round would be printed, had it any.

    Full ones are, if any push is. Endpoint-only ones were at info to 1.4 (which print `endpoints`),
    and are at debug since. From 1.31 on no line tells which rounds those are.
    """
    debug = set(lines.loc[lines["level"] == "debug", "run"].unique())
    early = lines["push_type"].eq("incremental") & lines["endpoints"].notna() & lines["level"].eq("info")
    incremental = debug | set(lines.loc[early, "run"].unique())
    full = starts["full"].fillna(False).astype(bool) & starts["run"].isin(lines["run"].unique())
    nobody = starts["connected_endpoints"].eq(0).fillna(False).astype(bool)
    return full | starts["run"].isin(incremental) | nobody | starts["round"].isin(lines["round"].dropna().unique())


def hidden_rounds(starts: pd.DataFrame, lines: pd.DataFrame) -> str:
    """How many rounds' pushes the level does not print, in words; empty if it prints all."""
    hidden = int((~visible(starts, lines)).sum())
    return HIDDEN.format(hidden, len(starts)) if hidden else ""


def with_sizes(coverage: str, lines: pd.DataFrame) -> str:
    """A coverage with what is to be said of sums of `size_bytes` over push lines."""
    sizes = lines["size_bytes"].notna()
    if sizes.all():
        return coverage
    note = SOME_SIZES.format(int((~sizes).sum()), len(lines)) if sizes.any() else NO_SIZES
    return f"{coverage}; {note}" if coverage else note


@answers(FAN_OUT)
def fan_out(capture: Capture) -> pd.DataFrame:
    """Per round and xDS type: proxies pushed to and resources sent.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Rounds whose pushes the log level hides have no row. With delta xDS `resources` counts those sent,
        not those the proxy has. Empty, with the reason in ``attrs["coverage"]``, if no push belongs to a
        round.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.fan_out(il.load("data/seed/pilot.log"))
    >>> table.loc[table["round"] == 0, ["xds_type", "proxies", "resources"]].to_records(index=False).tolist()
    [('CDS', 1, 18), ('EDS', 1, 15), ('LDS', 1, 18), ('RDS', 1, 5)]
    """
    table = pushes(capture)
    coverage = table.attrs["coverage"]
    table = table.dropna(subset=["round"])
    if table.empty:
        return empty_result(FAN_OUT, coverage or reason_no_lines(capture, "push of a round", ROUND_LINES))
    keys = ["round", "xds_type"]
    groups = table.groupby(keys, observed=True)
    sums = groups[["resources", "size_bytes"]].sum(min_count=1)
    sums["pushes"] = groups.size()
    proxies = table[[*keys, "proxy"]].drop_duplicates()
    sums["proxies"] = proxies.groupby(keys, observed=True)["proxy"].count()
    return as_result(sums.reset_index(), FAN_OUT, with_sizes(coverage, table))
