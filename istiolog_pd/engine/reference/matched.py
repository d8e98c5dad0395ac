"""What formats have matched -> the columns of an event's narrow table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

import numpy as np
import pyarrow as pa

from istiolog_pd.engine.reference.labels import parse_labels
from istiolog_pd.engine.reference.match import Compiled
from istiolog_pd.engine.schema import EVENTS_SCHEMA, array, event_schema, label_target
from istiolog_pd.formats.columns import LABELED, LABELS
from istiolog_pd.formats.kinds import KINDS, Kind

#: Rows of the events, and the columns of an event's own for each of them.
Part = tuple[list[int], dict[str, list[object]]]


@cache
def _value_of(kind: Kind) -> re.Pattern[str]:
    return re.compile(kind.pattern or f"{kind.chars}*", re.DOTALL | re.ASCII)


def _column_values(name: str, kind: Kind, texts: Sequence[str | None]) -> dict[str, list[object]]:
    """The columns of one field: each distinct text is taken apart once."""
    known = {text: kind.value(text) for text in set(texts) if text is not None}
    if not kind.columns:
        return {name: [None if text is None else known[text] for text in texts]}
    nothing = (None,) * len(kind.columns)
    rows = [nothing if text is None else known[text] for text in texts]
    return {column: list(values) for column, values in zip(kind.columns, zip(*rows, strict=True), strict=True)}


def _merge(into: dict[str, list[object]], more: dict[str, list[object]]) -> None:
    """Add columns; where two fields fill one, the first value that is there counts."""
    for name, values in more.items():
        if name in into:
            into[name] = [b if a is None else a for a, b in zip(into[name], values, strict=True)]
        else:
            into[name] = values


@dataclass(slots=True)
class Matched:
    """The messages of one event that one format has matched (or none: `compiled` is null).

    `fields`: which keys of a JSON line are columns, if its layout says so.
    """

    event: str
    compiled: Compiled | None
    fields: Mapping[str, str]
    rows: list[int] = field(default_factory=list)
    texts: list[tuple[str | None, ...]] = field(default_factory=list)
    labels: list[str | tuple[tuple[str, str], ...]] = field(default_factory=list)

    def columns(self) -> dict[str, list[object]]:
        """The columns that the texts and labels of all rows give."""
        columns: dict[str, list[object]] = {}
        if self.compiled is not None:
            for one, texts in zip(self.compiled.fields, zip(*self.texts, strict=True), strict=True):
                _merge(columns, _column_values(one.column, KINDS[one.kind], texts))
            for name, value in self.compiled.format.sets.items():
                _merge(columns, {name: [value] * len(self.rows)})
        _merge(columns, self._label_columns())
        if "pod" in columns and "namespace" in columns and "proxy" not in columns:
            pairs = zip(columns["pod"], columns["namespace"], strict=True)
            columns["proxy"] = [f"{pod}.{namespace}" if pod and namespace else None for pod, namespace in pairs]
        return columns

    def _label_columns(self) -> dict[str, list[object]]:
        if not any(self.labels):
            return {}
        own = self.compiled.format.labels if self.compiled else {}
        known = {**(LABELS if self.event in LABELED else {}), **own, **self.fields}
        columns: dict[str, list[object]] = {}
        targets = {key: label_target(target) for key, target in known.items()}
        found: dict[str, list[str | None]] = {}
        for n, labels in enumerate(self.labels):
            for key, text in parse_labels(labels) if isinstance(labels, str) else labels:
                if key in targets and _value_of(KINDS[targets[key][1]]).fullmatch(text):
                    found.setdefault(key, [None] * len(self.rows))[n] = text
        for key, (column, kind) in targets.items():  # of two keys of one column the first known counts
            texts = found.get(key)
            if texts is None:
                continue
            _merge(columns, _column_values(column, KINDS[kind], texts))
        return columns


def _of_rows(column: pa.ChunkedArray, rows: pa.Array) -> pa.Array:
    """The values of some rows; all of them where the column has no other, as in a log of one line."""
    if len(column) == 1 == len(rows):
        return column.chunk(0)
    return column.take(rows).combine_chunks()


def narrow(event: str, parts: list[Part], events: pa.Table) -> pa.Table:
    """The narrow table of an event, from the columns of each of its formats."""
    schema = event_schema(event)
    rows = np.fromiter(chain.from_iterable(part[0] for part in parts), np.int64)
    order = np.argsort(rows, kind="stable")
    arrays = {"row": pa.array(rows)}
    for one in schema:
        if one.name in EVENTS_SCHEMA.names:
            arrays[one.name] = _of_rows(events[one.name], arrays["row"])
        elif one.name != "row":
            if not any(part[1].get(one.name) for part in parts):
                arrays[one.name] = pa.nulls(len(rows), one.type)
                continue
            values = chain.from_iterable(part[1].get(one.name) or [None] * len(part[0]) for part in parts)
            arrays[one.name] = array(values, one.type)
    table = pa.table([arrays[name] for name in schema.names], schema=schema)
    return table if np.all(order[:-1] < order[1:]) else table.take(pa.array(order))
