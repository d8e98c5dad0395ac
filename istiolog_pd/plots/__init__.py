"""Plots: each draws the table of one answer on Axes, and computes nothing.

A plot is ``plots.name(table, *, ax=None) -> Axes``. They are found in the modules beside this file, which have
the names of those in `istiolog_pd.analysis`; `__init__.pyi` lists them for type checkers. `PLOTS` has them with
the name of the answer that each one draws, so nothing here needs `istiolog_pd.analysis`. `describe` says in words
what a plot shows: its alternative text.
"""

from __future__ import annotations

from istiolog_pd.plots._draw.describe import add_alt_text, describe
from istiolog_pd.plots._draw.discover import FOUND, PLOTS
from istiolog_pd.plots._draw.plot import Draw, Plot

globals().update({name: plot.draw for name, plot in FOUND.items()})
__all__ = ["PLOTS", "Draw", "Plot", "add_alt_text", "describe", *sorted(FOUND)]


def __dir__() -> list[str]:
    return sorted(__all__)
