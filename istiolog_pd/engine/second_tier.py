"""What no hand-written format claims is asked of the statements of the sources, after either engine.

Both engines leave such entries as `other`; here they become events, in the same way for both. It
costs nothing where no entry is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.engine.reference.claimed import Claimed, Part, narrow
from istiolog_pd.engine.reference.labels import split_labels, split_lost_labels, split_run_labels
from istiolog_pd.engine.reference.match import Compiled, compile_format, recognizer
from istiolog_pd.engine.reference.statements import claim_statement, with_single_blanks
from istiolog_pd.engine.statement_names import name_statements, texts_at
from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.formats.statements.table import GROUPS, scope_events
from istiolog_pd.formats.template import Format

#: Programs whose logs are told by their statements alone.
TOLD_BY_STATEMENTS = frozenset({"cni", "operator", "citadel", "galley"})

Tables = tuple[pa.Table, dict[str, pa.Table]]


@dataclass(frozen=True, slots=True)
class Second:
    """The format or statement that claims a message after all, its fields' texts, and the labels."""

    compiled: Compiled
    texts: tuple[str | None, ...]
    labels: str


def readings(message: str) -> Iterator[tuple[str, str]]:
    """What of a message its statement may be of, and the labels, the likeliest first."""
    if "\t" not in message:
        yield split_run_labels(message)
    yield split_labels(message)
    first = message.partition("\n")[0]
    if first != message:
        yield split_labels(first)
    yield split_lost_labels(first)


def second_claim(component: str, level: str | None, scope: str | None, message: str) -> Second | None:
    """What claims a message that no format claims as it stands.

    A hand-written format first, where runs of blanks and tabs are read as one blank; then a statement.
    """
    for body, labels in readings(message):
        single = with_single_blanks(body)
        found = recognizer().claim(component, level, scope, single) if single != body else None
        if found is not None:
            return Second(*found, labels)
    for body, labels in readings(message):
        found = claim_statement(component, level, scope, body)
        if found is not None:
            return Second(*found, labels)
    return None


def by_scope(component: str | None, scope: str | None) -> Second | None:
    """What the scope alone says of a line that no statement claims: Envoy's and ztunnel's trace lines are in no table.

    Examples
    --------
    >>> by_scope("envoy", "router").compiled.format.event, by_scope("pilot", "ads")
    ('envoy_request', None)
    """
    events = scope_events()
    group = GROUPS.get(component or "", "")
    part = (scope or "").split("::")[0]
    event = events.get((group, part)) or events.get((group, ""))
    return Second(_of_scope(event), (), "") if event else None


@cache
def _of_scope(event: str) -> Compiled:
    """A format that says the event and nothing else."""
    number = -10 - list(EVENTS).index(event)
    return compile_format(Format(event, "{:text}", origin="formats/statements/scopes.tsv", example="x"), number)


def claim_others(events: pa.Table, tables: dict[str, pa.Table], *, detect: bool) -> Tables:
    """Give the entries of event `other` what their statements say, and name the statement of all others.

    Parameters
    ----------
    events, tables
        What an engine made of a source.
    detect
        Whether lines may show that the log is of a program of `TOLD_BY_STATEMENTS`.

    Returns
    -------
    tuple
        The common columns with `event`, `statement` (and `component`), and the narrow tables.
    """
    events, tables = _claimed(events, tables, detect=detect) if "other" in tables else (events, tables)
    return name_statements(events, tables), tables


def _claimed(events: pa.Table, tables: dict[str, pa.Table], *, detect: bool) -> Tables:
    rows: list[int] = tables["other"]["row"].to_pylist()
    claims = _claims(events, rows)
    if not claims:
        return events, tables
    numbers = np.array([row for one in claims.values() for row in one.rows])
    kinds = [one for one in claims.values() for _ in one.rows]
    by_event: dict[str, list[Part]] = {}
    for one in claims.values():
        by_event.setdefault(one.event, []).append((one.rows, one.columns()))
    events = _with(events, "event", numbers, [one.event for one in kinds])
    events = _with(events, "statement", numbers, [_statement(one) for one in kinds])
    left = np.isin(np.array(rows), numbers, invert=True)
    tables = tables | {"other": tables["other"].filter(pa.array(left))}
    for event, parts in by_event.items():
        tables[event] = _joined(tables.get(event), narrow(event, parts, events))
    tables = {event: table for event, table in tables.items() if len(table)}
    who = _program(events, kinds) if detect else ""
    return _written_by(who, events, tables) if who else (events, tables)


