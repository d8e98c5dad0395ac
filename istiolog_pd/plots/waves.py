"""Push waves: each round through its proxies, and one of them proxy by proxy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import Floats, log_axis, milliseconds, numbers, round_axis
from istiolog_pd.plots._draw.style import (
    DECISIONS,
    SMALL,
    WAVES,
    in_order,
    ink,
    kinds,
    names,
    plain,
)

MAX_LABELED = 40  # proxies that have room for their names
MAX_LABEL = 44
TIMES = "first median p95 last last_high"
NOTHING = "no round of the table has a push"


@plot(
    "push_waves",
    "time to the first, median and last proxy of each round",
    title="Push waves: time from a round's start to its first, median and last proxy",
    columns=f"round timestamp full forced {TIMES}",
    axes="Round by time since its start, in milliseconds",
)
def push_waves(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Each round as a line from its first proxy to its last, with the median and 95 % between.

    A thin line goes on to the latest that the last proxy can have been, where the rounds of pushes are not
    certain. Colors tell full from incremental rounds.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ms = lambda value: pd.to_timedelta([value], unit="ms")
    >>> table = pd.DataFrame({
    ...     "round": [3], "timestamp": pd.to_datetime(["2026-11-23T17:27:38Z"]), "full": [True], "forced": [None],
    ...     "first": ms(2), "median": ms(9), "p95": ms(30), "last": ms(210), "last_high": ms(800),
    ... })
    >>> ax = plots.push_waves(table)
    >>> ax.get_ylabel()
    'time since the round began (ms)'
    >>> plt.close(ax.figure)
    """
    number = numbers(table["round"])
    times = {name: milliseconds(table[name]) for name in TIMES.split()}
    seen = np.isfinite(number) & np.isfinite(times["last"])
    if not seen.any():
        return NOTHING
    kind = kinds(table).to_numpy()
    handles: list[Artist] = []
    for name in in_order(DECISIONS, kind[seen]):
        rows, looked = seen & (kind == name), DECISIONS[name]
        _lines(ax, number[rows], times["last"][rows], times["last_high"][rows], looked.color, 0.7)
        _lines(ax, number[rows], times["first"][rows], times["last"][rows], looked.color, 3)
        ax.scatter(number[rows], times["last"][rows], s=16, c=looked.color, marker=looked.marker, label=name, zorder=3)
        handles.append(mark(looked, f"{looked.label or name} ({rows.sum():,}): first to last", linestyle=""))
    for name, marker, label in (("median", "_", "half of the proxies"), ("p95", "x", "95 % of them")):
        (line,) = ax.plot(number[seen], times[name][seen], marker, color=ink(), markersize=4, label=label, zorder=4)
        handles.append(line)
    handles.append(Line2D([], [], color=ink(), linewidth=0.7, label="to the latest possible"))
    shown = np.concatenate([times[name][seen] for name in TIMES.split()])
    log_axis(ax, "y", shown)
    ax.set_ylabel("time since the round began (ms)")
    round_axis(ax, number[np.isfinite(number)], table.loc[np.isfinite(number), "timestamp"])
    return handles


@plot(
    "push_wave",
    "one round: when each proxy had its push",
    title="A push wave: when each proxy had the round",
    columns="place proxy begun done done_high certain straggler",
    axes="Time since the round began, in milliseconds, by proxy, the first at the top",
    listed=False,
)
def push_wave(table: pd.DataFrame, ax: Axes) -> Drawn:
    """One round proxy by proxy, like a Gantt chart: from the first to the last push to each.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ms = lambda *values: pd.to_timedelta(list(values), unit="ms")
    >>> table = pd.DataFrame({
    ...     "place": [1, 2], "proxy": ["web-1.shop", "web-2.shop"], "begun": ms(1, 2), "done": ms(4, 90),
    ...     "done_high": ms(4, 90), "certain": [True, True], "straggler": [False, False],
    ... })
    >>> ax = plots.push_wave(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['web-1.shop', 'web-2.shop']
    >>> plt.close(ax.figure)
    """
    place = -numbers(table["place"])
    begun, done, high = (milliseconds(table[name]) for name in ("begun", "done", "done_high"))
    seen = np.isfinite(place) & np.isfinite(done)
    if not seen.any():
        return NOTHING
    certain = table["certain"].astype("boolean").fillna(False).to_numpy(bool)
    late = table["straggler"].astype("boolean").fillna(False).to_numpy(bool)
    kind = np.where(late, "straggler", np.where(certain, "certain", "likely"))
    handles: list[Artist] = []
    for name in in_order(WAVES, kind[seen]):
        rows, looked = seen & (kind == name), WAVES[name]
        for low, top, width in ((done, high, 0.7), (begun, done, 4)):
            segments = np.stack([np.stack([low, place], -1), np.stack([top, place], -1)], 1)[rows]
            ax.add_collection(LineCollection(list(segments), colors=looked.color, linewidths=width))
        ax.scatter(done[rows], place[rows], s=18, c=looked.color, marker=looked.marker, label=name, zorder=3)
        handles.append(mark(looked, f"{looked.label} ({rows.sum():,})"))
    log_axis(ax, "x", np.concatenate([begun[seen], done[seen], high[seen]]))
    ax.set(
        xlabel="time since the round began (ms)", ylim=(float(place[seen].min()) - 0.7, float(place[seen].max()) + 0.7)
    )
    _names(ax, table, place, seen)
    return handles


def _lines(ax: Axes, x: Floats, low: Floats, high: Floats, color: str, width: float) -> None:
    """A vertical line at each place from one value to the other, where both are known."""
    known = np.isfinite(low) & np.isfinite(high)
    segments = np.stack([np.stack([x, low], -1), np.stack([x, high], -1)], 1)[known]
    ax.add_collection(LineCollection(list(segments), colors=color, linewidths=width, alpha=0.8))


def _names(ax: Axes, table: pd.DataFrame, place: Floats, seen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    """The proxies beside their bars, or how many there are."""
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", alpha=0.3, linewidth=0.6)
    if seen.sum() > MAX_LABELED:
        ax.set_yticks([])
        ax.set_ylabel(f"{seen.sum():,} proxies, in order of arrival")
        return
    shown = [name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1]}…" for name in names(table["proxy"])[seen]]
    ax.set_yticks(place[seen], [plain(name) for name in shown])
    ax.tick_params(axis="y", length=0, labelsize=SMALL if len(shown) < 18 else 6)
