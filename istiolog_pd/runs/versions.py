"""Which Istio wrote a run: the version that a line prints, or the range that its lines leave.

What separates generations is the catalog itself: each of its formats says since when and until when
Istio prints it. A few fields of formats that lived long say more (`SIGNS`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from itertools import combinations
from operator import or_

import numpy as np

from istiolog_pd.engine.reference.match import in_scope
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.statements.covered import covered
from istiolog_pd.formats.template import COMPONENTS, Format
from istiolog_pd.formats.version import OLDEST, OPEN, Version, version_of
from istiolog_pd.runs.container_log import LEVELS, ContainerLog
from istiolog_pd.runs.source_part import Bools, Ints
from istiolog_pd.runs.statement_versions import first_rows, minors_of

#: Events of no format.
NO_FORMAT = ("other", "unparsed", "go_gc", "access")

#: Number of entries of each event sampled over a run; fewer if there are many runs.
SPREAD = 8
MAX_SAMPLED = 20_000

_PRINTED = re.compile(r"(?<![\d.])(\d+\.\d+(\.\d+)?(-(alpha|beta|rc|dev)[.\w]*)?)(?![\d.])")

#: Minor versions are held as bits; a format still in use goes on to the last of them.
MINORS = 100
ALL = (1 << MINORS) - 1


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
class Bound:
    """The minor versions that a line can be of, as bits, and its words."""

    minors: int
    words: str

    @property
    def since(self) -> Version:
        """The first of them."""
        return 1, (self.minors & -self.minors).bit_length() - 1

    @property
    def until(self) -> Version:
        """The last of them."""
        last = self.minors.bit_length() - 1
        return (1, last) if last < MINORS - 1 else OPEN


def between(since: Version, until: Version) -> int:
    """The bits of the minor versions of a range."""
    last = MINORS - 1 if until == OPEN else min(until[1], MINORS - 1)
    return ((1 << (last + 1)) - 1) & ~((1 << since[1]) - 1)


def detect(lane: ContainerLog, starts: Ints, stops: Ints) -> list[Found]:
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
    matches = _matches(lane, starts, stops)
    for run, more in of_statements(lane, starts).items():
        matches.setdefault(run, []).extend(more)
    found = []
    for n, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        bounds = [*(_of_sign(sign) for sign, fills in signs if fills[n]), *matches.get(n, ())]
        texts = [text for row, text in printed if start <= row < stop]
        found.append(_as_printed(texts, bounds) if texts else _intersection(bounds))
    return found


def _as_printed(texts: list[str], bounds: list[Bound]) -> Found:
    """The version that lines print, and what contradicts it: another one, or lines that it does not have."""
    numbers = {text: found[1] for text in texts if (found := _PRINTED.search(text))}
    first, number = next(iter(numbers.items()))
    evidence = [f"printed: {first[:80].splitlines()[0]!r}"]
    others = sorted({other for other in numbers.values() if other != number})
    if others:
        evidence.append(f"but {', '.join(others)} too")
    own = between(version_of(number), version_of(number))
    strange = [bound for bound in bounds if not bound.minors & own]
    if strange:
        lines = "line is" if len(strange) == 1 else "lines are"
        evidence.append(f"but {len(strange)} {lines} not of that version (a build of its own?): {strange[0].words}")
    return Found(number, "; ".join(evidence))


def _printed(lane: ContainerLog) -> list[tuple[int, str]]:
    """The lines that print a version of Istio (a build of one's own prints `unknown`)."""
    rows, versions = lane.column("startup", "version")
    lines = zip(rows.tolist(), versions.to_pylist(), strict=True)
    return [(row, text) for row, text in lines if text and _PRINTED.search(text[:200])]


def _filled(lane: ContainerLog, sign: Sign, starts: Ints, stops: Ints) -> Bools:
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


def _matches(lane: ContainerLog, starts: Ints, stops: Ints) -> dict[int, list[Bound]]:
    """What the formats say that match some entries of each run."""
    events = [event for event in lane.events() if event not in NO_FORMAT]
    most = sum(min(lane.count(event), SPREAD * len(starts)) for event in events)
    spread = SPREAD if most <= MAX_SAMPLED else int(np.clip(MAX_SAMPLED // (len(starts) * 30), 1, SPREAD))
    picked = [np.empty(0, np.int64), *(lane.spread(event, starts, stops, spread) for event in events)]
    rows = np.unique(np.concatenate(picked))
    runs = np.searchsorted(starts, rows, side="right") - 1
    columns = [lane.texts(rows, name) for name in ("message", "scope", "event", "statement")]
    found: dict[int, list[Bound]] = {}
    for row, run, text, scope, event, statement in zip(rows.tolist(), runs.tolist(), *columns, strict=True):
        component, level = COMPONENTS[lane.component[row]], (*LEVELS, None)[lane.level[row]]
        bound = _match(component, level, scope or None, event, statement, text)
        if bound is not None:
            found.setdefault(run, []).append(bound)
    return found


def of_statements(lane: ContainerLog, starts: Ints) -> dict[int, list[Bound]]:
    """What the statements say that entries of each run are of, where no hand-written format matches them."""
    found: dict[int, list[Bound]] = {}
    first = sorted(first_rows(lane, starts), key=lambda one: one[1])
    rows = np.array([row for _, row, _ in first], np.int64)
    for (run, row, statement), scope in zip(first, lane.texts(rows, "scope"), strict=True):
        component, level = COMPONENTS[lane.component[row]], (*LEVELS, None)[lane.level[row]]
        minors = minors_of(statement, component, level, scope or "default")
        if minors & ALL != ALL:
            found.setdefault(run, []).append(Bound(minors, words_of(statement)))
    return found


def _match(component: str, level: str | None, scope: str | None, event: str, statement: str, text: str) -> Bound | None:
    """What the formats say of an entry by its statement; its text, which may not be kept, is only shown."""
    minors = _minors_by_statement(component, level, scope, event, statement)
    return None if minors == ALL else Bound(minors, words_of(text or statement))


@lru_cache(maxsize=1 << 12)
def _minors_by_statement(component: str, level: str | None, scope: str | None, event: str, statement: str) -> int:
    """The minor versions, as bits, of the formats that lines of a statement can be of."""
    formats = _formats_of().get((component, event, statement), ())
    found = [_minors(one) for one in formats if not one.needs_scope or in_scope(one, level, scope)]
    return reduce(or_, found) if found else ALL


@cache
def _formats_of() -> Mapping[tuple[str, str, str], Sequence[Format]]:
    """The formats that lines of a component, event and statement can be of."""
    by_key = {entry.key: entry for entry in FORMATS}
    found: dict[tuple[str, str, str], list[Format]] = {}
    for (key, _, _), statements in covered().items():
        entry = by_key[key]
        for event in (entry.event, *entry.event_with.values()):
            for statement, _ in statements:
                found.setdefault((entry.component, event, statement), []).append(entry)
    return found


def _minors(entry: Format) -> int:
    """The minor versions of Istio that print a format's lines, as bits."""
    return _minors_of(entry.component, entry.since, entry.until)


@cache
def _minors_of(component: str, first: str, last: str) -> int:
    since, until = _istio(component, first), _istio(component, last) if last else OPEN
    return ALL if (since, until) == (OLDEST, OPEN) else between(since, until)


def _istio(component: str, version: str) -> Version:
    """A version of a format as one of Istio; Envoy's numbers are eight ahead."""
    major, minor = version_of(version)
    return (major, max(minor - 8, 0)) if component == "envoy" else (major, minor)


def _of_sign(sign: Sign) -> Bound:
    since, until = version_of(sign.since) if sign.since else OLDEST, version_of(sign.until) if sign.until else OPEN
    return Bound(between(since, until), repr(sign.words))


def _intersection(bounds: list[Bound]) -> Found:
    """The range that is left, and the lines that bound it."""
    if not bounds:
        return Found("", "no line of it tells versions apart")
    # Of lines that say the same, the first.
    bounds = list({bound.minors: bound for bound in reversed(bounds)}.values())[::-1]
    left = reduce(lambda minors, bound: minors & bound.minors, bounds, ALL)
    low, high = max(bounds, key=lambda one: one.since), min(bounds, key=lambda one: one.until)
    if not left:
        one, other = _disagreeing(bounds)
        said = f"{one.words} is of {_range(one)}, {other.words} of {_range(other)}"
        return Found("", f"its lines disagree: {said}")
    whole = Bound(left, "")
    since = f"since {_text(whole.since)}: {low.words}" if whole.since > OLDEST else ""
    until = f"until {_text(whole.until)}: {high.words}" if whole.until < OPEN else ""
    return Found(_range(whole), "; ".join(filter(None, (since, until))))


def _disagreeing(bounds: list[Bound]) -> tuple[Bound, Bound]:
    """Two lines that no version has, or the two that bound most."""
    ordered = sorted(bounds, key=lambda one: one.minors.bit_count())
    pairs = ((one, other) for one, other in combinations(ordered[:50], 2) if not one.minors & other.minors)
    return next(pairs, (ordered[0], ordered[-1]))


def _range(bound: Bound) -> str:
    if bound.since == bound.until:
        return _text(bound.since)
    return f"{_text(bound.since)}-{_text(bound.until) if bound.until < OPEN else ''}"


def words_of(text: str) -> str:
    """The beginning of a line, as evidence."""
    return f"{text[:60].splitlines()[0]!r}"


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
