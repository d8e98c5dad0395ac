"""A capture: what it holds, and what proxies say of themselves."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from expected import INFO
from some_logs import NUMPY_DTYPES, ONE

import istiolog_pd as il
from istiolog_pd.formats import COLUMNS, COMMON, EVENTS

Real = Callable[[str], il.Capture]

# ---- the capture itself ----


def test_capture_of_sources(data: Path) -> None:
    """One row per source: what it is and what it spans."""
    capture = il.load(data / "seed/pilot.log", data / "seed/helloworld-v1-istio-proxy.log")
    sources = capture.sources
    assert sources["component"].tolist() == ["pilot", "agent"]
    assert sources["lines"].tolist() == [74, 6]
    assert sources["entries"].tolist() == [68, 6]
    assert sources["first"].tolist() == [
        pd.Timestamp("2018-12-24T15:38:10.268577Z"),
        pd.Timestamp("2018-12-24T16:27:52.484Z"),
    ]
    assert sources["last"].iloc[0] == pd.Timestamp("2018-12-24T16:45:32.052889Z")
    assert sources["damage"].tolist() == ["", ""]
    assert str(sources["first"].dtype) == "datetime64[ns, UTC]"


def test_capture_of_no_log(real: Real) -> None:
    """A bootstrap alone: no source, the same dtypes."""
    sources = real("seed/envoy-rev0.json").sources
    assert sources.empty
    assert sources.dtypes.equals(real("seed/pilot.log").sources.dtypes)
    assert "0 entries" in repr(real("seed/envoy-rev0.json"))
    assert "0 entries" in real("seed/envoy-rev0.json")._repr_html_()


def test_progress_is_shown_on_stderr(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for data."""
    il.load(data / "seed/pilot.log", progress=True)
    assert capsys.readouterr().out == ""


def test_capture_in_words(data: Path) -> None:
    """Sources, spans and events."""
    text = repr(il.load(data / "seed/pilot.log"))
    assert "68 entries from 1 source" in text
    assert "pilot.log (pilot): 68 entries, 2018-12-24 15:38:10 to 16:45:32 UTC" in text
    assert "xds_push 20, xds_unwatch 15" in text


def test_capture_as_html(data: Path) -> None:
    """Sources and events as tables."""
    page = il.load(data / "seed/pilot.log")._repr_html_()
    assert page.count("<table") == page.count("</table>") == 2
    assert "xds_push" in page
    assert EVENTS["push_trigger"] in page


def test_html_escapes_what_comes_from_outside(tmp_path: Path) -> None:
    """A file's name and a log's text are nobody's HTML."""
    name = "<script>alert(1)<img src=x onerror=alert(2)>&amp;.log"
    (tmp_path / name).write_bytes(ONE.encode() + b"\xff<script>alert(3)\n" + b'{"msg": "<b>x</b>"\n')
    with pytest.warns(il.DamageWarning):
        page = il.load(tmp_path / name)._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>x" not in page
    whole = page.replace("&nbsp;", " ").replace("<wbr>", "")
    assert "&lt;script&gt;alert(1)&lt;img src=x onerror=alert(2)&gt;&amp;amp;…" in whole


def test_capture_of_an_unknown_event(real: Real) -> None:
    """An event there is none of is empty; one that does not exist is an error, with the nearest name."""
    capture = real("seed/pilot.log")
    assert capture["xds_nack"].num_rows == 0
    assert "xds_nack" not in capture
    assert "error" in capture["xds_nack"].schema.names
    with pytest.raises(KeyError, match="'xds_pushes' is no event; did you mean 'xds_push'"):
        capture["xds_pushes"]
    with pytest.raises(KeyError, match="known: debounce, "):
        capture["?"]


def test_capture_counts(real: Real) -> None:
    """Most frequent first, and iterating gives the same order."""
    counts = real("istiod-1.30.3/discovery.log.gz").counts()
    assert counts.is_monotonic_decreasing
    assert list(counts.index) == list(real("istiod-1.30.3/discovery.log.gz"))
    assert counts.sum() == INFO.entries
    assert counts["xds_push"] == INFO.pushes


def test_glossary_has_every_column() -> None:
    """Name, type, unit and meaning, in the order of the tables."""
    glossary = il.glossary()
    assert glossary["column"].tolist() == [*COMMON, *COLUMNS]
    assert set(glossary["type"]) == set(NUMPY_DTYPES)
    assert glossary["meaning"].str.len().gt(0).all()


