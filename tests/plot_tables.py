"""Tables of answers, as plots draw them; `TABLES` has one for each answer."""

from __future__ import annotations

import pandas as pd
from plot_tables_proxies import (
    some_causes,
    some_chances,
    some_churn,
    some_clusters,
    some_conflicts,
    some_connected,
    some_connections,
    some_costs,
    some_empty,
    some_errors,
    some_failed,
    some_limits,
    some_messages,
    some_rejections,
    some_stale,
    some_starts,
    some_storms,
    some_streams,
)
from plotting import counts, flags, spans, times, words


def some_debounces() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "timestamp": times(0, 1, 2, 3),
            "start": times(-0.13, 0.9, -8, 2.5),
            "quiet_time": spans(100, 101, 12, 105),
            "debounce_time": spans(130, 101, 10_000, 500),
            "events": counts(3, 1, 40, 2),
            "full": flags(True, False, False, None),
            "forced": flags(None, None, None, True),
            "bound": words("quiet", "quiet", "max", "either"),
            "run": counts(0, 0, 0, 1),
        }
    )


def some_rounds() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round": counts(0, 1, 2, 3),
            "timestamp": times(0, 1, 2, 3),
            "full": flags(True, False, False, True),
            "forced": flags(None, None, None, None),
            "connected_endpoints": counts(30, 30, 29, 29),
            "pushes": counts(120, 7, None, 0),
            "proxies": counts(30, 7, None, 0),
            "duration": spans(210, 8, None, None),
            "visible": flags(True, True, False, True),
            "run": counts(0, 0, 0, 0),
        }
    )


def some_fan_out() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round": counts(0, 0, 0, 3),
            "xds_type": words("LDS", "CDS", "EDS", "EDS"),
            "proxies": counts(30, 30, 29, 7),
            "pushes": counts(31, 30, 29, 7),
            "resources": counts(9, 9, 9, 9),
            "size_bytes": counts(1, 2, 3, 4),
        }
    )


def some_bins() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 0, 10, 40),
            "xds_type": words("CDS", "EDS", "EDS", "EDS"),
            "push_type": words("full", "full", "incremental", "request"),
            "pushes": counts(4, 3, 9, 2),
            "resources": counts(1, 1, 1, 1),
            "size_bytes": counts(80_000, 20_000, 4_000, None),
        }
    )


def some_pushes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "line": counts(1, 2, 3, 4, 5),
            "timestamp": times(0, 1, 2, 3, 4),
            "proxy": ["web-1.shop"] * 5,
            "xds_type": words("CDS", "EDS", "EDS", "LDS", "CDS"),
            "push_type": words("full", "incremental", "request", "full", "full"),
            "resources": counts(1, 1, 1, 0, 1),
            "size_bytes": counts(31_500, 820, 900, 0, None),
            "run": counts(0, 0, 0, 0, 0),
        }
    )


def some_orders() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": [f"web-{number}.shop" for number in range(6)],
            "round": counts(0, 0, 0, 0, 1, 1),
            "order": ["CDS EDS LDS RDS"] * 3 + ["CDS EDS RDS LDS"] * 2 + ["EDS"],
            "kept": flags(True, True, True, False, False, None),
            "early": words(None, None, None, "RDS", "RDS", None),
        }
    )


def some_metrics() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "metric": words(
                "pilot_xds_pushes", "pilot_services", "pilot_inbound_updates", "pilot_proxy_queue_time_sum"
            ),
            "labels": ['type="cds"', "", 'type="config"', ""],
            "low": counts(581, 25, 664, None),
            "high": counts(631, 25, None, None),
            "kind": words("bounded", "exact", "bounded", "not answerable"),
        }
    )


def some_settings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "after": spans(100, 100, 1000, 100),
            "maximum": spans(10_000, 10_000, 10_000, 10_000),
            "eds_debounce": flags(True, True, True, False),
            "recorded": flags(True, False, False, False),
            "pushes_low": counts(145, 145, 12, 600),
            "pushes_high": counts(145, 145, 13, 650),
            "size_bytes_low": counts(9_000_000, 9_000_000, 2_000_000, 9_000_000),
            "size_bytes_high": counts(9_000_000, 9_000_000, 9_000_000, 20_000_000),
            "delay_median_low": spans(101, 100, 2000, 0),
            "delay_median_high": spans(220, 220, 3000, 0),
        }
    )


