"""The reference interpreter of the catalog: plain Python, an entry at a time, no compiling.

It is slow and obviously right; any faster engine must give the same tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import pyarrow as pa

from istiolog_pd.engine.limits import TIMES
from istiolog_pd.engine.program import KNOWN_BY_STATEMENTS, name_program
from istiolog_pd.engine.reference.entries import Entries
from istiolog_pd.engine.reference.headers import Entry
from istiolog_pd.engine.reference.labels import readings, split_ids, split_labels, thread_of
from istiolog_pd.engine.reference.lines import Damage, Lines
from istiolog_pd.engine.reference.match import Compiled, Recognizer, compile_format, recognizer
from istiolog_pd.engine.reference.matched import Matched, Part, narrow
from istiolog_pd.engine.reference.second_tier import Second, by_scope, match_second
from istiolog_pd.engine.reference.statement_names import name_statement
from istiolog_pd.engine.reference.timestamps import Clock, parser
from istiolog_pd.engine.schema import EVENTS_SCHEMA, array
from istiolog_pd.formats.access_log_format import NAME, AccessFormat
from istiolog_pd.formats.json_layouts import JSON_LAYOUTS
from istiolog_pd.formats.layout import JsonLayout
from istiolog_pd.formats.scopes import AGENT_SCOPES

#: What is noted of a last line that looks cut.
CUT = "no line end at the end, and no known line: it may be cut"

#: Number of entries from which the component of a source is detected.
SAMPLE = 2000

#: The number of a user's own format.
OWN = -2

#: What is noted of every entry, beside its time and event.
_ROW = tuple("level scope message line component statement caller thread epoch envoy_connection envoy_stream".split())


@dataclass(frozen=True, slots=True)
class SourceTables:
    """What one source holds: the common columns of every entry, and a narrow table per event."""

    events: pa.Table
    tables: dict[str, pa.Table]
    damage: list[Damage]
    lines: int
    #: Whether any line of it had a header.
    recognized: bool


def json_layouts(access: AccessFormat | None) -> tuple[JsonLayout, ...]:
    """The JSON layouts that say which keys are columns, a user's among them."""
    own = (access.layout,) if access and isinstance(access.layout, JsonLayout) else ()
    return (*own, *(layout for layout in JSON_LAYOUTS if layout.fields))


class _Reader:
    """Reads the entries of one source and keeps what each format has matched."""

    def __init__(
        self,
        component: str,
        recognize: Recognizer,
        note: Callable[[int, str], None],
        *,
        second_opinion: bool,
        access: AccessFormat | None,
    ) -> None:
        self.component = component
        self.note = note
        self.second_opinion = second_opinion
        self.recognize = recognize
        self.own = compile_format(access.format, OWN) if access and access.format else None
        self.fields = {layout.name: layout.fields for layout in json_layouts(access)}
        self.matched: dict[tuple[str, int, str], Matched] = {}
        self.clock = Clock()
        kinds = {"iso", "bracket", "slog", "epoch", access.layout.clock if access else "iso"} - {""}
        self.parsers = {kind: parser(self.clock, kind) for kind in kinds}
        self.last_time: int | None = None
        self.undated: list[tuple[int, str]] = []
        self.times: list[int | None] = []
        self.events: list[str] = []
        self.rows: list[tuple[object, ...]] = []
        self.second: dict[tuple[str, str | None, str | None, str], Second | None] = {}
        self.programs: Counter[str] = Counter()

    def take(self, entry: Entry) -> None:
        """Note one entry."""
        row = len(self.events)
        component = entry.component or self.component
        message = entry.message
        text, *ids = split_ids(component, message)
        event, component, statement = self._match(row, entry, component, text)
        time = self._time(row, entry) if entry.clock else None
        self.times.append(time)
        self.events.append(event)
        thread = thread_of(entry, message)
        head = (entry.level, entry.scope, message, entry.line, component, statement)
        self.rows.append((*head, entry.caller, thread, entry.epoch, *ids))

    def _time(self, row: int, entry: Entry) -> int | None:
        if entry.clock == "klog":
            time = self.clock.klog(entry.time, self.last_time)
            if time is None:
                self.undated.append((row, entry.time))
            return time
        time = self.parsers[entry.clock](entry.time)
        if time is None and entry.time:
            self.note(entry.line, TIMES)
        self.last_time = time if time is not None else self.last_time
        return time

    def _match(self, row: int, entry: Entry, component: str, message: str) -> tuple[str, str, str | None]:
        """Find the format of a message and keep its fields' texts; event, who wrote the line, and its statement."""
        found, kept = self._match_own(entry, message), ""
        for n, (body, labels) in enumerate(readings(entry, message) if self._has_format(entry) else ()):
            kept = kept if n else labels
            found = self.recognize.match(component, entry.level, entry.scope, body, event=entry.event)
            if found is None and n == 0 and (other := self._other_writer(entry)):
                found = self.recognize.match(other, entry.level, entry.scope, body, by_start=True)
                component = component if found is None else other
            if found is not None:
                kept = labels
                break
        body = message
        if found is None and not entry.event and (second := self._second(entry, component, message)):
            found, kept, body = (second.compiled, second.texts), second.labels, second.body
        event = entry.event or (found[0].format.event if found else "other")
        compiled, texts = found if found and found[0].format.event == event else (None, ())
        fields = self.fields.get(entry.layout, {})
        key = (event, compiled.number if compiled else -1, entry.layout if fields else "")
        matched = self.matched.get(key)
        if matched is None:
            matched = self.matched[key] = Matched(event, compiled, fields)
        matched.rows.append(row)
        matched.texts.append(texts)
        matched.labels.append(entry.fields or kept)
        if compiled is None or compiled is self.own:
            return event, component, None
        return event, component, name_statement(compiled.format, entry.level, entry.scope, texts, body)

    def _second(self, entry: Entry, component: str, message: str) -> Second | None:
        """What matches a message after all; each distinct one is looked at once."""
        key = (component, entry.level, entry.scope, message)
        if key not in self.second:
            self.second[key] = match_second(*key) or by_scope(component, entry.scope)
        found = self.second[key]
        if found is not None and (who := found.compiled.format.component) in KNOWN_BY_STATEMENTS:
            self.programs[who] += 1
        return found

    def _has_format(self, entry: Entry) -> bool:
        """Whether the catalog is asked for an entry's format: not if its layout says all there is to say."""
        return entry.event != "unparsed" and entry.layout != NAME and entry.layout not in self.fields

    def _match_own(self, entry: Entry, message: str) -> tuple[Compiled, tuple[str | None, ...]] | None:
        """What a user's own access format makes of a line that has its layout."""
        match = self.own.regex.match(message) if self.own is not None and entry.layout == NAME else None
        return (self.own, match.groups()) if self.own is not None and match is not None else None

    def _other_writer(self, entry: Entry) -> str:
        """Who else can have written a line that the source's own component does not know.

        Logs of both are pasted into one file. But a sidecar's lines of istiod's scopes are the agent's.
        """
        if entry.component or not entry.layout or not self.second_opinion:
            return ""
        if self.component == "pilot":
            return "agent"
        return "" if entry.scope in ("ads", "delta") else "pilot"

    def tables(self, source: str) -> tuple[pa.Table, dict[str, pa.Table]]:
        """The tables of everything taken so far."""
        self._date()
        chunks: dict[str, list[Part]] = {}
        for matched in self.matched.values():
            for event, part in self._by_event(matched):
                chunks.setdefault(event, []).append(part)
        common: dict[str, Iterable[object]] = (
            dict(zip(_ROW, zip(*self.rows, strict=True), strict=True)) if self.rows else {}
        )
        common |= {"timestamp": self.times, "event": self.events, "source": [source] * len(self.rows)}
        events = pa.table([array(common.get(f.name, ()), f.type) for f in EVENTS_SCHEMA], schema=EVENTS_SCHEMA)
        return events, {event: narrow(event, parts, events) for event, parts in chunks.items()}

    def _by_event(self, matched: Matched) -> Iterator[tuple[str, Part]]:
        """The columns of a format, its rows parted where a filled column makes another event of them."""
        columns = matched.columns()
        switch = matched.compiled.format.event_with if matched.compiled else {}
        events = [matched.event] * len(matched.rows)
        for column, other in switch.items():
            filled = columns.get(column, [None] * len(events))
            events = [event if value is None else other for event, value in zip(events, filled, strict=True)]
        if not switch:
            yield matched.event, (matched.rows, columns)
            return
        for event in dict.fromkeys(events):
            pick = [n for n, one in enumerate(events) if one == event]
            for n in pick:
                self.events[matched.rows[n]] = event
            yield event, ([matched.rows[n] for n in pick], {k: [v[n] for n in pick] for k, v in columns.items()})

    def _date(self) -> None:
        """Give klog lines at the head of a source the year of the first time after them."""
        near = next((time for time in self.times if time is not None), None)
        for row, text in self.undated:
            self.times[row] = self.clock.klog(text, near)


