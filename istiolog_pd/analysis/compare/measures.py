"""What is compared: each measure with its unit, and how it is gathered from the answers of one capture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._select import select_columns
from istiolog_pd.analysis.compare.bootstrap import Floats, Observed
from istiolog_pd.analysis.compare.stretches import Stretches, duration_ms
from istiolog_pd.analysis.proxies.connections import connections
from istiolog_pd.analysis.pushes.debounces import debounces
from istiolog_pd.analysis.pushes.rounds import push_rounds, pushes
from istiolog_pd.analysis.pushes.sizes import NO_SIZES, sized_lines
from istiolog_pd.analysis.pushes.xds_order import xds_order
from istiolog_pd.analysis.runtime.gc import gc
from istiolog_pd.capture import Capture

#: Quantiles of times that are compared.
QUANTILES = (0.5, 0.95)

NO_FORCED = "only Istio 1.31 and later print `forced=`"
NO_FULL = "Istio 1.31 and later print no `full=`"
NO_PROXIES = "no line prints how many proxies are connected"

Labeled = tuple[str, str, Observed]


@dataclass(frozen=True)
class Measure:
    """One thing that is compared.

    Parameters
    ----------
    name, unit
        What it is called, and what it is measured in.
    gathered
        What gathers it.
    load
        Whether it is what the control plane was given, not what it did with it.
    """

    name: str
    unit: str
    gathered: Callable[[Side], Iterator[Labeled]]
    load: bool = False


@dataclass(frozen=True)
class Side:
    """One of the two captures, cut into stretches; `types` are those that either pushes."""

    capture: Capture
    stretches: Stretches
    types: tuple[str, ...]

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """What the debounce decided."""
        return debounces(self.capture)

    @cached_property
    def collections(self) -> pd.DataFrame:
        """Garbage collections."""
        return gc(self.capture)

    @cached_property
    def found(self) -> dict[tuple[str, str], Observed]:
        """All measures, by name and labels."""
        parts: Iterable[Iterator[Labeled]] = (function(self) for function in ANSWERS)
        return {(name, labels): observed for part in parts for name, labels, observed in part}

    def per_minute(self, times: pd.Series[Any], values: Any = None, *, counted: bool = False) -> Observed:
        """A rate: what is summed by the minutes that replicas were seen."""
        sums = self.stretches.sums(times, values)
        return Observed(sums, sums, self.stretches.minutes, counted=counted)

    def rate(self, times: pd.Series[Any], low: Any = None, high: Any = None, *, hours: bool = False) -> Observed:
        """A rate: what is summed (no values: how many) by the minutes or hours that proxies were connected."""
        least, most = (self.stretches.sums(times, values) for values in (low, high))
        return Observed(least, most, self.stretches.proxy_minutes / (60 if hours else 1), counted=low is None)

    def share(self, times: pd.Series[Any], part: pd.Series[Any], whole: Any = None) -> Observed:
        """A share: what is summed by a sum of the same rows (no values: how many rows)."""
        sums = self.stretches.sums(times, part)
        counted = pd.api.types.is_bool_dtype(part)
        return Observed(sums, sums, self.stretches.sums(times, whole), counted=counted)

    def quantiles(self, name: str, times: pd.Series[Any], values: Floats) -> Iterator[Labeled]:
        """Quantiles of single observations."""
        known = ~np.isnan(values) & times.notna().to_numpy(bool)
        values, at = values[known], self.stretches.at(times[known])
        count = np.bincount(at, minlength=len(self.stretches.minutes)).astype(np.float64)
        for quantile in QUANTILES:
            yield name, f'quantile="{quantile}"', Observed(count, count, count, values, at, quantile)


def decided(side: Side) -> Iterator[Labeled]:
    """What the debounce merged, and how long it held it."""
    table = side.decisions.dropna(subset=["timestamp"])
    if table.empty:
        return
    times = table["timestamp"]
    yield "changes", "", side.per_minute(times, table["events"])
    yield "decisions", "", side.per_minute(times, counted=True)
    merged = table.dropna(subset=["events"])
    yield "changes_per_decision", "", side.share(merged["timestamp"], merged["events"])
    for name, column in (("full_share", "full"), ("forced_share", "forced")):
        known = table.dropna(subset=[column])
        if len(known):
            yield name, "", side.share(known["timestamp"], known[column])
    yield from side.quantiles("debounce_time", times, duration_ms(table["debounce_time"]))


def fanned_out(side: Side) -> Iterator[Labeled]:
    """Rounds: how long the context took, to whom they were sent, how long that took."""
    rounds = push_rounds(side.capture).dropna(subset=["timestamp"])
    if rounds.empty:
        return
    if rounds["connected_endpoints"].notna().any():
        connected = side.stretches.proxy_minutes
        yield "connected_proxies", "", Observed(connected, connected, side.stretches.minutes)
    if "services" in side.capture["push_start"].schema.names:
        starts = select_columns(side.capture, "push_start", "timestamp", "services").dropna()
        yield "services", "", side.share(starts["timestamp"], starts["services"])
    full = with_decisions(side, rounds[rounds["full"].fillna(True).astype(bool)])
    yield from side.quantiles("context_time", full["timestamp"], duration_ms(full["timestamp"] - full["decided"]))
    sent = rounds[rounds["visible"].astype(bool) & rounds["connected_endpoints"].gt(0).fillna(False).astype(bool)]
    times = sent["timestamp"]
    yield "fan_out_share", "", side.share(times, sent["proxies"], sent["connected_endpoints"])
    lasted = duration_ms(sent["duration"])
    yield from side.quantiles("fan_out_time", times, lasted)
    pushed = sent[~np.isnan(lasted)]
    spent = pd.Series(lasted[~np.isnan(lasted)], pushed.index)
    yield "fan_out_time_per_proxy", "", side.share(pushed["timestamp"], spent, pushed["proxies"])


def with_decisions(side: Side, rounds: pd.DataFrame) -> pd.DataFrame:
    """Rounds with what was decided before each: when (`decided`), and the changes merged (`events`)."""
    decisions = side.decisions[["run", "debounce_id", "timestamp", "events"]].dropna(subset=["debounce_id"])
    decisions = decisions.drop_duplicates(["run", "debounce_id"], keep="last").rename(columns={"timestamp": "decided"})
    return rounds.merge(decisions, "left", ["run", "debounce_id"])


def pushed(side: Side) -> Iterator[Labeled]:
    """Push lines by type: how many, how large, how much from the cache."""
    names = ("timestamp", "proxy", "xds_type", "round", "push_type", "cached", "cacheable")
    lines = sized_lines(side.capture, "round")
    if lines.empty:
        return
    cache = select_columns(side.capture, "xds_push", "cached", "cacheable")
    lines = pd.concat([lines, cache.drop(columns="run")], axis=1)[[*names, "size_bytes", "size_low", "size_high"]]
    lines = lines.dropna(subset=["timestamp"])
    yield "request_share", "", side.share(lines["timestamp"], lines["push_type"].eq("request"))
    sized = bool(lines["size_bytes"].notna().all())
    yield from _for_changes(side, lines, sized)
    for name in side.types:
        own = lines[lines["xds_type"].eq(name)]
        # To 1.1 only LDS lines print a size; a type of which there is no line has none that could be missing.
        complete = bool(own["size_bytes"].notna().all()) and bool(lines["size_bytes"].notna().any())
        yield from _of_type(side, own, f'type="{name}"', complete)


def _of_type(side: Side, lines: pd.DataFrame, labels: str, sized: bool) -> Iterator[Labeled]:
    """What is said of the push lines of one type; `sized`: whether all of them print a size."""
    times = lines["timestamp"]
    yield "pushes", labels, side.rate(times)
    if sized:
        low, high = lines["size_low"], lines["size_high"]
        yield "bytes", labels, side.rate(times, low, high)
        at = side.stretches.at(times)
        sizes = lines["size_bytes"].to_numpy(np.float64)
        least, most = (side.stretches.sums(times, bound) for bound in (low, high))
        proxies = _moved(lines["proxy"], lines["size_bytes"], pd.Series(1, lines.index))
        yield "bytes_per_push", labels, Observed(least, most, side.stretches.sums(times), sizes, at, proxies=proxies)
    known = lines[lines["cacheable"].gt(0).fillna(False).astype(bool)]
    if len(known):
        proxies = _moved(known["proxy"], known["cached"], known["cacheable"])
        ratio = side.share(known["timestamp"], known["cached"], known["cacheable"])
        yield "cache_ratio", labels, replace(ratio, proxies=proxies)


def _moved(proxy: pd.Series[str], top: pd.Series[Any], bottom: pd.Series[Any]) -> pd.Series[float]:
    """How far each proxy moves a ratio of sums from what it would be without it, to the first order."""
    sums = pd.DataFrame({"top": top, "bottom": bottom}).astype(np.float64).groupby(proxy).sum()
    whole = max(float(sums["bottom"].sum()), 1.0)
    return (sums["top"] - sums["top"].sum() / whole * sums["bottom"]) / whole


def _for_changes(side: Side, lines: pd.DataFrame, sized: bool) -> Iterator[Labeled]:
    """What rounds pushed for each change that they merged and each proxy that was connected."""
    rounds = push_rounds(side.capture)
    rounds = with_decisions(side, rounds[rounds["visible"].astype(bool)])
    rounds = rounds.dropna(subset=["timestamp", "connected_endpoints"])
    # A round that no debounce let go (PILOT_ENABLE_EDS_DEBOUNCE=false) is for one change.
    reach = rounds["events"].fillna(1) * rounds["connected_endpoints"]
    bottom = side.stretches.sums(rounds["timestamp"], reach)
    own = lines.dropna(subset=["round"])
    count = side.stretches.sums(own["timestamp"])
    yield "pushes_per_change", "", Observed(count, count, bottom)
    if sized:
        low, high = (side.stretches.sums(own["timestamp"], own[name]) for name in ("size_low", "size_high"))
        yield "bytes_per_change", "", Observed(low, high, bottom)


def ordered(side: Side) -> Iterator[Labeled]:
    """Updates whose types came in another order than CDS, EDS, LDS, RDS; only where the round is certain."""
    table = xds_order(side.capture).dropna(subset=["timestamp"])
    table = table[table["flow"].eq("update") & table["certain"].fillna(False).astype(bool)]
    if len(table):
        yield "order_broken", "", side.share(table["timestamp"], ~table["kept"].astype(bool))


def failed(side: Side) -> Iterator[Labeled]:
    """What went wrong, for each hour that a proxy was connected."""
    if "xds_push" not in side.capture and "push_start" not in side.capture:
        return  # scope ads is silent here: no line does not mean no error
    for name, events in (("nacks", ["xds_nack"]), ("failed_sends", ["xds_send_failure"])):
        times = pd.concat([select_columns(side.capture, event, "timestamp")["timestamp"] for event in events]).dropna()
        yield name, "", side.rate(times, hours=True)


def ended(side: Side) -> Iterator[Labeled]:
    """Sessions that ended, for each hour that a proxy was connected; those that a restart ended left out."""
    table = connections(side.capture)
    if len(table):
        own = table[table["closed"].notna() & table["reason"].ne("restart").fillna(True).astype(bool)]
        yield "sessions_ended", "", side.rate(own["closed"], hours=True)


def collected(side: Side) -> Iterator[Labeled]:
    """Garbage collections: how long the world stood still."""
    table = side.collections.dropna(subset=["timestamp_high", "pause_low"])
    if table.empty:
        return
    times = table["timestamp_high"]
    pauses = [table[name].dt.total_seconds() * 1000 for name in ("pause_low", "pause_high")]
    low, high = (side.stretches.sums(times, pause) for pause in pauses)
    yield "gc_stopped", "", Observed(low, high, side.stretches.minutes)
    at, values = side.stretches.at(times), pauses[0].to_numpy(np.float64)
    yield "gc_pause", "", Observed(low, high, side.stretches.sums(times), values, at)


#: In the order of the answer: first what the control plane was given, then what it did with it.
MEASURES = (
    Measure("changes", "changes per minute", decided, load=True),
    Measure("connected_proxies", "proxies", fanned_out, load=True),
    Measure("services", "services", fanned_out, load=True),
    Measure("decisions", "push decisions per minute", decided),
    Measure("changes_per_decision", "changes per push decision", decided),
    Measure("full_share", "share of push decisions", decided),
    Measure("forced_share", "share of push decisions", decided),
    Measure("debounce_time", "ms", decided),
    Measure("context_time", "ms", fanned_out),
    Measure("fan_out_share", "share of connected proxies", fanned_out),
    Measure("fan_out_time", "ms", fanned_out),
    Measure("fan_out_time_per_proxy", "ms per proxy pushed to", fanned_out),
    Measure("pushes_per_change", "pushes per change and connected proxy", pushed),
    Measure("bytes_per_change", "bytes per change and connected proxy", pushed),
    Measure("pushes", "pushes per proxy and minute", pushed),
    Measure("bytes", "bytes per proxy and minute", pushed),
    Measure("bytes_per_push", "bytes", pushed),
    Measure("request_share", "share of pushes", pushed),
    Measure("cache_ratio", "share of cacheable resources", pushed),
    Measure("order_broken", "share of updates", ordered),
    Measure("nacks", "NACKs per proxy-hour", failed),
    Measure("failed_sends", "lines per proxy-hour", failed),
    Measure("sessions_ended", "sessions per proxy-hour", ended),
    Measure("gc_pause", "ms per collection", collected),
    Measure("gc_stopped", "ms per minute", collected),
)

#: Why a measure is not there, where the answer it is made of does not say it.
ABSENT = {
    "full_share": NO_FULL,
    "forced_share": NO_FORCED,
    "bytes": NO_SIZES,
    "bytes_per_push": NO_SIZES,
    "bytes_per_change": NO_SIZES,
    "cache_ratio": "no push line of this type prints `cached:` with anything cacheable",
    "connected_proxies": NO_PROXIES,
    "services": "no line prints how many services there are",
    "order_broken": "no update of more than one type whose round is certain",
}

#: The answer of which a measure is made.
ANSWERS: dict[Callable[[Side], Iterator[Labeled]], Callable[[Side], pd.DataFrame]] = {
    decided: lambda side: side.decisions,
    fanned_out: lambda side: push_rounds(side.capture),
    pushed: lambda side: pushes(side.capture),
    ordered: lambda side: xds_order(side.capture),
    failed: lambda side: push_rounds(side.capture),
    ended: lambda side: connections(side.capture),
    collected: lambda side: side.collections,
}


def side_of(capture: Capture, types: tuple[str, ...]) -> Side:
    """One side, gathered once per capture: a baseline is often compared with several others."""
    key = (Side, types)
    if key not in capture.memo:
        capture.memo[key] = Side(capture, Stretches(capture), types)
    side: Side = capture.memo[key]
    return side


def why_not(side: Side, measure: Measure) -> str:
    """Why one side says nothing of a measure."""
    answer = ANSWERS[measure.gathered](side)
    said = str(answer.attrs.get("coverage", "")) if answer.empty else ""
    return said or ABSENT.get(measure.name, "this log has none of it")
