"""Before and after: nothing is found where nothing differs, and what differs is found, normalized and explained."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from typer.testing import CliRunner

import istiolog_pd as il
from istiolog_pd import analysis, plots
from istiolog_pd.analysis.compare.bootstrap import Observed, contrast, draws, holm
from istiolog_pd.analysis.compare.comparability import CHANGES, notes
from istiolog_pd.analysis.compare.measures import MEASURES
from istiolog_pd.analysis.compare.stretches import Stretches
from istiolog_pd.cli.app import app
from tests.simulator import Settings, simulate

Real = Callable[[str], il.Capture]
Lines = Callable[..., il.Capture]

ADS = "2026-11-23T17:{minute:02}:{second:02}.000000Z\tinfo\tads\t"


@cache
def mesh(seed: int = 0, **settings: object) -> il.Capture:
    """The log of a small simulated mesh of a few minutes."""
    usual: dict[str, object] = {"duration": "4min", "proxies": 8, "services": 20, "config_rate": 0.2}
    chosen = Settings(**{**usual, **settings})  # type: ignore[arg-type]
    return il.load(io.BytesIO(simulate(chosen, seed).istiod_log()))


@cache
def compared(seed: int = 1, **settings: object) -> pd.DataFrame:
    """A mesh beside another one that has these settings."""
    return analysis.compare(mesh(), mesh(seed, **settings))


def certain(table: pd.DataFrame) -> dict[str, str]:
    """The verdicts that are certain."""
    own = table[table["significant"].fillna(False).astype(bool)]
    return dict(zip(own["measure"].astype("str") + own["labels"], own["verdict"], strict=True))


def row(table: pd.DataFrame, measure: str, labels: str = "") -> pd.Series:
    return table[table["measure"].eq(measure) & table["labels"].eq(labels)].iloc[0]


# ---- nothing differs ----


def test_a_capture_does_not_differ_from_itself() -> None:
    table = analysis.compare(mesh(), mesh())
    told = table[table["verdict"].ne("cannot tell")]
    assert set(told["verdict"]) == {"no difference seen"}
    assert (told["difference"] == 0).all()
    assert ((told["ci_low"] <= 0) & (told["ci_high"] >= 0)).all()
    assert (told["ratio"].dropna() == 1).all()
    assert (told["cliffs_delta"].dropna().abs() < 1e-9).all()


def test_the_same_settings_do_not_differ() -> None:
    """One table in twenty may have a false verdict, one interval in twenty may miss; here are four pairs of loads."""
    tables = [analysis.compare(mesh(a), mesh(b)) for a, b in ((0, 1), (1, 2), (2, 0), (1, 3))]
    assert sum(bool(certain(table)) for table in tables) <= 1
    told = pd.concat(tables).dropna(subset=["p_value"])
    assert ((told["ci_low"] > 0) | (told["ci_high"] < 0)).mean() < 0.08


def test_two_halves_of_a_log_do_not_differ() -> None:
    text = simulate(Settings(duration="4min", proxies=8, services=20), 3).istiod_log()
    cut = text.index(b"\n2026-01-01T00:02:") + 1
    halves = [il.load(io.BytesIO(part), component="pilot") for part in (text[:cut], text[cut:])]
    assert not set(certain(analysis.compare(*halves))) - {"services"}  # services are added as time goes on


def test_the_same_istiod_twice(real: Real) -> None:
    """A real run at info, and another at debug, whose debug lines are left out."""
    table = analysis.compare(real("istiod-1.30.3/discovery.log.gz"), real("istiod-1.30.3/discovery-debug.log.gz"))
    assert certain(table) == {}
    assert "lines at debug of scope ads, delta are left out of after" in table.attrs["coverage"]


# ---- something differs ----


def test_a_longer_debounce_is_found() -> None:
    found = certain(compared(after="1s"))
    assert found["decisions"] == "less"
    assert found["changes_per_decision"] == "more"
    assert found['debounce_timequantile="0.5"'] == "more"
    median = row(compared(after="1s"), "debounce_time", 'quantile="0.5"')
    assert median["before"] < 110
    assert median["ci_low"] > 800
    assert median["cliffs_delta"] > 0.9
    assert not {"changes", "connected_proxies", "nacks"} & set(found)


def test_more_bytes_are_found() -> None:
    found = certain(compared(seed=0, services=60))
    assert found['bytes_per_pushtype="LDS"'] == found["services"] == "more"
    assert "changes" not in found
    assert "sizes follow the number of services" in row(compared(seed=0, services=60), "bytes", 'type="LDS"')["note"]


@pytest.mark.parametrize(
    ("settings", "measure"), [({"nack_share": 0.1}, "nacks"), ({"push_time": "8ms"}, "fan_out_time_per_proxy")]
)
def test_what_is_changed_is_found(settings: dict[str, object], measure: str) -> None:
    found = certain(compared(**settings))
    assert found[measure] == "more"
    assert not {"changes", "connected_proxies", "debounce_time"} & set(found)


def test_the_other_way_round_is_the_opposite() -> None:
    there, back = compared(after="1s"), analysis.compare(mesh(1, after="1s"), mesh())
    opposite = {"more": "less", "less": "more"}
    assert certain(back) == {name: opposite[verdict] for name, verdict in certain(there).items()}
    np.testing.assert_allclose(there["difference"].dropna(), -back["difference"].dropna())


# ---- values ----


def test_values_are_those_of_the_answers(real: Real) -> None:
    a, b = real("istiod-1.20.8/discovery.log.gz"), real("istiod-1.30.3/discovery.log.gz")
    table = analysis.compare(a, b)
    for side, capture in (("before", a), ("after", b)):
        decisions, lines = analysis.debounces(capture), analysis.pushes(capture)
        assert row(table, "changes_per_decision")[side] == pytest.approx(decisions["events"].mean())
        assert row(table, "full_share")[side] == pytest.approx(decisions["full"].mean())
        median = decisions["debounce_time"].quantile(interpolation="lower") / pd.Timedelta("1ms")
        assert row(table, "debounce_time", 'quantile="0.5"')[side] == pytest.approx(median, rel=0.02)
        size = lines.loc[lines["xds_type"].eq("LDS"), "size_bytes"].mean()
        assert row(table, "bytes_per_push", 'type="LDS"')[side] == pytest.approx(size)
        sums = analysis.push_sizes(capture).set_index("xds_type")
        minutes = Stretches(capture).proxy_minutes.sum()
        assert row(table, "pushes", 'type="EDS"')[side] == pytest.approx(sums.loc["EDS", "pushes"] / minutes)


def test_rounding_of_sizes_widens_the_interval() -> None:
    """Every push of one side prints 1.5kB: 1450 to 1550 bytes; of the other 1.6kB."""
    ones = np.ones(30)
    a = Observed(1450 * ones, 1550 * ones, ones, np.full(30, 1500.0), np.arange(30))
    b = Observed(1550 * ones, 1650 * ones, ones, np.full(30, 1600.0), np.arange(30))
    found = contrast(a, b, (draws(0), draws(1)), 0)
    assert (found.b - found.a, found.low, found.high, found.delta) == (100, 0, 200, 1)
    assert found.p == 1  # both can be 1550 bytes


def test_rare_events_are_as_uncertain_as_they_are() -> None:
    """Three NACKs against none are no evidence; fifty are."""
    ones = np.ones(30)
    none = Observed(0 * ones, 0 * ones, ones, counted=True)
    few, many = (np.bincount(np.arange(count) % 30, minlength=30).astype(float) for count in (3, 50))
    drawn = draws(0), draws(1)
    assert contrast(none, Observed(few, few, ones, counted=True), drawn, 0).p > 0.1
    assert contrast(none, Observed(many, many, ones, counted=True), drawn, 0).p < 1e-3


def test_what_drifts_is_less_certain() -> None:
    """The same values, in the order of time and shuffled: a trend is not thirty independent observations."""
    ones, trend = np.ones(30), np.linspace(10, 20, 30)
    shuffled = np.random.default_rng(0).permutation(trend)
    drawn = draws(0), draws(1)
    widths = []
    for values in (trend, shuffled):
        found = contrast(Observed(values, values, ones), Observed(ones, ones, ones), drawn, 0)
        widths.append(found.high - found.low)
    assert widths[0] > 2 * widths[1]


def test_the_interval_holds_the_true_difference_at_its_rate() -> None:
    """Normal, skewed and autocorrelated stretches: about 95 of 100 intervals hold it."""
    random, drawn, missed = np.random.default_rng(1), (draws(0), draws(1)), 0
    for _ in range(100):
        a, b = random.exponential(1, 30) + 1, random.normal(3, 1, 30)
        found = contrast(*(Observed(side, side, np.ones(30)) for side in (a, b)), drawn, 0)
        missed += not found.low <= 1 <= found.high
    assert 1 <= missed <= 12


def test_holm() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])


def test_a_seed_gives_the_same_table() -> None:
    a, b = mesh(), mesh(1)
    pd.testing.assert_frame_equal(analysis.compare(a, b, seed=7), analysis.compare(a, b, seed=7))


# ---- what cannot be told ----


def test_what_a_side_does_not_print_is_not_told(real: Real) -> None:
    table = analysis.compare(real("pilot-1.0.9/discovery.log.gz"), real("istiod-1.30.3/discovery-debug.log.gz"))
    debounced = row(table, "debounce_time", 'quantile="0.5"')
    assert debounced["verdict"] == "cannot tell"
    assert pd.isna(debounced["before"])
    assert "1.0 prints no time from the first change to the push" in debounced["note"]
    assert row(table, "bytes", 'type="CDS"')["verdict"] == "cannot tell"
    assert row(table, "order_broken")["verdict"] == "less"  # 1.0 pushes RDS before LDS
    assert "1.0 pushes RDS before LDS" in row(table, "order_broken")["note"]


def test_no_control_plane(real: Real) -> None:
    table = analysis.compare(real("istiod-1.30.3/discovery.log.gz"), real("pair-1.30.3/istio-proxy.log"))
    assert table.empty
    assert "after: this capture holds no log of a control plane" in table.attrs["coverage"]
    assert table.dtypes["ci_low"] == "Float64"


def test_a_few_lines_are_too_few(lines: Lines) -> None:
    decision = "Push debounce stable[{0}] 2 for config ServiceEntry/shop/web: 100ms since last change, 110ms since last push, full=true"
    log = [ADS.format(minute=0, second=number) + decision.format(number + 1) for number in range(4)]
    table = analysis.compare(lines(*log), lines(*log))
    assert row(table, "debounce_time", 'quantile="0.5"')["note"].startswith("before: only 4 of 30 stretches")
    assert set(table["verdict"]) <= {"cannot tell", "no difference seen"}


# ---- versions ----


def test_notes_name_measures_that_there_are() -> None:
    assert {name for change in CHANGES for name in change.measures.split()} <= {measure.name for measure in MEASURES}


@pytest.mark.parametrize(
    ("measure", "a", "b", "said"),
    [
        ("full_share", (1, 30), (1, 31), ["from 1.31 on every round builds a push context"]),
        ("full_share", (1, 20), (1, 30), []),
        ("request_share", (1, 9), (1, 11), ["before 1.10 no line tells that a proxy asked"]),
        ("bytes_per_push", (1, 20), (1, 25), ["from 1.22 on proxies speak delta xDS by default"]),
    ],
)
def test_what_changed_its_meaning(measure: str, a: tuple[int, int], b: tuple[int, int], said: list[str]) -> None:
    for before, after in ((a, b), (b, a)):
        found = list(notes(measure, (before, before), (after, after)))
        assert len(found) == len(said)
        assert all(text.startswith(start) for text, start in zip(found, said, strict=True))


def test_forced_instead_of_full() -> None:
    table = analysis.compare(mesh(), mesh(1, version="1.31", duration="1min"))
    share = row(table, "full_share")
    assert share["verdict"] == "cannot tell"
    assert "after: Istio 1.31 and later print no `full=`" in share["note"]
    assert "`XDS: Incremental Pushing` is gone" in share["note"]


def test_endpoint_only_pushes_that_one_side_hides() -> None:
    """1.4 prints them at info, 1.8 at debug: what only one side shows is not compared."""
    table = analysis.compare(*(mesh(0, version=version, duration="1min") for version in ("1.4", "1.8")))
    assert "endpoint-only pushes are left out of a" in table.attrs["coverage"]
    assert row(table, "pushes", 'type="EDS"')["ratio"] == pytest.approx(1, abs=0.5)


# ---- stretches ----


def test_stretches_leave_out_what_is_not_seen() -> None:
    """A restart after a minute without any line: the gap is in no stretch."""
    text = simulate(Settings(duration="2min", proxies=3), 0).istiod_log()
    later = simulate(Settings(duration="2min", proxies=3, start="2026-01-01T01:00:00Z"), 0).istiod_log()
    stretches = Stretches(il.load(io.BytesIO(text + later)))
    assert stretches.minutes.sum() == pytest.approx(4, abs=0.2)
    assert stretches.minutes.std() < 0.01
    assert stretches.proxy_minutes.sum() == pytest.approx(12, rel=0.1)


# ---- plot and command ----


def test_the_plot_has_a_row_per_ratio() -> None:
    table = compared(after="1s")
    ax = plots.compare(table)
    assert len(ax.get_yticks()) == (table["ratio"] > 0).sum()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [label.partition(" (")[0] for label in labels] == ["more", "less", "no difference seen"]
    plt.close("all")


def test_the_plot_says_why_it_is_empty(real: Real) -> None:
    ax = plots.compare(analysis.compare(mesh(), real("pair-1.30.3/istio-proxy.log")))
    assert "no log of a control plane" in " ".join(" ".join(text.get_text() for text in ax.texts).split())
    plt.close("all")


def test_the_command(tmp_path: Path) -> None:
    before, after, picture = (str(tmp_path / name) for name in ("before.log", "after.log", "compare.png"))
    for path, wait in ((before, "100ms"), (after, "1s")):
        settings = Settings(duration="1min", proxies=4, after=wait, version="1.20")
        Path(path).write_bytes(simulate(settings, 0).istiod_log())
    result = CliRunner().invoke(app, ["compare", before, after, "-o", picture])
    assert result.exit_code == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["measure", "labels", "before", "after", "ci_low", "ci_high", "verdict"]
    assert ["decisions", "less"] in [[line.split()[0], line.split()[-1]] for line in rows]
    assert "measures; --all shows them)" in result.stderr
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    csv = CliRunner().invoke(app, ["compare", before, after, "--format", "csv"])
    assert {"cannot tell", "less"} <= set(pd.read_csv(io.StringIO(csv.stdout))["verdict"])


def test_its_help_in_python_runs(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, help_lines = CliRunner().invoke(app, ["compare", "--help"]).stdout.partition("  In Python:\n")
    for name in ("before.log", "after.log"):
        (tmp_path / name).write_bytes((data / "seed" / "pilot.log").read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(line.strip() for line in help_lines.splitlines()), "help", "exec"), {})


def test_the_command_says_what_is_wrong(data: Path) -> None:
    log = str(data / "istiod-1.30.3" / "discovery.log.gz")
    assert CliRunner().invoke(app, ["compare", log, "no-such.log"]).exit_code == 1
    assert CliRunner().invoke(app, ["compare", log, log, "-o", "x.txt"]).exit_code == 2
    sidecar = str(data / "pair-1.30.3" / "istio-proxy.log")
    result = CliRunner().invoke(app, ["compare", log, sidecar])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no log of a control plane" in result.stderr
