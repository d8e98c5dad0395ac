"""Texts that tests of inputs share."""

from __future__ import annotations

from istiolog_pd.sources.discover import Source

ONE = b"2020-01-01T00:00:01.000001Z\tinfo\tads\tADS: one\n"

TWO = b"2020-01-01T00:00:02.000002Z\tinfo\tads\tADS: two\n"

LOG = b"".join(ONE.replace(b"one", b"%d" % (n * n * n)) for n in range(8_000))


def text_of(source: Source) -> bytes:
    """All of a source."""
    return b"".join(source.blocks())
