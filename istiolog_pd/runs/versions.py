"""Which Istio wrote a run: the version that a line prints, or the range that its lines leave.

What separates generations is the catalogue itself: each of its formats says since when and until when
Istio prints it. A few fields of formats that lived long say more (`SIGNS`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from istiolog_pd.engine.reference.labels import split_labels
from istiolog_pd.engine.reference.match import recogniser
from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.formats.template import COMPONENTS, Format
from istiolog_pd.runs.container_log import LEVELS, Lane
from istiolog_pd.runs.source_part import Bools, Ints

#: Events of no format.
NO_FORMAT = ("other", "unparsed", "go_gc", "access")

#: So many entries of each event are looked at in a run, spread over it; fewer where there are many runs.
SPREAD = 8
MOST_LOOKED_AT = 20_000

_PRINTED = re.compile(r"(?<![\d.])(\d+\.\d+(\.\d+)?(-(alpha|beta|rc|dev)[.\w]*)?)(?![\d.])")

Version = tuple[int, int]
OLDEST: Version = (1, 0)
OPEN: Version = (10**6, 0)


@dataclass(frozen=True)
class Sign:
    """A column that only some versions fill: of which event, since and until when, and where to read that."""

    event: str
    column: str
    since: str = ""
    until: str = ""
    words: str = ""


SIGNS = (
    Sign("debounce", "forced", since="1.31", words="forced="),
    Sign("debounce", "full", until="1.30", words="full="),
    Sign("debounce", "config_kind", since="1.12", words="for config"),
    Sign("debounce", "reason", since="1.14", words="for reason"),
    Sign("xds_push", "removed", since="1.18", words="removed:"),
    Sign("xds_push", "filtered", since="1.14", words="filtered:"),
    Sign("xds_push", "cacheable", since="1.8", words="cached:"),
    Sign("push_start", "virtual_services", until="1.1", words="VirtualServices"),
)


@dataclass(frozen=True)
class Found:
    """A version or a range of them, and the lines that say so."""

    version: str
    evidence: str


@dataclass(frozen=True)
class _Bound:
    since: Version
    until: Version
    words: str


def detect(lane: Lane, starts: Ints, stops: Ints) -> list[Found]:
    """The version of each run of a lane.

    Parameters
    ----------
    lane
        A container's log.
    starts, stops
        The first entry of each run, and the one after its last.
    """
    printed = _printed(lane)
    signs = [(sign, _filled(lane, sign, starts, stops)) for sign in SIGNS]
    claims = _claims(lane, starts, stops)
    found = []
    for n, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        exact = next((text for row, text in printed if start <= row < stop), None)
        if exact is not None:
            number = _PRINTED.search(exact)
            assert number is not None
            found.append(Found(number[1], f"printed: {exact[:80].splitlines()[0]!r}"))
            continue
        bounds = [_of_sign(sign) for sign, fills in signs if fills[n]]
        found.append(_intersection([*bounds, *claims.get(n, ())]))
    return found


def _printed(lane: Lane) -> list[tuple[int, str]]:
    """The lines that print a version of Istio (a build of one's own prints `unknown`)."""
    rows, versions = lane.column("startup", "version")
    lines = zip(rows.tolist(), versions.to_pylist(), strict=True)
    return [(row, text) for row, text in lines if text and _PRINTED.search(text[:200])]


def _filled(lane: Lane, sign: Sign, starts: Ints, stops: Ints) -> Bools:
    """Whether any entry of the control plane fills a sign's column, for each run."""
    found = np.zeros(len(starts), np.bool_)
    for rows, (values,) in lane.batches(sign.event, sign.column):
        if values.null_count == len(values):
            continue
        own = rows[values.is_valid().to_numpy(zero_copy_only=False)]
        own = own[lane.is_of("pilot", own)]
        found |= np.searchsorted(own, starts) < np.searchsorted(own, stops)
        if found.all():
            break
    return found


def _claims(lane: Lane, starts: Ints, stops: Ints) -> dict[int, list[_Bound]]:
    """What the formats say that claim some entries of each run."""
    spread = int(np.clip(MOST_LOOKED_AT // (len(starts) * 30), 1, SPREAD))
    picked = [np.empty(0, np.int64)]
    picked += [lane.spread(event, starts, stops, spread) for event in EVENTS if event not in NO_FORMAT]
    rows = np.unique(np.concatenate(picked))
    runs = np.searchsorted(starts, rows, side="right") - 1
    found: dict[int, list[_Bound]] = {}
    for row, run, text, scope in zip(
        rows.tolist(), runs.tolist(), lane.texts(rows), lane.texts(rows, "scope"), strict=True
    ):
        bound = _claim(COMPONENTS[lane.component[row]], (*LEVELS, None)[lane.level[row]], scope or None, text)
        if bound is not None:
            found.setdefault(run, []).append(bound)
    return found


def _claim(component: str, level: str | None, scope: str | None, text: str) -> _Bound | None:
    """What the format says that claims an entry."""
    claim = recogniser().claim
    claimed = claim(component, level, scope, text) or claim(component, level, scope, split_labels(text)[0])
    if claimed is None:
        return None
    entry = claimed[0].format
    since, until = _istio(entry, entry.since), _istio(entry, entry.until) if entry.until else OPEN
    return None if (since, until) == (OLDEST, OPEN) else _Bound(since, until, f"{text[:60].splitlines()[0]!r}")


def _istio(entry: Format, version: str) -> Version:
    """A version of a format as one of Istio; Envoy's numbers are eight ahead."""
    major, minor = _number(version)
    return (major, max(minor - 8, 0)) if entry.component == "envoy" else (major, minor)


def _number(version: str) -> Version:
    major, minor = re.findall(r"\d+", version)[:2]
    return int(major), int(minor)


def _of_sign(sign: Sign) -> _Bound:
    return _Bound(
        _number(sign.since) if sign.since else OLDEST, _number(sign.until) if sign.until else OPEN, repr(sign.words)
    )


def _intersection(bounds: list[_Bound]) -> Found:
    """The range that is left, and the lines that bound it."""
    if not bounds:
        return Found("", "no line of it tells versions apart")
    low, high = max(bounds, key=lambda one: one.since), min(bounds, key=lambda one: one.until)
    if low.since > high.until:
        said = f"{low.words} is of {_text(low.since)} and later, {high.words} of {_text(high.until)} and earlier"
        return Found("", f"its lines disagree: {said}")
    since = f"since {_text(low.since)}: {low.words}" if low.since > OLDEST else ""
    until = f"until {_text(high.until)}: {high.words}" if high.until < OPEN else ""
    evidence = "; ".join(filter(None, (since, until)))
    if low.since == high.until:
        return Found(_text(low.since), evidence)
    return Found(f"{_text(low.since)}-{_text(high.until) if high.until < OPEN else ''}", evidence)


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
