"""Answers about proxies: their sessions, what went wrong, and the endpoints that they are told of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from loglines import MIDNIGHT, at, closed, full, metric, opened, replicas, rows

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.proxies._disconnect_reasons import reasons

Real = Callable[[str], il.Capture]
Lines = Callable[..., il.Capture]

ANSWERS = ("connections", "connected_endpoints", "errors", "endpoint_churn", "empty_clusters")
each_answer = pytest.mark.parametrize("name", ANSWERS)


def rounds(seconds: float, connected: int) -> str:
    """A round begins."""
    return full(seconds, 1, connected)


@each_answer
def test_a_capture_without_any_entry(name: str, real: Real) -> None:
    """A bootstrap alone."""
    table = getattr(analysis, name)(real("seed/envoy-rev0.json"))
    assert table.empty
    assert table.attrs["coverage"]


# ---- sessions ----


def test_a_session(lines: Lines) -> None:
    """From the line that opens it to the one that closes it, by the connection's number."""
    table = analysis.connections(
        lines(
            opened(1, "web-1.shop", 7),
            opened(2, "web-2.shop", 8),
            closed(5, "web-1.shop", 7, "rpc error: code = Canceled desc = context canceled"),
            at(6, "ADS: new delta connection for node:web-1.shop-9"),
        )
    )
    assert rows(table, "proxy", "connection", "duration", "duration_low", "delta", "grpc_code", "line") == [
        ("web-1.shop", 7, pd.Timedelta("4s"), pd.Timedelta("4s"), False, 1, 1),
        ("web-2.shop", 8, None, pd.Timedelta("4s"), False, None, 2),
        ("web-1.shop", 9, None, pd.Timedelta("0s"), True, None, 4),
    ]
    assert rows(table, "reason", "gap", "peer") == [
        ("other", pd.Timedelta("1s"), "10.0.0.3:4242"),
        (None, None, None),
        (None, None, None),
    ]
    assert table.attrs["coverage"].startswith("2 were still open when it ended")


def test_a_session_from_before_the_log(lines: Lines) -> None:
    """It lasted at least as long as the log shows."""
    table = analysis.connections(lines(at(1, "hello"), closed(5, "web-1.shop", 7)))
    assert rows(table, "opened", "duration", "duration_low") == [(None, None, pd.Timedelta("4s"))]
    assert table.attrs["coverage"].startswith("1 session(s) were open before the log began")


def test_a_number_used_again_is_another_session(lines: Lines) -> None:
    """A process that begins again counts from 1."""
    table = analysis.connections(
        lines(opened(1, "a.b", 1), closed(2, "a.b", 1), opened(5, "a.b", 1), opened(8, "a.b", 1), closed(9, "a.b", 1))
    )
    assert rows(table, "duration") == [(pd.Timedelta("1s"),), (None,), (pd.Timedelta("1s"),)]


def test_before_1_8_the_first_request_opens(real: Real) -> None:
    """No line says that a proxy connected."""
    table = analysis.connections(real("pilot-1.0.9/discovery.log.gz"))
    assert len(table) == 14
    assert table["duration"].notna().all()
    assert table["connection"].tolist() == list(range(1, 15))
    assert table["reason"].value_counts().to_dict() == {"network": 10, "other": 4}
    assert "a session opens with its first CDS request" in table.attrs["coverage"]


@pytest.mark.parametrize(
    ("log", "sessions"), [("istiod-1.20.8/discovery.log.gz", 50), ("istiod-1.30.3/discovery-debug.log.gz", 32)]
)
def test_sessions_of_a_real_log(log: str, sessions: int, real: Real) -> None:
    """Each is opened and closed once, and numbered by the process."""
    table = analysis.connections(real(log))
    assert len(table) == table["connection"].nunique() == sessions
    assert table[["opened", "closed", "duration"]].notna().all(axis=None)
    assert (table["duration"] > pd.Timedelta(0)).all()


# ---- why they ended ----


def test_the_maximum_age(lines: Lines) -> None:
    """Thirty minutes, a tenth more or less."""
    log = lines(
        opened(0, "a.b", 1), closed(1650, "a.b", 1), opened(1651, "a.b", 2), closed(3651, "a.b", 2), at(4000, "end")
    )
    assert analysis.connections(log)["reason"].tolist() == ["maximum age", "gone"]
    assert analysis.connections(log, maximum_age="33min")["reason"].tolist() == ["other", "maximum age"]


