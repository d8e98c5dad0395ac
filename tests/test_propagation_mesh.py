"""Propagation on a recorded mesh, held against Envoy's own times of its updates."""

from __future__ import annotations

import gzip
import io
import re

import pandas as pd
import pytest
from delta import as_delta
from mesh import MESH, mesh, recorded, updates_of

import istiolog_pd as il
from istiolog_pd import analysis

#: Envoy's statistic is in whole milliseconds, cut off.
CUT = pd.Timedelta("1ms")
ZERO = pd.Timedelta(0)


def at_info(name: str, *, istiod: bool, proxies: bool) -> il.Capture:
    """A capture without the lines at debug of the one or the other side, and without what only debug prints."""
    files = []
    for log in sorted((MESH / name).glob("*.log.gz")):
        raw = gzip.decompress(log.read_bytes())
        if istiod if log.name == "istiod.log.gz" else proxies:
            raw = b"\n".join(line for line in raw.split(b"\n") if b"\tdebug\t" not in line)
            raw = re.sub(rb" nonce:\S* version:\S*", b"", raw)
        files.append(io.BytesIO(raw))
        files[-1].name = log.name.removesuffix(".gz")
    return il.load(*files)


def applied_in_truth(name: str) -> pd.DataFrame:
    """When Envoy had applied an update, by its proxy, type and number: that of the push, as updates keep the order.

    The statistics were read from time to time: what came between two readings is not known.
    """
    rows = []
    table = updates_of(name)
    for (pod, kind), own in table[table["kind"].isin(["CDS", "LDS"])].groupby(["pod", "kind"]):
        before = 0
        for _, process in own.sort_values("seen").groupby("envoy"):
            steps = process[["success", "rejected"]].diff().fillna(process[["success", "rejected"]])
            clear = process[steps["success"].gt(0) & steps["rejected"].eq(0)]
            numbers = before + clear["success"] + clear["rejected"] - 1
            rows += [(pod, kind, number, time) for number, time in zip(numbers, clear["update_time"], strict=True)]
            before += int(process["success"].iloc[-1] + process["rejected"].iloc[-1])
    return pd.DataFrame(rows, columns=["proxy", "xds_type", "number", "truth"])


def followed(capture: il.Capture, name: str) -> pd.DataFrame:
    """The pushes of clusters and listeners whose time is known, with it (`truth`)."""
    pushes = capture.to_pandas(events="xds_push")
    pushes = pushes[pushes["component"].eq("pilot")]
    number = pushes.groupby(["proxy", "xds_type"], observed=True).cumcount()
    lines = pd.DataFrame({"line": pushes["line"].astype("Int64"), "number": number})
    own = analysis.propagation(capture, proxies=of_pods(capture))
    table = own.merge(lines, on="line").astype({"xds_type": str})
    return table.merge(applied_in_truth(name), on=["proxy", "xds_type", "number"])


def of_pods(capture: il.Capture) -> dict[str, str]:
    """Whose log each is, by the names of the files."""
    names = [info.name for info in capture.infos]
    return {name: found[1] for name in names if (found := re.search(r"proxy-(.*?)\.log", name))}


@pytest.mark.parametrize(
    ("istiod", "proxies", "clusters", "listeners"),
    [(False, False, 321, 324), (True, False, 321, 324), (False, True, 321, 118), (True, True, 321, 118)],
    ids=["both at debug", "istiod at info", "proxies at info", "both at info"],
)
def test_bounds_hold_when_envoy_had_applied_it(istiod: bool, proxies: bool, clusters: int, listeners: int) -> None:
    """Of every push; and where `applied` is told it is the update's own, though not each update has a line."""
    table = followed(at_info("sotw-debug", istiod=istiod, proxies=proxies), "sotw-debug")
    took = table["truth"] - table["sent"]
    assert (table["delay_low"].isna() | (table["delay_low"] <= took + CUT)).all()
    assert (table["delay_high"].isna() | (took <= table["delay_high"])).all()
    known = table[table["applied"].notna()]
    assert known["xds_type"].value_counts().to_dict() == {"CDS": clusters, "LDS": listeners}
    assert known["delay_high"].notna().all()
    late = known["applied"] - known["truth"]
    assert late.max() < pd.Timedelta("2ms") and late.min() > pd.Timedelta("-100ms")
    assert (late.abs() < pd.Timedelta("2ms")).mean() > 0.9


def test_bounds_hold_for_delta_xds_followed_by_nonces() -> None:
    """The same mesh as delta xDS prints it: each push is followed by its nonce, on both sides, to Envoy's own line."""
    table = followed(il.load(*as_delta(MESH / "sotw-debug")), "sotw-debug")
    took = table["truth"] - table["sent"]
    assert len(table) == 645 and table["exact"].all() and table["applied"].notna().all()
    assert ((table["delay_low"] <= took + CUT) & (took <= table["delay_high"])).all()
    assert ((table["applied"] - table["truth"]).abs() < pd.Timedelta("25ms")).all()
    assert (table["delay_high"] - table["delay_low"]).median() < pd.Timedelta("15ms")


