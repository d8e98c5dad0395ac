"""Arrivals: whether, when and where the changes of an object took effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from istiolog_pd.analysis._answer import LINE, PROXY, RUN, SOURCE, TEXT, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_DEBUG, ADS_INFO, Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import join_notes, select_columns
from istiolog_pd.analysis.proxies.connections import connections
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.analysis.pushes.rounds import hidden_rounds, visible
from istiolog_pd.analysis.timeline._clocks import followed
from istiolog_pd.analysis.timeline._rounds import decided_rounds, pushes_of, rounds_decided_by
from istiolog_pd.analysis.timeline._subject import find_subject, note_several, note_unnamed, rows_about
from istiolog_pd.capture import Capture, to_pandas

ARRIVALS = Answer(
    "arrivals",
    "One row per round that a change of the object led to and proxy that was connected, in the order of rounds",
    columns=(
        Col("decided", "datetime64[ns, UTC]", "UTC", "decision to push that names the object"),
        Col("round", "Int64", "", "round that followed, as in `push_rounds`"),
        PROXY,
        Col(
            "state",
            "category",
            "",
            "``applied``, ``rejected``, ``sent`` (no answer is logged), ``not sent`` (it needs nothing of this, or "
            "was skipped) or ``not printed`` (the level hides the pushes of this round)",
        ),
        Col("sent", "datetime64[ns, UTC]", "UTC", "last push of this round to it, by istiod's clock; null: none"),
        Col(
            "applied_low",
            "datetime64[ns, UTC]",
            "UTC",
            "all of it was applied, at the earliest (istiod's clock)",
        ),
        Col(
            "applied_high",
            "datetime64[ns, UTC]",
            "UTC",
            "all of it was applied, at the latest (istiod's clock)",
        ),
        Col("rejected", "datetime64[ns, UTC]", "UTC", "first rejection, by istiod's clock"),
        Col("error", "str", "", "text of that rejection"),
        Col(
            "certain",
            "boolean",
            "",
            "true if its pushes are of this round for certain; of ``not sent``, that none can be",
        ),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need("which decision holds a change", ("debounce",), ADS_INFO, column="config_kind", since="1.12"),
        pushed("which proxies a change was sent to"),
        Need("whether a change was applied", ("xds_ack",), ADS_DEBUG, column="nonce", level="debug"),
    ),
)

NO_ROUND = "no round follows a decision that names {}"
NOBODY = "no proxy was connected when the rounds began that follow its decisions"
NO_ANSWERS = "whether {:,} of these proxies applied it is not known, no answer is logged: " + ADS_DEBUG
APPLIED, REJECTED, SENT, NOT_SENT, NOT_PRINTED = "applied", "rejected", "sent", "not sent", "not printed"
KEYS = ["round", "proxy"]


@answers(ARRIVALS)
def arrivals(capture: Capture, object: str) -> pd.DataFrame:
    """Whether the changes of an object took effect: when, at which proxies, and where not.

    Parameters
    ----------
    capture
        Logs of a control plane; with the logs of sidecars more is known.
    object
        A Kubernetes object, as in `timeline`: ``VirtualService/shop/cart``, ``vs/shop/cart``.

    Returns
    -------
    pandas.DataFrame
        {columns}

        `source` and `line` are of the last push, or of the decision where none was sent. Empty, with the reason in
        ``attrs["coverage"]``, if no decision names the object.

    Notes
    -----
    A decision names one of the objects that it merged (picked at random by Istio): a change may be in another one
    that names more than it says. A push that is likelier of another round does not count as of this one; then
    ``not sent`` is not certain.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.arrivals(il.load("data/mesh-1.30.3/info/istiod.log.gz"), "EnvoyFilter/shop/bad-lua")
    >>> table.loc[table["round"] == 12, "state"].astype("str").value_counts().to_dict()
    {'sent': 9, 'not sent': 8, 'rejected': 4}
    """
    subject = find_subject(capture, None, object, None)
    about = rows_about(capture, subject)
    unnamed = note_unnamed(capture, about)
    rounds = rounds_decided_by(capture, about)
    if rounds.empty:
        return empty_result(ARRIVALS, join_notes(subject.reason or NO_ROUND.format(subject.name), unnamed))
    begun = _begun(capture, rounds)
    pushes = _answered(capture, pushes_of(capture, rounds))
    table = _connected(capture, begun).merge(_by_proxy(pushes), on=KEYS, how="outer")
    table = table.merge(begun, on="round", suffixes=("", "_decision"))
    if table.empty:
        return empty_result(ARRIVALS, join_notes(NOBODY, unnamed))
    table["state"] = _states(table)
    table["error"] = _errors(capture, table)
    table["certain"] = table["certain"].astype("boolean").fillna(~_possible(capture, table))
    for name in ("source", "line"):
        table[name] = table[name].fillna(table[f"{name}_decision"])
    table["run"] = table["run"].fillna(table["run_decision"])
    silent = table.loc[table["state"].eq(SENT), "proxy"].nunique()
    hidden = hidden_rounds(push_starts(capture), push_lines(capture)) if table["state"].eq(NOT_PRINTED).any() else ""
    notes = (note_several(subject), NO_ANSWERS.format(silent) if silent else "", hidden, unnamed)
    return as_result(table.sort_values(["round", "sent", "proxy"], kind="stable"), ARRIVALS, join_notes(*notes))


def _begun(capture: Capture, rounds: pd.Series[bool]) -> pd.DataFrame:
    """Each of the rounds with its decision, its start, and whether its pushes are printed."""
    starts = push_starts(capture)
    starts = starts.assign(shown=visible(starts, push_lines(capture)))[["round", "timestamp", "shown"]]
    known = decided_rounds(capture)
    known = known[known["round"].isin(rounds.index)].astype({"decision": "int64"})
    entries = capture.events.select(["timestamp", "source", "line"]).take(pa.array(known["decision"]))
    decisions = to_pandas(entries).rename(columns={"timestamp": "decided"}).set_index(known.index)
    table = known[["round", "run"]].join(decisions.astype({"source": TEXT}))
    return table.merge(starts.astype({"round": "Int64"}), on="round")


def _answered(capture: Capture, pushes: pd.DataFrame) -> pd.DataFrame:
    """The pushes with what became of each."""
    names = ["applied", "acknowledged", "nacked", "delay_low", "delay_high"]
    known = followed(capture)[["source", "line", *names]].astype({"source": TEXT, "line": "int64"})
    return pushes.astype({"source": TEXT}).merge(known, on=["source", "line"], how="left")


def _by_proxy(pushes: pd.DataFrame) -> pd.DataFrame:
    """One row per round and proxy that was pushed to: what is known of all its pushes together."""
    done = pushes["applied"].notna() | pushes["acknowledged"].notna()
    low, high = (pushes["timestamp"] + pushes[f"delay_{end}"] for end in ("low", "high"))
    groups = pushes.assign(done=done, low=low, high=high, unknown=high.isna(), certain=pushes["certain"].astype(bool))
    table = (
        groups.sort_values("row")
        .groupby(KEYS, as_index=False, sort=False)
        .agg(
            sent=("timestamp", "max"),
            done=("done", "all"),
            applied_low=("low", "max"),
            applied_high=("high", "max"),
            unknown=("unknown", "any"),
            rejected=("nacked", "min"),
            certain=("certain", "all"),
            run=("run", "last"),
            source=("source", "last"),
            line=("line", "last"),
        )
    )
    for name in ("applied_low", "applied_high"):
        table[name] = table[name].where(~table["unknown"] & table["rejected"].isna())
    return table.astype({"round": "Int64"})


def _connected(capture: Capture, begun: pd.DataFrame) -> pd.DataFrame:
    """The proxies that were connected when each round began."""
    sessions = connections(capture)[["run", "proxy", "opened", "closed"]]
    both = begun[["round", "run", "timestamp"]].astype({"run": "Int64"}).merge(sessions, on="run")
    there = ~(both["opened"] > both["timestamp"]) & ~(both["closed"] <= both["timestamp"])
    return both.loc[there, KEYS].drop_duplicates()


def _states(table: pd.DataFrame) -> pd.Series[str]:
    """What became of a round at each proxy."""
    sent = table["sent"].notna()
    conditions = [table["rejected"].notna(), sent & table["done"].eq(True), sent, ~table["shown"].astype(bool)]
    return pd.Series(np.select(conditions, [REJECTED, APPLIED, SENT, NOT_PRINTED], NOT_SENT), table.index)


def _errors(capture: Capture, table: pd.DataFrame) -> pd.Series[str]:
    """The text of each rejection."""
    lines = select_columns(capture, "xds_nack", "timestamp", "proxy", "error").drop_duplicates(["timestamp", "proxy"])
    own = pd.MultiIndex.from_frame(table[["rejected", "proxy"]])
    texts: pd.Series[str] = lines.set_index(["timestamp", "proxy"])["error"].astype(TEXT)
    return texts.reindex(own).set_axis(table.index)


def _possible(capture: Capture, table: pd.DataFrame) -> pd.Series[bool]:
    """Whether any push to each proxy can be of its round."""
    lines = push_lines(capture)
    lines = lines.loc[lines["proxy"].isin(set(table["proxy"])), ["proxy", "round_first", "round_last"]].dropna()
    wanted = np.unique(table["round"].to_numpy(np.int64))
    first = np.searchsorted(wanted, lines["round_first"].to_numpy(np.int64))
    last = np.searchsorted(wanted, lines["round_last"].to_numpy(np.int64), side="right")
    many = np.maximum(last - first, 0)
    which = np.repeat(first, many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    pairs = pd.MultiIndex.from_arrays([wanted[which], np.repeat(lines["proxy"].to_numpy(), many)])
    own = pd.MultiIndex.from_arrays([table["round"].to_numpy(np.int64), table["proxy"].to_numpy()])
    return pd.Series(own.isin(pairs), table.index) | ~table["shown"].astype(bool)
