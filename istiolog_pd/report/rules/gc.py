"""Rules for garbage collection of istiod."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.display.values import bytes_text, duration_text
from istiolog_pd.report.html.evidence import bounds, rows_at, some
from istiolog_pd.report.model import Rule, Seen

LONG_PAUSE = pd.Timedelta("10ms")
LONG = duration_text(LONG_PAUSE)
MUCH_CPU = 10


def _pauses(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[table["pause_low"] >= LONG_PAUSE]
    cpu = int(table["cpu_percent"].max())
    if own.empty and cpu < MUCH_CPU:
        return None
    low, high = table["pause_low"].max(), table["pause_high"].max()
    return Seen(
        f"Garbage collection: {some(len(own), 'pause')} of {LONG} or longer, up to {cpu} % of the CPU",
        f"The longest pause was {bounds(low, high, duration_text)}, of {some(len(table), 'collection')}; "
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
        looks=f"garbage collections of istiod that stopped it for {LONG}, or took {MUCH_CPU} % of its CPU",
        find=_pauses,
        why="While Go collects, pushes wait; a heap near its limit is collected all the time.",
        do="Give istiod more memory or CPU, or set GOMEMLIMIT and GOGC.",
        python="analysis.gc(capture).sort_values('pause_high', ascending=False)",
    ),
)
