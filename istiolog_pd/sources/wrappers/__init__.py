r"""Logs inside other logs: told by content, and stripped.

| wrapper | what it puts around a line |
| --- | --- |
| `kubectl timestamps` | ``<time> line`` |
| `kubectl` | ``[pod/POD/CONTAINER] line``, with a time or without |
| `stern` | ``POD CONTAINER line``, ``NS POD CONTAINER line``, a time or none; ``-o json``, ``extjson``; colours |
| `kail` | ``NS/POD[CONTAINER]: line``; ``-o json`` |
| `CRI` | ``<time> stdout\|stderr F\|P line`` |
| `docker` | ``{"log":"line\n","stream":"stdout","time":"<time>"}`` |
| `logcli` | ``<time> {labels} line``; ``-o jsonl`` |
| `Cloud Logging` | an array or lines of LogEntry |
| `Fluent Bit`, `Filebeat` | lines of JSON, or what Elasticsearch exports of them |
| `cluster-info dump` | ``==== START logs for container C of pod NS/POD ====`` and ``==== END logs ...`` |
| `bug-report` | the current log, a marker, the previous log |

Memory: a source of one container is read in blocks. Of several containers the first one's lines are read in
blocks, those of the others are held until their turn. Held whole are: the text of a source whose newest
entry comes first (Cloud Logging, logcli), one container's log of a cluster dump at a time, the current log
of a bug-report. A JSON object is given up as text at 16 MiB, a line in parts is ended at 16 MiB. Marks
take 17 bytes a line until they are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from istiolog_pd.sources.wrappers.blocks import whole_lines
from istiolog_pd.sources.wrappers.decoders import decoder_of
from istiolog_pd.sources.wrappers.demux import Demux, in_order
from istiolog_pd.sources.wrappers.detect import LOOKS, Form, Sniffer, Verdict, detect
from istiolog_pd.sources.wrappers.model import ChainedMarks, LineMarks, Marks, Note, Stream
from istiolog_pd.sources.wrappers.records import Records, line_batches, object_batches
from istiolog_pd.sources.wrappers.sections import CLUSTER_INFO, bug_report, cluster_info

__all__ = ["Marks", "Stream", "unwrap"]

#: Wrappers whose entries may come with the newest first.
_TURNED = ("logcli", "Cloud Logging")

#: What may stand inside another wrapper: CRI lines that a shipper did not take apart, stern's ``-t``.
_INNER = tuple(look for look in LOOKS if look.name in ("CRI", "kubectl timestamps"))


def unwrap(blocks: Iterator[bytes], note: Note) -> Iterator[Stream]:
    r"""The bare logs in a source.

    Parameters
    ----------
    blocks
        The source's bytes, in blocks of any size.
    note
        Called with a physical line and what is wrong with it, for each line that does not fit the
        wrapper; such a line is kept, as text of the log that it stands in.

    Yields
    ------
    Stream
        One per container, in the order of their first lines, and last what the wrapper said itself
        (`talk`). Read one through before the next is asked for, and what need not be held is not held.
        A bare log is one stream, its blocks as they came.

    Examples
    --------
    >>> import numpy as np
    >>> log = b"2021-01-01T00:00:00.12Z stdout F 2021-01-01T00:00:00.119999Z\tinfo\tads\tADS: ready\n"
    >>> [stream] = unwrap(iter([log]), print)
    >>> stream.wrapper, b"".join(stream.blocks)
    ('CRI', b'2021-01-01T00:00:00.119999Z\tinfo\tads\tADS: ready\n')
    >>> stream.marks.columns(np.array([1]))["received"].to_pylist()
    [Timestamp('2021-01-01 00:00:00.120000+0000', tz='UTC')]
    """
    head, verdict = detect(blocks, Sniffer())
    whole = chain(head, blocks)
    if verdict.form is Form.BARE:
        yield Stream(whole, None)
    elif verdict.form is Form.SECTIONS:
        yield from cluster_info(whole, note) if verdict.name == CLUSTER_INFO else bug_report(whole)
    elif verdict.form is Form.PREFIX:
        yield from _without_prefix(whole, verdict, note)
    else:
        yield from (_inner(stream, note) for stream in _out_of_records(whole, verdict, note))


def _without_prefix(blocks: Iterator[bytes], verdict: Verdict, note: Note) -> Iterator[Stream]:
    decoder = decoder_of(verdict, note)
    batches = line_batches(whole_lines(blocks), decoder.decode)
    if verdict.name in _TURNED:
        batches = in_order(batches)
    return Demux(batches, decoder.origins, verdict.name, note).streams()


def _out_of_records(blocks: Iterator[bytes], verdict: Verdict, note: Note) -> Iterator[Stream]:
    records = Records(verdict.name, note)
    if verdict.form is Form.OBJECTS:
        batches = object_batches(blocks, records)
    else:
        batches = line_batches(whole_lines(blocks), records.decode)
    if verdict.name in _TURNED:
        batches = in_order(batches)
    return Demux(batches, records.origins, verdict.name, note).streams()


def _inner(stream: Stream, note: Note) -> Stream:
    """A stream without the wrapper that its records' texts have in turn."""
    if stream.talk or stream.marks is None:
        return stream
    head, verdict = detect(stream.blocks, Sniffer(_INNER, json=False))
    blocks, marks = chain(head, stream.blocks), stream.marks
    if verdict.form is Form.BARE:
        return replace(stream, blocks=blocks)

    def outer_note(line: int, text: str) -> None:
        note(marks.columns(np.array([line], np.int64))["line"][0].as_py(), text)

    inner = next(_without_prefix(blocks, verdict, outer_note))
    assert isinstance(inner.marks, LineMarks)
    return replace(stream, blocks=inner.blocks, marks=ChainedMarks(marks, inner.marks))
