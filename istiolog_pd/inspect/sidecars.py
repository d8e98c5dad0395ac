"""What the logs of proxies hold, in headline answers: requests, updates, rejections, streams, start-up."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from istiolog_pd.capture import Capture, to_pandas

#: One line of the answers: what, how much, and what else there is to say.
Answer = tuple[str, str, str]

#: Maximum number of kinds named in a count by kind.
NAMED = 6

#: Updates that Envoy prints: the event, and what it is called.
UPDATES = {
    "cds_update": "CDS",
    "cluster_update": "clusters",
    "listener_update": "listeners",
    "lds_update": "LDS",
    "route_update": "RDS",
}


def of_sidecars(capture: Capture) -> Iterator[Answer]:
    """Headline answers from the logs of proxies; nothing of what they do not hold."""
    yield from _requests(capture)
    updates = {name: capture[event].num_rows for event, name in UPDATES.items() if event in capture}
    if updates:
        yield "updates Envoy applied", f"{sum(updates.values()):,}", _counted(pd.Series(updates))
    yield from _by(capture, "xds_rejected", "updates Envoy rejected", "xds_type")
    yield from _by(capture, "secret_update", "certificates loaded", "cluster")
    yield from _by(capture, "xds_disconnected", "XDS streams that ended", "grpc_code")
    yield from _by(capture, "xds_stream_closed", "XDS streams closed, as logged by Envoy", "grpc_code")
    yield from _by(capture, "listener_error", "listeners that failed", "")
    yield from _by(capture, "envoy_exit", "Envoy ended", "")
    yield from _starts(capture)


def _requests(capture: Capture) -> Iterator[Answer]:
    """Access lines by status, those that failed by their flags."""
    if "access" not in capture:
        return
    table = capture["access"].select(["response_code", "response_flags"])
    lines = to_pandas(table.set_column(1, "response_flags", table["response_flags"].cast(pa.string())))
    codes = lines["response_code"].astype("str").value_counts()
    yield "requests (access lines)", f"{len(lines):,}", _counted(codes)
    flags = lines["response_flags"].dropna()
    flags = flags[~flags.isin(["-", ""])]
    if len(flags):
        share = len(flags) / len(lines)
        yield (
            "requests with a response flag",
            f"{len(flags):,}",
            f"{share:.1%} of all: {_counted(flags.value_counts())}",
        )


def _by(capture: Capture, event: str, what: str, column: str) -> Iterator[Answer]:
    """How often an event is printed, and by which values of a column."""
    if event not in capture:
        return
    table, detail = capture[event], ""
    if column and column in table.schema.names:
        detail = _counted(table.select([column])[column].cast(pa.string()).to_pandas().dropna().value_counts())
    yield what, f"{table.num_rows:,}", detail


def _starts(capture: Capture) -> Iterator[Answer]:
    """Processes whose start is in the log."""
    runs = capture.runs
    own = runs[runs["component"].ne("pilot")]
    begun = int(own["start"].eq("banner").sum())
    if begun:
        ready = capture["envoy_ready"].num_rows
        yield "proxies that started here", f"{begun:,}", f"{ready:,} lines report Envoy ready" if ready else ""


def _counted(counts: pd.Series[int]) -> str:
    """Counts by kind in words, the most frequent first."""
    ordered = counts.sort_values(ascending=False, kind="stable")
    said = [f"{name} {count:,}" for name, count in ordered.head(NAMED).items()]
    rest = int(ordered.iloc[NAMED:].sum())
    return ", ".join([*said, *([f"others {rest:,}"] if rest else [])])
