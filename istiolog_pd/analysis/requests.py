"""Which pushes a proxy asked for: printed since Istio 1.10, inferred before."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd.analysis.answers import control_plane
from istiolog_pd.capture import Capture


def requested(capture: Capture, pushes: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Whether each push answers a request of its proxy, and whether that was inferred.

    Since 1.10 (but not in 1.11.0 and 1.11.1) the line says ``PUSH request``. Where no line of a
    source does, the first push of each type after a proxy's CDS request (1.0-1.7) or new connection
    (1.8 on) is taken for the answer, up to the second push of clusters: a round begins with those.
    """
    printed = pushes["push_type"].eq("request")
    silent = ~pushes["source"].isin(set(pushes.loc[printed, "source"]))
    candidates = pushes[silent & pushes["push_type"].eq("full")]
    if candidates.empty:
        return printed, printed & False
    asked = asking(capture)
    last = pd.merge_asof(
        candidates[["row", "source", "proxy", "xds_type"]],
        asked[["row", "source", "proxy"]].assign(asked=asked["row"]),
        on="row",
        by=["source", "proxy"],
    ).set_axis(candidates.index)
    rounds_begun = last["xds_type"].eq("CDS").groupby([last["source"], last["proxy"], last["asked"]]).cumsum()
    first_of_type = ~last.duplicated(["source", "proxy", "asked", "xds_type"])
    inferred = first_of_type & (rounds_begun <= 1) & last["asked"].notna()
    inferred = inferred.reindex(pushes.index, fill_value=False)
    return printed | inferred, inferred


def asking(capture: Capture) -> pd.DataFrame:
    """The lines that show a proxy asking for its first configuration."""
    requests = control_plane(capture, "xds_request")
    requests = requests[requests["xds_type"].eq("CDS") & requests["level"].eq("info")]
    opened = control_plane(capture, "connection_open")
    names = ["row", "timestamp", "source", "line", "proxy", "connection"]
    both = pd.concat([requests[names], opened[names]])
    return both.dropna(subset=["proxy"]).sort_values("row")
