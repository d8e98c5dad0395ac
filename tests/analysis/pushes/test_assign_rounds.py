"""The rounds that pushes are given, against those that they print."""

from __future__ import annotations

import gzip
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from loglines import (
    capture,
    four,
    full,
    incremental,
    push,
    rows,
)

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.pushes.rounds import pushes_as_read

Real = Callable[[str], il.Capture]


def hidden(of: il.Capture) -> il.Capture:
    """The same capture as a log at info would have it: no push prints its version."""
    pushes = of["xds_push"]
    at_column = pushes.schema.get_field_index("push_version")
    nothing = pa.nulls(pushes.num_rows, pushes.schema.field(at_column).type)
    return il.Capture(
        of.events,
        {**of.tables, "xds_push": pushes.set_column(at_column, pushes.schema.field(at_column), nothing)},
        of.infos,
        of.nodes,
    )


def true_rounds(of: il.Capture) -> pd.Series[Any]:
    """The round of each push that prints its version: the full round of that version."""
    starts = of.to_pandas(events="push_start").dropna(subset=["connected_endpoints"]).reset_index(drop=True)
    full_rounds = starts[starts["push_type"].isna()]
    versions = dict(zip(full_rounds["push_version"], full_rounds.index, strict=True))
    return of.to_pandas(events="xds_push")["push_version"].map(versions)


# ---- the rounds that pushes are given, against those that they print ----


@pytest.mark.parametrize(
    ("log", "count"),
    [
        ("istiod-1.30.3/discovery-debug.log.gz", 1210),
        ("pair-1.30.3/istiod.log.gz", 45),
        ("pilot-1.0.9/discovery.log.gz", 202),
        ("seed/pilot.log", 2),
    ],
)
def test_bounds_hold_the_true_round(log: str, count: int, real: Real) -> None:
    """With the versions hidden the bounds always hold it, and the likeliest is it in 99 % at least."""
    truth = true_rounds(real(log))
    table = pushes_as_read(hidden(real(log)))
    known = truth.notna() & table["round"].notna()
    assert known.sum() == count
    assert ((table["round_first"] <= truth) & (truth <= table["round_last"]))[known].all()
    assert (table["round"] == truth)[known].mean() >= 0.99
    # A version that is printed pins its round.
    assert (pushes_as_read(real(log))["round"] == truth)[known].all()


@pytest.mark.parametrize(
    "log", ["istiod-1.20.8/discovery.log.gz", "istiod-1.30.3/discovery.log.gz", "istiod-1.30.3/discovery-debug.log.gz"]
)
def test_rounds_of_a_proxy_never_go_back(log: str, real: Real) -> None:
    """And no round is pushed before it starts."""
    table = pushes_as_read(real(log)).dropna(subset=["round"])
    starts = analysis.push_rounds(real(log)).set_index("round")["line"]
    assert ((table["round_first"] <= table["round"]) & (table["round"] <= table["round_last"])).all()
    assert (table["round_last"].map(starts) < table["line"]).all()
    for name in ("round_first", "round_last", "round"):
        assert table.groupby(["source", "proxy"])[name].apply(lambda rounds: rounds.is_monotonic_increasing).all()


def part_of(log: Path, first: int, last: int) -> il.Capture:
    """Some lines of a log, as a rotation or a paste leaves them."""
    lines = gzip.decompress(log.read_bytes()).split(b"\n")[first:last]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return il.load(io.BytesIO(b"\n".join(lines) + b"\n"), component="pilot")


def test_several_pushes_from_before_the_log() -> None:
    """A slow proxy has two of them to come: the third push can be of the first round that is here."""
    log = capture(
        four(0.1, "b.x", "PUSH request"),
        incremental(0.5, 5),
        push(0.6, "RDS", "a.x"),
        full(1, 6),
        push(1.2, "RDS", "a.x"),
        full(2, 7),
        push(2.5, "RDS", "a.x"),
    )
    assert rows(pushes_as_read(log).iloc[4:], "round_first", "round_last") == [(None, None), (1, 1), (1, 2)]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (2201, 6913),
        (2770, 8306),
        (5048, 7158),
        (6014, 10559),
        (5485, 7651),
    ],
)
def test_bounds_in_a_log_that_begins_later(first: int, last: int, data: Path) -> None:
    """Pushes of rounds from before the log are no reason to be wrong about the others."""
    part = part_of(data / "istiod-1.30.3/discovery-debug.log.gz", first, last)
    truth, table = true_rounds(part), pushes_as_read(hidden(part))
    known = truth.notna() & table["round"].notna()
    assert known.sum() > 100
    assert ((table["round_first"] <= truth) & (truth <= table["round_last"]))[known].all()
