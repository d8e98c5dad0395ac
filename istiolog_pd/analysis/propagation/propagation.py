"""Propagation: each push from the control plane's line to Envoy's, across two logs and two clocks."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from istiolog_pd.analysis._answer import FLAG, PROXY, PUSH_TYPE, RUN, XDS_TYPE, Answer, Col, answers
from istiolog_pd.analysis._needs import ACCESS, ADS_DEBUG, AGENT_DEBUG, PROXY_INFO, Need
from istiolog_pd.analysis._result import among, as_result, empty_result, holds, reason_no_lines
from istiolog_pd.analysis._time import parse_duration
from istiolog_pd.analysis.propagation.applied import applied, delays, taken
from istiolog_pd.analysis.propagation.clocks import (
    BOUNDS,
    line_before,
)
from istiolog_pd.analysis.propagation.nonces import (
    answered,
    passed,
    places,
    sent,
    streams_begun,
    versions,
    with_answers,
    with_nonces,
)
from istiolog_pd.analysis.propagation.sides import PILOT, side, sidecars
from istiolog_pd.analysis.propagation.updates import KEY, effects, updates
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES
from istiolog_pd.capture import Capture

PROPAGATION = Answer(
    "propagation",
    "One row per push that can be followed",
    time="sent",
    columns=(
        Col("sent", "datetime64[ns, UTC]", "UTC", "push line, by istiod's clock"),
        PROXY,
        XDS_TYPE,
        Col("delay_low", "timedelta64[ns]", "ns", "time from `sent` until Envoy had applied it, at least"),
        Col(
            "delay_high",
            "timedelta64[ns]",
            "ns",
            "time from `sent` until Envoy had applied it, at most; without the proxy's log, until it was acknowledged",
        ),
        Col(
            "exact",
            "boolean",
            "",
            "true if joined by nonce; false if by proxy, type and time, and `applied` is the most likely update; null"
            " if only the push line is in the logs",
        ),
        Col("received", "datetime64[ns, UTC]", "UTC", "received by the agent, by the proxy's clock"),
        Col(
            "applied",
            "datetime64[ns, UTC]",
            "UTC",
            "applied by Envoy, by the proxy's clock: its answer as passed on by the agent, or its own line of the "
            "update",
        ),
        Col("acknowledged", "datetime64[ns, UTC]", "UTC", "ACK line, by istiod's clock"),
        Col("nacked", "datetime64[ns, UTC]", "UTC", "NACK line, by istiod's clock"),
        Col(
            "warmed",
            "datetime64[ns, UTC]",
            "UTC",
            "last cluster warmed before the next update of clusters, by the proxy's clock",
        ),
        Col(
            "first_request",
            "datetime64[ns, UTC]",
            "UTC",
            "first access-log entry on a cluster that is new with this update, by the proxy's clock",
        ),
        PUSH_TYPE,
        Col(
            "push_version", "str", "", "version of the pushed configuration; from the answer if the push line has none"
        ),
        Col("nonce", "str", "", "nonce of the push; from the answer if the push line has none"),
        Col("clock_offset_low", "timedelta64[ns]", "ns", "the proxy's clock minus istiod's, at least"),
        Col("clock_offset_high", "timedelta64[ns]", "ns", "the proxy's clock minus istiod's, at most"),
        RUN,
        Col("source", "category", "", "log of the push line"),
        Col("line", "Int64", "", "line of the push line"),
    ),
    needs=(
        Need(
            "from push to acknowledgement, exactly: istiod's side",
            ("xds_push", "xds_ack"),
            ADS_DEBUG,
            column="nonce",
            level="debug",
        ),
        Need(
            "from push to acknowledgement, exactly: the agent's side",
            ("xds_response",),
            AGENT_DEBUG,
            component="agent",
            column="nonce",
            since="1.22",
            level="debug",
        ),
        Need("when Envoy took an update", ("cds_update", "listener_update"), PROXY_INFO, component="envoy"),
        Need("the first requests on a new cluster", ("access",), ACCESS, component="envoy"),
    ),
)

SKEW = "1s"

#: Pairs of a log and a proxy that no line has proved.
NOBODY = pd.DataFrame(columns=["log", "proxy"])

NO_SIDECAR = "no log of a sidecar is among the sources, so `received` and `applied` are not known"
WHOSE = "the proxy of {} is unknown: name it in `proxies`"
OTHERS = "{:,} of {:,} pushes go to proxies whose log is not here"
SILENT = (
    "no Envoy here prints its updates, so `applied` is not known (sidecar.istio.io/logLevel: info, or "
    "sidecar.istio.io/componentLogLevel: upstream:info)"
)
ALONE = "no answer to {:,} pushes and no update that fits them is in the logs"
BY_TIME = (
    "{:,} rows are joined by time, not by nonce: nonces show with --log_output_level ads:debug,delta:debug of istiod "
    "and xdsproxy:debug of the agent (sidecar.istio.io/agentLogLevel; delta xDS, Istio 1.22 and later)"
)
ASSUMED = "for {:,} of them no line bounds the offset of the clocks, which is taken to be {} at most"
DRIFT = "for {:,} rows the clocks drift, so the offset is bounded push by push"
NOTHING = (
    "no push can be followed: that takes the log of istiod at ads:debug,delta:debug, or beside it the log of a sidecar "
    "whose Envoy prints its updates (sidecar.istio.io/logLevel: info) or whose agent prints nonces "
    "(sidecar.istio.io/agentLogLevel: xdsproxy:debug)"
)


@answers(PROPAGATION)
def propagation(
    capture: Capture, *, proxies: Mapping[str, str] | None = None, clock_skew: str | pd.Timedelta = SKEW
) -> pd.DataFrame:
    """Each push followed from the control plane to Envoy and back, with bounds of how long it took.

    Parameters
    ----------
    capture
        Logs of a control plane at debug, or at any level with logs of sidecars.
    proxies
        The proxy of a source (``pod.namespace`` by name of the source), where neither nonces nor the lines
        or the source's name tell.
    clock_skew
        The most that two clocks are taken to differ where no line bounds it.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what is unknown and why.

    Raises
    ------
    ValueError
        If `clock_skew` is no time.

    Notes
    -----
    istiod prints nonces at debug (pilot/pkg/xds/delta.go, ads.go), the agent since 1.22
    (pkg/istio-agent/xds_proxy_delta.go). Endpoint-only pushes print none: theirs are those of the answers
    that stand between the answers to their neighbors. The offset of two clocks follows from no push being
    received before it is sent, and no answer coming before the agent passed it on. istiod prints a push line
    after the send, up to some 20 ms; the line before it about the same proxy was there before.

    `applied` is Envoy's own line: the summary of an update of clusters, the last line of a listener, at debug
    ``… accepted`` of any type (source/common/upstream/cds_api_helper.cc, source/common/listener_manager/lds_api.cc,
    source/extensions/config_subscription/grpc). Envoy answers an update of clusters only when their endpoints
    came, so the agent's line of that is an upper bound. Without nonces a push is joined with the update that is
    as many updates after the beginning of its connection, where Envoy logs every update of that type; else with
    the only one between it and the next push. At info Envoy logs nothing of an update that changes no listener:
    then `applied` is null, and so it is of a push that was lost with its connection.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.propagation(il.load("data/pair-1.30.3"))
    >>> len(table), bool(table["exact"].all()), table["delay_high"].median()
    (87, True, Timedelta('0 days 00:00:00.001445'))
    """
    skew = parse_duration(clock_skew, "clock_skew")
    lines = capture["xds_push"]
    known = [str(proxy) for proxy in lines["proxy"].unique().to_pylist() if proxy is not None]
    told = proxies or {}
    only = None
    if lines["nonce"].null_count == len(lines):
        # Then the way of a push shows only in its sidecar's log, or in its rejection.
        nacks = side(capture, "xds_nack", PILOT, "proxy")["proxy"]
        only = {*sidecars(capture, known, told, NOBODY).dropna(), *nacks.dropna()}
    pushes, total = sent(capture, only), _pushed(lines)
    if not total:
        return empty_result(PROPAGATION, reason_no_lines(capture, "push line", PUSH_LINES))
    answers = answered(capture)
    pushes = _by_nonce(capture, with_nonces(pushes, answers, streams_begun(capture)), answers)
    logs = sidecars(capture, known, told, pushes)
    shown = updates(capture, logs.dropna())
    types = pd.MultiIndex.from_frame(shown[KEY].drop_duplicates())
    followed = pushes["nonce"].notna() | pushes["nacked"].notna()
    followed |= pd.MultiIndex.from_frame(pushes[KEY]).isin(types)
    rows = pushes[followed].copy()
    if rows.empty:
        return empty_result(PROPAGATION, "; ".join(filter(None, [NOTHING, _whose(logs)])))
    rows = delays(applied(capture, rows, logs.dropna(), shown, skew), shown)
    started = pd.Series(taken(shown["started"], rows["update"].to_numpy()), rows.index)
    had = rows["received"].fillna(started).where(rows["xds_type"].eq("CDS"))
    rows = rows.join(effects(capture, logs.dropna(), rows[["proxy"]].assign(begun=had)))
    rows["push_version"] = rows["push_version"].fillna(versions(rows["nonce"]))
    ends = ["received", "applied", "acknowledged", "nacked"]
    rows["exact"] = rows["exact"].mask(rows["joined"], False).where(rows[ends].notna().any(axis=1))
    rows.loc[rows["assumed"] & ~rows["joined"], BOUNDS] = pd.NaT
    rows["run"] = rows.get("run", 0)
    here = int(pushes["proxy"].isin(set(logs.dropna())).sum())
    others = OTHERS.format(total - here, total) if len(logs) and here < total else ""
    silent = SILENT if len(logs) and shown.empty else ""
    said = [_whose(logs) if len(logs) else NO_SIDECAR, others, silent, *_joined(rows, skew)]
    return as_result(rows, PROPAGATION, "; ".join(filter(None, said)))


def _pushed(lines: pa.Table) -> int:
    """The push lines of control planes that name their proxy."""
    return int((holds(lines["component"], among(PILOT)) & lines["proxy"].is_valid().to_numpy()).sum())


def _by_nonce(capture: Capture, pushes: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """The pushes with what both sides say of their nonces."""
    pushes = with_answers(pushes.rename(columns={"timestamp": "sent"}), answers, capture)
    seen = passed(capture)
    at = places(pushes["nonce"], seen["nonce"])
    for name in ("log", "received", "answered"):
        pushes[name] = taken(seen[name], at)
    pushes["exact"] = (pushes["came_back"].notna() | pushes["received"].notna()).astype(FLAG)
    return pushes.assign(before=line_before(capture, pushes))


def _whose(logs: pd.Series[str]) -> str:
    nobody = logs.index[logs.isna()]
    return WHOSE.format(", ".join(map(str, nobody[:5])) + (" …" if len(nobody) > 5 else "")) if len(nobody) else ""


def _joined(rows: pd.DataFrame, skew: pd.Timedelta) -> list[str]:
    """What the rows are worth: not answered, joined by time, on clocks that differ or drift."""
    alone = int(rows["exact"].isna().sum())
    guessed = (rows["joined"], rows["joined"] & rows["assumed"], rows["drifts"])
    by_time, assumed, drifts = (int(column.sum()) for column in guessed)
    return [
        ALONE.format(alone) if alone else "",
        BY_TIME.format(by_time) if by_time else "",
        ASSUMED.format(assumed, str(skew).removeprefix("0 days ")) if assumed else "",
        DRIFT.format(drifts) if drifts else "",
    ]
