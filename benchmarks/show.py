"""Results as they are shown: a table in Markdown, bars and lines in a PNG, and all numbers as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

Row = Mapping[str, object]


def say(text: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def machine() -> str:
    """Where and when this was measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    system, python = f"{platform.system()} {platform.machine()}", platform.python_version()
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {system}, Python {python}{load}"


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def markdown(rows: Sequence[Row]) -> str:
    """A table with the columns of the first row."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([_shown(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keep(folder: Path, name: str, title: str, rows: Sequence[Row], note: str = "") -> None:
    """Print a result, and keep it as Markdown and JSON."""
    text = f"## {title}\n\n{machine()}\n\n{markdown(rows)}\n" + (f"\n{note}\n" if note else "")
    say("\n" + text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(list(rows), indent=1), encoding="utf-8")


def bars(path: Path, title: str, label: str, values: Mapping[str, float]) -> None:
    """One bar per name, the longest on top."""
    shown = sorted(values.items(), key=lambda one: one[1])
    figure, axes = plt.subplots(figsize=(8, 1 + 0.35 * len(shown)), layout="constrained")
    drawn = axes.barh([name for name, _ in shown], [value for _, value in shown], color="#466bb0")
    axes.bar_label(drawn, fmt="%.0f", padding=3)
    axes.set(title=title, xlabel=label, xscale="log")
    axes.margins(x=0.15)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def line(path: Path, title: str, labels: tuple[str, str], values: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Lines through measured points, both scales logarithmic, so that what is linear has slope one."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, points in values.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(title=title, xlabel=labels[0], ylabel=labels[1], xscale="log", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
