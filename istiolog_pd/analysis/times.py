"""Times as numbers and back, and the lines of an event with what only `events` has of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd.analysis.answers import SPAN, TEXT, control_plane
from istiolog_pd.capture import Capture

Ints = npt.NDArray[np.int64]

#: The number that pandas and NumPy have for no time.
NEVER = np.iinfo(np.int64).min


def nanoseconds(column: pd.Series[Any]) -> Ints:
    """A column of times or durations in nanoseconds; `NEVER` where null."""
    dtype = "datetime64[ns]" if isinstance(column.dtype, pd.DatetimeTZDtype) else "timedelta64[ns]"
    values = column.dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    return values.to_numpy(dtype).astype(np.int64)


def spans(values: Ints, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.timedelta64]:
    """Durations of so many nanoseconds, null where they are not known."""
    found: npt.NDArray[np.timedelta64] = np.where(known, values, NEVER).astype(SPAN)
    return found


def stamps(capture: Capture, event: str) -> pd.DataFrame:
    """The lines of an event of a control plane, with their `message`."""
    table = control_plane(capture, event)
    texts = capture.events["message"].take(pa.array(table["row"].to_numpy(np.int64)))
    return table.assign(message=texts.cast(pa.string()).to_pandas().astype(TEXT).to_numpy())
