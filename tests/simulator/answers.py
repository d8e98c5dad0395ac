"""From turns in the queue to pushes of one type each: when, how large, and what Envoy answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tests.simulator.load import Ints, micro, stream
from tests.simulator.queue import RING, durations
from tests.simulator.settings import Settings

#: Bytes of one resource of a type.
UNITS = np.array([950, 350, 3000, 1100])
NEVER = -1
#: The order in which types are pushed: 1.0 sent routes before listeners.
ORDER, OLD_ORDER = (0, 1, 2, 3), (0, 1, 3, 2)

FULL, INCREMENTAL, REQUEST = range(3)
PUSH_TYPES = ("full", "incremental", "request")


def pushes(
    settings: Settings, seed: int, rounds: pd.DataFrame, sessions: pd.DataFrame, served: pd.DataFrame
) -> pd.DataFrame:
    """Every push of one type to one proxy, in the order of sending.

    Returns
    -------
    pandas.DataFrame
        `session`, `type` (place in `TYPES`), `kind` (place in `PUSH_TYPES`), `round_first`, `round_last`
        (-1 of a request), `context` (the round whose push context it was built of), `built`, `sent` (ns;
        when building began and when it was sent), `failed`, sizes, and Envoy's `received`, `applied`,
        `acknowledged` (ns, -1 if it never came) and `rejected`.
    """
    queued = _of_rounds(settings, seed, rounds, served)
    asked = _at_start(settings, seed, sessions)
    watched = np.full((len(sessions), 4), 1 << 62)
    watched[asked["session"], asked["type"]] = asked["built"]
    in_time = queued["built"].to_numpy() >= watched[queued["session"], queued["type"]]
    queued = queued.loc[in_time]
    table = pd.concat([queued, asked, _warming(settings, rounds, queued)], ignore_index=True)
    close = sessions["close"].to_numpy()[table["session"]]
    built = table["built"].to_numpy() < close
    table, close = table[built].reset_index(drop=True), close[built]
    sent = table["sent"].to_numpy()
    table["failed"] = sent >= close
    starts = rounds["start"].to_numpy()
    before = np.searchsorted(starts, table["built"].to_numpy(), "right") - 1
    table["context"] = np.where(table["round_last"] >= 0, table["round_last"], before)
    _sizes(settings, rounds, sessions, table)
    table = table.iloc[np.argsort(sent, kind="stable")].reset_index(drop=True)
    _answers(settings, seed, sessions, table)
    return table


def _of_rounds(settings: Settings, seed: int, rounds: pd.DataFrame, served: pd.DataFrame) -> pd.DataFrame:
    order = np.array(ORDER if settings.since("1.1") else OLD_ORDER)
    bits = (served["types"].to_numpy()[:, None] >> order) & 1
    took = durations(settings, seed)[np.arange(len(served)) % RING][:, order] * bits
    sent = served["begin"].to_numpy()[:, None] + np.cumsum(took, axis=1)
    turn, place = np.nonzero(bits)
    first, last = (served[name].to_numpy() for name in ("round_first", "round_last"))
    whole = np.concatenate([[0], np.cumsum(rounds["wide"].to_numpy())])
    kind = np.where(whole[last + 1] > whole[first], FULL, INCREMENTAL)
    return pd.DataFrame(
        {
            "session": served["session"].to_numpy()[turn],
            "type": order[place],
            "kind": kind[turn],
            "round_first": first[turn],
            "round_last": last[turn],
            "built": (sent - took)[turn, place],
            "sent": sent[turn, place],
        }
    )


def _at_start(settings: Settings, seed: int, sessions: pd.DataFrame) -> pd.DataFrame:
    """What every proxy asks for when it connects: clusters, then endpoints and listeners, then routes."""
    random = stream(seed, 4)
    count = len(sessions)
    trip = 2 * settings.span("network") + settings.span("apply_time")
    wait = trip * random.uniform(0.7, 1.5, (count, 4)) * np.array([0.3, 1, 0.6, 1])
    build = random.uniform(0.5, 1.5, (count, 4)) * settings.span("push_time")
    times = sessions["open"].to_numpy()[:, None] + np.cumsum(micro(wait) + micro(build), axis=1)
    return pd.DataFrame(
        {
            "session": np.repeat(np.arange(count), 4),
            "type": np.tile(np.arange(4), count),
            "kind": REQUEST,
            "round_first": -1,
            "round_last": -1,
            "built": (times - micro(build)).ravel(),
            "sent": times.ravel(),
        }
    )


def _warming(settings: Settings, rounds: pd.DataFrame, queued: pd.DataFrame) -> pd.DataFrame:
    """Requests for the endpoints of clusters that a push has brought: Envoy warms them."""
    new = np.concatenate([[0], np.cumsum(rounds["new_services"].to_numpy())])
    brought = new[queued["round_last"].to_numpy() + 1] > new[queued["round_first"].to_numpy()]
    table: pd.DataFrame = queued.loc[brought & queued["type"].eq(0).to_numpy()].copy()
    table["type"], table["kind"], table["round_first"], table["round_last"] = 1, REQUEST, -1, -1
    trip = 2 * settings.span("network") + settings.span("apply_time")
    rest = 4 * settings.span("push_time")  # the connection is busy with the other types
    table["built"] = table["sent"] + trip + rest
    table["sent"] = table["built"] + settings.span("push_time") // 2 // 1000 * 1000
    return table


def _sizes(settings: Settings, rounds: pd.DataFrame, sessions: pd.DataFrame, table: pd.DataFrame) -> None:
    """Resources and bytes of each push, and what of them was in the cache."""
    session, typ, kind = (table[name].to_numpy() for name in ("session", "type", "kind"))
    context = np.maximum(table["context"].to_numpy(), 0)
    grown = rounds["new_services"].to_numpy().cumsum() if len(rounds) else np.zeros(1, np.int64)
    seen = settings.services + grown[np.minimum(context, len(grown) - 1)]
    seen = np.where(sessions["scoped"].to_numpy()[session], seen // settings.namespaces + 1, seen)
    whole = np.stack([seen + 6, seen, 9 + seen // 5, 3 + seen // 10])[typ, np.arange(len(table))]
    events = np.concatenate([[0], np.cumsum(rounds["events"].to_numpy())])
    changed = events[table["round_last"].to_numpy() + 1] - events[np.maximum(table["round_first"].to_numpy(), 0)]
    changed = np.clip(changed, 1, seen)
    delta = sessions["delta"].to_numpy()[session] & (typ < 2) & (kind == FULL)
    part = delta | ((kind == INCREMENTAL) & settings.since("1.5"))
    warming = (kind == REQUEST) & (typ == 1) & (table["built"] - sessions["open"].to_numpy()[session] > 10**9)
    resources = np.where(part, changed, np.where(warming, 1, whole))
    jitter = 100 + (session * 7919 + typ * 31) % 11 - 5
    table["resources"] = resources
    table["clusters"] = seen
    table["size_bytes"] = resources * UNITS[typ] * jitter // 100
    table["cacheable"] = np.where(typ == 0, np.maximum(resources - 6, 0), resources)
    table["cached"] = np.where(session % 10 == 0, 0, table["cacheable"])
    table["empty"] = np.where(resources == whole, seen // 20, 0)


def _answers(settings: Settings, seed: int, sessions: pd.DataFrame, table: pd.DataFrame) -> None:
    """When Envoy got a push, applied or rejected it, and when the control plane heard of it."""
    random = stream(seed, 5)
    count = len(table)
    sent, failed = table["sent"].to_numpy(), table["failed"].to_numpy()
    network = settings.span("network")
    way = np.maximum(1000, micro(network * random.lognormal(0, 0.2, count)))
    back = np.maximum(1000, micro(network * random.lognormal(0, 0.2, count)))
    weight = np.array([1.0, 0.3, 0.8, 0.3])[table["type"].to_numpy()]
    apply = np.maximum(1000, micro(settings.span("apply_time") * weight * random.lognormal(0, 0.5, count)))
    received = sent + way
    acknowledged = received + apply + back
    close = sessions["close"].to_numpy()[table["session"]]
    table["received"] = _unless(received, failed | (received >= close))
    table["applied"] = _unless(received + apply, failed | (received + apply >= close))
    table["acknowledged"] = _unless(acknowledged, failed | (acknowledged >= close))
    table["rejected"] = (random.random(count) < settings.nack_share) & (table["acknowledged"] >= 0)


def _unless(times: Ints, never: Any) -> Ints:
    out: Ints = np.where(never, NEVER, times)
    return out


def named(codes: Any, names: Sequence[str]) -> pd.Series[Any]:
    """Places in a list of names as categories."""
    dtype = pd.CategoricalDtype(list(names))
    return pd.Series(pd.Categorical.from_codes(np.asarray(codes, np.int64), dtype=dtype))
