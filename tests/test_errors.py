r"""Warnings and errors of every kind, what they mean, remote clusters, and what a report finds in them.

Line in, values out; tabs are written as ``\t``.
"""

from __future__ import annotations

from collections.abc import Callable

import loglines
import pandas as pd
import pytest
from loglines import rows
from mesh import mesh_findings

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.formats.statements.table import load_statements
from istiolog_pd.formats.statements.verdicts import VERDICTS, load_verdicts
from istiolog_pd.report import findings

Lines = Callable[..., il.Capture]
Real = Callable[[str], il.Capture]


def at(seconds: float, text: str, level: str = "error", scope: str = "") -> str:
    """A line of a control plane, an error by default."""
    return loglines.at(seconds, text, level, scope)


# ---- verdicts ----


def test_verdicts_have_reasons() -> None:
    """Each a sentence, with the file or issue that supports it; enough of them."""
    verdicts = load_verdicts()
    assert len({statement for statement, _, _ in verdicts}) >= 250
    for key, one in verdicts.items():
        assert one.verdict in VERDICTS, key
        assert one.why.endswith(".") and one.reference, key
        assert "/" in one.reference, key


def test_verdicts_are_of_statements_that_exist() -> None:
    """Word for word: another text would never be found."""
    known = {one.text for one in load_statements()}
    assert {statement for statement, _, _ in load_verdicts() if statement} <= known


VERDICT = {
    "a stream at istiod's maximum age": (
        "2026-01-01T00:00:00.000000Z\twarning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 13, ",
        "look",
    ),
    "a stream that ended with OK": (
        "2026-01-01T00:00:00.000000Z\twarning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 0, ",
        "harmless",
    ),
    "transport is closing": (
        at(0, 'transport: loopyWriter.run returning. connection error: desc = "transport is closing"', "info"),
        "harmless",
    ),
    "a certificate not there yet": (
        at(0, "ca request failed, starting attempt 1 in 102.093205ms", "warn", "ca"),
        "look",
    ),
    "a CA that is not reached": (
        at(0, "Failed to create certificate: rpc error: code = Unavailable desc = x", "error", "citadelclient"),
        "act",
    ),
    "a webhook that is not ready": (
        at(
            0,
            "error handling istio-validator, retrying (retry count: 1): webhook is not ready, retry",
            "error",
            "controllers",
        ),
        "look",
    ),
    "a Wasm module that is on its way": (
        "2023-05-10T03:16:17.651669Z\twarning\tenvoy wasm\tcreateWasm: failed to load (in progress) from https://x/y.wasm",
        "harmless",
    ),
    "a CRD that is not installed": (
        at(0, "watch error in cluster Kubernetes: failed to list *v1beta1.Gateway: the server could not find it"),
        "look",
    ),
    "a panic": ("panic: runtime error: index out of range", "act"),
}


@pytest.mark.parametrize(("line", "verdict"), VERDICT.values(), ids=VERDICT)
def test_verdict_of_a_line(line: str, verdict: str, lines: Lines) -> None:
    """As public reports have them."""
    table = analysis.errors(lines(line))
    assert rows(table, "verdict", "count") == [(verdict, 1)]
    assert table["why"].str.len().gt(20).all()


# ---- errors ----


def test_every_warning_is_covered(lines: Lines) -> None:
    """Of any event; the gravest first, and what is only told at info is none."""
    table = analysis.errors(
        lines(
            at(0, "all is well", "info"),
            at(
                1,
                "Neither --kubeconfig nor --master was specified.  Using the inClusterConfig.  This might not work.",
                "warn",
            ),
            at(2, "nobody knows this", "error"),
            at(62, "nobody knows this", "error"),
            at(3, "cannot fetch Wasm module demo: timeout", "error", "wasm"),
        )
    )
    assert rows(table, "verdict", "event", "count", "per_minute") == [
        ("act", "wasm", 1, None),
        (None, "other", 2, 2.0),
        ("harmless", "startup", 1, None),
    ]
    assert table["cause"].tolist()[0] == "cannot fetch Wasm module"


def test_rate_over_time(lines: Lines) -> None:
    """A row for each bin that has lines."""
    line = "watch error in cluster east: failed to list *v1.Node: timeout"
    table = analysis.errors(lines(*(at(n, line) for n in (1, 2, 3, 130))), freq="1min")
    assert rows(table, "time", "count") == [
        (pd.Timestamp("2026-01-01", tz="UTC"), 3),
        (pd.Timestamp("2026-01-01T00:02", tz="UTC"), 1),
    ]


@pytest.mark.parametrize("log", ["mesh-1.30.3/info", "istiod-1.20.8/discovery.log.gz", "pair-1.30.3/istio-proxy.log"])
def test_no_line_at_these_levels_is_left_out(log: str, real: Real) -> None:
    """Counted against the levels themselves; of what Envoy rejected updates are counted, not lines."""
    capture, levels = real(log), ["warn", "error", "fatal", "critical"]
    entries = capture.to_pandas(columns=["level", "event"])
    bad = entries[entries["level"].isin(levels) & entries["event"].ne("xds_rejected")]
    table = analysis.errors(capture)
    told = table[table["level"].isin(levels) & table["event"].ne("xds_rejected")]
    assert told["count"].sum() == len(bad)


