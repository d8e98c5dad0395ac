"""The plot of debounce replay: areas from bound to bound, today's setting apart from the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from istiolog_pd import plots


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    """Draw without a screen, and leave no figure open."""
    backend = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def settings(**changed: Any) -> pd.DataFrame:
    """Today's setting and two others."""

    def spans(*millis: int) -> pd.TimedeltaIndex:
        return pd.to_timedelta(list(millis), unit="ms")

    columns = {
        "after": spans(100, 50, 1000),
        "maximum": spans(10_000, 10_000, 10_000),
        "eds_debounce": True,
        "recorded": [True, False, False],
        "pushes_low": [145, 150, 41],
        "pushes_high": [145, 400, 44],
        "size_bytes_low": [1_000_000, 1_000_000, 300_000],
        "size_bytes_high": [1_000_000, 2_000_000, 1_000_000],
        "delay_median_low": spans(120, 50, 1400),
        "delay_median_high": spans(180, 150, 1500),
    }
    return pd.DataFrame(columns | changed)


def test_a_setting_is_an_area_between_its_bounds() -> None:
    ax = plots.debounce_replay(settings())
    areas = [(area.get_x(), area.get_y(), area.get_width(), area.get_height()) for area in ax.patches]
    assert areas == [(120, 145, 60, 0), (50, 150, 100, 250), (1400, 41, 100, 3)]
    low, high = ax.get_ylim()
    assert low < 41
    assert high > 400


def test_todays_setting_has_its_own_color_and_mark() -> None:
    ax = plots.debounce_replay(settings())
    assert [line.get_marker() for line in ax.lines] == ["D", "o", "o"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["as recorded", "all changes debounced"]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()


def test_names_say_after_and_maximum_if_several_were_tried() -> None:
    maximum = pd.to_timedelta([10, 10, 20], unit="s")
    names = {text.get_text() for text in plots.debounce_replay(settings(maximum=maximum)).texts}
    assert {"100 ms / 10 s", "50 ms / 10 s", "1 s / 20 s"} <= names
    assert {"100 ms", "50 ms", "1 s"} <= {text.get_text() for text in plots.debounce_replay(settings()).texts}


def test_a_setting_that_the_log_does_not_show_is_a_question_mark() -> None:
    table = settings(after=pd.to_timedelta([None, 50, 1000], unit="ms"))
    assert "?" in {text.get_text() for text in plots.debounce_replay(table).texts}


def test_bytes_are_below_if_they_are_known() -> None:
    assert len(plots.debounce_replay(settings()).figure.axes) == 2
    assert len(plots.debounce_replay(settings(size_bytes_high=pd.array([1, None, 3], dtype="Int64"))).figure.axes) == 1
