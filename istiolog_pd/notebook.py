"""Plots to explore in a notebook: brush a time range, pick a proxy, and see plot and table of just that.

In JupyterLab these are ipywidgets. Where widgets are not there (a notebook on GitHub, exported HTML, a
front end without them), the same picture and table stand still.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Protocol

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from istiolog_pd._table import table_html
from istiolog_pd.plots import describe

FIGSIZE = (9.0, 4.0)
DPI = 96
#: Number of steps of the time brush.
STEPS = 200
#: Proxies that the picker proposes, the most frequent first; any other can be typed.
PROPOSED = 1000
#: Rows shown of a table that nobody has summed up.
ROWS = 8


class Draw(Protocol):
    """A plot: a function of `istiolog_pd.plots`."""

    def __call__(self, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
        """Draw the table on these axes, or on those of a new figure."""


Summary = Callable[[pd.DataFrame], pd.DataFrame]


def first_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The first rows of a table, as they are: shown below a plot by default."""
    return table.head(ROWS)


@dataclass(frozen=True)
class Explorer:
    """A table with a plot of it, to brush and to pick from; `explore` makes one.

    A notebook shows it as widgets, or as a picture where there are none. `chosen`, `picture` and
    `selection` do the same without a notebook.
    """

    table: pd.DataFrame
    draw: Draw
    summary: Summary = first_rows
    time: str = "timestamp"
    #: What was chosen in the widgets: `start`, `end` (times) and `proxy` (text), where they are set.
    selection: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def choose(
        self, start: str | pd.Timestamp | None = None, end: str | pd.Timestamp | None = None, proxy: str = ""
    ) -> pd.DataFrame:
        """The rows from `start` to `end` (both included) of the proxies whose name holds `proxy`.

        Parameters
        ----------
        start, end
            Times (UTC if they have no zone); None: no bound. With a bound, rows without a time are left out.
        proxy
            A proxy, or a part of the name of some; taken as it is, never as a pattern. Empty: all.

        Returns
        -------
        pandas.DataFrame
            Rows of `table`, all its columns, its ``attrs`` too.
        """
        keep = pd.Series(True, self.table.index)
        times = self.table[self.time]
        if start is not None:
            keep &= times.ge(_utc(start))
        if end is not None:
            keep &= times.le(_utc(end))
        if proxy and "proxy" in self.table:
            keep &= self.table["proxy"].astype("str").str.contains(proxy, regex=False).fillna(False)
        return self.table[keep.astype(bool)]

    @property
    def chosen(self) -> pd.DataFrame:
        """The rows chosen in the widgets: all, as long as nobody has touched them."""
        return self.choose(**self.selection)

    def picture(self, rows: pd.DataFrame) -> bytes:
        """The plot of some rows, as a PNG."""
        return self._drawn(rows)[0]

    def _drawn(self, rows: pd.DataFrame) -> tuple[bytes, str]:
        """The plot of some rows as a PNG, and in words."""
        figure = Figure(figsize=FIGSIZE, layout="constrained")
        self.draw(rows, ax=figure.subplots())
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DPI)
        return file.getvalue(), describe(figure)

    def below(self, rows: pd.DataFrame) -> str:
        """The table of some rows, and how many they are, as HTML; everything from a log is escaped."""
        return f"<p>{len(rows):,} of {len(self.table):,} rows</p>{table_html(self.summary(rows))}"

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, Any]:
        """The widgets, beside what a front end without widgets shows instead."""
        rows = self.table
        png, words = self._drawn(rows)
        encoded, alt = base64.b64encode(png).decode(), html.escape(words)
        still = {
            "text/plain": self.summary(rows).to_string(),
            "text/html": f'<img alt="{alt}" src="data:image/png;base64,{encoded}">{self.below(rows)}',
        }
        return {**(_widgets(self) if _has_widgets() else {}), **still}


