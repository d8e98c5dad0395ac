"""Coverage: what a capture can answer, what is missing, and which setting would print it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis._discover import declarations
from istiolog_pd.analysis._needs import ADS_DEBUG, WHOLE
from istiolog_pd.formats.columns import COLUMNS, EVENTS
from istiolog_pd.inspect.summary import summarize

NEEDS = [(name, need) for name, answer in declarations().items() for need in answer.needs]
ADS = "2026-11-23T17:28:4{}.900000Z\t{}\tads\t{}"
PUSH = "CDS: PUSH for node:web-1.shop resources:42 size:31.5kB"
DEBOUNCE = (
    "Push debounce stable[{}] 5 for config ServiceEntry/a/b: 1ms since last change, 1ms since last push, full=true"
)


def said(capture: il.Capture, answer: str, question: str = "") -> pd.DataFrame:
    """The rows of an answer."""
    table = analysis.coverage(capture)
    return table[(table["answer"] == answer) & table["question"].str.contains(question, regex=False)]


def test_every_need_names_what_there_is() -> None:
    for _, need in NEEDS:
        assert set(need.events) <= set(EVENTS), need
        assert not need.column or need.column in COLUMNS, need
    assert len({(name, need.question) for name, need in NEEDS}) == len(NEEDS)


def test_every_answer_says_what_it_needs() -> None:
    """Who adds an answer declares what it needs of a log."""
    assert set(analysis.__all__) - {"coverage"} <= {name for name, _ in NEEDS}


def test_every_question_has_a_row(lines: Callable[..., il.Capture]) -> None:
    table = analysis.coverage(lines(ADS.format(1, "info", PUSH)))
    assert table["question"].to_list() == [need.question for _, need in NEEDS]
    assert set(table["can"]) <= {"yes", "part", "no"} and table["runs"].eq("").all()


def test_endpoint_only_pushes_are_at_debug(real: Callable[[str], il.Capture]) -> None:
    """Since 1.5; what would print them is said."""
    (row,) = said(real("istiod-1.30.3/discovery.log.gz"), "fan_out").to_dict("records")
    assert (row["can"], row["missing"], row["setting"]) == (
        "part",
        "endpoint-only pushes are printed at debug",
        ADS_DEBUG,
    )
    for whole in ("istiod-1.30.3/discovery-debug.log.gz", "pilot-1.0.9/discovery.log.gz"):
        assert said(real(whole), "fan_out")["can"].to_list() == ["yes"]


def test_what_a_version_does_not_print(real: Callable[[str], il.Capture]) -> None:
    """No setting helps."""
    (row,) = said(real("pilot-1.0.9/discovery.log.gz"), "cache_ratio").to_dict("records")
    assert (row["can"], row["setting"]) == ("no", "")
    assert row["missing"] == "Istio before 1.8 does not print it (these lines are of 1.0)"


def test_a_level_that_hides_it(lines: Callable[..., il.Capture]) -> None:
    quiet = lines(ADS.format(1, "warn", "ADS: something"), component="pilot")
    (row,) = said(quiet, "pushes").to_dict("records")
    assert row["missing"] == "no xds_push line: printed at info, the most verbose level seen is warn"
    assert row["setting"] == "istiod: --log_output_level ads:info,delta:info"


def test_none_printed_is_an_answer_where_the_level_prints_it(lines: Callable[..., il.Capture]) -> None:
    (nacks,) = said(lines(ADS.format(1, "info", PUSH)), "errors", "NACK").to_dict("records")
    assert (nacks["can"], nacks["missing"]) == ("yes", "no such line was logged")
    (nacks,) = said(lines(ADS.format(1, "error", "ADS: x"), component="pilot"), "errors", "NACK").to_dict("records")
    assert nacks["can"] == "no" and "the most verbose level seen is error" in nacks["missing"]


def test_a_log_that_is_not_there(real: Callable[[str], il.Capture]) -> None:
    sidecar = real("seed/helloworld-v1-istio-proxy.log")
    (row,) = said(sidecar, "debounces", "decided").to_dict("records")
    assert (row["can"], row["setting"]) == ("no", "add a log of a control plane (pilot-discovery, istiod)")
    assert said(sidecar, "propagation", "Envoy took")["can"].to_list() == ["yes"]
    (row,) = said(real("seed/pilot.log"), "propagation", "Envoy took").to_dict("records")
    assert row["missing"] == "a log of a sidecar is not among the sources"


def test_counts_of_a_log_that_is_cut(lines: Callable[..., il.Capture]) -> None:
    cut = lines(ADS.format(1, "info", DEBOUNCE.format(7)), ADS.format(2, "info", DEBOUNCE.format(9)))
    (row,) = said(cut, "metrics", "pilot_debounce_time").to_dict("records")
    assert (row["can"], row["setting"]) == ("part", WHOLE)
    assert row["missing"] == "the log does not begin with the process; lines are missing in 1 places"
    assert said(cut, "debounces", "decided")["can"].to_list() == ["yes"]


def test_runs_that_differ(lines: Callable[..., il.Capture]) -> None:
    flags = [ADS.format(5, "info", "x").replace("ads\tx", 'FLAG: --a=""')]
    both = lines(
        ADS.format(1, "info", DEBOUNCE.format(1)),
        ADS.format(2, "debug", PUSH),
        *flags,
        ADS.format(6, "info", PUSH),
        *flags,
    )
    table = said(both, "fan_out")
    assert list(zip(table["runs"], table["can"], strict=True)) == [("0", "yes"), ("1", "part"), ("2", "no")]


def test_bootstraps(real: Callable[[str], il.Capture]) -> None:
    assert said(real("seed/pilot.log"), "node_metadata")["can"].to_list() == ["no"]
    assert said(real("seed/envoy-rev0.json"), "node_metadata")["can"].to_list() == ["yes"]


@pytest.mark.parametrize("name", ["seed/pilot.log", "istiod-1.20.8/discovery.log.gz", "pair-1.30.3/istiod.log.gz"])
def test_it_agrees_with_the_answers(real: Callable[[str], il.Capture], name: str) -> None:
    """What cannot be answered is empty, and the other way round."""
    table = analysis.coverage(real(name))
    for answer in ("debounces", "push_rounds", "pushes", "fan_out", "full_vs_incremental", "xds_order"):
        can = table.loc[table["answer"] == answer, "can"].ne("no").any()
        assert can == (len(getattr(analysis, answer)(real(name))) > 0), answer


def test_sources_that_nobody_arranged(real: Callable[[str], il.Capture]) -> None:
    """Levels are seen all the same."""
    whole = real("istiod-1.30.3/discovery.log.gz")
    bare = il.Capture(whole.events.drop_columns(["run"]), {e: whole[e].drop_columns(["run"]) for e in whole})
    assert said(bare, "fan_out")["can"].to_list() == ["part"]


def test_the_summary_shows_what_is_missing_once(real: Callable[[str], il.Capture]) -> None:
    tables = summarize(real("istiod-1.30.3/discovery.log.gz"))
    table = tables["coverage"]
    assert set(table["can"]) == {"part", "no"}
    (row,) = table[table["missing"].str.startswith("endpoint-only")].to_dict("records")
    assert {"pushes", "fan_out", "xds_order"} <= set(row["answers"].split(", "))
    assert tables["runs"]["version"].to_list() == ["1.29-1.30"]
