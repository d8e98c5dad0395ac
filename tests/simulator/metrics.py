"""What a process of the control plane counts of itself: the metrics of pilot/pkg/xds/monitoring.go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.simulator.answers import REQUEST
from tests.simulator.load import TYPES
from tests.simulator.process import Process

SECOND = 1e9
URLS = {
    "CDS": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "EDS": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "LDS": "type.googleapis.com/envoy.config.listener.v3.Listener",
    "RDS": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
}
DEBOUNCE_BUCKETS = (0.01, 0.1, 1, 3, 5, 10, 20, 30)
PUSH_BUCKETS = (0.01, 0.1, 1, 3, 5, 10, 20, 30)
CONVERGENCE_BUCKETS = (0.1, 0.5, 1, 3, 5, 10, 20, 30)
SIZE_BUCKETS = (1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000)

Row = tuple[str, str, float]


def metrics(process: Process) -> pd.DataFrame:
    """The metrics of a process at its end: `metric`, `labels` (``type="cds"``), `value`."""
    rows = [*_rounds(process), *_queue(process), *_pushes(process), *_changes(process)]
    return pd.DataFrame(rows, columns=["metric", "labels", "value"])


def histogram(name: str, labels: str, values: Any, buckets: tuple[float, ...]) -> list[Row]:
    """A histogram as Prometheus exports it."""
    array = np.asarray(values, np.float64)
    before = f"{labels}," if labels else ""
    rows: list[Row] = [(f"{name}_bucket", f'{before}le="{edge:g}"', float((array <= edge).sum())) for edge in buckets]
    rows.append((f"{name}_bucket", f'{before}le="+Inf"', float(len(array))))
    return [*rows, (f"{name}_sum", labels, float(array.sum())), (f"{name}_count", labels, float(len(array)))]


def _rounds(process: Process) -> list[Row]:
    """Debounce: from the first change until the push was started; contexts."""
    rounds = process.rounds[process.rounds["debounced"]]
    seconds = (rounds["start"] - rounds["first"]).to_numpy() / SECOND
    built = process.rounds["builds"].sum()
    context = np.full(int(built), process.settings.span("context_time") / SECOND)
    return [
        *histogram("pilot_debounce_time", "", seconds, DEBOUNCE_BUCKETS),
        *histogram("pilot_pushcontext_init_seconds", "", context, PUSH_BUCKETS),
    ]


def _queue(process: Process) -> list[Row]:
    """Waiting in the queue, convergence, and what triggered each proxy's push."""
    served, starts = process.served, process.rounds["start"].to_numpy()
    begun = starts[served["round_first"].to_numpy()]
    wait = (served["begin"].to_numpy() - begun) / SECOND
    sent = process.pushes[(process.pushes["round_last"] >= 0)]
    turn = sent.groupby(["session", "round_last"]).agg(
        last=("sent", "max"), first=("round_first", "first"), failed=("failed", "any")
    )
    turn = turn[~turn["failed"]]
    convergence = (turn["last"].to_numpy() - starts[turn["first"].to_numpy()]) / SECOND
    return [
        *histogram("pilot_proxy_queue_time", "", wait, CONVERGENCE_BUCKETS),
        *histogram("pilot_proxy_convergence_time", "", convergence, CONVERGENCE_BUCKETS),
        *_triggers(process),
    ]


def _triggers(process: Process) -> list[Row]:
    """+1 per proxy for every change merged into its push, by reason."""
    reasons = process.changes[process.changes["round"] >= 0]
    reasons = pd.crosstab(reasons["round"], reasons["reason"]).reindex(process.rounds.index, fill_value=0)
    first, last = (process.served[name].to_numpy() for name in ("round_first", "round_last"))
    rows: list[Row] = []
    for reason in reasons.columns:
        sums = np.concatenate([[0], reasons[reason].to_numpy().cumsum()])
        rows.append(("pilot_push_triggers", f'type="{reason}"', float((sums[last + 1] - sums[first]).sum())))
    asked = float((process.pushes["kind"] == REQUEST).sum())
    return [*rows, ("pilot_push_triggers", 'type="proxyrequest"', asked)]


def _pushes(process: Process) -> list[Row]:
    """What was built, counted whether it could be sent or not; sizes; rejections."""
    rows: list[Row] = []
    table = process.pushes
    for code, name in enumerate(TYPES):
        part = table[table["type"] == code]
        if part.empty:
            continue
        label = f'type="{name.lower()}"'
        rows.append(("pilot_xds_pushes", label, float(len(part))))
        rows += histogram("pilot_xds_config_size_bytes", f'type="{URLS[name]}"', part["size_bytes"], SIZE_BUCKETS)
        took = (part["sent"] - part["built"]).to_numpy() / SECOND
        rows += histogram("pilot_xds_push_time", label, took, PUSH_BUCKETS)
        rejected = int(part["rejected"].sum())
        if rejected:
            rows.append(("pilot_total_xds_rejects", f'type="{name.lower()}"', float(rejected)))
    there = float((process.sessions["cause"] == "end").sum())
    rows.append(("pilot_xds", f'version="{process.settings.version}.0"', there))
    return rows


def _changes(process: Process) -> list[Row]:
    full = int(process.changes["full"].sum())
    return [
        ("pilot_inbound_updates", 'type="config"', float(full)),
        ("pilot_inbound_updates", 'type="eds"', float(len(process.changes) - full)),
    ]