def without_messages(events: pa.Table) -> pa.Table:
    """The common columns with null for each message."""
    at = events.schema.get_field_index("message")
    return events.set_column(at, events.schema.field(at), pa.nulls(len(events), pa.string()))


#: Maximum length of a message that is looked up: no statement prints a longer one, and each look reads all of it.
MAX_MESSAGE = 1 << 20


def _claims(events: pa.Table, rows: list[int]) -> dict[tuple[str, int], Claimed]:
    """What claims the entries in some rows, each distinct one looked at once."""
    texts = texts_at(events, np.array(rows, np.int64), "component", "level", "scope", "message")
    known: dict[tuple[str | None, ...], Second | None] = {}
    claims: dict[tuple[str, int], Claimed] = {}
    for row, *key in zip(rows, *texts, strict=True):
        component, level, scope, message = entry = tuple(key)
        if message is None or len(message) > MAX_MESSAGE:
            continue
        if entry not in known:
            known[entry] = second_claim(component or "", level, scope, message) or by_scope(component, scope)
        second = known[entry]
        if second is None:
            continue
        compiled = second.compiled
        place = (compiled.format.event, compiled.number)
        one = claims.setdefault(place, Claimed(compiled.format.event, compiled, {}))
        one.rows.append(row)
        one.texts.append(second.texts)
        one.labels.append(second.labels)
    return claims


def _statement(one: Claimed) -> str | None:
    """The statement that claims, or the key of a format, which is replaced later; null where only the scope does."""
    if one.compiled is None or one.compiled.format.is_fallback:
        return None
    return one.compiled.format.statement or one.compiled.format.key


def _with(table: pa.Table, name: str, rows: npt.NDArray[np.int64], values: list[str | None]) -> pa.Table:
    """A table with other texts in some rows of a column of repeated texts."""
    at = table.schema.get_field_index(name)
    kind = table.schema.field(at).type
    column = table.column(at).unify_dictionaries().combine_chunks()
    names = {text: number for number, text in enumerate(column.dictionary.to_pylist())}
    codes = column.indices.fill_null(-1).to_numpy().copy()
    codes[rows] = [-1 if value is None else names.setdefault(value, len(names)) for value in values]
    indices = pa.array(codes, pa.int32(), mask=codes < 0)
    column = pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string())).cast(kind)
    return table.set_column(at, table.schema.field(at), column)


def _joined(old: pa.Table | None, new: pa.Table) -> pa.Table:
    """Two narrow tables as one, in the order of their rows."""
    if old is None:
        return new
    both = pa.concat_tables([old, new]).unify_dictionaries()
    return both.take(pc.sort_indices(both["row"])).combine_chunks()


def _program(events: pa.Table, kinds: list[Claimed]) -> str:
    """The program of `TOLD_BY_STATEMENTS` whose log this is; empty: none of them."""
    votes = Counter(one.compiled.format.component for one in kinds if one.compiled)
    who = max(sorted(TOLD_BY_STATEMENTS), key=lambda name: votes[name])
    known = pc.invert(pc.is_in(events["event"].cast(pa.string()), pa.array(["other", "unparsed", "go_gc"])))
    own = pc.is_in(events["component"].cast(pa.string()), pa.array(["pilot", "agent"]))
    all_known = pc.sum(pc.and_(known, own)).as_py() or 0
    return who if votes[who] * 2 > all_known else ""


def _written_by(who: str, events: pa.Table, tables: dict[str, pa.Table]) -> Tables:
    """The tables with a program in the place of pilot or the agent."""
    return _renamed(events, who), {event: _renamed(table, who) for event, table in tables.items()}


def _renamed(table: pa.Table, who: str) -> pa.Table:
    at = table.schema.get_field_index("component")
    names = table.column(at).cast(pa.string())
    names = pc.if_else(pc.is_in(names, pa.array(["pilot", "agent"])), who, names)
    return table.set_column(at, table.schema.field(at), names.dictionary_encode().cast(table.schema.field(at).type))
