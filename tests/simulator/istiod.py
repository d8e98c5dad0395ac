"""The control plane's log of one process, in the formats of its version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.simulator.answers import REQUEST
from tests.simulator.load import TYPES
from tests.simulator.process import Process, column, scopes
from tests.simulator.pushed import push_lines
from tests.simulator.settings import Settings
from tests.simulator.text import Lines, duration, joined

ERRORS = {
    0: "Error adding/updating cluster(s) outbound|8080||svc-1.ns-1.svc.cluster.local: invalid cluster",
    1: "Error adding/updating endpoints: malformed IP address: not-an-ip",
    2: "Error adding/updating listener(s) 0.0.0.0_8080: duplicate listener filter chain",
    3: "Error adding/updating routes 8080: Only unique values for domains are permitted",
}
CLOSED = "rpc error: code = Canceled desc = context canceled"


def log(process: Process) -> bytes:
    """All lines of a process, in the order of their times."""
    lines = Lines(process.settings.json)
    _startup(process, lines)
    _connections(process, lines)
    _decisions(process, lines)
    _starts(process, lines)
    push_lines(process, lines)
    _requests(process, lines)
    if process.settings.debug:
        _debug(process, lines)
    return lines.bytes()


def _startup(process: Process, lines: Lines) -> None:
    if process.settings.since("1.8"):
        took = 600_000_000
        text = f"All caches have been synced up in {duration(took)}, marking server ready"
        lines.add([process.begin + took], "info", "ads", [text])


def _connections(process: Process, lines: Lines) -> None:
    settings, sessions = process.settings, process.sessions
    delta = sessions["delta"].to_numpy()
    for scope, rows in scopes(settings, delta):
        part = sessions[rows]
        if settings.since("1.8"):
            what = pa.array(np.where(part["delta"], "delta ", ""))
            message = joined("ADS: new ", what, "connection for node:", column(part["con"]))
            lines.add(part["open"].to_numpy(), "info", scope, message)
        gone = part[part["cause"] != "end"]
        ends = " terminated" if settings.since("1.14") else f" terminated {CLOSED}"
        message = joined('ADS: "', column(gone["peer"]), '" ', column(gone["con"]), ends)
        lines.add(gone["close"].to_numpy(), "info", scope, message)


def _decisions(process: Process, lines: Lines) -> None:
    settings = process.settings
    table = process.rounds[process.rounds["debounced"]]
    before = 0
    texts = []
    total = 0
    for row in table.to_dict("records"):
        quiet = duration(row["decision"] - row["last"])
        if not settings.since("1.1"):
            total += row["events"]
            since = duration(row["decision"] - before) if before else "2562047h47m16.854775807s"
            texts.append(
                f"Push debounce stable {total}: {quiet} since last change, {since} since last push, "
                f"full={_go(row['full'])}"
            )
            before = row["decision"]
            continue
        what = f" for config {row['config']}" if settings.since("1.12") else ""
        tail = "forced=false" if settings.every_round_full else f"full={_go(row['full'])}"
        texts.append(
            f"Push debounce stable[{row['debounce_id']}] {row['events']}{what}: {quiet} since last change, "
            f"{duration(row['decision'] - row['first'])} since last push, {tail}"
        )
    lines.add(table["decision"].to_numpy(), "info", "ads" if settings.since("1.1") else "", texts)


def _go(flag: bool) -> str:
    return "true" if flag else "false"


def _start(settings: Settings, row: dict[Any, Any]) -> str:
    """The line that begins a round."""
    version, there, services = row["version"], row["connected"], row["services"]
    if row["builds"]:
        if not settings.since("1.2"):
            middle = "" if settings.since("1.1") else "VirtualServices: 0, "
            return f"XDS: Pushing {version} Services: {services}, {middle}ConnectedEndpoints: {there}"
        if not settings.since("1.19"):
            tail = f" Version:{version}" if settings.since("1.9") else ""
            return f"XDS: Pushing:{version} Services:{services} ConnectedEndpoints:{there}{tail}"
        return f"XDS: Pushing Services:{services} ConnectedEndpoints:{there} Version:{version}"
    hosts = row["hosts"]
    if not settings.since("1.2"):
        entries = " ".join(f"{host}:0xc420a52d50" for host in hosts)
        middle = "" if settings.since("1.1") else "VirtualServices: 0, "
        return f"XDS:EDSInc Pushing {version} Services: map[{entries}], {middle}ConnectedEndpoints: {there}"
    if not settings.since("1.8"):
        entries = " ".join(f"{host}:{{}}" for host in hosts)
        return f"XDS:EDSInc Pushing:{version} Services:map[{entries}] ConnectedEndpoints:{there}"
    if not settings.since("1.19"):
        tail = f" Version:{version}" if settings.since("1.9") else ""
        return f"XDS: Incremental Pushing:{version} ConnectedEndpoints:{there}{tail}"
    return f"XDS: Incremental Pushing ConnectedEndpoints:{there} Version:{version}"


def _starts(process: Process, lines: Lines) -> None:
    settings, rounds = process.settings, process.rounds
    texts = [_start(settings, row) for row in rounds.to_dict("records")]
    lines.add(rounds["start"].to_numpy(), "info", "ads", texts)
    if settings.since("1.1") and not settings.since("1.8"):
        wide = process.pushes[process.pushes["kind"] == 0].drop_duplicates(["session", "round_last"])
        begin = wide["built"].to_numpy()
        con = column(process.sessions["con"]).take(pa.array(wide["session"].to_numpy()))
        lines.add(begin, "info", "ads", joined("Pushing ", con))


def _requests(process: Process, lines: Lines) -> None:
    """What was rejected, and before 1.8 what proxies asked for first."""
    settings, pushes = process.settings, process.pushes
    bad = pushes[pushes["rejected"]]
    sessions = process.sessions
    for scope, rows in scopes(settings, sessions["delta"].to_numpy()[bad["session"]]):
        part = bad[rows]
        texts = [
            _rejection(settings, sessions.loc[session], code)
            for session, code in zip(part["session"], part["type"], strict=True)
        ]
        lines.add(part["acknowledged"].to_numpy(), "warn", scope, texts)
    if not settings.since("1.8"):
        first = pushes[(pushes["kind"] == REQUEST) & (pushes["type"] == 0)]
        texts = [_request(settings, sessions.loc[session]) for session in first["session"]]
        lines.add(first["built"].to_numpy(), "info", "ads", texts)


def _rejection(settings: Settings, session: pd.Series[Any], code: int) -> str:
    con, error, name = session["con"], ERRORS[code], TYPES[code]
    if settings.since("1.6"):
        what = "ADS" if not settings.since("1.7") else f"ADS:{name}"
        return f"{what}: ACK ERROR {con} Internal:{error}"
    node = "" if settings.since("1.5") else f" ({session['proxy']})"
    if settings.since("1.4"):
        return f"ADS:{name}: ACK ERROR {session['peer']} {con}{node} Internal:{error}"
    raw = f'error_detail:<code:13 message:"{error}" > '
    return f"ADS:{name}: ACK ERROR {session['peer']} {con}{node if settings.since('1.1') or code == 3 else ''} {raw}"


def _request(settings: Settings, session: pd.Series[Any]) -> str:
    con, peer = session["con"], session["peer"]
    if settings.since("1.6"):
        return f"ADS:CDS: REQ {con} version:"
    tail = (
        "version:"
        if settings.since("1.2")
        else f'raw: node:<id:"{con}" > type_url:"type.googleapis.com/envoy.api.v2.Cluster" '
    )
    return f"ADS:CDS: REQ {peer} {con} {duration(600_000)} {tail}"


def _debug(process: Process, lines: Lines) -> None:
    """What only debug prints: contexts, changes, acknowledgements, proxies that need nothing."""
    settings, rounds = process.settings, process.rounds
    built = rounds[rounds["builds"]]
    took = duration(settings.span("context_time"))
    texts = [f"InitContext {version} for push took {took}" for version in built["version"]]
    lines.add(built["start"].to_numpy(), "debug", "ads", texts)
    if settings.since("1.24"):
        shown = process.changes if settings.every_round_full else process.changes[process.changes["full"]]
        what, scope = ("push", "push") if settings.every_round_full else ("full push", "fullpush")
        texts = [
            f"{what} triggered configs=[{kind}/{space}/{name}] reasons=[{reason}]"
            for kind, space, name, reason in shown[
                ["config_kind", "config_namespace", "config_name", "reason"]
            ].itertuples(index=False)
        ]
        lines.add(shown["time"].to_numpy(), "debug", scope, texts)
    if settings.since("1.3"):
        skipped = process.served[process.served["types"] == 0]
        con = column(process.sessions["con"]).take(pa.array(skipped["session"].to_numpy()))
        lines.add(
            skipped["begin"].to_numpy(), "debug", "ads", joined("Skipping push to ", con, ", no updates required")
        )
    if settings.since("1.8"):
        _acknowledged(process, lines)


def _acknowledged(process: Process, lines: Lines) -> None:
    settings, sessions = process.settings, process.sessions
    good = process.pushes[(process.pushes["acknowledged"] >= 0) & ~process.pushes["rejected"]]
    for scope, rows in scopes(settings, sessions["delta"].to_numpy()[good["session"]]):
        part = good[rows]
        con = column(sessions["con"]).take(pa.array(part["session"].to_numpy()))
        typed = pa.array(TYPES).take(pa.array(part["type"].to_numpy()))
        nonce, times = column(part["nonce"]), part["acknowledged"].to_numpy()
        version = column(process.rounds["version"]).take(pa.array(np.maximum(part["context"].to_numpy(), 0)))
        if scope == "delta" and settings.since("1.21"):
            lines.add(
                times, "debug", scope, joined("ADS:", typed, ": REQ ", con, " resources sub:0 unsub:0 nonce:", nonce)
            )
        text = [nonce] if scope == "delta" else [version, " ", nonce]
        lines.add(times, "debug", scope, joined("ADS:", typed, ": ACK ", con, " ", *text))
