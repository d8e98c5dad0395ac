"""Tables of answers about proxies, as plots draw them."""

from __future__ import annotations

import pandas as pd
from plotting import counts, flags, spans, times, words


def some_connections() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": counts(0, 0, 1, 1),
            "opened": times(0, 1, None, 3),
            "closed": times(1800, 2, 5, None),
            "duration": spans(1_800_000, 1000, None, None),
            "duration_low": spans(1_800_000, 1000, 5000, 7000),
            "reason": words("maximum age", "flapping", "other", None),
        }
    )


def some_connected() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 0, 1, 1),
            "run": counts(0, 1, 0, 1),
            "source": ["a.log", "b.log", "a.log", "b.log"],
            "connected_endpoints": counts(20, 10, 21, None),
        }
    )


def some_errors() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cause": words("NACK", "NACK", "stream closed"),
            "count": counts(3, 1, 8),
            "first_seen": times(0, 1, 2),
            "last_seen": times(9, 1, 5),
            "verdict": words("act", "act", "harmless"),
        }
    )


def some_clusters() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cluster": words("east", "east", "west"),
            "state": words("added", "failing", "timed out"),
            "since": times(0, 1, 2),
            "until": times(1, 9, 9),
            "attempts": counts(1, 3, 1),
        }
    )


def some_conflicts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "metric": ["pilot_no_ip", "pilot_vservice_dup_domain", "endpoint_no_pod"],
            "key": ["web-1.shop", "cart.example", "10.0.0.1"],
            "harmful": flags(False, True, None),
            "first": times(0, 1, 2),
            "last": times(0, 9, 5),
            "statuses": counts(1, 8, 2),
        }
    )


def some_rejections() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "xds_type": words("LDS", "CDS"),
            "nacks": counts(2, 1),
            "first": times(0, 1),
            "last": times(3, 1),
            "recovered": times(8, None),
        }
    )


def some_starts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "started": times(0, 5),
            "certificate": times(1, 9),
            "connected": times(2, 6),
            "clusters": times(3, None),
            "listeners": times(4, None),
            "initialized": times(5, None),
            "ready": times(6, 11),
        }
    )


def some_causes() -> pd.DataFrame:
    return pd.DataFrame({"cause": words("config", "config", "jwks"), "certain": flags(True, False, None)})


def some_stale() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "at": times(9, 9),
            "behind_low": counts(2, 0),
            "behind_high": counts(3, 1),
            "reason": words("not acknowledged", "not told"),
        }
    )


def some_failed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "answered_by": words("this proxy", "application"),
            "kind": words("no endpoints", "application"),
            "response_flags": words("UH", None),
            "cluster": ["outbound|80||cart", "outbound|80||web"],
            "requests": counts(12, 7),
        }
    )


def some_chances() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": words("any", "no endpoints", "tls"),
            "failed": counts(40, 30, 3),
            "failed_after": counts(20, 20, 0),
            "ratio": pd.Series([5.0, 9.0, 0.0], dtype="Float64"),
            "ci_low": pd.Series([3.0, 4.0, 0.0], dtype="Float64"),
            "ci_high": pd.Series([8.0, float("inf"), 12.0], dtype="Float64"),
            "verdict": words("more after pushes", "more after pushes", "cannot tell"),
        }
    )


def some_streams() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "closed": times(0, None, 5),
            "seen": times(0, 2, None),
            "reason": words("maximum age", "network", "gone"),
            "harmless": flags(True, False, None),
            "gap_high": spans(300, 9000, None),
        }
    )


def some_storms() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": times(0, 60),
            "end": times(4, 63),
            "last_served": times(9, None),
            "proxies": counts(21, 7),
            "reason": words("restart", "network"),
            "source": ["istiod-1.log", "istiod-2.log"],
        }
    )


def some_costs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": words("sidecar", "router", None),
            "namespace": ["shop", "istio-system", "bank"],
            "proxies": counts(12, 1, 3),
            "size_low": counts(9_000_000, 200_000, None),
            "size_high": counts(9_100_000, 210_000, None),
        }
    )


def some_messages() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "xds_type": words("CDS", "EDS"),
            "largest_low": counts(3_000_000, 5000),
            "largest_high": counts(3_100_000, 5000),
            "share": pd.Series([0.715, 0.001], dtype="Float64"),
        }
    )


def some_limits() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "setting": words("PILOT_PUSH_THROTTLE", "PILOT_MAX_REQUESTS_PER_SECOND"),
            "value": counts(20, 25),
            "affected_low": counts(1, 4),
            "affected_high": counts(3, 4),
            "of": counts(4, 50),
        }
    )


def some_churn() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "service": ["cart", "web"],
            "namespace": ["shop", None],
            "went_empty_low": counts(1, 0),
            "went_empty_high": counts(3, 0),
            "full_pushes": counts(2, 1),
        }
    )


def some_empty() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 10),
            "run": counts(0, 0),
            "empty_min": counts(0, 2),
            "empty_median": pd.Series([1.5, 2.0], dtype="Float64"),
            "empty_max": counts(4, 2),
        }
    )
