"""Rules for proxies that were behind."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.analysis._result import control_plane_rows
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_LINES, MAX_WORDS, clock, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

#: A proxy that lacks a round for less than this may just be about to get it.
LONG = pd.Timedelta("5s")
#: What is used of the line that shows it.
NAMES = ["run", "source", "line", "timestamp", "proxy"]


def _behind(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[(table["behind_low"] > 0).fillna(False) & (table["at"] - table["since"] >= LONG)]
    if own.empty:
        return None
    worst = own.iloc[0]
    pushes, nacks = analysis.pushes(capture), control_plane_rows(capture, "xds_nack", NAMES)
    last = []
    for row in own.head(MAX_LINES).to_dict("records"):
        lines = nacks if row["reason"] == "rejected" else pushes[NAMES]
        lines = lines[(lines["timestamp"] <= row["at"]) & lines["proxy"].eq(row["proxy"]) & lines["run"].eq(row["run"])]
        last.append(lines.tail(1))
    reasons = own["reason"].astype("str").value_counts()
    return RuleHit(
        f"{plural(len(own), 'proxy', 'proxies')} lacked a round at the end of the log",
        f"At {clock(worst['at'])}: {', '.join(f'{name} {count:,}' for name, count in reasons.items())}; the furthest "
        f"behind: {shown(worst['proxy'], MAX_WORDS)}, by {plural(int(worst['behind_low']), 'round')} at least, since "
        f"{clock(worst['since'])}.",
        len(own) / len(table),
        rows_at(capture, pd.concat(last)),
    )


RULES = (
    Rule(
        name="stale_proxies",
        kind="late",
        of="the connected proxies",
        answer="stale_proxies",
        checks=f"proxies that at the last push surely lacked a round that had begun {LONG.seconds} s before",
        find=_behind,
        why="These proxies act on old configuration: requests may go to endpoints that are gone.",
        do="Look at the CPU, memory and network of these proxies; restart one that does not catch up.",
        python='analysis.stale_proxies(capture).query("behind_low > 0")',
    ),
)
