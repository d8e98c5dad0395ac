"""A part: the tables of one source, and which container's log it is a piece of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.runs.time_access import Times

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)
#: Places in a list of words, in the smallest integers that hold them.
Codes = npt.NDArray[np.signedinteger[Any]]

#: The time of an entry that prints none.
NAT = np.iinfo(np.int64).min

#: Maximum number of values that are looked up one by one.
MAX_SINGLE_LOOKUPS = 32

#: `x.log.1`, `x.log.2.gz`, `x.log.20260101-120000.gz`: what rotation puts behind a name.
_ROTATED = re.compile(r"^(?P<stem>.*\.log)\.(?P<number>\d{1,3}|\d{8}-\d{6})(\.\w+)?$")
#: `<pod>_<container>.previous.log` of Istio's test dumps.
_PREVIOUS = re.compile(r"^(?P<stem>.*)\.previous(?P<end>\.log)(\.\w+)?$")
#: What compression puts behind a name.
_PACKED = re.compile(r"\.(gz|zst|xz|bz2)$")
#: `/var/log/pods/<ns>_<pod>_<uid>/<container>/<restart>.log` of the kubelet.
_KUBELET = re.compile(r"^(?P<folder>.*[^/]_[^/]+_[^/]+/[^/]+)/(?P<restart>\d+)\.log$")


@dataclass(frozen=True)
class SourcePart:
    """The tables of one source, and its component and container.

    Parameters
    ----------
    name
        The source, as in the column `source`.
    component
        Component of the log: ``pilot`` or ``agent``.
    pod, namespace, container
        Where that is known, else empty.
    group
        What pieces of the same container's log share; empty: it has no other pieces.
    order
        The piece's place among those of its group, for pieces that print no time.
    events
        The common columns of every entry.
    tables
        The narrow tables; their `row` is the place in `events`.
    """

    name: str
    component: str
    events: pa.Table
    tables: Mapping[str, pa.Table]
    pod: str = ""
    namespace: str = ""
    container: str = ""
    group: str = ""
    order: int = 0

    def kept(self, keep: Bools) -> SourcePart:
        """The part with only some of its entries."""
        return replace(self, events=self.events.filter(pa.array(keep)), tables=kept_tables(self.tables, keep))

    def printed(self) -> Times:
        """The time that every entry prints, in nanoseconds; `NAT` where it prints none."""
        return Times(_filled(chunk.cast(pa.int64()), NAT) for chunk in self.events["timestamp"].chunks)

    def times(self) -> Times:
        """The time that every entry was written; `NAT` for access lines, which print their request's start."""
        access = self.tables["access"]["row"].chunks if "access" in self.tables else ()
        return self.printed().but((chunk.to_numpy() for chunk in access), NAT)


class LogOwner(NamedTuple):
    """The source of a log, and what is known of its container."""

    source: str
    component: str
    pod: str = ""
    namespace: str = ""
    container: str = ""


@dataclass(frozen=True)
class Batch:
    """Small logs that were read together: none has another piece.

    Parameters
    ----------
    owners
        The owner of each log.
    starts
        Where the entries of each begin.
    part
        The tables of all of them.
    """

    owners: tuple[LogOwner, ...]
    starts: Ints
    part: SourcePart


def kept_tables(tables: Mapping[str, pa.Table], keep: Bools) -> dict[str, pa.Table]:
    """The rows of narrow tables whose entries are kept, their `row` counted anew; no table without rows."""
    number = np.cumsum(keep) - 1
    kept = {}
    for event, table in tables.items():
        row = table["row"].to_numpy()
        own = keep[row]
        if own.any():
            at = table.schema.get_field_index("row")
            field = table.schema.field(at)
            kept[event] = table.filter(pa.array(own)).set_column(at, field, pa.array(number[row[own]], field.type))
    return kept


def _filled(values: pa.Array, null: int) -> npt.NDArray[Any]:
    """Whole numbers, with one that stands for null; not copied where there is none, as mostly."""
    found: npt.NDArray[Any] = (pc.fill_null(values, null) if values.null_count else values).to_numpy()
    return found


def codes(column: pa.ChunkedArray, words: Sequence[str]) -> Codes:
    """The place of each value among some words, -1 for any other and for null."""
    small = np.min_scalar_type(-len(words) - 1)
    if len(column) <= MAX_SINGLE_LOOKUPS:  # Arrow's calls would take longer
        places = {word: number for number, word in enumerate(words)}
        return np.array([places.get(word, -1) for word in column.to_pylist()], small)
    found: Codes = np.empty(len(column), small)
    known, start = pa.array(words, pa.string()), 0
    for chunk in column.chunks:
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        place = pc.fill_null(pc.index_in(encoded.dictionary.cast(pa.string()), known), -1).to_numpy()
        # A null is the last of the places.
        at = _filled(encoded.indices, len(place))
        one = len(at) and (at == at[0]).all()  # mostly
        found[start : start + len(chunk)] = np.append(place, -1).astype(small)[at[0] if one else at]
        start += len(chunk)
    return found


def texts(part: SourcePart, rows: Ints, column: str) -> list[str]:
    """A text column of some rows, in their order; empty where it is null or was not kept.

    The rows ascend. Each is taken from its chunk: Arrow would put the chunks together first.
    """
    if column not in part.events.schema.names:
        return [""] * len(rows)
    found: list[str] = []
    start = 0
    for chunk in part.events[column].chunks:
        low, high = np.searchsorted(rows, [start, start + len(chunk)])
        if low < high:
            found += [text or "" for text in chunk.take(pa.array(rows[low:high] - start)).to_pylist()]
        start += len(chunk)
    return found


def joined(arrays: Sequence[npt.NDArray[Number]]) -> npt.NDArray[Number]:
    """Arrays one after the other; the only one itself."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def piece_of(name: str) -> tuple[str, int]:
    """The container's log that a file is a piece of, by its name, and the piece's place in it.

    Examples
    --------
    >>> piece_of("logs/istiod.log.2.gz"), piece_of("logs/istiod.log.gz")
    (('logs/istiod.log', -2), ('logs/istiod.log', 0))
    >>> piece_of("istiod-1_discovery.previous.log")
    ('istiod-1_discovery.log', -1)
    >>> piece_of("pods/istio-system_istiod-1_0f3c/discovery/3.log")
    ('pods/istio-system_istiod-1_0f3c/discovery', 3)
    """
    order = 0
    if found := _ROTATED.match(name):
        number = found["number"]
        order = -int(number) if len(number) <= 3 else -(10**15) + int(number.replace("-", ""))
        name = rotated_name(name)
    elif found := _PREVIOUS.match(name):
        name, order = found["stem"] + found["end"], -1
    name = _PACKED.sub("", name)
    if found := _KUBELET.match(name):
        return found["folder"], order or int(found["restart"])
    return name, order


def rotated_name(name: str) -> str:
    """The name that a file had before it was rotated and packed: the same for all pieces of one process's log.

    Examples
    --------
    >>> rotated_name("istiod.log.2.gz"), rotated_name("discovery/0.log.20261130-131000.gz"), rotated_name("1.log")
    ('istiod.log', 'discovery/0.log', '1.log')
    """
    found = _ROTATED.match(name)
    return found["stem"] if found else _PACKED.sub("", name)
