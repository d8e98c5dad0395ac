"""The declaration of a plot: the answer whose table it draws, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

import pandas as pd
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.describe import add_alt_text


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


Function = TypeVar("Function", bound=Callable[..., Axes])


def plot(answer: str, about: str, *, listed: bool = True) -> Callable[[Function], Function]:
    """Declare that a function draws the table of an answer: `istiolog_pd.plots` finds it by that.

    Its picture gets an alternative text: see `istiolog_pd.plots.describe`.
    """

    def declare(function: Function) -> Function:
        @wraps(function)
        def described(*args: Any, **options: Any) -> Axes:
            return add_alt_text(function(*args, **options))

        described.__dict__["plot"] = Plot(function.__name__, answer, described, about, listed)
        return cast(Function, described)

    return declare
