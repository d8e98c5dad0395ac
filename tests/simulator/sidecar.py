"""The log of a proxy's container: Envoy's lines and its agent's, by the clock of its node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.simulator.istiod import ERRORS
from tests.simulator.load import TYPES, Ints
from tests.simulator.metrics import URLS
from tests.simulator.process import Process
from tests.simulator.settings import Settings
from tests.simulator.text import Lines, joined, number, stamp

ISTIOD = "istiod.istio-system.svc:15012"
PILOT = "istio-pilot.istio-system:15010"


def log(settings: Settings, pod: pd.Series[Any], number_of_pod: int, processes: Sequence[Process]) -> bytes:
    """All lines of a proxy, in the order of their times."""
    lines = Lines(settings.json and settings.since("1.9"))
    writer = Writer(settings, lines, int(pod["offset"]))
    first = True
    streams = 0
    for process in processes:
        mine = process.sessions[process.sessions["pod"] == number_of_pod]
        pushes = process.pushes[process.pushes["session"].isin(mine.index)]
        for session in mine.to_dict("records"):
            streams += 1
            writer.stream(session, streams, first)
            first = False
        ids = pd.Series(range(streams - len(mine) + 1, streams + 1), mine.index)
        writer.answers(pushes, ids, bool(pod["delta"]), process)
    return lines.bytes()


class Writer:
    """Writes lines by a proxy's own clock, in the layouts of its version."""

    def __init__(self, settings: Settings, lines: Lines, offset: int) -> None:
        self.settings = settings
        self.lines = lines
        self.offset = offset

    def envoy(self, times: Any, level: str, logger: str, message: pa.Array) -> None:
        """Lines of Envoy; up to 1.5 it has a layout of its own."""
        stamps: Ints = np.asarray(times, np.int64) + self.offset
        if self.settings.since("1.6"):
            name = "warning" if level == "warn" else level
            self.lines.add(stamps, name, f"envoy {logger}", message)
            return
        epoch = "[Envoy (Epoch 0)] " if self.settings.since("1.4") else ""
        clock = pa.compute.utf8_slice_codeunits(pa.compute.replace_substring(stamp(stamps), "T", " "), 0, 23)
        name = "warning" if level == "warn" else level
        header = f"][18][{name}][{logger}] [external/envoy/source/common/{logger}.cc:73] "
        self.lines.raw(stamps, joined(f"{epoch}[", clock, header, message))

    def agent(self, times: Any, level: str, scope: str, message: Any) -> None:
        """Lines of pilot-agent."""
        texts = message if isinstance(message, pa.Array) else pa.array(message, pa.string())
        self.lines.add(np.asarray(times, np.int64) + self.offset, level, scope, texts)

    def stream(self, session: dict[Any, Any], number_of_stream: int, first: bool) -> None:
        """A connection: made, and lost."""
        settings = self.settings
        name = f'"{ISTIOD}"'
        if settings.since("1.9"):
            kind = "delta upstream" if session["delta"] else "upstream"
            label = f"\tid={number_of_stream}" if settings.since("1.22") else ""
            self.agent([session["open"]], "info", "xdsproxy", [f"connected to {kind} XDS server: {ISTIOD}{label}"])
        if session["cause"] != "end":
            stream = "DeltaAggregatedResources" if session["delta"] else "StreamAggregatedResources"
            text = (
                f"{stream} gRPC config stream closed: 13, "
                if settings.since("1.8")
                else "gRPC config stream closed: 13, "
            )
            level = "debug" if settings.since("1.12") else "warn"
            if level == "warn" or settings.debug:
                self.envoy([session["close"] + 100_000], level, "config", pa.array([text]))
        if first and settings.since("1.8"):
            self.agent(
                [session["open"] - 500_000_000],
                "info",
                "xdsproxy",
                [f'Initializing with upstream address {name} and cluster "Kubernetes"'],
            )

    def answers(self, pushes: pd.DataFrame, ids: pd.Series[Any], delta: bool, process: Process) -> None:
        """What Envoy says of each push, and at debug what the agent passes on."""
        here = pushes[pushes["received"] >= 0]
        done = here[(here["applied"] >= 0)]
        good, bad = done[~done["rejected"]], done[done["rejected"]]
        for code in (0, 2):
            part = good[good["type"] == code]
            (self._clusters if code == 0 else self._listeners)(part)
        for code, name in enumerate(TYPES):
            part = bad[bad["type"] == code]
            what = "delta" if delta else "gRPC"
            text = f"{what} config for {URLS[name]} rejected: {ERRORS[code]}"
            self.envoy(part["applied"], "warn", "config", pa.array([text] * len(part), pa.string()))
        if self.settings.debug and self.settings.since("1.22") and delta:
            self._passed(here, done, ids)
        del process

    def _clusters(self, part: pd.DataFrame) -> None:
        """``cds:`` summaries; up to 1.3 a line per new cluster instead, which the first stands for here."""
        settings, times = self.settings, part["applied"].to_numpy()
        count = number(part["resources"])
        rest = number(np.maximum(part["clusters"].to_numpy() - part["resources"].to_numpy(), 0))
        if settings.since("1.26"):
            text = joined(
                "cds: added/updated ",
                count,
                " cluster(s) (skipped ",
                rest,
                " unmodified cluster(s)); removed 0 cluster(s)",
            )
            self.envoy(times, "info", "upstream", text)
        elif settings.since("1.4"):
            self.envoy(times, "info", "upstream", joined("cds: add ", count, " cluster(s), remove 0 cluster(s)"))
            if settings.since("1.10"):
                text = joined("cds: added/updated ", count, " cluster(s), skipped ", rest, " unmodified cluster(s)")
                self.envoy(times, "info", "upstream", text)
        else:
            name = joined("outbound|8080||svc-", number(part["clusters"] - 1), ".ns-0.svc.cluster.local")
            self.envoy(times - 1_000_000, "info", "upstream", joined("add/update cluster ", name, " starting warming"))
            self.envoy(times, "info", "upstream", joined("warming cluster ", name, " complete"))

    def _listeners(self, part: pd.DataFrame) -> None:
        text = joined("lds: add/update listener '0.0.0.0_", number(8000 + part["resources"].to_numpy() % 1000), "'")
        self.envoy(part["applied"], "info", "upstream", text)

    def _passed(self, here: pd.DataFrame, done: pd.DataFrame, ids: pd.Series[Any]) -> None:
        """The agent's view of a push: it comes from istiod, and Envoy's answer goes back."""
        for table, column, text, tail in (
            (here, "received", "upstream response", None),
            (done, "applied", "delta request", "initial=0"),
        ):
            typed = pa.array(TYPES).take(pa.array(table["type"].to_numpy()))
            label = number(ids.reindex(table["session"]).to_numpy())
            nonce = pa.array(table["nonce"].to_numpy(object), pa.string())
            if tail is None:
                message = joined(
                    text,
                    "\tid=",
                    label,
                    " type=",
                    typed,
                    " nonce=",
                    nonce,
                    " resources=",
                    number(table["resources"]),
                    " removes=0",
                )
            else:
                message = joined(text, "\tid=", label, " type=", typed, " sub=0 unsub=0 nonce=", nonce, " ", tail)
            self.agent(table[column], "debug", "xdsproxy", message)
