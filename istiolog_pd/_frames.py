"""Arrow tables as DataFrames."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from istiolog_pd.formats.columns import COLUMNS, COMMON

DtypeBackend = Literal["numpy_nullable", "pyarrow"]

#: The pandas types of Arrow's, where pandas would otherwise take floats or objects for nulls.
PANDAS_TYPES: dict[pa.DataType, Any] = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(na_value=np.nan),
}


def to_pandas(table: pa.Table, dtype_backend: DtypeBackend = "numpy_nullable") -> pd.DataFrame:
    """An Arrow table as a DataFrame.

    Parameters
    ----------
    table
        Any table of a capture.
    dtype_backend
        ``"numpy_nullable"``: `datetime64[ns, UTC]`, `timedelta64[ns]`, `Int64`, `boolean`,
        `category`, `str`. ``"pyarrow"``: Arrow-backed types, without a copy where pandas allows.
    """
    table = _spelled_out(table)
    mappers = {"numpy_nullable": PANDAS_TYPES.get, "pyarrow": pd.ArrowDtype}
    if dtype_backend not in mappers:
        raise ValueError(f"dtype_backend is 'numpy_nullable' or 'pyarrow', not {dtype_backend!r}")
    frame: pd.DataFrame = table.to_pandas(types_mapper=mappers[dtype_backend])
    return frame


def with_text_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose categories are of the type of texts: those of no row are objects, and cannot be put with others."""
    objects = {
        str(name): column.astype(pd.CategoricalDtype(column.cat.categories.astype("str"), column.cat.ordered))
        for name, column in frame.items()
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.categories.dtype == object
    }
    return frame.assign(**objects) if objects else frame


def _spelled_out(table: pa.Table) -> pa.Table:
    """A table whose columns of text are text: Arrow tables hold texts that repeat as dictionaries."""
    for at, one in enumerate(table.schema):
        column = COLUMNS.get(one.name) or COMMON.get(one.name)
        if pa.types.is_dictionary(one.type) and column is not None and column.type == "string":
            table = table.set_column(at, one.name, table.column(at).cast(pa.string()))
    return table
