"""Rules for the debounce settings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import bounds, percent
from istiolog_pd.report.model import Rule, RuleHit

#: Minimum number of push decisions for a pattern.
MIN_DECISIONS = 20
REPLAYED = 0.2


def _replay(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    recorded = table[table["recorded"].fillna(False).astype(bool)]
    if recorded.empty or recorded["pushes_low"].iloc[0] < MIN_DECISIONS:
        return None
    was = recorded.iloc[0]
    tried = _tried(table, capture, was)
    # What was, replayed as the others are: on timers that are not late.
    same = tried[[not _changed(row, was) for _, row in tried.iterrows()]]
    now = same.iloc[0] if len(same) else was
    pushes = int(now["pushes_low"])
    better = tried[(tried["pushes_high"] <= (1 - REPLAYED) * pushes).fillna(False).astype(bool)]
    if better.empty:
        return None
    better = better.assign(changes=[len(_changed(row, was)) for _, row in better.iterrows()])
    best = better.sort_values(["changes", "delay_median_high"], kind="stable").iloc[0]
    spared = pushes - int(best["pushes_high"])
    then, before = (bounds(int(row["pushes_low"]), int(row["pushes_high"])) for row in (best, now))
    return RuleHit(
        f"Other debounce settings would have avoided at least {percent(spared / pushes)} of the pushes",
        f"With {' and '.join(_changed(best, was))}: {then} pushes, not {before}; the median change would wait "
        f"{bounds(best['delay_median_low'], best['delay_median_high'], duration_text)}, not "
        f"{bounds(now['delay_median_low'], now['delay_median_high'], duration_text)}.",
        spared / pushes,
    )


def _tried(table: pd.DataFrame, capture: Capture, was: pd.Series[Any]) -> pd.DataFrame:
    """The settings replayed: with the maximum that was, and endpoint-only changes debounced or not, as they were."""
    others = table[~table["recorded"].fillna(False).astype(bool)]
    known = pd.notna(was["after"]) and pd.notna(was["maximum"])
    there = not known or bool((others["after"].eq(was["after"]) & others["maximum"].eq(was["maximum"])).any())
    if bool(was["eds_debounce"]) and there:
        return others
    spans = {*others["after"], *([was["after"]] if known else [])}
    most = was["maximum"] if known else others["maximum"].max()
    return analysis.debounce_replay(
        capture,
        after=[_value(span) for span in sorted(spans) if span <= most],
        maximum=_value(most),
        eds_debounce=[True] if bool(was["eds_debounce"]) else [False, True],
    )


def _changed(row: pd.Series[Any], was: pd.Series[Any]) -> list[str]:
    """The settings of a row that are not as they were, as istiod's environment has them."""
    found = []
    if bool(row["eds_debounce"]) != bool(was["eds_debounce"]):
        found.append(f"PILOT_ENABLE_EDS_DEBOUNCE={str(bool(row['eds_debounce'])).lower()}")
    for name, variable in (("after", "PILOT_DEBOUNCE_AFTER"), ("maximum", "PILOT_DEBOUNCE_MAX")):
        if pd.isna(was[name]) or row[name] != was[name]:
            found.append(f"{variable}={_value(row[name])}")
    return found


def _value(span: pd.Timedelta) -> str:
    """A span as Go reads it."""
    seconds = span / pd.Timedelta("1s")
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


RULES = (
    Rule(
        name="debounce_setting",
        kind="costly",
        of="the pushes, at least",
        answer="debounce_replay",
        checks=f"debounce settings that would have avoided {percent(REPLAYED)} of the pushes or more",
        find=_replay,
        why="A longer quiet time merges more changes into one push; each change waits longer for it.",
        do="Weigh the delay against the pushes (plot below), then set it in istiod's environment.",
        python="analysis.debounce_replay(capture)",
    ),
)
