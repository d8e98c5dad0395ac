"""Rules for the causes of pushes."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, bounds, percent, plural, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

#: Minimum number of push decisions for a pattern.
MIN_PUSHES = 20
ONE_CAUSE = 0.25


def _one_cause(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    decisions = len(analysis.debounces(capture))
    if decisions < MIN_PUSHES:
        return None
    own = table[(table["pushes_low"] >= ONE_CAUSE * decisions).fillna(False).astype(bool)]
    if own.empty:
        return None
    worst = own.sort_values("pushes_low", ascending=False).iloc[0]
    parts = [worst[part] for part in ("config_kind", "config_namespace", "config_name") if pd.notna(worst[part])]
    name = shown("/".join(map(str, parts)), MAX_WORDS)
    full = int(worst["full"]) if pd.notna(worst["full"]) else 0
    return RuleHit(
        f"One object triggered {bounds(int(worst['pushes_low']), worst['pushes_high'])} of {decisions:,} pushes",
        f"{name}; {plural(full, 'full push', 'full pushes')} among them.",
        float(worst["pushes_low"]) / decisions,
        rows_of(capture, "debounce", config_name=str(worst["config_name"])) if pd.notna(worst["config_name"]) else (),
    )


RULES = (
    Rule(
        name="one_cause",
        kind="costly",
        of="the decisions, at least",
        answer="triggers",
        checks=f"one object that certainly triggered {percent(ONE_CAUSE)} or more of the pushes",
        find=_one_cause,
        why="An object that keeps changing keeps the whole mesh busy.",
        do="Find who writes it: kubectl get --watch, the managedFields of the object, the audit log.",
        python="analysis.triggers(capture).sort_values('pushes_low', ascending=False)",
    ),
)
