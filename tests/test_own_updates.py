"""Pushes of one proxy's own update: they belong to no round, and move the bounds of no other push."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import loglines
import pandas as pd
import pytest
from loglines import rows
from mesh import MESH, mesh

import istiolog_pd as il
from istiolog_pd import analysis
from tests.push_queue import OWN, run

Rounds = list[tuple[str, str | None, object, object, object]]


def at(seconds: float, message: str, level: str = "info", scope: str = "delta") -> str:
    """A line of the control plane."""
    return loglines.at(seconds, message, level, scope)


def full(seconds: float, version: int) -> str:
    return loglines.full(seconds, version, scope="delta")


def incremental(seconds: float, version: int) -> str:
    return loglines.incremental(seconds, version, scope="delta")


def push(seconds: float, types: str, words: str = "PUSH", level: str = "info", version: int = 0) -> list[str]:
    """Pushes of some types to one proxy, a tenth of a millisecond apart."""
    return [
        loglines.push(seconds + place / 10_000, xds_type, "a.x", words, level, version, scope="delta")
        for place, xds_type in enumerate(types.split())
    ]


def capture(*lines: str | list[str], before: str = "") -> il.Capture:
    """A process to which one proxy connected and asked for its first configuration."""
    begin = [
        *filter(None, [before]),
        at(0.1, "ADS: new delta connection for node:a.x-1"),
        *push(0.2, "CDS EDS LDS RDS", "PUSH request"),
    ]
    return loglines.capture(begin, *lines)


def rounds(of: il.Capture) -> Rounds:
    """Each push that was not asked for: its type, kind, round and the bounds of it."""
    table = analysis.pushes(of)
    names = ["xds_type", "push_type", "round", "round_first", "round_last"]
    return rows(table[table["push_type"].ne("request")], *names)


# ---- a few lines ----


def test_a_second_set_after_one_round_is_the_proxys_own() -> None:
    """Seconds after the round, all types, to one proxy: its pod or WorkloadEntry changed."""
    log = capture(full(1, 1), push(1.01, "CDS LDS RDS"), push(4, "CDS EDS LDS RDS"), full(5, 2), push(5.01, "RDS"))
    assert rounds(log) == [
        *((xds_type, "full", 0, 0, 0) for xds_type in ("CDS", "LDS", "RDS")),
        *((xds_type, "proxy", None, None, None) for xds_type in ("CDS", "EDS", "LDS", "RDS")),
        ("RDS", "full", 1, 1, 1),
    ]
    assert analysis.pushes(log)["inferred"].tolist() == [False] * 7 + [True] * 4 + [False]
    assert analysis.push_rounds(log)["duration"].tolist() == [pd.Timedelta("10.2ms"), pd.Timedelta("10ms")]
    assert analysis.push_waves(log)["stragglers"].tolist() == [0, 0]
    assert analysis.xds_order(log)["kept"].all()


def test_an_own_update_moves_no_neighbor_backwards() -> None:
    """A version that comes again pins nothing: the endpoints before it are of the round that had just begun."""
    log = capture(
        incremental(1, 8),
        push(1.001, "EDS", "PUSH INC", "debug"),
        full(2, 9),
        push(2.001, "CDS", version=9),
        incremental(3, 9),
        push(3.0013, "EDS", "PUSH INC", "debug"),
        push(3.5, "CDS", version=9),
    )
    assert rounds(log) == [
        ("EDS", "incremental", 0, 0, 0),
        ("CDS", "full", 1, 1, 1),
        ("EDS", "incremental", 2, 2, 2),
        ("CDS", "proxy", None, None, None),
    ]


def test_soon_after_the_round_either_set_can_be_its_own() -> None:
    """The second is likelier so, but its bounds still hold the round; of neither it is certain."""
    log = capture(full(1, 1), push(1.01, "CDS EDS LDS RDS"), push(1.3, "CDS EDS LDS RDS"))
    assert rounds(log)[0] == ("CDS", "full", 0, 0, 0)
    assert rounds(log)[4] == ("CDS", "proxy", None, 0, 0)
    assert not analysis.pushes(log)["certain"].any()


def test_a_proxy_that_was_behind_gets_two_rounds() -> None:
    """Nothing came of the first round before the second began: both sets are of rounds, each of its own."""
    log = capture(full(1, 1), full(1.2, 2), push(1.25, "CDS RDS"), push(1.3, "CDS RDS"))
    assert [row[2:] for row in rounds(log)] == [(0, 0, 1)] * 2 + [(1, 1, 1)] * 2


def test_a_set_to_a_proxy_that_no_round_found_is_its_own() -> None:
    """It connected after the last round."""
    log = capture(push(0.5, "CDS EDS LDS RDS"))
    assert {row[1:] for row in rounds(log)} == {("full", None, None, None)}  # no round has begun in this log at all
    log = capture(push(0.5, "CDS EDS LDS RDS"), before=full(-5, 1))
    assert {row[1:] for row in rounds(log)} == {("proxy", None, None, None)}


def test_endpoints_forced_for_warming_are_no_rounds() -> None:
    """After a reconnect the clusters that wait get their endpoints again."""
    log = capture(full(1, 1), push(1.01, "CDS"), at(2, "ADS:EDS: FORCE a.x-1 PUSH for warming."), push(2.0001, "EDS"))
    assert rounds(log)[-1] == ("EDS", "proxy", None, None, None)


def test_a_line_written_late_was_sent_before_the_round_began() -> None:
    """A line takes its time first and waits for its turn then."""
    log = capture(full(1, 1), full(1.2, 2), push(1.15, "CDS"))
    assert rounds(log) == [("CDS", "full", 0, 0, 0)]


# ---- any lines that istiod's queue can print ----


@pytest.mark.parametrize("debug", [False, True], ids=["info", "debug"])
@pytest.mark.parametrize("scoped", [False, True], ids=["all", "scoped"])
@pytest.mark.parametrize("busy", [False, True], ids=["calm", "busy"])
def test_bounds_hold_the_round_of_every_push(debug: bool, scoped: bool, busy: bool) -> None:
    """Whatever is queued when, for whom; and an own update is not given to a round, as far as that can be told."""
    own = found = 0
    for seed in range(12):
        lines = run(seed, debug=debug, scoped=scoped, busy=busy)
        log = "".join(f"{line.text}\n" for line in lines).encode()
        table = analysis.pushes(il.load(io.BytesIO(log), component="pilot"))
        truth = pd.Series([line.truth for line in lines if line.push], table.index, dtype=object)
        alone = truth.eq(OWN)
        own, found = own + int(alone.sum()), found + int((alone & table["round"].isna()).sum())
        assert not (alone & table["certain"]).any(), seed
        of_round = truth[truth.notna() & ~alone].astype("Int64")
        first, last = (table.loc[of_round.index, name] for name in ("round_first", "round_last"))
        assert ((first <= of_round) & (of_round <= last)).fillna(False).all(), seed
    # In a mesh that leaves proxies out, an update soon after a round looks like its push.
    assert found >= own * (0.5 if scoped else 0.75)


# ---- a recorded mesh ----


def triggers(name: str, run: int) -> int:
    """How many updates of one proxy alone the process counted."""
    text = (MESH / name / f"metrics-run{run}.txt").read_text()
    return int(re.findall(r'pilot_push_triggers\{type="proxy"\} (\d+)', text)[0])


@pytest.mark.parametrize("name", ["info", "sotw-debug"])
def test_own_updates_are_as_many_as_the_process_counted(name: str) -> None:
    """Four types each, and no round has them."""
    table = analysis.pushes(mesh(name))
    own = table[table["push_type"].eq("proxy")]
    assert own.loc[own["run"].eq(0), "xds_type"].value_counts().eq(triggers(name, 1)).all()
    assert own.groupby("run").size().tolist() == [4 * triggers(name, 1), 4 * triggers(name, 2)]
    assert own["round"].isna().all()
    assert own["proxy"].str.startswith("catalog-").all()


@pytest.mark.parametrize("name", ["info", "sotw-debug"])
def test_stragglers_are_as_many_as_the_process_counted(name: str) -> None:
    """Pushes that took over a second, by istiod's own histogram: 1 and 21, all after it had started again."""
    text = (MESH / name / "metrics-run2.txt").read_text()
    within, every = (
        int(re.findall(rf'pilot_proxy_convergence_time_bucket{{le="{le}"}} (\d+)', text)[0]) for le in ("1", r"\+Inf")
    )
    waves = analysis.push_waves(mesh(name))
    waves = waves[waves["run"].eq(1)]
    assert waves["stragglers"].sum() == every - within > 0
    assert waves["stragglers_low"].sum() <= every - within <= waves["stragglers_high"].sum()


