"""Metrics of rounds and connections: debounces, push contexts, triggers, what is queued, gauges.

pilot/pkg/xds/discovery.go (``debounce``, ``Push``, ``doSendPushes``), ads.go (``AdsPushAll``), pushqueue.go.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from istiolog_pd.analysis.metrics.lines import Frame, RunLines
from istiolog_pd.analysis.metrics.pushes import arrivals
from istiolog_pd.analysis.metrics.series import Numbers, Series, at_least, buckets, exactly, labeled, plus

#: Time stamps have microseconds; between measuring and printing a time some more may pass.
STAMP, SLACK = 1e-6, 1e-3

#: Seconds before the last line by which a round has been queued.
SETTLED = 1.0


def round_series(run: RunLines) -> Iterator[Series]:
    """The series of rounds of one run."""
    yield from _debounces(run)
    yield from _contexts(run)
    yield from _updates(run)
    yield _triggers(run)
    yield from _queued(run)
    yield from _gauges(run)


def _debounces(run: RunLines) -> Iterator[Series]:
    """A debounce is measured when its round is queued: after the round's line, before the next decision."""
    metric, lines = "pilot_debounce_time", run.decisions
    if not run.talks:
        yield from (Series(f"{metric}_count"), Series(f"{metric}_sum"))
        return
    count = len(lines)
    yield Series(f"{metric}_count", "", count, None if run.missing else count)
    measured = lines["debounce_time"].dt.total_seconds().to_numpy(float)
    if np.isnan(measured).any():
        yield Series(f"{metric}_sum")
        return
    low = measured.copy()
    own = run.starts[run.starts["decision"] >= 0]
    low[own["decision"].to_numpy()] += np.maximum(own["built_within"].to_numpy(float) - STAMP, 0)
    later = (-lines["timestamp"].diff(-1)).dt.total_seconds().to_numpy(float, copy=True)
    if len(lines):
        rest = (run.last - max([lines["timestamp"].iloc[-1], *own["timestamp"].iloc[-1:]])).total_seconds()
        later[-1] = (run.last - lines["timestamp"].iloc[-1]).total_seconds() if rest >= SETTLED else np.inf
    high = np.where(np.isnan(later), np.inf, measured + later + SLACK)
    total = None if run.missing or np.isinf(high).any() else float(high.sum())
    yield Series(f"{metric}_sum", "", float(low.sum()), total)
    yield from buckets(run.ends, metric, low, high, None if run.missing else 0)


def _contexts(run: RunLines) -> Iterator[Series]:
    """A context is built between the decision and the line of its full round; debug prints how long."""
    metric = "pilot_pushcontext_init_seconds"
    full = run.starts[run.starts["full"]]
    if not run.talks:
        yield from (Series(f"{metric}_count"), Series(f"{metric}_sum"))
        return
    more = None if run.missing else 0
    yield Series(f"{metric}_count", "", len(full), plus(len(full), more))
    lines = run["push_start"]
    printed = lines["duration"][(lines["connected_endpoints"].isna() & lines["duration"].notna()).to_numpy(bool)]
    if len(printed) == len(full):
        low = high = printed.dt.total_seconds().to_numpy(float)
    else:
        low, high = np.zeros(len(full)), full["built_within"].to_numpy(float) + STAMP
        high = np.where(np.isnan(high), np.inf, high)
    total = None if run.missing or np.isinf(high).any() else float(high.sum())
    yield Series(f"{metric}_sum", "", float(low.sum()), total)
    yield from buckets(run.ends, metric, low, high, more)


def _updates(run: RunLines) -> Iterator[Series]:
    """Update requests: those that were merged, and one for each endpoint-only round without a debounce."""
    events = run.decisions["debounced_events"].dropna()
    alone = int(((run.starts["decision"] < 0) & ~run.starts["full"]).sum())
    yield at_least("pilot_inbound_updates", int(events.sum()) + alone, labeled([("type", "config")]))
    for kind in ("eds", "svc", "svcdelete"):
        yield Series("pilot_inbound_updates", labeled([("type", kind)]))


