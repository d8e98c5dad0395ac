"""``kubectl cluster-info dump``: each container's log between a START and an END line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from istiolog_pd.sources.wrappers._held import HeldLog
from istiolog_pd.sources.wrappers._model import TOOL_OUTPUT, ContainerId, LogStream, Note
from istiolog_pd.sources.wrappers._rows import whole_lines
from istiolog_pd.sources.wrappers._wrapper import SectionWrapper

NAME = "cluster-info dump"

#: A start that is looked for in each line of a dump.
START = re.compile(rb"^==== START logs for container (\S+) of pod ([^\s/]+)/(\S+) ====\r?$", re.MULTILINE)

_LIST = re.compile(rb'\s*\{\s*"(?:kind": "\w+List"|apiVersion": "v1")')

UNENDED = "the END line of this log is missing"


def begins(head: bytes) -> bool:
    """Whether a file begins with a log's START line, or with the list of nodes."""
    first = head.lstrip()[:4096]
    return bool(START.match(first) or _LIST.match(first))


def streams(blocks: Iterator[bytes], note: Note) -> Iterator[LogStream]:
    """The logs of a cluster dump, one at a time (each is held until its END), then the lines around them."""
    talk = HeldLog(TOOL_OUTPUT, NAME)
    log: HeldLog | None = None
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
                    log = HeldLog(ContainerId(namespace, pod, container), NAME)
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


CLUSTER_DUMP = SectionWrapper(
    NAME,
    begins,
    streams,
    b"==== START logs for container istio-proxy of pod shop/web-1 ====\n2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n"
    b"==== END logs for container istio-proxy of pod shop/web-1 ====\n",
)
