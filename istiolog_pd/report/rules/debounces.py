"""Rules for debounces: waits up to the maximum, decisions held back, full pushes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import bounds, percent, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

SECOND = pd.Timedelta("1s")
HELD = pd.Timedelta("500ms")
HELD_SHARE = 0.01
#: Minimum number of push decisions for a pattern.
MIN_DECISIONS = 20
MOSTLY_FULL = 0.5


def _time(value: Any) -> str:
    """A median or an extreme of durations, in words."""
    return duration_text(pd.Timedelta(value))


def _max_bound(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["bound"] == "max"]
    maybe = int((table["bound"] == "either").sum())
    if own.empty:
        return None
    longest, events = own["debounce_time"].max(), own["events"].sum(min_count=1)
    merged = f", {int(events):,} changes were merged" if pd.notna(events) else ""
    return RuleHit(
        f"{bounds(len(own), len(own) + maybe)} of {plural(len(table), 'push decision')} waited for PILOT_DEBOUNCE_MAX",
        "Changes kept arriving, so none of these pushes was released by a quiet time; the longest wait was "
        f"{duration_text(longest)}{merged}.",
        len(own) / len(table),
        rows_at(capture, own.sort_values("debounce_time", ascending=False)),
    )


def _held(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[(table["quiet_time"] >= HELD) & (table["quiet_time"] >= 5 * table["quiet_time"].median())]
    if len(own) < HELD_SHARE * len(table) or own.empty:
        return None
    return RuleHit(
        f"{plural(len(own), 'push decision')} of {len(table):,} came long after the last change",
        f"The quiet time was {_time(own['quiet_time'].median())} (median of these), at most "
        f"{_time(own['quiet_time'].max())}; the median of all decisions is {_time(table['quiet_time'].median())}.",
        len(own) / len(table),
        rows_at(capture, own.sort_values("quiet_time", ascending=False)),
    )


def _full(table: pd.DataFrame, capture: Capture) -> RuleHit | str | None:
    known = table[table["full"].notna()]
    if known.empty:
        return "no decision logs whether it is full (Istio 1.0, and 1.31 and later, do not)"
    own = known[known["full"].astype(bool)]
    if len(known) < MIN_DECISIONS or len(own) < MOSTLY_FULL * len(known):
        return None
    kinds = own["config_kind"].dropna().value_counts()
    named = "; named most often (one config of each, picked at random): " + ", ".join(
        f"{shown(kind, 40)} {count:,}" for kind, count in kinds.head(3).items()
    )
    return RuleHit(
        f"{plural(len(own), 'push decision')} of {len(known):,} were full pushes",
        f"{percent(len(own) / len(known))} of the decisions that log it{named if len(kinds) else ''}.",
        len(own) / len(known),
        rows_at(capture, own),
    )


RULES = (
    Rule(
        name="max_debounce",
        kind="late",
        of="the decisions, at least",
        answer="debounces",
        checks="push decisions that came only because PILOT_DEBOUNCE_MAX was reached",
        find=_max_bound,
        why=(
            "While changes come faster than PILOT_DEBOUNCE_AFTER nothing is pushed until the maximum: every change "
            "waits, and then all proxies are pushed to at once."
        ),
        do=(
            "Find what changes all the time (the triggers below) and stop it; or lower PILOT_DEBOUNCE_MAX. "
            "The debounce replay below shows within bounds what other settings would do."
        ),
        python="analysis.debounces(capture).query(\"bound == 'max'\")",
    ),
    Rule(
        name="held_back",
        kind="late",
        of="the decisions",
        answer="debounces",
        checks=(
            f"decisions made {duration_text(HELD)} or more, and five times the median, after the last change, "
            f"if they are {percent(HELD_SHARE)} or more"
        ),
        find=_held,
        why=(
            "A push decision that comes long after the last change waited for the previous push to start: istiod "
            "was busy building a push context."
        ),
        do="Check istiod's CPU limits and throttling, and pilot_pushcontext_init_seconds.",
        python=f"analysis.debounces(capture).query(\"quiet_time >= '{HELD / SECOND:g}s'\")",
    ),
    Rule(
        name="full_pushes",
        kind="costly",
        of="the decisions",
        answer="debounces",
        checks=f"full pushes that are {percent(MOSTLY_FULL)} or more of {MIN_DECISIONS} decisions or more",
        find=_full,
        why=(
            "A full push builds a new push context and considers every proxy for every type; endpoint changes alone "
            "do not need one."
        ),
        do=(
            "Check what changes (the triggers below): deployments that rewrite labels, operators that rewrite "
            "objects "
            "without a change, headless services."
        ),
        python='analysis.debounces(capture).query("full == True")',
    ),
)
