"""Which update of Envoy is a push's own, and the bounds of the time until Envoy had applied it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import SPAN
from istiolog_pd.analysis._intervals import Ints
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.clocks import BOUNDS, PAIR, from_connections, from_nonces, meetings, streams
from istiolog_pd.analysis.propagation.joining import NONE, between, in_turn, nearby, with_stream
from istiolog_pd.analysis.propagation.nonces import streams_begun
from istiolog_pd.analysis.propagation.sides import of_proxies
from istiolog_pd.analysis.propagation.updates import KEY
from istiolog_pd.capture import Capture

ZERO = pd.Timedelta(0)


def taken(column: pd.Series[Any], at: Ints) -> Any:
    """The values at these places, null at -1."""
    return column.array.take(at, allow_fill=True)


def applied(
    capture: Capture, rows: pd.DataFrame, logs: pd.Series[str], shown: pd.DataFrame, skew: pd.Timedelta
) -> pd.DataFrame:
    """The rows with the update of Envoy that is their own (`update`: its place in `shown`; -1: none is known)."""
    met, begun = meetings(capture, logs, skew), streams(capture, logs)
    rows = _connected(capture, rows, met)
    responses = of_proxies(capture, logs, "xds_response", "xds_type", "nonce")
    responses = with_stream(responses[responses["nonce"].isna()], begun)
    rows = _clocks(rows, from_connections(met, shown, skew), logs, skew)
    turn = in_turn(rows, responses)
    rows["received"] = rows["received"].fillna(pd.Series(taken(responses["timestamp"], turn), rows.index))
    accepted = rows["nacked"].isna()
    rows["update"] = NONE
    answered = accepted & rows["answered"].notna() & rows["received"].notna()
    rows.loc[answered, "update"] = between(rows[answered], shown)
    open_ = accepted & rows["answered"].isna() & rows["sent"].notna() & rows["proxy"].isin(set(logs))
    # Endpoint-only pushes are hidden at info, so those of endpoints cannot be counted there.
    hidden = rows["xds_type"].eq("EDS") & ~rows["run"].isin(rows.loc[rows["push_type"].eq("incremental"), "run"])
    whole = with_stream(shown[shown["whole"]], begun)
    counted = open_ & ~hidden
    turn = in_turn(rows[counted], whole)
    rows.loc[counted, "update"] = np.where(
        turn < 0, NONE, whole.index.to_numpy()[np.maximum(turn, 0)] if len(whole) else NONE
    )
    near = pd.Series(nearby(rows, shown), rows.index).where(open_ & ~hidden & rows["update"].lt(0), NONE)
    rows["update"] = rows["update"].mask(near.ge(0), near)
    rows["joined"] = rows["update"].ge(0) & ~answered
    # Nothing says that it was not an update of a push before the log.
    rows["unbounded"] = near.ge(0) & rows["begun"].isna() & ~rows.duplicated(KEY)
    rows["applied"] = pd.Series(taken(shown["timestamp"], rows["update"].to_numpy()), rows.index)
    return rows


def _connected(capture: Capture, rows: pd.DataFrame, met: pd.DataFrame) -> pd.DataFrame:
    """The rows with the beginning (`connected`) and the end (`ends`) of their connection by the sidecar's clock."""
    begun = streams_begun(capture)
    begun = begun[["row", "run", "proxy"]].assign(begun=begun["timestamp"])
    rows = merge_as_of(rows, begun, "row", PAIR)
    starts = met[["row", *PAIR, "connected"]].assign(met=met["row"]).sort_values("row")
    rows = merge_as_of(rows, starts, "row", PAIR)
    order = starts.dropna(subset=["connected"]).sort_values("connected")
    order["ends"] = order.groupby("proxy", sort=False)["connected"].shift(-1)
    ends = order.set_index("met")["ends"].reindex(pd.Index(rows["met"].astype("float64")))
    return rows.assign(ends=ends.array)


def _clocks(rows: pd.DataFrame, known: pd.DataFrame, logs: pd.Series[str], skew: pd.Timedelta) -> pd.DataFrame:
    """The rows with the bounds of the clocks' offset: by nonces, else by connections, else assumed."""
    rows = rows.join(from_nonces(rows))
    told = rows.loc[~rows["drifts"]].groupby(PAIR, sort=False)[BOUNDS].first().reset_index()
    here = rows["proxy"].isin(set(logs))
    for table in (told, known):
        at = rows[PAIR].merge(table[[*PAIR, *BOUNDS]], on=PAIR, how="left").set_index(rows.index)
        free = here & rows[BOUNDS].isna().any(axis=1) & at[BOUNDS].notna().all(axis=1)
        rows.loc[free, BOUNDS] = at.loc[free, BOUNDS]
    rows["assumed"] = here & rows[BOUNDS].isna().any(axis=1)
    for name, most in zip(BOUNDS, (-skew, skew), strict=True):
        rows[name] = rows[name].mask(rows["assumed"] & rows[name].isna(), most).astype(SPAN)
    return rows


def delays(rows: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """The rows with bounds of the time from the push to Envoy's having applied it.

    The agent received it before that, and Envoy's answer comes after it.
    """
    at = rows["update"].to_numpy()
    early, late = (pd.Series(taken(shown[name], at), rows.index) for name in ("early", "late"))
    accepted, answered = rows["nacked"].isna(), rows["answered"]
    early = early.fillna(rows["received"])
    early = early.mask(early < rows["received"], rows["received"])
    late = late.mask(late.isna() | (late > answered), answered)
    trip = rows["acknowledged"] - rows["sent"]
    low = (early - rows["sent"] - rows["clock_offset_high"]).where(accepted & (rows["joined"] | answered.notna()))
    high = (late - rows["sent"] - rows["clock_offset_low"]).where(accepted & ~rows["unbounded"])
    high = high.mask(high.isna() | (high > trip), trip)
    low = low.mask(low < ZERO, ZERO).fillna(trip * 0)
    # what one clock saw of the whole trip holds, whatever is assumed of two clocks
    rows["delay_low"], rows["delay_high"] = low.mask(low > high, high), high
    return rows
