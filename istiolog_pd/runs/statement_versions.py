"""Which minor versions of Istio have a statement, and the entries of a log that are of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd.engine.reference.statements import fitting
from istiolog_pd.formats.statements.covered import covered
from istiolog_pd.formats.statements.table import GROUPS, Statement, literals_of, load_statements
from istiolog_pd.runs.container_log import ContainerLog
from istiolog_pd.runs.source_part import Ints

_RELEASE = re.compile(r"1\.(\d+)(?:\.\d+)?(?:-(?:alpha|beta|rc)\.\d+|-dev)?")

#: The last minor that was read: what it has, later ones may have too.
NEWEST = 32
LATER = ((1 << 100) - 1) & ~((1 << NEWEST) - 1)


def minors_of_ranges(ranges: str) -> int:
    """The minor versions of some ranges of releases, as bits.

    Examples
    --------
    >>> bin(minors_of_ranges("1.0.0-1.2.10;1.4.0"))
    '0b10111'
    """
    found = 0
    for one in ranges.split(";"):
        ends = [int(minor) for minor in _RELEASE.findall(one)]
        found |= ((1 << (ends[-1] + 1)) - 1) & ~((1 << ends[0]) - 1)
    return found | LATER if found >> NEWEST else found


#: What fills the fields of a statement: a number and a word.
_VALUE = "1"

#: Packages that stood in a repository of their own (istio.io/pkg) from 1.2 to 1.18, and in no table meanwhile.
_MOVED = ("pkg/ctrlz/", "pkg/log/", "pkg/probe/", "pkg/env/", "pkg/version/", "pkg/filewatcher/")


@cache
def _by_text() -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for one in load_statements():
        found.setdefault(one.text, []).append(one)
    return found


@cache
def minors_of(statement: str, component: str, level: str | None, scope: str) -> int:
    """The minor versions that print lines of a statement at a level in a scope; as bits.

    Of all statements that such lines fit, since another version may have said the same in other words.
    """
    known = [one for one in _by_text().get(statement, ()) if one.group == GROUPS.get(component)]
    if any(one.file.startswith(_MOVED) for one in known):
        return -1
    lines = dict.fromkeys(_VALUE.join(literals_of(one.template)) for one in known if one.template)
    known += [one for line in lines for one in fitting(component, line)]
    exact = [one for one in known if one.level == level and one.scope == scope]
    minors = 0
    for one in exact or known:
        minors |= minors_of_ranges(one.ranges)
    return minors or -1


@cache
def _of_formats() -> frozenset[str]:
    """Statements of hand-written formats, whose versions those formats tell."""
    return frozenset(statement for found in covered().values() for statement, _ in found)


def first_rows(lane: ContainerLog, starts: Ints) -> Iterator[tuple[int, int, str]]:
    """For each run and each statement at each level the first entry of it: run, entry, statement."""
    seen: set[tuple[int, int, str]] = set()
    for part, start in zip(lane.parts, lane.starts.tolist(), strict=False):
        column = part.events["statement"]
        if column.null_count == len(column):
            continue
        codes = one_chunk(column)
        names = codes.dictionary.to_pylist()
        rows = np.flatnonzero(codes.is_valid().to_numpy(zero_copy_only=False))
        numbers = codes.indices.drop_null().to_numpy()
        wanted = np.isin(numbers, [n for n, name in enumerate(names) if name not in _of_formats()])
        at, own = lane.own(rows[wanted] + start)
        numbers = numbers[wanted] if own is None else numbers[wanted][own]
        if not len(at):
            continue
        runs = np.searchsorted(starts, at, side="right") - 1
        levels = lane.level[at].astype(np.int64) + 1
        keys = (runs.astype(np.int64) * len(names) + numbers) * (int(levels.max()) + 1) + levels
        _, first = np.unique(keys, return_index=True)
        for n in np.sort(first).tolist():
            key = (int(runs[n]), int(lane.level[at[n]]), names[numbers[n]])
            if key not in seen:
                seen.add(key)
                yield key[0], int(at[n]), key[2]
