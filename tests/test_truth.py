"""What the readers found in a real run's log, held against the metrics that the same process exported.

The metrics were taken just before the process ended. What a log can say of them:

- a debounce, a full push context and a rejection each have one line: the counts are equal;
- a push is counted when it is built and printed when it was sent, so a connection that closes can take
  its last push with it: the lines are a lower bound, lines and closes an upper one;
- pushes of endpoint-only rounds are printed at debug, so at info EDS has a lower bound only;
- a size is printed with one decimal (``1.5kB`` is 1450-1549 bytes), below 1000 exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from expected import RUNS, Run

import istiolog_pd as il

Capture = Callable[[str], il.Capture]
Series = dict[str, float]

#: ``name{label="value",...} number``; of these metrics no series has more than one label.
SERIES = re.compile(r'(?P<metric>\w+)(?:\{\w+="(?P<label>[^"]*)"\})? (?P<value>\S+)')


#: The names that byte metrics have for the types.
URLS = {
    "CDS": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "EDS": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "LDS": "type.googleapis.com/envoy.config.listener.v3.Listener",
    "RDS": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
}

each_run = pytest.mark.parametrize("run", RUNS.values(), ids=str)


def metric(path: Path, name: str) -> Series:
    """The series of a metric in Prometheus text, by the value of their label (empty: none)."""
    found = [match for line in path.read_text().splitlines() if (match := SERIES.fullmatch(line))]
    return {match["label"] or "": float(match["value"]) for match in found if match["metric"] == name}


def per_type(table: pd.DataFrame) -> dict[str, int]:
    """Rows per xDS type, as text."""
    counts = table["xds_type"].astype(str).value_counts()
    return {str(xds_type): int(counts[xds_type]) for xds_type in sorted(counts.index)}


def rounded(size: int) -> tuple[int, int]:
    """The sizes that are printed as this one, with one decimal of its unit."""
    half = 0 if size < 1000 else 50 if size < 1_000_000 else 50_000
    return size - half, max(size, size + half - 1)


def test_metric_reads_prometheus_text(tmp_path: Path) -> None:
    """The parser of this module: labels, no labels, comments, exponents."""
    text = '# TYPE a counter\na{type="cds"} 3\na{type="eds"} 1.5e+07\nb 0.25\nab 7\n'
    (tmp_path / "metrics.txt").write_text(text)
    assert metric(tmp_path / "metrics.txt", "a") == {"cds": 3.0, "eds": 15_000_000.0}
    assert metric(tmp_path / "metrics.txt", "b") == {"": 0.25}
    assert metric(tmp_path / "metrics.txt", "c") == {}


def test_sizes_are_rounded_as_istio_does() -> None:
    """``999B`` is exact, ``1.5kB`` is 1450-1549 bytes, ``1.5MB`` 1450000-1549999."""
    assert rounded(999) == (999, 999)
    assert rounded(1500) == (1450, 1549)
    assert rounded(1_500_000) == (1_450_000, 1_549_999)


@each_run
def test_debounces_are_counted_exactly(run: Run, real: Capture, data: Path) -> None:
    """A debounce has one line; the metric's time is measured after it, up to 1.5 ms later."""
    table = real(run.log).to_pandas(events="debounce")
    count = metric(data / run.metrics, "pilot_debounce_time_count")
    total = metric(data / run.metrics, "pilot_debounce_time_sum")
    assert count == {"": run.decisions}
    assert len(table) == run.decisions
    assert table["debounce_time"].notna().all()
    seconds = table["debounce_time"].dt.total_seconds().sum()
    assert seconds == pytest.approx(run.debounce_seconds, abs=1e-9)
    assert 0 <= total[""] - seconds <= run.decisions * 0.0015


@each_run
def test_debounces_are_numbered_without_a_gap(run: Run, real: Capture) -> None:
    """``stable[N]`` counts the process's decisions from 1."""
    table = real(run.log).to_pandas(events="debounce")
    assert table["debounce_id"].tolist() == list(range(1, run.decisions + 1))


@each_run
def test_push_contexts_are_counted_exactly(run: Run, real: Capture, data: Path) -> None:
    """A full round builds a context: one ``XDS: Pushing`` line each."""
    starts = real(run.log).to_pandas(events="push_start")
    full = starts["push_type"].isna() & starts["connected_endpoints"].notna()
    assert metric(data / run.metrics, "pilot_pushcontext_init_seconds_count") == {"": run.full_rounds}
    assert full.sum() == run.full_rounds
    rounds = il.analysis.push_rounds(real(run.log))
    assert rounds["full"].sum() == run.full_rounds
    assert len(rounds) == run.decisions


@each_run
def test_rejects_are_counted_exactly(run: Run, real: Capture, data: Path) -> None:
    """A rejection has one ``ACK ERROR`` line; a type that no proxy rejected has no series."""
    exported = metric(data / run.metrics, "pilot_total_xds_rejects")
    assert set(exported) <= {"cds", "eds", "lds", "rds"}
    assert len(exported) >= 3
    nacks = per_type(real(run.log).to_pandas(events="xds_nack"))
    for xds_type, rejects in run.rejects.items():
        assert exported.get(xds_type.lower(), 0) == rejects
        assert nacks.get(xds_type, 0) == rejects
    assert sum(nacks.values()) == sum(run.rejects.values())


@each_run
def test_pushes_are_inside_their_bounds(run: Run, real: Capture, data: Path) -> None:
    """Lines <= pushes built <= lines and closed connections; EDS at info has a lower bound only."""
    capture = real(run.log)
    closes = len(capture.to_pandas(events="connection_close"))
    assert closes == run.closes
    exported = metric(data / run.metrics, "pilot_xds_pushes")
    built = {name.upper(): value for name, value in exported.items() if not name.endswith("_senderr")}
    lines = per_type(capture.to_pandas(events="xds_push"))
    assert built == run.built
    assert lines == run.printed
    for xds_type, count in lines.items():
        assert count <= built[xds_type]
        if xds_type != "EDS" or run.prints_all_eds:
            assert built[xds_type] <= count + closes


@each_run
def test_failed_sends_are_lines_too(run: Run, real: Capture, data: Path) -> None:
    """What the metric calls a send error has a line, of the same type."""
    exported = metric(data / run.metrics, "pilot_xds_pushes")
    failed = {name[:3].upper(): value for name, value in exported.items() if name.endswith("_senderr")}
    assert failed == run.failed
    table = real(run.log).to_pandas(events="xds_send_failure")
    known = per_type(table[table["xds_type"].notna()])
    assert all(known.get(xds_type, 0) >= count for xds_type, count in failed.items())


@each_run
def test_byte_sums_are_inside_their_bounds(run: Run, real: Capture, data: Path) -> None:
    """The exact sum lies where the rounded sizes allow it; pushes without a line open the upper bound."""
    exported = metric(data / run.metrics, "pilot_xds_config_size_bytes_sum")
    counted = metric(data / run.metrics, "pilot_xds_config_size_bytes_count")
    assert set(exported) == set(URLS.values())
    pushes = real(run.log).to_pandas(events="xds_push")
    assert pushes["size_bytes"].notna().all()
    for xds_type, url in URLS.items():
        bounds = [rounded(size) for size in pushes.loc[pushes["xds_type"] == xds_type, "size_bytes"]]
        low, high = (sum(ends) for ends in zip(*bounds, strict=True))
        assert counted[url] == run.built[xds_type]
        assert low <= exported[url]
        assert (xds_type in run.bounded_sizes) == (run.built[xds_type] == run.printed[xds_type])
        if xds_type in run.bounded_sizes:
            assert exported[url] <= high
