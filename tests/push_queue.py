"""A model of istiod's push queue (pilot/pkg/xds/pushqueue.go): the lines it prints, and the round of each push.

A connection has one push on its way and one that waits, into which everything merges that is queued meanwhile:
rounds, and updates of that proxy alone.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import pandas as pd

MIDNIGHT = pd.Timestamp("2026-01-01T00:00:00Z")
TYPES = ("CDS", "EDS", "LDS", "RDS")
OWN = "own"


class Line(NamedTuple):
    """A line; `truth`: the round of a push, `OWN` for an update of one proxy, null for the answer to a request."""

    ms: float
    text: str
    truth: object = None
    push: bool = False


class Event(NamedTuple):
    """A round that begins (`kind` F or E), with its number and version, or an update of `proxy` alone (O)."""

    ms: float
    kind: str
    number: int = -1
    version: int = 0
    proxy: str = ""
    types: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()


def run(seed: int, *, debug: bool, scoped: bool, busy: bool) -> list[Line]:
    """The lines of one process in order; `scoped`: rounds leave proxies out, `busy`: they overlap."""
    rng = random.Random(seed)
    proxies = [f"p{number}.x" for number in range(rng.randint(1, 4))]
    events = _events(rng, proxies, scoped=scoped, busy=busy)
    lines = [
        _line(number, f"ADS: new delta connection for node:{proxy}-{number}") for number, proxy in enumerate(proxies)
    ]
    lines += [_push(20 + n, xds_type, proxy, " request", None) for proxy in proxies for n, xds_type in enumerate(TYPES)]
    for event in events:
        if event.kind != "O":
            what = "Pushing Services:1" if event.kind == "F" else "Incremental Pushing"
            version = f"2026-01-01T00:00:00Z/{event.version}"
            lines.append(_line(event.ms, f"XDS: {what} ConnectedEndpoints:{len(proxies)} Version:{version}"))
    for proxy in proxies:
        own = [event for event in events if event.kind != "O" or event.proxy == proxy]
        lines += _to_one(rng, proxy, own, debug=debug, busy=busy)
    return sorted(lines, key=lambda line: line.ms)


def _events(rng: random.Random, proxies: list[str], *, scoped: bool, busy: bool) -> list[Event]:
    """Rounds at intervals of a debounce and more, and updates of one proxy at any time between."""
    ms, version, events = 100.0, 0, []
    for number in range(rng.randint(2, 12)):
        ms += rng.choice([100, 101, 120] if busy else [100, 110, 150, 400, 3000])
        kind = rng.choice("FFE")
        version += kind == "F"
        types = rng.choice([("CDS", "LDS", "RDS"), TYPES, ("RDS",), ("EDS",), ("LDS", "RDS")])
        left_out = frozenset(proxy for proxy in proxies if scoped and rng.random() < 0.4)
        events.append(Event(ms, kind, number, version, types=types, left_out=left_out))
        if rng.random() < 0.5:
            after = rng.choice([0.05, 1, 30, 100, 700, 2000, 5000])
            events.append(Event(ms + after, "O", proxy=rng.choice(proxies)))
    return sorted(events)


def _to_one(rng: random.Random, proxy: str, events: list[Event], *, debug: bool, busy: bool) -> list[Line]:
    """The pushes to one connection: what is queued while one is on its way is the next."""
    lines, free, at = [], 0.0, 0
    while at < len(events):
        queued = max(free, events[at].ms + rng.choice([0.01, 0.02]))
        ms = queued + rng.choice([0.05, 0.2, 1, 150, 400] if busy else [0.05, 0.2, 1, 5])
        taken = queued + rng.choice([0.02, (ms - queued) * 0.9])
        batch = [events[at], *(event for event in events[at + 1 :] if event.ms + 0.02 <= taken)]
        at += len(batch)
        full = [event for event in batch if event.kind == "F"]
        alone = any(event.kind == "O" for event in batch)
        wanted = {name for event in full if proxy not in event.left_out for name in event.types}
        types = TYPES if alone else [name for name in TYPES if name in wanted]
        version = max(event.version for event in (*batch, *events[:at]))
        printed = f"2026-01-01T00:00:00Z/{version}"
        tail = f" nonce:{printed}abc version:{printed}" if debug and version else ""
        for xds_type in types:
            lines.append(_push(ms, xds_type, proxy, "", full[-1].number if full else OWN, tail))
            ms += rng.choice([0.1, 0.3, 2, 60, 200] if busy else [0.1, 0.3, 2, 15])
        if debug and not full and not alone:
            lines.append(_push(ms, "EDS", proxy, " INC", batch[-1].number, level="debug"))
        elif debug and not types:
            lines.append(_line(ms, f"Skipping push to {proxy}-{proxy[1:-2]}, no updates required", "debug"))
        free = ms + 0.1
    return lines


def _push(ms: float, xds_type: str, proxy: str, words: str, truth: object, tail: str = "", level: str = "info") -> Line:
    text = f"{xds_type}: PUSH{words} for node:{proxy} resources:4 size:1.5kB{tail}"
    return _line(ms, text, level)._replace(truth=truth, push=True)


def _line(ms: float, message: str, level: str = "info") -> Line:
    time = MIDNIGHT + pd.Timedelta(ms, "ms")
    return Line(ms, "\t".join([time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), level, "ads", message]))
