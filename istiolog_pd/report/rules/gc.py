"""Rules for garbage collection of istiod."""

from __future__ import annotations

import pandas as pd

from istiolog_pd._text import bytes_text, duration_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import bounds, plural, rows_at
from istiolog_pd.report.model import Rule, RuleHit

LONG_PAUSE = pd.Timedelta("10ms")
LONG = duration_text(LONG_PAUSE)
MUCH_CPU = 10


def _pauses(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["pause_low"] >= LONG_PAUSE]
    cpu = int(table["cpu_percent"].max())
    if own.empty and cpu < MUCH_CPU:
        return None
    low, high = table["pause_low"].max(), table["pause_high"].max()
    return RuleHit(
        f"Garbage collection: {plural(len(own), 'pause')} of {LONG} or longer, up to {cpu} % of the CPU",
        f"The longest pause was {bounds(low, high, duration_text)}, of {plural(len(table), 'collection')}; "
        f"the heap reached {bytes_text(int(table['heap_before_bytes'].max()))}.",
        len(own) / len(table),
        rows_at(capture, table.sort_values("pause_high", ascending=False)),
    )


RULES = (
    Rule(
        name="gc_pauses",
        kind="late",
        of="the collections",
        answer="gc",
        checks=f"garbage collections that paused istiod for {LONG}, or took {MUCH_CPU} % of its CPU",
        find=_pauses,
        why="Pushes wait during a garbage collection; a heap near its limit is collected continuously.",
        do="Give istiod more memory or CPU, or set GOMEMLIMIT and GOGC.",
        python="analysis.gc(capture).sort_values('pause_high', ascending=False)",
    ),
)
