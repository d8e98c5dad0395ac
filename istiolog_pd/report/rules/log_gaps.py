"""Rules for what the log itself lacks: lines lost or damaged, lives cut, lines that nobody knows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from istiolog_pd._text import duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_LINES, MAX_WORDS, percent, plural, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

UNKNOWN = 0.05


def _gaps(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["gaps"] > 0]
    if own.empty:
        return None
    longest = own.sort_values("longest_gap").iloc[-1]
    return RuleHit(
        f"Lines are missing in {plural(int(own['gaps'].sum()), 'place')}",
        f"In {plural(len(own), 'run')} of {len(table):,}; the longest is {duration_text(longest['longest_gap'])}, in "
        f"{shown(longest['source'], MAX_WORDS)}. Rates and sums across a gap are too low.",
        len(own) / len(table),
    )


def _cut(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["start"] == "cut"]
    if own.empty:
        return None
    return RuleHit(
        f"The logs of {plural(len(own), 'run')} of {len(table):,} do not begin with the process",
        f"What happened before is unknown; the first is {shown(own.iloc[0]['source'], MAX_WORDS)}.",
        len(own) / len(table),
    )


def _damage(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["damage"] != ""]
    if own.empty:
        return None
    first = own.iloc[0]
    return RuleHit(
        f"Damaged: {plural(len(own), 'source')} of {len(table):,}",
        f"{shown(first['source'], MAX_WORDS)}: {shown(first['damage'], MAX_WORDS)}",
        len(own) / len(table),
    )


def _unknown(table: Any, capture: Capture) -> RuleHit | None:
    unknown = int(table.reindex(["other", "unparsed"]).fillna(0).sum())
    if unknown < UNKNOWN * capture.n_entries or not unknown:
        return None
    share = unknown / capture.n_entries
    return RuleHit(
        f"{plural(unknown, 'entry', 'entries')} of {capture.n_entries:,} have no known event",
        f"{percent(share)} of all; no answer uses them. `istiolog unmatched` groups them.",
        share,
        (rows_of(capture, "other") + rows_of(capture, "unparsed"))[:MAX_LINES],
    )


RULES = (
    Rule(
        name="gaps",
        kind="log",
        of="the runs",
        answer="runs",
        checks="periods with lost lines, or unusually long silence",
        find=_gaps,
        why="Every count across a gap is a lower bound.",
        do=(
            "Fetch the rotated files and the log of the previous container (kubectl logs --previous), and load them "
            "together."
        ),
        python='capture.runs.query("gaps > 0")',
    ),
    Rule(
        name="cut",
        kind="log",
        of="the runs",
        answer="runs",
        checks="runs whose log does not begin with the process",
        find=_cut,
        why="Earlier connections and versions are unknown; the first push rounds may be incomplete.",
        do="Fetch the whole log: kubectl logs --tail=-1, and the rotated files.",
        python="capture.runs.query(\"start == 'cut'\")",
    ),
    Rule(
        name="damage",
        kind="log",
        of="the sources",
        answer="sources",
        checks="sources that could not be read completely",
        find=_damage,
        why="No answer covers the damaged part.",
        do="Fetch them again.",
        python="capture.sources.query(\"damage != ''\")",
    ),
    Rule(
        name="unknown_lines",
        kind="log",
        of="the entries",
        answer="counts",
        checks=f"entries without a known event, if they are {percent(UNKNOWN)} or more",
        find=_unknown,
        why="These lines are from another program, or from an unknown version of Istio.",
        do="Look at them with `istiolog unmatched`; a new format is one entry in the catalog.",
        python="capture.counts()",
        rare=True,
    ),
)
