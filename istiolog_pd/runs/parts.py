"""A part: the tables of one source, and which container's log it is a piece of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
#: Places in a list of words.
Codes = npt.NDArray[np.int32]

#: The time of an entry that prints none.
NO_TIME = np.iinfo(np.int64).min

#: `x.log.1`, `x.log.2.gz`, `x.log.20260101-120000.gz`: what rotation puts behind a name.
_ROTATED = re.compile(r"^(?P<stem>.*\.log)\.(?P<number>\d{1,3}|\d{8}-\d{6})(\.\w+)?$")
#: `<pod>_<container>.previous.log` of Istio's test dumps.
_PREVIOUS = re.compile(r"^(?P<stem>.*)\.previous(?P<end>\.log)(\.\w+)?$")
#: What compression puts behind a name.
_PACKED = re.compile(r"\.(gz|zst|xz|bz2)$")
#: `/var/log/pods/<ns>_<pod>_<uid>/<container>/<restart>.log` of the kubelet.
_KUBELET = re.compile(r"^(?P<folder>.*[^/]_[^/]+_[^/]+/[^/]+)/(?P<restart>\d+)\.log$")


@dataclass(frozen=True)
class Part:
    """The tables of one source, and whose log it is.

    Parameters
    ----------
    name
        The source, as in the column `source`.
    component
        Whose log it is: ``pilot`` or ``agent``.
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

    def kept(self, keep: Bools) -> Part:
        """The part with only some of its entries."""
        at = np.cumsum(keep) - 1
        tables = {}
        for event, table in self.tables.items():
            own = table.filter(pa.array(keep[table["row"].to_numpy()]))
            if own.num_rows:
                row = pa.array(at[own["row"].to_numpy()])
                tables[event] = own.set_column(0, own.schema.field("row"), row)
        return replace(self, events=self.events.filter(pa.array(keep)), tables=tables)

    def printed(self) -> Ints:
        """The time that every entry prints, in nanoseconds; `NO_TIME` where it prints none."""
        return np.asarray(pc.fill_null(self.events["timestamp"].cast(pa.int64()), NO_TIME).to_numpy())

    def times(self) -> Ints:
        """The time that every entry was written; `NO_TIME` for access lines, which print their request's start."""
        times = self.printed()
        if "access" in self.tables:
            times = times.copy()
            times[self.tables["access"]["row"].to_numpy()] = NO_TIME
        return times


def codes(column: pa.ChunkedArray, words: list[str]) -> Codes:
    """The place of each value among some words, -1 for any other and for null."""
    encoded = (column if pa.types.is_dictionary(column.type) else column.dictionary_encode()).unify_dictionaries()
    out = [np.empty(0, np.int32)]
    for chunk in encoded.chunks:
        place = pc.fill_null(pc.index_in(chunk.dictionary.cast(pa.string()), pa.array(words, pa.string())), -1)
        known = np.append(place.to_numpy(zero_copy_only=False).astype(np.int32), np.int32(-1))
        out.append(known[pc.fill_null(chunk.indices, len(known) - 1).to_numpy(zero_copy_only=False)])
    return np.concatenate(out)


def texts(part: Part, rows: Ints, column: str) -> list[str]:
    """A text column of some rows; empty where it is null or was not kept."""
    if column not in part.events.schema.names:
        return [""] * len(rows)
    return [text or "" for text in part.events[column].take(pa.array(rows)).to_pylist()]


def piece_of(name: str) -> tuple[str, int]:
    """The container's log that a file is a piece of, told by its name, and the piece's place in it.

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
        name = found["stem"]
    elif found := _PREVIOUS.match(name):
        name, order = found["stem"] + found["end"], -1
    name = _PACKED.sub("", name)
    if found := _KUBELET.match(name):
        return found["folder"], order or int(found["restart"])
    return name, order