def test_one_clock_has_no_offset() -> None:
    """All processes of the mesh share one: the bounds hold 0 for every proxy, and nothing drifts."""
    table = analysis.propagation(mesh("sotw-debug"))
    assert table["clock_offset_low"].notna().sum() > 1600
    known = table.dropna(subset=["clock_offset_low"])
    assert (known["clock_offset_low"] <= ZERO).all() and (known["clock_offset_high"] >= ZERO).all()
    assert "drift" not in table.attrs["coverage"]


def test_a_push_line_is_written_after_the_agent_has_received_it() -> None:
    """The case: by 1.6 ms. The clocks are one all the same."""
    [row] = analysis.propagation(mesh("cases/offset")).itertuples()
    assert row.received < row.sent
    assert row.clock_offset_low <= ZERO <= row.clock_offset_high
    assert row.delay_low == ZERO and row.delay_high > pd.Timedelta("13.7ms")


def test_envoy_answers_clusters_only_when_their_endpoints_came() -> None:
    """The case: applied 533 ms after the push, by Envoy's own line; its answer came 299 ms later."""
    table = analysis.propagation(mesh("cases/applied"))
    [clusters, listeners] = [table[table["xds_type"].eq(name)].iloc[0] for name in ("CDS", "LDS")]
    assert clusters["applied"] == pd.Timestamp("2026-11-30T13:03:00.630076Z")
    assert clusters["delay_low"] < pd.Timedelta("532.8ms") < clusters["delay_high"] < pd.Timedelta("560ms")
    truth = recorded("cases/applied/envoy_updates.tsv").query("kind == 'LDS'")["update_time"].iloc[0]
    assert pd.isna(listeners["applied"])  # its lines are not in this piece
    assert listeners["delay_low"] <= truth - listeners["sent"] <= listeners["delay_high"]


def test_a_push_that_changed_no_listener_has_no_line_of_envoy() -> None:
    """The case: the next lines of listeners, two minutes later, are of another push."""
    table = analysis.propagation(mesh("cases/by-time"))
    listeners = table[table["xds_type"].eq("LDS")].reset_index(drop=True)
    assert listeners["applied"].notna().tolist() == [True, False, False, True]
    assert listeners.loc[[1, 2], ["delay_low", "delay_high"]].isna().all(axis=None)
    assert listeners["applied"].iloc[3] == pd.Timestamp("2026-11-30T13:08:05.972489Z")
    assert table.loc[table["xds_type"].eq("CDS"), "applied"].notna().all()
    truth = pd.Timestamp("2026-11-30T13:06:14.797Z")  # 17 ms after Envoy's line
    clusters = table[table["xds_type"].eq("CDS")].iloc[1]
    assert clusters["delay_low"] <= truth - clusters["sent"] <= clusters["delay_high"]


def test_pushes_lost_with_their_connection_are_applied_by_nothing() -> None:
    """Envoy had two of three when its connection broke; after the reconnect it got its clusters again."""
    push = "2026-01-01T00:00:{}Z\tinfo\tdelta\tCDS: PUSH{} for node:a.x resources:4 removed:0 size:1.5kB cached:0/4"
    opened = "2026-01-01T00:00:{}Z\tinfo\tdelta\tADS: new delta connection for node:a.x-{}"
    connected = "2026-01-01T00:00:{}Z\tinfo\txdsproxy\tconnected to delta upstream XDS server: istiod:15012\tid={}"
    applied = "2026-01-01T00:00:{}Z\tinfo\tenvoy upstream a.cc:1\tcds: added/updated 1 cluster(s), skipped 0 unmodified cluster(s)\tthread=1"
    pilot = [opened.format("10.004000", 1), push.format("10.010000", " request")]
    pilot += [push.format("20.000000", ""), push.format("20.500000", "")]
    pilot += [opened.format("24.004000", 2), push.format("24.010000", " request")]
    envoy = [connected.format("10.000000", 1), applied.format("10.020000"), applied.format("20.010000")]
    envoy += [connected.format("24.000000", 2), applied.format("24.020000")]
    files = [io.BytesIO("".join(f"{line}\n" for line in lines).encode()) for lines in (pilot, envoy)]
    files[0].name, files[1].name = "istiod.log", "a_x_istio-proxy.log"
    table = analysis.propagation(il.load(*files), proxies={"a_x_istio-proxy.log": "a.x"})
    assert table["applied"].dt.strftime("%S.%f").tolist()[:2] == ["10.020000", "20.010000"]
    assert pd.isna(table["applied"].iloc[2])
    assert table["applied"].iloc[3] == pd.Timestamp("2026-01-01T00:00:24.020000Z")


def test_at_the_levels_that_istio_sets_envoy_prints_no_update() -> None:
    """Whose logs they are is known of all; what is missing is said, and how to get it."""
    table = analysis.propagation(mesh("info"))
    assert table["applied"].isna().all()
    assert "no Envoy here prints its updates" in table.attrs["coverage"]
    assert "whose log" not in table.attrs["coverage"] and "joined by time" not in table.attrs["coverage"]
