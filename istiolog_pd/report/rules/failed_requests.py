"""Rules for requests: those that failed."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, clock_span, percent, plural, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

#: Maximum number of causes named.
NAMED = 5


def _failing(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    total, requests = int(table["requests"].sum()), capture["access"].num_rows
    flags = table["response_flags"].astype("str").where(table["response_flags"].notna(), "no flag")
    causes = table.groupby(flags)["requests"].sum().sort_values(ascending=False)
    worst = table.iloc[0]
    named = ", ".join(f"{name} {count:,}" for name, count in causes.head(NAMED).items())
    more = f" and {len(causes) - NAMED:,} more" if len(causes) > NAMED else ""
    flag = worst["response_flags"]
    where = shown(worst["cluster"], MAX_WORDS) if pd.notna(worst["cluster"]) else "no cluster"
    status = {} if pd.isna(worst["response_code"]) else {"response_code": int(worst["response_code"])}
    rows = rows_of(capture, "access", **status, **({"response_flags": flag} if pd.notna(flag) else {}))
    return RuleHit(
        f"{plural(total, 'request')} failed",
        f"By flag: {named}{more}. Most often ({worst['requests']:,}): {shown(worst['meaning'], MAX_WORDS)}, to "
        f"{where} ({percent(float(worst['share']))} of its requests), answered by {worst['answered_by']}; "
        f"{clock_span(table['first'], table['last'])}.",
        min(1.0, total / max(requests, 1)),
        rows,
    )


RULES = (
    Rule(
        name="failed_requests",
        kind="broken",
        of="the requests logged",
        answer="failed_requests",
        checks="requests that failed: flagged by Envoy (UF, UH, NR, UC, DC, ...), refused, or status 500 or more",
        find=_failing,
        why="A client did not get a response, or had to retry.",
        do="Check who answered, and the flag: NR, NC: routes; UH: endpoints; UF, UC: the connection or its TLS.",
        python="analysis.failed_requests(capture)",
    ),
)