def detect_component(entries: Iterable[Entry], recognize: Recognizer) -> tuple[str, bool]:
    """Whose log some entries are, ``pilot``, ``agent`` (a sidecar's) or ``ztunnel``; whether of the first two both.

    A sidecar's log holds lines of istiod's own scope `ads` too (its SDS server), so what counts is
    what only one of the two prints.
    """
    agent = pilot = ztunnel = 0
    for entry in entries:
        if entry.component == "ztunnel":
            ztunnel += 1
        elif entry.component == "envoy" or entry.scope in AGENT_SCOPES:
            agent += 1
        elif entry.layout and not entry.event:
            body, _ = split_labels(entry.message)
            of_agent = recognize.match("agent", entry.level, entry.scope, body) is not None
            of_pilot = recognize.match("pilot", entry.level, entry.scope, body) is not None
            agent += of_agent and not of_pilot
            pilot += of_pilot and not of_agent
    who = "ztunnel" if ztunnel > agent + pilot else "agent" if agent > pilot else "pilot"
    return who, bool(agent and pilot)


def read(blocks: Iterable[bytes], source: str, component: str = "", access: AccessFormat | None = None) -> SourceTables:
    """Read a source.

    Parameters
    ----------
    blocks
        Its bytes.
    source
        Its name, for the column `source`.
    component
        Whose log it is, ``pilot``, ``agent`` or ``ztunnel``; empty: found out from its lines.
    access
        A user's access log format: lines of it are `access` events.
    """
    lines = Lines(blocks)
    entries = iter(Entries(lines, access.layout if access else None))
    sample = list(islice(entries, SAMPLE))
    detected, mixed = detect_component(sample, recognizer())
    given, component = component, component or detected
    reader = _Reader(component, recognizer(), lines.note, second_opinion=mixed or component != detected, access=access)
    recognized = False
    for entry in chain(sample, entries):
        recognized = recognized or bool(entry.layout)
        reader.take(entry)
    last = reader.events[-1] if reader.events else None
    known = any(damage.line == lines.count for damage in lines.damage.values())
    if not lines.complete and not known and last in ("other", "unparsed"):
        lines.note(lines.count, CUT)
    events, tables = reader.tables(source)
    if not given:
        events, tables = name_program(events, tables, reader.programs)
    return SourceTables(events, tables, list(lines.damage.values()), lines.count, recognized)
