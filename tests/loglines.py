"""Lines of logs as Istio writes them: one function for each line that tests need, and captures of some lines.

This is also the shortest page on the log format. Times are seconds after `MIDNIGHT`; each function says which
versions print the line, at which level, and from where in Istio's source. A control plane and an agent write
``time<TAB>level<TAB>scope<TAB>message``; the default scope is not printed.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

import istiolog_pd as il

MIDNIGHT = pd.Timestamp("2026-01-01T00:00:00Z")
#: What a push version begins with; a number counts after it.
VERSION = "2026-01-01T00:00:00Z/"

#: One line, or some.
Lines = str | Iterable["Lines"]


# ---- headers ----


def at(seconds: float, message: str, level: str = "info", scope: str = "ads", day: pd.Timestamp = MIDNIGHT) -> str:
    """A line of a control plane or an agent; an empty scope is the default one, which is not printed."""
    time = day + pd.Timedelta(round(seconds * 1e6), "us")
    return "\t".join([time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), level, *filter(None, [scope]), message])


def envoy(seconds: float, message: str, level: str = "info", scope: str = "upstream") -> str:
    """A line of Envoy in its own layout, as proxies print it to 1.18: cluster_manager_impl.cc and others."""
    time = MIDNIGHT + pd.Timedelta(round(seconds * 1e6), "us")
    stamp = time.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"[{stamp}][18][{level}][{scope}] external/envoy/source/x.cc:500] {message}"


# ---- a process starts ----


def flag(seconds: float = 0, name: str = "--caCertFile", value: str = "") -> str:
    """A flag that pilot-discovery or pilot-agent started with, in alphabetical order: pkg/cmd."""
    return at(seconds, f'FLAG: {name}="{value}"', scope="")


# ---- push decisions and rounds: pilot/pkg/xds/discovery.go, pilot/pkg/xds/ads.go ----


def debounce(
    seconds: float,
    number: int,
    quiet: str = "100ms",
    total: str = "150ms",
    tail: str = ", full=true",
    what: str = "",
    events: int = 3,
) -> str:
    """A push decision, from 1.1 on: its number, events merged, time since the last and since the first of them.

    `what` is `` for config Kind/namespace/name`` from 1.12 on or `` for reason name:count`` from 1.14 on; the tail
    is ``, forced=…`` from 1.31 on.
    """
    times = f"{quiet} since last change, {total} since last push"
    return at(seconds, f"Push debounce stable[{number}] {events}{what}: {times}{tail}")


def old_debounce(seconds: float, number: int, quiet: str, since: str, tail: str = ", full=true") -> str:
    """A push decision of 1.0: the number is that of events; no time since the first of them."""
    return at(
        seconds, f"Push debounce stable {number}: {quiet} since last change, {since} since last push{tail}", scope=""
    )


def full(seconds: float, version: int, connected: int = 2, services: int = 15, scope: str = "ads") -> str:
    """A full round begins, 1.19 and later; from 1.31 on the only kind of round."""
    what = f"XDS: Pushing Services:{services} ConnectedEndpoints:{connected}"
    return at(seconds, f"{what} Version:{VERSION}{version}", scope=scope)


def incremental(seconds: float, version: int, connected: int = 2, scope: str = "ads") -> str:
    """A round of endpoints alone begins, 1.19 to 1.30."""
    return at(
        seconds, f"XDS: Incremental Pushing ConnectedEndpoints:{connected} Version:{VERSION}{version}", scope=scope
    )


def triggered(seconds: float, configs: str, reasons: str, scope: str = "fullpush") -> str:
    """A change request, at debug: 1.24 to 1.30 of full pushes (scope fullpush), 1.31 on of all (scope push)."""
    kind = "full " if scope == "fullpush" else ""
    return at(seconds, f"{kind}push triggered configs=[{configs}] reasons=[{reasons}]", "debug", scope)


# ---- pushes to proxies and their answers: pilot/pkg/xds/ads.go, delta.go ----


def push(
    seconds: float,
    xds_type: str,
    proxy: str,
    words: str = "PUSH",
    level: str = "info",
    version: int = 0,
    *,
    size: str = "1.5kB",
    tail: str = "",
    scope: str = "ads",
) -> str:
    """A push of one type to one proxy, 1.11 and later: ``PUSH``, ``PUSH INC`` (part) or ``PUSH request`` (asked for).

    Pushes of endpoint-only rounds are at debug from 1.5 on. With `version` the nonce and version of the round are
    printed, as at debug.
    """
    known = f" nonce:{VERSION}{version}abc version:{VERSION}{version}" if version else ""
    return at(seconds, f"{xds_type}: {words} for node:{proxy} resources:4 size:{size}{tail}{known}", level, scope)


def four(seconds: float, proxy: str, words: str = "PUSH", version: int = 0) -> list[str]:
    """The four types of a full push to one proxy, in Envoy's order, a millisecond apart."""
    types = enumerate(("CDS", "EDS", "LDS", "RDS"))
    return [push(seconds + n / 1000, xds_type, proxy, words, version=version) for n, xds_type in types]


def nack(seconds: float, xds_type: str = "RDS", connection: str = "web-1.shop-1", error: str = "bad route") -> str:
    """A proxy rejected a push (a warning)."""
    return at(seconds, f"ADS:{xds_type}: ACK ERROR {connection} Internal:{error}", "warn")


# ---- connections of proxies: pilot/pkg/xds/ads.go, delta.go ----


def opened(seconds: float, proxy: str, number: int, scope: str = "ads") -> str:
    """A proxy connects: its ID, and the number of the connection in this process; scope delta from 1.22 on."""
    delta = "delta " if scope == "delta" else ""
    return at(seconds, f"ADS: new {delta}connection for node:{proxy}-{number}", scope=scope)


def closed(seconds: float, proxy: str, number: int, error: str = "", scope: str = "ads") -> str:
    """A connection ends, with gRPC's error where there was one."""
    return at(seconds, f'ADS: "10.0.0.3:4242" {proxy}-{number} terminated{error and " " + error}', scope=scope)


# ---- logs and captures of lines ----


def flat(lines: Lines) -> list[str]:
    """Lines in lists, one by one."""
    return [lines] if isinstance(lines, str) else [line for one in lines for line in flat(one)]


def log(*lines: Lines, name: str = "") -> io.BytesIO:
    """The log of some lines, as a file of that name."""
    file = io.BytesIO("".join(f"{line}\n" for line in flat(lines)).encode())
    if name:
        file.name = name
    return file


def capture(*lines: Lines, component: str | None = "pilot") -> il.Capture:
    """The capture of one log; any warning about it is an error."""
    return read(log(*lines), component=component)


def replicas(*logs: Lines, **named: Lines) -> il.Capture:
    """The capture of several control planes, a log each; those without a name are replica-0, replica-1, …."""
    names = {f"replica-{number}": lines for number, lines in enumerate(logs)} | named
    return read(*(log(lines, name=name) for name, lines in names.items()), component="pilot")


def read(*files: io.BytesIO, component: str | None = None) -> il.Capture:
    """The capture of some files; any warning about them is an error, but that a time is none: some tests write such."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".* are no times of a log", il.DamageWarning)
        return il.load(*files, component=component)


# ---- tables and metrics as plain values ----


def rows(table: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Some columns, row by row, nulls as None."""
    plain = table[list(names)].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def metric(data: Path, file: str, name: str, labels: str = "") -> float:
    """A series of the metrics that the process exported that wrote a log."""
    text = (data / file).read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name + labels)} (\S+)$", text, re.MULTILINE)
    assert found, name + labels
    return float(found[1])
