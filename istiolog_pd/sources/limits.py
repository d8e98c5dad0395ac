"""How far sources are trusted, and the error where one is more than that."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, fields, replace

from istiolog_pd.errors import ArchiveError


@dataclass(frozen=True, slots=True)
class Limits:
    """How far sources are trusted; on the command line ``--limit NAME=VALUE``.

    Parameters
    ----------
    members
        Maximum number of files and folders in an archive or a folder.
    size
        Maximum size in bytes that an archive, or a packed log, unpacks to.
    ratio
        Maximum number of bytes out for a byte in, at each level of packing.
    ratio_from
        Size in bytes from which the ratio is checked: a short text of one repeated line is no bomb.
    held
        Maximum size in bytes of what is held in memory of an archive that is unpacked, or comes as a stream; more of
        it goes to a temporary file, which has no name and is gone with the process.
    containers
        Maximum number of containers that one source is parted into; lines of further ones stay together.

    Examples
    --------
    >>> from istiolog_pd import Limits
    >>> Limits(ratio=1000).ratio
    1000
    """

    members: int = 100_000
    size: int = 64 << 30
    ratio: float = 250.0
    ratio_from: int = 32 << 20
    held: int = 128 << 20
    containers: int = 2_000


LIMITS = Limits()

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_VALUE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.I)


def limits_of(options: Iterable[str]) -> Limits:
    """Limits as the command line gives them.

    Parameters
    ----------
    options
        Each ``name=value``; a value may end in K, M, G or T.

    Raises
    ------
    ValueError
        If there is no such limit, or its value is no number.

    Examples
    --------
    >>> limits_of(["size=2G", "ratio=1000"]).size
    2147483648
    """
    found = LIMITS
    kinds = {one.name: type(getattr(LIMITS, one.name)) for one in fields(Limits)}
    for option in options:
        name, _, text = option.partition("=")
        value = _VALUE.fullmatch(text.strip())
        if name.strip() not in kinds or value is None:
            raise ValueError(f"{option!r} is no limit: NAME=VALUE, with a name of {', '.join(kinds)}")
        number = float(value[1]) * _UNITS[value[2].upper()]
        found = replace(found, **{name.strip(): kinds[name.strip()](number)})
    return found


def how_to_raise(name: str) -> str:
    """What to do if a limit is too low."""
    return f"if it is yours, raise it by Limits({name}=...), or --limit {name}=... on the command line"


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
        Name of the source, for the error.
    """
    size = 0
    for block in blocks:
        size += len(block)
        if size > limits.size:
            raise ArchiveError(f"{name}: it unpacks to more than {limits.size:,} bytes: {how_to_raise('size')}")
        if size > limits.ratio_from and size > limits.ratio * packed():
            raise ArchiveError(
                f"{name}: it unpacks to more than {limits.ratio:g} times its size, as a bomb does: "
                f"{how_to_raise('ratio')}"
            )
        yield block
