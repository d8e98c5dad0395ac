"""Requests that failed: of what kind, and whether they follow pushes beyond chance."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from mesh import mesh, recorded

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.proxies._chance import rate_ratio
from istiolog_pd.report import findings

START = pd.Timestamp("2026-01-01T00:00:00Z")
POD = "web-7c9d8b6f5-x2k4p.shop"
FAILED, FINE = '503 UH no_healthy_upstream - "-"', '200 - via_upstream - "-"'
each_mesh = pytest.mark.parametrize("name", ["info", "sotw-debug"])


def time_of(seconds: float) -> str:
    """A time as Istio prints it."""
    return (START + pd.Timedelta(seconds, "s")).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def requested(
    seconds: float, outcome: str = FINE, *, cluster: str = "outbound|80||cart", end: str = "- default"
) -> str:
    """An access line of a sidecar, in Istio's own format."""
    return (
        f'[{time_of(seconds)[:-4]}Z] "GET / HTTP/1.1" {outcome} 0 31 1 0 "-" "-" "{seconds}" "cart" "10.0.0.1:80" '
        f"{cluster} 10.0.0.9:1 10.0.0.2:80 10.0.0.9:2 {end}"
    )


def pushed(seconds: float) -> str:
    """A push to the sidecar."""
    return f"{time_of(seconds)}\tinfo\tads\tEDS: PUSH for node:{POD} resources:4 size:1.5kB"


def capture_of(pushes: list[str], requests: list[str], extra: str = "") -> il.Capture:
    """Both logs; `extra` stands before the access lines."""
    files = []
    for name, lines in (("istiod.log", pushes), (f"proxy-{POD}.log", [extra, *requests] if extra else requests)):
        file = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
        file.name = name
        files.append(file)
    return il.load([file for file in files if file.getbuffer().nbytes])


@each_mesh
def test_kinds_of_failures_are_those_that_the_clients_provoked(name: str) -> None:
    """The clients wrote down what each request was to run into, and what came back."""
    asked = recorded(f"{name}/requests.tsv.gz")
    answered = asked[asked["status"].notna() | asked["kind"].eq("DC")]
    table = analysis.failed_requests(mesh(name))
    # Refused connections of TCP have no line of their own at the client, and no record of the client's.
    http = table[~(table["kind"].eq("denied") & table["response_code"].eq(0))]
    found = http.groupby("kind", observed=True)["requests"].sum()
    kinds = {"UFtls": "tls", "NC": "no cluster", "UT": "timeout", "FI": "fault injected", "DC": "client"}
    kinds |= {"rbac": "denied", "direct": "direct"}
    for provoked, kind in kinds.items():
        assert found[kind] == answered["kind"].eq(provoked).sum(), kind
    overflown = answered["kind"].eq("UO") & answered["status"].eq("503")
    assert found["overload"] == overflown.sum()


def test_denied_connections_of_tcp_are_failures() -> None:
    """No flag and no status tell of them, only why the connection ended."""
    lines = mesh("info").to_pandas(events="access")
    denied = lines["connection_termination_details"].str.startswith("rbac_access_denied").fillna(False).sum()
    table = analysis.failed_requests(mesh("info"))
    own = table[table["kind"].eq("denied") & table["response_code"].eq(0)]
    assert own["requests"].sum() == denied == 48
    assert own["answered_by"].tolist() == ["this proxy"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (requested(1, '502 - direct_response - "-"', cluster="-", end="- block_all"), "blocked"),
        (requested(1, '0 UH - - "-"', cluster="BlackHoleCluster"), "blocked"),
        (requested(1, '401 - jwt_authn_access_denied{Jwt_is_expired} - "-"'), "jwt"),
        (requested(1, '403 UAEX ext_authz_denied - "-"'), "ext_authz"),
        (requested(1, '503 UF upstream_reset - "TLS_error:|268436502:SSL_routines"'), "tls"),
        (requested(1, '503 UF upstream_reset - "delayed_connect_error:_111"'), "connection"),
        (requested(1, '500 - via_upstream - "-"', cluster="inbound|80||"), "application"),
    ],
)
def test_kinds_by_line(line: str, kind: str) -> None:
    """REGISTRY_ONLY, tokens, external authorization, TLS: told apart by what the line prints."""
    assert analysis.failed_requests(capture_of([], [line]))["kind"].tolist() == [kind]


def test_a_grpc_status_beside_http_200_is_a_failure() -> None:
    """As far as the format prints it; a code that stands for an error of the caller is none."""
    layout = "[%START_TIME%] %RESPONSE_CODE% %GRPC_STATUS_NUMBER% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"
    lines = [f"[{time_of(at)[:-4]}Z] 200 {code} - via_upstream" for at, code in enumerate((0, 14, 5, 7))]
    log = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    table = analysis.failed_requests(il.load(log, access_log_format=layout))
    assert table["kind"].tolist() == ["grpc", "grpc"]
    assert sorted(table["meaning"]) == ["gRPC status 14", "gRPC status 7"]


# ---- beyond chance ----


