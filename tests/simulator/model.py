"""The simulation: processes of a control plane one after the other, what is true of them, and their logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tests.simulator import answers, istiod, load, sidecar
from tests.simulator.control import rounds as make_rounds
from tests.simulator.metrics import metrics
from tests.simulator.process import Process, round_columns
from tests.simulator.queue import present
from tests.simulator.queue import pushes as serve
from tests.simulator.settings import Settings
from tests.simulator.truth import Truth, truth


@dataclass(frozen=True)
class Simulation:
    """A simulated control plane with its proxies: logs, and what is true of them.

    Parameters
    ----------
    settings, seed
        What was simulated.
    pods
        The proxies: `pod`, `namespace`, `proxy`, `ip`, `scoped`, `delta`, `offset` (of their clock, ns).
    processes
        What happened in each process of the control plane.
    """

    settings: Settings
    seed: int
    pods: pd.DataFrame
    processes: tuple[Process, ...] = field(repr=False)

    @cached_property
    def truth(self) -> Truth:
        """What is true: tables of changes, decisions, rounds, pushes, connections and metrics."""
        return truth(self.processes, self.pods)

    def istiod_log(self, run: int | None = None) -> bytes:
        """The control plane's log, of all its processes or of one (from 0)."""
        chosen = self.processes if run is None else self.processes[run : run + 1]
        return b"".join(istiod.log(process) for process in chosen)

    def sidecar_log(self, proxy: str) -> bytes:
        """The log of a proxy's container (Envoy and pilot-agent), by the proxy's own clock.

        Raises
        ------
        ValueError
            If there is no such proxy.
        """
        found = np.flatnonzero(self.pods["proxy"] == proxy)
        if not len(found):
            raise ValueError(f"no proxy {proxy!r}; the first are {', '.join(self.pods['proxy'].head(3))}")
        return sidecar.log(self.settings, self.pods.iloc[int(found[0])], int(found[0]), self.processes)

    def metrics(self, run: int = -1) -> pd.DataFrame:
        """What the process exports of itself at its end: `metric`, `labels`, `value`."""
        return metrics(self.processes[run])

    def metrics_text(self, run: int = -1) -> str:
        """The same as Prometheus reads it."""
        table = self.metrics(run)
        labels = table["labels"].map(lambda text: f"{{{text}}}" if text else "")
        return "".join(
            f"{m}{label} {value:.12g}\n"
            for m, label, value in zip(table["metric"], labels, table["value"], strict=True)
        )


def simulate(settings: Settings | None = None, seed: int = 0, *, changes: pd.DataFrame | None = None) -> Simulation:
    """Run a control plane with its proxies, and know everything about it.

    Changes, connections and service times come from random streams of their own: other settings of the
    control plane meet the same load.

    Parameters
    ----------
    settings
        The mesh, its load and the control plane; None: a small mesh of today.
    seed
        Of all that is random; the same gives the same logs.
    changes
        Changes to use instead of random ones: `time` (datetime64[ns, UTC], whole microseconds) and `full` (bool).

    Returns
    -------
    Simulation
        Its logs (`istiod_log`, `sidecar_log`) and its `truth`.

    Notes
    -----
    pilot/pkg/xds/discovery.go (``debounce``, ``doSendPushes``), pilot/pkg/xds/pushqueue.go. The queue of 1.3 on
    stands for what came before it, too.

    Examples
    --------
    >>> import io
    >>> import istiolog_pd as il
    >>> from tests.simulator import Settings, simulate
    >>> run = simulate(Settings(duration="20s", proxies=5), seed=1)
    >>> capture = il.load(io.BytesIO(run.istiod_log()))
    >>> capture["debounce"].num_rows == len(run.truth.debounces)
    True
    """
    settings = settings or Settings()
    pods = load.pods(settings, seed)
    table = _given(changes, settings, seed) if changes is not None else load.changes(settings, seed)
    begins = [settings.begin, *(settings.begin + pd.Timedelta(text).value for text in settings.restarts)]
    last = settings.begin + settings.span("duration")
    ends = [*begins[1:], max(last, int(table["time"].max()) if len(table) else last) + 60 * load.SECOND]
    processes: list[Process] = []
    first_round = 0
    for run, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        process = _process(settings, seed, run, (begin, end), table, pods, first_round)
        processes.append(process)
        first_round += len(process.rounds)
    return Simulation(settings, seed, pods, tuple(processes))


