"""Every row of the format tables, filled with values, is matched by one entry of the catalog and read right.

The tables (`tests/formats/source`, taken from the sources by machine; `tests/formats/events.tsv`) and the samples (`tests/filling`) know nothing of the catalog, and it nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from filling.fill import Case, cases
from filling.rows import Row, rows
from filling.special import EVENTS_TOO

from istiolog_pd.engine.reference.match import Compiled, Recognizer, in_scope
from istiolog_pd.formats import FORMATS, KINDS, Format

#: Columns of the public schema; others may be added, and are no business of the tables.
SCHEMA = frozenset(
    """
    node_id connection_id node_type node_ip proxy pod namespace domain connection peer xds_type push_type resources
    clusters endpoints not_ready empty listeners routes services virtual_services removed cached cacheable filtered
    size_bytes push_version nonce connected_endpoints duration debounce_id debounced_events quiet_time since_last_push
    debounce_time full forced reason config_kind config_namespace config_name more_configs cluster cluster_direction
    cluster_port cluster_subset cluster_host listener listener_address listener_port added updated skipped service
    address error grpc_code
    """.split()
)

#: Entries that no row of the tables fills: lines of real logs, of headers.tsv, and those that a note describes.
BESIDE_THE_TABLES = {
    ("pilot", "sync complete"),
    ("envoy", "assert failure: {:text}"),
    ("pilot", "failed to get proxy service targets from metadata: no instances found for {node_id}"),
    ("pilot", "Timed out waiting for cluster {cluster:word} to sync {:text}"),
    ("pilot", "remote cluster {cluster:word} failed to sync after {:text}"),
    ("pilot", "FLAG: {?--{|}-}{flag}={flag_value}"),
    ("agent", "FLAG: {?--{|}-}{flag}={flag_value}"),
    ("pilot", "failed to set GOMEMLIMIT{? {:text}}"),
    ("agent", "failed to set GOMEMLIMIT{? {:text}}"),
    ("pilot", "GOMEMLIMIT is updated{? {:text}}"),
    ("agent", "GOMEMLIMIT is updated{? {:text}}"),
    ("pilot", "memory is not limited, skipping{? {:text}}"),
    ("agent", "memory is not limited, skipping{? {:text}}"),
    ("envoy", "listener '{listener}' failed to bind or apply socket options: {error}"),
    ("pilot", "stopped"),
    ("pilot", "{?C{|}c}ontroller terminated"),
    ("pilot", "Registry Aggregator terminated"),
    ("envoy", "  {:text}: {:text}"),
    ("envoy", "envoy.{:word}: {:text}"),
    ("envoy", "Envoy version: {:text}"),
    ("envoy", "#{:int}: {:text}"),
    ("envoy", "thr<{:word}> {:text}"),
    ("envoy", "end backtrace thread {:word}"),
}

#: Lines that a note describes beside its format.
VARIANTS = (
    (
        "pilot go_gc",
        "gc 152 @16089.641s 0%: 0.011+10+7.0 ms clock, 0.045+7.5/7.9/13+28 ms cpu, 11->11->6 MB, 12 MB goal, 4 P",
    ),
    (
        "pilot go_gc",
        "gc 8 @0.215s 2%: 0.06+1.2+0.01 ms clock, 0.2+0.3/1.0/0+0.0 ms cpu, 7->8->4 MB, 8 MB goal, 0 MB stacks, "
        "0 MB globals, 8 P (forced)",
    ),
    ("pilot go_gc", "scvg: inuse: 24, idle: 38, sys: 63, released: 0, consumed: 63 (MB)"),
)

EVERY_ROW = [row for table in ("pilot", "agent", "envoy") for row in rows(table)]
ROWS = [row for row in EVERY_ROW if row.event != "other"]
OTHERS = [row for row in EVERY_ROW if row.event == "other"]


@cache
def recognizer() -> Recognizer:
    """The whole catalog, compiled once."""
    return Recognizer(FORMATS)


@cache
def filled(row: Row) -> tuple[Case, ...]:
    """The cases of a row."""
    return tuple(cases(row))


def scope_of(row: Row) -> str | None:
    """What the header of a row's entry prints as scope: nothing for the default one."""
    return None if row.scope in ("default", "(none)") else row.scope


def matching(component: str, level: str | None, scope: str | None, message: str) -> list[Compiled]:
    """All entries whose expression matches a message; fallbacks only where nothing else does."""
    found: list[Compiled] = []
    last: list[Compiled] = []
    for one in compiled_of(component):
        entry = one.format
        if one.regex.match(message) is None:
            continue
        if entry.is_fallback:
            last += [one] * in_scope(entry, level, scope)
        elif not entry.needs_scope or in_scope(entry, level, scope):
            found.append(one)
    return found or last


@cache
def compiled_of(component: str) -> tuple[Compiled, ...]:
    """The compiled entries of a component."""
    return tuple(one for one in recognizer().compiled if one.format.component == component)


