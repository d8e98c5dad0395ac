"""Checks: measures of a capture against thresholds, for CI and canaries. What logs cannot show does not pass."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from istiolog_pd._text import duration_text
from istiolog_pd.analysis.compare.compare import compare
from istiolog_pd.capture import Capture
from istiolog_pd.errors import unknown
from istiolog_pd.report.findings import Answers, run_rules

#: The least and the most that a measure can be, with what it was taken from; or why it is unknown.
Measured = tuple[Any, Any, str] | str

#: Ends of connections that are no part of normal work (`analysis.connections`).
ABNORMAL_ENDS = ("storm", "network", "flapping")
#: Of these measures of `analysis.compare` less is worse; of these it is neither.
LESS_IS_WORSE, NEITHER = ("cache_ratio", "changes_per_decision"), ("request_share", "forced_share")
NOTHING_LOGGED = "no such line was logged"

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """Something that has a maximum.

    Parameters
    ----------
    name
        What it is called in a file of thresholds; ``--max-NAME`` on the command line.
    about
        What is measured, in one line.
    unit
        ``duration``, ``count`` or ``share``.
    measure
        What measures it.
    """

    name: str
    about: str
    unit: str
    measure: Callable[[Answers], Measured]

    def read(self, text: str | float) -> Any:
        """A threshold in the check's unit: ``3s``, ``250ms``; ``0``; ``0.01`` or ``1%``.

        Raises
        ------
        ValueError
            If the text is none.
        """
        try:
            if self.unit == "duration":
                value: Any = pd.Timedelta(str(text))
                return value if value >= pd.Timedelta(0) else self._refuse(text)
            value = float(str(text).removesuffix("%")) / (100 if str(text).endswith("%") else 1)
        except ValueError:
            return self._refuse(text)
        return value if 0 <= value < float("inf") and (self.unit != "share" or value <= 1) else self._refuse(text)

    def _refuse(self, text: object) -> Any:
        like = {
            "duration": "a duration such as 3s or 250ms",
            "count": "a number",
            "share": "a share such as 1% or 0.01",
        }
        raise ValueError(f"{self.name}: {text!r} is no threshold; give {like[self.unit]}")


def _total(answers: Answers, answer: str, column: str) -> Measured:
    """The sum of a column of an answer whose rows are rare: none is 0, if its lines would be there."""
    table = answers[answer]
    if table.empty and (reason := _unseen(answers, answer)):
        return reason
    total = int(table[column].sum())
    return total, total, ""


def _unseen(answers: Answers, answer: str) -> str:
    """Why the lines of an answer could not be there; empty if one of its questions can be answered."""
    missing = answers.capture.coverage(answer)["missing"]
    return "" if missing.isin(["", NOTHING_LOGGED]).any() else "; ".join(missing.unique())


def _quantile(answers: Answers, answer: str, columns: tuple[str, str], what: str) -> Measured:
    """The 95th percentile of what rows bound; rows without bounds are said, not guessed."""
    table = answers[answer]
    known = table[sorted(set(columns))].dropna()
    if known.empty:
        return str(table.attrs.get("coverage") or f"no {what} has bounds")
    low, high = (known[column].quantile(0.95, interpolation="higher") for column in columns)
    return low, high, f"of {len(known):,} of {len(table):,} {what}"


def _debounce(answers: Answers) -> Measured:
    return _quantile(answers, "debounces", ("debounce_time", "debounce_time"), "push decisions")


def _full_pushes(answers: Answers) -> Measured:
    full = answers["debounces"].get("full", pd.Series(dtype="boolean"))
    if not len(full):
        return str(answers["debounces"].attrs.get("coverage") or "no push decision is printed")
    return int(full.sum()), int(full.fillna(True).sum()), f"of {len(full):,} push decisions"


def _failed_share(answers: Answers) -> Measured:
    total, failed = answers.capture.counts().get("access", 0), _total(answers, "failed_requests", "requests")
    if isinstance(failed, str) or not total:
        return failed if isinstance(failed, str) else "no access line is among the entries"
    return failed[0] / total, failed[1] / total, f"of {total:,} requests"


def _startup(answers: Answers) -> Measured:
    table = answers["proxy_startup"]
    if table.empty or table["duration"].isna().all():
        return str(table.attrs.get("coverage") or "no start of a proxy can be followed to ready")
    unready = int(table["duration"].isna().sum())
    slowest = table["duration"].max()
    return (
        slowest,
        pd.NaT if unready else slowest,
        f"{unready} of {len(table)} starts have no known end" if unready else "",
    )


def _abnormal_ends(answers: Answers) -> Measured:
    table = answers["connections"]
    if table.empty:
        return str(table.attrs.get("coverage") or "no connection is printed")
    ended = int(table["reason"].isin(ABNORMAL_ENDS).sum())
    return ended, ended, f"of {len(table):,} connections"


def _stale(answers: Answers) -> Measured:
    table = answers["stale_proxies"]
    if table.empty:
        return str(table.attrs.get("coverage") or "no push is printed")
    low, high = (int(table[column].fillna(1).gt(0).sum()) for column in ("behind_low", "behind_high"))
    return low, high, f"of {len(table):,} proxies, at the end"


def _errors(answers: Answers) -> Measured:
    table = answers["errors"]
    count = int(table.loc[table["verdict"].eq("act"), "count"].sum()) if len(table) else 0
    return count, count, ""


def _broken(answers: Answers) -> Measured:
    results = run_rules(answers)
    count = sum(one.kind == "broken" for one in results.found)
    blind = sum(rule.kind == "broken" for rule, _ in results.not_checkable)
    return count, count, f"{blind} rules could not look" if blind else ""


#: All that can have a maximum; the options of `istiolog check` are made from it.
CHECKS: tuple[Check, ...] = (
    Check("nacks", "updates that proxies rejected", "count", partial(_total, answer="rejections", column="nacks")),
    Check(
        "p95-propagation",
        "from a push to its use by Envoy, 95th percentile",
        "duration",
        partial(_quantile, answer="propagation", columns=("delay_low", "delay_high"), what="pushes"),
    ),
    Check(
        "p95-last-proxy",
        "from the start of a round to its last proxy, 95th percentile",
        "duration",
        partial(_quantile, answer="push_waves", columns=("last_low", "last_high"), what="rounds"),
    ),
    Check("p95-debounce", "time that the debounce waited, 95th percentile", "duration", _debounce),
    Check("full-pushes", "decisions to push everything", "count", _full_pushes),
    Check("startup", "from a proxy's start to ready, the slowest", "duration", _startup),
    Check(
        "failed-requests", "requests that failed", "count", partial(_total, answer="failed_requests", column="requests")
    ),
    Check("failed-share", "share of requests that failed", "share", _failed_share),
    Check("abnormal-ends", "connections that ended by network, flapping or a storm", "count", _abnormal_ends),
    Check("stale-proxies", "proxies behind the latest round when the log ends", "count", _stale),
    Check("errors-to-act-on", "errors whose verdict is `act`", "count", _errors),
    Check("broken-findings", "findings of the report that something does not work", "count", _broken),
)


def check(capture: Capture, maximum: Mapping[str, str | float], baseline: Capture | None = None) -> pd.DataFrame:
    """Lay thresholds to a capture, and a capture beside an earlier one.

    Parameters
    ----------
    capture
        Logs to check.
    maximum
        The most that is allowed, by the name of the check (`istiolog_pd.report.checks.CHECKS`): durations as
        ``"3s"``, shares as ``"1%"`` or 0.01, counts as numbers.
    baseline
        Logs from before: each measure of `analysis.compare` that is significantly worse fails.

    Returns
    -------
    pandas.DataFrame
        One row per check: `check`, `about`, `low` and `high` (text: the bounds of what was measured), `limit` (text),
        `state` (category): ``passed`` if `high` is within the limit, ``failed`` if `low` is beyond it, else
        ``unknown``; `note` (what it was measured of, or why it is unknown).

    Raises
    ------
    ValueError
        If a name is no check, or a threshold is no value of its unit.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> from istiolog_pd.report import check
    >>> capture = il.load("data/istiod-1.30.3/discovery.log.gz")
    >>> check(capture, {"nacks": 0, "p95-debounce": "2s"})[["check", "high", "state"]].to_records(index=False).tolist()
    [('nacks', '14', 'failed'), ('p95-debounce', '557 ms', 'passed')]
    """
    known = {one.name: one for one in CHECKS}
    for name in maximum:
        if name not in known:
            raise ValueError(unknown("check", name, known))
    limits = [(known[name], known[name].read(text)) for name, text in maximum.items()]
    answers = Answers(capture)
    rows = [_row(one, limit, one.measure(answers)) for one, limit in limits]
    if baseline is not None:
        rows += _against(baseline, capture)
    table = pd.DataFrame(rows, columns=["check", "about", "low", "high", "limit", "state", "note"])
    return table.astype({"state": pd.CategoricalDtype([PASSED, FAILED, UNKNOWN])})


def _row(one: Check, limit: Any, measured: Measured) -> dict[str, str]:
    row = {"check": one.name, "about": one.about, "limit": _text(one, limit)}
    if isinstance(measured, str):
        return {**row, "low": "", "high": "", "state": UNKNOWN, "note": measured}
    low, high, note = measured
    state = PASSED if high <= limit else FAILED if low > limit else UNKNOWN
    return {**row, "low": _text(one, low), "high": _text(one, high), "state": state, "note": note}


def _text(one: Check, value: Any) -> str:
    if pd.isna(value):
        return "?"
    if one.unit == "duration":
        return duration_text(value)
    return f"{value:.2%}" if one.unit == "share" else f"{value:,g}" if value % 1 else f"{int(value):,}"


def _against(before: Capture, after: Capture) -> list[dict[str, str]]:
    """What is significantly worse than before: a row each, or one row that says that nothing is."""
    table = compare(before, after)
    about = "no measure is significantly worse than in the baseline"
    row = {"check": "baseline", "about": about, "low": "", "high": "", "limit": ""}
    if table.empty:
        return [{**row, "state": UNKNOWN, "note": str(table.attrs.get("coverage", ""))}]
    comparable = table["significant"].notna()
    own = table[comparable & table["significant"].fillna(False) & ~table["load"].fillna(False)]
    own = own[~own["measure"].isin(NEITHER)]
    less = own["measure"].isin(LESS_IS_WORSE)
    worse = own[operator.xor(own["difference"].gt(0), less)]
    if worse.empty:
        state = PASSED if comparable.any() else UNKNOWN
        return [{**row, "state": state, "note": f"{int(comparable.sum())} of {len(table)} measures can be compared"}]
    return [
        {
            "check": f"baseline: {one.measure} {one.labels}".rstrip(),
            "about": f"{one.measure}, {one.unit}",
            "low": f"{one.after:,.4g}",
            "high": f"{one.after:,.4g}",
            "limit": f"{one.before:,.4g}",
            "state": FAILED,
            "note": f"difference {one.ci_low:+,.3g} to {one.ci_high:+,.3g} (95 %)",
        }
        for one in worse.itertuples()
    ]
