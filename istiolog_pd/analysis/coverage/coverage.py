"""Coverage: which questions a capture can answer, what is missing, and which setting would print it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import Answer, Col, answers
from istiolog_pd.analysis._discover import declarations
from istiolog_pd.analysis._needs import BOOTSTRAP, WHOLE, Need
from istiolog_pd.analysis._result import as_result
from istiolog_pd.capture import Capture
from istiolog_pd.formats.version import version_of, version_range

COVERAGE = Answer(
    "coverage",
    "One row per question, in the order of the answers; more where process runs differ",
    columns=(
        Col("question", "str", "", "question about the logs"),
        Col("answer", "str", "", "function of `istiolog_pd.analysis` that answers it"),
        Col("can", "category", "", "``yes``, ``part`` or ``no``"),
        Col("missing", "str", "", "what the logs lack"),
        Col("setting", "str", "", "setting that logs it; empty if there is none"),
        Col("runs", "str", "", "process runs that the row applies to (``0, 2-5``); empty: all that could answer"),
    ),
)

YES, PART, NO = "yes", "part", "no"

#: From quiet to verbose.
VERBOSITY = {"fatal": 0, "critical": 0, "error": 1, "warn": 2, "info": 3, "debug": 4, "trace": 5, "": -1}

#: What a run is judged by, beside its lines.
JUDGED_BY = ["component", "level", "envoy_level", "version", "start", "gaps"]

#: The log that holds what a component prints.
_LOG_OF = {"pilot": "pilot", "agent": "agent", "envoy": "agent"}
_LOG = {
    "pilot": "a log of a control plane (pilot-discovery, istiod)",
    "agent": "a log of a sidecar",
    "envoy": "a log of a sidecar",
}


@dataclass(frozen=True)
class _Said:
    """What is to be said of one need in one run."""

    can: str
    missing: str = ""
    setting: str = ""


@answers(COVERAGE)
def coverage(capture: Capture) -> pd.DataFrame:
    """Which questions this capture can answer, and what would have to be printed for the others.

    Judged by what the lines of each process run show: the events that are there, the most verbose level
    seen, the version detected, whether the log is cut or has gaps. Levels can change while a process
    runs, and that is not seen.

    Parameters
    ----------
    capture
        Logs of any kind.

    Returns
    -------
    pandas.DataFrame
        {columns}

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.coverage(il.load("data/istiod-1.30.3/discovery.log.gz")).set_index("answer")
    >>> table.loc["fan_out", ["can", "missing", "setting"]].to_list()
    ['part', 'endpoint-only pushes are printed at debug', 'istiod: --log_output_level ads:debug,delta:debug']
    """
    judged = _Judged(capture, _runs(capture))
    rows = [
        (need.question, name, *row)
        for name, answer in declarations().items()
        for need in answer.needs
        for row in _rows(need, judged)
    ]
    return as_result(pd.DataFrame(rows, columns=list(COVERAGE.dtypes)), COVERAGE)


class _Judged:
    """The runs of a capture, and which of them have some lines."""

    def __init__(self, capture: Capture, runs: pd.DataFrame) -> None:
        self._capture, self.has_bootstrap = capture, bool(capture.nodes)
        self.component, self.number = runs["component"].to_numpy(), runs["run"].to_numpy()
        #: What runs are judged by, beside their lines: of few kinds, and the kind of each run.
        self.kinds = runs.drop_duplicates(JUDGED_BY)[JUDGED_BY].to_dict("records")
        self.kind = runs.groupby(JUDGED_BY, sort=False, dropna=False, observed=True).ngroup().to_numpy()
        self._runs_with: dict[tuple[str, str, str], npt.NDArray[np.int64]] = {}

    def with_lines(self, need: Need) -> npt.NDArray[np.bool_]:
        """Whether each run has lines of a need."""
        found = np.zeros(len(self.number), bool)
        for event in need.events:
            key = (event, need.component, need.column)
            if key not in self._runs_with:
                self._runs_with[key] = _runs_with(self._capture, *key)
            found |= np.isin(self.number, self._runs_with[key])
        return found


def _runs_with(capture: Capture, event: str, component: str, column: str) -> npt.NDArray[np.int64]:
    """The runs in which a component wrote lines of an event that fill a column; no column: that are there."""
    table = capture[event]
    if not table.num_rows or (column and column not in table.schema.names):
        return np.zeros(0, np.int64)
    own = pc.equal(table["component"].cast(pa.string()), component)
    if column:
        own = pc.and_(own, pc.is_valid(table[column]))
    return np.unique(table["run"].filter(own).to_numpy())


def _runs(capture: Capture) -> pd.DataFrame:
    """The runs; where nobody arranged the sources, what their entries alone tell."""
    if len(capture.runs) or not capture.n_entries:
        return capture.runs
    table = capture.events.select(["run", "component", "level"]).to_pandas()
    rows = []
    for run, own in table.groupby("run"):
        by_component = {
            name: list(lines["level"].dropna().unique()) for name, lines in own.groupby("component", observed=True)
        }
        seen = {name: max(levels, key=VERBOSITY.__getitem__, default="") for name, levels in by_component.items()}
        component = "pilot" if "pilot" in seen else "agent"
        level, envoy = seen.get(component, ""), seen.get("envoy", "")
        rows.append(
            {"run": run, "component": component, "level": level, "envoy_level": envoy, "version": "", "gaps": 0}
        )
    return pd.DataFrame(rows).assign(start="banner")


def _rows(need: Need, runs: _Judged) -> list[tuple[str, ...]]:
    """What is to be said of a need: once, or for each group of runs that differ."""
    if need.component == "bootstrap":
        said = _Said(YES) if runs.has_bootstrap else _Said(NO, "no bootstrap of a proxy among the sources", BOOTSTRAP)
        return [_row(said, "")]
    own = runs.component == _LOG_OF[need.component]
    if not own.any():
        return [_row(_Said(NO, f"{_LOG[need.component]} is not among the sources", f"add {_LOG[need.component]}"), "")]
    number, of_run = runs.number[own], (runs.kind * 2 + runs.with_lines(need))[own]
    groups: dict[_Said, list[int]] = {}
    for kind in pd.unique(of_run).tolist():
        groups.setdefault(_said(need, runs.kinds[kind // 2], there=bool(kind % 2)), []).append(kind)
    return [
        _row(said, _ranges(number[np.isin(of_run, which)]) if len(groups) > 1 else "") for said, which in groups.items()
    ]


def _row(said: _Said, runs: str) -> tuple[str, ...]:
    return (said.can, said.missing, said.setting, runs)


def _said(need: Need, run: dict[Hashable, Any], *, there: bool) -> _Said:
    """Judge a need in runs of a kind, where lines of it are `there` or not."""
    level = run["envoy_level"] if need.component == "envoy" else run["level"]
    low, high = version_range(run["version"])
    if there:
        return _of_lines(need, run, level, high)
    if (need.since and high < version_of(need.since)) or (need.until and low > version_of(need.until)):
        which = f"before {need.since}" if need.since and high < version_of(need.since) else f"after {need.until}"
        return _Said(NO, f"Istio {which} does not print it (these lines are of {run['version']})")
    printed = "debug" if need.debug_since and high >= version_of(need.debug_since) else need.level
    what = f"{need.column} in no" if need.column else "no"
    lines = f"{what} {' or '.join(need.events)} line"
    if VERBOSITY[level] < VERBOSITY[printed]:
        return _Said(
            NO, f"{lines}: printed at {printed}, the most verbose level seen is {level or 'none'}", need.setting
        )
    if need.rare:
        return _Said(YES, "no such line was logged")
    return _Said(NO, lines, need.setting)


def _of_lines(need: Need, run: dict[Hashable, Any], level: str, high: tuple[int, int]) -> _Said:
    """What is to be said where the lines are there: whether they are all."""
    if need.lost and VERBOSITY[level] < VERBOSITY["debug"] and high >= version_of(need.lost_since or "1.0"):
        return _Said(PART, need.lost, need.more)
    cut = "the log does not begin with the process" if run["start"] == "cut" else ""
    gaps = f"lines are missing in {run['gaps']} places" if run["gaps"] else ""
    if need.counts and (cut or gaps):
        return _Said(PART, "; ".join(filter(None, (cut, gaps))), WHOLE)
    return _Said(YES)


def _ranges(numbers: npt.ArrayLike) -> str:
    """Write numbers as ranges.

    Examples
    --------
    >>> _ranges([0, 2, 3, 4])
    '0, 2-4'
    """
    values = np.sort(numbers)
    groups = np.split(values, np.flatnonzero(np.diff(values) > 1) + 1)
    return ", ".join(f"{one[0]}-{one[-1]}" if len(one) > 1 else f"{one[0]}" for one in groups)
