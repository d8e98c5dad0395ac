"""Istio's own metrics, counted from real logs and of several runs."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from expected import DEBUG, INFO, OLD
from hypothesis import given, settings
from hypothesis import strategies as st
from loglines import at, flag
from metric_lines import (
    bounds,
    closed,
    opened,
    push,
    pushes_of,
    round_of,
)

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.metrics.definitions import base

Real = Callable[[str], il.Capture]
Read = Callable[..., il.Capture]
Metrics = Callable[[str], pd.DataFrame]


RUNS = {run.log: run.metrics for run in (OLD, INFO, DEBUG)}


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


# ---- real runs ----


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


def two_replicas(tmp_path: Path) -> il.Capture:
    for name, services, numbers in (("a", 15, (1, 2)), ("b", 14, (3,))):
        texts = [flag(), *(opened(1, number) for number in numbers), *round_of(2, 1, len(numbers), services=services)]
        (tmp_path / name).mkdir()
        (tmp_path / name / "discovery.log").write_text("\n".join(texts) + "\n")
    return il.load(tmp_path / "a" / "discovery.log", tmp_path / "b" / "discovery.log")


# ---- several runs ----


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

# ---- any process ----


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
