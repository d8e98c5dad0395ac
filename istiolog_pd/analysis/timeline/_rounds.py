"""Decisions, their rounds, the pushes of those, and the lines that tell what became of each push."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._result import cached_per_capture, control_plane_rows
from istiolog_pd.analysis._select import Bools
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.capture import Capture, to_pandas

#: Lines of a control plane and of a sidecar that answer a push, or show that it was received or applied.
ANSWERS = ("xds_ack", "xds_nack", "xds_request", "xds_stale_nonce")
SHOWING = (
    "xds_response xds_ack xds_nack xds_request cds_update lds_update listener_update listener_remove cluster_update "
    "cluster_remove route_update cluster_warmed"
).split()
BY_CONTROL_PLANE, BY_SIDECAR = ("acknowledged", "nacked"), ("received", "applied", "warmed")
FOUND = ["row", "round", "certain"]


@cached_per_capture
def decided_rounds(capture: Capture) -> pd.DataFrame:
    """Every round with its decision: `round`, `run`, `start` (the row that begins it), `decision` (its row or null)."""
    starts = push_starts(capture)[["row", "run", "round", "debounce_id"]]
    decisions = control_plane_rows(capture, "debounce", ["row", "run", "rearmed"])
    decisions = decisions[~decisions["rearmed"].fillna(False).astype(bool)]
    before = merge_as_of(
        starts[["row", "run"]], decisions[["row", "run"]].assign(decision=decisions["row"]), "row", ["run"]
    )
    decision = before["decision"].where(starts["debounce_id"].notna()).astype("Int64")
    return pd.DataFrame(
        {"round": starts["round"].astype("Int64"), "run": starts["run"], "start": starts["row"], "decision": decision}
    )


def of_rounds(capture: Capture, rounds: pd.Series[bool]) -> pd.DataFrame:
    """The lines that decide and begin some rounds.

    Parameters
    ----------
    capture
        Logs of a control plane.
    rounds
        Whether it is certain that the subject has this round, by round.
    """
    known = decided_rounds(capture)
    known = known[known["round"].isin(rounds.index)]
    certain = known["round"].map(rounds).astype("boolean")
    parts = [known.assign(row=known[name], certain=certain) for name in ("start", "decision")]
    return pd.concat(parts)[FOUND].dropna(subset=["row"])


def rounds_decided_by(capture: Capture, rows: Bools) -> pd.Series[bool]:
    """The rounds that some lines decided, all of them certain."""
    known = decided_rounds(capture).dropna(subset=["decision"])
    own = known.loc[rows[known["decision"].to_numpy(np.int64)], "round"]
    return pd.Series(True, pd.Index(own.drop_duplicates(), dtype="Int64"))


def pushes_of(capture: Capture, rounds: pd.Series[bool]) -> pd.DataFrame:
    """The push lines that most likely are of some rounds."""
    lines = push_lines(capture)
    return lines[lines["round"].isin(rounds.index)]


def answers_to(capture: Capture, pushes: pd.DataFrame, followed: pd.DataFrame) -> pd.DataFrame:
    """The lines that tell what became of some pushes: received, applied, answered.

    Parameters
    ----------
    capture
        Logs of a control plane and of sidecars.
    pushes
        Push lines with `source`, `line`, `round`, `certain`.
    followed
        Of `propagation`.
    """
    keys = ["source", "line"]
    ends = [*BY_CONTROL_PLANE, *BY_SIDECAR]
    ours = pushes[[*keys, "proxy", "round", "certain"]].astype({"source": TEXT, "proxy": TEXT, "certain": bool})
    theirs = followed[[*keys, "exact", *ends]].astype({"source": TEXT, "line": "int64"})
    joined = ours.merge(theirs, on=keys)
    joined["certain"] &= joined["exact"].fillna(False).astype(bool)
    parts = []
    for events, names, lines in (
        (ANSWERS, BY_CONTROL_PLANE, _of_control_plane(capture, set(joined["proxy"]))),
        (SHOWING, BY_SIDECAR, _of_sidecars(capture, set(joined["proxy"]))),
    ):
        times = pd.concat([joined[["proxy", "round", "certain"]].assign(timestamp=joined[name]) for name in names])
        times = times.dropna(subset=["timestamp"]).drop_duplicates(at := ["proxy", "timestamp"])
        parts.append(lines[lines["event"].isin(events)].merge(times, on=at)[FOUND])
    return pd.concat(parts)


def _of_control_plane(capture: Capture, proxies: set[str]) -> pd.DataFrame:
    """Lines that answer pushes to these proxies, as the control plane writes them."""
    names = ["row", "timestamp", "proxy"]
    lines = pd.concat([control_plane_rows(capture, event, names).assign(event=event) for event in ANSWERS])
    return lines[lines["proxy"].isin(proxies)]


def _of_sidecars(capture: Capture, proxies: set[str]) -> pd.DataFrame:
    """The lines of the logs of these proxies."""
    runs = proxies_of_runs(capture)
    runs = runs[runs.isin(proxies)]
    own = pc.is_in(capture.events["run"].cast(pa.int64()), pa.array(runs.index.to_numpy(), pa.int64()))
    lines = to_pandas(capture.events.filter(own).select(["timestamp", "event", "run"]))
    row = np.flatnonzero(own.to_numpy())
    return lines.assign(row=row, proxy=lines["run"].map(runs).astype(TEXT)).drop(columns="run")
