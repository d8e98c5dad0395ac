"""Wrapped logs, and what is left of them when they are unwrapped."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.sources.limits import LIMITS, Limits
from istiolog_pd.sources.wrappers import LogStream, unwrap

DATA = Path(__file__).parents[1] / "data"

HEAD = "2026-11-23T17:28:49.062996Z\tinfo\tads\t"

Notes = list[tuple[int, str]]


def unwrapped(raw: bytes, size: int = 1 << 20, limits: Limits = LIMITS) -> tuple[list[tuple[LogStream, bytes]], Notes]:
    """The streams of some bytes with their text, and what was noted."""
    notes: Notes = []
    blocks = (raw[i : i + size] for i in range(0, len(raw), size))
    streams = unwrap(blocks, lambda line, what: notes.append((line, what)), limits)
    return [(stream, b"".join(stream.blocks)) for stream in streams], notes


def columns(stream: LogStream, text: bytes) -> dict[str, list[object]]:
    """What the wrapper said of each line of a stream; times in nanoseconds."""
    assert stream.metadata is not None
    count = text.count(b"\n") + (text[-1:] not in (b"\n", b""))
    found = stream.metadata.columns(np.arange(1, count + 1))
    assert {name: values.type for name, values in found.items()} == {
        "line": pa.int64(),
        "received": pa.timestamp("ns", "UTC"),
        "stream": pa.dictionary(pa.int32(), pa.string()),
    }
    return {"line": found["line"].to_pylist(), "received": found["received"].cast(pa.int64()).to_pylist()} | {
        "stream": found["stream"].to_pylist()
    }


@cache
def logs() -> tuple[bytes, bytes]:
    """Parts of two real logs: GC traces, entries over several lines, every sort of event."""
    istiod = gzip.decompress((DATA / "istiod-1.30.3/discovery-debug.log.gz").read_bytes())
    pilot = gzip.decompress((DATA / "pilot-1.0.9/discovery.log.gz").read_bytes())
    return b"".join(istiod.splitlines(keepends=True)[:250]), b"".join(pilot.splitlines(keepends=True)[:150])


def events(log: bytes) -> pa.Table:
    """The common columns of every entry."""
    return reference.read([log], "x.log").events
