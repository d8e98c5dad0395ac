"""What two captures have in common: the lines that both print, and what changed its meaning between their versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._text import seconds_text
from istiolog_pd.capture import Capture
from istiolog_pd.formats.version import Version, version_of, version_range
from istiolog_pd.runs.source_part import kept_tables

#: Before this version endpoint-only pushes are printed at info.
ENDPOINTS_AT_DEBUG: Version = (1, 5)

LEFT_OUT = "lines at debug of scope {} are left out of {}: the other capture was logged without them"
ENDPOINTS = "endpoint-only pushes are left out of {}: it prints them at info, the other capture would at debug"
EITHER = "{} (whether these are on either side of {} is not certain)"


@dataclass(frozen=True)
class Change:
    """What a version changed in the meaning of measures."""

    since: str
    measures: str
    text: str


CHANGES = (
    Change("1.1", "debounce_time", "1.0 prints no time from the first change to the push"),
    Change("1.1", "order_broken", "1.0 pushes RDS before LDS in every full round"),
    Change(
        "1.3",
        "debounce_time fan_out_time fan_out_time_per_proxy",
        "from 1.3 on a debounce waits for the push before, rounds overlap, and the end of a round is an estimate",
    ),
    Change("1.5", "pushes bytes", "endpoint-only pushes are printed at info before 1.5, at debug since"),
    Change("1.5", "pushes bytes pushes_per_change bytes_per_change", "from 1.5 on only the types needed are pushed"),
    Change("1.8", "nacks sessions_ended", "before 1.8 a session opens with its first CDS request"),
    Change("1.9", "bytes bytes_per_push bytes_per_change", "sizes are printed from 1.9 on (before, LDS alone to 1.1)"),
    Change(
        "1.10",
        "request_share pushes_per_change bytes_per_change",
        "before 1.10 no line tells that a proxy asked for a push: it is inferred",
    ),
    Change("1.12", "failed_sends", "from 1.12 on a timeout prints a second line, `Send failure`"),
    Change("1.15", "pushes bytes bytes_per_push", "from 1.15 on full rounds push endpoints incrementally too"),
    Change(
        "1.22",
        "bytes bytes_per_push bytes_per_change pushes cache_ratio request_share failed_sends",
        "from 1.22 on proxies speak delta xDS by default: a push holds what changed only",
    ),
    Change(
        "1.31",
        "full_share decisions context_time fan_out_share fan_out_time pushes_per_change bytes_per_change",
        "from 1.31 on every round builds a push context, `full=` became `forced=`, and `XDS: Incremental Pushing` "
        "is gone",
    ),
)


def notes(measure: str, a: tuple[Version, Version], b: tuple[Version, Version]) -> Iterator[str]:
    """What changed the meaning of a measure between two ranges of versions.

    Examples
    --------
    >>> list(notes("debounce_time", ((1, 0), (1, 0)), ((1, 1), (1, 2))))
    ['1.0 prints no time from the first change to the push']
    """
    for change in CHANGES:
        since = version_of(change.since)
        if measure not in change.measures.split():
            continue
        apart = (a[1] < since <= b[0]) or (b[1] < since <= a[0])
        together = (a[1] < since and b[1] < since) or (since <= a[0] and since <= b[0])
        if apart:
            yield change.text
        elif not together and a != b:
            yield EITHER.format(change.text, change.since)


def versions(capture: Capture) -> tuple[Version, Version]:
    """The lowest and the highest version that the control planes of a capture can be of."""
    runs = capture.runs
    texts = runs.loc[runs["component"].eq("pilot") & runs["version"].ne(""), "version"]
    ranges = [version_range(text) for text in texts.unique()]
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else version_range("")


def in_common(a: Capture, b: Capture) -> tuple[Capture, Capture, list[str]]:
    """Both captures with the lines that both would print, and what was left out, in words."""
    said: list[str] = []
    of_a, of_b = debug_scopes(a), debug_scopes(b)
    sides = []
    for name, capture, own, other in (("before", a, of_a, of_b), ("after", b, of_b, of_a)):
        if own - other:
            said.append(LEFT_OUT.format(", ".join(sorted(own - other)), name))
        sides.append(_without_debug(capture, own - other) if own - other else capture)
    early = [_endpoint_only(capture) for capture in sides]
    late = [versions(capture)[0] >= ENDPOINTS_AT_DEBUG for capture in sides]
    for at, name in enumerate("ab"):
        if early[at].any() and late[1 - at] and not debug_scopes(sides[1 - at]) & {"ads", "delta"}:
            said.append(ENDPOINTS.format(name))
            sides[at] = _only(sides[at], ~early[at])
    return sides[0], sides[1], said


def debug_scopes(capture: Capture) -> set[str]:
    """The scopes of which a control plane printed lines at debug."""
    events = capture.events
    debug = pc.and_(_equal(events, "level", "debug"), _equal(events, "component", "pilot"))
    return {scope for scope in events["scope"].filter(debug).cast(pa.string()).unique().to_pylist() if scope}


def _equal(table: pa.Table, name: str, value: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(table[name].cast(pa.string()), value), False)


def _without_debug(capture: Capture, scopes: set[str]) -> Capture:
    events = capture.events
    of_scope = pc.is_in(events["scope"].cast(pa.string()), pa.array(sorted(scopes), pa.string()))
    dropped = pc.and_(_equal(events, "level", "debug"), of_scope)
    return _only(capture, ~dropped.to_numpy().astype(bool))


def _endpoint_only(capture: Capture) -> npt.NDArray[np.bool_]:
    """Which entries are endpoint-only pushes at info, as versions before 1.5 print them."""
    table = capture["xds_push"]
    found = np.zeros(capture.n_entries, bool)
    own = pc.and_(_equal(table, "push_type", "incremental"), pc.is_valid(table["endpoints"]))
    found[table["row"].filter(own).to_numpy()] = True
    return found


def _only(capture: Capture, kept: npt.NDArray[np.bool_]) -> Capture:
    """A capture of some of the entries, numbered anew, without what answers cached."""
    tables = kept_tables(capture.tables, kept)
    return replace(capture, events=capture.events.filter(pa.array(kept)), tables=tables)


def described(capture: Capture, name: str) -> str:
    """Which capture a side is, in words."""
    runs = capture.runs
    own = runs[runs["component"].eq("pilot")]
    found = ", ".join(own.loc[own["version"].ne(""), "version"].drop_duplicates()) or "unknown"
    # in seconds: a sum of many spans may be longer than pandas can say
    span = seconds_text(int((own["last"] - own["first"]).dt.total_seconds().sum()))
    return f"{name}: Istio {found}, {len(own)} run(s), {span}"
