"""Metrics from lines beside those that were exported: the file, the time of the export, the command."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import loglines
import pandas as pd
import pytest
from expected import DEBUG, INFO, OLD
from hypothesis import given, settings
from hypothesis import strategies as st
from loglines import MIDNIGHT, at, flag, nack
from typer.testing import CliRunner, Result

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.metrics import exported as exported_module
from istiolog_pd.analysis.metrics.exported import Exported, exported
from istiolog_pd.cli.app import app

Read = Callable[..., il.Capture]
Real = Callable[[str], il.Capture]

PAIRS = {run.log: run.metrics for run in (OLD, INFO, DEBUG)}


def opened(seconds: float, number: int = 1) -> str:
    return loglines.opened(seconds, "web-1.shop", number)


def up(seconds: float, *series: str) -> str:
    """What a process that began at midnight exports so much later."""
    clock = [f"process_start_time_seconds {MIDNIGHT.timestamp():.0f}", f"istiod_uptime_seconds {seconds}"]
    return "\n".join([*clock, *series, ""])


FLAG = flag()
END = at(60, "Triggering reload", scope="monitor")


def row(table: pd.DataFrame, metric: str, labels: str = "") -> pd.Series:
    found = table[(table["metric"] == metric) & (table["labels"] == labels)]
    assert len(found) == 1
    return found.iloc[0]


def rejects(table: pd.DataFrame) -> tuple[float, float, float, bool | None]:
    """What the lines allow, what was exported, and whether that agrees."""
    one = row(table, "pilot_total_xds_rejects", 'type="rds"')
    agrees = None if pd.isna(one["agrees"]) else bool(one["agrees"])
    return one["low"], one["high"], one["exported"], agrees


# ---- real runs ----


@pytest.mark.parametrize("log", PAIRS)
def test_every_real_run_agrees_with_what_it_exported(log: str, real: Real, data: Path) -> None:
    table = analysis.compare_metrics(real(log), data / PAIRS[log])
    said = table["agrees"].dropna()
    assert said.all()
    assert len(said) > 75
    assert table["exported"].notna().sum() > 150
    assert set(table["exporter"]) == {str(data / PAIRS[log])}


@pytest.mark.parametrize("log", PAIRS)
def test_another_process_is_not_compared(log: str, real: Real, data: Path) -> None:
    """The processes ran one after the other: their clocks tell them apart."""
    other = next(metrics for name, metrics in PAIRS.items() if name != log)
    table = analysis.compare_metrics(real(log), data / other)
    assert table.empty
    assert "no run of this log" in table.attrs["coverage"]


def test_metrics_that_were_changed_do_not_agree(real: Real, data: Path) -> None:
    """A count that is higher, one that is lower, a sum of bytes below what was printed."""
    text = (data / "istiod-1.30.3" / "metrics.txt").read_text()
    for was, now in (
        ('pilot_total_xds_rejects{type="eds"} 9', 'pilot_total_xds_rejects{type="eds"} 10'),
        ("pilot_pushcontext_init_seconds_count 21", "pilot_pushcontext_init_seconds_count 18"),
        ("1.3010913e+07", "1.2010913e+07"),
    ):
        assert was in text
        text = text.replace(was, now)
    table = analysis.compare_metrics(real("istiod-1.30.3/discovery.log.gz"), text=text)
    wrong = table[table["agrees"].eq(False).fillna(False)]
    assert wrong["metric"].tolist() == [
        "pilot_xds_config_size_bytes_sum",
        "pilot_total_xds_rejects",
        "pilot_pushcontext_init_seconds_count",
    ]


# ---- the time of the export ----


def test_what_the_log_prints_after_the_export_is_not_in_it(lines: Read) -> None:
    capture = lines(FLAG, opened(1), nack(10), nack(20), nack(30), END)
    exports = 'pilot_total_xds_rejects{type="rds"} 2'
    assert rejects(analysis.compare_metrics(capture, text=up(25, exports))) == (2, 2, 2, True)
    assert rejects(analysis.compare_metrics(capture, text=up(15, exports))) == (1, 1, 2, False)


def test_what_lies_around_the_export_may_be_in_it(lines: Read) -> None:
    capture = lines(FLAG, opened(1), nack(10), nack(20), END)
    for count, agrees in ((1, True), (2, True), (3, False)):
        table = analysis.compare_metrics(capture, text=up(20.2, f'pilot_total_xds_rejects{{type="rds"}} {count}'))
        assert rejects(table) == (1, 2, count, agrees)
        assert row(table, "pilot_total_xds_rejects", 'type="rds"')["kind"] == "bounded"


def test_what_came_after_the_log_is_no_contradiction(lines: Read) -> None:
    """Fewer than the log has are one."""
    capture = lines(FLAG, opened(1), nack(10), nack(20))
    for count, agrees in ((5, None), (2, True), (1, False)):
        table = analysis.compare_metrics(capture, text=up(300, f'pilot_total_xds_rejects{{type="rds"}} {count}'))
        assert rejects(table) == (2, 2, count, agrees)
        assert "exported 280.0 s after the log's last line" in table.attrs["coverage"]


def test_without_a_time_nothing_is_a_contradiction(lines: Read) -> None:
    capture = lines(FLAG, opened(1), nack(10))
    for count, agrees in ((1, True), (2, None), (0, None)):
        table = analysis.compare_metrics(capture, text=f'pilot_total_xds_rejects{{type="rds"}} {count}\n')
        assert rejects(table) == (1, 1, count, agrees)
    assert "does not say when it was exported" in table.attrs["coverage"]


def test_a_log_that_begins_late_has_counted_before(lines: Read) -> None:
    capture = lines(opened(31, 9), nack(40), END)
    table = analysis.compare_metrics(capture, text=up(50, 'pilot_total_xds_rejects{type="rds"} 7'))
    one = row(table, "pilot_total_xds_rejects", 'type="rds"')
    assert (one["low"], pd.isna(one["high"]), bool(one["agrees"])) == (1, True, True)
    assert one["why"] == "the log begins after its process"


def test_a_gauge_may_have_been_anywhere_in_that_second(lines: Read) -> None:
    """Two connections open and one closes around the export."""
    close = at(20.3, 'ADS: "10.0.0.1:4000" web-1.shop-1 terminated')
    capture = lines(FLAG, opened(1, 1), opened(20, 2), opened(20.1, 3), close, END)
    table = analysis.compare_metrics(
        capture, text=up(20.2, 'pilot_xds{version="1.30.3"} 2', 'pilot_xds{version="1.29.0"} 1')
    )
    one = row(table, "pilot_xds")
    assert (one["low"], one["high"], one["exported"], bool(one["agrees"])) == (0, 4, 3, True)


def test_a_series_that_is_not_there_is_zero_if_its_metric_is(lines: Read) -> None:
    capture = lines(FLAG, opened(1), nack(10), END)
    table = analysis.compare_metrics(capture, text=up(50, 'pilot_total_xds_rejects{type="rds"} 1'))
    assert row(table, "pilot_total_xds_rejects", 'type="cds"')["exported"] == 0
    assert pd.isna(row(table, "pilot_debounce_time_count")["exported"])  # not before Istio 1.16
    assert pd.isna(row(table, "pilot_debounce_time_count")["agrees"])


# ---- files of a bug-report ----


def test_each_metrics_file_is_compared_with_the_log_beside_it(tmp_path: Path) -> None:
    for name, count in (("istiod-a", 1), ("istiod-b", 3)):
        (tmp_path / name).mkdir()
        texts = [FLAG, opened(1), *(nack(10 + n) for n in range(count)), END]
        (tmp_path / name / "discovery.log").write_text("\n".join(texts) + "\n")
    capture = il.load(tmp_path / "istiod-a" / "discovery.log", tmp_path / "istiod-b" / "discovery.log")
    files = [
        (f"{tmp_path}/{name}/metrics", up(50, f'pilot_total_xds_rejects{{type="rds"}} {count}'))
        for name, count in (("istiod-b", 3), ("istiod-a", 1), ("istiod-c", 8))
    ]
    table = analysis.compare_metrics(replace(capture, metrics_files=tuple(files)))
    rows = table[(table["metric"] == "pilot_total_xds_rejects") & (table["labels"] == 'type="rds"')]
    assert rows["exported"].tolist() == [3, 1]
    assert rows["agrees"].tolist() == [True, True]
    assert [Path(source).parent.name for source in rows["source"]] == ["istiod-b", "istiod-a"]
    assert "istiod-c/metrics: no run of this log" in table.attrs["coverage"]


def replicas(tmp_path: Path, second: float, **files: str) -> pd.DataFrame:
    """The comparison of metrics files with two logs in their folder: one process began at midnight, one later."""
    for name, begin, count in (("istiod-a", 0.0, 1), ("istiod-b", second, 3)):
        flag = at(begin + 0.2, 'FLAG: --caCertFile=""', scope="")
        texts = [flag, opened(begin + 1), *(nack(begin + 10 + n) for n in range(count)), END]
        (tmp_path / f"{name}.log").write_text("\n".join(texts) + "\n")
    capture = il.load(tmp_path / "istiod-a.log", tmp_path / "istiod-b.log")
    named = tuple((f"{tmp_path}/{name}.txt", text) for name, text in files.items())
    return analysis.compare_metrics(replace(capture, metrics_files=named))


def test_replicas_side_by_side_are_told_apart_by_their_start(tmp_path: Path) -> None:
    later = up(40, 'pilot_total_xds_rejects{type="rds"} 3').replace("1767225600", "1767225610")
    table = replicas(tmp_path, 10, one=up(50, 'pilot_total_xds_rejects{type="rds"} 1'), two=later)
    rows = table[(table["metric"] == "pilot_total_xds_rejects") & (table["labels"] == 'type="rds"')]
    assert [Path(source).stem for source in rows["source"]] == ["istiod-a", "istiod-b"]
    assert rows["agrees"].tolist() == [True, True]


def test_replicas_that_started_together_cannot_be_told_apart(tmp_path: Path) -> None:
    table = replicas(tmp_path, 2, one=up(50, 'pilot_total_xds_rejects{type="rds"} 1'))
    assert table.empty
    assert "it is ambiguous which of" in table.attrs["coverage"]
    assert "istiod-a.log (run 0)" in table.attrs["coverage"] and "istiod-b.log (run 1)" in table.attrs["coverage"]


def test_the_label_of_a_scrape_names_the_replica(tmp_path: Path) -> None:
    scraped = up(50, 'pilot_total_xds_rejects{job="istiod",pod="istiod-b",type="rds"} 3')
    rows = replicas(tmp_path, 2, one=scraped).query("metric == 'pilot_total_xds_rejects' and labels == 'type=\"rds\"'")
    assert rows["source"].str.endswith("istiod-b.log").tolist() == [True]
    assert rows["agrees"].tolist() == [True]


def test_an_istiod_that_started_slowly_exports_later_than_it_says(lines: Read) -> None:
    """Its uptime counts from when it got going: what the log has 3 s after the time may be in the file."""
    log = lines(at(5, 'FLAG: --caCertFile=""', scope=""), opened(6), nack(52), END)
    table = analysis.compare_metrics(log, text=up(50, 'pilot_total_xds_rejects{type="rds"} 1'))
    assert rejects(table)[-1] is True


def test_buckets_are_those_of_the_export(lines: Read) -> None:
    """From 1.32 on there is one of half a second."""
    decided = at(10, "Push debounce stable[1] 3: 100ms since last change, 300ms since last push, full=true")
    log = lines(FLAG, opened(1), decided, at(20, "Triggering reload"), END)
    ends = ("0.01", "0.1", "0.5", "1", "+Inf")
    export = up(30, *(f'pilot_debounce_time_bucket{{le="{end}"}} {int(float(end) > 0.3)}' for end in ends))
    table = analysis.compare_metrics(log, text=export)
    own = table[table["metric"] == "pilot_debounce_time_bucket"].set_index("labels")
    assert sorted(own.index) == sorted(f'le="{end}"' for end in ends)
    assert own[["low", "agrees"]].notna().all(axis=None) and own["agrees"].all()


def test_an_export_of_many_series_is_compared_in_time(lines: Read) -> None:
    """Series of which the lines know nothing are listed; time grows with their number, not with its square."""
    many = [f'pilot_xds_pushes{{type="t{number}"}} 1' for number in range(20_000)]
    start = time.process_time()
    table = analysis.compare_metrics(lines(FLAG, opened(1), END), text=up(60, *many))
    assert table["labels"].str.fullmatch(r'type="t\d+"').sum() == 20_000
    assert time.process_time() - start < 10


def test_without_metrics_there_is_nothing_to_compare(lines: Read) -> None:
    table = analysis.compare_metrics(lines(FLAG, opened(1)))
    assert table.empty
    assert table["agrees"].dtype == "boolean"
    assert "give the text" in table.attrs["coverage"]


# ---- hostile text ----


def test_labels_are_read_as_they_are_meant() -> None:
    found = exported('pilot_xds_pushes{type="a\\"b,c}"} 1 1795454856000\npilot_xds_pushes { type = "x" } NaN\n')
    assert found.series[("pilot_xds_pushes", 'type="a\\"b,c}"')] == 1
    assert found.taken is None


@pytest.mark.parametrize(
    "line",
    [
        'pilot_xds_pushes{type="cds"',
        'pilot_xds_pushes{type="cds"} many',
        "pilot_xds_pushes{{{{",
        "pilot_services",
        'pilot_xds_pushes{type="' + "x" * 5000 + '"} 1',
        "pilot_services 0x1p3 nonsense",
    ],
)
def test_a_damaged_line_is_counted_and_passed_over(line: str) -> None:
    found = exported(f"{line}\npilot_services 7\n")
    assert found.series == {("pilot_services", ""): 7.0}
    assert found.damaged == 1


@given(st.text(max_size=60), st.sampled_from(["pilot_services", "pilot_xds_pushes{", "istiod_uptime_seconds ", ""]))
@settings(max_examples=25)
def test_any_text_is_read_or_counted(text: str, start: str) -> None:
    assert isinstance(exported(start + text), Exported)


def test_times_that_are_none() -> None:
    for value in ("NaN", "+Inf", "-1", "1e300"):
        assert exported(f"process_start_time_seconds {value}\nistiod_uptime_seconds 5\n").taken is None


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: Read) -> None:
    monkeypatch.setattr(exported_module, "MAX_SERIES", 10)
    many = "".join(f'pilot_xds_pushes{{type="{n}"}} 1\n' for n in range(12))
    with pytest.raises(ValueError, match="series of pilot"):
        exported(many)
    monkeypatch.setattr(exported_module, "MAX_BYTES", 100)
    (tmp_path / "metrics").write_text(many)
    for one in ({"text": many}, {"path": tmp_path / "metrics"}):
        with pytest.raises(ValueError, match="no metrics of istiod"):
            analysis.compare_metrics(lines(FLAG, opened(1)), **one)
    with pytest.raises(ValueError, match="not both"):
        analysis.compare_metrics(lines(FLAG, opened(1)), tmp_path / "metrics", text=many)


# ---- the command ----


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["metrics", *arguments])


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "discovery.log"
    path.write_text("\n".join([FLAG, opened(1), nack(10), END]) + "\n")
    return str(path)


def test_command_prints_a_table(log: str) -> None:
    result = run(log)
    assert result.exit_code == 0
    head, *body = result.stdout.splitlines()
    assert head.split() == ["metric", "labels", "value", "low", "high", "kind"]
    assert 'pilot_total_xds_rejects type="rds" 1 1 1 exact'.split() in [line.split() for line in body]
    assert "_bucket" not in result.stdout
    assert "buckets of histograms" in result.stderr


def test_command_prints_csv_and_json_with_everything(log: str) -> None:
    table = analysis.metrics(il.load(log))
    text = pd.read_csv(io.StringIO(run(log, "--format", "csv").stdout), keep_default_na=False)
    assert text.columns.tolist() == table.columns.tolist()
    assert text["labels"].tolist() == table["labels"].tolist()
    rows = json.loads(run(log, "--format", "json").stdout)
    assert [each["high"] for each in rows] == table["high"].astype(object).where(table["high"].notna(), None).tolist()


def test_command_compares(log: str, tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text(up(50, 'pilot_total_xds_rejects{type="rds"} 4', 'pilot_xds{version="\x1b[2J"} 1'))
    result = run(log, "--metrics", str(tmp_path / "metrics"))
    assert result.exit_code == 0
    assert 'pilot_total_xds_rejects type="rds" 1 1 1 4 no exact'.split() in [
        line.split() for line in result.stdout.splitlines()
    ]


def test_command_shows_nothing_that_a_terminal_obeys(log: str, tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text(up(50, 'pilot_xds_pushes{type="\x1b[2J\u202e"} 1'))
    for form in ("table", "json"):
        result = run(log, "--metrics", str(tmp_path / "metrics"), "--format", form)
        assert "[2J" in result.stdout
        assert not set("\x1b\u202e") & set(result.stdout)


def test_command_says_what_is_wrong(log: str, tmp_path: Path) -> None:
    result = run(log, "--metrics", str(tmp_path / "none"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "none" in result.stderr
    assert run(log, "--format", "xml").exit_code == 2


def test_command_by_run(log: str) -> None:
    rows = json.loads(run(log, "--by-run", "--format", "json").stdout)
    assert {each["source"] for each in rows} == {log}
