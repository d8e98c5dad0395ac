"""Proxies of a recorded mesh, held against what Envoy counted, what was done, and what the clients saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from mesh import mesh_findings

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.report import Finding, findings

MESH = Path(__file__).parents[1] / "data" / "mesh-1.30.3"
CASES = MESH / "cases"
Real = Callable[[str], il.Capture]
each_mesh = pytest.mark.parametrize("mesh", ["info", "sotw-debug"])


def case(name: str) -> il.Capture:
    """One of the cases."""
    return il.load(CASES / name)


def truth(mesh: str, name: str) -> pd.DataFrame:
    """A table of what is true."""
    return pd.read_csv(MESH / mesh / name, sep="\t")


# ---- cluster warming ----


def test_a_cluster_warms_in_the_text_format_of_istio() -> None:
    """The name of the cluster ends before the thread that follows it."""
    (one,) = analysis.cluster_warming(case("warming.log")).to_dict("records")
    assert (one["cluster"], one["state"]) == ("outbound|8080||promo.shop.svc.cluster.local", "warm")
    assert one["warming_low"] == one["warming_high"] == pd.Timedelta("60.345ms")


def test_clusters_that_warmed_are_of_their_proxies(real: Real) -> None:
    """No name holds a label; no log is anybody's."""
    table = analysis.cluster_warming(real("mesh-1.30.3/sotw-debug"))
    assert len(table) > 500
    assert table["proxy"].notna().all()
    assert not table["cluster"].str.contains(r"\s|thread").any()


# ---- rejected updates ----


def test_one_rejected_update_is_one() -> None:
    """Two lines of one NACK."""
    (one,) = analysis.errors(case("rejected.log")).to_dict("records")
    assert (one["cause"], one["xds_type"], one["count"]) == ("rejected by Envoy", "CDS", 1)
    assert one["error"].endswith("minimum_ring_size (2048) > maximum_ring_size (1024)")


@each_mesh
def test_rejections_are_those_that_envoy_counted(mesh: str, real: Real) -> None:
    """By istiod's lines and by Envoy's, for each proxy and type; RDS is counted for each route configuration."""
    counted = truth(mesh, "truth/envoy_updates.tsv.gz").groupby(["pod", "kind", "envoy"])["rejected"].max()
    expected = counted.groupby(["pod", "kind"]).sum()
    expected = expected[(expected > 0) & expected.index.get_level_values("kind").isin(["CDS", "LDS"])]
    table = analysis.errors(real(f"mesh-1.30.3/{mesh}")).astype({"xds_type": "str"})
    for cause in ("NACK", "rejected by Envoy"):
        own = table[table["cause"] == cause].groupby(["proxy", "xds_type"])["count"].sum()
        assert own[own.index.get_level_values("xds_type") != "RDS"].to_dict() == expected.to_dict()
        assert own[own.index.get_level_values("xds_type") == "RDS"].sum() == 2


@each_mesh
def test_rejections_joined(mesh: str, real: Real) -> None:
    """Each is one, whoever logged it; where acknowledgements are logged, each proxy took the next update."""
    table = analysis.rejections(real(f"mesh-1.30.3/{mesh}"))
    assert table["nacks"].tolist() == [1] * 18
    assert table["names"].value_counts().to_dict() == {
        "mine": 6,
        "outbound|8080||web.shop.svc.cluster.local": 6,
        "virtualInbound": 4,
        "8080": 2,
    }
    # What the driver had applied last before each is the first of the objects that can be meant.
    done = truth(mesh, "actions.tsv")
    applied = done[done["action"].str.startswith("config_")]
    times = pd.to_datetime(applied["time"], utc=True).to_numpy()
    last = applied["object"].to_numpy()[times.searchsorted(table["first"].to_numpy()) - 1]
    assert table["objects"].str.split(", ").str[0].tolist() == last.tolist()
    assert set(table.loc[~table["objects"].str.contains(","), "objects_by"]) == {"changed"}
    assert set(table.loc[table["objects"].str.contains(","), "objects_by"]) <= {"one of several"}
    ended = pd.Timestamp(done.loc[done["object"].eq("EnvoyFilter/bank/clash"), "time"].iloc[-1])
    if mesh == "sotw-debug":
        back = table.loc[table["names"] == "mine", "recovered"]
        assert back.between(ended, ended + pd.Timedelta("2s")).all()


