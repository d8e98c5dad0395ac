"""Debounce replay: what other settings of the debounce would have done to a recorded load."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, PUSH_DEBUG, Need
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._time import parse_duration
from istiolog_pd.analysis.debounce_replay.recorded import Ints, Load, Recorded, recorded_load
from istiolog_pd.analysis.debounce_replay.totals import NONE, Totals, recorded_delays, replay
from istiolog_pd.capture import Capture

REPLAY = Answer(
    "debounce_replay",
    "The `recorded` setting first, then one row per combination of arguments",
    columns=(
        Col("after", "timedelta64[ns]", "ns", "``PILOT_DEBOUNCE_AFTER``; of the recorded setting as its log shows it"),
        Col("maximum", "timedelta64[ns]", "ns", "``PILOT_DEBOUNCE_MAX``; of the recorded setting as its log shows it"),
        Col("eds_debounce", "boolean", "", "``PILOT_ENABLE_EDS_DEBOUNCE``"),
        Col("recorded", "boolean", "", "true for the setting the log was recorded with"),
        Col("changes", "Int64", "", "changes, the same in all rows"),
        Col("pushes_low", "Int64", "", "push decisions, at least"),
        Col("pushes_high", "Int64", "", "push decisions, at most"),
        Col("full_pushes_low", "Int64", "", "full pushes, at least"),
        Col("full_pushes_high", "Int64", "", "full pushes, at most"),
        Col("proxies_low", "Int64", "", "pushes to a proxy, summed over push decisions, at least"),
        Col("proxies_high", "Int64", "", "pushes to a proxy, summed over push decisions, at most"),
        Col("size_bytes_low", "Int64", "B", "bytes pushed, at least"),
        Col("size_bytes_high", "Int64", "B", "bytes pushed, at most"),
        Col(
            "delay_median_low",
            "timedelta64[ns]",
            "ns",
            "median time from a change to the decision to push it, at least",
        ),
        Col(
            "delay_median_high",
            "timedelta64[ns]",
            "ns",
            "median time from a change to the decision to push it, at most",
        ),
        Col(
            "delay_max_low", "timedelta64[ns]", "ns", "longest time from a change to the decision to push it, at least"
        ),
        Col(
            "delay_max_high", "timedelta64[ns]", "ns", "longest time from a change to the decision to push it, at most"
        ),
        Col("exact", "boolean", "", "true if pushes and delays are exact, not bounds"),
    ),
    needs=(
        Need("effect of other debounce settings", ("debounce",), ADS_INFO, since="1.1"),
        Need("the same, event by event", ("push_trigger",), PUSH_DEBUG, level="debug", column="reason", since="1.24"),
    ),
)

LINES = "they are logged at level info in scope ads (--log_output_level ads:info), from Istio 1.1 on with their begin"
OLD = "Istio 1.0 does not print when a debounce began: no load to replay"
HIDDEN = (
    "what {} of {} pushes cost is not printed (they are endpoint-only, and show only with "
    "--log_output_level ads:debug,delta:debug): `size_bytes_high` is null, and in the low bounds they cost nothing"
)
NO_KIND = "Istio 1.31 and later do not print which pushes are full: `full_pushes` is null"

Setting = tuple[int, int, bool]


@answers(REPLAY)
def debounce_replay(
    capture: Capture,
    after: str | Sequence[str] = ("10ms", "50ms", "100ms", "250ms", "500ms", "1s", "2s", "5s"),
    maximum: str | Sequence[str] = "10s",
    eds_debounce: bool | Sequence[bool] = True,
) -> pd.DataFrame:
    """What other settings of the debounce would have done to the load that a capture recorded.

    A debounce line tells when the first and the last of the merged changes came and how many there were.
    That is replayed with each setting: a push is let go when it was quiet for `after`, or `maximum` has
    passed at a look, and not before the push before it has been started (from 1.3 on), which takes as
    long as push contexts took in this capture. Where hidden changes could have made a difference the
    answer is a lower and an upper bound. It is exact where debounces are of one or two changes, where
    debug lines name them all, and where a debounce is not cut apart: so mostly if `after` is no less than
    it was.

    Parameters
    ----------
    capture
        Logs of a control plane; each source is replayed for itself, and the results are added up.
    after, maximum
        PILOT_DEBOUNCE_AFTER and PILOT_DEBOUNCE_MAX to try: one, or several.
    eds_debounce
        PILOT_ENABLE_EDS_DEBOUNCE to try: if false, endpoint-only changes are pushed at once.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Null where the capture cannot tell, and ``attrs["coverage"]`` says why.

    Raises
    ------
    ValueError
        If a span is not above zero, or `maximum` is less than `after`.

    Notes
    -----
    pilot/pkg/xds/discovery.go (``debounce``). Timers are taken to be ideal; Istio's are some 0.1 to 1 ms
    late. `proxies` and `size_bytes` take it that a merged push costs no less than any and no more than all of
    those it stands for, and that no proxy is so slow that its queue merges pushes of the debounce;
    sizes are as printed, with one decimal (each is off by 5 % at most). A change that was pushed at once is
    taken to have come when its round began. A push is counted to the round of its kind that began last before
    it, before 1.10 also one that a proxy asked for (no line says so there).

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.debounce_replay(il.load("data/istiod-1.30.3/discovery.log.gz"), after=["100ms", "1s"])
    >>> table[["recorded", "changes", "pushes_low", "pushes_high"]].to_records(index=False).tolist()
    [(True, 664, 145, 145), (False, 664, 145, 145), (False, 664, 12, 13)]
    """
    settings = _settings(after, maximum, eds_debounce)
    found = recorded_load(capture)
    if found is None:
        old = capture["debounce"].num_rows
        return empty_result(REPLAY, OLD if old else reason_no_lines(capture, "debounce line", LINES))
    loads, recorded = found
    rows = [_recorded_row(loads, recorded)]
    rows += [_row(setting, [replay(load, recorded, *setting) for load in loads]) for setting in settings]
    table = pd.DataFrame(rows)
    table["changes"] = sum(int(load.events.sum()) for load in loads)
    coverage = []
    if not all(load.kind_known for load in loads):
        table[["full_pushes_low", "full_pushes_high"]] = None
        coverage.append(NO_KIND)
    dark = sum(int(np.isnan(load.size_bytes).sum()) for load in loads)
    if dark:
        coverage.append(HIDDEN.format(dark, sum(len(load.first) for load in loads)))
    return as_result(table, REPLAY, "; ".join(coverage))


def _settings(
    after: str | Sequence[str], maximum: str | Sequence[str], eds_debounce: bool | Sequence[bool]
) -> list[Setting]:
    """Every combination, in nanoseconds."""
    spans = [[each] if isinstance(each, str) else list(each) for each in (after, maximum)]
    flags = [eds_debounce] if isinstance(eds_debounce, bool) else list(eds_debounce)
    chosen = []
    for (quiet, most), flag in product(product(*spans), flags):
        low, high = parse_duration(quiet, "after").value, parse_duration(most, "maximum").value
        if not 0 < low <= high:
            raise ValueError(f"after is a span above zero and no longer than maximum, not {quiet!r} with {most!r}")
        chosen.append((low, high, flag))
    return chosen


def _row(setting: Setting, parts: Sequence[Totals]) -> dict[str, Any]:
    row: dict[str, Any] = {"after": pd.Timedelta(setting[0]), "maximum": pd.Timedelta(setting[1])}
    row |= {"eds_debounce": setting[2], "recorded": False}
    for name in ("pushes", "full_pushes", "proxies", "size_bytes"):
        for place, end in enumerate(("low", "high")):
            value = sum(getattr(part, name)[place] for part in parts)
            row[f"{name}_{end}"] = None if np.isnan(value) else round(value)
    return row | _delays([each for part in parts for each in part.delays]) | {"exact": _exact(parts)}


def _exact(parts: Sequence[Totals]) -> bool:
    same = all(np.array_equal(low[count > 0], high[count > 0]) for part in parts for low, high, count in part.delays)
    return same and all(part.pushes[0] == part.pushes[1] for part in parts)


def _recorded_row(loads: Sequence[Load], recorded: Recorded) -> dict[str, Any]:
    """What was: no bounds but of the delays of changes that are hidden."""
    parts = [recorded_delays(load) for load in loads]
    row = _row((recorded.after or 0, recorded.maximum or 0, recorded.eds_debounce), parts)
    return row | {
        "after": pd.NaT if recorded.after is None else row["after"],
        "maximum": pd.NaT if recorded.maximum is None else row["maximum"],
        "recorded": True,
    }


def _delays(parts: Sequence[tuple[Ints, Ints, Ints]]) -> dict[str, pd.Timedelta]:
    """Median and maximum of the delays, from the bounds of each."""
    counts = np.concatenate([count for _, _, count in parts] or [NONE])
    row = {}
    for place, end in enumerate(("low", "high")):
        values = np.concatenate([part[place] for part in parts] or [NONE])[counts > 0]
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(counts[counts > 0][order])
        total = int(reached[-1])
        middle = [values[order[np.searchsorted(reached, at, "right")]] for at in ((total - 1) // 2, total // 2)]
        row[f"delay_median_{end}"] = pd.Timedelta(int(middle[0] + middle[1]) // 2)
        row[f"delay_max_{end}"] = pd.Timedelta(int(values.max()))
    return row
