"""Rules for what came late: debounces, rounds, single proxies, the order of types, pauses of the Go runtime."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.inspect.summary import duration_text
from istiolog_pd.report.html.evidence import MOST_WORDS, bounds, percent, rows_at, shown, some
from istiolog_pd.report.model import Rule, Seen

SLOW_ROUND = pd.Timedelta("1s")
#: A proxy is behind whose push came after this time and so many times the median of its round.
BEHIND, TIMES_MEDIAN = pd.Timedelta("1s"), 4
#: Rounds of fewer proxies have no stragglers.
FEWEST = 10
SECOND = pd.Timedelta("1s")
HELD, HELD_SHARE = pd.Timedelta("500ms"), 0.01
LONG_PAUSE, MUCH_CPU = 10.0, 10


def _time(value: Any) -> str:
    """A median or an extreme of durations, in words."""
    return duration_text(pd.Timedelta(value))


def _max_bound(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[table["bound"] == "max"]
    maybe = int((table["bound"] == "either").sum())
    if own.empty:
        return None
    longest, events = own["debounce_time"].max(), own["events"].sum(min_count=1)
    merged = f", {int(events):,} changes merged in them" if pd.notna(events) else ""
    return Seen(
        f"{bounds(len(own), len(own) + maybe)} of {some(len(table), 'push decision')} waited for the maximum",
        f"Changes never went quiet; the longest wait was {duration_text(longest)}{merged}.",
        len(own) / len(table),
        rows_at(capture, own.sort_values("debounce_time", ascending=False)),
    )


def _held(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[(table["quiet_time"] >= HELD) & (table["quiet_time"] >= 5 * table["quiet_time"].median())]
    if len(own) < HELD_SHARE * len(table) or own.empty:
        return None
    return Seen(
        f"{some(len(own), 'push decision')} of {len(table):,} came long after the last change",
        f"It had been quiet for {_time(own['quiet_time'].median())} (median of these), at most "
        f"{_time(own['quiet_time'].max())}; of all {_time(table['quiet_time'].median())}.",
        len(own) / len(table),
        rows_at(capture, own.sort_values("quiet_time", ascending=False)),
    )


def _slow(table: pd.DataFrame, capture: Capture) -> Seen | str | None:
    known = table[table["duration"].notna()]
    if known.empty:
        return "no round prints its pushes: " + str(table.attrs.get("coverage", ""))
    slow = known[known["duration"] >= SLOW_ROUND]
    if slow.empty:
        return None
    return Seen(
        f"{some(len(slow), 'push round')} of {len(known):,} took {duration_text(SLOW_ROUND)} or longer",
        f"From its start to its last push a round took {_time(known['duration'].median())} (median), "
        f"{_time(known['duration'].quantile(0.95))} (95th percentile), "
        f"{_time(known['duration'].max())} (longest). From Istio 1.3 on the end of a round is an estimate.",
        len(slow) / len(known),
        rows_at(capture, slow.sort_values("duration", ascending=False)),
    )


def _stragglers(table: pd.DataFrame, capture: Capture) -> Seen | str | None:
    own = table.loc[table["round"].notna(), ["round", "proxy", "timestamp", "source", "line"]]
    if own.empty:
        return "no push can be laid to a round: " + str(table.attrs.get("coverage", ""))
    starts = analysis.push_rounds(capture).set_index("round")["timestamp"]
    own = own.assign(proxy=pd.factorize(own["proxy"])[0], name=own["proxy"])
    own["lag"] = own["timestamp"] - starts.reindex(own["round"]).set_axis(own.index)
    last = own.sort_values("lag").drop_duplicates(["round", "proxy"], keep="last")
    by_round = last.groupby("round")["lag"]
    usual, size = by_round.transform("median"), by_round.transform("size")
    behind = last[(size >= FEWEST) & (last["lag"] >= BEHIND) & (last["lag"] / TIMES_MEDIAN > usual)]
    if behind.empty:
        return None
    often = behind["name"].value_counts()
    return Seen(
        f"{some(int(often.size), 'proxy', 'proxies')} got their push long after the others of the same round",
        f"{some(len(behind), 'time')} in {some(int(behind['round'].nunique()), 'round')}, at most "
        f"{duration_text(behind['lag'].max())} after its start; most often "
        f"({often.iloc[0]:,}): {shown(often.index[0], MOST_WORDS)}.",
        len(behind) / len(last),
        rows_at(capture, behind.sort_values("lag", ascending=False)),
    )


def _order(table: pd.DataFrame, capture: Capture) -> Seen | None:
    wrong = (~table["kept"]).fillna(False).astype(bool) & table["certain"].fillna(False).astype(bool)
    own = table[wrong]
    if own.empty:
        return None
    orders = own["order"].value_counts()
    pushed = analysis.pushes(capture)
    first = own.iloc[0]
    lines = pushed[(pushed["proxy"] == first["proxy"]) & (pushed["timestamp"] >= first["timestamp"])]
    return Seen(
        f"{some(len(own), 'time')} a proxy got its types out of order",
        f"{some(int(own['proxy'].nunique()), 'proxy', 'proxies')}; most often “{shown(orders.index[0], MOST_WORDS)}” "
        f"({orders.iloc[0]:,}); of {some(len(table), 'order')} seen, {percent(len(own) / len(table))}.",
        len(own) / len(table),
        rows_at(capture, lines),
    )


def _pauses(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[(table["pause_low_ms"] >= LONG_PAUSE).fillna(False).astype(bool)]
    cpu = int(table["cpu_percent"].max())
    if own.empty and cpu < MUCH_CPU:
        return None
    low, high = table["pause_low_ms"].max(), table["pause_high_ms"].max()
    return Seen(
        f"Garbage collection: {some(len(own), 'pause')} of {LONG_PAUSE:.0f} ms or longer, up to {cpu} % of the CPU",
        f"The longest pause was {bounds(low, high, '{:,.1f}'.format)} ms, of {some(len(table), 'collection')}; "
        f"the heap reached {int(table['heap_before_mb'].max()):,} MB.",
        len(own) / len(table),
        rows_at(capture, table.sort_values("pause_high_ms", ascending=False)),
    )


LATE = (
    Rule(
        "max_debounce",
        "late",
        "the decisions, at least",
        "debounces",
        "push decisions that came only because PILOT_DEBOUNCE_MAX was reached",
        _max_bound,
        "While changes come faster than PILOT_DEBOUNCE_AFTER nothing is pushed until the maximum: every change in it "
        "waits, and all proxies are pushed to at once.",
        "Find what changes all the time (the triggers below) and make it rest; or lower PILOT_DEBOUNCE_MAX. "
        "The debounce replay below shows within bounds what other settings would do.",
        "analysis.debounces(capture).query(\"bound == 'max'\")",
    ),
    Rule(
        "held_back",
        "late",
        "the decisions",
        "debounces",
        f"decisions made {duration_text(HELD)} or more, and five times the median, after the last change, "
        f"if they are {percent(HELD_SHARE)} or more",
        _held,
        "A push decision that comes long after the last change was waiting for the push before it to begin: istiod "
        "was busy building its push context.",
        "Look at istiod's CPU limits and throttling, and at pilot_pushcontext_init_seconds.",
        f"analysis.debounces(capture).query(\"quiet_time >= '{HELD / SECOND:g}s'\")",
    ),
    Rule(
        "slow_rounds",
        "late",
        "the rounds whose pushes are printed",
        "push_rounds",
        f"rounds that took {duration_text(SLOW_ROUND)} or longer to their last push",
        _slow,
        "Until the last proxy has its push, two proxies of the mesh work with different configurations.",
        "More replicas or CPU for istiod; smaller configurations (Sidecar resources); PILOT_PUSH_THROTTLE.",
        f"analysis.push_rounds(capture).query(\"duration >= '{SLOW_ROUND / SECOND:g}s'\")",
    ),
    Rule(
        "stragglers",
        "late",
        "all proxies in all rounds",
        "pushes",
        f"proxies pushed to {duration_text(BEHIND)} or more after the start of a round of {FEWEST} or more, and "
        f"{TIMES_MEDIAN} times later than half of them",
        _stragglers,
        "A straggler sends requests by old routes and to endpoints that are gone.",
        "If they are always the same, look at those pods: CPU limits, large configurations, distant nodes.",
        "analysis.pushes(capture).dropna(subset=['round']).sort_values('timestamp')",
    ),
    Rule(
        "order",
        "late",
        "the orders seen",
        "xds_order",
        "types pushed to a proxy in another order than CDS, EDS, LDS, RDS",
        _order,
        "A listener or route that comes before its cluster leads nowhere until the cluster is there.",
        "Look whether the same proxies were asking at these times (requests cross pushes); if not, report it. "
        "Istio 1.0 always sends RDS before LDS.",
        'analysis.xds_order(capture).query("kept == False")',
    ),
    Rule(
        "gc_pauses",
        "late",
        "the collections",
        "gc",
        f"garbage collections of istiod that stopped it for {LONG_PAUSE:.0f} ms, or took {MUCH_CPU} % of its CPU",
        _pauses,
        "While Go collects, pushes wait; a heap near its limit is collected all the time.",
        "Give istiod more memory or CPU, or set GOMEMLIMIT and GOGC.",
        "analysis.gc(capture).sort_values('pause_high_ms', ascending=False)",
    ),
)
