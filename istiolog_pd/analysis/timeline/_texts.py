"""What entries say, in one line of plain text each: made for all lines of an event at once."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._frames import PANDAS_TYPES
from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._result import rows_where
from istiolog_pd.capture import Capture

Ints = npt.NDArray[np.int64]

#: What the lines of an event say: columns stand in braces, and a part in brackets is left out where its column is
#: null. Of all other events the message itself is shown, or the statement that printed it where no messages are kept.
TEXTS = {
    "debounce": "push decided[ for {config_kind}/{config_namespace}/{config_name}][ and {more_configs} more]"
    "[ ({reason})][, events merged: {debounced_events}][, after {debounce_time}]",
    "push_start": "round begins[, {connected_endpoints} connections][, version {push_version}]",
    "xds_push": "{xds_type} pushed[ ({push_type})][, {resources} resources][, {removed} removed][, {size_bytes} B]",
    "xds_ack": "{xds_type} acknowledged[, version {push_version}]",
    "xds_nack": "{xds_type} rejected[: {error}]",
    "connection_open": "connected[, connection {connection}]",
    "connection_close": "connection closed[, connection {connection}][: {error}]",
    "access": "[{method} {path} ][to {authority} ]answered[ {response_code}][ {response_flags}][ by {upstream_host}]"
    "[ in {duration}]",
}
#: Maximum length of a text, and the length of message that is looked at.
MAX_TEXT, MAX_MESSAGE = 200, 600

#: Blanks that are not shown as they are.
ODD = r"[\n\t\r]|  "

#: Length of a part of a template that has one column: text, the column, text.
ONE_COLUMN = 3

_PARTS = re.compile(r"\[([^\]]*)\]|([^\[]+)")
_FIELD = re.compile(r"\{(\w+)\}")


def texts_of(capture: Capture, rows: Ints) -> pd.Series[str]:
    """What these entries say, in the order of their rows in the capture, each of them once.

    Parameters
    ----------
    capture
        Their capture.
    rows
        Rows of `Capture.events`.
    """
    chosen = np.zeros(capture.n_entries, np.bool_)
    chosen[rows] = True
    where: list[Ints] = []
    said: list[pa.Array] = []
    for event, template in TEXTS.items():
        table = capture[event]
        own = chosen[table["row"].to_numpy()]
        if "rearmed" in table.schema.names:  # such a line of 1.0 lets no push go
            own &= ~pc.fill_null(table["rearmed"], False).to_numpy()
        if own.any():
            shown = [name for part in _parts(template) for name in part[1::2] if name in table.schema.names]
            table = rows_where(table.select(["row", *dict.fromkeys(shown)]), own)
            where.append(table["row"].to_numpy())
            said.append(_filled(table, template))
            chosen[where[-1]] = False
    where.append(np.flatnonzero(chosen))
    rest = rows_where(capture.events.select(["message", "statement"]), chosen)
    said.append(_cut(pc.coalesce(rest["message"], rest["statement"].cast(rest["message"].type))))
    order = np.argsort(np.concatenate(where), kind="stable")
    texts = pa.chunked_array([chunk for part in said for chunk in part.chunks], pa.string())
    texts = texts if (order[1:] > order[:-1]).all() else texts.combine_chunks().take(pa.array(order))
    return pd.Series(texts.to_pandas(types_mapper=PANDAS_TYPES.get), dtype=TEXT)


@cache
def _parts(template: str) -> tuple[tuple[str, ...], ...]:
    """The parts of a template: each is text and columns in turn, and null as a whole where a column is."""
    return tuple(tuple(_FIELD.split(optional or plain)) for optional, plain in _PARTS.findall(template))


def _filled(table: pa.Table, template: str) -> pa.ChunkedArray:
    """A template with the values of each line."""
    shown = [_part(table, part) for part in _parts(template)]
    return _cut(pc.binary_join_element_wise(*shown, "", null_handling="replace", null_replacement=""))


def _part(table: pa.Table, part: tuple[str, ...]) -> pa.ChunkedArray | pa.Scalar:
    """One part of a template; null where a column of it is."""
    if any(name not in table.schema.names for name in part[1::2]):
        return pa.scalar(None, pa.string())
    if len(part) == ONE_COLUMN:  # each of its values is put in words once
        chunks = table[part[1]].dictionary_encode().chunks
        said = [_joined(part, [chunk.dictionary]).take(chunk.indices) for chunk in chunks]
        return pa.chunked_array(said, pa.string())
    return _joined(part, [table[name] for name in part[1::2]])


def _joined(part: tuple[str, ...], columns: list[pa.ChunkedArray | pa.Array]) -> pa.ChunkedArray | pa.Array | pa.Scalar:
    """The text of a part, with these columns."""
    pieces = [_text(columns[at // 2]) if at % 2 else pa.scalar(piece, pa.string()) for at, piece in enumerate(part)]
    return pc.binary_join_element_wise(*pieces, "", null_handling="emit_null") if len(pieces) > 1 else pieces[0]


def _text(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """The values of a column as text, durations in milliseconds."""
    if pa.types.is_duration(column.type):
        milliseconds = pc.round(pc.divide(pc.cast(column.cast(pa.int64()), pa.float64(), safe=False), 1e6), 1)
        return pc.binary_join_element_wise(milliseconds.cast(pa.string()), "ms", " ")
    return column.cast(pa.string())


def _cut(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts on one line each, blanks of any kind as one, cut where they are long."""
    return pa.chunked_array([_cut_chunk(chunk) for chunk in texts.chunks], pa.string())


def _cut_chunk(texts: pa.Array) -> pa.Array:
    odd = pc.greater(pc.binary_length(texts), MAX_TEXT)
    if _may_hold_blanks(texts):
        odd = pc.or_(odd, pc.match_substring_regex(texts, ODD))
    odd = pc.fill_null(odd, False)
    if not pc.any(odd).as_py():
        return texts
    part = pc.replace_substring_regex(pc.utf8_slice_codeunits(texts.filter(odd), 0, MAX_MESSAGE), r"\tthread=\d+", "")
    part = pc.utf8_trim_whitespace(pc.replace_substring_regex(part, r"\s+", " "))
    ends = pc.if_else(pc.greater(pc.utf8_length(part), MAX_TEXT), "…", "")
    part = pc.binary_join_element_wise(pc.utf8_slice_codeunits(part, 0, MAX_TEXT), ends, "")
    return pc.replace_with_mask(texts, odd, part)


def _may_hold_blanks(texts: pa.Array) -> bool:
    """Whether any byte of some texts is a control character, or a blank after a blank: one look at all of them."""
    if not (buffer := texts.buffers()[2]):
        return False
    own = np.frombuffer(buffer, np.uint8)
    blank = own == ord(" ")
    return bool((own < ord(" ")).any() or (blank[1:] & blank[:-1]).any())
