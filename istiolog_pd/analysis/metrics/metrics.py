"""Istio's own metrics, as far as a log tells them: exact, bounded, or not answerable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis.metrics.definitions import MEANINGS, base
from istiolog_pd.analysis.metrics.lines import RunLines, runs
from istiolog_pd.analysis.metrics.pushes import TYPES, counted, push_series
from istiolog_pd.analysis.metrics.rounds import round_series
from istiolog_pd.capture import Capture

NUMBER = pd.Float64Dtype()

METRICS = Answer(
    "metrics",
    "One row per series, named as in the Prometheus text format",
    columns=(
        Col("metric", "category", "", "name of the series: ``pilot_debounce_time_bucket``"),
        Col("labels", "str", "", 'labels: ``type="cds"``; empty if there are none'),
        Col("value", "Float64", "", "value; null unless it is exact"),
        Col("low", "Float64", "", "least possible value; null if unbounded"),
        Col("high", "Float64", "", "greatest possible value; null if unbounded"),
        Col("kind", "category", "", "``exact``, ``bounded`` or ``not answerable``"),
        Col("meaning", "str", "", "meaning of the metric; times are in seconds"),
        Col("why", "str", "", "reason why it is not exact"),
        Col("run", "Int64", "", "process run of the control plane", optional=True),
        Col("source", "str", "", "log of the run", optional=True),
    ),
    needs=(
        pushed("Istio's own metrics of pushes", counts=True),
        Need("pilot_debounce_time", ("debounce",), ADS_INFO, column="debounce_time", since="1.1", counts=True),
    ),
)


LINES = "they are logged at level info in scopes ads and delta (--log_output_level ads:info,delta:info)"
LATE = "{} of {} runs began before their log: what counts up is counted from the log's first line on"


@answers(METRICS)
def metrics(capture: Capture, *, by_run: bool = False) -> pd.DataFrame:
    """Istio's own metrics, counted from the lines of a log and held to what those can tell.

    Counters are those of the time that the log covers: of a log that begins with its process, and ends
    now, what the process exports now. A push, a rejection or a round whose line is printed counts, also
    if the process had to finish it after the last line.

    Parameters
    ----------
    capture
        Logs of a control plane.
    by_run
        One row per process run and series, with `source` and `run`. Otherwise counters are added up over
        runs and replicas, `pilot_xds` over the newest run of each source, and of gauges that cannot be
        added (`pilot_services`) the smallest and largest of those are the bounds.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what the log lacks. Empty, with the reason there, if the capture has no
        log of a control plane.

    Notes
    -----
    pilot/pkg/xds/monitoring.go and pkg/xds/monitoring.go have the metrics; a metric that a version does
    not export yet (`pilot_debounce_time` before 1.16) is what it would be. `pilot_xds` is summed over the
    label `version`, `pilot_push_triggers` over `type`: no line prints those.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.metrics(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> rejects = table[table["metric"] == "pilot_total_xds_rejects"]
    >>> rejects.set_index("labels")["value"].astype(int).to_dict()
    {'type="cds"': 0, 'type="eds"': 9, 'type="lds"': 2, 'type="rds"': 3}
    """
    found = list(runs(capture))
    shape = METRICS if by_run else METRICS.only(*(c.name for c in METRICS.columns if not c.optional))
    if not any(run.talks or len(run["xds_nack"]) for run in found):
        return empty_result(shape, reason_no_lines(capture, "line that a metric can be counted from", LINES))
    return as_result(tabulate(found, by_run=by_run), shape, _coverage(found))


def tabulate(found: list[RunLines], *, by_run: bool = False) -> pd.DataFrame:
    """The series of some runs, as `metrics` gives them.

    Parameters
    ----------
    found
        The runs, in file order.
    by_run
        As in `metrics`.
    """
    table = _rows(found)
    return _judged(table if by_run or len(found) == 1 else _combined(table, found))


def _types(found: Iterable[RunLines]) -> tuple[str, ...]:
    """The four types, and what else any run prints: every run then has a row for it."""
    others = {
        str(name)
        for run in found
        for event in ("xds_push", "xds_nack", "xds_stale_nonce")
        for name in run[event]["xds_type"].dropna().unique()
    }
    return (*TYPES, *sorted(others - set(TYPES)))


def _rows(found: list[RunLines]) -> pd.DataFrame:
    """The series of every run, bounds and reasons."""
    types = _types(found)

    def rows() -> Iterator[tuple[Any, ...]]:
        for run in found:
            for series in (*push_series(run, types), *counted(run, types), *round_series(run)):
                yield (run.source, run.run, *series[:4], run.missing)

    table = pd.DataFrame(rows(), columns=["source", "run", "metric", "labels", "low", "high", "why"])
    order = {name: place for place, name in enumerate(MEANINGS)}
    table["order"] = table["metric"].map(lambda name: order[base(name)])
    table = table.astype({"low": NUMBER, "high": NUMBER})
    return table.sort_values(["source", "run", "order"], kind="stable")


def _combined(table: pd.DataFrame, found: list[RunLines]) -> pd.DataFrame:
    """One row per series: counters added up, gauges of the newest runs added up or spanned."""
    how = table["metric"].map(lambda name: MEANINGS[base(name)].combined)
    newest = {run.source: run.run for run in found}
    current = table["source"].map(newest).eq(table["run"])
    table = table[how.eq("sum") | current].assign(how=how, no_high=lambda rows: rows["high"].isna())
    groups = table.groupby(["metric", "labels"], sort=False)
    sums = groups.agg(
        low=("low", lambda values: values.sum(min_count=1)),
        high=("high", "sum"),
        least=("low", "min"),
        most=("high", "max"),
        no_high=("no_high", "any"),
        how=("how", "first"),
        order=("order", "first"),
        why=("why", "max"),
    )
    spanned = sums["how"].eq("range")
    sums["low"] = sums["low"].mask(spanned, sums["least"]).astype(NUMBER)
    sums["high"] = sums["high"].mask(spanned, sums["most"]).mask(sums["no_high"], pd.NA).astype(NUMBER)
    return sums.reset_index().sort_values("order", kind="stable")


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Which series are exact, bounded or not answerable, and why."""
    low, high = table["low"].to_numpy(float, na_value=np.nan), table["high"].to_numpy(float, na_value=np.nan)
    exact, nothing = low == high, np.isnan(low) & np.isnan(high)
    meanings = [MEANINGS[base(name)] for name in table["metric"]]
    bounded = table["why"].where(table["why"] != "", [meaning.bounded for meaning in meanings])
    why = np.select([exact, nothing], ["", [meaning.unknown for meaning in meanings]], bounded)
    return table.assign(
        value=table["low"].where(exact),
        kind=np.select([exact, nothing], ["exact", "not answerable"], "bounded"),
        meaning=[meaning.text for meaning in meanings],
        why=why,
    )


def _coverage(found: list[RunLines]) -> str:
    """What of the logs is not there, in words."""
    late = sum(not run.from_start for run in found if run.talks)
    notes = [LATE.format(late, len(found))] if late else []
    notes += sorted({run.missing for run in found} - {""})
    return "; ".join(notes)
