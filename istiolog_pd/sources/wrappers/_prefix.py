"""Wrappers that put something before each line: kubectl, stern, kail, CRI, logcli.

Each takes a block of whole lines apart with NumPy: no loop over lines, only over distinct prefixes and
over lines that do not fit.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._header import ANSI
from istiolog_pd.sources.wrappers._model import NAT, STD, TOOL_OUTPUT, Bytes, ContainerId, Flags, Ints, Note
from istiolog_pd.sources.wrappers._rfc3339 import padded, stamps, windows
from istiolog_pd.sources.wrappers._rows import Batch, line_bounds, pieces
from istiolog_pd.sources.wrappers._wrapper import PrefixWrapper

MISFIT = "a line without the {} prefix that the others have: kept as text"

_SPACE, _ESCAPE, _LINE_END, _RETURN = (ord(sign) for sign in " \x1b\n\r")


@dataclass(slots=True)
class _Cut:
    """What of each line is wrapper: the length, or -1 where the line does not fit."""

    length: Ints
    received: Ints
    std: npt.NDArray[np.int8]
    part: Flags
    key: Ints


def _no_cut(count: int) -> _Cut:
    return _Cut(
        np.full(count, -1),
        np.full(count, NAT),
        np.full(count, -1, np.int8),
        np.zeros(count, bool),
        np.zeros(count, np.int64),
    )


@dataclass(slots=True)
class _Text(ABC):
    """What the text wrappers share: the lines of a block, and what becomes of those that do not fit."""

    wrapper: PrefixWrapper
    note: Note
    #: Whether a time follows a prefix that names the container.
    has_timestamp: bool = False
    containers: Containers = field(default_factory=Containers)
    _last: int | None = None

    @abstractmethod
    def _cut(self, data: Bytes, starts: Ints, ends: Ints) -> _Cut:
        """What each line of a block begins with."""

    def decode(self, block: bytes, line: int) -> Batch:
        """The rows of a block whose first line has this number."""
        data = padded(block)
        starts, ends = line_bounds(data, len(block))
        cut = self._cut(data, starts, ends)
        own = cut.length >= 0
        if not own.all():
            self._place_misfits(block, line, (starts, ends), cut)
        if own.any():
            self._last = int(cut.key[np.flatnonzero(own)[-1]])
        past = np.where(cut.part, ends - (data[np.maximum(ends - 1, 0)] == _RETURN), np.minimum(ends + 1, len(block)))
        begin = starts + np.maximum(cut.length, 0)
        text = pieces(block, begin, np.maximum(past, begin))
        return Batch(text, cut.key, cut.std, cut.received, line + np.arange(len(starts)), cut.part, own)

    def _place_misfits(self, block: bytes, line: int, bounds: tuple[Ints, Ints], cut: _Cut) -> None:
        """Lines without a prefix belong to the log of the line before them, the wrapper's own words to none."""
        own = cut.length >= 0
        before = np.maximum.accumulate(np.where(own, np.arange(len(own)), -1))
        first = before < 0
        cut.key = np.where(own | first, cut.key, cut.key[before])
        if first.any():
            cut.key[first] = self.containers.code(ContainerId()) if self._last is None else self._last
        starts, ends = bounds
        for row in np.flatnonzero(~own & (ends > starts)).tolist():
            text = block[starts[row] : ends[row]]
            if self.wrapper.tool_output.match(ANSI.sub(b"", text[:4096])):
                cut.key[row] = self.containers.code(TOOL_OUTPUT)
            elif not text.isspace():
                self.note(line + row, MISFIT.format(self.wrapper.name))


@dataclass(slots=True)
class Timestamps(_Text):
    """``kubectl logs --timestamps``: ``<time> line``."""

    def __post_init__(self) -> None:
        self.containers.code(ContainerId())

    def _cut(self, data: Bytes, starts: Ints, ends: Ints) -> _Cut:
        cut = _no_cut(len(starts))
        _cut_stamp(data, starts, np.zeros(len(starts), np.int64), cut)
        return cut


def _cut_stamp(data: Bytes, starts: Ints, before: Ints, cut: _Cut) -> None:
    """Cut a time and a blank, the blank perhaps trimmed off an empty line, behind what is cut already."""
    length, time = stamps(data, starts + before)
    past = data[starts + before + length]
    fits = (length > 0) & ((past == _SPACE) | (past == _LINE_END) | (past == _RETURN) | (past == 0))
    cut.length = np.where(fits, before + length + (past == _SPACE), cut.length)
    cut.received = np.where(fits, time, NAT)


@dataclass(slots=True)
class Cri(_Text):
    """containerd and CRI-O: ``<time> stdout|stderr F|P line``."""

    def __post_init__(self) -> None:
        self.containers.code(ContainerId())

    def _cut(self, data: Bytes, starts: Ints, ends: Ints) -> _Cut:
        cut = _no_cut(len(starts))
        length, cut.received = stamps(data, starts)
        text = windows(data, starts + length, 11)
        words = np.ascontiguousarray(text[:8].T).view("<u8")[:, 0]
        out, err = (words == int.from_bytes(word, "little") for word in (b" stdout ", b" stderr "))
        whole, part = text[8] == ord("F"), text[8] == ord("P")
        past = text[9]
        blank = past == _SPACE
        fits = (length > 0) & (out | err) & (whole | part)
        fits &= blank | (past == _LINE_END) | (past == _RETURN) | (past == 0)
        cut.length = np.where(fits, length + 9 + blank, -1)
        cut.received = np.where(fits, cut.received, NAT)
        cut.std = np.where(fits, np.where(out, 0, 1), -1).astype(np.int8)
        cut.part = fits & part
        return cut


