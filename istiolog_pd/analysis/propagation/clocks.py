"""The offset between the clocks of a control plane and a sidecar, bounded by what cannot come before what."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd.analysis._answer import SPAN
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.sides import PILOT, of_proxies, side
from istiolog_pd.capture import Capture

PAIR = ["proxy", "run"]
BOUNDS = ["clock_offset_low", "clock_offset_high"]
#: A push line is written later than the send by less than this.
PRINTED = pd.Timedelta("1s")
#: Lines of a control plane that the stream of one proxy writes, one after the other.
ABOUT = ("xds_push", "xds_request", "xds_ack", "xds_nack", "connection_open")


def from_nonces(pushes: pd.DataFrame) -> pd.DataFrame:
    """Bounds of the sidecar's clock minus the control plane's for each push, of all that share both logs.

    No agent receives what is not sent, and no answer reaches the control plane before the agent passes
    it on. A push line is written after the send, later by up to some 20 ms; but the line before it about the
    same proxy was written before the send, since one stream does one thing after the other. Clocks that drift
    in the course of a log can contradict one offset for all of it: then each push has the bounds of its own,
    and `drifts` is true.

    Parameters
    ----------
    pushes
        `proxy`, `source`; `sent`, `before` (the line about this proxy before it), `came_back` by the control
        plane's clock; `received`, `answered` by the sidecar's.
    """
    earliest = pushes["sent"] - PRINTED
    surely = pushes["before"].where(pushes["before"] > earliest, earliest)
    low, high = pushes["answered"] - pushes["came_back"], pushes["received"] - surely
    keys = [pushes[name] for name in PAIR]
    lowest = low.groupby(keys, dropna=False).transform("max")
    highest = high.groupby(keys, dropna=False).transform("min")
    drifts = (lowest > highest).fillna(False)
    lowest, highest = lowest.mask(drifts, low), highest.mask(drifts, high)
    # What its own times contradict has only the lower bound.
    highest = highest.where(~(highest < lowest), lowest)
    there = pushes["received"].notna()
    values = [column.where(there).astype(SPAN) for column in (lowest, highest)]
    return pd.DataFrame({**dict(zip(BOUNDS, values, strict=True)), "drifts": drifts & there}, index=pushes.index)


def line_before(capture: Capture, pushes: pd.DataFrame) -> pd.Series[Any]:
    """When the control plane wrote the line before each push line about the same proxy."""
    names = ["row", *PAIR, "timestamp"]
    lines = [side(capture, event, PILOT, "proxy")[names] for event in ABOUT if event in capture]
    known = pd.concat(lines).dropna(subset=["proxy", "timestamp"]).sort_values("row")
    known = known.rename(columns={"timestamp": "before"}).assign(row=known["row"] + 1)  # not the line itself
    return merge_as_of(pushes[["row", *PAIR]], known, "row", PAIR)["before"]


def meetings(capture: Capture, logs: pd.Series[str], skew: pd.Timedelta) -> pd.DataFrame:
    """The connections of agents: the control plane's line (`row`, `timestamp`) and when the agent had `connected`.

    Null where no line of the agent is near, or more than one.

    Parameters
    ----------
    logs
        The proxy of each sidecar's log, by log.
    """
    asked = streams(capture, logs)
    asked = asked.assign(connected=asked["timestamp"])
    met = side(capture, "connection_open", PILOT, "proxy", "connection")
    met = met[
        met["connection"].notna() & met["timestamp"].notna() & met["proxy"].isin(set(asked["proxy"]))
    ].sort_values("timestamp")
    met = met[["row", *PAIR, "timestamp"]].reset_index(drop=True)
    before, after = (
        merge_as_of(met, asked, "timestamp", ["proxy"], after=later)["connected"] for later in (False, True)
    )
    before, after = (near.where((near - met["timestamp"]).abs() <= skew) for near in (before, after))
    # Only where no other connection of the agent could be the same one.
    return met.assign(connected=before.fillna(after).where(before.isna() | after.isna()))


def streams(capture: Capture, logs: pd.Series[str]) -> pd.DataFrame:
    """When each agent said that it had a stream to a control plane, in the order of time."""
    asked = of_proxies(capture, logs, "xds_connected", "upstream")
    return asked.loc[asked["upstream"].notna(), ["proxy", "timestamp"]].sort_values("timestamp")


def from_connections(met: pd.DataFrame, updates: pd.DataFrame, skew: pd.Timedelta) -> pd.DataFrame:
    """Bounds of the offset of each proxy's clock and control plane's source, from how connections begin.

    An agent says that it is connected before it asks, and the control plane says so after that; Envoy
    updates nothing before the control plane has been asked. Without such lines, and beyond them, the clocks
    are taken to differ by `skew` at most.

    Parameters
    ----------
    met
        Of `meetings`.
    updates
        What Envoys applied: `proxy`, `timestamp`.
    """
    first = _first_after(updates, met["proxy"], met["connected"])
    ends = {"low": met["connected"] - met["timestamp"], "high": first - met["timestamp"]}
    table = met.assign(**{name: span.mask(span < -skew, -skew).mask(span > skew, skew) for name, span in ends.items()})
    bounds = table.groupby(PAIR, as_index=False).agg(clock_offset_low=("low", "max"), clock_offset_high=("high", "min"))
    return bounds[~(bounds["clock_offset_low"] > bounds["clock_offset_high"])]


def _first_after(updates: pd.DataFrame, proxy: pd.Series[str], moments: pd.Series[pd.Timestamp]) -> pd.Series[Any]:
    """The first update of each proxy after a moment."""
    sought = pd.DataFrame({"proxy": proxy, "timestamp": moments}).dropna().sort_values("timestamp")
    known = updates[["proxy", "timestamp"]].sort_values("timestamp")
    known = known.assign(first=known["timestamp"])
    found = merge_as_of(sought, known, "timestamp", ["proxy"], after=True)["first"]
    return found.reindex(proxy.index)
