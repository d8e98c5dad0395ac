"""Push decisions: what the debounce merged, how long it took, which bound let it go."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._answer import LINE, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need
from istiolog_pd.analysis._result import as_result, control_plane_rows, empty_result, reason_no_lines
from istiolog_pd.analysis._time import parse_duration
from istiolog_pd.capture import Capture

DEBOUNCES = Answer(
    "debounces",
    "One row per decision to push",
    time="timestamp",
    columns=(
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "time of the decision"),
        Col("start", "datetime64[ns, UTC]", "UTC", "first merged event; null for Istio 1.0, which does not log it"),
        Col("quiet_time", "timedelta64[ns]", "ns", "time since the last merged event"),
        Col("debounce_time", "timedelta64[ns]", "ns", "time since the first merged event"),
        Col("events", "Int64", "", "merged events"),
        Col("full", "boolean", "", "full push; null from Istio 1.31 on, which logs only `forced`"),
        Col("forced", "boolean", "", "push to all proxies, as logged from Istio 1.31 on"),
        Col(
            "bound",
            "category",
            "",
            "limit that ended the wait: ``quiet`` (`after`), ``max`` (`maximum`), ``either`` if both were exceeded "
            "(from 1.3 on a push waits for the one before it); null if neither was: the settings differ from the "
            "arguments, or Istio 1.0 runs without debounce",
        ),
        Col("config_kind", "str", "", "kind of one changed config, which Istio picks at random"),
        Col("config_namespace", "str", "", "its namespace"),
        Col("config_name", "str", "", "its name"),
        Col("more_configs", "Int64", "", "further changed configs that are not named"),
        Col("reason", "str", "", "reasons of the push, as logged"),
        Col("debounce_id", "Int64", "", "number of the debounce in its process run"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need("when and why pushes were decided", ("debounce",), ADS_INFO),
        Need("when each debounce began", ("debounce",), ADS_INFO, column="debounce_time", since="1.1"),
    ),
    brief=("timestamp", "debounce_time", "events", "full", "config_kind", "config_name", "reason"),
)


NO_START = "{} decisions are of Istio 1.0, which does not print when the debounce began: no `start`, no `debounce_time`"


@answers(DEBOUNCES)
def debounces(capture: Capture, *, after: str = "100ms", maximum: str = "10s") -> pd.DataFrame:
    """Every decision to push, as the debounce made it.

    From Istio 1.1 on the line prints how long ago the first merged event was (it calls that "since
    last push"). 1.0 does not, so `start` and `debounce_time` are null there, and `events` is the
    difference of the running count of events to the decision before (null where that is not known).
    1.0 lines that only re-arm the debounce are no decisions. With ``PILOT_ENABLE_EDS_DEBOUNCE=false``
    endpoint-only pushes have no line and are not here.

    Parameters
    ----------
    capture
        Logs of a control plane.
    after, maximum
        PILOT_DEBOUNCE_AFTER and PILOT_DEBOUNCE_MAX of that control plane, for `bound`; the defaults
        are Istio's.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if there is no such line.

    Notes
    -----
    pilot/pkg/xds/discovery.go (``debounce``), pilot/pkg/proxy/envoy/discovery.go in 1.0.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.debounces(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> len(table), table["bound"].value_counts().to_dict()
    (145, {'quiet': 145})
    """
    lines = control_plane_rows(capture, "debounce")
    lines = lines[~lines["rearmed"].fillna(False).astype(bool)].reset_index(drop=True)
    if lines.empty:
        how = "they are logged at level info in scope ads (--log_output_level ads:info)"
        return empty_result(DEBOUNCES, reason_no_lines(capture, "debounce line", how))
    counts_events = lines["debounced_events"].isna()  # 1.0: a running count instead
    bound = _bound(lines, parse_duration(after, "after"), parse_duration(maximum, "maximum"), counts_events)
    table = lines.assign(
        start=lines["timestamp"] - lines["debounce_time"],
        events=lines["debounced_events"].where(~counts_events, _events_between(lines)),
        bound=bound.mask(_not_debounced(lines, counts_events), None),
    )
    return as_result(table, DEBOUNCES, NO_START.format(int(counts_events.sum())) if counts_events.any() else "")


def _events_between(lines: pd.DataFrame) -> pd.Series[Any]:
    """1.0: events since the decision before; of the first one all, if no push was before it."""
    events = lines.groupby("run")["debounce_id"].diff()
    first_push = lines["since_last_push"].isna()
    return events.where(events >= 0).where(~first_push, lines["debounce_id"])


def _not_debounced(lines: pd.DataFrame, old: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """1.0 with the debounce off (``Push 7: ...``, ``Timer push 9: ...``): no bound let those go."""
    found: npt.NDArray[np.bool_] = (old & lines["cause"].notna()).to_numpy(bool)
    return found


def _bound(lines: pd.DataFrame, after: pd.Timedelta, maximum: pd.Timedelta, old: pd.Series[Any]) -> pd.Series[Any]:
    """Which bound let a debounce go.

    1.0 waits for more than twice `after` and prints no total; but a debounce is no older than the push
    before it, so the maximum is possible only where that was so long ago (or there was none).
    """
    quiet = (lines["quiet_time"] >= after).where(~old, lines["quiet_time"] > 2 * after)
    long_ago = lines["since_last_push"].isna() | (lines["since_last_push"] >= maximum)
    total = (lines["debounce_time"] >= maximum).where(~old, ~quiet & long_ago)
    names = np.select([quiet & total, quiet, total], ["either", "quiet", "max"], "")
    return pd.Series(names, lines.index, dtype=object).where(names != "", None)
