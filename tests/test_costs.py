"""What pushes cost by kind and namespace, and messages near the limit: against what the process exported."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from mesh import MESH, mesh, recorded

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.report import findings

LINE = "2026-01-01T00:00:{:02d}.000000Z\tinfo\tads\t{}: PUSH for node:{} resources:4 size:{}"


def capture_of(*pushes: tuple[str, str, str]) -> il.Capture:
    """Pushes of a type to a proxy, of a size, one a second."""
    text = "".join(LINE.format(at, kind, proxy, size) + "\n" for at, (kind, proxy, size) in enumerate(pushes))
    return il.load(io.BytesIO(text.encode()), component="pilot")


def test_kinds_and_namespaces_are_those_of_the_mesh() -> None:
    """Twenty sidecars and a gateway were started, and one more sidecar later; their own logs say what they are."""
    started = recorded("info/actions.tsv").query("action == 'proxy_start'")["object"].drop_duplicates()
    table = analysis.push_costs(mesh("info"))
    assert table.set_index(["kind", "namespace"])["proxies"].to_dict() == {
        ("sidecar", name) if name != "istio-system" else ("router", name): count
        for name, count in started.str.rpartition(".")[2].value_counts().items()
    }
    assert table["by_name"].eq(0).all() and table["share"].sum() == pytest.approx(1)
    # At debug, where all pushes are logged, both runs' metrics together lie within the bounds.
    table = analysis.push_costs(mesh("sotw-debug"))
    exported = 0.0
    for run in (1, 2):
        for line in (MESH / "sotw-debug" / f"metrics-run{run}.txt").read_text().splitlines():
            if line.startswith("pilot_xds_config_size_bytes_sum"):
                exported += float(line.rsplit(" ", 1)[1])
    # The metrics were read some seconds before the end of each run.
    assert table["size_high"].sum() >= exported * 0.999


def test_kinds_without_the_proxies_logs() -> None:
    """Who gets workloads and no clusters is a ztunnel; a gateway is told by its pod's name, and counted so."""
    capture = capture_of(
        ("CDS", "web-7c9d8b6f5-x2k4p.shop", "31.5kB"),
        ("CDS", "istio-ingressgateway-b6c5d7f89-x2k4p.istio-system", "12.7kB"),
        ("WDS", "node-agent-x2k4p.istio-system", "1.5kB"),
        ("CDS", "shop-waypoint-b6c5d7f89-x2k4p.shop", "2.5kB"),
    )
    table = analysis.push_costs(capture)
    found = table[["kind", "namespace", "by_name"]].astype(object)
    assert found.where(found.notna(), None).to_numpy().tolist() == [
        [None, "shop", 0],
        ["router", "istio-system", 1],
        ["waypoint", "shop", 1],
        ["ztunnel", "istio-system", 0],
    ]
    assert "the kind of 1 of 4 proxies is not told" in table.attrs["coverage"]


def test_messages_near_the_limit() -> None:
    """Half of it is near, and what surely exceeds it is over; growth compares the halves of the log."""
    proxies = ("a.shop", "b.shop", "c.shop")
    capture = capture_of(
        *(("CDS", proxy, size) for proxy, size in zip(proxies, ("2.0MB", "1.0MB", "4.1MB"), strict=True)),
        *(("CDS", proxy, size) for proxy, size in zip(proxies, ("3.0MB", "1.1MB", "4.5MB"), strict=True)),
    )
    table = analysis.message_sizes(capture)
    assert table["proxy"].tolist() == ["c.shop", "a.shop", "b.shop"]
    assert table["verdict"].tolist() == ["over", "near", "below"]
    assert table["growth"].tolist() == pytest.approx([4.5 / 4.1, 1.5, 1.1])
    assert table["line"].tolist() == [6, 4, 5]
    assert analysis.message_sizes(capture, limit="16MB")["verdict"].tolist() == ["below"] * 3
    (one,) = [finding for finding in findings(capture) if finding.rule == "message_sizes"]
    assert one.title.startswith("2 proxies") and "size:4.5MB" in one.evidence[0].text
    for bad in ("0", "soon", "-1", "4QB"):
        with pytest.raises(ValueError, match="above zero"):
            analysis.message_sizes(capture, limit=bad)


def test_a_version_without_sizes_says_so() -> None:
    """Before Istio 1.9 only listeners print theirs."""
    text = "2020-01-01T00:00:00.000000Z\tinfo\tads\tCDS: PUSH for node:a.shop clusters:4 services:2 version:x\n"
    table = analysis.message_sizes(il.load(io.BytesIO(text.encode()), component="pilot"))
    assert table.empty and "1.9" in table.attrs["coverage"]
    costs = analysis.push_costs(il.load(io.BytesIO(text.encode()), component="pilot"))
    assert costs["pushes"].tolist() == [1] and pd.isna(costs["share"].iloc[0])