def test_a_storm(lines: Lines) -> None:
    """Half of all connections, five at least, within ten seconds."""
    ten = [opened(number, f"p{number}.b", number) for number in range(10)]
    five = [closed(100 + number, f"p{number}.b", number) for number in range(5)]
    four = [closed(300 + number, f"p{number}.b", number) for number in range(5, 9)]
    table = analysis.connections(lines(*ten, *five, *four, at(400, "end")))
    assert table["reason"].astype(object).where(table["reason"].notna(), None).tolist() == [
        *["storm"] * 5,
        *["gone"] * 4,
        None,
    ]


def test_a_flapping_proxy(lines: Lines) -> None:
    """Three ends within ten minutes; one two hours later is none of them."""
    text = []
    for number, end in enumerate((100, 200, 300, 9000)):
        text += [opened(end - 50, "a.b", number), closed(end, "a.b", number)]
    assert analysis.connections(lines(*text))["reason"].tolist() == ["flapping"] * 3 + ["other"]


def test_a_new_replica() -> None:
    """The proxy goes on to one whose log has just begun."""
    log = replicas(
        old=[opened(0, "a.b", 1), closed(700, "a.b", 1), at(9000, "end")],
        new=[at(600, "begin"), opened(701, "a.b", 1), at(9000, "end")],
    )
    table = analysis.connections(log)
    assert rows(table, "reason", "next_source", "gap")[0] == ("scale-out", "new", pd.Timedelta("1s"))


def test_a_restart() -> None:
    """What ends with its run, or is never seen to end in it, ends by the restart; a later run must follow."""
    moments = pd.to_datetime(["2026-01-01T00:00:00Z", "2026-01-01T00:00:58Z", "2026-01-01T00:02:00Z"])
    table = pd.DataFrame(
        {
            "run": [0, 0, 1],
            "proxy": ["a.b", "c.b", "a.b"],
            "opened": [moments[0]] * 2 + [moments[2]],
            "closed": [moments[1], pd.NaT, pd.NaT],
            "next_run": [1, None, None],
            "next_opened": [moments[2], pd.NaT, pd.NaT],
        }
    ).astype(dict.fromkeys(["opened", "closed", "next_opened"], "datetime64[ns, UTC]"))
    table = table.assign(duration=table["closed"] - table["opened"], maximum_age=pd.Timedelta("30min"))
    spans = pd.DataFrame(
        {
            "log": "istiod",
            "run": [0, 1],
            "first": pd.to_datetime(["2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z"]),
            "last": pd.to_datetime(["2026-01-01T00:01:00Z", "2026-01-01T00:09:00Z"]),
            "exit": False,
        }
    )
    nobody = pd.DataFrame({"proxy": [], "low": moments[:0], "high": moments[:0]})
    found = reasons(table, spans, nobody)
    assert found.astype(object).where(found.notna(), None).tolist() == ["restart", "restart", None]


def test_age_just_before_a_restart() -> None:
    """Two sessions of a replica that stopped: one had lasted its time three seconds before."""
    log = replicas(
        istiod=[
            at(0, 'FLAG: --keepaliveMaxServerConnectionAge="2m0s"'),
            opened(1, "a.b", 1),
            opened(60, "c.b", 2),
            closed(120, "a.b", 1),
            at(123, "Registry Aggregator terminated"),
            at(130, 'FLAG: --keepaliveMaxServerConnectionAge="2m0s"'),
            opened(131, "c.b", 1),
            opened(132, "a.b", 2),
        ]
    )
    table = analysis.connections(log)
    assert rows(table, "proxy", "reason", "gap_low", "gap_high")[:2] == [
        ("a.b", "maximum age", pd.Timedelta("12s"), pd.Timedelta("12s")),
        ("c.b", "restart", pd.Timedelta("0s"), pd.Timedelta("8s")),
    ]


def test_one_event_cut_many(lines: Lines) -> None:
    """Twelve of thirty connections end in the same half second: the network, not the proxies."""
    thirty = [opened(number / 10, f"p{number}.b", number) for number in range(30)]
    twelve = [closed(100 + number / 40, f"p{number}.b", number) for number in range(12)]
    back = [opened(101 + number, f"p{number}.b", 50 + number) for number in range(12)]
    table = analysis.connections(lines(*thirty, *twelve, *back, at(400, "end")))
    assert table["reason"].value_counts().to_dict() == {"network": 12}


