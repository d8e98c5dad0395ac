"""What each round pushed, found quickly: a push is counted to the round of its kind that began last before it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from istiolog_pd.analysis._select import dictionary_codes
from istiolog_pd.capture import Capture, to_pandas

COLUMNS = ["run", "component", "timestamp", "level", "push_type", "clusters", "size_bytes"]


def with_costs(capture: Capture, starts: pd.DataFrame) -> pd.DataFrame:
    """Rounds with `proxies`, `size_bytes` (NaN if a size is not printed) and `visible`, all floats or flags.

    Sums are those of the lines. Where rounds overlap the border between two of them is not exact; who needs
    that takes `pushes`, which takes far longer.
    """
    table = capture["xds_push"]
    lines = to_pandas(table.select(COLUMNS))
    lines["proxy"] = dictionary_codes(table["proxy"])
    of_pilot = lines["component"].eq("pilot") & lines["timestamp"].notna()
    lines = lines[(of_pilot & lines["push_type"].ne("request")).to_numpy(bool)]
    # To 1.10 lines of an endpoint-only round say INC and print `clusters`; later ones are at debug, and INC at
    # info is a proxy that needed no more than endpoints of a full round.
    old = lines["clusters"].notna()
    lines = lines.assign(endpoints=np.where(old, lines["push_type"].eq("incremental"), lines["level"].eq("debug")))
    starts = starts.assign(proxies=np.nan, size_bytes=np.nan, visible=False)
    for run, rounds in starts.groupby("run"):
        own = lines["run"].eq(run).to_numpy(bool)
        mine = lines if own.all() else lines[own]
        if rounds["full"].isna().all():  # Istio 1.31 on: no line tells which kind a round is
            _count(starts, rounds, mine, bool(mine["endpoints"].any()))
            continue
        whole = rounds["full"].fillna(True).astype(bool)
        for kind, part in ((False, rounds[whole]), (True, rounds[~whole])):
            of_kind = mine[mine["endpoints"] == kind]
            _count(starts, part, of_kind, bool(len(of_kind) if kind else len(mine)))
    return starts


def _count(starts: pd.DataFrame, rounds: pd.DataFrame, lines: pd.DataFrame, all_visible: bool) -> None:
    """Set what the lines of one kind say of the rounds of that kind."""
    if rounds.empty:
        return
    begins = rounds["timestamp"].dt.tz_localize(None).to_numpy()
    order = np.argsort(begins, kind="stable")
    place = np.searchsorted(begins[order], lines["timestamp"].dt.tz_localize(None).to_numpy(), "right") - 1
    kept = place >= 0
    lines, place = lines if kept.all() else lines[kept], order[place[kept]]
    count = len(rounds)
    pushes = np.bincount(place, minlength=count)
    proxy = lines["proxy"].to_numpy(np.int64) + 1
    pairs = np.unique(place * (proxy.max(initial=0) + 1) + proxy)
    proxies = np.bincount(pairs // (proxy.max(initial=0) + 1), minlength=count)
    sizes = np.bincount(place, lines["size_bytes"].to_numpy(np.float64, na_value=np.nan), count)
    starts.loc[rounds.index, "visible"] = all_visible | (pushes > 0)
    starts.loc[rounds.index, "proxies"] = proxies.astype(np.float64)
    starts.loc[rounds.index, "size_bytes"] = sizes
