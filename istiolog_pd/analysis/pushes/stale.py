"""Which proxies were behind at a time, and by how many rounds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import PROXY, RUN, SOURCE, TIME, Answer, Col, answers
from istiolog_pd.analysis._intervals import Bools, Ints
from istiolog_pd.analysis._needs import ADS_DEBUG, Need, pushed
from istiolog_pd.analysis._result import as_result, as_text, control_plane_rows, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes
from istiolog_pd.analysis.propagation.nonces import ANSWERS, NONE, answered, streams_begun, with_answers, with_nonces
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES, hidden_rounds, pushes_as_read, visible
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
    table = pushes_as_read(capture)
    if table.empty:
        return empty_result(STALE, str(table.attrs["coverage"]) or reason_no_lines(capture, "push line", PUSH_LINES))
    moment = table["timestamp"].max() if at is None else pd.Timestamp(at)
    if pd.isna(moment):
        raise ValueError(f"stale_proxies asks about a time, not {at!r}")
    moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    starts, lines = push_starts(capture), push_lines(capture)
    seen = starts[visible(starts, lines) & starts["connected_endpoints"].ne(0)]
    begun = seen.loc[seen["timestamp"] <= moment, ["run", "round", "timestamp"]]
    table = _answered(capture, table.assign(push_version=lines["push_version"]))
    lived = table.groupby("run")["timestamp"].agg(["min", "max"])
    running = lived.index[(lived["min"] <= moment) & (lived["max"] >= moment)]
    told = "" if table["acknowledged"].notna().any() else NO_ACKS
    found = [_behind(table[table["run"] == run], begun[begun["run"] == run], moment) for run in running]
    rows = pd.concat(found) if found else pd.DataFrame()
    if len(rows):
        rows = rows[~pd.MultiIndex.from_frame(rows[["run", "proxy"]]).isin(_gone(capture, table, moment))]
    if rows.empty:
        return empty_result(STALE, NOBODY.format(f"{moment:%Y-%m-%d %H:%M:%S} UTC"))
    rows = rows.sort_values(["behind_low", "behind_high", "proxy"], ascending=[False, False, True])
    return as_result(rows.assign(at=moment), STALE, join_notes(told, hidden_rounds(starts, lines)))


def _gone(capture: Capture, table: pd.DataFrame, moment: pd.Timestamp) -> pd.Index:
    """The proxies whose connection had ended, with its run: nothing was sent to them after that."""
    ends = control_plane_rows(capture, "connection_close", ["run", "proxy", "timestamp"]).dropna()
    last = ends[ends["timestamp"] <= moment].groupby(["run", "proxy"])["timestamp"].max()
    own = table[(table["timestamp"] <= moment) & table["proxy"].isin(set(ends["proxy"]))]
    sent = own.groupby(["run", "proxy"])["timestamp"].max().reindex(last.index)
    return last.index[~(sent > last)]


def _answered(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """The pushes to a proxy with what the control plane printed of their answers: `acknowledged` and `nacked`."""
    own = table["proxy"].notna() & table["timestamp"].notna()
    table = table[own]
    if not any(event in capture for event in ANSWERS):
        never = pd.Series(pd.NaT, table.index, TIME)
        return table.assign(acknowledged=never, nacked=never)
    lines = push_lines(capture)[["row", "timestamp", "run", "proxy", "xds_type"]]
    lines = lines.assign(proxy=as_text(lines["proxy"]), xds_type=as_text(lines["xds_type"]))
    nonces = control_plane_rows(capture, "xds_push", ["nonce"])["nonce"]
    answers = answered(capture)
    lines = lines.astype({"row": np.int64}).assign(nonce=nonces)[own.to_numpy()].reset_index(drop=True)
    lines = with_nonces(lines, answers, streams_begun(capture)).rename(columns={"timestamp": "sent"})
    lines = with_answers(lines, answers, capture)
    return table.assign(acknowledged=lines["acknowledged"].array, nacked=lines["nacked"].array)


def _behind(table: pd.DataFrame, begun: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """The rounds that each proxy of a process lacked; `begun`: all rounds that had begun."""
    numbers = begun["round"].to_numpy(np.int64)
    newest = numbers[-1] if len(numbers) else NONE
    sent = (table["timestamp"] <= moment).to_numpy(bool)
    placed = (table["round_first"].notna() & table["round"].notna()).to_numpy(bool)
    first, last = (table[name].fillna(NONE).to_numpy(np.int64) for name in ("round_first", "round_last"))
    came, refused = (table[name].le(moment).to_numpy(bool) for name in ("acknowledged", "nacked"))
    code, proxies = pd.factorize(table["proxy"])
    # An update of this proxy alone tells of no round, unless it prints the version that it has.
    sure = placed & (table["certain"].fillna(False) | table["push_version"].notna()).to_numpy(bool)
    has = _most(first, code, sent & sure & came, len(proxies))
    later = ~sent & sure & (last <= newest)
    # What it got of that type after the rejection it may have accepted.
    of_type = pd.DataFrame({"code": code, "type": table["xds_type"].cat.codes.to_numpy(), "sent": sent})
    refused = refused & ~of_type.duplicated(keep="last").to_numpy() & sent & sure & (last > has[code])
    waiting = sent & sure & table["acknowledged"].gt(moment).to_numpy(bool) & (first > has[code])
    lacks = pd.DataFrame({"code": code, "round": table["round"].to_numpy()})[later | refused | waiting]
    lacks = lacks.drop_duplicates().groupby("code")["round"].agg(["size", "min"]).reindex(range(len(proxies)))
    low = lacks["size"].fillna(0).to_numpy(np.int64)
    # If its next push is of a later round nothing was waiting: at most what was sent to it and had no answer.
    following = np.flatnonzero(~sent & placed)[::-1]
    next_first = np.full(len(proxies), NONE)
    next_first[code[following]] = first[following]
    knows = np.bincount(code[table["acknowledged"].notna().to_numpy()], minlength=len(proxies)) > 0
    pushed = _most(last, code, sent & placed, len(proxies))
    until = np.where((next_first > newest) & knows, pushed, newest)
    after = np.searchsorted(numbers, has, "right")
    possible = np.maximum(np.searchsorted(numbers, until, "right") - after, 0)
    missing = np.where(low > 0, np.searchsorted(numbers, lacks["min"].fillna(NONE).to_numpy(np.int64)), after)
    known = ((low > 0) | (possible > 0)) & (missing < len(numbers))
    steps = [(later, LATER), (refused, REJECTED), (waiting, OPEN)]
    why = np.select(
        [*(np.bincount(code[rows], minlength=len(proxies)) > 0 for rows, _ in steps), possible > 0],
        [*(name for _, name in steps), NOT_TOLD],
        "",
    )
    rows = pd.DataFrame(
        {
            "proxy": proxies,
            "run": table["run"].iloc[0],
            "source": table["source"].iloc[0],
            "round": pd.array(has, "Int64"),
            "behind_low": low,
            "behind_high": np.maximum(possible, low),
            "since": begun["timestamp"].array.take(np.where(known, missing, NONE), allow_fill=True),
            "reason": pd.Series(why, dtype=object),
        }
    )
    rows = rows.assign(round=rows["round"].mask(rows["round"] < 0), reason=rows["reason"].mask(rows["reason"] == ""))
    return rows[_first_sent(sent, code, len(proxies))]


def _most(values: Ints, code: Ints, which: Bools, size: int) -> Ints:
    """The largest of some values of each code; `NONE` if there is none."""
    most = np.full(size, NONE)
    np.maximum.at(most, code[which], values[which])
    return most


def _first_sent(sent: Bools, code: Ints, size: int) -> Bools:
    """Whether the first push of each code is among those sent."""
    first = np.zeros(size, np.bool_)
    first[code[::-1]] = sent[::-1]
    return first
