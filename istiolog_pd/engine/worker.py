"""One chunk of a log -> a piece of its tables, by the compiled kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from istiolog_pd.engine import program as p
from istiolog_pd.engine.arena import Arena, with_room
from istiolog_pd.engine.columns import Scratch, columns_of, new_cells
from istiolog_pd.engine.common import common_columns, event_at, keys_of
from istiolog_pd.engine.cutter import Chunk, mended
from istiolog_pd.engine.kernel import automaton, batches, claim, copies, memo, recognise, walk
from istiolog_pd.engine.kernel import cells as c
from istiolog_pd.engine.kernel import entry as f
from istiolog_pd.engine.kernel import found as e
from istiolog_pd.engine.kernel.frame import frame
from istiolog_pd.engine.kernel.heads import FIELDS
from istiolog_pd.engine.kernel.jit import STAMP
from istiolog_pd.engine.kernel.json import MOST_PAIRS, PAIR
from istiolog_pd.engine.kernel.recent import nothing_recent
from istiolog_pd.engine.kernel.slots import HARD_WIDTH
from istiolog_pd.engine.kernel.together import WINDOW
from istiolog_pd.engine.kernel.wide import SLACK
from istiolog_pd.engine.kernel.words import number_in
from istiolog_pd.engine.odd import OddLines
from istiolog_pd.engine.piece import Piece, Texts
from istiolog_pd.engine.program import Catalogue
from istiolog_pd.engine.reference.lines import Damage
from istiolog_pd.engine.rules import rules_of
from istiolog_pd.engine.vocabulary import FIRST_GROUP, SCOPES, Vocabulary
from istiolog_pd.formats.layouts import AGENT_SCOPES
from istiolog_pd.formats.template import COMPONENTS
from istiolog_pd.formats.values import duration, size

PILOT, AGENT, ENVOY, ZTUNNEL = (COMPONENTS.index(name) for name in ("pilot", "agent", "envoy", "ztunnel"))

#: So long is a line, about: room for more entries is made when there are more.
LINE_BYTES = 64


@dataclass(slots=True)
class Framed:
    """The entries of a chunk, before anything is known of their messages."""

    found: e.Found
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
    #: Whether the last line has its line end.
    complete: bool


@dataclass(slots=True)
class _Room:
    """Where the kernel writes entries, the messages that it makes, and the places of keys."""

    found: e.Found
    made: np.ndarray
    keys: np.ndarray


class Worker:
    """What one thread needs to read chunks; its vocabulary grows with what it has seen.

    Parameters
    ----------
    catalogue
        What is read.
    messages
        Whether pieces have the column `message`; without it the memory of one chunk's messages is used for the next.
    """

    def __init__(self, catalogue: Catalogue, *, messages: bool = True) -> None:
        self.catalogue, self.messages = catalogue, messages
        self.rules = rules_of()
        self.work = (
            np.full(3 * walk.DEEPEST + automaton.REMEMBERED * automaton.MATCH, -1, np.int64),
            np.zeros(len(catalogue.program.gram_text), np.int64),
            np.zeros(batches.ROOM, np.int32),
            np.zeros(recognise.KNOWN_STARTS * recognise.KNOWN_START, np.int64),
        )
        self.lists = c.new_lists(len(catalogue.program.slot_cell))
        self.out = np.zeros(FIELDS, np.int64)
        #: Room for what goes into the tables: columns, and what only the messages need.
        self.arena, self.texts = Arena(), Arena()
        self.scratch = Scratch()
        #: Room that chunks have been read in, to be used again.
        self.rooms: list[e.Found] = []
        self.message_rooms: list[np.ndarray] = []
        self.claims, self.hits, self.plan = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64)
        self.ends, self.seen = np.zeros(1, np.int32), np.zeros(2, np.int64)
        self.pairs = np.zeros(MOST_PAIRS * PAIR, np.int64)
        self._begin()

    def _begin(self) -> None:
        """Begin with no words, and nothing remembered that names them by number."""
        self.vocabulary = Vocabulary(self.catalogue)
        for scope in SCOPES:
            number_in(tuple(self.vocabulary.table), f.SCOPE, np.frombuffer(scope.encode(), np.uint8), len(scope))
        self.vocabulary.learn()
        self.memo = np.zeros(memo.SIZE, np.int64)
        #: By slot, the number of what its format itself says.
        self.known = np.full(len(self.catalogue.program.slot_cell), -1, np.int32)
        self.recent = nothing_recent()

    def forget(self) -> None:
        """Between chunks: forget the words, if there are many. Each line can have new ones, in a log of any length."""
        if self.vocabulary.is_large:
            self._begin()

    def _room(self, entries: int) -> e.Found:
        """Room for so many entries: that of a chunk before, if it is enough, whose memory is there already."""
        room = self.rooms.pop() if self.rooms else None
        return room if room and len(room.times) >= entries else e.new_found(entries)

    def _message_room(self, size: int) -> np.ndarray:
        """Room for the messages of a chunk: new, if they are kept."""
        if self.messages:
            return self.texts.take(size, np.uint8)
        room = self.message_rooms.pop() if self.message_rooms else np.empty(0, np.uint8)
        return with_room(room, 0, size)

    # ---- entries ----

    def frame(self, chunk: Chunk, *, is_text: bool = False) -> Framed:
        """Find the entries of a chunk, and pack their messages: segment by segment, as long as each is near."""
        if not (chunk.complete or is_text):
            return self.frame(mended(chunk), is_text=True)
        odd = OddLines(self.vocabulary)
        state = np.array([0, 1, 0, -1, 0, 0, 0, 0], np.int64)
        room = _Room(self._room(chunk.size // LINE_BYTES + 1), np.empty(0, np.uint8), np.empty((0, 2), np.int64))
        messages, size, headers = self._message_room(chunk.size + SLACK), 0, 0
        self.ends[0] = 0
        for text in _texts(chunk):
            if not is_text and copies.is_odd(STAMP, text):
                self.texts.shorten(messages, 0)
                return self.frame(mended(chunk), is_text=True)
            first = int(state[f.COUNT])
            self._frame(chunk, text, state, room, odd)
            found, side, past = room.found.flat()[0], odd.side(room.found), int(state[f.COUNT])
            copies.measure(STAMP, found, first, past, self.seen)
            size, headers = size + int(self.seen[0]), headers + int(self.seen[1])
            messages = with_room(messages, int(self.ends[first]), size + SLACK)
            self.ends = with_room(self.ends, first + 1, past + 1)
            copies.pack(STAMP, found, first, past, text, room.made, side, messages, self.ends)
        messages, count = self.texts.shorten(messages, size + SLACK), int(state[f.COUNT])
        ends = self.texts.take(count + 1, np.int32) if self.messages else np.empty(count + 1, np.int32)
        ends[:] = self.ends[: count + 1]
        messages = messages.view()  # each read-only: the kernel is compiled for one sort of array
        messages.setflags(write=False)
        keys = room.keys
        more, texts = odd.keys(room.found, ends, int(state[f.KEYS]))
        if len(more):
            keys = np.concatenate([keys[: state[f.KEYS]], more])
            messages = np.frombuffer(messages[:size].tobytes() + texts + bytes(SLACK), np.uint8)
        self.vocabulary.learn()
        damage = [*chunk.damage, *odd.lines.damage.values()]
        lines = int(state[f.LINE]) - 1
        return Framed(
            room.found, count, lines, messages, ends, keys, damage, odd.undated, bool(headers), chunk.complete
        )

    def _frame(self, chunk: Chunk, text: np.ndarray, state: np.ndarray, room: _Room, odd: OddLines) -> None:
        """Find the entries of one segment."""
        raw = b""
        odd.begin()
        state[f.AT], state[f.OPEN] = 0, -1
        while True:
            state[f.ROOM], state[f.KEY_ROOM] = len(room.found.times), len(room.keys)
            reason = frame(
                STAMP, text, len(text), state, *room.found.flat(), *self.rules, tuple(self.vocabulary.table), self.memo,
                self.out, self.pairs, room.made, room.keys.reshape(-1),
            )  # fmt: skip
            if reason == f.AT_END:
                return
            if reason == f.AT_FULL_TABLE:
                self.vocabulary.grow(len(text))
            elif reason == f.AT_FULL:
                room.found = e.with_room(room.found, 2 * len(room.found.times))
            elif reason == f.AT_JSON:
                room.made = room.made if len(room.made) else np.empty(chunk.size + 64, np.uint8)
                more = np.empty((len(room.keys) + 16 * MOST_PAIRS, 2), np.int64)
                room.keys = np.concatenate([room.keys, more])
            else:
                raw = raw or text.tobytes()
                room.found = odd.go_on(raw, state, room.found)

    def whose(self, framed: Framed, entries: int) -> np.ndarray:
        """Of the first entries, how many only pilot prints, how many only an agent, how many only ztunnel."""
        found = framed.found.fields[: min(entries, framed.entries)]
        words = self.vocabulary.words["scope"].array().to_pylist()
        agent_scopes = np.array([*(word in AGENT_SCOPES for word in words), False], np.bool_)
        ztunnel = found[:, e.COMPONENT] == ZTUNNEL
        plainly = (found[:, e.COMPONENT] == ENVOY) | agent_scopes[found[:, e.SCOPE_OF]]
        asked = ~plainly & ~ztunnel & (found[:, e.HEADER] > 0) & (found[:, e.EVENT] < 0)
        of_agent, of_pilot = (
            self._claims(framed, len(found), one, only_format=True)[0][:: batches.CLAIMED] >= 0
            for one in (AGENT, PILOT)
        )
        agent = plainly | (asked & of_agent & ~of_pilot)
        pilot = asked & of_pilot & ~of_agent
        return np.array([pilot.sum(), agent.sum(), ztunnel.sum()])

    # ---- claims and values ----

    def finish(self, framed: Framed, component: str, *, second_opinion: bool) -> Piece:
        """Read the messages of a chunk's entries."""
        claims, rows = self._claims(framed, framed.entries, COMPONENTS.index(component), second_opinion=second_opinion)
        filled = self._fill(framed, claims, rows)
        self.vocabulary.learn()
        piece = self._piece(framed, claims, filled)
        self.rooms.append(framed.found)
        if not self.messages and isinstance(framed.messages.base, np.ndarray):
            self.message_rooms.append(framed.messages.base)
        return piece

    def _claims(
        self, framed: Framed, count: int, component: int, *, second_opinion: bool = False, only_format: bool = False
    ) -> tuple[np.ndarray, int]:
        """Claim the first entries of a chunk; `hits` and so many rows of `plan` tell of their fields and labels."""
        if len(self.claims) < count * batches.CLAIMED:
            self.claims = np.empty((count + count // 8) * batches.CLAIMED, np.int32)
        claims, asked = self.claims, [component, second_opinion, p.EVENT_NUMBER["unparsed"], 1, 2, only_format, ENVOY]
        settings = np.array([0, count, 0, 0, *asked], np.int64)
        found, _, rare = framed.found.flat()
        while settings[batches.FIRST] < count:
            # A chunk is far smaller than 2 GiB. Most lines have eight fields at most.
            used = int(settings[batches.USED])
            self.hits = with_room(self.hits, used, used + walk.HIT * 8 * count + batches.MOST_HITS)
            used = int(settings[batches.ROWS]) * batches.ROW
            self.plan = with_room(self.plan, used, used + batches.ROW * (count // WINDOW + batches.MOST_ROWS))
            claim.claim_all(
                STAMP, self.catalogue.numbers, self.catalogue.bytes, framed.messages, framed.ends, found, rare,
                settings, *self.vocabulary.scopes, self.work, self.hits, claims, framed.keys.reshape(-1), self.plan,
            )  # fmt: skip
        return claims[: count * batches.CLAIMED], int(settings[batches.ROWS])

    def _fill(self, framed: Framed, claims: np.ndarray, rows: int) -> c.Cells:
        program = self.catalogue.program
        counts = np.zeros(len(program.claim_event), np.int64)
        c.count_claims(STAMP, claims, framed.entries, counts)
        cells = new_cells(program, counts, self.arena, self.scratch)
        room = np.zeros(2, np.int64)
        row = 0
        while row < rows:
            vocabulary = (tuple(self.vocabulary.table), FIRST_GROUP, self.known, *self.recent)
            row = c.fill(
                STAMP, self.catalogue.numbers, self.catalogue.bytes, framed.messages, framed.ends, self.hits, claims,
                self.plan, row, rows, tuple(cells), vocabulary, room, tuple(self.lists),
            )  # fmt: skip
            self._settle(cells, framed.messages, room)
            if room[1]:
                self.vocabulary.grow(int(room[1]))
                room[1] = 0
        return cells

    @staticmethod
    def _settle(cells: c.Cells, messages: np.ndarray, room: np.ndarray) -> None:
        """Read in Python the numbers that the kernel has left."""
        for place, start, end, native in cells.hard.reshape(-1, HARD_WIDTH)[: int(room[0])].tolist():
            value = (size if native == p.SIZE else duration)(messages[start:end].tobytes().decode())
            cells.numbers[place] = 0 if value is None else value
            cells.valid[place] = value is not None
        room[0] = 0

    def _piece(self, framed: Framed, claims: np.ndarray, cells: c.Cells) -> Piece:
        count = framed.entries
        common = common_columns(framed.found, claims, count, self.catalogue.numbers, self.arena)
        if self.messages:
            common["message"] = Texts(framed.ends, framed.messages[: framed.ends[-1]], None)
        rows, own = {}, columns_of(cells, self.vocabulary, framed.messages, self.arena)
        events = cells.events.reshape(-1, 2)
        for number in np.flatnonzero(events[:, 1]).tolist():
            event, (first, size) = p.EVENT_NAMES[number], events[number]
            rows[event] = cells.rows[first : first + size]
            own[event] |= keys_of(common, rows[event], self.arena)
        return Piece(
            count,
            framed.lines,
            self.vocabulary,
            self.vocabulary.sizes(set(common).union(*own.values())),
            common,
            rows,
            own,
            framed.damage,
            framed.recognised,
            event_at(common, count - 1) if count else "",
            framed.complete,
            framed.undated,
        )


def _texts(chunk: Chunk) -> Iterator[np.ndarray]:
    """The bytes of each segment."""
    for data, start, end in chunk.segments:
        yield np.frombuffer(data, np.uint8, end - start, start)