def explore(table: pd.DataFrame, draw: Draw, *, summary: Summary = first_rows, time: str = "timestamp") -> Explorer:
    """Brush a time range of an answer, pick a proxy, and see its plot and a table of just that.

    Parameters
    ----------
    table
        Of `istiolog_pd.analysis`; with a column `proxy` there is a picker for it.
    draw
        The plot of `istiolog_pd.plots` for this table.
    summary
        What to show below the plot: a function of the chosen rows. The first of them if not given.
    time
        The column to brush (timestamps).

    Returns
    -------
    Explorer
        To be the last line of a cell. Its `chosen` has the rows that are chosen at the moment.

    Raises
    ------
    ValueError
        If there is no such column.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> from istiolog_pd import analysis, plots
    >>> pushes = analysis.pushes(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> seen = explore(pushes, plots.pushes)
    >>> len(seen.choose("2026-11-23 17:28", "2026-11-23 17:29", proxy="productpage")) < len(pushes)
    True
    """
    if time not in table:
        raise ValueError(f"this table has no column {time!r} to brush; it has: {', '.join(map(str, table.columns))}")
    return Explorer(table, draw, summary, time)


def _utc(time: str | pd.Timestamp) -> pd.Timestamp:
    stamp = pd.Timestamp(time)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def _has_widgets() -> bool:
    return find_spec("ipywidgets") is not None


def _widgets(explorer: Explorer) -> dict[str, Any]:
    """The widgets of an explorer, as a notebook displays them."""
    import ipywidgets

    image = ipywidgets.Image(format="png")
    below = ipywidgets.HTML()
    controls = {name: made for name, made in (("brush", _brush(explorer)), ("proxy", _picker(explorer))) if made}

    def show(_: object = None) -> None:
        """Draw what the controls say, in the place of what is there."""
        explorer.selection.clear()
        explorer.selection.update(_selected(controls))
        rows = explorer.chosen
        image.value, below.value = explorer.picture(rows), explorer.below(rows)

    for control in controls.values():
        control.observe(show, "value")
    show()
    bundle: dict[str, Any] = ipywidgets.VBox([*controls.values(), image, below])._repr_mimebundle_()
    return bundle


def _selected(controls: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen: a brush over everything chooses nothing, so that rows without a time stay."""
    selection: dict[str, Any] = {}
    brush, picker = controls.get("brush"), controls.get("proxy")
    if brush is not None:
        (start, end), times = brush.value, [value for _, value in brush.options]
        selection |= {"start": start} if start != times[0] else {}
        selection |= {"end": end} if end != times[-1] else {}
    if picker is not None and picker.value.strip():
        selection["proxy"] = picker.value.strip()
    return selection


def _brush(explorer: Explorer) -> Any:
    """A slider with two ends over the time of the table; None if it has less than two times."""
    import ipywidgets

    times = explorer.table[explorer.time]
    first, last = times.min(), times.max()
    if pd.isna(first) or first == last:
        return None
    marks = pd.date_range(first, last, periods=STEPS + 1)
    digits = "%H:%M:%S.%f" if last - first < pd.Timedelta("1min") else "%H:%M:%S"
    written = marks.strftime(digits if first.date() == last.date() else f"%m-%d {digits}")
    return ipywidgets.SelectionRangeSlider(
        options=list(zip(written, marks, strict=True)),
        index=(0, STEPS),
        description="time (UTC)",
        continuous_update=False,
        layout={"width": "90%"},
    )


def _picker(explorer: Explorer) -> Any:
    """A field for a proxy's name, which proposes those that are there; None if the table has none."""
    import ipywidgets

    if "proxy" not in explorer.table:
        return None
    names = explorer.table["proxy"].astype("str").value_counts().index[:PROPOSED]
    return ipywidgets.Combobox(
        options=names.to_list(),
        placeholder="all proxies: type a name, or a part of one",
        description="proxy",
        continuous_update=False,
        layout={"width": "60%"},
    )
