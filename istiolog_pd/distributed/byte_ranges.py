"""Files -> parts that can be read each by itself: byte ranges, cut where an entry begins and nothing is open.

Two passes. `scan` looks at one range of bytes, anywhere: how many lines it has, and where in it the next
part can begin. `parts` puts what it found together, so that every part knows the number of its first line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa

from istiolog_pd.distributed.files import StorageOptions, Urls, found, read_bytes, system_of
from istiolog_pd.engine.cutter import MAX_HELD, boundary
from istiolog_pd.engine.reference.entries import GC_PATIENCE, Entries
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.engine.reference.reader import SAMPLE
from istiolog_pd.sources.archives.open_archive import archive_of
from istiolog_pd.sources.compression.codecs import packing
from istiolog_pd.sources.source import Source
from istiolog_pd.sources.wrappers import Detector, detect

#: Bytes of a range, about: not below what the readers hold of a log in which nothing opens an entry.
BLOCKSIZE = MAX_HELD
#: Number of bytes before a range that are read too: lines of a GC trace that may wait for its rest.
LOOK_BACK = 1 << 16
#: The component of a file is detected from its first entries, as many as a reader of the whole uses, up to a maximum.
HEAD, MAX_HEAD = 1 << 18, 16 << 20
#: The head of a file with too few entries to detect its component: the file is read as a whole.
ALL = -1
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Range(NamedTuple):
    """A range of a file's bytes; without an end: a file that is read as a whole."""

    source: str
    url: str
    start: int
    stop: int | None


class Scan(NamedTuple):
    """What was found in a range: its lines, and where in it another part can begin (none: nowhere)."""

    source: str
    url: str
    start: int
    stop: int | None
    lines: int
    cut: int | None
    #: Lines of the range before the cut.
    before: int
    #: Whether the part that begins there knows nothing of the lines before it: an access log.
    alone: bool
    #: Of a file's first range: number of bytes from which its component is detected.
    head: int


class Part(NamedTuple):
    """A part of a file: whole entries, after `lines` lines; `head` bytes of the file show its component."""

    source: str
    url: str
    start: int
    stop: int | None
    lines: int
    head: int


_RANGE = {"source": pa.string(), "url": pa.string(), "start": pa.int64(), "stop": pa.int64()}
_SCAN = {"lines": pa.int64(), "cut": pa.int64(), "before": pa.int64(), "alone": pa.bool_(), "head": pa.int64()}
#: The columns of what `ranges`, `scan_batches` and `parts` give.
RANGES = pa.schema(list(_RANGE.items()))
SCANS = pa.schema([*_RANGE.items(), *_SCAN.items()])
PARTS = pa.schema([*_RANGE.items(), ("lines", pa.int64()), ("head", pa.int64())])


def ranges(urls: Urls, *, blocksize: int = BLOCKSIZE, storage_options: StorageOptions = None) -> pa.Table:
    """The byte ranges of some files, in order. Only the first bytes of each file are read.

    Parameters
    ----------
    urls
        Paths, globs, folders or URLs of fsspec.
    blocksize
        Bytes of a range.
    storage_options
        For the file systems of URLs, as in pandas.

    Returns
    -------
    pyarrow.Table
        `source` and `url` (string), `start` and `stop` (int64; in bytes). `stop` is null where the file is
        to be read as a whole: a small or a packed one, an archive, a log inside another log's lines, UTF-16.

    Raises
    ------
    FileNotFoundError
        If a path is not there, or a glob fits nothing.
    ValueError
        If `blocksize` is no number of bytes.

    Examples
    --------
    >>> from istiolog_pd.distributed import ranges
    >>> ranges("data/seed/pilot.log", blocksize=8_000).select(["start", "stop"]).to_pylist()
    [{'start': 0, 'stop': 8000}, {'start': 8000, 'stop': 14492}]
    """
    rows = [one for group in file_ranges(urls, blocksize, storage_options) for one in group]
    return pa.Table.from_pylist([one._asdict() for one in rows], RANGES)