def test_a_replica_that_restarted_is_no_new_one() -> None:
    """A proxy goes to the other replica, which had begun again a moment before."""
    log = replicas(
        one=[opened(0, "a.b", 1), closed(700, "a.b", 1), at(9000, "end")],
        two=[
            at(0, 'FLAG: --a="1"'),
            at(1, 'FLAG: --b="1"'),
            at(600, 'FLAG: --a="1"'),
            at(601, 'FLAG: --b="1"'),
            opened(701, "a.b", 1),
            at(9000, "end"),
        ],
    )
    assert analysis.connections(log)["reason"].iloc[0] == "other"


def test_a_replica_that_stopped_for_good() -> None:
    """Its proxies are followed to the other one; no line tells when they were cut off."""
    names = [f"p{number}.b" for number in range(6)]
    log = replicas(
        one=[*(opened(number, name, number) for number, name in enumerate(names)), at(100, "hello")],
        two=[*(opened(104 + number, name, number) for number, name in enumerate(names)), at(9000, "end")],
    )
    table = analysis.connections(log)
    assert rows(table, "reason", "next_source", "gap", "gap_low", "gap_high")[:2] == [
        ("stopped", "two", None, pd.Timedelta("0s"), pd.Timedelta("4s")),
        ("stopped", "two", None, pd.Timedelta("0s"), pd.Timedelta("5s")),
    ]


# ---- connections per replica ----


def test_balance_over_replicas() -> None:
    """Each bin has the last that a replica printed, and its share of all."""
    log = replicas(
        one=[rounds(1, 30), rounds(5, 28), rounds(12, 20), at(29, "end")], two=[rounds(13, 10), rounds(25, 20)]
    )
    table = analysis.connected_endpoints(log, freq="10s")
    assert rows(table, "source", "connected_endpoints", "lowest", "highest", "printed") == [
        ("one", 28, 28, 30, 2),
        ("one", 20, 20, 20, 1),
        ("two", 10, 10, 10, 1),
        ("one", 20, None, None, 0),
        ("two", 20, 20, 20, 1),
    ]
    assert table["share"].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0.5, 0.5])


def test_connections_of_a_long_silence(lines: Lines) -> None:
    """No bins for what is not in the log, and no division by nothing."""
    table = analysis.connected_endpoints(lines(rounds(0, 0), rounds(86_400 * 300, 3)), freq="1s")
    assert rows(table, "connected_endpoints", "share") == [(0, None), (3, 1.0)]


# ---- errors ----

GONE = "rpc error: code = Unavailable desc = transport is closing"


@pytest.mark.parametrize(
    ("line", "cause", "grpc", "proxy", "peer"),
    [
        (at(1, "ADS:EDS: ACK ERROR web-1.shop-8 Internal:bad", "warn"), "NACK", "Internal", "web-1.shop", None),
        (at(1, "Timeout writing web-1.shop-8: EDS"), "write timeout", None, "web-1.shop", None),
        (at(1, "EDS: QUEUE TIMEOUT for node:web-1.shop", "warn"), "queue timeout", None, "web-1.shop", None),
        (
            at(1, "Failed to push, client busy 3 sidecar~10.0.0.3~web-1.shop~shop.svc-8", "warn"),
            "client busy",
            None,
            "web-1.shop",
            None,
        ),
        (
            at(1, f"EDS: Send failure for node:web-1.shop resources:10 size:23.6kB: {GONE}", "warn"),
            "send failure",
            "Unavailable",
            "web-1.shop",
            None,
        ),
        (
            at(1, 'ADS: "10.0.0.3:4242" exceeded rate limit: rate: Wait(n=1) would exceed context deadline', "warn"),
            "rate limit",
            None,
            None,
            "10.0.0.3",
        ),
        (
            at(1, "Failed to authenticate client from [fd00::3]:4242: no certificate", "error"),
            "unauthenticated",
            None,
            None,
            "[fd00::3]",
        ),
        (
            at(1, "Unauthorized XDS: 10.0.0.3:4242 with identity [spiffe://a]: no identities matched", "warn"),
            "unauthorized",
            None,
            None,
            "10.0.0.3",
        ),
        (closed(1, "web-1.shop", 8, GONE), "stream closed", "Unavailable", "web-1.shop", None),
    ],
)
def test_causes(line: str, cause: str, grpc: str | None, proxy: str | None, peer: str | None, lines: Lines) -> None:
    """One line of each."""
    table = analysis.errors(lines(line, component="pilot"))
    assert rows(table, "cause", "grpc", "proxy", "peer", "count", "component", "expected") == [
        (cause, grpc, proxy, peer, 1, "pilot", False)
    ]


