"""A few columns of an event's lines, and bins of time: what answers over millions of lines start from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd._dictionaries import one_chunk, with_one_dictionary_each
from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._result import among, cached_per_capture, holds, plain_text, where_equal, with_categories
from istiolog_pd.capture import Capture, to_pandas

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEVEL = (
    "pushes of endpoint-only rounds are printed at level debug from Istio 1.5 on (--log_output_level "
    "ads:debug,delta:debug), and none is among these lines"
)

#: Widths of a time bin that people read easily; the first that gives no more bins than `MAX_BINS`.
WIDTHS = ("1s", "2s", "5s", "10s", "30s", "1min", "2min", "5min", "10min", "30min", "1h", "3h", "6h", "12h", "1D")
MAX_BINS = 120


def select_columns(
    capture: Capture,
    event: str,
    *names: str,
    component: str | None = "pilot",
    where: Mapping[str, str] | None = None,
    coded: bool = False,
) -> pd.DataFrame:
    """These columns of an event's lines in file order, text as ``str``, and `run` (0 where nothing tells runs apart).

    Only what is asked for is taken from the table: other columns of two million lines cost seconds.
    `component` wrote the lines (None: any), `where` names other columns that must be equal. `coded`: text as
    categories, which millions of rows are grouped by fast.
    """
    table = capture[event]
    for name, value in {**({"component": component} if component else {}), **(where or {})}.items():
        table = where_equal(table, name, value)
    wanted = [*names, "run"] if "run" in table.schema.names else list(names)
    table = table.select(wanted)
    frame = with_categories(table) if coded else to_pandas(plain_text(table))
    frame["run"] = frame["run"].fillna(0).astype(np.int64) if "run" in frame else 0
    return frame


@cached_per_capture
def log_of_runs(capture: Capture) -> pd.Series[str]:
    """The container's log that each run is of, by run: the pieces of a rotated log are one."""
    runs = capture.process_runs
    if len(runs):
        return runs.set_index("run")["log"]
    events = capture.events
    first = np.unique(events["run"].to_numpy(), return_index=True)
    names = events["source"].cast(pa.string()).take(pa.array(first[1])).to_pylist()
    return pd.Series(names, pd.Index(first[0], name="run"), dtype=TEXT)


def entry_positions(capture: Capture, table: pd.DataFrame) -> Ints:
    """Numbers for the `source` and `line` of some rows that ascend as the entries do, over all pieces of a log."""
    keys = with_one_dictionary_each(capture.events.select(["source", "line"]))
    ends = keys.group_by("source", use_threads=False).aggregate([("line", "max")]).to_pandas()
    sources = ends["source"].astype("str")
    before = pd.Series(ends["line_max"].cumsum().shift(fill_value=0).to_numpy(), sources)
    found: Ints = before.reindex(table["source"]).to_numpy(np.int64) + table["line"].to_numpy(np.int64)
    return found


def dictionary_codes(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """A number for each text of a column."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    encoded = one_chunk(column)
    return np.asarray(encoded.indices.fill_null(-1).to_numpy(), np.int32)


def note_unprinted_pushes(capture: Capture, lines: pd.DataFrame) -> str:
    """That pushes of endpoint-only rounds are not among these push lines (with `level`), where there may be any."""
    rounds = holds(capture["push_start"]["push_type"], among(["incremental"]))
    no_kinds = capture["debounce"]["forced"].null_count < capture["debounce"].num_rows  # from 1.31 on
    if lines["level"].eq("debug").any() or not (no_kinds or rounds.any()):
        return ""
    table = capture["xds_push"]
    if table["endpoints"].null_count == table.num_rows:
        return LEVEL
    early = holds(table["push_type"], among(["incremental"])) & table["endpoints"].is_valid().to_numpy()
    return "" if early.any() else LEVEL


def bin_given(freq: str | None) -> str:
    """The width of time bins that a user gave; empty: none."""
    try:
        pd.tseries.frequencies.to_offset(freq)
    except ValueError as error:
        raise ValueError(f"freq is the width of a time bin such as '10s' or '5min', not {freq!r}") from error
    return freq or ""


def bin_width(times: pd.Series[pd.Timestamp], freq: str | None = None) -> str:
    """The width of a time bin: the given one, or the first round one that gives no more than 120 bins."""
    span = times.max() - times.min()
    return bin_given(freq) or next((width for width in WIDTHS if span / pd.Timedelta(width) <= MAX_BINS), WIDTHS[-1])


def join_notes(*notes: str) -> str:
    """Several notes on what a capture cannot tell, as one; those that are empty left out."""
    return "; ".join(note for note in notes if note)