def test_failures_that_follow_pushes_are_found() -> None:
    """Half of the requests right after a push fail, one of a hundred else: some fifty times the rate."""
    pushes = [pushed(at) for at in range(30, 600, 60)]
    bad = [30 + 60 * n + 0.1 + 0.04 * k for n in range(10) for k in range(10)] + [5.05 + 47 * n for n in range(12)]
    fine = [0.5 * n for n in range(1200)]
    lines = sorted([(at, FAILED) for at in bad] + [(at, FINE) for at in fine])
    capture = capture_of(pushes, [requested(at, outcome) for at, outcome in lines])
    table = analysis.failures_after_pushes(capture)
    every = table.iloc[0]
    assert (every["kind"], every["failed"], every["failed_after"]) == ("any", 111, 100)
    assert every["verdict"] == "more after pushes"
    assert 1 < every["ci_low"] < every["ratio"] < every["ci_high"]
    assert every["expected_high"] < 100 and every["p_value"] < 0.01
    (one,) = [finding for finding in findings(capture) if finding.rule == "failures_after_pushes"]
    assert all("UH" in line.text for line in one.evidence)
    assert "100 failures of 111" in one.effect


def test_failures_in_bursts_of_their_own_are_no_effect_of_pushes() -> None:
    """One burst that happens to lie after a push: independent failures would be sure, bursts are not."""
    pushes = [pushed(at) for at in range(30, 600, 60)]
    bad = [start + 0.01 * k for start in (30.2, 132, 171, 255, 333, 401, 444, 527) for k in range(20)]
    lines = sorted([(at, FAILED) for at in bad] + [(0.5 * n, FINE) for n in range(1200)])
    table = analysis.failures_after_pushes(capture_of(pushes, [requested(at, outcome) for at, outcome in lines]))
    assert table["verdict"].tolist() == ["no difference seen"] * 2
    assert table["ci_low"].max() < 1


@each_mesh
def test_failures_that_clients_provoke_at_any_time_do_not_follow_pushes(name: str) -> None:
    """Each kind of request is sent all the while, whatever is pushed."""
    table = analysis.failures_after_pushes(mesh(name))
    provoked = table[table["kind"].isin(["tls", "no cluster", "timeout", "fault injected", "client", "denied"])]
    assert provoked["verdict"].eq("no difference seen").all()
    assert (table["ci_low"] <= 1).all() and table["expected_low"].le(table["expected_high"]).all()


def test_a_clock_that_is_ahead_is_set_right() -> None:
    """The agent connects before istiod says so: what is later by its own clock is by that much ahead."""
    ahead = 0.8
    connected = f"{time_of(1 + ahead)}\tinfo\txdsproxy\tconnected to delta upstream XDS server: istiod:15012\tid=1"
    opened = f"{time_of(1)}\tinfo\tdelta\tADS: new delta connection for node:{POD}-1"
    pushes = [opened, *(pushed(at) for at in range(30, 600, 60))]
    bad = [at + 0.5 + 0.03 * k + ahead for at in range(30, 600, 60) for k in range(5)]
    lines = sorted([(at, FAILED) for at in bad] + [(2 + 0.5 * n, FINE) for n in range(1180)])
    capture = capture_of(pushes, [requested(at, outcome) for at, outcome in lines], connected)
    (every, _) = analysis.failures_after_pushes(capture).to_dict("records")
    assert every["failed_after"] == len(bad) and every["verdict"] == "more after pushes"


def test_too_little_is_said() -> None:
    """A handful of failures tells nothing, and a side that is missing is named."""
    few = [requested(at, FAILED if at % 100 == 0 else FINE) for at in range(300)]
    table = analysis.failures_after_pushes(capture_of([pushed(at) for at in (30, 290)], few))
    assert table["verdict"].tolist() == ["cannot tell"] * 2
    for capture, why in (
        (capture_of([pushed(1)], []), "accessLogFile"),
        (capture_of([], few), "no push line"),
        (capture_of([pushed(90_000)], few), "different times"),
        (capture_of([pushed(30)], [requested(at) for at in range(60)]), "none of 2 requests"),
    ):
        empty = analysis.failures_after_pushes(capture)
        assert empty.empty and why in empty.attrs["coverage"]
    with pytest.raises(ValueError, match="above zero"):
        analysis.failures_after_pushes(capture_of([pushed(1)], few), window="0s")


def test_the_interval_of_a_ratio_is_exact() -> None:
    """Of one group it is that of a binomial share, turned into a ratio (Clopper and Pearson)."""
    stats = pytest.importorskip("scipy.stats")
    found = rate_ratio(7, np.array([20]), np.array([0.1]))
    low, high = stats.binomtest(7, 20).proportion_ci(method="exact")
    odds = [share / (1 - share) / (0.1 / 0.9) for share in (low, 7 / 20, high)]
    assert found is not None
    assert [found.low, found.ratio, found.high] == pytest.approx(odds, rel=1e-3)
    assert rate_ratio(0, np.array([0]), np.array([0.1])) is None