def test_errors_of_one_form_are_counted_together(lines: Lines) -> None:
    """Digits aside; the first text stands for all."""
    table = analysis.errors(
        lines(
            *[at(n, f"ADS:LDS: ACK ERROR web-1.shop-{n} Internal:listener 0.0.0.0_{n}", "warn") for n in (80, 90, 443)],
            at(500, "ADS:LDS: ACK ERROR web-1.shop-8 Internal:another", "warn"),
            at(501, "ADS:LDS: ACK ERROR web-2.shop-9 Code(99):another", "warn"),
        )
    )
    assert rows(table, "proxy", "count", "error", "grpc_code", "grpc") == [
        ("web-1.shop", 3, "listener 0.0.0.0_80", 13, "Internal"),
        ("web-1.shop", 1, "another", 13, "Internal"),
        ("web-2.shop", 1, "another", 99, "Code(99)"),
    ]
    assert table.loc[0, "first_seen"] == MIDNIGHT + pd.Timedelta("80s")
    assert table.loc[0, "last_seen"] == MIDNIGHT + pd.Timedelta("443s")


def test_ends_as_proxies_go_are_expected(lines: Lines) -> None:
    """Canceled and EOF; an end without a word is no error at all."""
    table = analysis.errors(
        lines(
            closed(1, "a.b", 1, "EOF"),
            closed(2, "c.b", 2, "rpc error: code = Canceled desc = context canceled"),
            closed(3, "d.b", 3, GONE),
            closed(4, "e.b", 4),
        )
    )
    assert sorted(rows(table, "proxy", "expected")) == [("a.b", True), ("c.b", True), ("d.b", False)]


def test_errors_of_a_sidecar(real: Real) -> None:
    """The agent's streams; whether they ended as they should."""
    table = analysis.errors(real("pair-1.30.3/istio-proxy.log"))
    assert set(table["component"]) == {"agent"}
    table = table[table["cause"] == "disconnected"]
    assert table.groupby("expected")["count"].sum().to_dict() == {False: 9, True: 5}


@pytest.mark.parametrize(
    ("log", "file"),
    [
        ("istiod-1.20.8/discovery.log.gz", "istiod-1.20.8/metrics.txt"),
        ("istiod-1.30.3/discovery.log.gz", "istiod-1.30.3/metrics.txt"),
        ("istiod-1.30.3/discovery-debug.log.gz", "istiod-1.30.3/metrics-debug.txt"),
    ],
)
def test_nacks_are_those_of_the_metric(log: str, file: str, real: Real, data: Path) -> None:
    """By type, exactly."""
    table = analysis.errors(real(log))
    nacks = table[table["cause"] == "NACK"].groupby("xds_type", observed=True)["count"].sum()
    for xds_type, count in nacks.items():
        assert count == metric(data, file, "pilot_total_xds_rejects", f'{{type="{str(xds_type).lower()}"}}')


def test_failed_writes_are_those_of_the_metric(real: Real, data: Path) -> None:
    """Each prints two lines."""
    table = analysis.errors(real("istiod-1.20.8/discovery.log.gz")).groupby("cause", observed=True)["count"].sum()
    timeouts = metric(data, "istiod-1.20.8/metrics.txt", "pilot_xds_write_timeout")
    assert table["write timeout"] == table["send failure"] == timeouts


# ---- endpoints ----


def endpoints(seconds: float, service: str, *addresses: str) -> str:
    """What 1.2 to 1.4 print of the endpoints of a service."""
    return at(seconds, f"Handle EDS endpoint {service} in namespace shop -> [{' '.join(addresses)}]", scope="default")


def test_services_whose_endpoints_are_printed(lines: Lines) -> None:
    """How often they went to none and came back is exact."""
    table = analysis.endpoint_churn(
        lines(
            endpoints(1, "cart", "10.0.0.1", "10.0.0.2"),
            endpoints(2, "cart"),
            endpoints(3, "cart"),
            endpoints(4, "cart", "10.0.0.1"),
            endpoints(5, "cart"),
            endpoints(6, "web", "10.0.0.9"),
            component="pilot",
        )
    )
    assert rows(
        table, "service", "updates", "went_empty_low", "went_empty_high", "came_back_low", "came_back_high"
    ) == [
        ("cart", 5, 2, 2, 1, 1),
        ("web", 1, 0, 0, 0, 0),
    ]
    assert rows(table, "endpoints_min", "endpoints_max", "endpoints_last") == [(0, 2, 0), (1, 1, 1)]
    assert table.attrs["coverage"] == ""