def test_the_objects_of_a_rejection_are_no_more_certain_than_the_lines() -> None:
    """One of two that changed; one that the error names by the host of its service; without istiod's log none."""
    begin = [
        "2026-11-30T13:10:40.0Z\tinfo\tads\tPush debounce stable[1] 2 for config DestinationRule/shop/web and 1 more "
        "configs: 100ms since last change, 100ms since last push, full=true",
        "2026-11-30T13:10:40.1Z\tinfo\tads\tXDS: Pushing Services:9 ConnectedEndpoints:1 Version:2026-11-30T13:10:40Z/1",
    ]
    push = "2026-11-30T13:10:40.2Z\tinfo\tads\tCDS: PUSH for node:{}.shop resources:9 size:1kB"
    nack = (
        "2026-11-30T13:10:41.0Z\twarn\tads\tADS:CDS: ACK ERROR {}.shop-1 Internal:Error adding/updating cluster(s) "
        "outbound|8080||web.shop.svc.cluster.local: no"
    )
    lines = [*begin, push.format("a-1"), nack.format("a-1"), nack.format("b-1")]
    table = analysis.rejections(il.load([_file("\n".join(lines))]))
    assert table[["objects", "objects_by"]].to_numpy().tolist() == [
        ["DestinationRule/shop/web", "one of several"],
        ["DestinationRule/shop/web", "named"],
    ]
    assert analysis.rejections(il.load([_file(nack.format("a-1"))]))["objects"].isna().all()


def test_a_dump_is_no_cause() -> None:
    """What protobuf prints of an object is another in each proxy; the cause stands at the end."""
    dump = 'Internal:Error adding/updating listener(s) web: goo.gle/debug{} name: "{}" address {{ }}: invalid value'
    lines = [
        f"2026-11-30T13:10:4{n}.0Z\twarn\tads\tADS:LDS: ACK ERROR {name}.shop-{n} {dump.format('str7x', name)}"
        for n, name in enumerate(("a-1", "b-1"), 1)
    ]
    table = analysis.errors(il.load([_file("\n".join(lines))]))
    assert table["error"].unique().tolist() == ["Error adding/updating listener(s) web: invalid value"]


def _file(text: str) -> object:
    import io

    return io.BytesIO(text.encode())


# ---- whose log it is ----


def test_a_number_is_no_proxy() -> None:
    """The connections of Envoy to its agent are numbered."""
    capture = case("sidecar.log")
    assert proxies_of_runs(capture).to_dict() == {0: "cart-5f6b7c8d9-m7q9z.shop"}
    assert analysis.errors(capture)["proxy"].tolist() == ["cart-5f6b7c8d9-m7q9z.shop"]
    assert capture.to_pandas(events="xds_connected")["proxy"].isna().all()


@each_mesh
def test_every_log_is_of_its_proxy(mesh: str, real: Real) -> None:
    """All twenty-two runs of sidecars and the gateway."""
    capture = real(f"mesh-1.30.3/{mesh}")
    runs = capture.runs[capture.runs["component"] == "agent"]
    named = runs["source"].str.extract(r"proxy-(.*)\.log", expand=False)
    assert runs["run"].map(proxies_of_runs(capture)).tolist() == named.tolist()
    assert len(runs) == 22


# ---- runs ----


@each_mesh
def test_runs_are_the_processes(mesh: str, real: Real) -> None:
    """Begun and ended as they were."""
    runs = real(f"mesh-1.30.3/{mesh}").runs
    runs["log"] = runs["source"].str.extract(r"([^/]*)\.gz$", expand=False)
    expected = truth(mesh, "truth/runs.tsv")
    both = (
        runs.sort_values(["log", "first"])
        .reset_index(drop=True)
        .join(expected.sort_values(["log", "start"]).reset_index(drop=True), suffixes=("", "_truth"))
    )
    assert both["log"].tolist() == both["log_truth"].tolist()
    assert (both["end"] == "exit").tolist() == both["end_truth"].notna().tolist()
    start = pd.to_datetime(both["start_truth"], format="ISO8601")
    assert ((both["first"] - start).abs() <= pd.Timedelta("2s")).all()  # the first line has whole seconds
    ended = pd.to_datetime(both["end_truth"], format="ISO8601")
    assert (both["last"] <= ended)[ended.notna()].all() or (both["last"] - ended).max() < pd.Timedelta("50ms")


def test_requests_count_to_the_last_time(real: Real) -> None:
    """An access line is the last of the log."""
    runs = real("mesh-1.30.3/info").runs.set_index("source")["last"]
    assert runs.filter(like="proxy-pay-84d5c6b7f-x2k4p").iloc[-1] == pd.Timestamp("2026-11-30T13:14:15.874Z")


@pytest.mark.parametrize(
    ("log", "ends"), [("istiod.log", ["exit", "open"]), ("proxy-promo-6f8d7b5c9-x2k4p.shop.log", ["exit"])]
)
def test_the_end_of_a_process(log: str, ends: list[str]) -> None:
    """istiod stopped by SIGTERM, and an agent that prints debug lines after it said that it had terminated."""
    assert case(f"ends/{log}").runs["end"].tolist() == ends


def test_levels_that_flags_print() -> None:
    """No line of Envoy tells."""
    (run,) = case("level.log").runs.to_dict("records")
    assert (run["level"], run["envoy_level"]) == ("info", "warn")


# ---- connections ----


def test_the_maximum_age_that_is_printed() -> None:
    """Three sessions of two minutes and some seconds."""
    table = analysis.connections(case("maximum-age.log"))
    assert table["reason"].astype(object).where(table["reason"].notna(), None).tolist() == [
        *["maximum age"] * 3,
        None,
        None,
    ]