@pytest.mark.parametrize("name", ["info", "sotw-debug"])
def test_rounds_of_a_mesh_are_short_and_in_order(name: str) -> None:
    """The slowest took 2 s, in the burst; nothing was out of order."""
    assert analysis.push_rounds(mesh(name))["duration"].max() < pd.Timedelta("2.1s")
    order = analysis.xds_order(mesh(name))
    assert order["kept"].all()


def test_bounds_hold_the_version_that_each_push_printed() -> None:
    """With the versions taken out of the log; where they are printed, they are the round."""
    raw = gzip.decompress((MESH / "sotw-debug" / "istiod.log.gz").read_bytes())
    table = analysis.pushes(il.load(io.BytesIO(re.sub(rb" nonce:\S* version:\S*", b"", raw))))
    printed = analysis.pushes(mesh("sotw-debug"))
    printed = printed[printed["source"].str.endswith("istiod.log.gz")].reset_index(drop=True)
    known = printed["round"].notna() & printed["push_type"].ne("incremental")
    assert known.sum() == 1035 and table["push_type"].eq(printed["push_type"]).all()
    held = (table["round_first"] <= printed["round"]) & (printed["round"] <= table["round_last"])
    assert held[known].all()
    assert (table["round"] == printed["round"])[known].all()


def test_own_updates_between_rounds() -> None:
    """The case: the full round took 90 ms, five sets are of none, ten rounds are of endpoints."""
    of = mesh("cases/proxy-update.log")
    table = analysis.pushes(of)
    own = table[table["push_type"].eq("proxy")]
    assert own["xds_type"].value_counts().to_dict() == {"CDS": 5, "EDS": 5, "LDS": 5, "RDS": 5}
    assert own[["round", "round_first", "round_last"]].isna().all(axis=None)
    found = analysis.push_rounds(of)
    assert found["duration"].iloc[0] == pd.Timedelta("90.098ms")
    assert found["proxies"].tolist() == [6] * 11 and found["duration"].max() < pd.Timedelta("100ms")
    assert analysis.push_waves(of)["stragglers"].eq(0).all() and analysis.xds_order(of)["kept"].all()


