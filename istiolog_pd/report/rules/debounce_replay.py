"""Rules for the debounce settings."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.inspect.summary import duration_text
from istiolog_pd.report.html.evidence import bounds, percent
from istiolog_pd.report.model import Rule, Seen

#: Fewer push decisions are no pattern.
FEWEST = 20
REPLAYED = 0.2


def _replay(table: pd.DataFrame, capture: Capture) -> Seen | None:
    now = table[table["recorded"].fillna(False).astype(bool)]
    if now.empty or now["pushes_low"].iloc[0] < FEWEST:
        return None
    pushes = int(now["pushes_low"].iloc[0])
    better = table[(table["pushes_high"] <= (1 - REPLAYED) * pushes).fillna(False).astype(bool)]
    if better.empty:
        return None
    best = better.sort_values("delay_median_high").iloc[0]
    spared = pushes - int(best["pushes_high"])
    return Seen(
        f"Another debounce setting would have spared at least {percent(spared / pushes)} of the pushes",
        f"With PILOT_DEBOUNCE_AFTER={duration_text(best['after'])} and PILOT_DEBOUNCE_MAX="
        f"{duration_text(best['maximum'])}: {bounds(int(best['pushes_low']), int(best['pushes_high']))} pushes, not "
        f"{pushes:,}; the median change would wait "
        f"{bounds(best['delay_median_low'], best['delay_median_high'], duration_text)}, not "
        f"{bounds(now['delay_median_low'].iloc[0], now['delay_median_high'].iloc[0], duration_text)}.",
        spared / pushes,
    )


RULES = (
    Rule(
        name="debounce_setting",
        kind="costly",
        of="the pushes, at least",
        answer="debounce_replay",
        looks=f"debounce settings that would have spared {percent(REPLAYED)} of the pushes or more, for certain",
        find=_replay,
        why="A longer quiet time merges more changes into one push; each change waits longer for it.",
        do="Weigh the delay against the pushes (plot below), then set it in istiod's environment.",
        python="analysis.debounce_replay(capture)",
    ),
)
