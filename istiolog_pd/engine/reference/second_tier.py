"""What no hand-written format matches as it stands is asked of the statements of the sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from istiolog_pd.engine.reference.labels import split_labels, split_lost_labels, split_run_labels
from istiolog_pd.engine.reference.match import Compiled, compile_format, recognizer
from istiolog_pd.engine.reference.statements import match_statement, with_single_blanks
from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.formats.statements.table import GROUPS, MAX_MESSAGE, scope_events
from istiolog_pd.formats.template import Format


@dataclass(frozen=True, slots=True)
class Second:
    """The format or statement that matches a message after all, its fields' texts, the labels, and what was matched."""

    compiled: Compiled
    texts: tuple[str | None, ...]
    labels: str
    body: str


def readings(message: str) -> Iterator[tuple[str, str]]:
    """What of a message its statement may be of, and the labels, the likeliest first."""
    if "\t" not in message:
        yield split_run_labels(message)
    yield split_labels(message)
    first = message.partition("\n")[0]
    if first != message:
        yield split_labels(first)
    yield split_lost_labels(first)


def match_second(component: str, level: str | None, scope: str | None, message: str) -> Second | None:
    """What matches a message (Envoy's without its numbers) that no format matches as it stands.

    A hand-written format first, where runs of blanks and tabs are read as one blank; then a statement.
    """
    if len(message) > MAX_MESSAGE or len(message.encode()) > MAX_MESSAGE:
        return None
    bodies = tuple(dict.fromkeys(readings(message)))
    for body, labels in bodies:
        single = with_single_blanks(body)
        found = recognizer().match(component, level, scope, single) if single != body else None
        if found is not None:
            return Second(*found, labels, single)
    for body, labels in bodies:
        found = match_statement(component, level, scope, body)
        if found is not None:
            return Second(*found, labels, body)
    return None


def by_scope(component: str | None, scope: str | None) -> Second | None:
    """What the scope alone says of a line that no statement matches: Envoy's and ztunnel's trace lines are in no table.

    Examples
    --------
    >>> by_scope("envoy", "router").compiled.format.event, by_scope("pilot", "ads")
    ('envoy_request', None)
    """
    events = scope_events()
    group = GROUPS.get(component or "", "")
    part = (scope or "").split("::")[0]
    event = events.get((group, part)) or events.get((group, ""))
    return Second(_of_scope(event), (), "", "") if event else None


@cache
def _of_scope(event: str) -> Compiled:
    """A format that says the event and nothing else."""
    number = -10 - list(EVENTS).index(event)
    return compile_format(Format(event, "{:text}", origin="formats/statements/scopes.tsv", example="x"), number)
