"""What other limits would have meant: bounds that hold for recorded rounds and connections."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from mesh import mesh

import istiolog_pd as il
from istiolog_pd import analysis

OPENED = "2026-01-01T00:00:{:09.6f}Z\tinfo\tads\tADS: new connection for node:web-{}.shop-{}"


def connected(*seconds: float) -> il.Capture:
    """One new connection at each of these seconds."""
    lines = [OPENED.format(second, number, number) for number, second in enumerate(seconds)]
    return il.load(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), component="pilot")


def test_connections_wait_for_a_token_and_are_refused_after_a_second() -> None:
    """Ten at once at 5 a second: six get one in 0.2 s steps, a second after the first at most; four are refused."""
    table = analysis.throttle_replay(connected(*[1.0] * 10, 30.0), rates=(5, 100), throttles=())
    slow, fast = table.to_dict("records")
    assert (slow["refused_low"], slow["affected_low"], slow["of"]) == (4, 9, 11)
    assert slow["longest_low"] == pd.Timedelta("1s") and pd.isna(slow["longest_high"])
    assert (fast["refused_low"], fast["affected_low"], fast["affected_high"]) == (0, 9, 9)
    assert fast["longest_low"] == fast["longest_high"] == pd.Timedelta("90ms")


def test_every_limit_refuses_some() -> None:
    """No setting has an upper bound then: the column is one of durations all the same."""
    table = analysis.throttle_replay(connected(*[1.0] * 300), rates=(5, 100), throttles=())
    assert table["longest_high"].isna().all() and table["longest_high"].dtype == "timedelta64[ns]"


def test_limits_of_pushes_are_bounds() -> None:
    """A larger limit never makes more rounds wait, nor longer; one that no round exceeds changes nothing."""
    table = analysis.throttle_replay(mesh("sotw-debug"))
    own = table[table["setting"].eq("PILOT_PUSH_THROTTLE")]
    for name in ("affected_low", "affected_high", "longest_low", "longest_high"):
        assert own[name].is_monotonic_decreasing, name
    assert (own["affected_low"] <= own["affected_high"]).all() and (own["longest_low"] <= own["longest_high"]).all()
    most = analysis.push_rounds(mesh("sotw-debug"))["proxies"].max()
    assert own.loc[own["value"] >= most, "affected_high"].eq(0).all()


def test_nothing_to_replay() -> None:
    """Neither a round nor a connection; a limit of nothing is an error."""
    nothing = il.load(io.BytesIO(b"2026-01-01T00:00:00.000000Z\tinfo\tads\tall is well\n"), component="pilot")
    assert analysis.throttle_replay(nothing).empty and analysis.throttle_replay(nothing).attrs["coverage"]
    with pytest.raises(ValueError, match="1 or more"):
        analysis.throttle_replay(nothing, rates=(0,))
