"""Pushes joined with Envoy's updates: only with what can be their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._intervals import Bools, Ints
from istiolog_pd.analysis._time import NAT, as_nanoseconds, merge_as_of
from istiolog_pd.analysis.propagation.updates import KEY

#: No update.
NONE = -1
#: A push is surely applied so long after it was sent, and never later than that: two more may tell them apart.
SETTLED, LATEST = pd.Timedelta("2s"), pd.Timedelta("10s")
#: A push line is written after the send, and Envoy can have received it before, by so much at most.
PRINTED = pd.Timedelta("100ms")
FOREVER = np.iinfo(np.int64).max


class Moments:
    """Moments of proxies and types, in order, to search in."""

    def __init__(self, code: Ints, time: Ints) -> None:
        self._order = np.lexsort((time, code))
        self._code, self.time = code[self._order], time[self._order]
        self._times = np.sort(time)
        self._keys = self._code * (len(time) + 1) + np.searchsorted(self._times, self.time)

    def first(self, code: Ints, moment: Ints, side: str = "left") -> Ints:
        """The place of the first one of a code at or after a moment (`side` right: after it)."""
        rank = np.searchsorted(self._times, moment, side="right" if side == "right" else "left")
        return np.searchsorted(self._keys, code * (len(self.time) + 1) + rank).astype(np.int64)

    def of(self, place: Ints, code: Ints) -> Bools:
        """Whether a place is one of that code."""
        known = np.clip(place, 0, max(len(self.time) - 1, 0))
        if not len(self.time):
            return np.zeros(len(place), np.bool_)
        return np.asarray((place >= 0) & (place < len(self.time)) & (self._code[known] == code))

    def at(self, place: Ints, code: Ints, otherwise: int = FOREVER) -> Ints:
        """The moment at a place, if it is of that code."""
        if not len(self.time):
            return np.full(len(place), otherwise)
        return np.where(self.of(place, code), self.time[np.clip(place, 0, len(self.time) - 1)], otherwise)

    def index(self, place: Ints) -> Ints:
        """Where the moments at these places stand in the table they were made from."""
        return self._order[place] if len(self._order) else place


def codes(*tables: pd.DataFrame) -> list[Ints]:
    """Numbers for proxy and type that all tables share."""
    both = pd.concat([table[KEY] for table in tables], ignore_index=True)
    found = np.asarray(both.groupby(KEY, sort=False, dropna=False).ngroup(), np.int64)
    return np.split(found, np.cumsum([len(table) for table in tables])[:-1])


def between(passed: pd.DataFrame, shown: pd.DataFrame) -> Ints:
    """For each response that its agent saw pass and Envoy answered, the update that lies between; `NONE`: none.

    Envoy takes responses of a type in their order, and answers when it has applied them (clusters only when
    their endpoints came). Where every update is logged, each response has one. Else only lines after the
    answer to the response before can be of this one.

    Parameters
    ----------
    passed
        `proxy`, `xds_type`, `received` and `answered` by the sidecar's clock, both known.
    shown
        Of `updates`.
    """
    order = np.argsort(as_nanoseconds(passed["received"]), kind="stable")
    passed = passed.iloc[order]
    code, theirs = codes(passed, shown)
    line = Moments(theirs, as_nanoseconds(shown["timestamp"]))
    received, answered = as_nanoseconds(passed["received"]), as_nanoseconds(passed["answered"])
    nth = np.asarray(pd.Series(code).groupby(code, sort=False).cumcount(), np.int64)
    first = line.first(code, received) - nth
    in_order = np.asarray(pd.Series(first).groupby(code, sort=False).cummax(), np.int64) + nth
    last = line.first(code, answered, "right") - 1
    before = np.asarray(pd.Series(answered).groupby(code, sort=False).shift(1, fill_value=NAT), np.int64)
    whole = _taken(shown["whole"].to_numpy(bool), line, in_order, code)
    place = np.where(whole, in_order, last)
    started = _taken(as_nanoseconds(shown["started"]), line, last, code)
    fits = line.of(place, code) & (line.at(place, code) <= answered) & (line.at(place, code) >= received)
    fits &= whole | (started >= np.maximum(received, before))
    found = np.empty(len(passed), np.int64)
    found[order] = np.where(fits, line.index(np.where(fits, place, 0)), NONE)
    return found


def in_turn(pushes: pd.DataFrame, shown: pd.DataFrame) -> Ints:
    """For each push of a connection the line of the sidecar that is as many lines after its beginning.

    Each push of a type has one (`shown` has all of them), and a stream keeps their order. The last pushes of a
    connection that broke have none. If there are more lines than pushes, or one is earlier than its push,
    nothing is joined.

    Parameters
    ----------
    pushes
        In the order of writing: `proxy`, `xds_type`, `connected` (when its stream began by the sidecar's clock;
        null if not known), `sent` and the bounds of the clocks' offset.
    shown
        `proxy`, `xds_type`, `timestamp`, `connected`, in the order of time.
    """
    keys = [*KEY, "connected"]
    ours, theirs = pushes[[*keys, "sent", "clock_offset_low"]].reset_index(drop=True), shown[[*keys, "timestamp"]]
    theirs = theirs.reset_index(drop=True)
    ours = ours.assign(at=ours.index, place=ours.groupby(keys, sort=False).cumcount())
    theirs = theirs.assign(line=theirs.index, place=theirs.groupby(keys, sort=False).cumcount())
    joined = ours.dropna(subset=["connected"]).merge(
        theirs.dropna(subset=["connected"]), on=[*keys, "place"], how="outer", indicator=True
    )
    too_early = joined["timestamp"] - joined["sent"] < joined["clock_offset_low"] - PRINTED
    wrong = (joined["_merge"].eq("right_only") | too_early).groupby([joined[key] for key in keys]).transform("any")
    joined = joined[joined["_merge"].eq("both") & ~wrong]
    found = np.full(len(ours), NONE)
    found[joined["at"].to_numpy(np.int64)] = joined["line"].to_numpy(np.int64)
    return found


def nearby(pushes: pd.DataFrame, shown: pd.DataFrame) -> Ints:
    """For each push the one update that lies between it and the next push of its type; `NONE`: none, or several.

    If the push before it can still have been on its way, or the update came too late or after the connection
    had ended, it is not taken for its own.

    Parameters
    ----------
    pushes
        All of a type to a proxy, in the order of writing: `proxy`, `xds_type`, `sent`, `ends` (when its connection
        was over; null: not known), and the bounds of the clocks' offset.
    shown
        Of `updates`.
    """
    code, theirs = codes(pushes, shown)
    line = Moments(theirs, as_nanoseconds(shown["timestamp"]))
    sent, ends = as_nanoseconds(pushes["sent"]), as_nanoseconds(pushes["ends"])
    low, high = (as_nanoseconds(pushes[f"clock_offset_{end}"]) for end in ("low", "high"))
    series = pd.Series(sent).groupby(code, sort=False)
    following = np.asarray(series.shift(-1, fill_value=FOREVER), np.int64)
    until = np.where(following == FOREVER, FOREVER, following + np.where(following == FOREVER, 0, low))
    place = line.first(code, sent + low - PRINTED.value)
    moment = line.at(place, code)
    alone = (moment < until) & (line.at(place + 1, code) >= until)
    alone &= moment - (sent + low) <= LATEST.value
    alone &= (ends == NAT) | (moment <= ends)
    former = np.asarray(series.shift(1, fill_value=NAT), np.int64)
    settled = (former == NAT) | (sent + low - (former + high) >= SETTLED.value)
    before = np.asarray(pd.Series(np.where(alone, place, NONE)).groupby(code, sort=False).shift(1, fill_value=NONE))
    fits = alone & (settled | ((before >= 0) & (before < place)))
    return np.where(fits, line.index(np.where(fits, place, 0)), NONE)


def _taken(values: npt.NDArray[Any], line: Moments, place: Ints, code: Ints) -> npt.NDArray[Any]:
    """The values of the moments at these places; of none: of the first in the table."""
    known = line.of(place, code)
    return values[line.index(np.where(known, place, 0))] if len(values) else np.zeros(len(place), values.dtype)


def with_stream(lines: pd.DataFrame, streams: pd.DataFrame) -> pd.DataFrame:
    """Lines of sidecars with the beginning of the stream they came by (`connected`)."""
    begun = streams.assign(connected=streams["timestamp"])
    ordered = lines.sort_values("timestamp", kind="stable")
    return ordered.assign(
        connected=merge_as_of(ordered[["proxy", "timestamp"]], begun, "timestamp", ["proxy"])["connected"]
    )
