"""Debounce intervals: how long istiod waited before it let a push go."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, Heading, plot
from istiolog_pd.plots._draw.scales import (
    Floats,
    bins,
    dates,
    floats,
    log_axis,
    mark_runs,
    milliseconds,
    panel,
    time_axis,
)
from istiolog_pd.plots._draw.style import DECISIONS, Look, coverage, in_order, ink, kinds

TITLE = "Debounce intervals"
BOUNDS = {"max": (1.3, "ended by the maximum"), "either": (0.6, "either limit may have ended it")}
NO_VALUES = "no row has a time stamp together with a quiet time or a debounce time"
NO_WHOLE = "The lines of this version (Istio 1.0) log the quiet time only, not the time since the debounce began."
CROWD = 2000  # more rows than this shine through each other, and lines between them would be a grey wall


@plot(
    "debounces",
    "debounce intervals over time, and their distribution",
    title=TITLE,
    columns="timestamp quiet_time debounce_time full forced bound",
    axes="The axes of the intervals: time (UTC) by milliseconds",
    also=", and `run` if there is one",
)
def debounces(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Quiet time and debounce time of each push decision over time, and their distribution.

    Filled markers are debounce times, hollow ones quiet times, both in milliseconds on a logarithmic
    axis. Kinds of push differ in color and marker; a ring marks those that the maximum let go. At the
    right, the distribution on the same axis: bars of debounce times by kind, a line of quiet times.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "timestamp": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:49Z"]),
    ...     "quiet_time": pd.to_timedelta(["100ms", "12ms"]),
    ...     "debounce_time": pd.to_timedelta(["130ms", "10s"]),
    ...     "full": [True, False], "forced": [None, None], "bound": ["quiet", "max"],
    ... })
    >>> ax = plots.debounces(table)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('time (UTC)', 'interval (ms)')
    >>> plt.close(ax.figure)
    """
    when, quiet, whole = (
        dates(table["timestamp"]),
        milliseconds(table["quiet_time"]),
        milliseconds(table["debounce_time"]),
    )
    drawn = np.isfinite(when) & (np.isfinite(quiet) | np.isfinite(whole))
    if not drawn.any():
        return NO_VALUES
    kind = kinds(table).to_numpy()
    log_axis(ax, "y", np.concatenate([quiet[drawn], whole[drawn]]))
    ax.set_ylabel("interval (ms)")
    time_axis(ax, when[drawn])
    mark_runs(ax, table, when)
    alpha = 1.0 if len(table) <= CROWD else 0.4
    if len(table) <= CROWD:
        ax.vlines(when, quiet, whole, color=ink(), alpha=0.2, linewidth=0.8)
    handles: list[Artist] = []
    for name in in_order(DECISIONS, kind[drawn]):
        looked, rows = DECISIONS[name], drawn & (kind == name)
        ax.scatter(
            when[rows], whole[rows], s=16, c=looked.color, marker=looked.marker, linewidth=0, alpha=alpha, label=name
        )
        ax.scatter(
            when[rows],
            quiet[rows],
            s=34,
            marker=looked.marker,
            linewidth=0.8,
            alpha=alpha,
            facecolors="none",
            edgecolors=looked.color,
            label=f"{name}, quiet",
        )
        handles.append(mark(looked, f"{looked.label or name} ({rows.sum():,})"))
    if np.isfinite(whole[drawn]).any():
        handles.append(mark(Look(ink()), "debounce time"))
    if np.isfinite(quiet[drawn]).any():
        handles.append(mark(Look(ink()), "quiet time", hollow=True, linestyle="--"))
    handles += _rings(ax, table, when, np.where(np.isfinite(whole), whole, quiet))
    _marginal(ax, kind[drawn], quiet[drawn], whole[drawn])
    quiet_only = not (coverage(table) or np.isfinite(whole).any())
    return Heading(handles, note=NO_WHOLE if quiet_only else "")


@plot(
    "debounces",
    "debounce intervals as cumulative shares",
    title=TITLE,
    columns="quiet_time debounce_time full forced",
    axes="Milliseconds (logarithmic) by share of the push decisions of a kind, in percent",
)
def debounce_distribution(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Share of push decisions that waited no longer than a number of milliseconds.

    Full lines are debounce times, dashed ones quiet times, by kind of push; read a quantile where a
    line crosses its share.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> table = pd.DataFrame({
    ...     "quiet_time": pd.to_timedelta(["100ms", "101ms"]),
    ...     "debounce_time": pd.to_timedelta(["130ms", "2s"]), "full": [True, True], "forced": [None, None],
    ... })
    >>> ax = plots.debounce_distribution(table)
    >>> ax.get_xlabel()
    'interval (ms)'
    >>> plt.close(ax.figure)
    """
    spans = {
        "debounce time": ("-", milliseconds(table["debounce_time"])),
        "quiet time": ("--", milliseconds(table["quiet_time"])),
    }
    known = np.concatenate([values[np.isfinite(values)] for _, values in spans.values()])
    if not known.size:
        return NO_VALUES
    kind = kinds(table).to_numpy()
    log_axis(ax, "x", known)
    handles: list[Artist] = []
    for name in in_order(DECISIONS, kind):
        looked = DECISIONS[name]
        for label, (dashes, values) in spans.items():
            rows = np.isfinite(values) & (kind == name)
            if rows.any():
                text = f"{looked.label or name}, {label} ({rows.sum():,})"
                line = ax.ecdf(values[rows], color=looked.color, linestyle=dashes, label=text)
                line.set(ydata=floats(line.get_ydata()) * 100, marker=looked.marker, markersize=4, markevery=0.12)
                handles.append(line)
    ax.set(xlabel="interval (ms)", ylabel="push decisions no longer (%)", ylim=(0, 103))
    ax.grid(visible=True, axis="x", alpha=0.3, linewidth=0.6)
    return Heading(handles, ", cumulative")


def _rings(ax: Axes, table: pd.DataFrame, when: Floats, height: Floats) -> list[Artist]:
    """Rings around the decisions that another bound than the quiet one let go; their legend entries."""
    bound = table["bound"].astype(object)
    handles: list[Artist] = []
    for name, (linewidth, label) in BOUNDS.items():
        rows = bound.eq(name).to_numpy(dtype=bool, na_value=False)
        if rows.any():
            ax.scatter(when[rows], height[rows], s=110, c="none", edgecolors=ink(), linewidth=linewidth, label=name)
            handle = Line2D([], [], linestyle="", marker="o", markersize=9, color=ink(), markerfacecolor="none")
            handle.set(markeredgewidth=linewidth, label=f"{label} ({rows.sum():,})")
            handles.append(handle)
    return handles


def _marginal(ax: Axes, kind: np.ndarray[tuple[int], np.dtype[np.object_]], quiet: Floats, whole: Floats) -> None:
    """The distribution beside the intervals, on their axis."""
    side, edges = panel(ax, "right", 0.18), bins(ax)
    names = in_order(DECISIONS, kind)
    parts = [whole[np.isfinite(whole) & (kind == name)] for name in names]
    if any(len(part) for part in parts):
        side.hist(
            parts, bins=edges, orientation="horizontal", stacked=True, color=[DECISIONS[name].color for name in names]
        )
    known = quiet[np.isfinite(quiet)]
    if known.size:
        side.hist(
            known, bins=edges, orientation="horizontal", histtype="step", color=ink(), linestyle="--", linewidth=0.9
        )
    side.set_xlabel("decisions")
    side.xaxis.set_major_locator(MaxNLocator(3, integer=True))
