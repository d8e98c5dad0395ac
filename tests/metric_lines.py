"""Lines that metrics are counted from, and their series as plain values."""

from __future__ import annotations

import loglines
import pandas as pd
from loglines import debounce

Bounds = tuple[float | None, float | None]


def decided(seconds: float, number: int, events: int = 1, total: str = "200ms", full: bool = True) -> str:
    tail = f", full={str(full).lower()}"
    return debounce(seconds, number, "100.5ms", total, tail, " for config ServiceEntry/a/b", events)


def started(seconds: float, version: int, connected: int, full: bool = True, services: int = 15) -> str:
    if full:
        return loglines.full(seconds, version, connected, services)
    return loglines.incremental(seconds, version, connected)


def round_of(
    seconds: float, number: int, connected: int, full: bool = True, events: int = 1, services: int = 15
) -> list[str]:
    """A decision, and its round two milliseconds later."""
    first = decided(seconds, number, events, full=full)
    return [first, started(seconds + 0.002, number, connected, full, services)]


def push(
    seconds: float, xds_type: str, proxy: str, size: str = "1.5kB", words: str = "PUSH", level: str = "info"
) -> str:
    return loglines.push(seconds, xds_type, proxy, words, level, size=size, tail=" cached:3/4")


def opened(seconds: float, number: int, scope: str = "ads") -> str:
    return loglines.opened(seconds, f"web-{number}.shop", number, scope)


def closed(seconds: float, number: int, scope: str = "ads") -> str:
    return loglines.closed(seconds, f"web-{number}.shop", number, scope=scope)


def bounds(table: pd.DataFrame, metric: str, labels: str = "") -> Bounds:
    """The bounds of one series."""
    row = table[(table["metric"] == metric) & (table["labels"] == labels)]
    assert len(row) == 1, f"{metric}{{{labels}}} stands {len(row)} times"
    low, high = (None if pd.isna(end) else float(end) for end in (row["low"].iloc[0], row["high"].iloc[0]))
    value = row["value"].iloc[0]
    exact = low is not None and low == high
    assert (float(value) == low) if exact else pd.isna(value)
    assert row["kind"].iloc[0] == ("exact" if exact else "not answerable" if low is high is None else "bounded")
    return low, high


def pushes_of(table: pd.DataFrame, xds_type: str) -> Bounds:
    return bounds(table, "pilot_xds_pushes", f'type="{xds_type}"')
