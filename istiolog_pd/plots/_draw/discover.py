"""Plots are found by folder: every module of `istiolog_pd.plots`, and in it every function that is declared as one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from istiolog_pd.plots._draw.plot import Plot

FOLDER = Path(__file__).parents[1]


def find_plots() -> dict[str, Plot]:
    """Every plot by its name: by file, and place in the file."""
    found: dict[str, Plot] = {}
    for path in sorted(FOLDER.glob("[!_]*.py")):
        module = import_module(f"istiolog_pd.plots.{path.stem}")
        for function in list(vars(module).values()):
            plot = getattr(function, "plot", None)
            if isinstance(plot, Plot) and function.__module__ == module.__name__:
                found[plot.name] = plot
    return found


FOUND = find_plots()

#: The plots of answers that take a capture and no more.
PLOTS: dict[str, Plot] = {name: plot for name, plot in FOUND.items() if plot.listed}