def file_ranges(urls: Urls | Iterable[Urls], blocksize: int, storage_options: StorageOptions) -> Iterator[list[Range]]:
    """The ranges of each file."""
    if blocksize < 1:
        raise ValueError(f"blocksize is a number of bytes from 1 up, not {blocksize}")
    for source in found(urls, storage_options):
        size = source.size or 0
        if size <= blocksize or not _divisible(source):
            yield [Range(source.name, source.key, 0, None)]
        else:
            starts = range(0, size, blocksize)
            yield [Range(source.name, source.key, start, min(start + blocksize, size)) for start in starts]


def _divisible(source: Source) -> bool:
    """Whether a file's bytes are the lines of one log."""
    with closing(source.look()) as blocks:
        first = next(blocks, b"")
        if packing(first) or first.startswith(UTF16) or archive_of(first, blocks):
            return False
    with closing(source.look()) as blocks:
        return detect(blocks, Detector())[1].wrapper is None


def scan(one: Range, storage_options: StorageOptions = None) -> Scan:
    """Look at a range: its lines, and the last place in it at which a part can begin."""
    if one.stop is None:
        return Scan(*one, 0, None, 0, False, 0)
    back = min(one.start, LOOK_BACK)
    data = read_bytes(one.url, one.start - back, one.stop, storage_options)
    # Few enough bytes that no line is mistaken for a place to cut.
    tail = max(len(data) - MAX_HELD + 1, 0)
    cut = boundary(data[tail:])
    alone = not cut and tail > 0
    cut = boundary(data) if alone else cut + tail if cut else 0
    if cut <= back or (one.start > back and data.count(b"\n", 0, cut) <= GC_PATIENCE):
        cut = 0
    return Scan(
        *one,
        lines=data.count(b"\n", back),
        cut=one.start + cut - back if cut else None,
        before=data.count(b"\n", back, cut) if cut else 0,
        alone=alone,
        head=0 if one.start else _head(one.url, storage_options),
    )


def _head(url: str, storage_options: StorageOptions) -> int:
    """Number of bytes from a file's start, in whole entries, from which its component is detected; or `ALL`."""
    system, path = system_of(url, storage_options)
    size, wanted, head = int(system.size(path)), HEAD, 0
    while wanted <= MAX_HEAD:
        data = read_bytes(url, 0, min(wanted, size), storage_options)
        head = boundary(data)
        if sum(1 for _ in Entries(Lines([data[:head]]))) >= SAMPLE:
            break
        if len(data) == size:
            return ALL
        wanted *= 4
    return head


def parts(scans: pa.Table | Sequence[Scan]) -> pa.Table:
    """The parts of some files, from what was found in all of their ranges.

    Parameters
    ----------
    scans
        What `scan_batches` gave, in any order.

    Returns
    -------
    pyarrow.Table
        A row for each range: `source` and `url` (string); `start`, `stop` (int64, in bytes), where whole
        entries begin and end, null for a file that is read as a whole, and the same where the range before
        or behind holds its entries; `lines` (int64) before it; `head` (int64): bytes of the file that show
        its component. Each row can be read by itself: `arrow_batches`.
    """
    rows = [Scan(**row) for row in scans.to_pylist()] if isinstance(scans, pa.Table) else scans
    ordered = sorted(rows, key=lambda one: (one.url, one.start))
    files = [file_parts(list(own)) for _, own in groupby(ordered, key=lambda one: one.url)]
    return pa.Table.from_pylist([one._asdict() for own in files for one in own], PARTS)


def file_parts(scans: Sequence[Scan]) -> list[Part]:
    """The parts of one file, as many as it has ranges: a range without a place to cut goes to the next part."""
    if scans[0].head == ALL:
        return [Part(*one[:2], 0, 0 if one.start else None, 0, 0) for one in scans]
    found_in: list[Part] = []
    start = lines = counted = head = 0
    for one in scans:
        last = one is scans[-1]
        stop = one.stop if last else start if one.cut is None else one.cut
        found_in.append(Part(one.source, one.url, start, stop, lines, head))
        if one.cut is not None:
            start, lines, head = one.cut, counted + one.before, 0 if one.alone else scans[0].head
        counted += one.lines
    return found_in
