"""Which wrapper a source has: detected by its first lines, never by its name.

A bare log must stay bare, whatever its messages look like. So a line that is bare ends the search; a wrapper
is taken only where a line of it is certain, and nothing before that line was anything else (or, at the
end of the sample, nearly nothing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from istiolog_pd.sources.wrappers._header import ANSI, IS_BARE, IS_STAMPED
from istiolog_pd.sources.wrappers._json_stream import objects
from istiolog_pd.sources.wrappers._wrapper import (
    BatchReader,
    GuessedWrapper,
    PrefixWrapper,
    RecordWrapper,
    SectionWrapper,
    Wrapper,
)
from istiolog_pd.sources.wrappers.pasted import PASTED, is_suspicious
from istiolog_pd.sources.wrappers.registry import WRAPPERS
from istiolog_pd.sources.wrappers.table import TABLE, has_header_row

#: Maximum size of the sample of a source that is looked at: lines, and bytes.
SAMPLE_LINES, SAMPLE_SIZE = 50, 1 << 20

#: The part of the sample that must fit where something else stands between.
MIN_SHARE = 0.8

PREFIXES = tuple(wrapper for wrapper in WRAPPERS if isinstance(wrapper, PrefixWrapper))
RECORDS = tuple(wrapper for wrapper in WRAPPERS if isinstance(wrapper, RecordWrapper))
SECTIONS = tuple(wrapper for wrapper in WRAPPERS if isinstance(wrapper, SectionWrapper))
GUESSED = tuple(wrapper for wrapper in WRAPPERS if isinstance(wrapper, GuessedWrapper))

#: An array of objects, or an object over several lines, perhaps not there yet.
_SPREAD = re.compile(rb'(?:\[\s*(?:\{\s*(?:"|\Z)|\Z)|\{\s*?\n\s*(?:"|\Z))')


@dataclass(frozen=True, slots=True)
class Detection:
    """What wraps a source; nothing if it is a bare log."""

    wrapper: Wrapper | None = None
    #: Whether records may stand anywhere, not one on each line.
    spread: bool = False
    #: Whether a time follows a prefix that names the container.
    has_timestamp: bool = False
    #: What reads it, if what wraps it was guessed.
    reader: BatchReader | None = None


BARE = Detection()
#: Neither a bare line nor another wrapper's.
UNKNOWN = Detection(has_timestamp=True)
#: More has to be read.
WAIT = Detection(spread=True)


class Detector:
    """Looks at lines until it knows."""

    def __init__(self, prefixes: tuple[PrefixWrapper, ...] = PREFIXES, *, json: bool = True) -> None:
        self._prefixes = prefixes
        self._json = json
        self._seen = 0
        self._fits = [0] * len(prefixes)
        self._certain = [0] * len(prefixes)
        self._stamped = [0] * len(prefixes)
        self._records: dict[str, int] = {}

    def feed(self, line: bytes) -> Detection | None:
        """Take a line; what is known then."""
        if not line.strip():
            return None
        if line.startswith((b"{", b"[{")):
            return self._feed_json(line)
        text = ANSI.sub(b"", line[:4096].rstrip(b"\r"))
        if IS_BARE.match(text):
            return BARE
        self._seen += 1
        for n, wrapper in enumerate(self._prefixes):
            certain = wrapper.certain.match(text)
            if certain:
                self._certain[n] += 1
                self._stamped[n] += _is_stamped(wrapper, text)
            self._fits[n] += bool(certain or wrapper.fits.match(text))
            if self._certain[n] >= wrapper.needed and self._fits[n] == self._seen:
                return self._detected(n)
        return None

    def _feed_json(self, line: bytes) -> Detection | None:
        self._seen += 1
        if not self._json:
            return BARE
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        wrapper = record_wrapper(record)
        if wrapper is None or wrapper.spread_only:
            return BARE if wrapper else None
        count = self._records[wrapper.name] = self._records.get(wrapper.name, 0) + 1
        return Detection(wrapper) if count == self._seen else None

    def end(self) -> Detection:
        """What is likeliest after the last line of the sample."""
        enough = MIN_SHARE * self._seen
        for wrapper in RECORDS:
            if self._records.get(wrapper.name, -1) >= enough:
                return Detection(wrapper)
        likely = [n for n, count in enumerate(self._certain) if count and self._fits[n] >= enough]
        return self._detected(max(likely, key=lambda n: self._certain[n])) if likely else UNKNOWN

    def _detected(self, n: int) -> Detection:
        return Detection(self._prefixes[n], has_timestamp=2 * self._stamped[n] > self._certain[n])


def _is_stamped(wrapper: PrefixWrapper, text: bytes) -> bool:
    return wrapper.words > 0 and bool(IS_STAMPED.match(text.split(b" ", wrapper.words)[-1]))


def record_wrapper(record: Any) -> RecordWrapper | None:
    """The wrapper that a value is a record of, or null."""
    return next((one for one in RECORDS if one.is_record(record)), None) if isinstance(record, dict) else None


def detect(
    blocks: Iterator[bytes], detector: Detector, guessed: tuple[GuessedWrapper, ...] = GUESSED
) -> tuple[list[bytes], Detection]:
    """The blocks that had to be read to know what wraps them, and what it is."""
    head, detection = _known(blocks, detector)
    if detection.wrapper is None and head:
        return head, _guess(b"".join(head)[:SAMPLE_SIZE], guessed, is_bare=detection is BARE)
    return head, detection


def _guess(head: bytes, guessed: tuple[GuessedWrapper, ...], *, is_bare: bool) -> Detection:
    if is_bare:
        guessed = (*(TABLE,) * has_header_row(head), *(PASTED,) * is_suspicious(head))
    for wrapper in guessed:
        if (reader := wrapper.detect(head)) is not None:
            return Detection(wrapper, reader=reader)
    return BARE


def _known(blocks: Iterator[bytes], detector: Detector) -> tuple[list[bytes], Detection]:
    head: list[bytes] = []
    part = b""
    size = lines = 0
    for block in blocks:
        head.append(block)
        size += len(block)
        part += block
        if b"\n" not in block and size < SAMPLE_SIZE:
            continue
        if lines == 0 and (whole := detect_whole(b"".join(head))) is not None:
            if whole is WAIT and size < SAMPLE_SIZE:
                continue
            return head, UNKNOWN if whole is WAIT else whole
        *texts, part = part.split(b"\n")
        for text in islice(texts, SAMPLE_LINES - lines):
            if (detection := detector.feed(text)) is not None:
                return head, detection
        lines += len(texts)
        if lines >= SAMPLE_LINES or size >= SAMPLE_SIZE:
            break
    if lines == 0 and (whole := detect_whole(b"".join(head))) is not None and whole is not WAIT:
        return head, whole
    if part and lines < SAMPLE_LINES and (detection := detector.feed(part)) is not None:
        return head, detection
    return head, detector.end()


def detect_whole(head: bytes) -> Detection | None:
    """What wraps a source whose first line alone does not show it: sections, JSON over several lines."""
    for wrapper in SECTIONS:
        if wrapper.begins(head):
            return Detection(wrapper)
    if not _SPREAD.match(head.lstrip()[:4096]):
        return None
    found = next(objects(iter([head])), [])
    try:
        record = orjson.loads(found[0][1] if found else b"")
    except orjson.JSONDecodeError:
        return WAIT
    found_wrapper = record_wrapper(record)
    return Detection(found_wrapper, spread=True) if found_wrapper else None
