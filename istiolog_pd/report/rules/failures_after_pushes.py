"""Rules for failures after pushes: those beyond chance."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.analysis.proxies.failures_after_pushes import MORE, first_after
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_LINES, percent, plural
from istiolog_pd.report.model import Rule, RuleHit


def _more(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["verdict"].eq(MORE)]
    if own.empty:
        return None
    worst, every = own.iloc[0], table.iloc[0]
    high = f" to {worst['ci_high']:.1f}" if worst["ci_high"] < float("inf") else " on"
    kinds = ", ".join(own["kind"].astype("str"))
    return RuleHit(
        "Requests failed more often right after pushes to their proxy than at other times",
        f"Of the kind {kinds}. {worst['kind']}: {plural(int(worst['failed_after']), 'failure')} of {worst['failed']:,} "
        f"began within a second after a push, where chance gives {worst['expected']:.0f} "
        f"({worst['expected_low']:.0f} to {worst['expected_high']:.0f}): {worst['ratio']:.1f} times the rate elsewhere "
        f"(95 % interval {worst['ci_low']:.1f}{high}). These seconds hold "
        f"{percent(worst['requests_after'] / worst['requests'])} of the requests.",
        float(worst["failed_after"] / max(every["failed"], 1)),
        first_after(capture, str(worst["kind"]), MAX_LINES),
    )


RULES = (
    Rule(
        name="failures_after_pushes",
        kind="broken",
        of="the failures",
        answer="failures_after_pushes",
        checks="requests that fail right after a push to their proxy, beyond chance",
        find=_more,
        why="What was pushed, or what was pushed for, breaks traffic for a moment or for good.",
        do=(
            "Look at push_causes at these times. no endpoints, connection: graceful shutdown of pods, retries; "
            "no cluster, no route: objects that refer to what comes later; tls: DestinationRule, PeerAuthentication."
        ),
        python="analysis.failures_after_pushes(capture)",
    ),
)
