"""Findings are true: none of what is harmless, and on small recorded cases those that the case is of."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from filling.statements import Printed, printed

import istiolog_pd as il
from istiolog_pd.formats.statements.verdicts import find_verdict
from istiolog_pd.report import findings
from tests.mesh import MESH

COMPONENTS = ("agent", "citadel", "cni", "envoy", "galley", "pilot", "shared")


def judged(component: str, verdict: str) -> list[Printed]:
    """The statements of a component with a verdict, each filled with values."""
    known = [(one, find_verdict(one.statement, one.event or None, one.level)) for one in printed()]
    return [one for one, found in known if one.component == component and found and found.verdict == verdict]


def log_of(statements: list[Printed]) -> il.Capture:
    """A log of one line of each, a second apart."""

    def lines() -> Iterator[str]:
        for second, one in enumerate(statements):
            scope = f"envoy {one.scope}\t" if one.component == "envoy" else f"{one.scope}\t"
            scope = "" if one.scope == "default" else scope
            text = one.text.replace("\n", " ")
            yield f"2026-11-30T13:{second // 60:02}:{second % 60:02}.000000Z\t{one.level}\t{scope}{text}\n"

    known = {"pilot": "pilot", "agent": "agent", "envoy": "agent"}.get(statements[0].component)
    return il.load(io.BytesIO("".join(lines()).encode()), component=known)


@pytest.mark.parametrize("component", COMPONENTS)
def test_what_is_harmless_makes_no_finding(component: str) -> None:
    """Of all rules; only that the log does not begin with its process is said."""
    found = findings(log_of(judged(component, "harmless")))
    assert [one.rule for one in found if one.kind != "log"] == []


@pytest.mark.parametrize("component", ["agent", "envoy", "pilot"])
def test_what_calls_for_action_makes_findings(component: str) -> None:
    found = findings(log_of(judged(component, "act")))
    assert [one.rule for one in found if one.kind == "broken"]


#: What `data/mesh-1.30.3/cases/README.md` says of each: all that is broken or late in it.
CASES = {
    "applied": [],
    "by-time": [],
    "empty-clusters": ["empty_clusters"],
    "ends": [],
    "envoy-updates.log": [],
    "killed.log": ["envoy_exited"],
    "late-line.log": [],
    "level.log": [],
    "maximum-age.log": [],
    "offset": [],
    "partly-rejected": ["nacks", "not_recovered"],
    "proxy-update.log": [],
    "refused.log": [],
    "rejected.log": ["nacks"],
    "sidecar.log": ["nacks"],
    "warming.log": [],
}


def test_every_case_is_here() -> None:
    assert sorted(path.name for path in (MESH / "cases").iterdir() if path.name != "README.md") == sorted(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_its_own_findings_alone(case: str) -> None:
    found = findings(il.load(str(MESH / "cases" / case)))
    assert [one.rule for one in found if one.kind in ("broken", "late")] == CASES[case]
    assert {one.kind for one in found} <= {"broken", "log", "costly"}
