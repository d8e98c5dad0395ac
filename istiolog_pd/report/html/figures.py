"""Pictures of the report: a plot as a data URI, which nothing can be loaded or run from."""

from __future__ import annotations

import base64
import io
import warnings

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from istiolog_pd.plots import Plot, describe

#: A plot of more rows, or whose SVG is larger, is a PNG.
MAX_MARKS, MAX_BYTES = 60, 120_000
DPI = 150

#: The same log gives the same page, whatever style its reader likes elsewhere.
STYLE = {"svg.hashsalt": "istiolog_pd", "svg.fonttype": "path", "text.parse_math": False}


def picture(plot: Plot, table: pd.DataFrame) -> tuple[str, str]:
    """Draw a plot: the `src` and the `alt` of an image.

    Parameters
    ----------
    plot
        One of `istiolog_pd.plots.PLOTS`.
    table
        The table it draws.
    """
    with plt.style.context(["default", STYLE]), warnings.catch_warnings():
        # a name in a script that the font has not is drawn as boxes; the table has it as text
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure = plot.draw(table).get_figure(root=True)
        assert figure is not None
        try:
            return _encoded(figure, few=len(table) <= MAX_MARKS), describe(figure)
        finally:
            plt.close(figure)


def _encoded(figure: Figure, few: bool) -> str:
    box = _laid_out(figure)
    drawn = _bytes(figure, "svg", box) if few else b""
    if few and len(drawn) <= MAX_BYTES:
        return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"
    return f"data:image/png;base64,{base64.b64encode(_bytes(figure, 'png', box)).decode()}"


def _laid_out(figure: Figure) -> Bbox:
    """Lay a figure out; gives the box around all that is in it.

    With ``bbox_inches="tight"`` matplotlib does so for each file, and draws the figure first to measure it.
    """
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
    return figure.get_tightbbox().padded(plt.rcParams["savefig.pad_inches"])


def _bytes(figure: Figure, form: str, box: Bbox) -> bytes:
    file = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {}
    figure.savefig(file, format=form, dpi=DPI, bbox_inches=box, metadata=metadata)
    return file.getvalue()
