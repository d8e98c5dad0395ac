"""What the page looks at closely: the slowest round, and the proxy that stands out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from istiolog_pd import analysis, plots
from istiolog_pd.plots import Plot
from istiolog_pd.report.findings import Answers
from istiolog_pd.report.html.evidence import plural, shown

#: Minimum number of proxies of a round that is looked at.
FEW = 2


@dataclass(frozen=True, slots=True)
class Closeup:
    """A plot of one round or one proxy, its table, and the call that gives the table."""

    plot: Plot
    table: pd.DataFrame
    call: str


def closeups(answers: Answers) -> Iterator[Closeup]:
    """The slowest round, proxy by proxy; and every entry about the proxy that stands out, if one does."""
    wave = slowest_round(answers)
    if wave is not None:
        number, proxies = wave
        table = analysis.push_wave(answers.capture, number)
        about = f"the round that took longest ({number}, to {plural(proxies, 'proxy', 'proxies')}), proxy by proxy"
        plot = Plot("push_wave", "push_wave", plots.push_wave, about)
        yield Closeup(plot, table, f"analysis.push_wave(capture, {number})")
    found = proxy_that_stands_out(answers)
    if found is not None:
        proxy, why = found
        table = analysis.timeline(answers.capture, proxy=proxy)
        if len(table):
            plot = Plot("timeline", "timeline", plots.timeline, f"every entry about {shown(proxy, 80)}, {why}")
            yield Closeup(plot, table, f"analysis.timeline(capture, proxy={proxy!r})")


def slowest_round(answers: Answers) -> tuple[int, int] | None:
    """The round whose last proxy surely waited longest, and the proxies it was most likely sent to."""
    waves = answers["push_waves"]
    waves = waves[waves["last_low"].notna() & waves["proxies"].ge(FEW).fillna(False)]
    if waves.empty:
        return None
    row = waves.loc[waves["last_low"].idxmax()]
    return int(row["round"]), int(row["proxies"])


def proxy_that_stands_out(answers: Answers) -> tuple[str, str] | None:
    """The proxy with the most rejected updates, else the one that was furthest behind at the end; and why it is."""
    rejected = answers["rejections"].dropna(subset=["proxy"]).groupby("proxy", observed=True)["nacks"].sum()
    if len(rejected):
        most = rejected[rejected.eq(rejected.max())]
        who = "which" if len(most) == 1 else f"one of {len(most):,} that"
        return str(most.index.min()), f"{who} rejected the most updates ({int(most.iloc[0]):,})"
    stale = answers["stale_proxies"]
    if len(stale) and stale["behind_low"].iloc[0] > 0:
        rounds = plural(int(stale["behind_low"].iloc[0]), "round", "rounds")
        return str(stale["proxy"].iloc[0]), f"which was behind by at least {rounds} at the end"
    return None
