"""Which pushes a proxy asked for: printed since Istio 1.10, inferred before."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd.analysis._result import as_text, cached_per_capture, control_plane_rows, rows_of, where_equal
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.capture import Capture

#: The columns of lines that show a proxy asking.
ASKED = ("row", "timestamp", "run", "source", "line", "proxy", "connection")


def requested(capture: Capture, pushes: pd.DataFrame, starts: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Whether each push line says that its proxy asked for it, and whether that must be inferred.

    Since 1.10 (but not in 1.11.0 and 1.11.1) the line says ``PUSH request``. Where no line of a run
    does, an answer to a request is taken to be the first push of each type after a proxy's CDS request
    (1.0-1.7) or new connection (1.8 on), up to the second push of clusters, with which a round begins;
    and in 1.0-1.2 what comes after the round's ``Push finished``.
    """
    printed = pushes["push_type"].eq("request")
    candidates = pushes[_silent(pushes) & pushes["push_type"].eq("full")]
    if candidates.empty:
        return printed, printed & False
    inferred = _first_answers(candidates, asking(capture)) | _after_the_end(capture, candidates, starts)
    return printed, inferred.reindex(pushes.index, fill_value=False)


def sent_twice(pushes: pd.DataFrame, rounds: pd.DataFrame, overlapping: set[str]) -> pd.Series[Any]:
    """Pushes that send a type to a proxy again in one full round: where requests are not printed, answers.

    Not of proxies that had two connections at a time: each of those gets the round.
    """
    silent = _silent(pushes)
    if not silent.any():
        return silent
    keys = pushes[["run", "proxy", "xds_type"]].assign(round=rounds["round"])
    full = pushes["push_type"].eq("full") & keys["round"].notna() & ~pushes["proxy"].isin(overlapping)
    return full & silent & keys[full].duplicated().reindex(pushes.index, fill_value=False)


def forced_for_warming(capture: Capture, pushes: pd.DataFrame) -> pd.Series[Any]:
    """The pushes of endpoints that a line just before announces: clusters of this proxy wait for them.

    ``EDS: FORCE <connection> PUSH for warming`` (forceEDSPush, pilot/pkg/xds/ads.go).
    """
    forced = control_plane_rows(capture, "warming_push")
    forced = forced.loc[forced["xds_type"].eq("EDS"), ["row", "run", "proxy"]].dropna(subset=["proxy"])
    if forced.empty:
        return pd.Series(False, pushes.index)
    endpoints = pushes.loc[pushes["xds_type"].eq("EDS"), ["row", "run", "proxy"]]
    endpoints["proxy"] = as_text(endpoints["proxy"])
    before = merge_as_of(endpoints, forced.assign(forced=forced["row"]), "row", ["run", "proxy"])
    answers = before["forced"].notna() & ~before.duplicated(["run", "proxy", "forced"])
    return answers.reindex(pushes.index, fill_value=False) & pushes["push_type"].eq("full")


def _silent(pushes: pd.DataFrame) -> pd.Series[Any]:
    """Whether the run of a push never prints that a proxy asked."""
    asked = pushes["push_type"].eq("request")
    if "inferred" in pushes:
        asked &= ~pushes["inferred"]
    return ~pushes["run"].isin(pushes.loc[asked, "run"].unique())


def _first_answers(pushes: pd.DataFrame, asked: pd.DataFrame) -> pd.Series[Any]:
    """The first push of each type after a proxy asked, before clusters come a second time."""
    last = pd.merge_asof(
        pushes[["row", "run", "xds_type"]].assign(proxy=as_text(pushes["proxy"])),
        asked[["row", "run", "proxy"]].assign(asked=asked["row"]),
        on="row",
        by=["run", "proxy"],
    ).set_axis(pushes.index)
    keys = ["run", "proxy", "asked"]
    clusters = last["xds_type"].eq("CDS").groupby([last[key] for key in keys]).cumsum()
    return ~last.duplicated([*keys, "xds_type"]) & (clusters <= 1) & last["asked"].notna()


def _after_the_end(capture: Capture, pushes: pd.DataFrame, starts: pd.DataFrame) -> pd.Series[Any]:
    """Pushes after the newest full round had finished on every connection (1.0-1.2 print that).

    A `Push finished` says how long ago its context was made: its round is the first begun since.
    """
    ends = control_plane_rows(capture, "push_finish")
    full = starts.loc[starts["full"].fillna(False).astype(bool), ["run", "timestamp", "row"]]
    if ends.empty or full.empty:
        return pd.Series(False, pushes.index)
    begun = ends.assign(timestamp=ends["timestamp"] - ends["duration"])[["run", "timestamp", "row"]]
    ended = pd.merge_asof(
        begun.sort_values("timestamp"),
        full.sort_values("timestamp"),
        on="timestamp",
        by="run",
        direction="forward",
        suffixes=("_end", ""),
    ).dropna(subset=["row"])
    ends_of = full.merge(ended[["run", "row", "row_end"]].astype({"row": full["row"].dtype}), how="left")
    newest = pd.merge_asof(pushes[["row", "run"]], ends_of.sort_values("row"), on="row", by="run")
    return (newest["row_end"] < newest["row"]).fillna(False).astype(bool).set_axis(pushes.index)


@cached_per_capture
def asking(capture: Capture) -> pd.DataFrame:
    """The lines that show a proxy asking for its first configuration."""
    requests = where_equal(where_equal(capture["xds_request"], "xds_type", "CDS"), "level", "info")
    both = pd.concat([rows_of(requests, ASKED), control_plane_rows(capture, "connection_open", ASKED)])
    return both.dropna(subset=["proxy"]).sort_values("row")
