"""Times as numbers, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis._answer import SPAN

Ints = npt.NDArray[np.int64]

#: The number that pandas and NumPy have for no time.
NAT = np.iinfo(np.int64).min


def parse_duration(value: str | pd.Timedelta, name: str) -> pd.Timedelta:
    """A duration that a user gave as the argument of this name.

    Examples
    --------
    >>> parse_duration("100ms", "after")
    Timedelta('0 days 00:00:00.100000')
    """
    try:
        return pd.Timedelta(value)
    except ValueError as error:
        raise ValueError(f"{name} is a duration such as '100ms' or '10s', not {value!r}") from error


def as_nanoseconds(column: pd.Series[Any]) -> Ints:
    """A column of times or durations in nanoseconds; `NAT` where null."""
    dtype = "datetime64[ns]" if isinstance(column.dtype, pd.DatetimeTZDtype) else "timedelta64[ns]"
    values = column.dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    return values.to_numpy(dtype).astype(np.int64)


def as_durations(values: Ints, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.timedelta64]:
    """Convert nanoseconds to durations; unknown ones are null."""
    found: npt.NDArray[np.timedelta64] = np.where(known, values, NAT).astype(SPAN)
    return found


def moment(time: str | pd.Timestamp | None) -> pd.Timestamp | None:
    """A time in UTC; one that names no zone is taken to be in UTC."""
    if time is None:
        return None
    stamp = pd.Timestamp(time)
    if pd.isna(stamp):
        raise ValueError(f"{time!r} is no time")
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def merge_as_of(
    left: pd.DataFrame, right: pd.DataFrame, on: str, by: list[str], *, after: bool = False
) -> pd.DataFrame:
    """Each row of one table, by its index, with the row of the other that is the last up to it.

    Parameters
    ----------
    left, right
        Both sorted by `on`; columns of the second that are neither `on` nor `by` are added to the first.
    on
        A number or a time.
    by
        What must be the same in both.
    after
        The first row after it instead.
    """
    keys = pd.concat([left[by], right[by]], ignore_index=True)
    codes = np.asarray(keys.groupby(by, sort=False, dropna=False).ngroup(), np.int64)
    found = pd.merge_asof(
        left.assign(code=codes[: len(left)]),
        right.drop(columns=by).assign(code=codes[len(left) :]),
        on=on,
        by="code",
        direction="forward" if after else "backward",
        allow_exact_matches=not after,
    )
    return found.drop(columns="code").set_axis(left.index)
