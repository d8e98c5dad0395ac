r"""Logs inside other logs: detected by content, and unwrapped. `registry` lists the wrappers, one module each.

| wrapper | what it puts around a line |
| --- | --- |
| `kubectl timestamps` | ``<time> line`` |
| `kubectl` | ``[pod/POD/CONTAINER] line``, with a time or without |
| `stern` | ``POD CONTAINER line``, ``NS POD CONTAINER line``, a time or none; ``-o json``, ``extjson``; colors |
| `kail` | ``NS/POD[CONTAINER]: line``; ``-o json`` |
| `CRI` | ``<time> stdout\|stderr F\|P line`` |
| `docker` | ``{"log":"line\n","stream":"stdout","time":"<time>"}`` |
| `logcli` | ``<time> {labels} line``; ``-o jsonl`` |
| `Cloud Logging` | an array or lines of LogEntry |
| `Fluent Bit`, `Filebeat` | lines of JSON, or what Elasticsearch exports of them |
| `cluster-info dump` | ``==== START logs for container C of pod NS/POD ====`` and ``==== END logs ...`` |
| `bug-report` | the current log, a marker, the previous log |
| `pretty JSON` | JSON lines of Istio or Envoy printed over several lines, or as an array |
| `JSON export` | any JSON in which a field's texts are log lines: CloudWatch, Elasticsearch, Loki, ... |
| `table` | CSV, TSV and the like of which a column's texts are log lines |
| `pasted text` | a terminal's box, bold marks, quotes, line numbers, HTML, other signs for tabs |

Memory: a source of one container is read in blocks. Of several containers the first one's lines are read in
blocks, those of the others are held until their turn. Held whole are: the text of a source whose newest
entry comes first, one container's log of a cluster dump at a time, the current log of a bug-report. A JSON
object is given up as text at 16 MiB, a line in parts is ended at 16 MiB. `LineTable` takes 17 bytes a line
until they are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from istiolog_pd.sources.limits import LIMITS, Limits
from istiolog_pd.sources.wrappers._demux import Demux, in_order
from istiolog_pd.sources.wrappers._detect import PREFIXES, Detection, Detector, detect
from istiolog_pd.sources.wrappers._json_records import Records, object_batches
from istiolog_pd.sources.wrappers._model import (
    NAT,
    ChainedMetadata,
    LineMetadata,
    LineTable,
    LogStream,
    Note,
    columns_of,
)
from istiolog_pd.sources.wrappers._rows import line_batches, whole_lines
from istiolog_pd.sources.wrappers._streaming import StreamingUnwrapper
from istiolog_pd.sources.wrappers._wrapper import BatchReader, PrefixWrapper, RecordWrapper, SectionWrapper
from istiolog_pd.sources.wrappers.pasted import PASTED, PastedText

__all__ = ["NAT", "Detector", "LineMetadata", "LogStream", "StreamingUnwrapper", "columns_of", "detect", "unwrap"]

#: What may stand inside another wrapper: CRI lines that a shipper did not take apart, stern's ``-t``.
_INNER = tuple(wrapper for wrapper in PREFIXES if wrapper.inner)


def unwrap(blocks: Iterator[bytes], note: Note, limits: Limits = LIMITS) -> Iterator[LogStream]:
    r"""The bare logs in a source.

    Parameters
    ----------
    blocks
        The source's bytes, in blocks of any size.
    note
        Called with a physical line and what is wrong with it, for each line that does not fit the
        wrapper; such a line is kept, as text of the log that it stands in.
    limits
        How many containers a source is parted into.

    Yields
    ------
    LogStream
        One per container, in the order of their first lines, and last what the wrapper said itself
        (`is_tool_output`). Read one through before the next is asked for, and what need not be held is not held.
        A bare log is one stream, its blocks as they came.

    Examples
    --------
    >>> import numpy as np
    >>> log = b"2021-01-01T00:00:00.12Z stdout F 2021-01-01T00:00:00.119999Z\tinfo\tads\tADS: ready\n"
    >>> [stream] = unwrap(iter([log]), print)
    >>> stream.wrapper, b"".join(stream.blocks)
    ('CRI', b'2021-01-01T00:00:00.119999Z\tinfo\tads\tADS: ready\n')
    >>> stream.metadata.columns(np.array([1]))["received"].to_pylist()
    [Timestamp('2021-01-01 00:00:00.120000+0000', tz='UTC')]
    """
    head, detection = detect(blocks, Detector())
    whole = chain(head, blocks)
    wrapper = detection.wrapper
    if wrapper is None:
        yield LogStream(whole, None)
    elif isinstance(wrapper, SectionWrapper):
        yield from wrapper.streams(whole, note)
    elif isinstance(wrapper, PrefixWrapper):
        yield from (_pasted(stream, note) for stream in _without_prefix(whole, wrapper, detection, note, limits))
    elif isinstance(wrapper, RecordWrapper):
        yield from (_inner(stream, note) for stream in _out_of_records(whole, wrapper, detection, note, limits))
    elif detection.reader is not None:
        streams = _guessed(whole, wrapper.name, detection.reader, note, limits)
        yield from streams if wrapper is PASTED else (_inner(stream, note) for stream in streams)


def _guessed(
    blocks: Iterator[bytes], name: str, reader: BatchReader, note: Note, limits: Limits = LIMITS
) -> Iterator[LogStream]:
    reader.containers.most = limits.containers
    falls = isinstance(reader, PastedText) and reader.newest_first
    batches = in_order(reader.batches(blocks, note), newest_first=falls)
    return Demux(batches, reader.containers, name, note).streams()


def _without_prefix(
    blocks: Iterator[bytes], wrapper: PrefixWrapper, detection: Detection, note: Note, limits: Limits = LIMITS
) -> Iterator[LogStream]:
    decoder = wrapper.decoder(wrapper, note, detection.has_timestamp)
    decoder.containers.most = limits.containers
    batches = line_batches(whole_lines(blocks), decoder.decode)
    if wrapper.newest_first:
        batches = in_order(batches)
    return Demux(batches, decoder.containers, wrapper.name, note).streams()


def _out_of_records(
    blocks: Iterator[bytes], wrapper: RecordWrapper, detection: Detection, note: Note, limits: Limits
) -> Iterator[LogStream]:
    records = Records(wrapper, note)
    records.containers.most = limits.containers
    batches = object_batches(blocks, records) if detection.spread else line_batches(whole_lines(blocks), records.decode)
    if wrapper.newest_first:
        batches = in_order(batches)
    return Demux(batches, records.containers, wrapper.name, note).streams()


def _inner(stream: LogStream, note: Note) -> LogStream:
    """A stream without the wrapper that its records' texts have in turn."""
    return _unwrapped_again(stream, Detector(_INNER, json=False), note)


def _pasted(stream: LogStream, note: Note) -> LogStream:
    """A stream without what was made of its lines where they were pasted."""
    return _unwrapped_again(stream, Detector((), json=False), note)


def _unwrapped_again(stream: LogStream, detector: Detector, note: Note) -> LogStream:
    if stream.is_tool_output or stream.metadata is None:
        return stream
    head, detection = detect(stream.blocks, detector, (PASTED,))
    blocks, metadata, wrapper = chain(head, stream.blocks), stream.metadata, detection.wrapper
    if wrapper is None:
        return replace(stream, blocks=blocks)

    def outer_note(line: int, text: str) -> None:
        note(metadata.columns(np.array([line], np.int64))["line"][0].as_py(), text)

    if isinstance(wrapper, PrefixWrapper):
        inner = next(_without_prefix(blocks, wrapper, detection, outer_note))
    else:
        assert detection.reader is not None
        inner = next(_guessed(blocks, wrapper.name, detection.reader, outer_note))
    assert isinstance(inner.metadata, LineTable)
    return replace(stream, blocks=inner.blocks, metadata=ChainedMetadata(metadata, inner.metadata))
