"""Before and after: two captures beside each other, on everything that both can answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import Answer, Col, answers
from istiolog_pd.analysis._needs import pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes, select_columns
from istiolog_pd.analysis.compare.bootstrap import (
    ALPHA,
    MIN_BEYOND,
    MIN_STRETCHES,
    STRETCHES,
    Floats,
    Observed,
    contrast,
    draws,
    holm,
)
from istiolog_pd.analysis.compare.comparability import described, in_common, notes, versions
from istiolog_pd.analysis.compare.measures import MEASURES, Measure, Side, side_of, why_not
from istiolog_pd.capture import Capture
from istiolog_pd.formats.version import Version

NUMBER = pd.Float64Dtype()

COMPARED = Answer(
    "compare",
    "One row per measure and labels",
    columns=(
        Col("measure", "category", "", "what is compared"),
        Col("labels", "str", "", 'labels: ``type="CDS"``, ``quantile="0.95"``'),
        Col("unit", "str", "", "unit of the measure"),
        Col("load", "boolean", "", "true if it measures what the control plane was given, not what it did"),
        Col(
            "before",
            "Float64",
            "",
            "the measure in the first capture; the middle where lines only bound it, as `size:` does",
        ),
        Col("after", "Float64", "", "the measure in the second capture"),
        Col("difference", "Float64", "", "`after` - `before`"),
        Col("ci_low", "Float64", "", "95 % interval of the difference, lower limit, widened by such bounds"),
        Col("ci_high", "Float64", "", "95 % interval of the difference, upper limit"),
        Col("ratio", "Float64", "", "`after` / `before`"),
        Col("ratio_ci_low", "Float64", "", "95 % interval of the ratio, lower limit"),
        Col("ratio_ci_high", "Float64", "", "95 % interval of the ratio, upper limit"),
        Col(
            "cliffs_delta",
            "Float64",
            "",
            "-1 to 1: how much more likely an observation of `after` is the larger one (Cliff's delta); null without "
            "single observations",
        ),
        Col(
            "p_value",
            "Float64",
            "",
            "probability of such a difference by chance, adjusted for the number of rows (Holm)",
        ),
        Col(
            "significant",
            "boolean",
            "",
            "true if `p_value` is below 0.05: in 19 of 20 tables in which nothing differs, no row is",
        ),
        Col(
            "verdict",
            "category",
            "",
            "``more``, ``less`` (`after`, if significant), ``no difference seen``, ``cannot tell`` (a side does not "
            "log it, or too little)",
        ),
        Col("note", "str", "", "why there is no verdict, and what changed its meaning between the versions"),
    ),
    needs=(pushed("what differs from another capture"),),
)

#: The two captures, by their columns.
NAMES = ("before", "after")
MORE, LESS, SAME, UNKNOWN = "more", "less", "no difference seen", "cannot tell"

LINES = "they are logged at level info in scope ads"
OTHER_SERVICES = "sizes follow the number of services, and that differs too"
NOTHING = "{}: {}"
FEW = "{}: only {} of {} stretches of time hold any of it ({} are needed)"
FEW_BEYOND = "{}: {:,} observations are too few for the quantile {}"


@answers(COMPARED)
def compare(before: Capture, after: Capture, *, seed: int = 0) -> pd.DataFrame:
    """Two captures, before and after an upgrade or a setting: what is more, what is less, what cannot be compared.

    Every measure is normalized: by time, by the proxies that were connected, or by the changes that came
    in. The load of the two control planes is listed too (`load`), so that a difference in it can be seen.
    Only lines that both captures print are compared: where one was logged at debug, its debug lines are left out.

    Each capture is cut into 30 stretches of time, and whole stretches are drawn anew 2000 times, so
    that what belongs together in time stays together.

    Parameters
    ----------
    before, after
        Logs of control planes. Best of about the same load, and as long.
    seed
        Of the random draws; the same gives the same table.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what each side is, and what was left out.

    Notes
    -----
    A verdict says that the two captures differ by more than each moves by itself; not why. Another load,
    other proxies or another hour make a difference as well as a version does. An interval that leaves out zero
    in one row of fifty is to be expected; `significant` accounts for that, and is stricter than the interval.

    A measure has a verdict if 10 of the 30 stretches hold any of it; a quantile, if 5 observations are beyond it.
    A measure that drifts (services are added) has a wider interval; what is one of what proxies are
    like (`bytes_per_push`, `cache_ratio`) allows for other proxies of the same kind, and compares those that are on
    both sides with themselves. Of 70 pairs of simulated loads under the same settings one had a false
    verdict, and 3 of 100 intervals left out zero.

    Measures are those of `debounces`, `push_rounds`, `pushes`, `push_sizes`, `cache_ratio`, `xds_order`,
    `connections`, `errors` and `gc`. ``context_time`` runs from the debounce line to the start of the
    (full) round. ``order_broken`` counts only updates whose round is certain.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> before, after = (il.load(f"data/istiod-{version}/discovery.log.gz") for version in ("1.20.8", "1.30.3"))
    >>> table = il.analysis.compare(before, after)
    >>> table.loc[table["measure"].eq("debounce_time"), ["labels", "verdict"]].to_records(index=False).tolist()
    [('quantile="0.5"', 'no difference seen'), ('quantile="0.95"', 'no difference seen')]
    """
    for capture, name in ((before, "before"), (after, "after")):
        if "push_start" not in capture and "debounce" not in capture and "xds_push" not in capture:
            return empty_result(
                COMPARED, NOTHING.format(name, reason_no_lines(capture, "line of a push or a debounce", LINES))
            )
    said = [described(before, "before"), described(after, "after")]
    a, b, left_out = in_common(before, after)
    types = tuple(sorted({name for capture in (a, b) for name in _types(capture)}))
    sides = [side_of(capture, types) for capture in (a, b)]
    table = _table(sides, seed)
    between = versions(a), versions(b)
    table["note"] = [_noted(row, between) for row in table[["measure", "note"]].itertuples(index=False)]
    services = table["measure"].eq("services") & table["significant"].fillna(False).astype(bool)
    if services.any():
        sizes = table["measure"].isin(["bytes", "bytes_per_push", "bytes_per_change"])
        table.loc[sizes, "note"] = [join_notes(note, OTHER_SERVICES) for note in table.loc[sizes, "note"]]
    return as_result(table, COMPARED, join_notes(*said, *left_out))


def _types(capture: Capture) -> list[str]:
    return select_columns(capture, "xds_push", "xds_type")["xds_type"].dropna().unique().tolist()


def _noted(row: Any, between: tuple[tuple[Version, Version], tuple[Version, Version]]) -> str:
    return join_notes(row.note, *notes(row.measure, *between))


def _table(sides: list[Side], seed: int) -> pd.DataFrame:
    """A row per measure and labels, in the order of `MEASURES`."""
    found = [side.found for side in sides]
    drawn = draws(seed), draws(seed + 1)
    rows = []
    for measure in MEASURES:
        labels = dict.fromkeys(label for side in found for name, label in side if name == measure.name)
        for label in labels or [""]:
            pair = [side.get((measure.name, label)) for side in found]
            rows.append({"labels": label, **_row(measure, sides, pair, drawn, seed)})
    table = pd.DataFrame(rows)
    testable = table["verdict"].isna()
    table.loc[testable, "p_value"] = holm(table.loc[testable, "p_value"].to_numpy(np.float64))
    table["significant"] = (table["p_value"] < ALPHA).where(testable)
    larger = table["difference"].gt(0).map({True: MORE, False: LESS})
    table["verdict"] = table["verdict"].where(~testable, larger.where(table["p_value"] < ALPHA, SAME))
    return table


def _row(
    measure: Measure, sides: list[Side], pair: list[Observed | None], drawn: tuple[Floats, Floats], seed: int
) -> dict[str, object]:
    """One measure of both sides; with a verdict only where it cannot be compared."""
    row: dict[str, object] = {
        **dict.fromkeys(("a", "b", "difference", "low", "high", "ratio", "ratio_low", "ratio_high", "effect"), np.nan),
        "measure": measure.name,
        "unit": measure.unit,
        "load": measure.load,
        "verdict": None,
        "note": "",
        "p_value": np.nan,
    }
    missing = [
        f"{name}: {why_not(side, measure)}" for name, side, one in zip(NAMES, sides, pair, strict=True) if one is None
    ]
    a, b = pair
    few = [_few(name, one) for name, one in zip(NAMES, pair, strict=True) if one is not None]
    if a is None or b is None or any(few):
        for name, one in zip(NAMES, pair, strict=True):
            row[name] = one.value if one is not None else np.nan
        return {**row, "verdict": UNKNOWN, "note": join_notes(*missing, *few)}
    found = contrast(a, b, drawn, seed)
    return {
        **row,
        "before": found.a,
        "after": found.b,
        "difference": found.b - found.a,
        "ci_low": found.low,
        "ci_high": found.high,
        "ratio": found.b / found.a if found.a else np.nan,
        "ratio_ci_low": found.ratio_low,
        "ratio_ci_high": found.ratio_high,
        "cliffs_delta": found.delta,
        "p_value": found.p,
    }


def _few(name: str, one: Observed) -> str:
    """Why one side holds too little of a measure; empty if it holds enough."""
    if one.stretches < MIN_STRETCHES:
        return FEW.format(name, one.stretches, STRETCHES, MIN_STRETCHES)
    # 0.5: what a product of floats may lack.
    return FEW_BEYOND.format(name, len(one.samples), one.quantile) if one.beyond < MIN_BEYOND - 0.5 else ""