def test_a_late_line_of_a_mesh() -> None:
    """The case: it was sent 140 ms before the round began that stands before it."""
    late = analysis.pushes(mesh("cases/late-line.log")).set_index("line").loc[58]
    [start] = [row for row in analysis.push_rounds(mesh("cases/late-line.log")).itertuples()]
    assert start.line < 58 and late["timestamp"] < start.timestamp
    assert late[["round", "round_first", "round_last"]].isna().all()


def test_a_run_gives_the_same_beside_others(tmp_path: Path) -> None:
    """Rounds are assigned in all runs at once: each as if it was alone."""
    paths = [tmp_path / f"istiod-{seed}.log" for seed in range(6)]
    for seed, path in enumerate(paths):
        lines = run(seed, debug=seed % 2 == 0, scoped=seed % 3 == 0, busy=seed > 2)
        path.write_text("".join(f"{line.text}\n" for line in lines))
    capture = il.load(*paths)
    together, rounds = analysis.pushes(capture), analysis.push_rounds(capture)
    names = ["round", "round_first", "round_last", "certain", "push_type", "proxy", "xds_type", "line"]
    for path in paths:
        alone, own = analysis.pushes(il.load(path))[names], together[together["source"] == str(path)][names]
        own[names[:3]] -= rounds.loc[rounds["source"] == str(path), "round"].min()
        pd.testing.assert_frame_equal(own.reset_index(drop=True), alone, check_categorical=False)
