"""The explorer: what it chooses, what it draws, and what is shown without widgets."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import ipywidgets
import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd import analysis, plots
from istiolog_pd import notebook as widgets
from istiolog_pd.notebook import Explorer, explore

WIDGET = "application/vnd.jupyter.widget-view+json"
PNG = b"\x89PNG"


def table(*proxies: str) -> pd.DataFrame:
    """A push a second, one for each proxy."""
    times = pd.date_range("2026-11-23T17:00:00Z", periods=len(proxies), freq="1s")
    frame = pd.DataFrame({"timestamp": times, "proxy": proxies, "xds_type": "CDS", "push_type": "full"})
    frame["size_bytes"] = range(100, 100 + len(proxies))
    frame.attrs["coverage"] = "all of it"
    return frame


@pytest.fixture
def seen() -> Explorer:
    return explore(table("a-1.x", "a-2.x", "b-1.x", "b-1.y"), plots.pushes)


# ---- what is chosen ----


def test_a_time_range_has_both_of_its_ends(seen: Explorer) -> None:
    rows = seen.choose("2026-11-23T17:00:01Z", "2026-11-23 17:00:02")
    assert rows["proxy"].to_list() == ["a-2.x", "b-1.x"]
    assert rows.attrs == {"coverage": "all of it"}


def test_times_of_another_zone(seen: Explorer) -> None:
    assert seen.choose(start="2026-11-23T18:00:03+01:00")["proxy"].to_list() == ["b-1.y"]


@pytest.mark.parametrize(("typed", "proxies"), [("b-1.y", ["b-1.y"]), ("a-", ["a-1.x", "a-2.x"]), ("a.*", [])])
def test_a_proxy_or_a_part_of_a_name_but_no_pattern(seen: Explorer, typed: str, proxies: list[str]) -> None:
    assert seen.choose(proxy=typed)["proxy"].to_list() == proxies


def test_rows_without_a_time_are_left_out_by_a_bound_only() -> None:
    rows = table("a.x", "b.x")
    rows.loc[0, "timestamp"] = pd.NaT
    assert len(explore(rows, plots.pushes).choose()) == 2
    assert explore(rows, plots.pushes).choose(end="2027-01-01")["proxy"].to_list() == ["b.x"]


def test_no_such_column() -> None:
    with pytest.raises(ValueError, match="no column 'begun' to brush; it has: timestamp, proxy,"):
        explore(table("a.x"), plots.pushes, time="begun")


# ---- with widgets ----


@pytest.fixture
def shown(seen: Explorer, monkeypatch: pytest.MonkeyPatch) -> ipywidgets.VBox:
    """The widgets that a notebook would show."""
    boxes: list[ipywidgets.VBox] = []

    class Box(ipywidgets.VBox):
        def __init__(self, children: list[ipywidgets.Widget]) -> None:
            super().__init__(children)
            boxes.append(self)

    monkeypatch.setattr(ipywidgets, "VBox", Box)
    assert WIDGET in seen._repr_mimebundle_()
    return boxes[0]


def test_brush_and_pick_change_the_picture_and_the_table(seen: Explorer, shown: ipywidgets.VBox) -> None:
    brush, picker, image, below = shown.children
    pictures = [bytes(image.value)]
    assert "4 of 4 rows" in below.value

    brush.index = (100, 200)  # of 200 steps: the second half
    pictures.append(bytes(image.value))
    assert "2 of 4 rows" in below.value
    assert seen.chosen["proxy"].to_list() == ["b-1.x", "b-1.y"]

    picker.value = " b-1.y "
    pictures.append(bytes(image.value))
    assert "1 of 4 rows" in below.value

    brush.index, picker.value = (0, 200), ""
    assert len(seen.chosen) == 4
    assert len(set(pictures)) == 3 and all(picture.startswith(PNG) for picture in pictures)
    assert bytes(image.value) == pictures[0]


def test_the_picker_proposes_the_most_frequent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widgets, "PROPOSED", 2)
    picker = widgets._picker(explore(table("c.x", "b.x", "b.x", "a.x", "a.x", "a.x"), plots.pushes))
    assert picker.options == ("a.x", "b.x")


def test_without_proxies_or_without_a_span_there_is_nothing_to_choose() -> None:
    alone = explore(table("a.x").drop(columns="proxy"), plots.pushes)
    assert widgets._picker(alone) is None and widgets._brush(alone) is None
    assert len(alone.choose(proxy="b")) == 1


# ---- without ----


def test_a_still_picture_where_widgets_are_not_there(seen: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widgets, "_has_widgets", lambda: False)
    bundle = seen._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    picture = re.search(r'src="data:image/png;base64,([^"]+)"', bundle["text/html"])
    assert picture and base64.b64decode(picture[1]).startswith(PNG)
    assert "4 of 4 rows" in bundle["text/html"] and "b-1.y" in bundle["text/plain"]


def test_text_of_a_log_stays_text() -> None:
    seen = explore(table("<script>alert(1)</script>.x", "$x^$.y"), plots.pushes)
    assert "<script" not in seen._repr_mimebundle_()["text/html"]
    assert "&lt;script" in seen.below(seen.chosen)


def test_an_answer_that_cannot_be_given(real: Callable[[str], il.Capture]) -> None:
    empty = analysis.pushes(real("pair-1.30.3/istio-proxy.log"))
    bundle = explore(empty, plots.pushes)._repr_mimebundle_()
    assert "0 of 0 rows" in bundle["text/html"]


def test_a_summary_of_what_is_chosen() -> None:
    seen = explore(table("a.x", "a.x"), plots.pushes, summary=lambda rows: rows.groupby("proxy").size().to_frame("n"))
    assert seen.below(seen.chosen).count("<tr") == 3  # two of the head
