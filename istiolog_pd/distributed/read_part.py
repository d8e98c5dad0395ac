"""One part of a file -> its rows, by the reader of one machine."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from istiolog_pd._frames import DtypeBackend, with_text_categories
from istiolog_pd.capture import Capture
from istiolog_pd.distributed.byte_ranges import Part
from istiolog_pd.distributed.files import Opened, StorageOptions, read_bytes, system_of
from istiolog_pd.engine.schema import EVENTS_SCHEMA
from istiolog_pd.errors import DamageWarning, NoLogError
from istiolog_pd.loading.load import load_capture
from istiolog_pd.loading.options import Options

Events = str | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for of every part: events, columns and dtypes, and the options of `istiolog_pd.load`."""

    events: Events = None
    columns: Sequence[str] | None = None
    dtype_backend: DtypeBackend = "numpy_nullable"
    options: Mapping[str, Any] = field(default_factory=dict)
    storage_options: StorageOptions = None

    def empty(self) -> pd.DataFrame:
        """The columns asked for, and no row."""
        return self.rows_of(Capture(EVENTS_SCHEMA.empty_table(), {}), self.columns)

    def load(self, file: Opened) -> Capture:
        """Read a file, of all times: an entry without a time has that of the one before it."""
        return load_capture([file], Options(**{**self.options, "start": None, "end": None}))

    def rows_of(self, capture: Capture, columns: Sequence[str] | None) -> pd.DataFrame:
        """The rows of a capture that are asked for."""
        start, end = self.options.get("start"), self.options.get("end")
        return capture.to_pandas(
            events=self.events, columns=columns, start=start, end=end, dtype_backend=self.dtype_backend
        )


def read_part(part: Part, request: Request) -> pd.DataFrame:
    """The rows of a part: as `istiolog_pd.read_logs` of the file gives them, but `run` is null.

    A part is read together with the head of its file, whose rows are then dropped: so it is taken for a log of
    the same component as the whole.
    """
    names = list(request.empty().columns)
    if part.stop is None:
        rows = request.rows_of(_whole(part, request), names)
    elif part.start == part.stop:
        rows = request.empty()
    else:
        rows = _range(part, names, request)
    if "run" in rows:  # runs depend on the lines of all parts
        rows = rows.assign(run=rows["run"].where(np.zeros(len(rows), np.bool_)))
    return with_text_categories(rows)


def _whole(part: Part, request: Request) -> Capture:
    system, path = system_of(part.url, request.storage_options)
    with system.open(path, "rb") as file:
        try:
            return request.load(Opened(file, part.source))
        except NoLogError as error:
            warnings.warn(str(error), DamageWarning, stacklevel=2)
            return Capture(EVENTS_SCHEMA.empty_table(), {})


def _range(part: Part, names: Sequence[str], request: Request) -> pd.DataFrame:
    assert part.stop is not None
    head = read_bytes(part.url, 0, part.head, request.storage_options)
    text = read_bytes(part.url, part.start, part.stop, request.storage_options)
    # Damage is reported for these bytes, by their own line numbers.
    name = f"{part.source} (bytes 0 to {part.head:,} and {part.start:,} to {part.stop:,})"
    rows = request.rows_of(request.load(Opened(io.BytesIO(head + text), name)), list({*names, "line"}))
    dropped = head.count(b"\n")
    rows = rows[rows["line"] > dropped].reset_index(drop=True)
    rows["line"] += part.lines - dropped
    return (
        rows.assign(source=_constant(part.source, rows["source"]))[list(names)]
        if "source" in names
        else rows[list(names)]
    )


def _constant(text: str, like: pd.Series[Any]) -> pd.Series[Any]:
    """One text for all rows of a column of categories, of pandas or of Arrow."""
    numbers = np.zeros(len(like), np.int32)
    if isinstance(like.dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical.from_codes(numbers, pd.Index([text], dtype="str")), like.index)
    texts = pa.DictionaryArray.from_arrays(numbers, pa.array([text]))
    return pd.Series(pd.arrays.ArrowExtensionArray(texts), like.index)
