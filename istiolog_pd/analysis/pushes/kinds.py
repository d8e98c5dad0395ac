"""Full, incremental and requested pushes over time."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.analysis._answer import PUSH_TYPE, TIME_BIN, XDS_TYPE, Answer, Col, answers
from istiolog_pd.analysis._needs import pushed
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import bin_width
from istiolog_pd.analysis.pushes.rounds import pushes, with_sizes
from istiolog_pd.capture import Capture

BINS = Answer(
    "full_vs_incremental",
    "One row per time bin, xDS type and kind of push that occurs",
    time="time",
    columns=(
        TIME_BIN,
        XDS_TYPE,
        PUSH_TYPE,
        Col("pushes", "Int64", "", "pushes in the bin"),
        Col("resources", "Int64", "", "resources sent"),
        Col("size_bytes", "Int64", "B", "bytes sent; null where sizes are not logged"),
    ),
    needs=(pushed("full and incremental pushes over time"),),
)


@answers(BINS)
def full_vs_incremental(capture: Capture, *, freq: str | None = None) -> pd.DataFrame:
    """Pushes and bytes per time bin, xDS type and kind of push.

    Parameters
    ----------
    capture
        Logs of a control plane.
    freq
        Width of a bin, as pandas writes it (``"10s"``, ``"1min"``). None: a round width that gives
        at most 120 bins.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["freq"]`` is the width of a bin; ``attrs["coverage"]`` says what the log level hides
        (endpoint-only pushes at info) or, of an empty answer, why it is empty.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.full_vs_incremental(il.load("data/seed/pilot.log"), freq="1h")
    >>> table.groupby("push_type", observed=True)["pushes"].sum().to_dict()
    {'full': 4, 'incremental': 3, 'request': 13}
    """
    lines = pushes(capture)
    coverage = lines.attrs["coverage"]
    lines = lines.dropna(subset=["timestamp"])
    if lines.empty:
        return empty_result(BINS, coverage or "the push lines print no time")
    width = bin_width(lines["timestamp"], freq)
    groups = lines.assign(time=lines["timestamp"].dt.floor(width)).groupby(
        ["time", "xds_type", "push_type"], observed=True, dropna=False
    )
    table = groups[["resources", "size_bytes"]].sum(min_count=1)
    table["pushes"] = groups.size()
    answer = as_result(table.reset_index(), BINS, with_sizes(coverage, lines))
    answer.attrs["freq"] = width
    return answer
