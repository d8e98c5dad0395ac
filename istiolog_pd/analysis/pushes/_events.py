"""The lines that answers are made of: starts of rounds, and pushes with what they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from istiolog_pd.analysis._answer import FLAG
from istiolog_pd.analysis._result import among, cached_per_capture, coded_rows, control_plane_rows, sorted_categories
from istiolog_pd.analysis.pushes._assign_rounds import ROUND_COLUMNS, assign_rounds, overlapping_in_runs
from istiolog_pd.analysis.pushes._possibly_own import possibly_own
from istiolog_pd.analysis.pushes._requests import asking, forced_for_warming, requested, sent_twice
from istiolog_pd.capture import Capture

#: What answers use of a push line; `row` leads to the rest of it.
PUSH_COLUMNS = (
    "row timestamp level source line run proxy xds_type push_type resources clusters endpoints size_bytes push_version"
).split()
#: What is used of a line that ends a connection.
CLOSED = ("row", "run", "proxy", "connection")
#: What a push can turn out to be.
PUSH_TYPES = ("full", "incremental", "proxy", "request")


@cached_per_capture
def push_starts(capture: Capture) -> pd.DataFrame:
    """The lines that begin a round, numbered from 0 in file order, with the decision before each."""
    starts = control_plane_rows(capture, "push_start")
    starts = starts[starts["connected_endpoints"].notna()].reset_index(drop=True)
    starts["round"] = starts.index
    starts["full"] = (starts["push_type"] != "incremental").astype(FLAG)
    decisions = control_plane_rows(capture, "debounce")
    decisions = decisions[~decisions["rearmed"].fillna(False).astype(bool)]
    before = pd.merge_asof(
        starts[["row", "run"]],
        decisions[["row", "run", "debounce_id", "forced"]].assign(decision=decisions["row"]),
        on="row",
        by="run",
    )
    # A decision is followed by one start; a second start after it had none (no EDS debounce).
    own = before["decision"].notna() & ~before.duplicated(["run", "decision"])
    starts["debounce_id"] = before["debounce_id"].where(own)
    starts["forced"] = before["forced"].where(own)
    no_full = before["forced"].notna()  # Istio 1.31 on
    starts["full"] = starts["full"].where(~no_full)
    return starts


def _of_proxies(table: pd.DataFrame, proxies: pd.Index) -> pd.DataFrame:
    """The rows of some proxies; pandas would make a Python object of each name, Arrow makes none."""
    return table[np.asarray(among(proxies)(pa.array(table["proxy"], pa.string())), bool)]


@cached_per_capture
def push_lines(capture: Capture) -> pd.DataFrame:
    """The push lines of a control plane with their rounds, the kind of each as it was, not only as printed.

    From 1.11 on (those lines print no `clusters`) what is printed at debug is of an endpoint-only round,
    and does not always say ``INC``; before 1.10 no line says that a proxy asked for it; and none ever
    says that it is an update of its proxy alone (``proxy``). Texts are categories.
    """
    lines, starts = coded_rows(capture, "xds_push", PUSH_COLUMNS), push_starts(capture)
    kinds = lines["push_type"].cat.categories.union(list(PUSH_TYPES))
    lines["push_type"] = lines["push_type"].cat.set_categories(kinds)
    printed, inferred = requested(capture, lines, starts)
    endpoint_only = lines["level"].eq("debug") & lines["clusters"].isna()
    lines["push_type"] = lines["push_type"].mask(endpoint_only & ~printed, "incremental").mask(inferred, "request")
    lines["inferred"] = inferred
    lines["warming"] = forced_for_warming(capture, lines)
    asked, closed = asking(capture), control_plane_rows(capture, "connection_close", CLOSED)
    # A log can have many more proxies than it prints pushes to.
    asked, closed = (_of_proxies(table, lines["proxy"].cat.categories) for table in (asked, closed))
    shared_in_runs = overlapping_in_runs(asked, closed)
    shared = {proxy for _, proxy in shared_in_runs}
    rounds = assign_rounds(lines, starts, asked, shared_in_runs)
    own = rounds.pop("own")
    lines["push_type"] = lines["push_type"].mask(own, "proxy")
    again = sent_twice(lines, rounds, shared)
    lines["push_type"] = lines["push_type"].mask(again, "request")
    lines["inferred"] |= again | own
    rounds[list(ROUND_COLUMNS)] = rounds[list(ROUND_COLUMNS)].mask(again)
    rounds["single"] = rounds["round_first"].eq(rounds["round_last"]) & rounds["round"].notna()
    skipped = control_plane_rows(capture, "push_skipped", ["row", "run", "proxy"])
    # What prints the end of a round (1.0 to 1.2) has no updates of one proxy alone.
    early = lines["run"].isin(control_plane_rows(capture, "push_finish", ["run"])["run"].unique())
    rounds["certain"] = rounds["single"] & (early | ~possibly_own(lines, starts, asked, skipped, shared))
    lines["push_type"] = sorted_categories(lines["push_type"])
    return pd.concat([lines.drop(columns="warming"), rounds], axis=1)
