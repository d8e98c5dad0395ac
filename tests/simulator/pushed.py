"""The push lines of one process, in the formats of its version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tests.simulator.answers import INCREMENTAL
from tests.simulator.load import TYPES
from tests.simulator.process import Process, column, scopes
from tests.simulator.settings import Settings
from tests.simulator.text import Lines, byte_count, each, joined, number


def visible(settings: Settings, pushes: pd.DataFrame) -> dict[str, Any]:
    """Which push lines are printed at info, and which at debug."""
    old_eds = settings.version == "1.1"
    early = not settings.since("1.5")
    incremental = (pushes["kind"] == INCREMENTAL).to_numpy()
    quiet = (pushes["type"] == 1).to_numpy() if old_eds else incremental & (not early)
    sent = ~pushes["failed"].to_numpy()
    return {"info": sent & ~quiet, "debug": sent & quiet & settings.debug}


def push_lines(process: Process, lines: Lines) -> None:
    """Every push line that is printed at this level."""
    settings, pushes = process.settings, process.pushes
    delta = process.sessions["delta"].to_numpy()[pushes["session"]]
    for level, rows in visible(settings, pushes).items():
        for scope, of_scope in scopes(settings, delta):
            part = pushes[rows & of_scope]
            for code in range(len(TYPES)):
                typed = part[part["type"].to_numpy() == code]
                if len(typed):
                    lines.add(typed["sent"].to_numpy(), level, scope, _push(process, typed, code, scope, level))


def _push(process: Process, part: pd.DataFrame, code: int, scope: str, level: str) -> pa.Array:
    """The push lines of one type."""
    if process.settings.since("1.8"):
        return _new_push(process, part, code, scope, level)
    session = pa.array(part["session"].to_numpy())
    name = {key: column(process.sessions[key]).take(session) for key in ("proxy", "con", "peer")}
    count = number(part["resources"])
    version = column(process.rounds["version"]).take(pa.array(np.maximum(part["context"].to_numpy(), 0)))
    services = number(process.rounds["services"].to_numpy()[np.maximum(part["context"].to_numpy(), 0)])
    inc = (
        pa.array(np.where(part["kind"] == INCREMENTAL, "INC ", "")),
        pa.array(np.where(part["kind"] == INCREMENTAL, " INC", "")),
    )
    clusters, endpoints = number(part["clusters"]), number(part["clusters"] * 3)
    if process.settings.since("1.2"):
        node = joined("for node:", name["proxy"])
        empty = each(part["empty"], str if process.settings.since("1.5") else _list)
        return {
            0: lambda: joined("CDS: PUSH ", node, " clusters:", count, " services:", services, " version:", version),
            1: lambda: joined(
                "EDS: PUSH", inc[1], " ", node, " clusters:", clusters, " endpoints:", endpoints, " empty:", empty
            ),
            2: lambda: joined("LDS: PUSH ", node, " listeners:", count),
            3: lambda: joined("RDS: PUSH ", node, " routes:", count),
        }[code]()
    node = name["proxy"] if not process.settings.since("1.1") else name["con"]
    ver = () if process.settings.since("1.1") else (" ver:", version)
    peer = name["peer"]
    size = number(part["size_bytes"])
    return {
        0: lambda: joined(
            "CDS: PUSH ", version, " for ", node, ' "', peer, '", Clusters: ', count, ", Services ", services
        ),
        1: lambda: joined(
            "EDS: ", inc[0], "PUSH for ", name["con"], " clusters ", clusters, " endpoints ", endpoints,
            " empty ", number(part["empty"]),
        ),
        2: lambda: joined("LDS: PUSH for node:", node, ' addr:"', peer, '" listeners:', count, " ", size),
        3: lambda: joined("ADS: RDS: PUSH for node: ", node, " addr:", peer, " routes:", count, *ver),
    }[code]()  # fmt: skip


def _list(count: int) -> str:
    """Names of this number of clusters without endpoints, as 1.2 to 1.4 print them."""
    return f"[{' '.join(f'outbound|8080||svc-{place}.ns-0.svc.cluster.local' for place in range(count))}]"


def _new_push(process: Process, part: pd.DataFrame, code: int, scope: str, level: str) -> pa.Array:
    """A push line of 1.8 and later."""
    settings = process.settings
    proxy = column(process.sessions["proxy"]).take(pa.array(part["session"].to_numpy()))
    words = ["", " INC", " request" if settings.since("1.10") else ""]
    kind = pa.array(words).take(pa.array(part["kind"].to_numpy()))
    if code != 1:
        kind = pc.replace_substring(kind, " INC", "") if not settings.since("1.11") else kind
    resources = number(part["resources"])
    old_inc = code == 1 and level == "debug" and not settings.since("1.11")
    text = [f"{TYPES[code]}: PUSH", kind, " for node:", proxy, " clusters:" if old_inc else " resources:", resources]
    if scope == "delta" and settings.since("1.18"):
        text.append(" removed:0")
    if settings.since("1.9"):
        text += [" size:", each(part["size_bytes"], byte_count)]
    if code == 1:
        text += [" empty:", number(part["empty"])]
    if (code == 1) or (code == 0 and settings.since("1.11")) or (code == 3 and settings.since("1.12")):
        text += [" cached:", number(part["cached"]), "/", number(part["cacheable"])]
    if settings.debug and settings.since("1.11") and level == "info":
        version = column(process.rounds["version"]).take(pa.array(np.maximum(part["context"].to_numpy(), 0)))
        text += [" nonce:", column(part["nonce"]), " version:", version]
    return joined(*text)
