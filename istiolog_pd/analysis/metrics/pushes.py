"""Metrics of pushes: how many of each type, their sizes, sends that failed, cache hits.

pilot/pkg/xds/xdsgen.go, delta.go (``pushXds``, ``pushDeltaXds``), monitoring.go. A push is counted when
it was built, also if it cannot be sent; its line is printed when it was sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from istiolog_pd.analysis.metrics.lines import PUSH_SCOPES, Flags, Frame, RunLines
from istiolog_pd.analysis.metrics.series import Numbers, Series, at_least, buckets, exactly, labeled, plus

TYPES = ("CDS", "EDS", "LDS", "RDS")

#: Types that an endpoint-only round never pushes, in a mesh without ambient proxies.
FULL_ONLY = ("CDS", "LDS", "RDS", "NDS")
AMBIENT = ("WDS", "WADS")

#: What the size metric calls the types.
URLS = {
    "CDS": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "EDS": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "LDS": "type.googleapis.com/envoy.config.listener.v3.Listener",
    "RDS": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "SDS": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
    "ECDS": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
    "NDS": "type.googleapis.com/istio.networking.nds.v1.NameTable",
}


class Built(NamedTuple):
    """How many pushes of a type were built: what its lines show, and what they cannot."""

    xds_type: str
    seen: int
    lost: float | None
    hidden: float | None

    @property
    def more(self) -> float | None:
        """The most that no line shows."""
        return plus(self.lost, self.hidden)

    def series(self, metric: str, labels: str) -> Series:
        """These pushes as a series."""
        return Series(metric, labels, self.seen, plus(self.seen, self.more))


def push_series(run: RunLines, types: Sequence[str]) -> Iterator[Series]:
    """The series of pushes of one run."""
    if not run.talks:
        names = ("pilot_xds_pushes", "pilot_xds_push_time_count")
        yield from (Series(name, _label(xds_type)) for name in names for xds_type in types)
        return
    failures_logged = _logged_failures(run, expected=True)
    # Scope delta at debug prints every send that failed.
    lost = _lost(run, delta=False) + (0 if "delta" in run.debug else _lost(run, delta=True))
    built = [_built(run, xds_type, failures_logged[xds_type], lost) for xds_type in types]
    for each in built:
        yield each.series("pilot_xds_pushes", _label(each.xds_type))
        yield each.series("pilot_xds_push_time_count", _label(each.xds_type))
        yield Series("pilot_xds_push_time_sum", _label(each.xds_type))
        if each.xds_type in URLS:
            yield from _sizes(run, each)
    # A connection that closes loses one push, whatever its type: not one of each.
    more = plus(built[0].lost, *(each.hidden for each in built))
    seen = sum(each.seen for each in built)
    yield Series("pilot_xds_send_time_count", "", seen, plus(seen, more))
    yield Series("pilot_xds_send_time_sum")
    yield from _failed(run)
    yield at_least("xds_cache_reads", float(run["xds_push"]["cached"].sum()), labeled([("type", "hit")]))
    yield Series("xds_cache_reads", labeled([("type", "miss")]))


def of_type(lines: Frame, xds_type: str) -> Flags:
    """Which lines are of a type."""
    return _is(lines["xds_type"], xds_type)


def arrivals(run: RunLines) -> int:
    """Connections that may have come into a round after its line had counted them."""
    return len(run.opens)


def _label(xds_type: str) -> str:
    return labeled([("type", xds_type.lower())])


def _logged_failures(run: RunLines, *, expected: bool) -> Counter[str]:
    """Sends that are known to have failed, by type: each prints one of two lines, or both, in its scope.

    Those that just lost their connection are `expected`; they are printed at debug.
    """
    failures = run.failures if expected else run.failures[(run.failures["level"] != "debug").to_numpy(bool)]
    failures_logged: Counter[str] = Counter()
    for scope in PUSH_SCOPES:
        kinds = [
            Counter(lines.loc[_is(lines["scope"], scope), "xds_type"].dropna()) for lines in (failures, run.timeouts)
        ]
        failures_logged += kinds[0] | kinds[1]
    return failures_logged


def _is(words: pd.Series[Any], word: str) -> Flags:
    """Which of some words are this one."""
    return (words == word).to_numpy(bool)


def _built(run: RunLines, xds_type: str, failed: int, lost: int) -> Built:
    lines = run["xds_push"]
    seen = int(of_type(lines, xds_type).sum()) + failed
    if run.missing or (xds_type == "EDS" and _no_eds_at_info(run)):
        return Built(xds_type, seen, None, None)
    full_only = xds_type in FULL_ONLY and not (xds_type in ("CDS", "LDS") and lines["xds_type"].isin(AMBIENT).any())
    hidden = 0.0 if full_only or not run.hidden.any() else _reached(run)
    return Built(xds_type, seen, lost, hidden)


def _lost(run: RunLines, *, delta: bool) -> int:
    """Connections of a kind that may have lost a push which no line tells of."""
    closes, failures, timeouts = (
        int((_is(lines["scope"], "delta") == delta).sum())
        for lines in (run["connection_close"], run.failures, run.timeouts)
    )
    return max(0, closes - max(failures, timeouts))


def _reached(run: RunLines) -> float:
    """The most pushes of one type in rounds that are not printed: one per connection and round."""
    return float(run.starts["connected_endpoints"].to_numpy(float)[run.hidden].sum()) + arrivals(run)


def _no_eds_at_info(run: RunLines) -> bool:
    """1.1 prints EDS at debug only, in full rounds too."""
    lines = run["xds_push"]
    return bool(lines["clusters"].notna().any()) and not of_type(lines, "EDS").any()


def _sizes(run: RunLines, built: Built) -> Iterator[Series]:
    metric, label = "pilot_xds_config_size_bytes", (("type", URLS[built.xds_type]),)
    yield built.series(f"{metric}_count", labeled(label))
    parts = (run["xds_push"], run.failures)
    sizes = np.concatenate([lines["size_bytes"].to_numpy(float)[of_type(lines, built.xds_type)] for lines in parts])
    known = sizes[~np.isnan(sizes)]
    low, high = rounded(known)
    if not len(known) and built.seen:
        yield Series(f"{metric}_sum", labeled(label))
        return
    more = plus(built.more, built.seen - len(known))
    yield Series(f"{metric}_sum", labeled(label), float(low.sum()), None if more != 0 else float(high.sum()))
    if len(known) == built.seen:
        yield from buckets(run.ends, metric, low, high, more, label)


def rounded(sizes: Numbers) -> tuple[Numbers, Numbers]:
    """The smallest and largest sizes that are printed so: with one decimal of a decimal unit.

    Examples
    --------
    >>> [ends.tolist() for ends in rounded(np.array([999.0, 1500, 2_000_000]))]
    [[999.0, 1450.0, 1950000.0], [999.0, 1550.0, 2050000.0]]
    """
    half = np.select([sizes < 10**3, sizes < 10**6, sizes < 10**9], [0, 50, 50_000], 50_000_000)
    return sizes - half, sizes + half


def _failed(run: RunLines) -> Iterator[Series]:
    """Sends that failed unexpectedly; delta prints them at info in 1.20, later only where it is at debug."""
    failures_logged = _logged_failures(run, expected=False)
    deltas = run.failures[_is(run.failures["scope"], "delta")]
    tells = "delta" in run.debug or bool((deltas["level"] != "debug").any())
    unseen = None if run.missing else 0 if tells else _lost(run, delta=True)
    for xds_type in TYPES:
        failed = failures_logged[xds_type]
        yield Series("pilot_xds_pushes", _label(f"{xds_type}_senderr"), failed, plus(failed, unseen))


def counted(run: RunLines, types: Sequence[str]) -> Iterator[Series]:
    """What has a line each: rejections, timeouts, stale nonces, streams that broke."""
    # Without info, warnings may still be printed: if there is one, all are.
    heard = run.talks or len(run["xds_nack"]) > 0
    for xds_type in types:
        nacks = int(of_type(run["xds_nack"], xds_type).sum())
        high = None if run.missing else nacks
        yield Series("pilot_total_xds_rejects", _label(xds_type), *((nacks, high) if heard else ()))
    for xds_type in types:
        stale = int(of_type(run["xds_stale_nonce"], xds_type).sum())
        all_printed = run.all_debug and not run.missing
        count = exactly if all_printed else at_least
        yield count("pilot_xds_expired_nonce", stale, _label(xds_type))
    broken = int(_is(run["connection_close"]["level"], "error").sum())
    for metric, lines in (
        ("pilot_xds_write_timeout", len(run.timeouts)),
        ("pilot_total_xds_internal_errors", broken),
    ):
        yield Series(metric, "", *((lines, None if run.missing else lines) if run.talks else ()))
