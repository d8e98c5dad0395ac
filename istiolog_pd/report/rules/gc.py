"""Rules for garbage collection of istiod."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import bounds, rows_at, some
from istiolog_pd.report.model import Rule, Seen

LONG_PAUSE = 10.0
MUCH_CPU = 10


def _pauses(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[(table["pause_low_ms"] >= LONG_PAUSE).fillna(False).astype(bool)]
    cpu = int(table["cpu_percent"].max())
    if own.empty and cpu < MUCH_CPU:
        return None
    low, high = table["pause_low_ms"].max(), table["pause_high_ms"].max()
    return Seen(
        f"Garbage collection: {some(len(own), 'pause')} of {LONG_PAUSE:.0f} ms or longer, up to {cpu} % of the CPU",
        f"The longest pause was {bounds(low, high, '{:,.1f}'.format)} ms, of {some(len(table), 'collection')}; "
        f"the heap reached {int(table['heap_before_mb'].max()):,} MB.",
        len(own) / len(table),
        rows_at(capture, table.sort_values("pause_high_ms", ascending=False)),
    )


RULES = (
    Rule(
        name="gc_pauses",
        kind="late",
        of="the collections",
        answer="gc",
        looks=f"garbage collections of istiod that stopped it for {LONG_PAUSE:.0f} ms, or took {MUCH_CPU} % of its CPU",
        find=_pauses,
        why="While Go collects, pushes wait; a heap near its limit is collected all the time.",
        do="Give istiod more memory or CPU, or set GOMEMLIMIT and GOGC.",
        python="analysis.gc(capture).sort_values('pause_high_ms', ascending=False)",
    ),
)
