"""Push waves: one round followed through all its proxies, from the first to the last."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import COUNT, PROXY, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes
from istiolog_pd.analysis._time import parse_duration
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.analysis.pushes._wave_rows import (
    bound_rounds,
    merged_proxies,
    place_pushes,
    rows_of_proxies,
    sum_rounds,
)
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES, ROUND_LINES, hidden_rounds, visible, with_sizes
from istiolog_pd.capture import Capture

WAVES = Answer(
    "push_waves",
    "One row per round",
    time="timestamp",
    columns=(
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "start of the round"),
        Col("round", "Int64", "", "number of the round, as in `push_rounds`"),
        Col("full", "boolean", "", "full push; null from Istio 1.31 on, which logs only `forced`"),
        Col("forced", "boolean", "", "push to all proxies, as logged from Istio 1.31 on"),
        Col("proxies", "Int64", "", "proxies most likely pushed to"),
        Col("proxies_low", "Int64", "", "proxies pushed to, at least"),
        Col("proxies_high", "Int64", "", "proxies pushed to, at most"),
        Col("first", "timedelta64[ns]", "ns", "time from the start to the first proxy"),
        Col("median", "timedelta64[ns]", "ns", "time until half of the proxies had their last push"),
        Col("p95", "timedelta64[ns]", "ns", "time until 95 % of the proxies had their last push"),
        Col("last", "timedelta64[ns]", "ns", "time until the last proxy had its last push"),
        Col(
            "last_low",
            "timedelta64[ns]",
            "ns",
            "least possible `last`; null if no push certainly belongs to this round",
        ),
        Col("last_high", "timedelta64[ns]", "ns", "greatest possible `last`"),
        Col("slowest", "str", "", "last proxy"),
        Col("pushes", "Int64", "", "pushes of the round"),
        Col("size_bytes", "Int64", "B", "bytes pushed, as far as sizes are logged"),
        Col("overtaken", "Int64", "", "proxies that were pushed to only after the next round had begun"),
        Col("merged_low", "Int64", "", "proxies whose push also covers the round before, at least"),
        Col("merged_high", "Int64", "", "proxies whose push also covers the round before, at most"),
        Col("stragglers", "Int64", "", "proxies pushed to later than `late`"),
        Col("stragglers_low", "Int64", "", "stragglers, at least"),
        Col("stragglers_high", "Int64", "", "stragglers, at most"),
        Col(
            "visible", "boolean", "", "false if the log level hides the pushes of this round; its counts are then null"
        ),
        Col("connected_endpoints", "Int64", "", "ADS connections of this replica"),
        Col("push_version", "str", "", "version of the pushed configuration"),
        RUN,
        SOURCE,
    ),
    needs=(pushed("when pushes were sent to each proxy"),),
)

WAVE = Answer(
    "push_wave",
    "One row per proxy with a push that most likely belongs to this round",
    columns=(
        Col("place", "Int64", "", "position of the proxy in the order of arrival, from 1"),
        PROXY,
        Col("begun", "timedelta64[ns]", "ns", "from the start of the round to the first push"),
        Col("done", "timedelta64[ns]", "ns", "from the start of the round to the last push"),
        Col("done_low", "timedelta64[ns]", "ns", "least possible `done`"),
        Col("done_high", "timedelta64[ns]", "ns", "greatest possible `done`"),
        Col("order", "str", "", "xDS types in the order pushed"),
        Col("pushes", "Int64", "", "pushes to this proxy"),
        Col("resources", "Int64", "", "resources sent"),
        Col("size_bytes", "Int64", "B", "bytes sent, as far as sizes are logged"),
        Col("overtaken", "boolean", "", "true if it was pushed to only after the next round had begun"),
        Col("straggler", "boolean", "", "true if it was pushed to later than `late`"),
        Col("certain", "boolean", "", "true if none of these pushes can belong to another round, or to none"),
        Col("round", "Int64", "", "number of the round"),
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "start of the round"),
        RUN,
        SOURCE,
    ),
    needs=(pushed("when each proxy had a push"),),
)

LATE = "1s"
SENT = "times are when istiod had sent a push: when the proxy received and applied it is in `propagation`"
#: What is summed up of a proxy in a round; sizes and resources are null where none is printed.
COUNTED = ("proxies", "proxies_low", "proxies_high", "overtaken", "stragglers", "stragglers_low", "stragglers_high")


@answers(WAVES)
def push_waves(capture: Capture, *, late: str | pd.Timedelta = LATE) -> pd.DataFrame:
    """Every round as a wave through its proxies: when the first, half, 95 % and the last had it.

    A proxy has a round when the last of its types is sent; times count from the round's start. No line
    names the round of a push, so `first` to `last`, `overtaken` and `stragglers` hold for the likeliest
    round of each push, and the columns that end in `low` and `high` bound what is true.

    Parameters
    ----------
    capture
        Logs of a control plane. Several replicas are kept apart by their run.
    late
        A proxy that has a round later than this after its start is a straggler of it.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no round begins.

    Raises
    ------
    ValueError
        If `late` is no time.

    Notes
    -----
    From Istio 1.3 on (pilot/pkg/xds/pushqueue.go) a proxy that still waits when the next round starts
    gets one push for both. How many those are is printed as ``Starting new push while N were still
    pending``: at level info in 1.3, at debug later; then `merged_low` and `merged_high` are N.
    A time says when istiod had handed the last type to the proxy's stream, not when Envoy used it: that
    is `propagation`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.push_waves(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> wave = table.set_index("round").loc[7]
    >>> int(wave["proxies"]), wave["first"] <= wave["median"] <= wave["last"] <= wave["last_high"]
    (32, True)
    """
    starts, lines = _lines(capture)
    if starts.empty:
        return empty_result(WAVES, reason_no_lines(capture, "line that begins a round", ROUND_LINES))
    threshold = parse_duration(late, "late")
    placed = place_pushes(lines)
    rows = rows_of_proxies(starts, placed, threshold)
    table = starts.drop(columns=["push_type", "duration"]).assign(visible=visible(starts, lines))
    table = table.join(sum_rounds(rows), on="round").join(bound_rounds(starts, placed, threshold), on="round")
    table = table.join(merged_proxies(capture, starts, placed), on="round")
    shown = table["visible"].astype(bool)
    for name in (*COUNTED, "pushes"):
        table[name] = table[name].astype(COUNT).fillna(0).where(shown)
    for name in ("last_high", "merged_low", "merged_high"):
        table[name] = table[name].where(shown)
    return as_result(table, WAVES, join_notes(with_sizes(hidden_rounds(starts, lines), lines), SENT))


@answers(WAVE)
def push_wave(capture: Capture, round_id: int, *, late: str | pd.Timedelta = LATE) -> pd.DataFrame:
    """One round, proxy by proxy, in the order in which they had it.

    Parameters
    ----------
    capture
        Logs of a control plane.
    round_id
        Its number, as in `push_waves` and `push_rounds`.
    late
        A proxy that has the round later than this after its start is a straggler.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if nobody was pushed to or the log level hides
        its pushes.

    Raises
    ------
    ValueError
        If there is no such round, or `late` is no time.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.push_wave(il.load("data/seed/pilot.log"), 0)
    >>> table[["place", "order", "pushes"]].to_records(index=False).tolist()
    [(1, 'CDS EDS RDS LDS', 4)]
    """
    starts, lines = _lines(capture)
    if starts.empty:
        return empty_result(WAVE, reason_no_lines(capture, "line that begins a round", ROUND_LINES))
    if round_id not in starts["round"].to_numpy():
        raise ValueError(f"there is no round {round_id}: rounds are 0 to {len(starts) - 1}")
    rows = rows_of_proxies(starts, place_pushes(lines), parse_duration(late, "late"))
    rows = rows[rows["round"] == round_id]
    if rows.empty:
        hidden = not visible(starts, lines).loc[starts["round"] == round_id].all()
        reason = f"round {round_id} was pushed to no proxy"
        why = reason_no_lines(capture, "push of this round", PUSH_LINES) if hidden else reason
        return empty_result(WAVE, why)
    own = lines[lines["round"].eq(round_id)]
    types = (
        own["xds_type"]
        .astype(object)
        .groupby(own["proxy"], sort=False)
        .agg(lambda names: " ".join(dict.fromkeys(names)))
    )
    rows = rows.join(types.rename("order"), on="proxy").sort_values(["done", "proxy"], kind="stable")
    rows = rows.assign(place=np.arange(1, len(rows) + 1))
    return as_result(rows.join(starts.set_index("round")["timestamp"], on="round"), WAVE, SENT)


def _lines(capture: Capture) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The starts of rounds, and the pushes of rounds in file order."""
    starts = push_starts(capture)
    return starts, push_lines(capture) if len(starts) else starts
