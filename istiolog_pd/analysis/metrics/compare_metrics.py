"""Metrics counted from a log, beside those that the same process exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import FLAG, Answer, Col, answers
from istiolog_pd.analysis._needs import pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis.metrics.definitions import MEANINGS, base
from istiolog_pd.analysis.metrics.exported import Exported, checked, exported, read_file
from istiolog_pd.analysis.metrics.lines import RunLines, runs
from istiolog_pd.analysis.metrics.metrics import LINES, NUMBER, tabulate
from istiolog_pd.capture import Capture

COMPARED = Answer(
    "compare_metrics",
    "One row per series",
    columns=(
        Col("metric", "category", "", "name of the series"),
        Col("labels", "str", "", 'labels: ``type="cds"``; empty if there are none'),
        Col("low", "Float64", "", "least possible value by the log at the time of the export; null if unbounded"),
        Col("high", "Float64", "", "greatest possible value by the log at the time of the export; null if unbounded"),
        Col("value", "Float64", "", "value by the log at the time of the export; null unless it is exact"),
        Col("exported", "Float64", "", "value istiod exported; a counter of a known metric without this series is 0"),
        Col(
            "agrees",
            "boolean",
            "",
            "true if the log allows the exported value; null if it allows any, or if the difference may have come "
            "after the log",
        ),
        Col("kind", "category", "", "``exact``, ``bounded`` or ``not answerable``"),
        Col("meaning", "str", "", "meaning of the metric; times are in seconds"),
        Col("why", "str", "", "reason why it is not exact"),
        Col("source", "str", "", "log of the run"),
        Col("run", "Int64", "", "process run of the control plane"),
        Col("exporter", "str", "", "metrics file"),
    ),
    needs=(pushed("whether the log and the exported metrics agree", counts=True),),
)

#: The time of an export is known so well; what was under way then may be in it or not.
AROUND = pd.Timedelta("1s")
#: A process logs its first line so long after its start at most; what begins so much later is another.
SLOW_START, MIN_START_DIFFERENCE = pd.Timedelta("30s"), pd.Timedelta("5s")

#: What sums of seconds and of floats may differ by.
RELATIVE, ABSOLUTE = 1e-9, 1e-9

GIVEN = "metrics"
NO_FILE = "no metrics are there to compare with: give the text that istiod exports, or a bug-report that holds it"
NO_RUN = "{}: no run of this log is of the process that exported it"
SEVERAL = "{}: it is ambiguous which of {} is of the process that exported it; load the log of that one alone"
LATER = "{}: exported {:.1f} s after the log's last line; what is larger there may have happened since"
NO_TIME = "{}: it does not say when it was exported, so a difference is no contradiction"
DAMAGED = "{}: {:,} lines could not be read"
LATE = "{}: the log begins after its process, so counters have no upper bound"


@answers(COMPARED)
def compare_metrics(capture: Capture, path: str | Path | None = None, *, text: str | None = None) -> pd.DataFrame:
    """Metrics from the log's lines beside those that the process exported, in one table.

    The log is cut where the metrics were exported (the process' start and uptime tell when), a second
    earlier for what is certain and a second later for what is possible.

    Parameters
    ----------
    capture
        Logs of a control plane.
    path
        A file of metrics in the Prometheus text format.
    text
        Such metrics themselves. Neither: the metrics files of the capture (of a bug-report), each compared
        with the log beside it.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what hinders the comparison, or why there is none.

    Raises
    ------
    ValueError
        If both are given, or the text is far longer than metrics of istiod.
    OSError
        If there is no such file.

    Examples
    --------
    >>> from pathlib import Path
    >>> import istiolog_pd as il
    >>> capture = il.load("data/istiod-1.30.3/discovery.log.gz")
    >>> table = il.analysis.compare_metrics(capture, Path("data/istiod-1.30.3/metrics.txt"))
    >>> bool(table["agrees"].dropna().all())
    True
    """
    files = _files(capture, path, text)
    if not files:
        return empty_result(COMPARED, NO_FILE)
    found = list(runs(capture))
    if not any(run.talks for run in found):
        return empty_result(COMPARED, reason_no_lines(capture, "line that a metric can be counted from", LINES))
    tables, notes = [], []
    for name, metrics in files:
        one = exported(metrics)
        fitting = _runs_of(found, name, one)
        if len(fitting) != 1:
            several = ", ".join(f"{run.source} (run {run.run})" for run in fitting)
            notes.append(SEVERAL.format(name, several) if fitting else NO_RUN.format(name))
            continue
        run = replace(fitting[0], ends=one.ends)
        tables.append(_compared(run, one).assign(exporter=name))
        notes.extend(_notes(run, one, name))
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return as_result(table, COMPARED, "; ".join(notes))


def _files(capture: Capture, path: str | Path | None, text: str | None) -> list[tuple[str, str]]:
    """The name and the text of each file of metrics."""
    if path is not None and text is not None:
        raise ValueError("metrics are given as a path or as text, not both")
    if text is not None:
        return [(GIVEN, checked(text))]
    return list(capture.metrics_files) if path is None else [(str(path), read_file(Path(path)))]


def _runs_of(found: list[RunLines], name: str, one: Exported) -> list[RunLines]:
    """The runs whose process can have exported a file: by its folder, the pod in its labels, and its start.

    A log that begins with its process begins within seconds of its start: so several replicas whose logs lie
    side by side are distinguished, unless they started together.
    """
    talking = [run for run in found if run.talks]
    beside = [run for run in talking if _folder(run.source) == _folder(name)]
    candidates = beside or talking
    if not beside and name != GIVEN and len({_folder(run.source) for run in talking}) > 1:
        return []
    named = [run for run in candidates if any(pod in run.source for pod in one.pods)]
    if len(one.pods) == 1 and named:
        candidates = named
    if one.taken is not None and one.started is not None:
        began, ended = one.started - AROUND, one.taken + AROUND
        candidates = [run for run in candidates if run.last >= began and run.first <= ended]
        whole = [run for run in candidates if run.from_start]
        fresh = [run for run in whole if began <= run.first <= one.started + SLOW_START]
        candidates = fresh or [run for run in candidates if not run.from_start]
        near = sorted(candidates, key=lambda run: abs(run.first - began))
        if len(near) > 1 and fresh and near[1].first - near[0].first > MIN_START_DIFFERENCE:
            candidates = near[:1]
    elif len({run.source for run in candidates}) == 1:
        candidates = candidates[-1:]  # the newest process of the only log
    return candidates


def _folder(source: str) -> str:
    return source.rpartition("/")[0]


def _notes(run: RunLines, one: Exported, name: str) -> Iterator[str]:
    if one.damaged:
        yield DAMAGED.format(name, one.damaged)
    if one.taken is None:
        yield NO_TIME.format(name)
    elif one.taken > run.last:
        yield LATER.format(name, (one.taken - run.last).total_seconds())
    if not run.from_start:
        yield LATE.format(name)
    if run.missing:
        yield run.missing


def _compared(run: RunLines, one: Exported) -> pd.DataFrame:
    """One run's series at the time of an export, beside it."""
    logged = _logged(run, one.taken, _late(run, one))
    keys = pd.MultiIndex.from_tuples(list(one.series), names=["metric", "labels"])
    values = pd.Series(list(one.series.values()), keys, dtype=NUMBER, name="exported")
    table = logged.merge(values.reset_index(), "outer", ["metric", "labels"], sort=False)
    families = one.families
    known = table["metric"].map(lambda name: base(name) in families).astype(bool)
    table["exported"] = table["exported"].mask(known & table["exported"].isna(), 0.0)
    meanings = [MEANINGS[base(name)] for name in table["metric"]]
    table["meaning"] = [meaning.text for meaning in meanings]
    table["kind"] = table["kind"].fillna("not answerable")
    table["why"] = table["why"].where(table["why"].notna(), [meaning.unknown for meaning in meanings])
    table["agrees"] = _agrees(table, run, one)
    order = {name: place for place, name in enumerate(MEANINGS)}
    table = table.sort_values("metric", key=lambda names: names.map(lambda name: order[base(name)]), kind="stable")
    return table.assign(source=run.source, run=run.run)


def _late(run: RunLines, one: Exported) -> pd.Timedelta:
    """How much later than they say metrics can have been exported: the uptime counts from when istiod gets going."""
    if one.started is None or not run.from_start:
        return pd.Timedelta(0)
    return max(run.first - one.started, pd.Timedelta(0))


def _logged(run: RunLines, taken: pd.Timestamp | None, late: pd.Timedelta) -> pd.DataFrame:
    """What the lines allow at a time, or so much later: at least what was before it, at most what was after."""
    if taken is None:
        return _since_start(tabulate([run]), run)
    before, after = (tabulate([run.until(moment)]) for moment in (taken - AROUND, taken + AROUND + late))
    both = before.merge(after, "outer", ["metric", "labels"], sort=False, suffixes=("", "_after"))
    gauge = both["metric"].map(lambda name: MEANINGS[base(name)].combined != "sum").astype(bool)
    low, high = both["low"], both["high_after"]
    # A gauge may have been anywhere between; one of connections also beyond, where some opened and closed.
    opened, closed = (_within(run, event, taken, late) for event in ("connection_open", "connection_close"))
    low = low.mask(gauge, both[["low", "low_after"]].min(axis=1, skipna=False) - closed)
    high = high.mask(gauge, both[["high", "high_after"]].max(axis=1, skipna=False) + opened)
    services = both["metric"].isin(["pilot_services", "pilot_virt_services"])
    low = low.mask(services, both[["low", "low_after"]].min(axis=1, skipna=False))
    high = high.mask(services, both[["high", "high_after"]].max(axis=1, skipna=False))
    exact, nothing = low.eq(high).fillna(False).astype(bool), low.isna() & high.isna()
    table = both.assign(low=low, high=high, value=low.where(exact))
    table["kind"] = np.select([exact, nothing], ["exact", "not answerable"], "bounded")
    moved = "the log goes on while they are exported: what lies in that second may be in them or not"
    table["why"] = table["why"].mask(exact, "").mask(~exact & table["why"].eq(""), moved)
    return _since_start(table, run)


def _within(run: RunLines, event: str, taken: pd.Timestamp, late: pd.Timedelta) -> int:
    return int(run[event]["timestamp"].between(taken - AROUND, taken + AROUND + late).sum())


def _since_start(table: pd.DataFrame, run: RunLines) -> pd.DataFrame:
    """Counters of a log that begins late have counted before: no upper bound."""
    if run.from_start:
        return table
    counter = table["metric"].map(lambda name: MEANINGS[base(name)].combined == "sum").astype(bool)
    late = "the log begins after its process"
    bounded = counter & table["low"].notna()
    return table.assign(
        high=table["high"].mask(counter, pd.NA),
        value=table["value"].mask(counter, pd.NA),
        kind=table["kind"].astype(object).mask(bounded, "bounded"),
        why=table["why"].mask(bounded, late),
    )


def _agrees(table: pd.DataFrame, run: RunLines, one: Exported) -> pd.Series[bool]:
    """Whether the exported values are what the lines allow; null where nothing can be said."""
    value, low, high = (table[name].to_numpy(float, na_value=np.nan) for name in ("exported", "low", "high"))
    near = RELATIVE * np.abs(value) + ABSOLUTE
    under, over = value < low - near, value > high + near
    unsaid = np.isnan(value) | (np.isnan(low) & np.isnan(high))
    gauge = table["metric"].map(lambda name: MEANINGS[base(name)].combined != "sum").to_numpy(bool)
    if one.taken is None:
        unsaid |= under | over
    elif one.taken > run.last:
        unsaid |= over | (gauge & under)
    return pd.Series(~(under | over), table.index, dtype=FLAG).mask(unsaid, pd.NA)
