"""What is true of a simulation, as tables; times are those of the control plane's clock unless they say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.simulator.answers import PUSH_TYPES, named
from tests.simulator.load import TYPES, Ints
from tests.simulator.process import Process


@dataclass(frozen=True, slots=True)
class Truth:
    """Ground truth; `run` numbers the processes of the control plane from 0, `round` all rounds from 0.

    Parameters
    ----------
    changes
        A row per change event: `run`, `time`, `full`, `config_kind`, `config_namespace`, `config_name`, `reason`,
        `new_service`, `round` (-1: lost in a crash), `delay` (from the change to the decision to push).
    debounces
        A row per decision that has a line: `run`, `timestamp`, `start`, `quiet_time`, `debounce_time`, `events`,
        `full` (an endpoint-only push is not), `debounce_id`, `round`.
    rounds
        A row per round: `run`, `round`, `timestamp` (its start), `decision`, `full`, `debounced`, `events`,
        `push_version`, `connected_endpoints`, `pushes`, `proxies`, `size_bytes` (of pushes that were sent;
        of merged ones in the last of their rounds).
    pushes
        A row per push of a type to a proxy, in the order of sending: `run`, `proxy`, `connection`, `delta`,
        `xds_type`, `push_type`, `round_first`, `round` (null of requests; the rounds merged in it), `built`,
        `sent`, `failed` (the connection was gone), `resources`, `size_bytes`, and Envoy's side of it:
        `received`, `applied`, `acknowledged` (null: never), `rejected`; at debug `nonce`.
    connections
        A row per connection: `run`, `proxy`, `connection`, `open`, `close` (null: the process ended first), `cause`
        (``age``, ``lost``, ``end``), `delta`.
    """

    changes: pd.DataFrame
    debounces: pd.DataFrame
    rounds: pd.DataFrame
    pushes: pd.DataFrame
    connections: pd.DataFrame


def truth(processes: Sequence[Process], pods: pd.DataFrame) -> Truth:
    """The truth of some processes."""
    return Truth(
        _all(_changes, processes),
        _all(_debounces, processes),
        _all(_rounds, processes),
        _all(_pushes, processes),
        _all(_connections, processes),
    )


def _all(make: Any, processes: Sequence[Process]) -> pd.DataFrame:
    parts = [make(process).assign(run=run) for run, process in enumerate(processes)]
    table: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return table


def _time(values: Any) -> pd.Series[Any]:
    """Nanoseconds since 1970 as times, null where negative."""
    numbers: Ints = np.asarray(values, np.int64)
    stamps = pd.Series(pd.to_datetime(numbers, utc=True)).astype("datetime64[ns, UTC]")
    return stamps.where(numbers >= 0)


def _span(values: Any) -> pd.Series[Any]:
    return pd.Series(np.asarray(values, np.int64).astype("timedelta64[ns]"))


def _changes(process: Process) -> pd.DataFrame:
    table = process.changes
    of = table["round"].to_numpy()
    decision = np.append(process.rounds["decision"].to_numpy(), 0)[of]
    kept = ["full", "config_kind", "config_namespace", "config_name", "reason", "new_service"]
    return table[kept].assign(
        time=_time(table["time"]),
        round=np.where(of >= 0, of + process.first_id, -1),
        delay=_span(decision - table["time"].to_numpy()).where(of >= 0),
    )


def _debounces(process: Process) -> pd.DataFrame:
    table = process.rounds[process.rounds["debounced"]]
    decision = table["decision"].to_numpy()
    return pd.DataFrame(
        {
            "timestamp": _time(decision),
            "start": _time(table["first"]),
            "quiet_time": _span(decision - table["last"].to_numpy()),
            "debounce_time": _span(decision - table["first"].to_numpy()),
            "events": table["events"].to_numpy(),
            "full": table["full"].to_numpy(bool),
            "debounce_id": table["debounce_id"].to_numpy(),
            "round": table.index + process.first_id,
        }
    )


def _rounds(process: Process) -> pd.DataFrame:
    table = process.rounds
    sent = process.pushes[(process.pushes["round_last"] >= 0) & ~process.pushes["failed"]]
    sent = sent.assign(proxy=process.sessions["pod"].to_numpy()[sent["session"]])
    sums = sent.groupby("round_last").agg(
        pushes=("session", "size"), proxies=("proxy", "nunique"), size_bytes=("size_bytes", "sum")
    )
    return pd.DataFrame(
        {
            "round": table.index + process.first_id,
            "timestamp": _time(table["start"]),
            "decision": _time(table["decision"]),
            "full": table["full"].to_numpy(bool),
            "debounced": table["debounced"].to_numpy(bool),
            "events": table["events"].to_numpy(),
            "push_version": table["version"].to_numpy(object),
            "connected_endpoints": table["connected"].to_numpy(),
            **{name: sums[name].reindex(table.index, fill_value=0).to_numpy() for name in sums},
        }
    )


def _pushes(process: Process) -> pd.DataFrame:
    table, sessions = process.pushes, process.sessions
    session = table["session"].to_numpy()
    proxies = pd.Categorical(sessions["proxy"])
    rounds = {
        name: pd.Series(table[column].to_numpy() + process.first_id, dtype="Int64").where(table[column].ge(0))
        for name, column in (("round_first", "round_first"), ("round", "round_last"))
    }
    return pd.DataFrame(
        {
            "proxy": pd.Categorical.from_codes(proxies.codes[session], dtype=proxies.dtype).astype("str"),
            "connection": sessions["connection"].to_numpy()[session],
            "delta": sessions["delta"].to_numpy()[session],
            "xds_type": named(table["type"], TYPES),
            "push_type": named(table["kind"], PUSH_TYPES),
            **rounds,
            **{name: _time(table[name]) for name in ("built", "sent")},
            **{name: table[name].to_numpy() for name in ("failed", "resources", "size_bytes", "rejected")},
            **{name: _time(table[name]) for name in ("received", "applied", "acknowledged")},
            **({"nonce": table["nonce"].to_numpy(object)} if "nonce" in table else {}),
        }
    )


def _connections(process: Process) -> pd.DataFrame:
    table = process.sessions
    return pd.DataFrame(
        {
            "proxy": table["proxy"].to_numpy(object),
            "connection": table["connection"].to_numpy(),
            "open": _time(table["open"]),
            "close": _time(table["close"]).where(table["cause"].ne("end").to_numpy()),
            "cause": table["cause"].to_numpy(object),
            "delta": table["delta"].to_numpy(bool),
        }
    )
