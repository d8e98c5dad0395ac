"""Conflicts in the configuration: what the statuses of pushes list."""

from __future__ import annotations

import io

from mesh import mesh, mesh_findings, recorded

import istiolog_pd as il
from istiolog_pd import analysis


def status(second: int, text: str) -> str:
    """A status of pushes."""
    return f"2026-01-01T00:00:{second:02d}.000000Z\tinfo\tads\tPush Status: {text}\n"


def test_clusters_without_endpoints_are_those_that_envoy_has() -> None:
    """Envoy's own list at the end of the capture has each cluster that a status names."""
    table = analysis.config_conflicts(mesh("info"))
    assert set(table["metric"]) == {"pilot_eds_no_instances"} and table["harmful"].isna().all()
    known = recorded("info/truth/endpoints.tsv.gz")
    empty = set(known.loc[known["eds"].eq(True) & known["endpoints"].eq(0), "cluster"])
    assert set(table["key"]) <= empty
    added = recorded("info/actions.tsv").query("object == 'ServiceEntry/shop/ghost'")["time"].iloc[0]
    assert (table["first"] > added).all()
    assert "config_conflicts" not in mesh_findings("info")


def test_duplicate_clusters_of_1_0_are_found() -> None:
    """Its `Push finished` has the same list, with a proxy and words."""
    table = analysis.config_conflicts(il.load("data/pilot-1.0.9/discovery.log.gz"))
    first = table.iloc[0]
    assert first["harmful"] and first["key"] == "0.0.0.0:443" and "AcceptedTCP=ports.extsvc.com" in first["message"]
    assert table["statuses"].le(table["of"]).all() and table.loc[table["latest"], "last"].nunique() == 1


def test_statuses_over_time() -> None:
    """Listed, listed no more, listed again; one that is cut or no JSON is counted, not guessed."""
    one = '{"pilot_vservice_dup_domain": {"cart.example": {"proxy": "web-1.shop", "message": "duplicate domain"}}}'
    other = '{"pilot_no_ip": {"job-1.shop": {}}, "made_up_metric": {"x": {"message": 5}}, "endpoint_no_pod": 3}'
    text = "".join(
        [status(1, one), status(11, other), status(21, one), status(31, '{"pilot_no_ip": {"a'), status(41, other)]
    )
    table = analysis.config_conflicts(il.load(io.BytesIO(text.encode()), component="pilot"))
    rows = table.set_index("metric")[["statuses", "of", "latest", "harmful"]].astype(object)
    assert rows.loc["pilot_vservice_dup_domain"].tolist() == [2, 4, False, True]
    assert rows.loc["pilot_no_ip"].tolist() == [2, 3, True, False]
    assert table.set_index("metric")["meaning"].isna().to_dict()["made_up_metric"]
    assert "1 of 5 statuses are cut" in table.attrs["coverage"]


def test_nothing_listed_and_no_messages_kept() -> None:
    """Why there is no row; the texts of messages are not needed."""
    nothing = il.load(io.BytesIO(status(1, "{}").encode()), component="pilot")
    assert "1 statuses of pushes list no conflict" in analysis.config_conflicts(nothing).attrs["coverage"]
    deep = il.load(io.BytesIO(status(1, '{"a":' * 3000 + "}" * 3000).encode()), component="pilot")
    assert analysis.config_conflicts(deep).empty
    bare = il.load("data/pilot-1.0.9/discovery.log.gz", messages=False)
    assert not analysis.config_conflicts(bare).empty
