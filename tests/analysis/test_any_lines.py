"""What every answer of pushes looks like, of real logs and of whatever is left of one."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from contract import check_answer
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from loglines import (
    at,
    capture,
    debounce,
    full,
    incremental,
    old_debounce,
    opened,
    push,
    replicas,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

NEVER = "2562047h47m16.854775807s"

ANSWERS = ("debounces", "push_rounds", "pushes", "fan_out", "full_vs_incremental", "xds_order")

each_answer = pytest.mark.parametrize("name", ANSWERS)


def answer(name: str, of: il.Capture) -> pd.DataFrame:
    """The answer of that name."""
    found: pd.DataFrame = getattr(analysis, name)(of)
    return found


# ---- what each answer looks like ----


@each_answer
@pytest.mark.parametrize(
    "log", ["seed/pilot.log", "pilot-1.0.9/discovery.log.gz", "istiod-1.30.3/discovery-debug.log.gz"]
)
def test_answer_of_a_control_plane(name: str, log: str, real: Real) -> None:
    """Columns and dtypes of every answer."""
    table = answer(name, real(log))
    check_answer(name, table)
    assert len(table) > 0


@each_answer
@pytest.mark.parametrize("log", ["seed/helloworld-v1-istio-proxy.log", "pair-1.30.3/istio-proxy.log"])
def test_answer_of_a_sidecar_is_empty_and_says_why(name: str, log: str, real: Real) -> None:
    """No table of zeros: no rows, the same columns and dtypes, and the reason."""
    table = answer(name, real(log))
    check_answer(name, table)
    assert table.empty
    assert "no log of a control plane" in table.attrs["coverage"]


@each_answer
def test_answer_of_a_quiet_control_plane_says_what_is_missing(name: str) -> None:
    """A log at level warn has none of these lines."""
    table = answer(name, capture(at(1, "ADS:CDS: ACK ERROR a.b-1 Internal:no", "warn")))
    check_answer(name, table)
    assert table.empty
    assert "among the 1 entries of the control plane" in table.attrs["coverage"]
    assert "level info" in table.attrs["coverage"]


@each_answer
def test_answer_of_a_bootstrap_alone(name: str, real: Real) -> None:
    """A capture without any entry."""
    table = answer(name, real("seed/envoy-rev0.json"))
    check_answer(name, table)
    assert table.empty
    assert table.attrs["coverage"]


PIECES = (
    old_debounce(1, 5, "250ms", NEVER),
    debounce(1.2, 1, "100ms", "100ms"),
    full(1, 1),
    full(1.3, 2, connected=0),
    incremental(1.4, 1),
    incremental(1.5, 2),
    opened(0.5, "a.x", 1),
    opened(1.6, "a.x", 2),
    opened(1.6, "b.x", 3),
    at(1.7, 'ADS: "10.0.0.1:1" a.x-1 terminated'),
    push(1.1, "CDS", "a.x"),
    push(1.5, "EDS", "a.x", "PUSH INC", "debug"),
    push(1.5, "EDS", "b.x", "PUSH", "debug"),
    push(1.8, "RDS", "b.x", version=1),
    push(1.9, "CDS", "b.x", version=7),
    push(0.6, "CDS", "a.x", "PUSH request"),
    at(1.6, 'CDS: PUSH 2026-01-01T00:00:00Z/1 for a.x "10.0.0.1:1", Clusters: 16, Services 11'),
    "2026-99-01T00:00:00Z\tinfo\tads\tXDS: Pushing Services:15 ConnectedEndpoints:2 Version:x",
    "2026-99-01T00:00:00Z\tinfo\tads\tCDS: PUSH for node:a.x resources:4 size:1.5kB",
    "gc 1 @0.018s 1%: 0.015+1.3+0.071 ms clock, 0.031+0.15/0.26/1.0+0.14 ms cpu, 3->4->1 MB, 4 MB goal, 2 P",
)

# ---- whatever is left of a log ----


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@example([[push(0.1, "CDS", "a.x"), push(0.2, "CDS", "a.x", "PUSH request"), full(1, 1), push(1.1, "RDS", "b.x")]])
@example([[push(0.1, "CDS", "a.x", "PUSH request"), push(0.2, "CDS", "a.x"), full(1, 1), push(1.1, "RDS", "b.x")]])
@given(logs=st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12), min_size=1, max_size=2))
def test_answers_of_any_lines(logs: list[list[str]]) -> None:
    """In any order, from the middle, several replicas: every answer has its shape, and its bounds their order."""
    of = replicas(*logs)
    for name in ANSWERS:
        check_answer(name, answer(name, of))
    table = analysis.pushes(of).dropna(subset=["round"])
    assert ((table["round_first"] <= table["round"]) & (table["round"] <= table["round_last"])).all()
