"""A timeline: every entry about a proxy, an object or an address, of all sources in one order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd.analysis._answer import LINE, RUN, SOURCE, SPAN, TEXT, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, PROXY_INFO, Need
from istiolog_pd.analysis._result import as_result, empty_result, rows_where
from istiolog_pd.analysis._select import Bools, Ints, join_notes, log_of_runs
from istiolog_pd.analysis._time import moment
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.pushes._events import push_lines
from istiolog_pd.analysis.timeline._clocks import clock_offsets, followed, followed_of
from istiolog_pd.analysis.timeline._rounds import FOUND, answers_to, of_rounds, pushes_of, rounds_decided_by
from istiolog_pd.analysis.timeline._subject import (
    Subject,
    find_subject,
    note_several,
    note_unnamed,
    rows_about,
)
from istiolog_pd.analysis.timeline._texts import texts_of
from istiolog_pd.capture import Capture, Time, to_pandas

TIMELINE = Answer(
    "timeline",
    "One row per entry, in the order of time; at the same time in file order",
    columns=(
        Col(
            "time",
            "datetime64[ns, UTC]",
            "UTC",
            "time of the entry by the control plane's clock: its own time minus `clock_offset`; of an entry that "
            "prints none, that of the entry before it",
        ),
        Col("component", "category", "", "what wrote it: ``pilot``, ``agent``, ``envoy``, …"),
        Col("source", "category", "", SOURCE.meaning),
        Col("source_pod", "category", "", "pod that the log is of; null where neither wrapper nor path names it"),
        Col("event", "category", "", "event"),
        Col("proxy", "str", "", "proxy that it is about, as pod.namespace; null: not about one"),
        Col("what", "str", "", "what it says, in one line"),
        Col("round", "Int64", "", "round that it belongs to, as in `push_rounds`; null: none, or not known"),
        Col(
            "certain",
            "boolean",
            "",
            "true if what it is about, and its round, is certain; false if the round, or the push that it is of, is "
            "only the most likely",
        ),
        Col("clock_offset", "timedelta64[ns]", "ns", "what was taken off the entry's own time; null: not known, so 0"),
        Col("clock_offset_low", "timedelta64[ns]", "ns", "its log's clock minus the control plane's, at least"),
        Col("clock_offset_high", "timedelta64[ns]", "ns", "its log's clock minus the control plane's, at most"),
        RUN,
        LINE,
    ),
    needs=(
        Need("what happened to a proxy or an object: istiod's side", ("debounce", "xds_push"), ADS_INFO),
        Need(
            "what happened to a proxy: its own side",
            ("xds_connected", "cds_update", "listener_update"),
            PROXY_INFO,
            component="agent",
            rare=True,
        ),
    ),
)

ZERO = pd.Timedelta(0)
NOTHING = "no entry is of that time"
MOVED = "the entries of {} are moved by the offset of their clock, {} to {}"
AGREE = "the clocks of {} can agree with the control plane's, so their entries are not moved"
UNBOUNDED = "nothing bounds the offset of the clock of {}, so their entries are not moved"


@answers(TIMELINE)
def timeline(
    capture: Capture,
    *,
    proxy: str | None = None,
    object: str | None = None,
    address: str | None = None,
    start: Time = None,
    end: Time = None,
) -> pd.DataFrame:
    """Every entry about one proxy, object or address, of all replicas, agents and Envoys, in one order.

    Parameters
    ----------
    capture
        Logs of any kind.
    proxy
        A proxy, as ``pod.namespace``, or the pod alone where only one namespace has it: its own log, and the
        lines of control planes about it, with the decisions and starts of the rounds that it got.
    object
        A Kubernetes object, as ``VirtualService/shop/cart`` (``vs/shop/cart`` and ``vs/cart`` do too): the lines
        that name it, the rounds that it led to, their pushes, and what became of each. To istiod a service is
        a ServiceEntry with its host for a name; ``Service/shop/cart`` finds it.
    address
        An IP address, with a port or without, a host of a service, or an Envoy cluster.
    start, end
        Only entries of this time on, and before this time (UTC if it has no zone), by the control plane's clock.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Without proxy, object or address: every entry. ``attrs["coverage"]`` says what was done about clocks, and
        of an empty table why it is: what matches nothing, and which names are near.

    Raises
    ------
    ValueError
        If more than one of proxy, object and address is given, or a time is none.

    Notes
    -----
    The offset of a sidecar's clock is bounded as in `propagation`: no push is received before it is sent. What is
    applied is the smallest offset that the bounds allow, so clocks that can agree are left alone.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> capture = il.load("data/mesh-1.30.3/info/istiod.log.gz")
    >>> table = il.analysis.timeline(capture, object="EnvoyFilter/shop/bad-lua")
    >>> table.loc[:2, ["event", "round"]].to_numpy().tolist()
    [['debounce', 12], ['push_start', 12], ['xds_push', 12]]
    """
    subject = find_subject(capture, proxy, object, address)
    bounds = moment(start), moment(end)
    about = rows_about(capture, subject)
    unnamed = note_unnamed(capture, about) if subject.kind == "object" else ""
    if subject.reason:
        return empty_result(TIMELINE, join_notes(subject.reason, unnamed))
    found = _found(capture, subject, about)
    if found.empty:
        return empty_result(TIMELINE, "the logs hold no entry")
    table, said = _placed(capture, found)
    for bound, keep in zip(bounds, (table["time"].ge, table["time"].lt), strict=True):
        table = table if bound is None else table[keep(bound).reindex(table.index)]
    if table.empty:
        return empty_result(TIMELINE, join_notes(NOTHING, *said))
    rows = table["row"].to_numpy()
    table = table.assign(what=texts_of(capture, rows).to_numpy()[np.searchsorted(np.sort(rows), rows)])
    return as_result(table, TIMELINE, join_notes(note_several(subject), *said, unnamed))


def _found(capture: Capture, subject: Subject, about: Bools) -> pd.DataFrame:
    """The entries of a timeline: `row`, `round`, `certain`."""
    if not subject.kind:
        return pd.DataFrame({"row": np.arange(capture.n_entries), "round": pd.NA, "certain": True})
    parts = []
    if subject.kind == "proxy" and "xds_push" in capture:
        lines = push_lines(capture)
        pushes = lines[lines["proxy"].eq(subject.name)]
        rounds = pushes.dropna(subset=["round"]).groupby("round")["certain"].any()
        parts = [pushes[FOUND], of_rounds(capture, rounds)]
        parts.append(answers_to(capture, pushes, followed_of(capture, subject.name)))
    elif subject.kind == "object":
        rounds = rounds_decided_by(capture, about)
        pushes = pushes_of(capture, rounds)
        parts = [of_rounds(capture, rounds), pushes[FOUND]]
        parts.append(answers_to(capture, pushes, followed(capture)) if len(pushes) else pushes[:0])
    own = pd.DataFrame({"row": np.flatnonzero(about), "round": pd.NA, "certain": True})
    every = pd.concat([*(part[FOUND] for part in parts if len(part)), own], ignore_index=True)
    every = every.astype({"row": "int64", "round": "Int64", "certain": bool}).sort_values("row", kind="stable")
    found = every.drop_duplicates("row").reset_index(drop=True)
    return found.assign(certain=found["certain"] | found["round"].isna())


def _placed(capture: Capture, found: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The entries with what is common to all, in the order of time, and what is to be said of clocks."""
    rows = found["row"].to_numpy()
    names = ["timestamp", "component", "source", "source_pod", "event", "run", "line"]
    chosen = np.zeros(capture.n_entries, np.bool_)
    chosen[rows] = True
    table = to_pandas(rows_where(capture.events.select(names), chosen))
    table[FOUND] = found[FOUND]
    for name in ("component", "source", "source_pod", "event"):
        table[name] = table[name].cat.remove_unused_categories()
    table["proxy"] = _proxies(capture, table)
    if table["timestamp"].isna().any():
        table["timestamp"] = table["timestamp"].fillna(_times_before(capture, rows))
    table, said = _moved(capture, table)
    return table.sort_values(["time", "row"], kind="stable", na_position="first").reset_index(drop=True), said


