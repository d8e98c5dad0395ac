"""Lines of istiod, agent and Envoy about one push, and their times as plain values."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
from loglines import MIDNIGHT, at, log, read

import istiolog_pd as il

POD, PROXY = "web-1", "web-1.shop"

SIDECAR = f"proxies/shop/{POD}/istio-proxy.log"

MS = pd.Timedelta("1ms")

DTYPES = {
    "proxy": "str",
    "xds_type": "category",
    "push_version": "str",
    "nonce": "str",
    **dict.fromkeys(("sent", "received", "applied", "acknowledged"), "datetime64[ns, UTC]"),
    **dict.fromkeys(("clock_offset_low", "clock_offset_high", "delay_low", "delay_high"), "timedelta64[ns]"),
    "exact": "boolean",
    **dict.fromkeys(("nacked", "warmed", "first_request"), "datetime64[ns, UTC]"),
}


def nonce(number: int) -> str:
    return f"2026-01-01T00:00:00Z/7{number:08x}-18d1-4aa1-9dec-1f9cd0cc7d3e"


def opened(seconds: float, connection: int = 1) -> str:
    return at(seconds, f"ADS: new delta connection for node:{PROXY}-{connection}", scope="delta")


def push(seconds: float, xds_type: str = "CDS", number: int | None = None, words: str = "PUSH") -> str:
    """A push; a nonce is printed at debug only."""
    tail = "" if number is None else f" nonce:{nonce(number)} version:2026-01-01T00:00:00Z/7"
    return at(
        seconds,
        f"{xds_type}: {words} for node:{PROXY} resources:4 removed:0 size:1.5kB cached:0/4{tail}",
        scope="delta",
    )


def answer(seconds: float, number: int, xds_type: str = "CDS") -> str:
    """istiod, debug: the proxy's answer to a push."""
    return at(seconds, f"ADS:{xds_type}: REQ {PROXY}-1 resources sub:0 unsub:0 nonce:{nonce(number)}", "debug", "delta")


def rejection(seconds: float, xds_type: str = "CDS") -> str:
    return at(seconds, f"ADS:{xds_type}: ACK ERROR {PROXY}-1 Internal:bad", "warn", "delta")


def response(seconds: float, number: int, xds_type: str = "CDS") -> str:
    """The agent, debug."""
    return at(
        seconds,
        f"upstream response\tid=1 type={xds_type} nonce={nonce(number)} resources=4 removes=0",
        "debug",
        "xdsproxy",
    )


def reply(seconds: float, number: int, xds_type: str = "CDS") -> str:
    """The agent, debug: Envoy's answer."""
    return at(
        seconds,
        f"delta request\tid=1 type={xds_type} sub=0 unsub=0 nonce={nonce(number)} initial=0",
        "debug",
        "xdsproxy",
    )


def envoy(seconds: float, message: str, level: str = "info") -> str:
    return at(seconds, f"{message}\tthread=22", level, "envoy upstream external/envoy/source/x.cc:35")


def clusters(seconds: float) -> list[str]:
    """Envoy's two lines of an update of clusters."""
    return [
        envoy(seconds, "cds: add 4 cluster(s), remove 1 cluster(s)"),
        envoy(seconds + 0.001, "cds: added/updated 3 cluster(s), skipped 1 unmodified cluster(s)"),
    ]


def listener(seconds: float, name: str = "0.0.0.0_80") -> str:
    return envoy(seconds, f"lds: add/update listener '{name}'")


def file(name: str, *lines: Any) -> io.BytesIO:
    return log(*lines, name=name)


def capture(pilot: list[Any], sidecar: list[Any], name: str = SIDECAR) -> il.Capture:
    return read(*[file("istiod.log", pilot)] * bool(pilot), file(name, sidecar))


def seconds(column: pd.Series[Any]) -> list[float | None]:
    """Times in seconds since midnight, nulls as None."""
    return [None if pd.isna(time) else (time - MIDNIGHT) / pd.Timedelta("1s") for time in column]


def millis(column: pd.Series[Any]) -> list[float | None]:
    return [None if pd.isna(span) else span / MS for span in column]
