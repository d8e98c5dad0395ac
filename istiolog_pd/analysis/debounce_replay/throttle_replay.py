"""What other limits of istiod would have meant: pushes in flight at once, and new connections per second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import Answer, Col, answers
from istiolog_pd.analysis._intervals import Ints
from istiolog_pd.analysis._needs import ADS_INFO, Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import join_notes
from istiolog_pd.analysis._time import as_nanoseconds
from istiolog_pd.analysis.proxies.connections import connections
from istiolog_pd.analysis.pushes.rounds import pushes
from istiolog_pd.capture import Capture

THROTTLE = Answer(
    "throttle_replay",
    "One row per setting and value, the smallest value first",
    columns=(
        Col("setting", "category", "", "``PILOT_PUSH_THROTTLE`` or ``PILOT_MAX_REQUESTS_PER_SECOND``"),
        Col("value", "Int64", "", "value of the setting"),
        Col("affected_low", "Int64", "", "rounds, or connections, that would surely have waited"),
        Col("affected_high", "Int64", "", "rounds, or connections, that may have waited"),
        Col("of", "Int64", "", "all rounds with pushes, or all connections"),
        Col("longest_low", "timedelta64[ns]", "ns", "longest time to the last proxy of a round, or wait, at least"),
        Col("longest_high", "timedelta64[ns]", "ns", "the same at most; null: no bound"),
        Col("refused_low", "Int64", "", "connections that would surely have been refused; null for rounds"),
    ),
    needs=(
        pushed("what another limit of pushes at once would have meant"),
        Need("what another limit of connections per second would have meant", ("connection_open",), ADS_INFO),
    ),
)

PUSHES_AT_ONCE, PER_SECOND = "PILOT_PUSH_THROTTLE", "PILOT_MAX_REQUESTS_PER_SECOND"
THROTTLES, RATES = (5, 10, 20, 50, 100, 200), (5, 10, 25, 50, 100)
SECOND = 10**9
#: So long a new connection waits for its turn before istiod refuses it.
PATIENCE = SECOND

ALREADY = (
    "the limits that were in force are not logged: what they held back stays held back, so these are replays of what "
    "passed them"
)


@answers(THROTTLE)
def throttle_replay(
    capture: Capture, *, throttles: Sequence[int] = THROTTLES, rates: Sequence[int] = RATES
) -> pd.DataFrame:
    """What other limits would have meant for the recorded rounds and connections, as bounds.

    Parameters
    ----------
    capture
        Logs of a control plane.
    throttles
        Values of ``PILOT_PUSH_THROTTLE``: proxies that are pushed to at the same time.
    rates
        Values of ``PILOT_MAX_REQUESTS_PER_SECOND``: new connections per second.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if neither a round nor a connection is logged.

    Raises
    ------
    ValueError
        If a value is below 1.

    Notes
    -----
    pilot/pkg/xds/discovery.go (``doSendPushes``), pilot/pkg/xds/ads.go (``WaitForRequestLimit``). A proxy is being
    pushed to at least from its first line of a round to its last. With a limit below the most that were at once
    a round waits surely; with one that its proxies do not exceed it surely does not. Its end: not before the
    longest push, or all of them in turns (of those that surely are of the round); not after as many turns as the
    limit makes of its proxies, each as long as the whole round took, which holds if fewer at once are no slower. A
    new connection waits for a token, a second at most, then it is refused and tries again, which the log does not
    have: `refused_low`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> capture = il.load("data/mesh-1.30.3/info/istiod.log.gz")
    >>> table = il.analysis.throttle_replay(capture, throttles=(100,), rates=(100,))
    >>> table[["setting", "affected_low", "affected_high"]].to_dict("records")[0]
    {'setting': 'PILOT_PUSH_THROTTLE', 'affected_low': 0, 'affected_high': 0}
    """
    values = [*throttles, *rates]
    if any(value < 1 for value in values):
        raise ValueError(f"a limit is 1 or more, not {min(values)}")
    sent, sessions = pushes(capture), connections(capture)
    parts = []
    spans, sure = _spans(sent), _spans(sent[sent["certain"].fillna(False).astype(bool)])
    if len(spans):
        parts += [_throttled(spans, sure, value) for value in sorted(throttles)]
    opened = sessions.dropna(subset=["opened"])
    if len(opened):
        times = [np.sort(as_nanoseconds(own)) for _, own in opened["opened"].groupby(opened["run"])]
        parts += [_limited(times, value) for value in sorted(rates)]
    if not parts:
        said = join_notes(str(sent.attrs["coverage"]), str(sessions.attrs["coverage"]))
        return empty_result(THROTTLE, said or "no round with pushes and no new connection is in the log")
    return as_result(pd.DataFrame(parts), THROTTLE, join_notes(ALREADY, str(sent.attrs["coverage"])))


def _spans(sent: pd.DataFrame) -> pd.DataFrame:
    """When each proxy was surely being pushed to in each round: `begin` to `end`, and `took`."""
    own = sent.dropna(subset=["round", "proxy", "timestamp"])
    spans = own.groupby(["round", "proxy"], sort=False)["timestamp"].agg(["min", "max"]).reset_index()
    return pd.DataFrame(
        {
            "round": spans["round"].to_numpy(np.int64),
            "begin": as_nanoseconds(spans["min"]),
            "end": as_nanoseconds(spans["max"]),
        }
    )


def _throttled(spans: pd.DataFrame, sure: pd.DataFrame, value: int) -> dict[str, object]:
    """The rounds with that many pushes at once; `sure`: those of which the round is certain."""
    took = (sure["end"] - sure["begin"]).groupby(sure["round"])
    rounds = spans.groupby("round").agg(begin=("begin", "min"), end=("end", "max"), proxies=("begin", "size"))
    rounds = rounds.assign(work=took.sum(), longest=took.max(), at_once=_at_once(sure)).fillna(0)
    whole = rounds["end"] - rounds["begin"]
    turns = -(-rounds["proxies"] // value)
    low = np.maximum(rounds["longest"], rounds["work"] // value)
    return {
        "setting": PUSHES_AT_ONCE,
        "value": value,
        "affected_low": int((rounds["at_once"] > value).sum()),
        "affected_high": int((rounds["proxies"] > value).sum()),
        "of": len(rounds),
        "longest_low": pd.Timedelta(int(low.max()), "ns"),
        "longest_high": pd.Timedelta(int((whole * turns).max()), "ns"),
    }


def _at_once(spans: pd.DataFrame) -> pd.Series[int]:
    """The most proxies of each round that were surely being pushed to at one time."""
    size = len(spans)
    steps = pd.DataFrame(
        {
            "round": np.tile(spans["round"].to_numpy(), 2),
            "time": np.concatenate([spans["begin"], spans["end"]]),
            "step": np.repeat([1, -1], size),
        }
    ).sort_values(["round", "time", "step"], kind="stable")
    counts: pd.Series[int] = steps["step"].groupby(steps["round"]).cumsum().groupby(steps["round"]).max()
    return counts.clip(lower=1)


def _limited(times: list[Ints], value: int) -> dict[str, object]:
    """The connections with that many per second: a bucket that holds one token."""
    waits, refused = [0], 0
    for own in times:
        free = 0  # when the next token is there
        for time in own.tolist():
            wait = max(free - time, 0)
            if wait > PATIENCE:
                refused += 1
                continue
            waits.append(wait)
            free = max(free, time) + SECOND // value
    delayed = sum(wait > 0 for wait in waits)
    return {
        "setting": PER_SECOND,
        "value": value,
        "affected_low": delayed + refused,
        "affected_high": sum(map(len, times)) if refused else delayed,
        "of": sum(map(len, times)),
        "longest_low": pd.Timedelta(max(waits), "ns"),
        "longest_high": pd.NaT if refused else pd.Timedelta(max(waits), "ns"),
        "refused_low": refused,
    }
