"""One chunk of a log -> a piece of its tables, by the compiled kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.columns import columns_of, new_cells
from istiolog_pd.engine.cutter import Chunk, mended
from istiolog_pd.engine.kernel import cells as c
from istiolog_pd.engine.kernel import claim, walk
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel import frame as f
from istiolog_pd.engine.kernel.heads import FIELDS
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.kernel.json import MOST_PAIRS
from istiolog_pd.engine.kernel.words import number_in
from istiolog_pd.engine.lines import Damage
from istiolog_pd.engine.odd import OddLines
from istiolog_pd.engine.piece import Coded, Numbers, Piece, Texts, Values
from istiolog_pd.engine.program import Catalogue
from istiolog_pd.engine.rules import rules_of
from istiolog_pd.engine.vocabulary import FIRST_GROUP, SCOPES, Vocabulary
from istiolog_pd.formats.layouts import AGENT_SCOPES, JSON_LAYOUTS
from istiolog_pd.formats.model import COMPONENTS
from istiolog_pd.formats.values import duration, size

PILOT, AGENT, ENVOY, ZTUNNEL = (COMPONENTS.index(name) for name in ("pilot", "agent", "envoy", "ztunnel"))

#: What a narrow table repeats of the common columns.
KEYS = ("timestamp", "level", "scope", "line", "component")


@dataclass(slots=True)
class Framed:
    """The entries of a chunk, before anything is known of their messages."""

    chunk: Chunk
    found: np.ndarray
    entries: int
    lines: int
    messages: np.ndarray
    ends: np.ndarray
    #: Places of the keys that are columns.
    keys: np.ndarray
    damage: list[Damage]
    undated: list[tuple[int, str]]
    #: Taken from the samples that tell whose log it is.
    recognised: bool


class Worker:
    """What one thread needs to read chunks; its vocabulary grows with what it has seen."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.rules = rules_of()
        self.vocabulary = Vocabulary(catalogue)
        for scope in SCOPES:
            number_in(tuple(self.vocabulary.table), f.SCOPE, np.frombuffer(scope.encode(), np.uint8), len(scope))
        self.vocabulary.learn()
        self.work = (
            np.full((walk.MOST_SLOTS, 2), -1, np.int64),
            np.zeros((max(walk.DEEPEST, walk.MOST_SLOTS), 4), np.int64),
            np.zeros(len(catalogue.program.gram_text), np.int64),
        )
        self.out = np.zeros(FIELDS, np.int64)
        self.pairs = np.zeros((MOST_PAIRS, 6), np.int64)

    # ---- entries ----

    def frame(self, chunk: Chunk) -> Framed:
        """Find the entries of a chunk, and pack their messages."""
        seen = np.zeros(4, np.int64)
        c.look_over(STAMP, np.frombuffer(chunk.data, np.uint8), seen)
        if seen[1:].any() or not chunk.complete:
            chunk = mended(chunk)
            c.look_over(STAMP, np.frombuffer(chunk.data, np.uint8), seen)
        text, lines = np.frombuffer(chunk.data, np.uint8), int(seen[0])
        found = e.new_found(lines + 1)
        made = np.empty(len(text) + 64 if b'{"' in chunk.data else 64, np.uint8)
        state = np.array([0, 1, 0, -1, 0, 0], np.int64)
        keys = np.empty((most_keys(chunk.data, lines), 2), np.int64)
        odd = OddLines(self.vocabulary)
        while True:
            table = self.vocabulary.table
            reason = f.frame(
                STAMP, text, len(text), state, found, tuple(self.rules), tuple(table), self.out, self.pairs, made, keys
            )
            if reason == f.AT_END:
                break
            if reason == f.AT_FULL_TABLE:
                self.vocabulary.grow(len(text))
            else:
                found = odd.go_on(chunk.data, state, found)
        count = int(state[f.COUNT])
        side = odd.side(found)
        messages, ends = np.empty(_message_bytes(found, count), np.uint8), np.empty(count + 1, np.int64)
        c.pack(STAMP, found, count, text, made, side, messages, ends)
        messages.setflags(write=False)
        more, texts = odd.keys(found, ends, int(state[f.KEYS]))
        if len(more):
            keys = np.concatenate([keys[: state[f.KEYS]], more])
            messages = np.frombuffer(messages.tobytes() + texts, np.uint8)
        self.vocabulary.learn()
        damage = [*chunk.damage, *odd.lines.damage.values()]
        recognised = bool((found[:count, e.HEADER] > 0).any())
        return Framed(chunk, found, count, lines, messages, ends, keys, damage, odd.undated, recognised)

    def whose(self, framed: Framed, entries: int) -> np.ndarray:
        """Of the first entries, how many only pilot prints, how many only an agent, how many only ztunnel."""
        found = framed.found[: min(entries, framed.entries)]
        words = self.vocabulary.words["scope"].number
        agent_scopes = np.array([*(word in AGENT_SCOPES for word in words), False], np.bool_)
        ztunnel = found[:, e.COMPONENT] == ZTUNNEL
        plainly = (found[:, e.COMPONENT] == ENVOY) | agent_scopes[found[:, e.SCOPE_OF]]
        asked = ~plainly & ~ztunnel & (found[:, e.HEADER] > 0) & (found[:, e.EVENT] < 0)
        of_agent, of_pilot = (
            self._claims(framed, len(found), one, only_format=True)[0][:, 0] >= 0 for one in (AGENT, PILOT)
        )
        agent = plainly | (asked & of_agent & ~of_pilot)
        pilot = asked & of_pilot & ~of_agent
        return np.array([pilot.sum(), agent.sum(), ztunnel.sum()])

    # ---- claims and values ----

    def finish(self, framed: Framed, component: str, *, second_opinion: bool) -> Piece:
        """Read the messages of a chunk's entries."""
        claims, spans = self._claims(framed, framed.entries, COMPONENTS.index(component), second_opinion=second_opinion)
        filled = self._fill(framed, claims, spans)
        self.vocabulary.learn()
        return self._piece(framed, claims, filled)

    def _claims(
        self, framed: Framed, count: int, component: int, *, second_opinion: bool = False, only_format: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Claim the first entries of a chunk: their claims, and the places of all slots."""
        claims = np.empty((count, 3), np.int64)
        spans = np.empty((12 * count + 256, 2), np.int32)  # a chunk is far smaller than 2 GiB
        unparsed = p.EVENT_NUMBER["unparsed"]
        settings = np.array([0, count, component, second_opinion, 0, unparsed, 1, 2, only_format, ENVOY], np.int64)
        while settings[0] < count:
            claim.claim_all(
                STAMP, self.catalogue.numbers, self.catalogue.bytes, framed.messages, framed.ends, framed.found,
                settings, *self.vocabulary.scopes, *self.work, spans, claims, framed.keys,
            )  # fmt: skip
            if settings[0] < count:
                spans = np.concatenate([spans, np.empty((len(spans) + 1024, 2), np.int32)])
        return claims, spans

    def _fill(self, framed: Framed, claims: np.ndarray, spans: np.ndarray) -> c.Cells:
        program = self.catalogue.program
        counts = np.zeros(len(program.claim_event), np.int64)
        c.count_claims(STAMP, claims, counts)
        cells = new_cells(program, counts)
        room = np.zeros(2, np.int64)
        first = 0
        while first < framed.entries:
            first = c.fill(
                STAMP, self.catalogue.numbers, self.catalogue.bytes, framed.messages, spans, claims, first,
                tuple(cells), tuple(self.vocabulary.table), FIRST_GROUP, room,
            )  # fmt: skip
            if first < framed.entries:
                self._settle(cells, framed.messages, room)
                self.vocabulary.grow(int(room[1]))
        self._settle(cells, framed.messages, room)
        return cells

    @staticmethod
    def _settle(cells: c.Cells, messages: np.ndarray, room: np.ndarray) -> None:
        """Read in Python the numbers that the kernel has left."""
        for place, start, end, native in cells.hard[: int(room[0])].tolist():
            value = (size if native == p.SIZE else duration)(messages[start:end].tobytes().decode())
            cells.numbers[place] = 0 if value is None else value
            cells.valid[place] = value is not None
        room[0] = 0

    def _piece(self, framed: Framed, claims: np.ndarray, cells: c.Cells) -> Piece:
        count = framed.entries
        times, lines, rare = np.empty(count, np.int64), np.empty(count, np.int64), np.empty((2, count), np.int64)
        words = np.empty((5, count), np.int32)
        seen = np.zeros(4, np.int64)
        events_of = self.catalogue.program.claim_event
        c.spread(STAMP, framed.found, claims, events_of, times, lines, rare, words, seen)
        common: dict[str, Values] = {
            "timestamp": _present(times, int(seen[0])),
            "level": Coded(words[0]),
            "scope": Coded(words[1]),
            "event": Coded(words[3]),
            "message": Texts(framed.ends, framed.messages[: framed.ends[-1]], None),
            "line": Numbers(lines, None),
            "component": Coded(words[4]),
        }
        for name, place in (("thread", 1), ("epoch", 2)):
            if seen[place]:
                common[name] = _present(rare[place - 1], int(seen[place]))
        if seen[3]:
            common["caller"] = Coded(words[2])
        rows, columns = {}, {}
        for number in np.flatnonzero(cells.events[:, 1]).tolist():
            event, (first, size) = p.EVENT_NAMES[number], cells.events[number]
            rows[event] = cells.rows[first : first + size]
            own = columns_of(event, len(rows[event]), cells, self.vocabulary, framed.messages)
            columns[event] = {name: _taken(common[name], rows[event]) for name in KEYS} | own
        return Piece(
            count,
            framed.lines,
            self.vocabulary,
            common,
            rows,
            columns,
            framed.damage,
            framed.recognised,
            p.EVENT_NAMES[words[3, -1]] if count else "",
            framed.chunk.complete,
            framed.undated,
        )


def _message_bytes(found: np.ndarray, count: int) -> int:
    return int((found[:count, e.END] - found[:count, e.BEGIN]).sum())


def most_keys(data: bytes, lines: int) -> int:
    """Room for the keys of every line, if lines of such a layout are among them."""
    layouts = [one for one in JSON_LAYOUTS if one.fields and f'"{one.time}"'.encode() in data]
    return (lines + 1) * max((len(one.fields) for one in layouts), default=0)


def _taken(values: Values, rows: np.ndarray) -> Values:
    if isinstance(values, Coded):
        return Coded(values.numbers[rows])
    if isinstance(values, Numbers):
        return Numbers(values.values[rows], None if values.valid is None else values.valid[rows])
    raise TypeError("texts are held once")


def _present(values: np.ndarray, there: int) -> Numbers:
    """Numbers of which so many are there; the others have the value that stands for none."""
    if there == len(values):
        return Numbers(values, None)
    valid = values != e.NOTHING
    return Numbers(np.where(valid, values, 0), valid)
