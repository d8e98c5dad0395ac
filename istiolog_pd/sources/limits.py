"""What an archive may unpack to, and the error where it is more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from istiolog_pd.errors import ArchiveError

#: No ratio is held against the first of what comes out: a short text of one repeated line is no bomb.
FREE = 64 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an archive is trusted. Nothing of one is ever written to disk.

    Parameters
    ----------
    members
        Files and folders in it.
    size
        Bytes that it, or a packed log in it, unpacks to.
    ratio
        Bytes out for a byte in, of what is more than the first 64 MB out.
    held
        Bytes held in memory of an archive that cannot be read a second time, or is small.
    """

    members: int = 100_000
    size: int = 64 << 30
    ratio: float = 250.0
    held: int = 128 << 20


LIMITS = Limits()


def bounded(
    blocks: Iterator[bytes], packed: Callable[[], int], limits: Limits, name: str
) -> Generator[bytes, None, None]:
    """The same blocks, as long as they are not more than the limits allow.

    Parameters
    ----------
    blocks
        What is unpacked.
    packed
        Gives the number of bytes that were read for it so far.
    limits, name
        Whose, for the error.
    """
    size = 0
    for block in blocks:
        size += len(block)
        if size > limits.size:
            raise ArchiveError(
                f"{name}: it unpacks to more than {limits.size:,} bytes: raise Limits.size if it is yours"
            )
        if size > FREE and size > limits.ratio * packed():
            raise ArchiveError(
                f"{name}: it unpacks to more than {limits.ratio:g} times its size, as a bomb does: "
                "raise Limits.ratio if it is yours"
            )
        yield block
