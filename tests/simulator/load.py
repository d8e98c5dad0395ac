"""What happens to the mesh: changes of configuration and endpoints, connections that come and go.

Times are nanoseconds since 1970, in whole microseconds: that is what a log can print.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.simulator.settings import Settings

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SECOND = 1_000_000_000
MINUTE = 60 * SECOND

#: Kinds of changed objects: how often (of changes that are not endpoints only), and what they make push from 1.5 on.
KINDS = {"ServiceEntry": (0.4, 15), "VirtualService": (0.3, 12), "DestinationRule": (0.2, 3), "Gateway": (0.1, 12)}
ENDPOINTS = 2  # bit of EDS
ALL_TYPES = 15
TYPES = ("CDS", "EDS", "LDS", "RDS")
REASONS = {"ServiceEntry": "service", "Gateway": "config", "VirtualService": "config", "DestinationRule": "config"}


def stream(seed: int, purpose: int) -> np.random.Generator:
    """A random stream of its own for each purpose, so that a setting changes only what depends on it."""
    return np.random.default_rng([seed, purpose])


def micro(values: Any) -> Ints:
    """Nanoseconds rounded to whole microseconds."""
    return np.asarray(np.round(np.asarray(values, np.float64) / 1000), np.int64) * 1000


def changes(settings: Settings, seed: int) -> pd.DataFrame:
    """Every change event: `time`, `full`, `config_kind`, `config_namespace`, `config_name`, `reason`, `new_service`."""
    random = stream(seed, 1)
    end = settings.span("duration")
    steady = [
        random.uniform(0, end, random.poisson(rate * end / SECOND))
        for rate in (settings.endpoint_rate, settings.config_rate)
    ]
    starts = random.uniform(0, end, random.poisson(settings.bursts_per_minute * end / MINUTE))
    sizes = random.poisson(settings.burst_events, len(starts))
    within = random.uniform(0, settings.span("burst_length"), int(sizes.sum()))
    burst = np.repeat(starts, sizes) + within
    times = np.concatenate([*steady, burst])
    full = np.concatenate(
        [np.zeros(len(steady[0]), bool), np.ones(len(steady[1]), bool), random.random(len(burst)) < 0.3]
    )
    keep = times < end
    order = np.argsort(times[keep], kind="stable")
    table = described(micro(times[keep][order]) + settings.begin, full[keep][order], settings, random)
    return with_start(table, settings)


def described(times: Ints, full: Flags, settings: Settings, random: np.random.Generator) -> pd.DataFrame:
    """Changes with the object that each is about."""
    count = len(times)
    shares = np.array([share for share, _ in KINDS.values()])
    kind = np.where(full, random.choice(list(KINDS), count, p=shares / shares.sum()), "ServiceEntry").astype(object)
    service = random.integers(0, settings.services, count)
    new = full & (kind == "ServiceEntry")
    number = np.where(new, settings.services + np.cumsum(new) - 1, service)
    namespace = number % settings.namespaces
    prefix = pd.Series(kind).map(
        {"ServiceEntry": "svc", "VirtualService": "vs", "DestinationRule": "dr", "Gateway": "gw"}
    )
    spaces = pd.Series(namespace).map("ns-{}".format).astype(object)
    names = prefix.astype(object) + "-" + pd.Series(number).astype(str).astype(object)
    hosts = names + "." + spaces + ".svc.cluster.local"
    types = np.where(full, pd.Series(kind).map({name: bits for name, (_, bits) in KINDS.items()}), ENDPOINTS)
    return pd.DataFrame(
        {
            "time": times,
            "full": full,
            "config_kind": kind,
            "config_namespace": spaces,
            "config_name": hosts.where(kind == "ServiceEntry", names),
            "reason": np.where(full, pd.Series(kind).map(REASONS), "endpoint"),
            "new_service": new,
            "namespace": namespace,
            "types": types if settings.since("1.5") else np.where(full, ALL_TYPES, ENDPOINTS),
        }
    )


def with_start(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Changes with one full one at the start of each process, when it has read everything for the first time."""
    at = [settings.begin, *(settings.begin + pd.Timedelta(text).value for text in settings.restarts)]
    first = pd.DataFrame(
        {
            "time": at,
            "full": True,
            "config_kind": "ServiceEntry",
            "config_namespace": "ns-0",
            "config_name": "svc-0.ns-0.svc.cluster.local",
            "reason": "service",
            "new_service": False,
            "namespace": 0,
            "types": ALL_TYPES,
        }
    )
    both = pd.concat([first, table], ignore_index=True) if len(table) else first
    return both.sort_values("time", kind="stable", ignore_index=True)


def pods(settings: Settings, seed: int) -> pd.DataFrame:
    """The proxies: `pod`, `namespace`, `proxy`, `ip`, `scoped`, `delta`, `offset` (their clock's, ns)."""
    random = stream(seed, 2)
    count = settings.proxies
    number = np.arange(count)
    space = number % settings.namespaces
    marks = random.integers(0, 36**5, count)
    names = [f"app-{n}-{_letters(mark)}" for n, mark in zip(number, marks, strict=True)]
    spaces = [f"ns-{n}" for n in space]
    offset = random.normal(0, max(1, pd.Timedelta(settings.clock_offset).value), count)
    return pd.DataFrame(
        {
            "pod": names,
            "namespace": spaces,
            "space": space,
            "proxy": [f"{name}.{where}" for name, where in zip(names, spaces, strict=True)],
            "ip": [f"10.{n // 62500 + 1}.{n // 250 % 250}.{n % 250 + 2}" for n in number],
            "scoped": random.random(count) < settings.scoped,
            "delta": random.random(count) < settings.delta_share,
            "offset": micro(offset) if settings.clock_offset != "0" else np.zeros(count, np.int64),
        }
    )


def _letters(number: int) -> str:
    """Five letters and digits, as Kubernetes ends the name of a pod."""
    signs = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(signs[int(number) // len(signs) ** place % len(signs)] for place in range(5))


def sessions(settings: Settings, seed: int, run: int, begin: int, end: int) -> pd.DataFrame:
    """The connections of one process: `pod` (number), `open`, `close`, `cause`, `connection`, `peer_port`.

    Every proxy connects within seconds of the start. A connection ends at the maximum age (with gRPC's
    jitter of a tenth) or when the proxy loses it, and is made anew a moment later; those that are there
    when the process ends have no end (`close` is the end of the process, `cause` is ``end``).
    """
    random = stream(seed, 100 + run)
    age = pd.Timedelta(settings.max_age).value
    mean = 3600 * SECOND / max(settings.flaps_per_hour, 1e-9)
    at = begin + random.uniform(0.8, 3.0, settings.proxies) * SECOND
    who = np.arange(settings.proxies)
    parts = []
    while len(who):
        lives = random.uniform(0.9, 1.1, len(who)) * age
        flaps = random.exponential(mean, len(who))
        close = at + np.minimum(lives, flaps)
        cause = np.where(close >= end, "end", np.where(flaps < lives, "lost", "age"))
        parts.append(
            pd.DataFrame({"pod": who, "open": micro(at), "close": micro(np.minimum(close, end)), "cause": cause})
        )
        at = close + random.exponential(0.3 * SECOND, len(who)) + 0.02 * SECOND
        keep = at < end
        who, at = who[keep], at[keep]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["pod", "open", "close", "cause"])
    table = table[table["open"] < end].sort_values("open", kind="stable", ignore_index=True)
    table["connection"] = table.index + 1
    table["peer_port"] = random.integers(32768, 60999, len(table))
    return table.astype({"pod": np.int64, "open": np.int64, "close": np.int64})