@each_mesh
def test_why_sessions_ended(mesh: str, real: Real) -> None:
    """istiod was restarted under 21 proxies; one Envoy was killed and came back; one proxy was stopped for good."""
    table = analysis.connections(real(f"mesh-1.30.3/{mesh}"))
    assert table["reason"].value_counts().to_dict() == {"restart": 21, "gone": 1, "proxy restart": 1}
    done = truth(mesh, "actions.tsv").set_index("action")["time"]
    away = pd.Timestamp(done["istiod_restart"]) - pd.Timestamp(done["istiod_SIGTERM"])
    lost = table[table["reason"] == "restart"]
    assert lost["gap_low"].eq(pd.Timedelta(0)).all()
    assert (lost["gap_high"] > away).all()
    assert table.loc[table["reason"] == "gone", "proxy"].tolist() == ["promo-6f8d7b5c9-x2k4p.shop"]


# ---- starts ----


def test_starts_are_those_of_envoy(real: Real) -> None:
    """Within 50 ms of when Envoy itself says that it had applied its first clusters and listeners."""
    table = analysis.proxy_startup(real("mesh-1.30.3/sotw-debug"))
    assert len(table) == 22
    counted = truth("sotw-debug", "truth/envoy_updates.tsv.gz")
    first = counted[counted["success"] == 1].drop_duplicates(["pod", "kind", "envoy"])
    own = table.assign(envoy=table.groupby("proxy").cumcount() + 1).set_index(["proxy", "envoy"])
    for kind, step in (("CDS", "clusters"), ("LDS", "listeners")):
        applied = first[first["kind"] == kind].set_index(["pod", "envoy"])["update_time"]
        late = own[step] - pd.to_datetime(applied.reindex(own.index), format="ISO8601")
        assert late.abs().max() < pd.Timedelta("50ms"), step
    assert (table["started"] < table["connected"]).all()
    assert (table["listeners"] < table["initialized"]).all()


# ---- clusters without endpoints ----


def test_clusters_without_endpoints_are_a_lower_bound() -> None:
    """Envoy had four at the end; one push tells of two at most."""
    table = analysis.empty_clusters(case("empty-clusters"), freq="1s")
    known = pd.read_csv(CASES / "empty-clusters" / "endpoints.tsv", sep="\t")
    empty = known[known["eds"] & known["endpoints"].eq(0)].groupby("moment").size()
    assert 2 <= table["empty_low"].max() <= empty.max() == 4


# ---- failed requests ----


@each_mesh
def test_no_failed_request_is_missed(mesh: str, real: Real) -> None:
    """Of the clients' own record: without an answer, or with a status of 500 and more."""
    asked = truth(mesh, "requests.tsv.gz")
    bad = asked[asked["kind"].isin(["NC", "UT", "UF", "UC", "UH", "UFtls", "dns", "direct", "500", "503app"])]
    table = analysis.failed_requests(real(f"mesh-1.30.3/{mesh}"))
    by_flag = table.groupby("response_flags", observed=True)["requests"].sum()
    assert by_flag["NC"] == (bad["kind"] == "NC").sum()
    assert by_flag["UT"] == (bad["kind"] == "UT").sum()
    refused = table["response_code"].eq(403).fillna(False)
    assert table.loc[refused, "requests"].sum() == asked["kind"].eq("rbac").sum()
    of_application = table[table["answered_by"] == "application"]
    answered = asked["kind"].isin(["500", "503app"]).sum()
    assert of_application["requests"].sum() == pytest.approx(answered, abs=10)


# ---- findings ----


@each_mesh
def test_findings_of_the_mesh(mesh: str, real: Real) -> None:
    """What was broken is found, with the lines that show it; what was not is not."""
    found: dict[str, Finding] = mesh_findings(mesh)
    assert found["nacks"].title == "Configuration was rejected 18 times by 12 proxies"
    assert found["restart"].title == "The control plane restarted as planned with 21 proxies connected"
    assert found["restart"].kind == "note" and "21 sessions reconnected" in found["restart"].effect
    assert found["listeners"].title == "Listeners failed to open in 6 proxies"
    assert found["envoy_exited"].title == "Envoy died 1 time in 1 proxy"
    assert found["failed_requests"].share > 0.1
    assert found["empty_clusters"].title.startswith("At least")
    assert "failed to bind" in found["listeners"].evidence[0].text
    assert "signal: killed" in found["envoy_exited"].evidence[0].text
    assert not {"outage", "refused", "reconnects", "gaps", "cut", "damage", "unsent"} & set(found)


def test_a_killed_envoy_is_found() -> None:
    """Killed; that memory ran out is the agent's guess."""
    found = {one.rule: one for one in findings(case("killed.log"))}
    assert found["envoy_exited"].effect.startswith("signal: killed 1,")


def test_nobody_was_refused() -> None:
    """A plaintext connection was let in, and a person asked for a debug page."""
    capture = case("refused.log")
    assert capture.counts().to_dict() == {"client_auth": 1, "debug_endpoint": 1}
    assert not {"refused", "reconnects"} & {one.rule for one in findings(capture)}
