"""The declaration of a plot: the answer whose table it draws, what it shows, and what it needs of the table."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import wraps
from typing import Protocol

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.describe import add_alt_text
from istiolog_pd.plots._draw.legend import head
from istiolog_pd.plots._draw.style import coverage, need, new_axes, show_reason

DOC_WIDTH = 110


class Draw(Protocol):
    """A function that draws an answer's table and returns the Axes."""

    def __call__(self, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes: ...


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its name, the function of `istiolog_pd.analysis` whose table it draws, and what it shows.

    `listed` is false if that function takes more than a capture: such a plot is none of `PLOTS`.
    """

    name: str
    answer: str
    draw: Draw
    about: str
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Heading:
    """What is written above a plot: entries of its legend, an end of its title, and a note beside the coverage."""

    handles: Sequence[Artist]
    more: str = ""
    note: str = ""


#: What a plot's own function gives: the entries of its legend, a heading, or the reason why nothing can be drawn.
Drawn = Sequence[Artist] | Heading | str


@dataclass(frozen=True, slots=True)
class plot:
    """Declare that a function draws the table of an answer: `istiolog_pd.plots` finds it by that.

    The function gets the rows that can be drawn, and axes. The declaration checks the table, makes the axes, says
    why there is nothing to draw, writes title, coverage and legend, gives the picture an alternative text, and fills
    in the docstring.

    Parameters
    ----------
    answer, about
        The function of `istiolog_pd.analysis`, and what the plot shows.
    title, axes
        Its title, and what its axes show.
    columns
        What the table must have.
    known, empty
        Columns without which a row cannot be drawn, and what is said if that is so of all rows.
    rows
        Maximum number of rows that are drawn, the first ones; the title says so.
    height
        Height in inches of a new figure for a table.
    also
        What else is used, as the docstring ends the list of columns.
    listed
        As in `Plot`.
    """

    answer: str
    about: str
    _: KW_ONLY
    title: str
    columns: str
    axes: str
    known: str = ""
    empty: str = ""
    rows: int | None = None
    height: Callable[[pd.DataFrame], float] | None = None
    also: str = ""
    listed: bool = True

    def __call__(self, function: Callable[[pd.DataFrame, Axes], Drawn]) -> Draw:
        """Give the function that users call."""

        @wraps(function, assigned=("__module__", "__name__", "__qualname__"))
        def draw(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
            return add_alt_text(self._draw(function, table, ax))

        begin, examples, end = (function.__doc__ or "").rstrip().partition("    Examples\n")
        draw.__doc__ = f"{begin.rstrip()}\n\n{self._described()}\n{examples}{end}"
        draw.__dict__["__signature__"] = inspect.signature(draw, follow_wrapped=False)
        draw.__dict__["plot"] = Plot(function.__name__, self.answer, draw, self.about, self.listed)
        return draw

    def _draw(self, function: Callable[[pd.DataFrame, Axes], Drawn], table: pd.DataFrame, ax: Axes | None) -> Axes:
        """Check the table, draw its rows, write the heading."""
        need(table, self.answer, *self.columns.split())
        known = table.dropna(subset=self.known.split()) if self.known else table
        drawn = known.head(self.rows) if self.rows else known
        ax = new_axes(ax, self.height(table) if self.height else None)
        result = function(drawn, ax) if len(drawn) else self.empty
        if isinstance(result, str):
            return show_reason(ax, table, self.title, result if len(table) else "")
        heading = result if isinstance(result, Heading) else Heading(result)
        first = f" (the first {len(drawn)} of {len(table):,})" if self.rows and len(table) > len(drawn) else ""
        note = "; ".join(filter(None, (heading.note, coverage(table))))
        head(ax, self.title + heading.more + first, note, heading.handles)
        return ax

    def _described(self) -> str:
        """The sections of the docstring on parameters and result."""
        names = ", ".join(f"`{name}`" for name in self.columns.split())
        table = textwrap.fill(f"Of `istiolog_pd.analysis.{self.answer}`: {names}{self.also}.", DOC_WIDTH)
        return f"""\
    Parameters
    ----------
    table
{textwrap.indent(table, " " * 8)}
    ax
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        {self.axes}.
"""