def columns_of(one: Compiled, texts: Iterable[str | None]) -> dict[str, object]:
    """The columns of a match, nulls left out: of two fields of one column the first that has a value counts."""
    found: dict[str, object] = {}
    for field, text in zip(one.fields, texts, strict=True):
        if text is None:
            continue
        kind = KINDS[field.kind]
        value = kind.value(text)
        parts = dict(zip(kind.columns, value, strict=True)) if kind.columns else {field.column: value}  # type: ignore[arg-type]
        for name, part in parts.items():
            if part is not None:
                found.setdefault(name, part)
    return {**found, **{name: value for name, value in one.format.sets.items() if value is not None}}


def version(text: str) -> tuple[int, ...]:
    """A version as numbers; an empty one is later than any.

    >>> version("1.31-dev") < version("")
    True
    """
    return tuple(int(part) for part in text.removesuffix("-dev").split(".")) if text else (10**6,)


def covers(entry: Format, row: Row) -> list[str]:
    """Where level, scope and versions of an entry do not hold those of a row."""
    found = []
    if row.scope != "(none)":
        if row.scope not in entry.scope.split():
            found.append(f"scope {row.scope!r} is not in {entry.scope!r}")
        if row.level not in entry.level.split():
            found.append(f"level {row.level!r} is not in {entry.level!r}")
    if row.table != "envoy":
        if version(entry.since) > version(row.first):
            found.append(f"since {entry.since}, but the row begins with {row.first}")
        if version(entry.until) < version(row.last) or (entry.until and row.last.endswith("-dev")):
            found.append(f"until {entry.until}, but the row ends with {row.last}")
    return found


def check(case: Case) -> list[str]:
    """Everything that is wrong with how the catalog reads a case."""
    row, scope = case.row, scope_of(case.row)
    found = matching(row.table, row.level, scope, case.text)
    if len(found) != 1:
        return [f"matched by {[one.format.text for one in found]}"]
    entry = found[0].format
    match = recognizer().match(row.table, row.level, scope, case.text)
    if match is None or match[0].format is not entry:
        return [f"the recognizer gives {match and match[0].format.text!r}, and not {entry.text!r}"]
    wrong = covers(entry, row)
    if entry.event not in (row.event, EVENTS_TOO.get((row.table, row.format))):
        wrong.append(f"event {entry.event}, expected {row.event}")
    got = {name: value for name, value in columns_of(*match).items() if name in SCHEMA}
    return [f"{problem}   [{entry.text}]" for problem in wrong + case.problems(got)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_is_read_right(row: Row) -> None:
    """One entry matches each filled message of a row, with the row's event and the values put in."""
    wrong: dict[str, tuple[str, str]] = {}
    for case in filled(row):
        for problem in check(case):
            wrong.setdefault(problem.split(": expected")[0], (problem, case.text))
    report = "".join(f"\n  {problem}\n    {text!r:.400}" for problem, text in wrong.values())
    if wrong:
        pytest.fail(f"{row.format!r} ({row.first}-{row.last}){report}", pytrace=False)


@pytest.mark.parametrize(("row", "message"), VARIANTS, ids=[message[:40] for _, message in VARIANTS])
def test_variant_of_a_note(row: str, message: str) -> None:
    """What a note says a line may look like too is matched by the entry of its row."""
    table, event = row.split()
    entries = [one.format for one in matching(table, "info", None, message)]
    assert [entry.event for entry in entries] == [event]


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.id)
def test_other_row_is_no_event(row: Row) -> None:
    """A row without an event is matched by no entry of one."""
    for case in filled(row):
        found = matching(row.table, row.level, scope_of(row), case.text)
        assert [one.format.text for one in found if one.format.event != "other"] == [], case.text


def name_of(entry: Format) -> str:
    """An entry's name in the test's output."""
    return f"{entry.component}:{entry.event}:{entry.text[:50]}"


@pytest.mark.parametrize("entry", FORMATS, ids=name_of)
def test_example_is_its_own(entry: Format) -> None:
    """An example is matched by its entry alone, and gives what the entry says."""
    scope = entry.scope.split()[0]
    where = (entry.component, entry.level.split()[0], None if scope == "default" else scope, entry.example)
    assert [one.format.text for one in matching(*where)] == [entry.text]
    match = recognizer().match(*where)
    assert match is not None
    assert match[0].format is entry
    got = columns_of(*match)
    assert {name: got.get(name) for name in entry.gives} == dict(entry.gives)
    assert entry.origin


def test_every_entry_is_in_the_tables() -> None:
    """An entry that no row of the tables fills is named here, so that none comes in unseen."""
    matched = set()
    for row in ROWS:
        for case in filled(row):
            match = recognizer().match(row.table, row.level, scope_of(row), case.text)
            if match is not None:
                matched.add(match[0].number)
    elsewhere = [
        c.number for c in recognizer().compiled if c.format.event == "access" or c.format.component == "ztunnel"
    ]
    matched.update(elsewhere)  # tests/test_access.py
    beside = {
        (c.format.component, c.format.text)
        for c in recognizer().compiled
        if c.number not in matched and c.format.event != "go_gc"  # the runtime's: above
    }
    assert sorted(beside) == sorted(BESIDE_THE_TABLES)
