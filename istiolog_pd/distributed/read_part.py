"""One part of a file -> its rows, by the reader of one machine."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from istiolog_pd.capture import Capture
from istiolog_pd.distributed.byte_ranges import Part
from istiolog_pd.distributed.files import Opened, StorageOptions, read_bytes, system_of
from istiolog_pd.engine.schema import EVENTS_SCHEMA
from istiolog_pd.errors import DamageWarning, NoLogError
from istiolog_pd.frames import DtypeBackend
from istiolog_pd.readers import load

Events = str | Sequence[str] | None


def empty(
    events: Events, columns: Sequence[str] | None, dtype_backend: DtypeBackend = "numpy_nullable"
) -> pd.DataFrame:
    """The columns of what is asked for, and no row.

    Raises
    ------
    ValueError
        If there is no such event or column.
    """
    capture = Capture(EVENTS_SCHEMA.empty_table(), {})
    return capture.to_pandas(events=events, columns=columns, dtype_backend=dtype_backend)


def read_part(
    part: Part,
    events: Events = None,
    columns: Sequence[str] | None = None,
    storage_options: StorageOptions = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
) -> pd.DataFrame:
    """The rows of a part: as `istiolog_pd.read_logs` of the file gives them, but `run` is null.

    A part is read behind the head of its file, whose rows are then dropped: so it is taken for the same
    component's log as the whole.
    """
    names = list(empty(events, columns).columns)
    if part.stop is None:
        rows = _whole(part, storage_options).to_pandas(events=events, columns=names, dtype_backend=dtype_backend)
    elif part.start == part.stop:
        rows = empty(events, names, dtype_backend)
    else:
        rows = _range(part, events, names, storage_options, dtype_backend)
    if "run" in rows:  # runs are told by what stands in all parts
        rows = rows.assign(run=rows["run"].where(np.zeros(len(rows), np.bool_)))
    return _alike(rows)


def _alike(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose categories are texts, also where there are none: or Dask could not put parts together."""
    odd = {
        str(name): column.cat.set_categories(pd.Index([], dtype="str"))
        for name, column in rows.items()
        if isinstance(column.dtype, pd.CategoricalDtype) and not len(column.cat.categories)
    }
    return rows.assign(**odd)


def _whole(part: Part, storage_options: StorageOptions) -> Capture:
    system, path = system_of(part.url, storage_options)
    with system.open(path, "rb") as file:
        try:
            return load(Opened(file, part.source))
        except NoLogError as error:
            warnings.warn(str(error), DamageWarning, stacklevel=2)
            return Capture(EVENTS_SCHEMA.empty_table(), {})


def _range(
    part: Part, events: Events, names: Sequence[str], storage_options: StorageOptions, dtype_backend: DtypeBackend
) -> pd.DataFrame:
    assert part.stop is not None
    head = read_bytes(part.url, 0, part.head, storage_options)
    text = read_bytes(part.url, part.start, part.stop, storage_options)
    # What is said to be damaged is so in these bytes, by their own line numbers.
    name = f"{part.source} (bytes 0 to {part.head:,} and {part.start:,} to {part.stop:,})"
    capture = load(Opened(io.BytesIO(head + text), name))
    rows = capture.to_pandas(events=events, columns=list({*names, "line"}), dtype_backend=dtype_backend)
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
