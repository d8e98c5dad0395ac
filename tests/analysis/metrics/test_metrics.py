"""Istio's own metrics, counted from a few lines."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from loglines import at, flag
from metric_lines import (
    bounds,
    closed,
    decided,
    opened,
    push,
    pushes_of,
    round_of,
    started,
)

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.metrics.definitions import MEANINGS, base

Read = Callable[..., il.Capture]
Metrics = Callable[[str], pd.DataFrame]


# ---- pushes ----


def test_without_closed_connections_pushes_and_sizes_are_known(lines: Read) -> None:
    capture = lines(
        flag(),
        opened(1, 1),
        *round_of(2, 1, 1),
        push(2.1, "CDS", "web-1.shop", "999B"),
        push(2.2, "CDS", "web-1.shop", "1.5kB", "PUSH request"),
    )
    table = analysis.metrics(capture)
    assert pushes_of(table, "cds") == (2, 2)
    assert pushes_of(table, "lds") == (0, 0)
    label = 'type="type.googleapis.com/envoy.config.cluster.v3.Cluster"'
    assert bounds(table, "pilot_xds_config_size_bytes_sum", label) == (2449, 2549)
    assert bounds(table, "pilot_xds_config_size_bytes_bucket", f'{label},le="1"') == (0, 0)
    assert bounds(table, "pilot_xds_config_size_bytes_bucket", f'{label},le="10000"') == (2, 2)
    assert bounds(table, "pilot_xds_config_size_bytes_bucket", f'{label},le="+Inf"') == (2, 2)


def test_a_closed_connection_can_lose_one_push_of_any_type(lines: Read) -> None:
    table = analysis.metrics(lines(flag(), opened(1, 1), push(2, "CDS", "web-1.shop"), closed(3, 1)))
    assert pushes_of(table, "cds") == (1, 2)
    assert pushes_of(table, "lds") == (0, 1)
    assert bounds(table, "pilot_xds_send_time_count") == (1, 2)
    label = 'type="type.googleapis.com/envoy.config.cluster.v3.Cluster"'
    assert bounds(table, "pilot_xds_config_size_bytes_sum", label) == (1450, None)


def test_a_send_that_failed_was_built(lines: Read) -> None:
    """Its line stands for the one push that the closed connection could lose."""
    capture = lines(
        flag(),
        opened(1, 1),
        at(2, "Timeout writing web-1.shop-1: LDS"),
        at(2, "LDS: Send failure for node:web-1.shop resources:9 size:25.0kB: rpc error: boom", "warn"),
        closed(3, 1),
    )
    table = analysis.metrics(capture)
    assert pushes_of(table, "lds") == (1, 1)
    assert pushes_of(table, "lds_senderr") == (1, 1)
    assert bounds(table, "pilot_xds_write_timeout") == (1, 1)


def test_delta_prints_at_info_only_that_a_send_took_too_long(lines: Read) -> None:
    capture = lines(
        flag(),
        opened(1, 1, "delta"),
        opened(1, 2, "delta"),
        at(2, "Timeout writing web-1.shop-1: LDS", scope="delta"),
        closed(3, 1, "delta"),
        closed(3, 2, "delta"),
    )
    table = analysis.metrics(capture)
    assert pushes_of(table, "lds_senderr") == (1, 2)
    assert pushes_of(table, "lds") == (1, 2)
    assert pushes_of(table, "cds") == (0, 1)


def test_endpoint_only_rounds_hide_at_most_a_push_per_connection(lines: Read) -> None:
    capture = lines(flag(), opened(1, 1), opened(1, 2), *round_of(2, 1, 2), *round_of(3, 2, 2, full=False))
    table = analysis.metrics(capture)
    assert pushes_of(table, "eds") == (0, 4)  # 2, and 2 that may have come into the round unseen
    assert pushes_of(table, "cds") == (0, 0)


def test_at_debug_endpoint_only_pushes_are_printed(lines: Read) -> None:
    capture = lines(
        flag(),
        opened(1, 1),
        *round_of(3, 1, 1, full=False),
        push(3.1, "EDS", "web-1.shop", words="PUSH INC", level="debug"),
    )
    assert pushes_of(analysis.metrics(capture), "eds") == (1, 1)


def test_a_level_that_changed_hides_rounds_again(lines: Read) -> None:
    """After the second round nothing was printed at debug."""
    capture = lines(
        flag(),
        opened(1, 1),
        *round_of(3, 1, 1, full=False),
        push(3.1, "EDS", "web-1.shop", words="PUSH INC", level="debug"),
        *round_of(4, 2, 1, full=False),
    )
    assert pushes_of(analysis.metrics(capture), "eds") == (1, 3)


def test_in_an_ambient_mesh_endpoint_only_rounds_hide_other_types(lines: Read) -> None:
    capture = lines(
        flag(), opened(1, 1), push(1.1, "WDS", "web-1.shop", words="PUSH request"), *round_of(2, 1, 1, full=False)
    )
    table = analysis.metrics(capture)
    assert pushes_of(table, "cds") == (0, 2)
    assert pushes_of(table, "rds") == (0, 0)
    assert pushes_of(table, "wds") == (1, 3)


# ---- what is missing ----


def test_a_gap_leaves_no_upper_bound(lines: Read) -> None:
    table = analysis.metrics(lines(flag(), opened(1, 1), *round_of(2, 1, 1), *round_of(5, 4, 1)))
    assert bounds(table, "pilot_debounce_time_count") == (2, None)
    assert pushes_of(table, "cds") == (0, None)
    assert "part of the log is missing" in table.attrs["coverage"]


def test_a_log_that_begins_late_says_so(lines: Read) -> None:
    """It counts from its first line on."""
    table = analysis.metrics(lines(*round_of(2, 37, 5), *round_of(3, 38, 6), push(3.1, "CDS", "web-1.shop")))
    assert table.attrs["coverage"].startswith("1 of 1 runs began before their log")
    assert bounds(table, "pilot_debounce_time_count") == (2, 2)


def test_a_scope_that_does_not_print_is_noticed(lines: Read) -> None:
    """Three connections are counted, one opened: delta is at warn."""
    table = analysis.metrics(lines(flag(), opened(1, 1), *round_of(2, 1, 3), push(2.1, "CDS", "web-1.shop")))
    assert pushes_of(table, "cds") == (1, None)
    assert "does not print at info" in table.attrs["coverage"]


def test_at_warn_rejections_are_all_there_is(lines: Read) -> None:
    nack = at(1, "ADS:RDS: ACK ERROR web-1.shop-1 Internal:bad route", "warn")
    table = analysis.metrics(lines(nack))
    assert bounds(table, "pilot_total_xds_rejects", 'type="rds"') == (1, 1)
    assert bounds(table, "pilot_total_xds_rejects", 'type="cds"') == (0, 0)
    assert pushes_of(table, "cds") == (None, None)
    assert bounds(table, "pilot_debounce_time_count") == (None, None)


def test_no_control_plane_no_metrics(lines: Read) -> None:
    table = analysis.metrics(lines(at(1, "Envoy proxy is ready", scope=""), component="agent"))
    assert table.empty
    assert list(table.columns) == ["metric", "labels", "value", "low", "high", "kind", "meaning", "why"]
    assert table["low"].dtype == "Float64"
    assert "no log of a control plane" in table.attrs["coverage"]


# ---- rounds and connections ----


def test_a_debounce_is_measured_between_its_round_and_the_next_decision(lines: Read) -> None:
    capture = lines(flag(), *round_of(1, 1, 0), *round_of(2, 2, 0), at(9, "Triggering reload", scope="monitor"))
    table = analysis.metrics(capture)
    low, high = bounds(table, "pilot_debounce_time_sum")
    assert low == pytest.approx(0.4 + 2 * 0.002, abs=1e-5)
    assert high == pytest.approx(0.4 + 1 + 7, abs=0.01)
    assert bounds(table, "pilot_debounce_time_bucket", 'le="0.1"') == (0, 0)
    assert bounds(table, "pilot_debounce_time_bucket", 'le="1"') == (0, 2)
    assert bounds(table, "pilot_debounce_time_bucket", 'le="3"') == (1, 2)
    assert bounds(table, "pilot_debounce_time_bucket", 'le="+Inf"') == (2, 2)


def test_the_last_debounce_has_no_upper_bound_when_the_log_ends_with_it(lines: Read) -> None:
    assert bounds(analysis.metrics(lines(flag(), *round_of(1, 1, 0))), "pilot_debounce_time_sum")[1] is None


def test_triggers_are_events_times_connections(lines: Read) -> None:
    """Two connections that opened before the rounds may have been in the first, or not."""
    capture = lines(flag(), opened(1, 1), opened(1, 2), *round_of(2, 1, 2, events=3), *round_of(3, 2, 2, events=5))
    assert bounds(analysis.metrics(capture), "pilot_push_triggers") == (16, 16 + 2 * 3)


def test_an_endpoint_round_without_a_debounce_is_one_event(lines: Read) -> None:
    """PILOT_ENABLE_EDS_DEBOUNCE=false: it has no decision of its own, and takes none of another kind."""
    capture = lines(
        flag(), opened(0.5, 1), decided(1, 1, 7), started(1.01, 0, 1, full=False), started(1.02, 1, 1), at(9, "x")
    )
    table = analysis.metrics(capture)
    assert bounds(table, "pilot_inbound_updates", 'type="config"') == (8, None)
    assert bounds(table, "pilot_push_triggers") == (8, 9)


def test_a_proxy_is_queued_once_a_round(lines: Read) -> None:
    capture = lines(
        flag(),
        opened(1, 1),
        push(1.1, "CDS", "web-1.shop", words="PUSH request"),
        *round_of(2, 1, 1),
        push(2.1, "CDS", "web-1.shop"),
        push(2.2, "EDS", "web-1.shop"),
        *round_of(3, 2, 1),
        at(3.1, "Client closed connection web-1.shop-1"),
        closed(3.2, 1),
    )
    table = analysis.metrics(capture)
    assert bounds(table, "pilot_proxy_queue_time_count") == (2, 3)
    assert bounds(table, "pilot_proxy_convergence_time_count") == (0, 2)
    assert bounds(table, "pilot_proxy_convergence_time_sum") == (None, None)


def test_open_connections_of_a_log_that_begins_late(lines: Read) -> None:
    """Those that the last round counted, less what may have closed, and what has opened since."""
    capture = lines(
        *round_of(2, 37, 5), closed(2.5, 1), *round_of(3, 38, 6), closed(3.5, 2), opened(4, 9), opened(4, 10)
    )
    assert bounds(analysis.metrics(capture), "pilot_xds") == (4, 8)


def test_endpoint_only_rounds_of_1_31_look_like_any_other(lines: Read) -> None:
    decision = decided(2, 1).replace("full=true", "forced=false")
    table = analysis.metrics(lines(flag(), opened(1, 1), decision, started(2.002, 1, 1)))
    assert pushes_of(table, "eds") == (0, 2)


# ---- the table ----


def test_every_series_says_what_it_is_and_why_it_is_not_exact(metrics_of: Metrics) -> None:
    table = metrics_of("istiod-1.30.3/discovery.log.gz")
    assert set(table["kind"]) == {"exact", "bounded", "not answerable"}
    assert (table["meaning"].str.len() > 10).all()
    assert table["why"].ne("").equals(table["kind"].astype(str).ne("exact"))
    assert {base(metric) for metric in table["metric"]} == set(MEANINGS)
    assert not table.duplicated(["metric", "labels"]).any()
