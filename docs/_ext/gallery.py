"""The gallery: every plot, drawn by its function on real logs of the repository."""

from __future__ import annotations

import logging
from contextlib import chdir
from pathlib import Path

import matplotlib as mpl

import istiolog_pd as il
from istiolog_pd import analysis, plots

#: Logs that hold what plots need, tried in this order: the first whose table has rows is drawn.
LOGS = (
    "data/mesh-1.30.3/info",
    "data/istiod-1.30.3/discovery.log.gz",
    "data/pilot-1.0.9/discovery.log.gz",
    "data/istiod-1.20.8/discovery.log.gz",
)
FOLDER = "gallery"
WIDTH_DOTS = 110


def pages(docs: Path) -> dict[str, str]:
    """Draw every plot, and write the page that shows them."""
    mpl.use("Agg")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    pictures = docs / FOLDER / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with chdir(docs.parent):  # so that pictures name logs as a user of the repository does
        captures = {log: il.load(log) for log in LOGS}
    parts = ["# Gallery\n", "Every plot of `il.plots`, drawn on the real logs of `data/`.\n"]
    for name, plot in plots.PLOTS.items():
        found = _draw(name, plot, captures, pictures / f"{name}.png")
        if found is not None:
            parts.append(found)
    return {f"{FOLDER}/index.md": "\n".join(parts)}


def _draw(name: str, plot: plots.Plot, captures: dict[str, il.Capture], target: Path) -> str | None:
    for log, capture in captures.items():
        if plot.answer == "compare":
            table = analysis.compare(*list(captures.values())[1:3])
            code = "analysis.compare(before, after)"
        else:
            table = getattr(analysis, plot.answer)(capture)
            code = f'analysis.{plot.answer}(il.load("{log}"))'
        if len(table):
            axes = plot.draw(table)
            axes.figure.savefig(target, dpi=WIDTH_DOTS, bbox_inches="tight")
            mpl.pyplot.close(axes.figure)
            about = plot.about[0].upper() + plot.about[1:]
            return (
                f"## {name}\n\n{about}.\n\n```{{image}} pictures/{name}.png\n:alt: {about}\n```\n\n"
                f"~~~python\nplots.{name}({code})\n~~~\n"
            )
    return None
