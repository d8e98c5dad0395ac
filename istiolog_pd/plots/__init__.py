"""Plots: each draws the table of one answer on Axes, and computes nothing.

A plot is ``plots.name(table, *, ax=None) -> Axes``. `PLOTS` lists them with the answer each one draws,
by name, so that nothing here needs `istiolog_pd.analysis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots.debounce import debounce_distribution, debounces
from istiolog_pd.plots.order import xds_order
from istiolog_pd.plots.propagation import propagation
from istiolog_pd.plots.push_kinds import full_vs_incremental
from istiolog_pd.plots.push_sizes import pushes
from istiolog_pd.plots.rounds import fan_out, push_rounds
from istiolog_pd.plots.waves import push_wave, push_waves

__all__ = [
    "PLOTS",
    "Plot",
    "debounce_distribution",
    "debounces",
    "fan_out",
    "full_vs_incremental",
    "propagation",
    "push_rounds",
    "push_wave",
    "push_waves",
    "pushes",
    "xds_order",
]


class Draw(Protocol):
    """What every plot is: a function of an answer's table that gives the Axes it drew on."""

    def __call__(self, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes: ...


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its name, the function of `istiolog_pd.analysis` whose table it draws, and what it shows."""

    name: str
    answer: str
    draw: Draw
    about: str


PLOTS: dict[str, Plot] = {
    plot.name: plot
    for plot in (
        Plot("debounces", "debounces", debounces, "debounce intervals over time, and their distribution"),
        Plot("debounce_distribution", "debounces", debounce_distribution, "debounce intervals as cumulative shares"),
        Plot("push_rounds", "push_rounds", push_rounds, "proxies reached per round, and the time to the last one"),
        Plot("fan_out", "fan_out", fan_out, "pushes per round, stacked by xDS type"),
        Plot(
            "full_vs_incremental",
            "full_vs_incremental",
            full_vs_incremental,
            "pushes and bytes over time, by kind",
        ),
        Plot("pushes", "pushes", pushes, "every push over time, by size, type and kind"),
        Plot("push_waves", "push_waves", push_waves, "time to the first, median and last proxy of each round"),
        Plot("propagation", "propagation", propagation, "time from istiod's push to Envoy's answer, as bounds"),
        Plot("xds_order", "xds_order", xds_order, "orders of types per proxy and round, kept and broken"),
    )
}
