"""Push rounds, and the round that each push belongs to.

A round is one merged change pushed to all connections; it begins with the line ``XDS: Pushing ...``.
No line names the round of a push (but for versions, where they are printed), and from Istio 1.3 on
rounds overlap and merge per proxy. So each push gets the likeliest round, and the earliest and the
latest that it can belong to.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd.analysis._result import (
    COUNT,
    FLAG,
    SPAN,
    TEXT,
    TIME,
    WORD,
    Shape,
    cannot,
    no_lines,
    remembered,
    shaped,
)
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.capture import Capture

ROUNDS: Shape = {
    "round": COUNT,
    "timestamp": TIME,
    "push_version": TEXT,
    "full": FLAG,
    "forced": FLAG,
    "connected_endpoints": COUNT,
    "pushes": COUNT,
    "proxies": COUNT,
    "size_bytes": COUNT,
    "first_push": TIME,
    "last_push": TIME,
    "duration": SPAN,
    "visible": FLAG,
    "run": COUNT,
    "debounce_id": COUNT,
    "source": TEXT,
    "line": COUNT,
}

PUSHES: Shape = {
    "line": COUNT,
    "source": TEXT,
    "timestamp": TIME,
    "proxy": TEXT,
    "xds_type": WORD,
    "push_type": WORD,
    "resources": COUNT,
    "size_bytes": COUNT,
    "round": COUNT,
    "round_first": COUNT,
    "round_last": COUNT,
    "run": COUNT,
    "inferred": FLAG,
    "certain": FLAG,
}

FAN_OUT: Shape = {
    "round": COUNT,
    "xds_type": WORD,
    "proxies": COUNT,
    "pushes": COUNT,
    "resources": COUNT,
    "size_bytes": COUNT,
}

ROUND_LINES = "they are printed at level info in scope ads (--log_output_level ads:info)"
PUSH_LINES = "they are printed at level info in scopes ads and, from Istio 1.14 on, delta"
SOME_SIZES = "{} of {} push lines print no size (before Istio 1.9 only LDS lines do): `size_bytes` sums what is printed"
NO_SIZES = "this version prints no sizes (Istio 1.9 and later do)"
HIDDEN = (
    "the pushes of {} of {} rounds are not printed: they are endpoint-only, and show only with "
    "--log_output_level ads:debug,delta:debug"
)


@remembered
def pushes(capture: Capture) -> pd.DataFrame:
    """Every push with the round that it belongs to, and the bounds of that statement.

    Parameters
    ----------
    capture
        Logs of a control plane. Replicas and restarts are kept apart by their run.

    Returns
    -------
    pandas.DataFrame
        One row per push line, in file order: `line` (Int64), `source`, `proxy` (str), `timestamp`
        (datetime64[ns, UTC]), `xds_type`, `push_type` (category), `resources`, `size_bytes`
        (Int64, bytes); `push_type` is ``full``, ``incremental``, ``request`` (the proxy asked) or
        ``proxy`` (its own update: its pod or WorkloadEntry changed, or endpoints were forced because its
        clusters wait; to this proxy alone); `round`: the likeliest round (Int64; null for a push that a
        proxy asked for, for its own update, and for one of a round that began before the log did),
        `round_first` and `round_last`: the earliest and the latest that it can belong to (with a null
        `round`: if it is of one after all); `run` (Int64); `inferred` (boolean): `push_type` is not
        printed. No line says that a push is its proxy's own, so it was taken for one because the round
        had been pushed to this proxy already, or had long been done everywhere; and before 1.10 none
        says that it was asked for: it followed a request or a new connection of this proxy, came after
        the round had finished, or sent a type again in one round; `certain` (boolean): only one round is
        possible.
        ``attrs["coverage"]`` says what is not printed; of an empty answer, why it is empty.

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
    starts, lines = push_starts(capture), push_lines(capture)
    if lines.empty:
        return cannot(PUSHES, no_lines(capture, "push line", PUSH_LINES))
    return shaped(lines, PUSHES, hidden_rounds(starts, lines))


@remembered
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
        One row per round, in file order: `round` (from 0), `timestamp` (its start), `first_push`,
        `last_push` (datetime64[ns, UTC]); `push_version` (str); `full`, `forced` (boolean; from 1.31
        on only `forced`); `connected_endpoints` (ADS connections of this replica), `pushes`,
        `proxies`, `size_bytes` (Int64); `duration` from the start to the last push
        (timedelta64[ns]); `visible` (boolean): false where the level prints none of its pushes, and
        then all that is counted is null; `debounce_id`: the decision it came from; `run`, `line`
        (Int64); `source` (str). Empty with the reason in ``attrs["coverage"]`` if no round begins.

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
        return cannot(ROUNDS, no_lines(capture, "line that begins a round", ROUND_LINES))
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
    return shaped(table, ROUNDS, with_sizes(hidden_rounds(starts, lines), lines))


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


def fan_out(capture: Capture) -> pd.DataFrame:
    """Per round and xDS type: proxies reached and resources sent.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        One row per round and type that was pushed: `round` (Int64), `xds_type` (category),
        `proxies`, `pushes`, `resources`, `size_bytes` (Int64; bytes, null where they are not
        printed, before 1.9). Rounds whose pushes the level does not print have no row. With delta
        xDS `resources` are those sent, not those the proxy has.
        Empty with the reason in ``attrs["coverage"]`` if no push belongs to a round.

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
        return cannot(FAN_OUT, coverage or no_lines(capture, "push of a round", ROUND_LINES))
    keys = ["round", "xds_type"]
    groups = table.groupby(keys, observed=True)
    sums = groups[["resources", "size_bytes"]].sum(min_count=1)
    sums["pushes"] = groups.size()
    proxies = table[[*keys, "proxy"]].drop_duplicates()
    sums["proxies"] = proxies.groupby(keys, observed=True)["proxy"].count()
    return shaped(sums.reset_index(), FAN_OUT, with_sizes(coverage, table))
