"""Rules for conflicts in the configuration."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, clock, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit


def _harmful(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["harmful"].fillna(False).astype(bool)]
    if own.empty:
        return None
    counts = own.groupby("metric")["key"].nunique().sort_values(ascending=False)
    first = own.iloc[0]
    latest = int(own["latest"].fillna(False).sum())
    return RuleHit(
        f"{plural(int(own['key'].nunique()), 'conflict')} in the configuration",
        f"{', '.join(f'{shown(name, MAX_WORDS)} {count:,}' for name, count in counts.items())}; {latest:,} of "
        f"{len(own):,} are listed by the last status of their run. The first, of {clock(first['first'])}: "
        f"{shown(first['key'], MAX_WORDS)}: {first['meaning']}.",
        len(own) / len(table),
        tuple(dict.fromkeys(rows_at(capture, own.drop_duplicates(["source", "line"])))),
    )


RULES = (
    Rule(
        name="config_conflicts",
        kind="broken",
        of="the conflicts listed",
        answer="config_conflicts",
        checks="conflicts found while pushes were built: listeners, clusters, hosts or subsets that two objects claim",
        find=_harmful,
        why="Of two objects that conflict one has no effect, and which one may change with the next restart.",
        do="Rename or merge one of them; istioctl analyze and istioctl proxy-config show which one is in force.",
        python="analysis.config_conflicts(capture).query('harmful == True')",
        rare=True,
    ),
)
