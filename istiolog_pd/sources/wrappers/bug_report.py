"""A log of ``istioctl bug-report``: the current log, a marker, and the log of the container before its restart.

As tools/bug-report in istio/istio writes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from istiolog_pd.sources.wrappers._held import HeldLog
from istiolog_pd.sources.wrappers._model import ContainerId, LogStream, Note
from istiolog_pd.sources.wrappers._rows import whole_lines
from istiolog_pd.sources.wrappers._wrapper import SectionWrapper

NAME = "bug-report"
CURRENT = b"========= Previous log present (appended at the end) ========="
PREVIOUS = b"========= Previous log ========="


def begins(head: bytes) -> bool:
    """Whether a file begins with the line that stands above the current log."""
    return head.startswith(CURRENT)


def streams(blocks: Iterator[bytes], _note: Note) -> Iterator[LogStream]:
    """The previous log, then the current one, which stands before it in the file and is held meanwhile."""
    current, previous = (HeldLog(ContainerId(), NAME) for _ in range(2))
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


BUG_REPORT = SectionWrapper(
    NAME,
    begins,
    streams,
    b"%b\n\n2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n\n\n%b\n\n2026-11-23T17:28:48.062996Z\tinfo\tads\ty\n"
    % (CURRENT, PREVIOUS),
)
