"""What the plots of pushes draw, without comparing images: bars, points, labels, legends, reasons."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from plot_tables import (
    one_wave,
    some_bins,
    some_debounces,
    some_fan_out,
    some_orders,
    some_propagation,
    some_pushes,
    some_rounds,
    some_waves,
)
from plotting import HOSTILE, counts, flags, heights, legend, moments, offsets, panel_of, shown, spans, times

from istiolog_pd import plots
from istiolog_pd.plots._draw import bars

# Debounces


def test_debounces_are_points_in_milliseconds_over_time() -> None:
    ax = plots.debounces(some_debounces())
    assert moments(ax, "full") == [(0, 130)]
    assert moments(ax, "full, quiet") == [(0, 100)]
    assert moments(ax, "incremental") == [(1, 101), (2, 10_000)]
    assert moments(ax, "incremental, quiet") == [(1, 101), (2, 12)]
    assert moments(ax, "max") == [(2, 10_000)]
    assert moments(ax, "either") == [(3, 500)]
    assert ax.get_yscale() == "log"
    assert legend(ax) == [
        "full (1)",
        "incremental (2)",
        "forced (1)",
        "debounce time",
        "quiet time",
        "ended by the maximum (1)",
        "either limit may have ended it (1)",
    ]
    markers = {
        c.get_paths()[0].vertices.shape for c in ax.collections if c.get_label() in ("full", "incremental", "forced")
    }
    assert len(markers) == 3


def test_debounces_have_their_distribution_beside_them_on_the_same_axis() -> None:
    ax = plots.debounces(some_debounces())
    side = panel_of(ax)
    assert side.get_ylim() == ax.get_ylim()
    assert side.get_xlabel() == "decisions"
    assert sum(bar.get_width() for bar in side.patches if hasattr(bar, "get_width")) == 4
    ax.figure.canvas.draw()
    assert side.get_position().x0 > ax.get_position().x1


def test_debounces_of_istio_1_0_have_a_quiet_time_only() -> None:
    table = some_debounces().assign(
        debounce_time=spans(None, None, None, None), full=flags(*[None] * 4), forced=flags(*[None] * 4)
    )
    ax = plots.debounces(table)
    assert len(offsets(ax, "unknown, quiet")) == 4
    assert legend(ax)[:2] == ["full or not: not logged (4)", "quiet time"]
    assert any("log the quiet time only" in text for text in shown(ax.figure))
    assert len(plots.debounce_distribution(table).lines) == 1


def test_a_zero_interval_is_seen() -> None:
    ax = plots.debounces(some_debounces().assign(quiet_time=spans(0, 101, 12, 105)))
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylim()[0] < 0


def test_a_further_run_is_marked() -> None:
    dotted = [line for line in plots.debounces(some_debounces()).lines if line.get_linestyle() == ":"]
    assert [pd.Timestamp(mdates.num2date(line.get_xdata()[0])).second for line in dotted] == [41]


def test_the_distribution_reaches_all_decisions_of_a_kind() -> None:
    ax = plots.debounce_distribution(some_debounces())
    lines = {str(line.get_label()): line for line in ax.lines}
    assert list(lines) == [
        f"{kind}, {time} ({count})"
        for kind, count in (("full", 1), ("incremental", 2), ("forced", 1))
        for time in ("debounce time", "quiet time")
    ]
    assert lines["incremental, debounce time (2)"].get_xdata().tolist() == pytest.approx([101, 101, 10_000])
    assert lines["incremental, debounce time (2)"].get_ydata().tolist() == pytest.approx([0, 50, 100])
    assert lines["incremental, quiet time (2)"].get_linestyle() == "--"


# Rounds


def test_rounds_are_bars_as_high_as_the_proxies_they_reached() -> None:
    ax = plots.push_rounds(some_rounds())
    assert heights(ax, "full") == [30]
    assert heights(ax, "incremental") == [7]
    assert [bar.get_x() + bar.get_width() / 2 for bar in ax.patches] == pytest.approx([0, 1])
    (connections,) = [line for line in ax.lines if line.get_label() == "connections"]
    assert connections.get_ydata().tolist() == [30, 30, 29, 29]


def test_rounds_without_a_bar_say_which_kind_of_nothing_they_are() -> None:
    ax = plots.push_rounds(some_rounds())
    assert legend(ax) == [
        "full (1)",
        "incremental (1)",
        "connections",
        "not visible at this level (1)",
        "pushed to no proxy (1)",
    ]
    marks = {str(line.get_label()): line for line in ax.lines}
    assert marks["not visible at this level (1)"].get_xdata().tolist() == [2]
    assert marks["not visible at this level (1)"].get_markerfacecolor() == "none"
    assert marks["pushed to no proxy (1)"].get_xdata().tolist() == [3]


def test_rounds_have_the_time_to_the_last_proxy_below_them() -> None:
    ax = plots.push_rounds(some_rounds())
    below = panel_of(ax)
    assert offsets(below, "full") == [(0, 210)]
    assert offsets(below, "incremental") == [(1, 8)]
    assert below.get_xlim() == ax.get_xlim()
    ax.figure.canvas.draw()
    assert below.get_position().y1 < ax.get_position().y0
    ticks = [text.get_text() for text in below.get_xticklabels()]
    assert "2\n17:27:40" in ticks
    unprinted = plots.push_rounds(some_rounds().assign(duration=spans(None, None, None, None)))
    assert len(unprinted.figure.axes) == 1


def test_rounds_over_midnight_have_dates() -> None:
    table = some_rounds().assign(timestamp=times(0, 1, 2, 3) + pd.Timedelta(hours=6, minutes=32, seconds=20))
    below = panel_of(plots.push_rounds(table))
    below.figure.canvas.draw()
    assert "2\n11-24 00:00" in [text.get_text() for text in below.get_xticklabels()]


def test_all_rounds_hidden_is_a_row_of_marks() -> None:
    table = some_rounds().assign(visible=flags(*[False] * 4), proxies=counts(*[None] * 4), duration=spans(*[None] * 4))
    ax = plots.push_rounds(table)
    assert not ax.patches
    assert legend(ax) == ["connections", "not visible at this level (4)"]


def test_fan_out_is_stacked_by_type() -> None:
    ax = plots.fan_out(some_fan_out())
    assert [container.get_label() for container in ax.containers] == ["CDS", "EDS", "LDS"]
    assert heights(ax, "CDS") == [30]
    assert heights(ax, "EDS") == [29, 7]
    assert [bar.get_y() for bar in ax.containers[2]] == [59]
    assert ax.get_ylim()[1] > 90
    assert legend(ax) == ["CDS", "EDS", "LDS", "no push seen (2)"]
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2]]


def test_many_bars_have_the_same_places_and_heights_as_few() -> None:
    number = np.arange(bars.MAX_PATCHES + 1, dtype=float)
    table = pd.DataFrame({"round": number.astype(int), "xds_type": "CDS", "pushes": number.astype(int) + 1})
    (layer,) = plots.fan_out(table).collections
    corners = np.array([path.get_extents().extents for path in layer.get_paths()])
    assert corners[:, [0, 2]].mean(axis=1) == pytest.approx(number)
    assert corners[:, 1].tolist() == [0] * len(number)
    assert corners[:, 3] == pytest.approx(number + 1)


# Pushes


def test_bins_are_stacked_by_kind_with_their_bytes_below() -> None:
    ax = plots.full_vs_incremental(some_bins())
    assert heights(ax, "full") == [7]
    assert heights(ax, "incremental") == [9]
    assert heights(ax, "request") == [2]
    below = panel_of(ax)
    assert heights(below, "full") == [100_000]
    assert heights(below, "incremental") == [4_000]
    assert heights(below, "request") == []  # not printed is not zero
    assert legend(ax) == ["full (7)", "incremental (9)", "request (a proxy asked) (2)"]


@pytest.mark.parametrize(("freq", "seconds", "label"), [(None, 2, "bin"), ("1s", 1, "1s"), ("10s", 10, "10s")])
def test_the_width_of_a_bin_is_that_of_the_answer(freq: str | None, seconds: float, label: str) -> None:
    table = some_bins()
    if freq:
        table.attrs["freq"] = freq
    ax = plots.full_vs_incremental(table)
    assert [bar.get_width() * 86_400 for bar in ax.patches] == pytest.approx([seconds] * 3, rel=1e-3)
    assert ax.get_ylabel() == f"pushes per {label}"


def test_bins_without_any_size_have_no_panel_of_bytes() -> None:
    ax = plots.full_vs_incremental(some_bins().assign(size_bytes=counts(None, None, None, None)))
    assert ax.figure.axes == [ax]


def test_pushes_are_points_by_size_type_and_kind() -> None:
    ax = plots.pushes(some_pushes())
    assert [y for _, y in offsets(ax, "EDS incremental")] == [820]
    assert [y for _, y in offsets(ax, "EDS request")] == [900]
    assert [y for _, y in offsets(ax, "LDS full")] == [0]
    assert ax.get_yscale() == "symlog"
    assert legend(ax) == ["CDS", "EDS", "LDS", "full (3)", "incremental (1)", "request (a proxy asked) (1)"]


def test_pushes_without_a_size_have_a_lane_per_type() -> None:
    ax = plots.pushes(some_pushes())
    below = panel_of(ax)
    assert [text.get_text() for text in below.get_yticklabels()] == ["CDS"]
    assert [y for _, y in offsets(below, "CDS full")] == [0]
    alone = plots.pushes(some_pushes().assign(size_bytes=counts(*[None] * 5)))
    assert alone.figure.axes == [alone]
    assert [text.get_text() for text in alone.get_yticklabels()] == ["CDS", "EDS", "LDS"]
    assert alone.get_ylabel() == "xDS type (no size is logged)"


# Order


def test_orders_are_bars_the_most_frequent_first() -> None:
    ax = plots.xds_order(some_orders())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["CDS EDS LDS RDS", "CDS EDS RDS LDS", "EDS"]
    assert [bar.get_width() for bar in ax.patches] == [3, 2, 1]
    assert [text.get_text() for text in ax.texts] == ["3 (50.0%)", "2 (33.3%)   RDS early", "1 (16.7%)"]
    assert legend(ax) == ["order kept (3)", "a type came early (2)", "not known (1)"]
    kept, broken, _ = ax.patches
    assert to_hex(kept.get_facecolor()) != to_hex(broken.get_facecolor())
    assert broken.get_hatch()


def test_orders_are_grouped_by_flow() -> None:
    flow = ["update"] * 4 + ["first configuration"] * 2
    ax = plots.xds_order(some_orders().assign(flow=flow))
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "update",
        "CDS EDS LDS RDS",
        "CDS EDS RDS LDS",
        "first configuration",
        "CDS EDS RDS LDS",
        "EDS",
    ]
    assert sum(bar.get_width() for bar in ax.patches) == 6


def test_rare_orders_share_a_bar() -> None:
    table = pd.DataFrame({"order": [f"CDS {number:02}" for number in range(40)], "kept": True, "early": None})
    ax = plots.xds_order(table)
    assert ax.get_yticklabels()[-1].get_text() == "other orders (28)"
    assert sum(bar.get_width() for bar in ax.patches) == 40


# Waves and propagation


def test_waves_are_lines_from_the_first_proxy_to_the_last() -> None:
    ax = plots.push_waves(some_waves())
    assert offsets(ax, "full") == [(0, 210)]
    assert offsets(ax, "incremental") == [(1, 8)]
    assert legend(ax)[:2] == ["full (1): first to last", "incremental (1): first to last"]
    segments = [
        segment.tolist()
        for drawn in ax.collections
        if hasattr(drawn, "get_segments")
        for segment in drawn.get_segments()
    ]
    assert [[0, 2], [0, 210]] in segments
    assert [[0, 210], [0, 900]] in segments  # the latest that is possible


def test_one_wave_has_a_bar_per_proxy_in_the_order_in_which_they_had_it() -> None:
    ax = plots.push_wave(one_wave())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["web-1.shop", "web-2.shop", "web-3.shop"]
    assert ax.get_yticks().tolist() == [-1, -2, -3]
    assert offsets(ax, "straggler") == [(2000, -3)]
    assert legend(ax) == ["the round is certain (1)", "the round is likely (1)", "straggler (1)"]


def test_one_wave_of_many_proxies_has_no_names() -> None:
    table = pd.concat([one_wave()] * 100, ignore_index=True).assign(place=counts(*range(1, 301)))
    ax = plots.push_wave(table)
    assert ax.get_ylabel() == "300 proxies, in order of arrival"
    ax.figure.canvas.draw()


def test_one_wave_without_a_push_says_why() -> None:
    empty = one_wave().iloc[:0]
    empty.attrs["coverage"] = "round 0 was pushed to no proxy"
    assert "round 0 was pushed to no proxy" in shown(plots.push_wave(empty).figure)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_proxies_are_shown_literally(name: str) -> None:
    ax = plots.push_wave(one_wave().assign(proxy=name))
    assert any(name.replace("\t", "\\t") in text for text in shown(ax.figure))


def test_propagation_is_a_line_between_bounds() -> None:
    ax = plots.propagation(some_propagation())
    assert moments(ax, "CDS") == [(0, 1.4), (1, 5)]
    assert moments(ax, "LDS at least") == [(2, 8)]
    assert legend(ax) == ["CDS (2)", "LDS (1)", "no bound above (1)", "rejected (1)"]