HELLOWORLD = {
    "node_id": "sidecar~172.17.0.3~helloworld-v1-575d9d9fcd-bjjj8.default~default.svc.cluster.local",
    "node_type": "sidecar",
    "node_ip": "172.17.0.3",
    "proxy": "helloworld-v1-575d9d9fcd-bjjj8.default",
    "pod": "helloworld-v1-575d9d9fcd-bjjj8",
    "namespace": "default",
    "domain": "default.svc.cluster.local",
    "service_cluster": "helloworld",
    "istio_version": "1.0.5",
    "proxy_version": "1.0.2",
    "proxy_build": "istio-proxy:930841ca88b15365737acb7eddeea6733d4f98b9",
    "interception_mode": "REDIRECT",
}

# ---- what proxies say of themselves ----


def test_node_metadata_of_the_seed(real: Real) -> None:
    """Each proxy's first CDS request prints its node whole."""
    nodes = il.analysis.node_metadata(real("seed/pilot.log"))
    assert nodes["pod"].tolist() == [
        "helloworld-v1-575d9d9fcd-bjjj8",
        "helloworld-v2-54b97b8585-725mx",
        "curl-deploy-5f7684bb65-x5j26",
    ]
    first = nodes.iloc[0].to_dict()
    assert {name: first[name] for name in HELLOWORLD} == HELLOWORLD
    assert json.loads(first["labels"]) == {"app": "helloworld", "version": "v1"}
    assert json.loads(first["metadata"])["POD_NAME"] == "helloworld-v1-575d9d9fcd-bjjj8"
    assert first["line"] == 3
    assert nodes["bootstrap"].isna().all()


def test_node_metadata_of_the_seed_bootstrap(real: Real) -> None:
    """The document's own bootstrap tells the same."""
    capture = real("seed/envoy-rev0.json")
    assert capture.n_entries == 0
    (node,) = il.analysis.node_metadata(capture).to_dict("records")
    assert {name: node[name] for name in HELLOWORLD} == HELLOWORLD
    assert node["bootstrap"].endswith("envoy-rev0.json")
    assert pd.isna(node["source"])


def test_log_and_bootstrap_are_joined_by_node(data: Path) -> None:
    """One row a node; what the log does not say the bootstrap does."""
    capture = il.load(data / "seed/envoy-rev0.json", data / "seed/pilot.log")
    nodes = il.analysis.node_metadata(capture)
    assert len(nodes) == 3
    assert nodes["bootstrap"].notna().tolist() == [True, False, False]
    assert nodes["source"].notna().all()
    assert nodes["envoy_build"].iloc[0] == "0/1.8.0-dev//RELEASE"


def test_node_metadata_of_a_bootstrap(real: Real) -> None:
    """The bootstrap that pilot-agent 1.30.3 wrote."""
    (node,) = il.analysis.node_metadata(real("pair-1.30.3/envoy-rev.json")).to_dict("records")
    assert node["node_id"] == "sidecar~10.28.0.2~productpage-v1-5f7f8d6b9-xk2lq.default~default.svc.cluster.local"
    assert (node["proxy"], node["interception_mode"]) == ("productpage-v1-5f7f8d6b9-xk2lq.default", "REDIRECT")
    assert json.loads(node["metadata"])["PROXY_CONFIG"]["drainDuration"] == "45s"


def test_bootstrap_of_odd_values() -> None:
    """What is no text of its own kind is null or text; nothing is raised."""
    for node in (r'{"id":"\ud800"}', '{"id":"a","metadata":{"ISTIO_VERSION":{"a":1},"LABELS":[1]},"cluster":[2]}'):
        nodes = il.analysis.node_metadata(il.load(io.StringIO(f'{{"node":{node}}}')))
        assert len(nodes) == 1
        assert nodes["labels"].tolist() == ["{}"]


def test_no_node_metadata_says_why(real: Real) -> None:
    """Later versions do not print it."""
    nodes = il.analysis.node_metadata(real("istiod-1.30.3/discovery.log.gz"))
    assert nodes.empty
    assert re.search("1.0 and 1.1.*bootstrap", nodes.attrs["coverage"])


def test_bootstrap_without_a_node_is_a_text(tmp_path: Path) -> None:
    """Any other JSON document is no log."""
    (tmp_path / "a.json").write_text('{\n  "node": {"cluster": "x"}\n}\n')
    with pytest.warns(il.DamageWarning, match=r"a\.json:1: no line of it looks like a log"):
        assert set(il.read_logs(tmp_path / "a.json")["event"]) == {"unparsed"}
