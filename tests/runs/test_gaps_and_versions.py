"""Gaps and versions of runs; answers keep runs apart."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from run_lines import at, banner, debounce, start

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.runs.schema import RUNS

# ---- gaps and versions ----


def test_gaps(lines: Callable[..., il.Capture]) -> None:
    """Numbers that are missing, and silences that are long for this log."""
    (lost,) = lines(debounce(0, 1), debounce(1, 2), debounce(500, 9), debounce(501, 10)).runs.to_dict("records")
    assert (lost["gaps"], lost["longest_gap"]) == (1, pd.Timedelta("499s"))
    busy = [at(second, "ADS: x") for second in range(200)]
    later = [at(second + 4000, "ADS: x") for second in range(200)]
    (silent,) = lines(*busy, *later).runs.to_dict("records")
    assert (silent["gaps"], silent["longest_gap"]) == (1, pd.Timedelta("3801s"))
    (idle,) = lines(*(at(1800 * n, "ADS: x") for n in range(20))).runs.to_dict("records")
    assert idle["gaps"] == 0


@pytest.mark.parametrize(
    ("log_lines", "version"),
    [
        ([at(0, "version: 1.20.8-6b0e1e5f-Clean", "")], "1.20.8"),
        ([at(0, "version root@71a9470ea93c-docker.io/istio-1.0.5-c1707e45-Clean", "")], "1.0.5"),
        ([at(0, "Version 1.31-alpha.6b0e1e5f-Clean", "")], "1.31-alpha.6b0e1e5f"),
        ([at(0, "version: unknown-unknown-unknown", ""), debounce(1, 1)], "1.12-1.30"),
        ([start(0, 1)], "1.19-"),
        ([start(0, 1), debounce(1, 1)], "1.19-1.30"),
        ([debounce(1, 1).replace("full=", "forced=")], "1.31-"),
        ([at(0, "Pushing sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local-7")], "1.1-1.7"),
        ([at(0, "nobody knows this line")], ""),
        ([at(0, "PushAll done 2018-12-24T16:27:52Z/20 9.594\u00b5s"), start(1, 1)], ""),
    ],
)
def test_versions(lines: Callable[..., il.Capture], log_lines: list[str], version: str) -> None:
    """The same without the texts of messages."""
    table = lines(*log_lines, component="pilot").runs
    assert table["version"].to_list() == [version]
    assert table["evidence"].str.len().gt(0).all()
    text = "\n".join([*log_lines, ""])
    bare = il.load(io.BytesIO(text.encode()), component="pilot", messages=False).runs
    assert bare["version"].to_list() == [version]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("seed/pilot.log", "1.0"),
        ("pilot-1.0.9/discovery.log.gz", "1.0"),
        ("istiod-1.20.8/discovery.log.gz", "1.20-1.22"),
        ("istiod-1.30.3/discovery.log.gz", "1.29-1.30"),
        ("istiod-1.30.3/discovery-debug.log.gz", "1.29-1.30"),
    ],
)
def test_real_logs_are_one_run_each(real: Callable[[str], il.Capture], name: str, version: str) -> None:
    """Times of goroutines step back by up to 40 ms there; no gap, and the right generation."""
    table = real(name).runs
    assert table["version"].to_list() == [version] and table["gaps"].to_list() == [0]
    assert table["entries"].to_list() == [real(name).n_entries]
    assert table["start"].to_list() == ["cut" if "seed" in name else "banner"]


def test_the_table_has_its_dtypes(lines: Callable[..., il.Capture], data: Path) -> None:
    for capture in (lines(debounce(0, 1)), il.load(data / "seed" / "envoy-rev0.json")):
        assert capture.runs.dtypes.to_dict() == dict(RUNS)


# ---- answers keep runs apart ----


def test_rounds_and_differences_never_cross_a_restart(lines: Callable[..., il.Capture]) -> None:
    push = "CDS: PUSH for node:web-1.shop resources:42 size:31.5kB"
    capture = lines(
        debounce(0, 4), start(1, 4), at(2, push), *banner(60), at(61, push), debounce(62, 1), start(63, 1), at(64, push)
    )
    pushes = analysis.pushes(capture)
    assert pushes["run"].to_list() == [0, 1, 1]
    assert pushes["round"].to_list() == [0, pd.NA, 1]
    assert analysis.push_rounds(capture)["run"].to_list() == [0, 1]
    old = "Push debounce stable {}: 250ms since last change, 29.5s since last push"
    capture = lines(
        at(0, old.format(50), ""), at(1, old.format(54), ""), at(9, old.format(2), ""), at(10, old.format(5), "")
    )
    assert analysis.debounces(capture)["events"].to_list() == [pd.NA, 4, pd.NA, 3]


def test_a_push_that_no_debounce_let_go_has_no_bound(lines: Callable[..., il.Capture]) -> None:
    """1.0 with the debounce off."""
    words = "{} {}: 2s since last change, 12s since last push"
    capture = lines(
        *(at(n, words.format(what, n + 7), "") for n, what in enumerate(("Push", "Timer push", "Push debounce stable")))
    )
    assert analysis.debounces(capture)["bound"].isna().to_list() == [True, True, False]


def test_answers_are_worked_out_once_and_may_be_changed(lines: Callable[..., il.Capture]) -> None:
    capture = lines(start(0, 1), at(1, "CDS: PUSH for node:web-1.shop resources:42 size:31.5kB"))
    first = analysis.pushes(capture)
    first["proxy"] = "changed"
    first.loc[0, "resources"] = 7
    assert analysis.pushes(capture)["proxy"].to_list() == ["web-1.shop"]
    assert analysis.pushes(capture)["resources"].to_list() == [42]


def test_sources_that_nobody_arranged_are_a_run_each(lines: Callable[..., il.Capture]) -> None:
    one, two = (lines(debounce(0, 1)).events.drop_columns(["run"]) for _ in range(2))
    two = two.set_column(two.schema.get_field_index("source"), "source", pa.array(["other"]).dictionary_encode())
    capture = il.Capture(pa.concat_tables([one, two]), {})
    assert capture.events["run"].to_pylist() == [0, 1] and np.array_equal(capture.runs.columns, list(RUNS))
