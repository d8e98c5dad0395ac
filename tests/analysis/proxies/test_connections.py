"""Sessions of proxies, why they ended, and connections per replica."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from loglines import at, closed, full, opened, replicas, rows

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.proxies._disconnect_reasons import reasons

Real = Callable[[str], il.Capture]

Lines = Callable[..., il.Capture]


def rounds(seconds: float, connected: int) -> str:
    """A round begins."""
    return full(seconds, 1, connected)


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
