"""Files that hold several logs one after another.

``kubectl cluster-info dump`` puts each container's log between a START and an END line; an
``istioctl bug-report`` appends the log of the container before its restart (tools/bug-report in
istio/istio).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from istiolog_pd.sources.wrappers.blocks import whole_lines
from istiolog_pd.sources.wrappers.model import NO_TIME, TALK, LineMarks, Note, Origin, Stream

CLUSTER_INFO, BUG_REPORT = "cluster-info dump", "bug-report"

CURRENT = b"========= Previous log present (appended at the end) ========="
PREVIOUS = b"========= Previous log ========="

#: A start that is looked for in each line of a dump.
START = re.compile(rb"^==== START logs for container (\S+) of pod ([^\s/]+)/(\S+) ====\r?$", re.MULTILINE)

UNENDED = "the END line of this log is missing"


@dataclass(slots=True)
class _Held:
    """A log put together from pieces of blocks."""

    origin: Origin
    wrapper: str
    blocks: list[bytes] = field(default_factory=list)
    marks: LineMarks = field(default_factory=LineMarks)
    _inside: bool = False

    def add(self, text: bytes, line: int) -> None:
        """Take text that begins on a physical line."""
        if not text:
            return
        self.blocks.append(text)
        count = text.count(b"\n") + (text[-1:] != b"\n")
        lines = np.arange(line, line + count)[int(self._inside) :]
        self._inside = text[-1:] != b"\n"
        self.marks.add(lines, np.full(len(lines), NO_TIME), np.full(len(lines), -1, np.int8))

    def drop_blank_lines(self, most: int) -> None:
        """Take away blank lines at the end."""
        for _ in range(most):
            if self.blocks and self.blocks[-1] == b"\n":
                self.blocks.pop()
            elif self.blocks and self.blocks[-1].endswith(b"\n\n"):
                self.blocks[-1] = self.blocks[-1][:-1]

    def stream(self) -> Stream:
        """What was put together, as a stream."""
        origin = self.origin
        return Stream(
            iter(self.blocks), self.marks, self.wrapper, origin.pod, origin.namespace, origin.container, origin.talk
        )

    def __bool__(self) -> bool:
        return any(not block.isspace() for block in self.blocks)


def cluster_info(blocks: Iterator[bytes], note: Note) -> Iterator[Stream]:
    """The logs of a cluster dump, one at a time (each is held until its END), then what stands around them."""
    talk = _Held(TALK, CLUSTER_INFO)
    log: _Held | None = None
    end, began, line = b"", 0, 1
    for block in whole_lines(blocks):
        at = 0
        while at < len(block):
            before = at
            if log is None:
                start = START.search(block, at)
                stop = start.start() if start else len(block)
                talk.add(block[at:stop], line)
                at = stop
                if start:
                    began, at = line + block.count(b"\n", before, stop), min(start.end() + 1, len(block))
                    container, namespace, pod = (name.decode(errors="replace") for name in start.groups())
                    log = _Held(Origin(namespace, pod, container), CLUSTER_INFO)
                    end = start.group().rstrip(b"\r").replace(b"START", b"END", 1)
            else:
                stop, at = _end(block, at, end)
                log.add(block[before:stop], line)
                if stop < at:
                    yield log.stream()
                    log = None
            line += block.count(b"\n", before, at)
    if log is not None:
        note(began, UNENDED)
        yield log.stream()
    if talk:
        yield talk.stream()


def _end(block: bytes, at: int, end: bytes) -> tuple[int, int]:
    """Where a log's END stands (perhaps behind a last line that has no end of its own), and what is after it."""
    while True:
        stop = block.find(end, at)
        if stop < 0:
            return len(block), len(block)
        after = stop + len(end)
        if block[after : after + 1] in (b"\n", b""):
            return stop, min(after + 1, len(block))
        if block[after : after + 2] == b"\r\n":
            return stop, after + 2
        at = after


def bug_report(blocks: Iterator[bytes]) -> Iterator[Stream]:
    """The previous log, then the current one, which stands before it in the file and is held meanwhile."""
    current, previous = (_Held(Origin(), BUG_REPORT) for _ in range(2))
    log, line, blank = current, 1, 0
    for block in whole_lines(blocks):
        at = 0
        if line == 1 and block.startswith(CURRENT):
            at, blank = block.index(b"\n") + 1 if b"\n" in block else len(block), 1
        at, blank = _past_blank_lines(block, at, blank)
        marker = _marker(block, at) if log is current else -1
        if marker >= 0:
            current.add(block[at:marker], line + block.count(b"\n", 0, at))
            current.drop_blank_lines(2)
            log = previous
            at, blank = _past_blank_lines(block, min(marker + len(PREVIOUS) + 1, len(block)), 1)
        log.add(block[at:], line + block.count(b"\n", 0, at))
        line += block.count(b"\n")
    yield from (log.stream() for log in (previous, current) if log)


def _marker(block: bytes, at: int) -> int:
    """Where the line that parts the two logs stands, or -1."""
    if block.startswith(PREVIOUS, at):
        return at
    found = block.find(b"\n" + PREVIOUS, at)
    return found + 1 if found >= 0 else -1


def _past_blank_lines(block: bytes, at: int, most: int) -> tuple[int, int]:
    """The place behind some blank lines, and how many may still come in the next block."""
    while most and block[at : at + 1] == b"\n":
        at, most = at + 1, most - 1
    return at, most if at >= len(block) else 0