def _proxies(capture: Capture, table: pd.DataFrame) -> pd.Series[str]:
    """The proxy that each entry names; of the entries of a sidecar that name none, the one of its log."""
    of_row = np.full(capture.n_entries, -1, np.int32)
    names: dict[str, int] = {}
    for event in table["event"].cat.categories:
        lines = capture[event]
        if "proxy" in lines.schema.names:
            column = one_chunk(lines["proxy"]) if lines.num_rows else None
            if column is not None:
                known = np.array([names.setdefault(name, len(names)) for name in column.dictionary.to_pylist()] + [-1])
                codes = column.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
                of_row[lines["row"].to_numpy()] = known[codes]
    code = of_row[table["row"].to_numpy()]
    runs, of_run = np.unique(table["run"].to_numpy(np.int64), return_inverse=True)
    own = proxies_of_runs(capture).reindex(runs)
    known = np.array([-1 if pd.isna(name) else names.setdefault(str(name), len(names)) for name in own], np.int32)
    code = np.where(code < 0, known[of_run], code)
    texts = pa.array([*names, None], pa.string()).take(pa.array(np.where(code < 0, len(names), code)))
    return pd.Series(texts.to_pandas().array, table.index, dtype=TEXT)


def _times_before(capture: Capture, rows: Ints) -> pd.Series[pd.Timestamp]:
    """For each of these entries the time of the last entry of its log up to it that prints one."""
    logs = log_of_runs(capture).astype("category").cat.codes[capture.events["run"].to_numpy()].to_numpy()
    times = capture.events["timestamp"]
    timed = pc.is_valid(times).to_numpy()
    last = np.maximum.accumulate(np.where(timed, np.arange(len(timed)), -1))[rows]
    known = (last >= 0) & (logs[last] == logs[rows])
    return to_pandas(pa.table({"time": times.take(pa.array(last, mask=~known))}))["time"]


