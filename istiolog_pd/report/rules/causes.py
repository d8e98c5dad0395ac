"""Rules for what pushes are made for: the same one again and again."""

from __future__ import annotations

import pandas as pd

from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit


def _periodic(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["period"].notna()]
    if own.empty:
        return None
    keys = ["run", "cause", "object"]
    sizes = own.groupby(keys, dropna=False, observed=True).size().sort_values(ascending=False)
    most = own[own[keys].apply(tuple, axis=1).eq(sizes.index[0])] if len(sizes) > 1 else own
    first = most.iloc[0]
    what = shown(first["object"], MAX_WORDS) if pd.notna(first["object"]) else f"cause {first['cause']}"
    return RuleHit(
        f"{plural(len(own), 'push decision')} came at a fixed interval",
        f"{plural(len(sizes), 'cause')}; the most frequent, {what}: {len(most):,} times, one each "
        f"{duration_text(first['period'])}.",
        len(own) / len(table),
        rows_at(capture, most),
    )


RULES = (
    Rule(
        name="periodic_pushes",
        kind="costly",
        of="the decisions",
        answer="push_causes",
        checks="push decisions for the same object or cause at a fixed interval",
        find=_periodic,
        why="Something writes an object again and again, and each time configuration is built anew for many proxies.",
        do="Find who writes it (kubectl get --show-managed-fields): a controller, an autoscaler, a resync of GitOps.",
        python='analysis.push_causes(capture).query("period.notna()")',
    ),
)