def some_triggers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "config_kind": ["ServiceEntry", "Gateway"],
            "config_namespace": ["shop", "shop"],
            "config_name": ["web", "gw"],
            "pushes_low": counts(3, 1),
            "pushes_high": counts(5, 1),
            "weight_estimate": pd.Series([4.5, None], dtype="Float64"),
        }
    )


def some_sizes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "xds_type": words("CDS", "EDS", "NDS"),
            "pushes": counts(2, 9, 1),
            "size_low": counts(2900, 820, None),
            "size_high": counts(3100, 820, None),
        }
    )


def some_savings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "config_low": counts(9000, 5000),
            "config_high": counts(9200, 5000),
            "median_high": counts(7100, 7100),
            "smallest_low": counts(5000, 5000),
            "saving_low": counts(40_000, 0),
            "saving_high": counts(70_000, 0),
        }
    )


def some_cache() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 1, 1),
            "run": counts(0, 0, 0),
            "xds_type": words("CDS", "CDS", "EDS"),
            "cached": counts(4, 9, 0),
            "cacheable": counts(10, 10, 0),
            "ratio": pd.Series([0.4, 0.9, None], dtype="Float64"),
        }
    )


def some_gc() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": counts(0, 0, 0),
            "timestamp_low": times(0, 1, None),
            "pause_low": pd.to_timedelta([0.5, 0.0, 1.0], unit="ms").astype("timedelta64[ns]"),
            "pause_high": pd.to_timedelta([0.6, 0.1, 1.1], unit="ms").astype("timedelta64[ns]"),
            "heap_before_bytes": counts(12582912, 14680064, 15728640),
            "live_bytes": counts(6291456, 7340032, 8388608),
            "goal_bytes": counts(13631488, 15728640, 16777216),
            "push_lag": spans(4, None, None),
        }
    )


def some_waves() -> pd.DataFrame:
    return some_rounds().assign(
        first=spans(2, 1, None, None),
        median=spans(40, 4, None, None),
        p95=spans(180, 8, None, None),
        last=spans(210, 8, None, None),
        last_high=spans(900, 8, None, None),
    )


def one_wave() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place": counts(1, 2, 3),
            "proxy": ["web-1.shop", "web-2.shop", "web-3.shop"],
            "begun": spans(1, 2, 3),
            "done": spans(4, 90, 2000),
            "done_high": spans(4, 400, 2000),
            "certain": flags(True, False, True),
            "straggler": flags(False, False, True),
        }
    )


def some_propagation() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sent": times(0, 1, 2, 3),
            "xds_type": words("CDS", "CDS", "LDS", "LDS"),
            "delay_low": spans(1.2, 3, 8, None),
            "delay_high": spans(1.4, 5, None, None),
            "nacked": times(None, None, None, 3.1),
        }
    )


TABLES = {
    "triggers": some_triggers,
    "connections": some_connections,
    "connected_endpoints": some_connected,
    "errors": some_errors,
    "remote_clusters": some_clusters,
    "config_conflicts": some_conflicts,
    "rejections": some_rejections,
    "proxy_startup": some_starts,
    "push_causes": some_causes,
    "stale_proxies": some_stale,
    "failed_requests": some_failed,
    "failures_after_pushes": some_chances,
    "closed_streams": some_streams,
    "throttle_replay": some_limits,
    "push_costs": some_costs,
    "message_sizes": some_messages,
    "reconnect_storms": some_storms,
    "endpoint_churn": some_churn,
    "empty_clusters": some_empty,
    "push_sizes": some_sizes,
    "sidecar_savings": some_savings,
    "cache_ratio": some_cache,
    "gc": some_gc,
    "debounce_replay": some_settings,
    "metrics": some_metrics,
    "debounces": some_debounces,
    "push_rounds": some_rounds,
    "fan_out": some_fan_out,
    "full_vs_incremental": some_bins,
    "pushes": some_pushes,
    "xds_order": some_orders,
    "push_waves": some_waves,
    "propagation": some_propagation,
}
