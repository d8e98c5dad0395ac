"""Which proxies were behind: a recorded mesh in which one was stopped at a time."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from mesh import mesh, recorded

import istiolog_pd as il
from istiolog_pd import analysis


def stopped(kind: str) -> tuple[str, pd.Timestamp, pd.Timestamp]:
    """The pod that was stopped, and from when until when."""
    actions = recorded("sotw-debug/actions.tsv").set_index("action")
    stop, go = (actions.loc[f"{kind}_{signal}"] for signal in ("SIGSTOP", "SIGCONT"))
    return str(stop["object"]), stop["time"], go["time"]


@pytest.mark.parametrize("kind", ["envoy", "agent"])
def test_a_stopped_proxy_is_behind_until_it_goes_on(kind: str) -> None:
    """A round came while it was stopped: it alone lacked that, and nobody a while before and after."""
    pod, start, end = stopped(kind)
    before, while_, after = (
        analysis.stale_proxies(mesh("sotw-debug"), at=moment)
        for moment in (start - pd.Timedelta("0.5s"), end - pd.Timedelta("1s"), end + pd.Timedelta("2s"))
    )
    assert len(while_) >= 20
    behind = while_[while_["behind_high"] > 0]
    assert behind["proxy"].tolist() == [pod]
    assert behind[["behind_low", "behind_high"]].iloc[0].tolist() == [1, 1]
    assert behind["reason"].tolist() == ["not acknowledged"]
    assert start < behind["since"].iloc[0] < end
    for table in (before, after):
        assert (table["behind_high"] == 0).all() and table["reason"].isna().all()


def test_without_acknowledgements_nothing_is_sure() -> None:
    """At info: a proxy may lack what was sent to it, and the coverage says why."""
    pod, at = "cart-5f6b7c8d9-x2k4p.shop", "2026-11-30T13:11:30Z"
    table = analysis.stale_proxies(mesh("info"), at=at)
    own = table.set_index("proxy").loc[pod]
    assert own["behind_low"] == 0 and own["behind_high"] >= 1 and own["reason"] == "not told"
    assert table["round"].isna().all()
    assert "no acknowledgement is printed" in table.attrs["coverage"]


def test_what_is_sent_after_a_time_was_lacking_then() -> None:
    """The round had begun, its push came later; a proxy that nobody pushed to before is not known yet. (An update of it
    alone would have had clusters too.)"""
    line = "2026-01-01T00:00:{}Z\tinfo\tads\t{}"
    push = "{}: PUSH{} for node:{}.x resources:4 size:1.5kB"
    log = [
        line.format("01.000000", push.format("CDS", " request", "a")),
        line.format("02.000000", "XDS: Pushing Services:9 ConnectedEndpoints:2 Version:2026-01-01T00:00:02Z/1"),
        line.format("05.000000", push.format("RDS", "", "a")),
        line.format("05.100000", push.format("RDS", "", "b")),
    ]
    capture = il.load(io.BytesIO("".join(f"{text}\n" for text in log).encode()), component="pilot")
    [row] = analysis.stale_proxies(capture, at="2026-01-01 00:00:03").itertuples()
    assert (row.proxy, row.behind_low, row.behind_high, row.reason) == ("a.x", 1, 1, "sent later")
    assert row.since == pd.Timestamp("2026-01-01T00:00:02Z")
    assert analysis.stale_proxies(capture, at="2025-12-31").empty
    with pytest.raises(ValueError, match="soon"):
        analysis.stale_proxies(capture, at="soon")