def _moved(capture: Capture, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The entries with their `time` and the offset of their clock, and what is to be said of that."""
    runs, of_run = np.unique(table["run"].to_numpy(np.int64), return_inverse=True)
    whose = proxies_of_runs(capture).reindex(runs)
    own = sorted(set(whose.dropna()))
    control_plane = table["component"].eq("pilot").to_numpy() & whose.isna().to_numpy()[of_run]
    offsets = clock_offsets(capture, own)
    for name in offsets:
        by_run = offsets[name].reindex(whose).astype(SPAN).to_numpy()
        table[name] = np.where(control_plane, np.timedelta64(0, "ns"), by_run[of_run])
    time = table["timestamp"] - table["clock_offset"].fillna(ZERO)
    return table.assign(time=time), list(_said(offsets)) if len(own) and "xds_push" in capture else []


def _said(offsets: pd.DataFrame) -> Iterator[str]:
    """What was done about the clocks of sidecars."""
    offset = offsets["clock_offset"]
    moved = offset[offset.ne(ZERO) & offset.notna()]
    if len(moved):
        yield MOVED.format(_some(moved), _milliseconds(moved.min()), _milliseconds(moved.max()))
    for text, chosen in ((AGREE, offset[offset.eq(ZERO)]), (UNBOUNDED, offset[offset.isna()])):
        if len(chosen):
            yield text.format(_some(chosen))


def _milliseconds(span: pd.Timedelta) -> str:
    return f"{span / pd.Timedelta('1ms'):,.3g} ms"


def _some(proxies: pd.Series[Any]) -> str:
    """One proxy by its name, or how many there are."""
    return str(proxies.index[0]) if len(proxies) == 1 else f"{len(proxies):,} proxies"