@dataclass(slots=True)
class Named(_Text):
    """A prefix of one to three words that names the container: kubectl ``--prefix``, stern, kail.

    Colors are allowed anywhere in it. `has_timestamp`: a time follows (``--timestamps``, stern's ``-t``).
    """

    def _cut(self, data: Bytes, starts: Ints, ends: Ints) -> _Cut:
        cut = _no_cut(len(starts))
        blanks = np.flatnonzero(data == _SPACE)
        nth = np.searchsorted(blanks, starts) + self.wrapper.words - 1
        found = nth < len(blanks)
        past = np.where(found, blanks[np.minimum(nth, len(blanks) - 1)] if len(blanks) else 0, -1)
        past = np.where(past < ends, past, -1)  # a line that is nothing but its prefix may have lost its blank
        past = np.where((past < 0) & (ends > starts), ends, past)
        rows = np.flatnonzero((past > starts) & (past - starts < 1024))
        prefixes = pieces(data, starts[rows], past[rows]).dictionary_encode()
        codes = np.array([self._code(prefix) for prefix in prefixes.dictionary.to_pylist()], np.int64)
        if not len(codes):
            return cut
        keys = codes[prefixes.indices.to_numpy()]
        rows, keys = rows[keys >= 0], keys[keys >= 0]
        cut.key[rows] = keys
        cut.length[rows] = np.minimum(_past_colors(data, past[rows] + 1), ends[rows]) - starts[rows]
        if self.has_timestamp:
            both = _no_cut(len(rows))
            both.length = cut.length[rows]
            _cut_stamp(data, starts[rows], both.length, both)
            cut.length[rows], cut.received[rows] = both.length, both.received
        return cut

    def _code(self, prefix: bytes) -> int:
        match = self.wrapper.prefix.fullmatch(ANSI.sub(b"", prefix))
        if match is None:
            return -1
        names = {name: value.decode() for name, value in match.groupdict(b"").items()}
        return self.containers.code(ContainerId(names.get("ns", ""), names["pod"], names["container"]))


def _past_colors(data: Bytes, places: Ints) -> Ints:
    """The places, moved behind escape sequences of colors (two at most)."""
    for _ in range(2):
        escapes = data[places] == _ESCAPE
        if not escapes.any():
            break
        ends = windows(data, places, 12) == ord("m")
        places = np.where(escapes & ends.any(axis=0), places + ends.argmax(axis=0) + 1, places)
    return places


#: The labels that name a container, as Promtail, Alloy and Fluent Bit set them.
LABELS = {
    "namespace": ("namespace", "namespace_name", "k8s_namespace_name"),
    "pod": ("pod", "pod_name", "k8s_pod_name"),
    "container": ("container", "container_name", "k8s_container_name"),
}

_COMMON = re.compile(
    rb"^(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?Common labels: (?:\x1b\[[0-9;]*m)?(\{[^\n]*)", re.MULTILINE
)
_LABEL = re.compile(rb'([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"')


@dataclass(slots=True)
class Logcli(_Text):
    """Loki's ``logcli``: ``<time> {labels}   line``; labels that all have stand once above."""

    #: Labels that all lines have.
    common: dict[str, str] = field(default_factory=dict)

    def _cut(self, data: Bytes, starts: Ints, ends: Ints) -> _Cut:
        cut = _no_cut(len(starts))
        begin = _past_colors(data, starts)
        length, time = stamps(data, begin)
        labels = _past_colors(data, begin + length)
        labels = _past_colors(data, labels + (data[labels] == _SPACE))
        braces = np.flatnonzero(data == ord("}"))
        quoted = (data[braces - 1] == ord('"')) & (data[np.maximum(braces - 2, 0)] != ord("\\"))
        braces = braces[(quoted | (data[braces - 1] == ord("{"))) & np.isin(data[braces + 1], (_SPACE, _ESCAPE, 10))]
        if not len(braces):
            return cut
        nth = np.searchsorted(braces, labels)
        past = np.where(nth < len(braces), braces[np.minimum(nth, len(braces) - 1)] + 1, ends + 1)
        rows = np.flatnonzero((length > 0) & (data[labels] == ord("{")) & (past <= ends))
        sets = pieces(data, labels[rows], past[rows]).dictionary_encode()
        if not len(sets):
            return cut
        labels_of = [self.common | _labels(text) for text in sets.dictionary.to_pylist()]
        at = sets.indices.to_numpy()
        cut.key[rows] = np.array([self.containers.code(container_in(labels)) for labels in labels_of], np.int64)[at]
        cut.std[rows] = np.array([STD.get(labels.get("stream", ""), -1) for labels in labels_of], np.int8)[at]
        cut.length[rows] = np.minimum(_past_blanks(data, _past_colors(data, past[rows])), ends[rows]) - starts[rows]
        cut.received[rows] = time[rows]
        return cut

    def decode(self, block: bytes, line: int) -> Batch:
        """The rows of a block whose first line has this number."""
        if b"Common labels: " in block:
            for found in _COMMON.finditer(block):
                self.common |= _labels(found[1])
        return _Text.decode(self, block, line)


def _labels(text: bytes) -> dict[str, str]:
    return {name.decode(): value.decode(errors="replace") for name, value in _LABEL.findall(text)}


def container_in(labels: dict[str, str]) -> ContainerId:
    """The container that some labels name."""
    found = {part: next((labels[name] for name in names if name in labels), "") for part, names in LABELS.items()}
    return ContainerId(found["namespace"], found["pod"], found["container"])


def _past_blanks(data: Bytes, places: Ints) -> Ints:
    """The places, moved behind the blanks that stand there (labels are padded to one width)."""
    blank = data == _SPACE
    solid = np.flatnonzero(~blank)
    after: Ints = solid[np.searchsorted(solid, places)]
    return after
