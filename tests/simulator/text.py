"""Text of many lines at once: times, sizes, durations as Go prints them, and lines put in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tests.simulator.load import Ints

#: Lines that are put together at once: their text stays far below what Arrow's offsets hold.
BLOCK = 1_000_000


def duration(nanoseconds: int) -> str:
    """A span as Go prints a ``time.Duration``.

    Examples
    --------
    >>> [duration(n) for n in (0, 999, 1500, 100_557_031, 61_500_000_000)]
    ['0s', '999ns', '1.5µs', '100.557031ms', '1m1.5s']
    """
    for unit, size in (("ns", 1), ("µs", 1000), ("ms", 1_000_000)):
        if nanoseconds < size * 1000:
            return f"{_decimal(nanoseconds, size)}{unit}" if nanoseconds else "0s"
    minutes, rest = divmod(nanoseconds, 60_000_000_000)
    seconds = f"{_decimal(rest, 1_000_000_000)}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}" if hours else f"{minutes}m{seconds}" if minutes else seconds


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if unit > 1 else ""
    return f"{whole}.{digits}" if digits else str(whole)


def byte_count(size: int) -> str:
    """A size as Istio's ``util.ByteCount`` prints it.

    Examples
    --------
    >>> [byte_count(n) for n in (999, 1450, 31_500, 2_000_000)]
    ['999B', '1.4kB', '31.5kB', '2.0MB']
    """
    if size < 1000:
        return f"{size}B"
    power = (len(str(size)) - 1) // 3
    return f"{size / 1000**power:.1f}{'kMGT'[power - 1]}B"


def each(values: Any, text: Callable[[Any], str]) -> pa.Array:
    """The text of each value; of values that come again it is made once."""
    codes, distinct = pd.factorize(np.asarray(values))
    return pa.array([text(value) for value in distinct.tolist()], pa.string()).take(pa.array(codes))


def number(values: Any) -> pa.Array:
    """Whole numbers as text."""
    return pa.array(np.asarray(values, np.int64)).cast(pa.string())


def stamp(times: Ints) -> pa.Array:
    """Times (ns since 1970) as Istio prints them, without the zone."""
    text = pa.array(times // 1000, pa.timestamp("us")).cast(pa.string())
    return pc.utf8_replace_slice(text, 10, 11, "T")


def joined(*parts: Any) -> pa.Array:
    """Texts side by side; a `str` stands in every row."""
    return pc.binary_join_element_wise(*[_part(part) for part in parts], "")


def _part(part: Any) -> Any:
    return pa.scalar(part) if isinstance(part, str) else part


@dataclass(slots=True)
class Lines:
    """Lines of one log, gathered kind by kind and put in the order of their times at the end."""

    json: bool = False
    times: list[Ints] = field(default_factory=list)
    texts: list[pa.Array] = field(default_factory=list)

    def add(self, times: Any, level: str, scope: str, message: pa.Array | Sequence[str]) -> None:
        """Lines of one level and scope; of two lines of one instant the one added first comes first."""
        if len(times):
            stamps = np.asarray(times, np.int64)
            texts = message if isinstance(message, pa.Array) else pa.array(message, pa.string())
            self.times.append(stamps)
            self.texts.append((self._json if self.json else self._console)(stamps, level, scope, texts))

    def raw(self, times: Any, lines: pa.Array) -> None:
        """Lines that are whole already, without their ends."""
        if len(times):
            self.times.append(np.asarray(times, np.int64))
            self.texts.append(joined(lines, "\n"))

    def _console(self, times: Ints, level: str, scope: str, message: pa.Array) -> pa.Array:
        return joined(stamp(times), f"Z\t{level}\t{scope}\t" if scope else f"Z\t{level}\t", message, "\n")

    def _json(self, times: Ints, level: str, scope: str, message: pa.Array) -> pa.Array:
        labels = pc.any(pc.match_substring(message, "\t")).as_py()
        if labels:
            return self._labeled(times, level, scope, message)
        escaped = pc.replace_substring(pc.replace_substring(message, "\\", "\\\\"), '"', '\\"')
        middle = f'Z","scope":"{scope}","msg":"' if scope else 'Z","msg":"'
        return joined(f'{{"level":"{level}","time":"', stamp(times), middle, escaped, '"}\n')

    @staticmethod
    def _labeled(times: Ints, level: str, scope: str, message: pa.Array) -> pa.Array:
        """JSON of lines that have labels: each is a key of its own."""
        texts = []
        for time, text in zip(stamp(times).to_pylist(), message.to_pylist(), strict=True):
            said, _, labels = text.partition("\t")
            pairs = dict(label.split("=", 1) for label in labels.split())
            texts.append(json.dumps({"level": level, "time": f"{time}Z", "scope": scope, "msg": said, **pairs}))
        return joined(pa.array(texts, pa.string()), "\n")

    def bytes(self) -> bytes:
        """The log."""
        if not self.times:
            return b""
        order = np.argsort(np.concatenate(self.times), kind="stable")
        every = pa.chunked_array(self.texts)
        blocks = (every.take(pa.array(order[at : at + BLOCK])) for at in range(0, len(order), BLOCK))
        return b"".join(_characters(block) for block in blocks)


def _characters(block: pa.ChunkedArray) -> bytes:
    """All texts of a block, one after the other."""
    array = block.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    buffers = array.buffers()
    offsets = np.frombuffer(buffers[1], np.int32)[array.offset : array.offset + len(array) + 1]
    return bytes(memoryview(buffers[2])[int(offsets[0]) : int(offsets[-1])])
