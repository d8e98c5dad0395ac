"""Rules for push rounds: slow ones, and proxies that are late in theirs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

SLOW_ROUND = pd.Timedelta("1s")
#: A proxy is behind if its push came after BEHIND and after TIMES_MEDIAN times the median of its round.
BEHIND, TIMES_MEDIAN = pd.Timedelta("1s"), 4
#: Minimum number of proxies in a round that can have stragglers.
MIN_PROXIES = 10
SECOND = pd.Timedelta("1s")


def _time(value: Any) -> str:
    """A median or an extreme of durations, in words."""
    return duration_text(pd.Timedelta(value))


def _slow(table: pd.DataFrame, capture: Capture) -> RuleHit | str | None:
    known = table[table["duration"].notna()]
    if known.empty:
        return "no push round logs its pushes: " + str(table.attrs.get("coverage", ""))
    slow = known[known["duration"] >= SLOW_ROUND]
    if slow.empty:
        return None
    return RuleHit(
        f"{plural(len(slow), 'push round')} of {len(known):,} took {duration_text(SLOW_ROUND)} or longer",
        f"From its start to its last push a round took {_time(known['duration'].median())} (median), "
        f"{_time(known['duration'].quantile(0.95))} (95th percentile), "
        f"{_time(known['duration'].max())} (longest). From Istio 1.3 on the end of a round is an estimate.",
        len(slow) / len(known),
        rows_at(capture, slow.sort_values("duration", ascending=False)),
    )


def _stragglers(table: pd.DataFrame, capture: Capture) -> RuleHit | str | None:
    own = table.loc[table["round"].notna(), ["round", "proxy", "timestamp", "source", "line"]]
    if own.empty:
        return "no push can be assigned to a round: " + str(table.attrs.get("coverage", ""))
    starts = analysis.push_rounds(capture).set_index("round")["timestamp"]
    own = own.assign(proxy=pd.factorize(own["proxy"])[0], name=own["proxy"])
    own["lag"] = own["timestamp"] - starts.reindex(own["round"]).set_axis(own.index)
    last = own.sort_values("lag").drop_duplicates(["round", "proxy"], keep="last")
    by_round = last.groupby("round")["lag"]
    usual, size = by_round.transform("median"), by_round.transform("size")
    behind = last[(size >= MIN_PROXIES) & (last["lag"] >= BEHIND) & (last["lag"] / TIMES_MEDIAN > usual)]
    if behind.empty:
        return None
    often = behind["name"].value_counts()
    return RuleHit(
        f"{plural(int(often.size), 'proxy', 'proxies')} got pushes long after the others in the same round",
        f"{plural(len(behind), 'time')} in {plural(int(behind['round'].nunique()), 'round')}, at most "
        f"{duration_text(behind['lag'].max())} after its start; most often "
        f"({often.iloc[0]:,}): {shown(often.index[0], MAX_WORDS)}.",
        len(behind) / len(last),
        rows_at(capture, behind.sort_values("lag", ascending=False)),
    )


RULES = (
    Rule(
        name="slow_rounds",
        kind="late",
        of="the rounds with logged pushes",
        answer="push_rounds",
        checks=f"rounds that took {duration_text(SLOW_ROUND)} or longer to their last push",
        find=_slow,
        why="Until the last proxy has its push, proxies of the mesh work with different configurations.",
        do="More replicas or CPU for istiod; smaller configurations (Sidecar resources); PILOT_PUSH_THROTTLE.",
        python=f"analysis.push_rounds(capture).query(\"duration >= '{SLOW_ROUND / SECOND:g}s'\")",
    ),
    Rule(
        name="stragglers",
        kind="late",
        of="all proxies in all rounds",
        answer="pushes",
        checks=(
            f"proxies pushed to {duration_text(BEHIND)} or more after the start of a round of at least {MIN_PROXIES}, "
            f"and {TIMES_MEDIAN} times later than half of them"
        ),
        find=_stragglers,
        why="A straggler routes requests by old configuration, and to endpoints that no longer exist.",
        do="If they are always the same, check those pods: CPU limits, large configurations, distant nodes.",
        python="analysis.pushes(capture).dropna(subset=['round']).sort_values('timestamp')",
    ),
)