def test_services_of_which_lines_say_when_they_are_empty(lines: Lines) -> None:
    """A line for each update to none, even if it was none before; nothing when it comes back."""
    empty = "Incremental push, service cart.shop.svc.cluster.local at shard Kubernetes/Kubernetes has no endpoints"
    table = analysis.endpoint_churn(
        lines(
            at(1, "Full push, new service shop/cart.shop.svc.cluster.local"),
            at(2, empty),
            at(3, empty),
            at(4, "Full push, service accounts changed, cart.shop.svc.cluster.local"),
            at(5, "Cache Update, new service edge/api.example.com", scope="model"),
        )
    )
    names = ("service", "namespace", "updates", "full_pushes", "cache_updates")
    assert rows(table, *names) == [("cart", "shop", 4, 2, 0), ("api.example.com", "edge", 1, 0, 1)]
    assert rows(table, "went_empty_low", "went_empty_high", "came_back_low", "came_back_high")[0] == (1, 2, 0, 2)
    assert "how often it went empty and came back is bounded" in table.attrs["coverage"]


def test_both_names_of_a_service_are_one(lines: Lines) -> None:
    """The registry prints its name, the endpoint store its host."""
    table = analysis.endpoint_churn(
        lines(
            endpoints(1, "cart", "10.0.0.1"),
            at(2, "Full push, service cart.shop.svc.cluster.local has no endpoints"),
            component="pilot",
        )
    )
    assert rows(table, "service", "namespace", "updates", "went_empty_low", "full_pushes") == [
        ("cart", "shop", 2, 1, 1)
    ]


def test_churn_of_a_real_log(real: Real) -> None:
    """As many new services and empty ones as lines."""
    table = analysis.endpoint_churn(real("istiod-1.30.3/discovery.log.gz"))
    assert table["updates"].sum() == 36
    assert table["full_pushes"].sum() == 30
    assert table["went_empty_high"].sum() == 6
    seed = analysis.endpoint_churn(real("seed/pilot.log"))
    assert rows(seed, "service", "updates", "endpoints_min", "endpoints_max") == [("helloworld", 3, 1, 2)]


def test_empty_clusters(lines: Lines) -> None:
    """From the least to the most in one push, by time."""

    def push(seconds: float, proxy: str, empty: int) -> str:
        return at(seconds, f"EDS: PUSH for node:{proxy} resources:4 size:1.5kB empty:{empty} cached:0/4")

    table = analysis.empty_clusters(
        lines(push(1, "a.b", 2), push(2, "a.b", 5), push(3, "c.b", 3), push(12, "a.b", 0)), freq="10s"
    )
    assert rows(table, "pushes", "proxies", "empty_min", "empty_median", "empty_max") == [
        (3, 2, 2, 3.0, 5),
        (1, 1, 0, 0.0, 0),
    ]


def test_no_line_prints_empty_clusters(lines: Lines) -> None:
    """Types other than EDS have none."""
    table = analysis.empty_clusters(lines(at(1, "CDS: PUSH for node:a.b resources:4 size:1.5kB")))
    assert table.empty
    assert "no push line prints `empty:`" in table.attrs["coverage"]


# ---- other shapes of the same tables ----


def encoded(capture: il.Capture) -> il.Capture:
    """The same capture in chunks, repeating text as dictionaries, all of it of run 3."""

    def other(table: pa.Table) -> pa.Table:
        half = table.num_rows // 2
        table = pa.concat_tables([table.slice(0, half), table.slice(half)])
        for place, field in enumerate(table.schema):
            if field.type == pa.string() and field.name not in ("message", "error", "nonce"):
                table = table.set_column(place, field.name, table[field.name].dictionary_encode())
        run = table.schema.get_field_index("run")
        return table.set_column(run, "run", pa.array([3] * table.num_rows, pa.int64()))

    tables = {event: other(table) for event, table in capture.tables.items()}
    return il.Capture(other(capture.events), tables, capture.infos, process_runs=capture.runs.assign(run=3))


@pytest.mark.parametrize("name", [*ANSWERS, "triggers", "push_sizes", "sidecar_savings", "cache_ratio", "gc"])
def test_tables_in_chunks_with_dictionaries_and_runs(name: str, real: Real) -> None:
    """Only `run` differs."""
    log = real("istiod-1.30.3/discovery-debug.log.gz")
    expected, table = (getattr(analysis, name)(capture) for capture in (log, encoded(log)))
    assert set(table["run"]) == {3}
    pd.testing.assert_frame_equal(table.drop(columns="run"), expected.drop(columns="run"), check_like=True)
