"""Proxies in rounds: when each had its push of a round, what that sums up to, and its bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import COUNT
from istiolog_pd.analysis._intervals import Ints, disjoint, earliest_and_latest, per_round
from istiolog_pd.analysis._time import NAT, as_durations, as_nanoseconds, merge_as_of
from istiolog_pd.analysis.propagation.sides import PILOT, side
from istiolog_pd.analysis.pushes._rounds_of_runs import Rounds
from istiolog_pd.capture import Capture


def place_pushes(lines: pd.DataFrame) -> pd.DataFrame:
    """The pushes that have a round, in file order, with numbers for what is compared often."""
    names = [
        "source",
        "run",
        "timestamp",
        "proxy",
        "resources",
        "size_bytes",
        "round",
        "round_first",
        "round_last",
        "certain",
    ]
    placed = lines[names].dropna(subset=["round", "proxy", "timestamp"]).reset_index(drop=True)
    numbers = dict.fromkeys(("round", "round_first", "round_last"), np.int64)
    return placed.astype(numbers).assign(
        code=pd.factorize(placed["proxy"])[0].astype(np.int64),
        written=as_nanoseconds(placed["timestamp"]),
        certain=placed["certain"].astype(bool),
    )


def rows_of_proxies(starts: pd.DataFrame, placed: pd.DataFrame, late: pd.Timedelta) -> pd.DataFrame:
    """One row per proxy and (likeliest) round, with its times and their bounds."""
    groups = placed.assign(sure=placed["written"].where(placed["certain"], -1)).groupby(["code", "round"], sort=False)
    rows = groups.agg(
        proxy=("proxy", "first"),
        source=("source", "first"),
        begun=("written", "min"),
        done=("written", "max"),
        done_low=("sure", "max"),
        pushes=("written", "size"),
        certain=("certain", "all"),
    )
    for name in ("resources", "size_bytes"):
        rows[name] = groups[name].sum(min_count=1)
    rows = rows.reset_index()
    earliest, rows["done_high"] = earliest_and_latest(placed, rows)
    rows["done_low"] = rows["done_low"].mask(rows["done_low"] < 0, earliest)
    of = starts.set_index("round").reindex(rows["round"]).reset_index()
    following = as_nanoseconds(_next_start(starts).reindex(rows["round"]))
    rows["overtaken"] = (following != NAT) & (rows["done"].to_numpy() >= following)
    begins = as_nanoseconds(of["timestamp"])
    for name in ("begun", "done", "done_low", "done_high"):
        rows[name] = as_durations(rows[name].to_numpy() - begins, begins != NAT)
    return rows.assign(run=of["run"], straggler=rows["done"] > late)


def _next_start(starts: pd.DataFrame) -> pd.Series[Any]:
    """When the next round of the same process began, by round."""
    return starts.groupby("run", sort=False)["timestamp"].shift(-1).set_axis(starts["round"])


def sum_rounds(rows: pd.DataFrame) -> pd.DataFrame:
    """What each round comes to, by the likeliest round of each push."""
    rows = rows.sort_values(["round", "done"], kind="stable")
    groups = rows.groupby("round", sort=False)
    sure = rows[rows["certain"]].groupby("round")["done_low"].max()
    return pd.DataFrame(
        {
            "proxies": groups.size(),
            "pushes": groups["pushes"].sum(),
            "size_bytes": groups["size_bytes"].sum(min_count=1),
            "first": groups["done"].min(),
            "median": _had_by(rows, 0.5),
            "p95": _had_by(rows, 0.95),
            "last": groups["done"].max(),
            "last_low": sure,
            "slowest": groups["proxy"].last(),
            "overtaken": groups["overtaken"].sum(),
            "stragglers": groups["straggler"].sum(),
        }
    )


def _had_by(rows: pd.DataFrame, share: float) -> pd.Series[Any]:
    """When that share of the proxies of a round had it, by round; rows in the order of rounds and times."""
    sizes = rows.groupby("round", sort=False).size()
    place = sizes.cumsum() - sizes + np.ceil(sizes * share).astype(np.int64) - 1
    return rows["done"].iloc[place.to_numpy()].set_axis(sizes.index)


def bound_rounds(starts: pd.DataFrame, placed: pd.DataFrame, late: pd.Timedelta) -> pd.DataFrame:
    """At least and at most: proxies, stragglers and the time to the last one, by round."""
    names = ("code", "round_first", "round_last", "written", "certain")
    codes, first, last, written, certain = (placed[name].to_numpy() for name in names)
    begins, size = as_nanoseconds(starts["timestamp"]), len(starts)
    # A push is late for every round that began so long before it; rounds of a run begin in order.
    before = _begun_before(starts, placed, written - late.value)
    tardy = np.minimum(last, before)
    sure_late = certain & (tardy >= last)
    newest = per_round(first, last, written, size)
    return pd.DataFrame(
        {
            "proxies_low": _distinct(codes[certain], first[certain], size),
            "proxies_high": disjoint(codes, first, last).counts(size),
            "stragglers_low": _distinct(codes[sure_late], first[sure_late], size),
            "stragglers_high": disjoint(codes, first, tardy).counts(size),
            "last_high": as_durations(newest - begins, (newest >= 0) & (begins != NAT)),
        },
        index=starts["round"].to_numpy(),
    )


def _begun_before(starts: pd.DataFrame, placed: pd.DataFrame, moments: Ints) -> Ints:
    """The last round of a push's own process that began before a moment; -1 if none did."""
    rounds = Rounds(starts)
    run = np.searchsorted(rounds.runs, placed["run"].to_numpy(np.int64))
    at = rounds.before_time(moments, run, "left") - 1
    number = rounds.lines["round"].to_numpy(np.int64)
    return np.where(at >= 0, number[rounds.first[run] + np.maximum(at, 0)], -1)


def _distinct(codes: Ints, rounds: Ints, size: int) -> Ints:
    """How many different proxies each round has."""
    pairs = np.unique(rounds * (codes.max(initial=0) + 1) + codes)
    return np.bincount(pairs // (codes.max(initial=0) + 1), minlength=size)


def merged_proxies(capture: Capture, starts: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """Proxies whose push of a round can stand for the round before too, or as many as are printed."""
    names = ("code", "round_first", "round_last", "certain")
    codes, first, last, certain = (placed[name].to_numpy() for name in names)
    size = len(starts)
    possible = disjoint(codes, first, last)
    # Who certainly had the round before got a push of its own in it.
    had = np.unique(np.stack([codes[certain], first[certain] + 1]), axis=1)
    again = had[:, possible.holds(had[0], had[1])]
    high = possible.counts(size) - np.bincount(again[1], minlength=size + 1)[:size]
    high[~starts["run"].duplicated().to_numpy()] = 0
    table = pd.DataFrame({"merged_low": 0, "merged_high": high}, index=starts["round"].to_numpy(), dtype=COUNT)
    printed = _pending(capture, starts)
    for name in table:
        table[name] = printed.reindex(table.index).fillna(table[name])
    return table


def _pending(capture: Capture, starts: pd.DataFrame) -> pd.Series[Any]:
    """How many proxies still waited when a round began, where a line says so, by round."""
    backlog = side(capture, "push_backlog", PILOT, "pending").dropna(subset=["pending"])
    begun = starts[["row", "run", "round"]].astype({"row": np.int64, "run": COUNT}).sort_values("row")
    at = merge_as_of(backlog.astype({"run": COUNT}).sort_values("row"), begun, "row", ["run"])
    return at.dropna(subset=["round"]).groupby("round")["pending"].max()
