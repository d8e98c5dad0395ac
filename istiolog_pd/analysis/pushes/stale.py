"""Which proxies were behind at a time, and by how many rounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import PROXY, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_DEBUG, Need, pushed
from istiolog_pd.analysis._result import as_result, control_plane_rows, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes
from istiolog_pd.analysis.propagation.propagation import propagation
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES, hidden_rounds, pushes, visible
from istiolog_pd.capture import Capture

STALE = Answer(
    "stale_proxies",
    "One row per connected proxy that was pushed to before that time, those surely behind first",
    columns=(
        PROXY,
        Col("at", "datetime64[ns, UTC]", "UTC", "time that is asked about"),
        Col("round", "Int64", "", "latest round it surely has; null if no line says that it acknowledged one"),
        Col("behind_low", "Int64", "", "rounds it lacks, at least"),
        Col("behind_high", "Int64", "", "rounds it lacks, at most"),
        Col("since", "datetime64[ns, UTC]", "UTC", "start of the first round that it lacks, or may lack"),
        Col(
            "reason", "category", "", "``sent later``, ``not acknowledged``, ``rejected`` or ``not told``; null if none"
        ),
        RUN,
        SOURCE,
    ),
    needs=(
        pushed("which proxies were stale"),
        Need("what each proxy had acknowledged", ("xds_ack",), ADS_DEBUG, column="nonce", level="debug"),
    ),
)

NO_ACKS = "no acknowledgement is printed at this level, so what a proxy surely has is not known: " + ADS_DEBUG
NOBODY = "no proxy had been pushed to at {}"
LATER, OPEN, REJECTED, NOT_TOLD = "sent later", "not acknowledged", "rejected", "not told"


@answers(STALE)
def stale_proxies(capture: Capture, *, at: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """Which proxies were behind at a time: the rounds that each lacked, at least and at most.

    Parameters
    ----------
    capture
        Logs of a control plane.
    at
        A time (UTC if it names no zone). None: that of the last push.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Only rounds whose pushes the log level shows count. Empty, with the reason in ``attrs["coverage"]``, if
        no proxy had been pushed to.

    Raises
    ------
    ValueError
        If `at` is no time.

    Notes
    -----
    A proxy lacks what was sent to it later though the round had begun, and what it had not acknowledged (istiod
    prints that at debug). If its next push is of a round that began after the time, none was waiting. A round
    that has nothing for a proxy is not sent to it, and no line says so: until the next push it may lack that.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> capture = il.load("data/mesh-1.30.3/sotw-debug/istiod.log.gz")
    >>> table = il.analysis.stale_proxies(capture, at="2026-11-30T13:16:35")
    >>> table.loc[table["behind_low"] > 0, ["proxy", "behind_low", "reason"]].to_records(index=False).tolist()
    [('cart-5f6b7c8d9-x2k4p.shop', 1, 'not acknowledged')]
    """
    table = pushes(capture)
    if table.empty:
        return empty_result(STALE, str(table.attrs["coverage"]) or reason_no_lines(capture, "push line", PUSH_LINES))
    moment = table["timestamp"].max() if at is None else pd.Timestamp(at)
    if pd.isna(moment):
        raise ValueError(f"stale_proxies asks about a time, not {at!r}")
    moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    starts, lines = push_starts(capture), push_lines(capture)
    seen = starts[visible(starts, lines) & starts["connected_endpoints"].ne(0)]
    table = _answered(capture, table.assign(push_version=lines["push_version"]))
    lived = table.groupby("run")["timestamp"].agg(["min", "max"])
    running = lived.index[(lived["min"] <= moment) & (lived["max"] >= moment)]
    gone = _gone(capture, table, moment)
    rows = [
        {"proxy": proxy, "at": moment, "run": run, "source": own["source"].iloc[0], **found}
        for run in running
        for proxy, own, found in _of_run(table[table["run"] == run], seen[seen["run"] == run], moment)
        if (run, proxy) not in gone
    ]
    told = "" if table["acknowledged"].notna().any() else NO_ACKS
    coverage = join_notes(told, hidden_rounds(starts, lines))
    if not rows:
        return empty_result(STALE, NOBODY.format(f"{moment:%Y-%m-%d %H:%M:%S} UTC"))
    found = pd.DataFrame(rows).sort_values(["behind_low", "behind_high", "proxy"], ascending=[False, False, True])
    return as_result(found.assign(since=pd.to_datetime(found["since"], utc=True)), STALE, coverage)


def _gone(capture: Capture, table: pd.DataFrame, moment: pd.Timestamp) -> set[tuple[int, str]]:
    """The proxies whose connection had ended, with its run: nothing was sent to them after that."""
    ends = control_plane_rows(capture, "connection_close", ["run", "proxy", "timestamp"]).dropna()
    last = ends[ends["timestamp"] <= moment].groupby(["run", "proxy"])["timestamp"].max()
    sent = table[table["timestamp"] <= moment].groupby(["run", "proxy"])["timestamp"].max().reindex(last.index)
    return set(last.index[~(sent > last)])


def _answered(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """The pushes with what the control plane printed of their answers: `acknowledged` and `nacked`."""
    own = propagation(capture)[["run", "source", "line", "acknowledged", "nacked"]]
    return table.merge(own, on=["run", "source", "line"], how="left")


def _of_run(
    table: pd.DataFrame, rounds: pd.DataFrame, moment: pd.Timestamp
) -> Iterator[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """What each proxy of a process lacked."""
    begun = rounds[rounds["timestamp"] <= moment]
    numbers, times = begun["round"].to_numpy(np.int64), begun["timestamp"].array
    for proxy, own in table.dropna(subset=["proxy", "timestamp"]).groupby("proxy", sort=False):
        if own["timestamp"].iloc[0] <= moment:
            yield str(proxy), own, _behind(own, numbers, times, moment)


def _behind(own: pd.DataFrame, numbers: Any, times: Any, moment: pd.Timestamp) -> dict[str, Any]:
    """The rounds that one proxy lacked; `numbers` and `times`: all that had begun."""
    newest = numbers[-1] if len(numbers) else -1
    sent = own["timestamp"] <= moment
    placed = own["round_first"].notna() & own["round"].notna()
    # An update of this proxy alone tells of no round, unless it prints the version that it has.
    sure = placed & (own["certain"] | own["push_version"].notna())
    later = own[~sent & sure & own["round_last"].le(newest).fillna(False)]
    answered = own["acknowledged"] <= moment
    has = own.loc[sent & sure & answered, "round_first"].max()
    has = -1 if pd.isna(has) else int(has)
    knows = own["acknowledged"].notna().any()
    # What it got of that type after the rejection it may have accepted.
    newest_of_type = ~own["xds_type"].where(sent).duplicated(keep="last") & sent
    refused = own[newest_of_type & sure & own["nacked"].le(moment) & own["round_last"].gt(has).fillna(False)]
    waiting = own[sent & sure & own["acknowledged"].gt(moment) & own["round_first"].gt(has).fillna(False)]
    lacks = set(later["round"]) | set(refused["round"]) | set(waiting["round"])
    following = own.loc[~sent & placed]
    pushed = own.loc[sent & placed, "round_last"].max()
    if len(following) and following["round_first"].iloc[0] > newest and knows:
        # Nothing was waiting: at most what was sent to it and had no answer.
        possible = numbers[(numbers > has) & (numbers <= (-1 if pd.isna(pushed) else pushed))]
    else:
        possible = numbers[numbers > has]
    missing = sorted(lacks) or possible.tolist()
    reason = LATER if len(later) else REJECTED if len(refused) else OPEN if len(waiting) else None
    return {
        "round": has if has >= 0 else None,
        "behind_low": len(lacks),
        "behind_high": max(len(possible), len(lacks)),
        "since": times[int(np.searchsorted(numbers, missing[0]))] if missing and len(numbers) else pd.NaT,
        "reason": reason or (NOT_TOLD if len(possible) else None),
    }
