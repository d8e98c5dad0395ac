"""Full against incremental pushes."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from loglines import (
    MIDNIGHT,
    at,
    capture,
    full,
    incremental,
    opened,
    push,
    rows,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

# ---- full against incremental ----


def test_full_vs_incremental() -> None:
    """Per bin, type and kind: pushes, resources, bytes."""
    log = capture(
        opened(0.5, "a.x", 1),
        push(0.6, "CDS", "a.x", "PUSH request"),
        full(1, 1),
        push(1.1, "CDS", "a.x"),
        push(1.2, "CDS", "b.x"),
        push(1.3, "EDS", "b.x"),
        incremental(61, 1),
        push(61.1, "EDS", "b.x", "PUSH INC", "debug"),
    )
    table = analysis.full_vs_incremental(log, freq="1min")
    assert rows(table, "time", "xds_type", "push_type", "pushes", "resources", "size_bytes") == [
        (MIDNIGHT, "CDS", "full", 2, 8, 3000),
        (MIDNIGHT, "CDS", "request", 1, 4, 1500),
        (MIDNIGHT, "EDS", "full", 1, 4, 1500),
        (MIDNIGHT + pd.Timedelta("1min"), "EDS", "incremental", 1, 4, 1500),
    ]


def test_sizes_that_are_not_printed_are_null() -> None:
    """Before 1.9 most pushes print none: no 0 either."""
    log = capture(at(1, "CDS: PUSH for node:a.x resources:16"), at(1.1, "LDS: PUSH for node:a.x listeners:31"))
    assert rows(analysis.full_vs_incremental(log), "xds_type", "resources", "size_bytes") == [
        ("CDS", 16, None),
        ("LDS", 31, None),
    ]


@pytest.mark.parametrize(
    ("seconds", "width"), [(0.5, "1s"), (119, "1s"), (121, "2s"), (3600, "30s"), (86_400 * 400, "1D")]
)
def test_width_of_a_bin(seconds: float, width: str) -> None:
    """A round one, that gives no more bins than a plot can show."""
    log = capture(push(0, "CDS", "a.x"), push(seconds, "CDS", "a.x"))
    times = analysis.full_vs_incremental(log)["time"]
    assert times.iloc[-1] == (MIDNIGHT + pd.Timedelta(seconds, "s")).floor(width)


def test_full_vs_incremental_adds_up(real: Real) -> None:
    """Every push line is in one bin."""
    for log in ("seed/pilot.log", "istiod-1.30.3/discovery-debug.log.gz"):
        table = analysis.full_vs_incremental(real(log))
        assert table["pushes"].sum() == real(log)["xds_push"].num_rows
        assert not table.duplicated(["time", "xds_type", "push_type"]).any()
