"""The shape of what a capture says of process runs: the column `run`, and the table of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd.engine.schema import arrow_field
from istiolog_pd.formats.columns import COMMON

_TEXT = pd.StringDtype(na_value=np.nan)
_TIME = pd.DatetimeTZDtype("ns", "UTC")


def with_run(table: pa.Table, run: npt.NDArray[np.int64]) -> pa.Table:
    """A table of events, or a narrow one, with the column `run` after `component`."""
    at = table.schema.get_field_index("component") + 1
    return table.add_column(at, arrow_field(COMMON["run"]), pa.array(run, pa.int64()))


#: One row per process run; `Capture.runs` says what the columns mean.
RUNS: Mapping[str, Any] = {
    "run": np.dtype(np.int64),
    "source": _TEXT,
    "sources": np.dtype(np.int64),
    "pod": _TEXT,
    "namespace": _TEXT,
    "component": _TEXT,
    "version": _TEXT,
    "evidence": _TEXT,
    "first": _TIME,
    "last": _TIME,
    "entries": np.dtype(np.int64),
    "gaps": np.dtype(np.int64),
    "longest_gap": np.dtype("timedelta64[ns]"),
    "level": _TEXT,
    "envoy_level": _TEXT,
    "start": _TEXT,
    "end": _TEXT,
}


def run_table(rows: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """Rows of `Capture.runs` with the dtypes that they have."""
    table = pd.DataFrame(rows, columns=list(RUNS))
    times = {name: pd.to_datetime(table[name], utc=True) for name, dtype in RUNS.items() if dtype == _TIME}
    return table.assign(**times).astype(dict(RUNS))