# ---- remote clusters ----

SECRET = "cluster=east secret=istio-system/istio-remote-secret-east"


def test_remote_cluster_over_time(lines: Lines) -> None:
    """Added, synced, failing, removed; istiod's own cluster is none."""
    table = analysis.remote_clusters(
        lines(
            at(0, 'FLAG: --clusterID="Kubernetes"', "info"),
            at(1, "kube controller for Kubernetes synced after 6.3ms", "info", "kube"),
            at(2, f"Add cluster\t{SECRET}", "info"),
            at(3, 'Initializing Kubernetes service registry "east"', "info", "kube"),
            at(4, "kube controller for east synced after 1.2s", "info", "kube"),
            at(60, "watch error in cluster east: failed to list *v1.Node: timeout"),
            at(90, "watch error in cluster east: failed to list *v1.Pod: refused"),
            at(95, "watch error in cluster Kubernetes: failed to list *v1.Pod: refused"),
            at(120, "Deleting cluster_id=east configured by secret=istio-system/istio-remote-secret-east", "info"),
            component="pilot",
        )
    )
    assert rows(table, "cluster", "state", "attempts", "error", "line") == [
        ("east", "added", 1, None, 3),
        ("east", "syncing", 1, None, 4),
        ("east", "synced", 1, None, 5),
        ("east", "failing", 2, "failed to list *v1.Pod: refused", 6),
        ("east", "removed", 1, None, 9),
    ]
    assert (table["until"].dropna() == table["since"].shift(-1).dropna()).all()
    assert pd.isna(table["until"].iloc[-1])


def test_remote_cluster_that_never_synced(lines: Lines) -> None:
    """A secret that cannot be used, and one whose cluster does not answer in time."""
    table = analysis.remote_clusters(
        lines(
            at(0, f"Add cluster: create remote cluster failed: no such host\t{SECRET}", "error"),
            at(1, "remote cluster west failed to sync after 30s", "error"),
            component="pilot",
        )
    )
    assert rows(table, "cluster", "state", "error") == [
        ("east", "failing", "no such host"),
        ("west", "timed out", None),
    ]


def test_no_remote_cluster(real: Real) -> None:
    """The log of one cluster: no rows, and why."""
    table = analysis.remote_clusters(real("istiod-1.30.3/discovery.log.gz"))
    assert table.empty and "remote cluster" in table.attrs["coverage"]


# ---- findings ----


def found(capture: il.Capture) -> dict[str, il.report.model.Finding]:
    """What a report finds, by rule."""
    return {one.rule: one for one in findings(capture)}


FINDING = {
    "panics": "panic: runtime error: index out of range",
    "certificates": at(
        0, "Failed to create certificate: rpc error: code = Unavailable desc = x", "error", "citadelclient"
    ),
    "webhooks": at(0, "Pod injection failed: no template", "error"),
    "authentication": at(0, 'Failed to fetch public key from "https://x/jwks": timeout', "error", "model"),
    "wasm_modules": at(0, "cannot fetch Wasm module demo: timeout", "error", "wasm"),
    "remote_clusters": at(0, "remote cluster west failed to sync after 30s", "error"),
}


@pytest.mark.parametrize(("rule", "line"), FINDING.items())
def test_a_finding_shows_its_line(rule: str, line: str, lines: Lines) -> None:
    """And says what to do."""
    (evidence,) = found(lines(line))[rule].evidence
    assert evidence.line == 1 and line.split("\t")[-1] in evidence.text
    assert found(lines(line))[rule].do


def test_watch_errors_are_a_finding_where_they_last(lines: Lines) -> None:
    """One at the start is none; one every ten seconds for minutes is."""
    line = "watch error in cluster Kubernetes: failed to list *v1beta1.Gateway: the server could not find it"
    assert "watches" not in found(lines(at(0, line), component="pilot"))
    lasting = found(lines(*(at(10 * n, line) for n in range(20)), component="pilot"))
    assert "20 lines" in lasting["watches"].title


def test_what_is_harmless_is_no_finding(lines: Lines) -> None:
    """However often it is printed."""
    texts = (
        ('transport: loopyWriter.run returning. connection error: desc = "transport is closing"', "info"),
        ("Failed to update lock: Operation cannot be fulfilled: the object has been modified", "error"),
        ("k8s.io/x/reflector.go:1: watch of *v1.Pod ended with: too old resource version: 1 (2)", "warn"),
    )
    capture = lines(*(at(10 * n, *texts[n % 3]) for n in range(90)), component="pilot")
    assert {one.kind for one in findings(capture)} <= {"log"}


@pytest.mark.parametrize("log", ["info", "sotw-debug"])
def test_a_mesh_without_these_faults_has_no_such_finding(log: str) -> None:
    """What was done to it is in its README: no crash of Go, no CA, webhook, Wasm or remote cluster was touched."""
    assert (
        mesh_findings(log).keys().isdisjoint({"panics", "certificates", "webhooks", "wasm_modules", "remote_clusters"})
    )
