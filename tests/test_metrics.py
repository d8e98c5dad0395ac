"""Istio's own metrics from lines: what a few lines give, and real runs against what they exported."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import loglines
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loglines import at, debounce, flag

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.metrics.definitions import MEANINGS, base

Read = Callable[..., il.Capture]
Real = Callable[[str], il.Capture]
Bounds = tuple[float | None, float | None]

# ---- lines ----


def decided(seconds: float, number: int, events: int = 1, total: str = "200ms", full: bool = True) -> str:
    tail = f", full={str(full).lower()}"
    return debounce(seconds, number, "100.5ms", total, tail, " for config ServiceEntry/a/b", events)


def started(seconds: float, version: int, connected: int, full: bool = True, services: int = 15) -> str:
    if full:
        return loglines.full(seconds, version, connected, services)
    return loglines.incremental(seconds, version, connected)


def round_of(
    seconds: float, number: int, connected: int, full: bool = True, events: int = 1, services: int = 15
) -> list[str]:
    """A decision, and its round two milliseconds later."""
    first = decided(seconds, number, events, full=full)
    return [first, started(seconds + 0.002, number, connected, full, services)]


def push(
    seconds: float, xds_type: str, proxy: str, size: str = "1.5kB", words: str = "PUSH", level: str = "info"
) -> str:
    return loglines.push(seconds, xds_type, proxy, words, level, size=size, tail=" cached:3/4")


def opened(seconds: float, number: int, scope: str = "ads") -> str:
    return loglines.opened(seconds, f"web-{number}.shop", number, scope)


def closed(seconds: float, number: int, scope: str = "ads") -> str:
    return loglines.closed(seconds, f"web-{number}.shop", number, scope=scope)


def bounds(table: pd.DataFrame, metric: str, labels: str = "") -> Bounds:
    """The bounds of one series."""
    row = table[(table["metric"] == metric) & (table["labels"] == labels)]
    assert len(row) == 1, f"{metric}{{{labels}}} stands {len(row)} times"
    low, high = (None if pd.isna(end) else float(end) for end in (row["low"].iloc[0], row["high"].iloc[0]))
    value = row["value"].iloc[0]
    exact = low is not None and low == high
    assert (float(value) == low) if exact else pd.isna(value)
    assert row["kind"].iloc[0] == ("exact" if exact else "not answerable" if low is high is None else "bounded")
    return low, high


def pushes_of(table: pd.DataFrame, xds_type: str) -> Bounds:
    return bounds(table, "pilot_xds_pushes", f'type="{xds_type}"')


# ---- real runs ----

RUNS = {
    "istiod-1.20.8/discovery.log.gz": "istiod-1.20.8/metrics.txt",
    "istiod-1.30.3/discovery.log.gz": "istiod-1.30.3/metrics.txt",
    "istiod-1.30.3/discovery-debug.log.gz": "istiod-1.30.3/metrics-debug.txt",
}
Metrics = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="module")
def metrics_of(real: Real) -> Metrics:
    """The metrics of a real log, counted once."""
    return cache(lambda log: analysis.metrics(real(log)))


each_run = pytest.mark.parametrize("log", RUNS)

SERIES = re.compile(r"(?P<metric>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")


def truth(path: Path) -> dict[tuple[str, str], float]:
    """What a process exported, as `metrics` names it."""
    found = [match for line in path.read_text().splitlines() if (match := SERIES.fullmatch(line))]
    series: Counter[tuple[str, str]] = Counter()
    for match in found:
        summed = match["metric"] in ("pilot_xds", "pilot_push_triggers")
        series[match["metric"], "" if summed else match["labels"] or ""] += float(match["value"])  # type: ignore[assignment]
    return dict(series)


@each_run
def test_what_is_exact_is_what_was_exported_and_bounds_hold_it(log: str, metrics_of: Metrics, data: Path) -> None:
    table = metrics_of(log)
    exported = truth(data / RUNS[log])
    families = {base(metric) for metric, _ in exported}
    checked = Counter[str]()
    for row in table.itertuples():
        if base(row.metric) not in families:
            continue
        value = exported.get((row.metric, row.labels), 0.0)
        if row.kind == "exact":
            assert value == pytest.approx(row.value, abs=1e-9), row
        assert pd.isna(row.low) or row.low <= value + 1e-9, row
        assert pd.isna(row.high) or value - 1e-9 <= row.high, row
        checked[row.kind] += 1
    assert checked["exact"] >= 18
    assert checked["bounded"] >= 50


#: Bounds of the three runs, in the order of `RUNS`, and what was exported between them.
TIGHT: dict[tuple[str, str], tuple[tuple[float, float | None], ...]] = {
    ("pilot_xds_pushes", 'type="cds"'): ((360, 407), (581, 631), (368, 379)),  # 360, 581, 368
    ("pilot_xds_pushes", 'type="eds"'): ((404, 4091), (829, 4352), (1271, 1282)),  # 3924, 4130, 1271
    ("pilot_xds_pushes", 'type="eds_senderr"'): ((2, 2), (0, 39), (0, 0)),  # 2, 0, 0
    ("pilot_xds_send_time_count", ""): ((1431, 5118), (2531, 6054), (2333, 2344)),  # 4951, 5832, 2334
    ("pilot_xds_write_timeout", ""): ((3, 3), (0, 0), (0, 0)),
    ("pilot_xds", ""): ((0, 0), (0, 0), (0, 0)),
    ("pilot_services", ""): ((19, 19), (25, 25), (21, 21)),
    ("pilot_debounce_time_count", ""): ((138, 138), (145, 145), (67, 67)),
    ("pilot_pushcontext_init_seconds_count", ""): ((12, 12), (21, 21), (19, 19)),
    ("pilot_inbound_updates", 'type="config"'): ((608, None), (664, None), (252, None)),  # 608, 664, 252
    ("pilot_push_triggers", ""): ((16691, 17682), (17706, 18529), (2831, 3821)),  # 16942, 17944, 3459
    ("pilot_proxy_queue_time_count", ""): ((312, 3951), (532, 4008), (1064, 1207)),  # 3838, 3838, 1158
}


@pytest.mark.parametrize("place", range(3), ids=list(RUNS))
def test_how_tight_the_bounds_are(place: int, metrics_of: Metrics) -> None:
    table = metrics_of(list(RUNS)[place])
    assert {series: bounds(table, *series) for series in TIGHT} == {series: TIGHT[series][place] for series in TIGHT}


def test_debug_prints_what_info_only_bounds(metrics_of: Metrics) -> None:
    """The time to build a context, and requests with a stale nonce."""
    info, debug = (metrics_of(f"istiod-1.30.3/discovery{tail}.log.gz") for tail in ("", "-debug"))
    metric = "pilot_pushcontext_init_seconds_sum"
    assert bounds(info, metric) == (0, pytest.approx(0.015, abs=1e-4))
    assert bounds(debug, metric)[0] == pytest.approx(0.004853161, abs=1e-9)
    assert bounds(info, "pilot_xds_expired_nonce", 'type="eds"') == (None, None)
    assert bounds(debug, "pilot_xds_expired_nonce", 'type="eds"') == (202, 202)


def test_a_pilot_of_2018_counts_its_pushes(real: Real) -> None:
    """1.0 prints endpoint-only pushes at info, but neither sizes nor when a debounce began."""
    table = analysis.metrics(real("pilot-1.0.9/discovery.log.gz"))
    low, high = pushes_of(table, "eds")
    assert low and high and high - low == 14  # closed connections
    assert bounds(table, "pilot_debounce_time_count") == (10, 10)
    assert bounds(table, "pilot_debounce_time_sum") == (None, None)
    assert bounds(table, "pilot_virt_services") == (0, 0)


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


# ---- several runs ----


def two_replicas(tmp_path: Path) -> il.Capture:
    for name, services, numbers in (("a", 15, (1, 2)), ("b", 14, (3,))):
        texts = [flag(), *(opened(1, number) for number in numbers), *round_of(2, 1, len(numbers), services=services)]
        (tmp_path / name).mkdir()
        (tmp_path / name / "discovery.log").write_text("\n".join(texts) + "\n")
    return il.load(tmp_path / "a" / "discovery.log", tmp_path / "b" / "discovery.log")


def test_replicas_add_up_where_that_means_something(tmp_path: Path) -> None:
    table = analysis.metrics(two_replicas(tmp_path))
    assert bounds(table, "pilot_debounce_time_count") == (2, 2)
    assert bounds(table, "pilot_xds") == (3, 3)
    assert bounds(table, "pilot_services") == (14, 15)


def test_each_replica_by_itself(tmp_path: Path) -> None:
    table = analysis.metrics(two_replicas(tmp_path), by_run=True)
    rows = table[table["metric"] == "pilot_services"]
    assert dict(zip(rows["source"].str[-15:], rows["value"], strict=True)) == {
        "a/discovery.log": 15,
        "b/discovery.log": 14,
    }
    assert rows["run"].tolist() == [0, 1]


def test_a_restart_begins_again(lines: Read) -> None:
    """Counters add up over the runs of a source; what is open is of the newest."""
    first = [flag(), opened(1, 1), opened(1, 2), *round_of(2, 1, 2)]
    capture = lines(*first, flag(10), opened(11, 1), *round_of(12, 1, 1))
    table = analysis.metrics(capture)
    assert bounds(table, "pilot_debounce_time_count") == (2, 2)
    assert bounds(table, "pilot_xds") == (1, 1)
    rows = analysis.metrics(capture, by_run=True).query("metric == 'pilot_xds'")
    assert rows[["run", "value"]].to_numpy().tolist() == [[0, 2], [1, 1]]


def test_tables_in_chunks_and_with_dictionaries_count_the_same(real: Real, metrics_of: Metrics) -> None:
    log = "istiod-1.30.3/discovery-debug.log.gz"

    def other(table: pa.Table) -> pa.Table:
        for place, column in enumerate(table.schema):
            if pa.types.is_string(column.type) and column.name not in ("message", "error", "nonce"):
                table = table.set_column(place, column.name, table[column.name].dictionary_encode())
        half = table.num_rows // 2
        return pa.concat_tables([table.slice(0, half), table.slice(half)])

    capture = real(log)
    tables = {event: other(table) for event, table in capture.tables.items()}
    again = analysis.metrics(replace(capture, events=other(capture.events), tables=tables))
    pd.testing.assert_frame_equal(again, metrics_of(log))


# ---- the table ----


def test_every_series_says_what_it_is_and_why_it_is_not_exact(metrics_of: Metrics) -> None:
    table = metrics_of("istiod-1.30.3/discovery.log.gz")
    assert set(table["kind"]) == {"exact", "bounded", "not answerable"}
    assert (table["meaning"].str.len() > 10).all()
    assert table["why"].ne("").equals(table["kind"].astype(str).ne("exact"))
    assert {base(metric) for metric in table["metric"]} == set(MEANINGS)
    assert not table.duplicated(["metric", "labels"]).any()


# ---- any process ----

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.booleans()),
        st.tuples(st.just("close"), st.booleans()),
        st.tuples(st.just("full"), st.integers(1, 4)),
        st.tuples(st.just("endpoints"), st.integers(1, 4)),
        st.tuples(st.just("reject"), st.booleans()),
    ),
    min_size=6,
    max_size=30,
)


@given(STEPS)
@settings(max_examples=10)
def test_bounds_hold_what_any_process_counted(steps: list[tuple[str, int]]) -> None:
    """A small control plane: what it counts, and what it prints of that at info."""
    texts, count, live = [flag()], Counter[str](), list[int]()
    second, number = 1.0, 0
    for what, detail in steps:
        second += 1
        if what == "open":
            count["opened"] += 1
            live.append(count["opened"])
            texts.append(opened(second, count["opened"]))
        elif what == "close" and live:
            count["cds"] += detail  # built, and lost with the connection
            texts.append(closed(second, live.pop()))
        elif what in ("full", "endpoints"):
            number += 1
            texts += round_of(second, number, len(live), what == "full", events=detail)
            count["triggers"] += detail * len(live)
            count["queued"] += len(live)
            count["cds" if what == "full" else "eds"] += len(live)
            if what == "full":
                texts += [push(second + 0.1, "CDS", f"web-{client}.shop") for client in live]
        elif what == "reject":
            count["rejects"] += 1
            texts.append(at(second, "ADS:CDS: ACK ERROR web-1.shop-1 Internal:no", "warn"))
    table = analysis.metrics(read(texts))
    if table.empty:
        assert count["rejects"] == number == count["opened"] == 0
        return
    for name, metric, labels in (
        ("cds", "pilot_xds_pushes", 'type="cds"'),
        ("eds", "pilot_xds_pushes", 'type="eds"'),
        ("triggers", "pilot_push_triggers", ""),
        ("queued", "pilot_proxy_queue_time_count", ""),
        ("rejects", "pilot_total_xds_rejects", 'type="cds"'),
    ):
        low, high = bounds(table, metric, labels)
        assert (low or 0) <= count[name] <= (float("inf") if high is None else high), name
    if number or count["opened"]:
        assert bounds(table, "pilot_debounce_time_count") == (number, number)


def read(texts: list[str]) -> il.Capture:
    """The capture of a control plane's lines."""
    return il.load(io.BytesIO("".join(f"{text}\n" for text in texts).encode()), component="pilot")