def _given(changes: pd.DataFrame, settings: Settings, seed: int) -> pd.DataFrame:
    """Changes that a caller gave, with objects for them."""
    ordered = changes.sort_values("time", kind="stable")
    times = ordered["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64)
    return load.described(times // 1000 * 1000, ordered["full"].to_numpy(bool), settings, load.stream(seed, 1))


def _process(
    settings: Settings,
    seed: int,
    run: int,
    span: tuple[int, int],
    table: pd.DataFrame,
    pods: pd.DataFrame,
    first_round: int,
) -> Process:
    begin, end = span
    changes = table[(table["time"] >= begin) & (table["time"] < end)].reset_index(drop=True)
    rounds, of = make_rounds(settings, seed, run, changes)
    crash = end if run < len(settings.restarts) else 1 << 62
    changes = changes.assign(round=of)
    kept = int((rounds["start"] < crash).sum())
    rounds = rounds.iloc[:kept]
    changes["round"] = changes["round"].where(changes["round"] < kept, -1)
    sessions = _named(settings, load.sessions(settings, seed, run, begin, end), pods)
    rounds = _described(settings, rounds, changes, begin)
    opened, closed = sessions["open"].to_numpy(), sessions["close"].to_numpy()
    rounds["connected"] = [int(present(opened, closed, start).sum()) for start in rounds["start"].tolist()]
    served = serve(settings, seed, rounds, sessions)
    pushes = answers.pushes(settings, seed + run, rounds, sessions, served)
    pushes = pushes[pushes["sent"] < end].reset_index(drop=True)
    if settings.debug:
        pushes["nonce"] = _nonces(settings, seed + run, rounds, pushes)
    return Process(settings, begin, changes, rounds, sessions, served, pushes, first_round)


def _described(settings: Settings, rounds: pd.DataFrame, changes: pd.DataFrame, begin: int) -> pd.DataFrame:
    """Rounds with what made them: types to push, namespaces concerned, new services."""
    known = changes[changes["round"] >= 0]
    spaces = 1 << (known["namespace"].to_numpy() % 62).astype(np.int64)
    bits = pd.DataFrame({"round": known["round"], "types": known["types"].astype(np.int64), "spaces": spaces})
    merged = bits.groupby("round").agg({"types": np.bitwise_or.reduce, "spaces": np.bitwise_or.reduce})
    new = known.groupby("round")["new_service"].sum()
    only_endpoints = ~known["full"].astype(bool).groupby(known["round"]).any()
    rounds = rounds.join(merged.reindex(rounds.index).fillna(0).astype(np.int64))
    rounds["new_services"] = new.reindex(rounds.index).fillna(0).astype(np.int64)
    rounds["wide"] = (~only_endpoints.reindex(rounds.index).fillna(True).astype(bool)).astype(np.int64)
    return round_columns(settings, rounds, begin, known)


def _named(settings: Settings, sessions: pd.DataFrame, pods: pd.DataFrame) -> pd.DataFrame:
    """Connections with their proxies' names, and the namespaces that they see as bits."""
    mine = pods.iloc[sessions["pod"]].reset_index(drop=True)
    space = mine["space"].to_numpy()
    number = sessions["connection"].astype(str).astype(object)
    proxy = mine["proxy"].astype(object)
    node = proxy
    if not settings.since("1.11"):
        ip, where = mine["ip"].astype(object), mine["namespace"].astype(object)
        node = "sidecar~" + ip + "~" + proxy + "~" + where + ".svc.cluster.local"
    return sessions.assign(
        proxy=proxy,
        con=node + "-" + number,
        peer=mine["ip"].astype(object) + ":" + sessions["peer_port"].astype(str).astype(object),
        scoped=mine["scoped"].to_numpy(),
        delta=mine["delta"].to_numpy(),
        reach=np.where(mine["scoped"], 1 << (space % 62), (1 << 62) - 1),
    )


def _nonces(settings: Settings, seed: int, rounds: pd.DataFrame, pushes: pd.DataFrame) -> list[Any]:
    """A nonce for each push: from 1.4 on the push version and a UUID."""
    digits = load.stream(seed, 6).bytes(16 * len(pushes)).hex()
    uuids = (digits[at : at + 32] for at in range(0, len(digits), 32))
    versions = rounds["version"].tolist() or [""]
    before = [versions[max(context, 0)] for context in pushes["context"].tolist()]
    return [
        f"{version if settings.since('1.4') else ''}{u[:8]}-{u[8:12]}-{u[12:16]}-{u[16:20]}-{u[20:]}"
        for version, u in zip(before, uuids, strict=True)
    ]
