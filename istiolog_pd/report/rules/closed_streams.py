"""Rules for streams that closed: those that were refused, or found nobody."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, clock_span, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

#: What no other rule of connections looks at.
REASONS = ("overload", "unreachable")


def _refused(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["reason"].isin(REASONS) & table["harmless"].eq(False).fillna(False)]
    if own.empty:
        return None
    counts = own["reason"].astype("str").value_counts()
    when = own["closed"].fillna(own["seen"])
    first = own.iloc[0]
    return RuleHit(
        f"{plural(len(own), 'stream')} of {plural(int(own['proxy'].nunique()), 'proxy', 'proxies')} failed, or "
        "found no control plane",
        f"{', '.join(f'{name} {count:,}' for name, count in counts.items())}, "
        f"{clock_span(when, when)}; the first: “{shown(first['error'], MAX_WORDS)}”.",
        len(own) / len(table),
        rows_at(capture, own),
    )


RULES = (
    Rule(
        name="closed_streams",
        kind="broken",
        of="the streams that ended",
        answer="closed_streams",
        checks="streams that ended because the control plane was overloaded, refused or could not be reached",
        find=_refused,
        why="Without a stream a proxy gets no changes, and a new pod does not become ready.",
        do="Check istiod's CPU, memory and rate limits at these times, its Service and what is between.",
        python="analysis.closed_streams(capture).query('harmless == False')",
        rare=True,
    ),
)