def _triggers(run: RunLines) -> Series:
    """Every merged event has a reason, and every connection that a round is queued for counts it.

    A connection that opens or closes while a round is queued may be in that round, though its line did
    not count it, or the other way round. Then it lies beside the lines of opening and closing.
    """
    metric, starts = "pilot_push_triggers", run.starts
    if starts.empty:
        return exactly(metric, 0) if run.talks and not run.missing and run.from_start else Series(metric)
    events = starts["events"].to_numpy(float)
    alone = ~starts["full"].to_numpy(bool) & (starts["decision"].to_numpy() < 0)
    events = np.where(alone & np.isnan(events), 1, events)
    connected = starts["connected_endpoints"].to_numpy(float)
    if np.isnan(events[connected > 0]).any() or run.missing:
        return at_least(metric, float(np.nansum(events * connected)))
    total = float((np.nan_to_num(events) * connected).sum())
    more, fewer = (_beside(run, events, lines) for lines in (run.opens, run["connection_close"]))
    return Series(metric, "", max(total - fewer, 0), total + more)


def _beside(run: RunLines, events: Numbers, lines: Frame) -> float:
    """The events of the larger round beside each of these lines, added up."""
    place = np.searchsorted(run.starts["row"].to_numpy(), lines["row"].to_numpy())
    around = np.concatenate([[0.0], np.nan_to_num(events), [0.0]])
    return float(np.maximum(around[place], around[place + 1]).sum())


def _queued(run: RunLines) -> Iterator[Series]:
    """A proxy is taken from the queue at most once per round; at least once for pushes of one type."""
    high: float | None = None
    if not run.missing and run.talks:
        high = float(run.starts["connected_endpoints"].sum()) + arrivals(run)
    skipped = run["push_skipped"]
    nothing = skipped["connection_id"].notna() & skipped["xds_type"].isna() & skipped["push_version"].isna()
    unpushed = int(nothing.sum())
    low, broken = _taken(run)
    converged = None if high is None else max(high - unpushed, 0)
    for name, least, most in (
        ("pilot_proxy_queue_time", low + unpushed, high),
        ("pilot_proxy_convergence_time", low - broken, converged),
    ):
        yield Series(f"{name}_count", "", least if run.talks else None, most)
        yield Series(f"{name}_sum")


def _taken(run: RunLines) -> tuple[int, int]:
    """How often proxies were taken from the queue at least, and how many of those a close may have cut.

    One round pushes a type to a connection once. Requests are no rounds: where no line marks them
    (before 1.10), nothing is known; a push forced for warming is one too, but is not marked.
    """
    lines = run["xds_push"]
    if not lines["push_type"].eq("request").any():
        return 0, 0
    kept = lines.loc[(lines["push_type"].ne("request") & lines["proxy"].notna()).to_numpy(bool), ["proxy", "xds_type"]]
    counts = kept.groupby(["proxy", "xds_type"], observed=True).size().unstack(fill_value=0)
    if "EDS" in counts:
        forced = run["warming_push"]["proxy"].astype(object).value_counts()
        counts["EDS"] = (counts["EDS"] - forced.reindex(counts.index, fill_value=0)).clip(lower=0)
    most = counts.max(axis=1)
    closes = run["connection_close"]["proxy"].astype(object).value_counts().reindex(most.index, fill_value=0)
    return int(most.sum()), int(np.minimum(most, closes).sum())


def _gauges(run: RunLines) -> Iterator[Series]:
    """Gauges, as they are when the log ends."""
    yield _connections(run)
    full = run.starts[run.starts["full"]]
    for metric, column in (("pilot_services", "services"), ("pilot_virt_services", "virtual_services")):
        known = full[column].dropna()
        yield exactly(metric, int(known.iloc[-1])) if len(known) else Series(metric)


def _connections(run: RunLines) -> Series:
    """Open connections: what opened less what closed, if the last round that counts them agrees.

    1.0-1.2 do not print at info that a connection opens: then that round is a lower bound only.
    """
    metric, closes = "pilot_xds", run["connection_close"]["row"].to_numpy()
    printed = len(run.opens) > 0 or not len(run["xds_push"])
    opened = len(run.opens) - len(closes)
    if run.starts.empty:
        known = run.from_start and run.talks and not run.missing and len(run.opens)
        return exactly(metric, opened) if known else Series(metric)
    rows = run.starts["row"].to_numpy()
    counted = int(run.starts["connected_endpoints"].iloc[-1])
    # A close is printed before it is counted, perhaps after the round's line: those since the round before.
    since = rows[-2] if len(rows) > 1 else -1
    low = max(counted - int((closes > since).sum()), 0)
    high = counted + int((run.opens["row"] > rows[-1]).sum())
    if run.from_start and printed and low <= opened <= high:
        return exactly(metric, opened)
    return Series(metric, "", low, high if printed and not run.missing else None)
