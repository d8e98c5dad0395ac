"""What the plots draw, without comparing images: bars, points, labels, legends, reasons."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.text import Text

import istiolog_pd as il
from istiolog_pd import analysis, plots
from istiolog_pd.plots._draw import bars, style

START = pd.Timestamp("2026-11-23T17:27:38Z")
HOSTILE = ["_hidden", "<b>%s{}", r"a$b\$\alpha$", "tab\there", "$\\frac{"]


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    """Draw without a screen, and leave no figure open."""
    backend = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def times(*seconds: float | None) -> pd.Series[Any]:
    return pd.Series([pd.NaT if at is None else START + pd.Timedelta(seconds=at) for at in seconds]).astype(
        "datetime64[ns, UTC]"
    )


def spans(*millis: float | None) -> pd.Series[Any]:
    return pd.Series(pd.to_timedelta(list(millis), unit="ms")).astype("timedelta64[ns]")


def counts(*values: int | None) -> pd.Series[Any]:
    return pd.Series(values, dtype="Int64")


def flags(*values: bool | None) -> pd.Series[Any]:
    return pd.Series(values, dtype="boolean")


def words(*values: str | None) -> pd.Series[Any]:
    return pd.Series(values, dtype="category")


def some_debounces() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "timestamp": times(0, 1, 2, 3),
            "start": times(-0.13, 0.9, -8, 2.5),
            "quiet_time": spans(100, 101, 12, 105),
            "debounce_time": spans(130, 101, 10_000, 500),
            "events": counts(3, 1, 40, 2),
            "full": flags(True, False, False, None),
            "forced": flags(None, None, None, True),
            "bound": words("quiet", "quiet", "max", "either"),
            "run": counts(0, 0, 0, 1),
        }
    )


def some_rounds() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round": counts(0, 1, 2, 3),
            "timestamp": times(0, 1, 2, 3),
            "full": flags(True, False, False, True),
            "forced": flags(None, None, None, None),
            "connected_endpoints": counts(30, 30, 29, 29),
            "pushes": counts(120, 7, None, 0),
            "proxies": counts(30, 7, None, 0),
            "duration": spans(210, 8, None, None),
            "visible": flags(True, True, False, True),
            "run": counts(0, 0, 0, 0),
        }
    )


def some_fan_out() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round": counts(0, 0, 0, 3),
            "xds_type": words("LDS", "CDS", "EDS", "EDS"),
            "proxies": counts(30, 30, 29, 7),
            "pushes": counts(31, 30, 29, 7),
            "resources": counts(9, 9, 9, 9),
            "size_bytes": counts(1, 2, 3, 4),
        }
    )


def some_bins() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 0, 10, 40),
            "xds_type": words("CDS", "EDS", "EDS", "EDS"),
            "push_type": words("full", "full", "incremental", "request"),
            "pushes": counts(4, 3, 9, 2),
            "resources": counts(1, 1, 1, 1),
            "size_bytes": counts(80_000, 20_000, 4_000, None),
        }
    )


def some_pushes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "line": counts(1, 2, 3, 4, 5),
            "timestamp": times(0, 1, 2, 3, 4),
            "proxy": ["web-1.shop"] * 5,
            "xds_type": words("CDS", "EDS", "EDS", "LDS", "CDS"),
            "push_type": words("full", "incremental", "request", "full", "full"),
            "resources": counts(1, 1, 1, 0, 1),
            "size_bytes": counts(31_500, 820, 900, 0, None),
            "run": counts(0, 0, 0, 0, 0),
        }
    )


def some_orders() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": [f"web-{number}.shop" for number in range(6)],
            "round": counts(0, 0, 0, 0, 1, 1),
            "order": ["CDS EDS LDS RDS"] * 3 + ["CDS EDS RDS LDS"] * 2 + ["EDS"],
            "kept": flags(True, True, True, False, False, None),
            "early": words(None, None, None, "RDS", "RDS", None),
        }
    )


def some_metrics() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "metric": words(
                "pilot_xds_pushes", "pilot_services", "pilot_inbound_updates", "pilot_proxy_queue_time_sum"
            ),
            "labels": ['type="cds"', "", 'type="config"', ""],
            "low": counts(581, 25, 664, None),
            "high": counts(631, 25, None, None),
            "kind": words("bounded", "exact", "bounded", "not answerable"),
        }
    )


def some_settings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "after": spans(100, 100, 1000, 100),
            "maximum": spans(10_000, 10_000, 10_000, 10_000),
            "eds_debounce": flags(True, True, True, False),
            "recorded": flags(True, False, False, False),
            "pushes_low": counts(145, 145, 12, 600),
            "pushes_high": counts(145, 145, 13, 650),
            "size_bytes_low": counts(9_000_000, 9_000_000, 2_000_000, 9_000_000),
            "size_bytes_high": counts(9_000_000, 9_000_000, 9_000_000, 20_000_000),
            "delay_median_low": spans(101, 100, 2000, 0),
            "delay_median_high": spans(220, 220, 3000, 0),
        }
    )


def some_triggers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "config_kind": ["ServiceEntry", "Gateway"],
            "config_namespace": ["shop", "shop"],
            "config_name": ["web", "gw"],
            "pushes_low": counts(3, 1),
            "pushes_high": counts(5, 1),
            "weight_estimate": pd.Series([4.5, None], dtype="Float64"),
        }
    )


def some_connections() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": counts(0, 0, 1, 1),
            "opened": times(0, 1, None, 3),
            "closed": times(1800, 2, 5, None),
            "duration": spans(1_800_000, 1000, None, None),
            "duration_low": spans(1_800_000, 1000, 5000, 7000),
            "reason": words("maximum age", "flapping", "other", None),
        }
    )


def some_connected() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 0, 1, 1),
            "run": counts(0, 1, 0, 1),
            "source": ["a.log", "b.log", "a.log", "b.log"],
            "connected_endpoints": counts(20, 10, 21, None),
        }
    )


def some_errors() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cause": words("NACK", "NACK", "stream closed"),
            "count": counts(3, 1, 8),
            "first_seen": times(0, 1, 2),
            "last_seen": times(9, 1, 5),
            "verdict": words("act", "act", "harmless"),
        }
    )


def some_clusters() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cluster": words("east", "east", "west"),
            "state": words("added", "failing", "timed out"),
            "since": times(0, 1, 2),
            "until": times(1, 9, 9),
            "attempts": counts(1, 3, 1),
        }
    )


def some_conflicts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "metric": ["pilot_no_ip", "pilot_vservice_dup_domain", "endpoint_no_pod"],
            "key": ["web-1.shop", "cart.example", "10.0.0.1"],
            "harmful": flags(False, True, None),
            "first": times(0, 1, 2),
            "last": times(0, 9, 5),
            "statuses": counts(1, 8, 2),
        }
    )


def some_rejections() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "xds_type": words("LDS", "CDS"),
            "nacks": counts(2, 1),
            "first": times(0, 1),
            "last": times(3, 1),
            "recovered": times(8, None),
        }
    )


def some_starts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "started": times(0, 5),
            "certificate": times(1, 9),
            "connected": times(2, 6),
            "clusters": times(3, None),
            "listeners": times(4, None),
            "initialized": times(5, None),
            "ready": times(6, 11),
        }
    )


def some_causes() -> pd.DataFrame:
    return pd.DataFrame({"cause": words("config", "config", "jwks"), "certain": flags(True, False, None)})


def some_stale() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "at": times(9, 9),
            "behind_low": counts(2, 0),
            "behind_high": counts(3, 1),
            "reason": words("not acknowledged", "not told"),
        }
    )


def some_failed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "answered_by": words("this proxy", "application"),
            "kind": words("no endpoints", "application"),
            "response_flags": words("UH", None),
            "cluster": ["outbound|80||cart", "outbound|80||web"],
            "requests": counts(12, 7),
        }
    )


def some_chances() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": words("any", "no endpoints", "tls"),
            "failed": counts(40, 30, 3),
            "failed_after": counts(20, 20, 0),
            "ratio": pd.Series([5.0, 9.0, 0.0], dtype="Float64"),
            "ci_low": pd.Series([3.0, 4.0, 0.0], dtype="Float64"),
            "ci_high": pd.Series([8.0, float("inf"), 12.0], dtype="Float64"),
            "verdict": words("more after pushes", "more after pushes", "cannot tell"),
        }
    )


def some_streams() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "closed": times(0, None, 5),
            "seen": times(0, 2, None),
            "reason": words("maximum age", "network", "gone"),
            "harmless": flags(True, False, None),
            "gap_high": spans(300, 9000, None),
        }
    )


def some_storms() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": times(0, 60),
            "end": times(4, 63),
            "last_served": times(9, None),
            "proxies": counts(21, 7),
            "reason": words("restart", "network"),
            "source": ["istiod-1.log", "istiod-2.log"],
        }
    )


def some_costs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": words("sidecar", "router", None),
            "namespace": ["shop", "istio-system", "bank"],
            "proxies": counts(12, 1, 3),
            "size_low": counts(9_000_000, 200_000, None),
            "size_high": counts(9_100_000, 210_000, None),
        }
    )


def some_messages() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "xds_type": words("CDS", "EDS"),
            "largest_low": counts(3_000_000, 5000),
            "largest_high": counts(3_100_000, 5000),
            "share": pd.Series([0.715, 0.001], dtype="Float64"),
        }
    )


def some_limits() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "setting": words("PILOT_PUSH_THROTTLE", "PILOT_MAX_REQUESTS_PER_SECOND"),
            "value": counts(20, 25),
            "affected_low": counts(1, 4),
            "affected_high": counts(3, 4),
            "of": counts(4, 50),
        }
    )


def some_churn() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "service": ["cart", "web"],
            "namespace": ["shop", None],
            "went_empty_low": counts(1, 0),
            "went_empty_high": counts(3, 0),
            "full_pushes": counts(2, 1),
        }
    )


def some_empty() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 10),
            "run": counts(0, 0),
            "empty_min": counts(0, 2),
            "empty_median": pd.Series([1.5, 2.0], dtype="Float64"),
            "empty_max": counts(4, 2),
        }
    )


def some_sizes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "xds_type": words("CDS", "EDS", "NDS"),
            "pushes": counts(2, 9, 1),
            "size_low": counts(2900, 820, None),
            "size_high": counts(3100, 820, None),
        }
    )


def some_savings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "proxy": ["web-1.shop", "web-2.shop"],
            "config_low": counts(9000, 5000),
            "config_high": counts(9200, 5000),
            "median_high": counts(7100, 7100),
            "smallest_low": counts(5000, 5000),
            "saving_low": counts(40_000, 0),
            "saving_high": counts(70_000, 0),
        }
    )


def some_cache() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": times(0, 1, 1),
            "run": counts(0, 0, 0),
            "xds_type": words("CDS", "CDS", "EDS"),
            "cached": counts(4, 9, 0),
            "cacheable": counts(10, 10, 0),
            "ratio": pd.Series([0.4, 0.9, None], dtype="Float64"),
        }
    )


def some_gc() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": counts(0, 0, 0),
            "timestamp_low": times(0, 1, None),
            "pause_low": pd.to_timedelta([0.5, 0.0, 1.0], unit="ms").astype("timedelta64[ns]"),
            "pause_high": pd.to_timedelta([0.6, 0.1, 1.1], unit="ms").astype("timedelta64[ns]"),
            "heap_before_bytes": counts(12582912, 14680064, 15728640),
            "live_bytes": counts(6291456, 7340032, 8388608),
            "goal_bytes": counts(13631488, 15728640, 16777216),
            "push_lag": spans(4, None, None),
        }
    )


def some_waves() -> pd.DataFrame:
    return some_rounds().assign(
        first=spans(2, 1, None, None),
        median=spans(40, 4, None, None),
        p95=spans(180, 8, None, None),
        last=spans(210, 8, None, None),
        last_high=spans(900, 8, None, None),
    )


def one_wave() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place": counts(1, 2, 3),
            "proxy": ["web-1.shop", "web-2.shop", "web-3.shop"],
            "begun": spans(1, 2, 3),
            "done": spans(4, 90, 2000),
            "done_high": spans(4, 400, 2000),
            "certain": flags(True, False, True),
            "straggler": flags(False, False, True),
        }
    )


def some_propagation() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sent": times(0, 1, 2, 3),
            "xds_type": words("CDS", "CDS", "LDS", "LDS"),
            "delay_low": spans(1.2, 3, 8, None),
            "delay_high": spans(1.4, 5, None, None),
            "nacked": times(None, None, None, 3.1),
        }
    )


TABLES = {
    "triggers": some_triggers,
    "connections": some_connections,
    "connected_endpoints": some_connected,
    "errors": some_errors,
    "remote_clusters": some_clusters,
    "config_conflicts": some_conflicts,
    "rejections": some_rejections,
    "proxy_startup": some_starts,
    "push_causes": some_causes,
    "stale_proxies": some_stale,
    "failed_requests": some_failed,
    "failures_after_pushes": some_chances,
    "closed_streams": some_streams,
    "throttle_replay": some_limits,
    "push_costs": some_costs,
    "message_sizes": some_messages,
    "reconnect_storms": some_storms,
    "endpoint_churn": some_churn,
    "empty_clusters": some_empty,
    "push_sizes": some_sizes,
    "sidecar_savings": some_savings,
    "cache_ratio": some_cache,
    "gc": some_gc,
    "debounce_replay": some_settings,
    "metrics": some_metrics,
    "debounces": some_debounces,
    "push_rounds": some_rounds,
    "fan_out": some_fan_out,
    "full_vs_incremental": some_bins,
    "pushes": some_pushes,
    "xds_order": some_orders,
    "push_waves": some_waves,
    "propagation": some_propagation,
}
EVERY_PLOT = pytest.mark.parametrize("plot", plots.PLOTS.values(), ids=lambda plot: plot.name)


def table_of(plot: plots.Plot) -> pd.DataFrame:
    return TABLES[plot.answer]()


def offsets(ax: Axes, label: str) -> list[tuple[float, float]]:
    """The points of one scatter, in the order of the table."""
    (points,) = [drawn for drawn in ax.collections if drawn.get_label() == label]
    return [(float(x), float(y)) for x, y in np.ma.getdata(points.get_offsets())]


def moments(ax: Axes, label: str) -> list[tuple[float, float]]:
    """The points of one scatter over time: seconds since `START`, to the millisecond, and value."""
    begin = float(mdates.date2num(START.tz_localize(None)))
    return [(round((x - begin) * 86_400, 3), round(y, 6)) for x, y in offsets(ax, label)]


def heights(ax: Axes, label: str) -> list[float]:
    (container,) = [drawn for drawn in ax.containers if drawn.get_label() == label]
    return [bar.get_height() for bar in container]


def panel_of(ax: Axes) -> Axes:
    (other,) = [axes for axes in ax.figure.axes if axes is not ax]
    return other


def legend(ax: Axes) -> list[str]:
    drawn = ax.get_legend()
    return [text.get_text() for text in drawn.get_texts()] if drawn else []


def shown(figure: Any) -> list[str]:
    """Every text of a figure as matplotlib will show it; fails if it would typeset one."""
    figure.canvas.draw()
    texts = []
    for text in figure.findobj(Text):
        seen, typeset = text._preprocess_math(text.get_text())
        assert not typeset, text.get_text()
        texts.append(seen)
    return texts


# Every plot


@EVERY_PLOT
def test_new_axes_at_notebook_size_or_those_that_are_given(plot: plots.Plot) -> None:
    assert plot.draw(table_of(plot)).figure.get_size_inches().tolist() == [9, 4]
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    plt.sca(right)
    assert plot.draw(table_of(plot), ax=right) is right
    assert plt.gca() is right
    assert not left.has_data()
    figure.canvas.draw()


@EVERY_PLOT
def test_labels_name_the_units(plot: plots.Plot) -> None:
    ax = plot.draw(table_of(plot))
    labels = {f"{axes.get_xlabel()} | {axes.get_ylabel()}" for axes in ax.figure.axes}
    units = {
        "debounces": r"time \(UTC\) \| interval \(ms\)",
        "debounce_distribution": r"interval \(ms\) \| push decisions no longer \(%\)",
        "push_rounds": r"round, with its start \(UTC, 2026-11-23\) \| to last\nproxy \(ms\)",
        "fan_out": r"round \| pushes",
        "full_vs_incremental": r"time \(UTC\) \| bytes per bin",
        "pushes": r"time \(UTC\) \| size of the push \(bytes\)",
        "debounce_replay": r"median delay of a change until it is pushed \(ms\) \| pushes",
        "triggers": r"push decisions \| ",
        "connections": r"time \(UTC\) \| session \(s\)",
        "connected_endpoints": r"time \(UTC\) \| ADS connections",
        "errors": r"time \(UTC\) \| ",
        "remote_clusters": r"time \(UTC\) \| ",
        "config_conflicts": r"time \(UTC\) \| ",
        "rejections": r"time \(UTC\) \| ",
        "proxy_startup": r"time since the agent started \(s\) \| ",
        "push_causes": r"push decisions \| ",
        "stale_proxies": r"rounds \| ",
        "failed_requests": r"requests \| ",
        "push_costs": r"bytes pushed \| ",
        "message_sizes": r"bytes of the largest message \| ",
        "throttle_replay": r"rounds, or connections \(%\) \| ",
        "closed_streams": r"time \(UTC\) \| ",
        "reconnect_storms": r"time \(UTC\) \| ",
        "failures_after_pushes": r"rate after pushes over the rate at other times \| ",
        "endpoint_churn": r"times \| ",
        "empty_clusters": r"time \(UTC\) \| clusters without endpoints",
        "push_sizes": r"bytes pushed \| ",
        "sidecar_savings": r"configuration \(bytes\) \| ",
        "cache_ratio": r"time \(UTC\) \| resources from the cache \(%\)",
        "gc": r"time \(UTC\) \| time \(ms\)",
        "metrics": r"value, in the metric's unit \| ",
        "push_waves": r"round, with its start \(UTC, 2026-11-23\) \| time since the round began \(ms\)",
        "propagation": r"time \(UTC\) \| delay \(ms\)",
        "xds_order": r"times seen \(per proxy and round\) \| ",
    }
    assert any(re.fullmatch(units[plot.name], label) for label in labels), labels


@EVERY_PLOT
def test_an_answer_that_cannot_be_given_says_why(plot: plots.Plot) -> None:
    empty = table_of(plot).iloc[:0]
    empty.attrs["coverage"] = "no push line among the 3,000 entries of the control plane: " + "$x$ <b> " * 20
    ax = plot.draw(empty)
    texts = shown(ax.figure)
    assert any(re.sub(r"\s+", " ", text).startswith("no push line among the 3,000 entries") for text in texts)
    assert any("\n" in text and "$x$ <b>" in text for text in texts)
    assert not ax.axison
    assert len(ax.figure.axes) == 1
    assert not ax.patches
    assert not ax.lines


@EVERY_PLOT
def test_an_empty_table_without_a_reason_is_no_silence(plot: plots.Plot) -> None:
    assert "the table has no rows" in shown(plot.draw(table_of(plot).iloc[:0]).figure)


@EVERY_PLOT
def test_what_the_capture_cannot_show_stands_above(plot: plots.Plot) -> None:
    table = table_of(plot)
    table.attrs["coverage"] = "119 of 145 rounds are endpoint-only $x$"
    assert table.attrs["coverage"] in shown(plot.draw(table).figure)


@EVERY_PLOT
def test_a_wrong_table_is_an_error_that_names_what_is_missing(plot: plots.Plot) -> None:
    with pytest.raises(ValueError, match=rf"analysis\.{plot.answer}, with a column .*; this one has: a"):
        plot.draw(pd.DataFrame({"a": [1]}))
    assert not plt.get_fignums()


@EVERY_PLOT
def test_one_row_and_no_value_but_nulls(plot: plots.Plot) -> None:
    table = table_of(plot)
    plot.draw(table.iloc[:1]).figure.canvas.draw()
    nulls = table.iloc[:2].copy()
    for name in nulls.columns:
        nulls[name] = pd.Series([pd.NA, pd.NA], index=nulls.index).astype(nulls[name].dtype)
    plot.draw(nulls).figure.canvas.draw()


@EVERY_PLOT
def test_many_rows(plot: plots.Plot) -> None:
    table = pd.concat([table_of(plot)] * 1000, ignore_index=True)
    if "round" in table and plot.name != "xds_order":
        table["round"] = pd.array(range(len(table)), dtype="Int64")
    ax = plot.draw(table)
    assert len(ax.patches) < 100 or plot.name == "debounces"
    ax.figure.canvas.draw()


@EVERY_PLOT
def test_arrow_backed_tables(plot: plots.Plot) -> None:
    table = table_of(plot)
    plain = plot.draw(table)
    arrow = plot.draw(table.astype({n: "str" for n in table if isinstance(table[n].dtype, pd.CategoricalDtype)})
                      .convert_dtypes(dtype_backend="pyarrow"))  # fmt: skip
    assert legend(arrow) == legend(plain)
    assert [bar.get_height() for bar in arrow.patches] == [bar.get_height() for bar in plain.patches]
    assert arrow.get_xlim() == plain.get_xlim()


@EVERY_PLOT
def test_the_input_is_not_changed(plot: plots.Plot) -> None:
    table = table_of(plot)
    table.index = pd.Index(range(10, 10 + len(table)))
    before = table.copy(deep=True)
    plot.draw(table)
    pd.testing.assert_frame_equal(table, before)
    assert table.attrs == before.attrs


@EVERY_PLOT
@pytest.mark.parametrize("index", ["duplicates", "times"])
def test_any_index(plot: plots.Plot, index: str) -> None:
    table = table_of(plot)
    expected = plot.draw(table)
    table.index = pd.Index([0] * len(table)) if index == "duplicates" else pd.date_range("2026", periods=len(table))
    assert legend(plot.draw(table)) == legend(expected)


# The catalog of plots


def test_plots_are_named_after_what_they_draw() -> None:
    for name, plot in plots.PLOTS.items():
        assert plot.name == name
        assert getattr(plots, name) is plot.draw
        assert plot.about
        assert "\n" not in plot.about
        assert list(inspect.signature(plot.draw).parameters) == ["table", "ax"]
    assert {plot.answer for plot in plots.PLOTS.values()} == set(TABLES)


def test_plots_know_nothing_of_the_analysis() -> None:
    for file in Path(str(plots.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert all(not name.startswith("istiolog_pd") or name.startswith("istiolog_pd.plots") for name in modules)


# Looks


@pytest.mark.parametrize("looks", [style.XDS_TYPES, style.PUSH_TYPES, style.DECISIONS, style.ORDERS])
def test_every_thing_has_a_color_of_its_own(looks: dict[str, style.Look]) -> None:
    colors = [look.color for look in [*looks.values()]]
    assert len(set(colors)) == len(colors)
    assert all(to_hex(color).upper() == color.upper() for color in colors)


def test_colors_per_type_do_not_depend_on_the_others() -> None:
    both, alone = some_fan_out(), some_fan_out().iloc[2:]
    assert style.XDS_TYPES["EDS"].color == "#E69F00"
    for table in (both, alone):
        (container,) = [c for c in plots.fan_out(table).containers if c.get_label() == "EDS"]
        assert {to_hex(bar.get_facecolor()).upper() for bar in container} == {"#E69F00"}
    points = plots.pushes(some_pushes()).collections
    assert {to_hex(p.get_facecolor()[0]).upper() for p in points if str(p.get_label()).startswith("CDS")} == {"#0072B2"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_literally(name: str) -> None:
    literal = name.replace("\t", "\\t")
    fan, pushes, bins, orders = some_fan_out(), some_pushes(), some_bins(), some_orders()
    fan["xds_type"] = pushes["xds_type"] = name
    pushes["push_type"] = bins["push_type"] = name
    orders["order"] = orders["early"] = orders["flow"] = name
    for ax in (plots.fan_out(fan), plots.pushes(pushes), plots.full_vs_incremental(bins), plots.xds_order(orders)):
        assert any(literal in text for text in shown(ax.figure)), literal
        assert any(literal in text.replace(r"\$", "$") for text in legend(ax)) or ax.get_title(loc="left").startswith(
            "Order"
        )


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


def test_what_is_possible_is_paler_than_what_is_certain() -> None:
    ax = plots.triggers(some_triggers())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["ServiceEntry / shop / web", "Gateway / shop / gw"]
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 3), (0, 1), (3, 2), (1, 0)]
    assert ax.patches[2].get_alpha() < ax.patches[0].get_alpha()
    (estimate,) = ax.lines
    assert estimate.get_xdata().tolist() == [4.5]
    assert legend(ax) == ["push decisions", "at most", "estimate (objects over decisions)"]


def test_only_the_first_of_many_rows_are_ranked() -> None:
    ax = plots.triggers(pd.concat([some_triggers()] * 20, ignore_index=True))
    assert len(ax.get_yticklabels()) == 15
    assert ax.get_title(loc="left") == "Push triggers (the first 15 of 40)"


def test_sessions_are_points_by_why_they_ended() -> None:
    ax = plots.connections(some_connections())
    assert legend(ax) == ["maximum age (1)", "flapping (1)", "other (1)", "still open (1)"]
    places = {
        str(c.get_label()): (mdates.num2date(x).timestamp() - START.timestamp(), y)
        for c in ax.collections
        for x, y in np.ma.getdata(c.get_offsets())
    }
    assert places["maximum age"] == pytest.approx((1800, 1800), abs=1e-3)
    assert places["other"] == pytest.approx((5, 5), abs=1e-3)
    assert places["still open"] == pytest.approx((3, 7), abs=1e-3)


def test_each_replica_has_a_line() -> None:
    ax = plots.connected_endpoints(some_connected())
    assert legend(ax) == ["a.log", "b.log"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[20, 21], [10]]


def test_causes_have_lanes_the_gravest_first() -> None:
    ax = plots.errors(some_errors())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["NACK (4)", "stream closed (8)"]
    assert legend(ax) == ["act (4 lines)", "harmless (8 lines)"]


def test_remote_clusters_have_a_bar_per_state() -> None:
    ax = plots.remote_clusters(some_clusters())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["east", "west"]
    assert legend(ax) == ["added (1 lines)", "failing (3 lines)", "timed out (1 lines)"]


def test_services_show_how_often_they_went_empty() -> None:
    ax = plots.endpoint_churn(some_churn())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["shop / cart", "web"]
    assert [bar.get_width() for bar in ax.patches] == [1, 0, 2, 0, 2, 1]
    assert legend(ax) == ["went empty", "at most", "forced a full push"]


def test_empty_clusters_span_from_least_to_most() -> None:
    band = plots.empty_clusters(some_empty()).collections[0]
    assert [[y for _, y in segment] for segment in band.get_segments()] == [[0, 4], [2, 2]]


def test_bytes_leave_out_what_has_no_size() -> None:
    ax = plots.push_sizes(some_sizes())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["CDS", "EDS"]
    assert [text.get_text() for text in ax.texts] == ["2 pushes", "9 pushes"]
    assert [bar.get_width() for bar in ax.patches] == [2900, 820, 200, 0]


def test_savings_are_a_range() -> None:
    ax = plots.sidecar_savings(some_savings())
    assert next(text.get_text() for text in ax.texts) == "saves 40.0 kB to 70.0 kB"
    assert [line.get_xdata().tolist() for line in ax.lines] == [[7100, 7100], [5000, 5000]]


def test_a_type_that_could_not_be_cached_has_no_line() -> None:
    ax = plots.cache_ratio(some_cache())
    assert legend(ax) == ["CDS (65%)"]
    assert ax.lines[0].get_ydata().tolist() == [40, 90]


def test_collections_have_heap_above_and_pauses_below() -> None:
    table = some_gc()
    table.attrs["push_lag"] = pd.Timedelta("6ms")
    ax = plots.gc(table)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[12, 14], [6, 7], [13, 15]]
    below = panel_of(ax)
    assert below.lines[0].get_ydata() == pytest.approx([6, 6])
    assert next(y for _, y in offsets(below, "pushes meanwhile, since their round began (median)")) == 4


@pytest.mark.parametrize("name", ["$x$", "_hidden", "tab\there"])
def test_names_of_the_other_answers_are_shown_literally(name: str) -> None:
    literal = name.replace("\t", "\\t")
    churn, savings, connected, wrong = some_churn(), some_savings(), some_connected(), some_errors()
    churn["service"] = savings["proxy"] = connected["source"] = wrong["cause"] = name
    for ax in (plots.endpoint_churn(churn), plots.sidecar_savings(savings), plots.errors(wrong)):
        assert any(literal in text for text in shown(ax.figure)), literal
    assert literal in legend(plots.connected_endpoints(connected))[0].replace(r"\$", "$")


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


# ---- in words ----


@pytest.mark.parametrize("plot", plots.PLOTS.values(), ids=lambda plot: plot.name)
def test_every_plot_says_its_result(plot: plots.Plot, real: Callable[[str], il.Capture]) -> None:
    """Its alternative text has its title, and a number where there is something to draw."""
    table = getattr(analysis, plot.answer)(real("istiod-1.20.8/discovery.log.gz"))
    ax = plot.draw(table)
    words = plots.describe(ax.figure)
    assert ax.get_title(loc="left").replace("\\$", "$") in words
    assert table.empty or re.search(r"\d", words) or ax.get_legend() is not None
    plt.close(ax.figure)


def test_the_words_of_a_plot_reach_a_notebook() -> None:
    """As HTML: notebooks show no alternative text of an image/png; text of a log stays text."""
    table = pd.DataFrame(
        {"timestamp": times(0, 1), "xds_type": ["<b>", "<b>"], "push_type": "full", "size_bytes": [1000, 3000]}
    )
    ax = plots.pushes(table)
    shown = ax.figure._repr_mimebundle_()
    assert set(shown) == {"image/png", "text/html"}
    assert (
        'alt="Pushes by size. &lt;b&gt; full: 2, size of the push (bytes) 1 kB to 3 kB, median 2 kB; '
        in shown["text/html"]
    )
    assert pickle.loads(pickle.dumps(ax.figure)).axes[0].get_title(loc="left") == "Pushes by size"
    plt.close(ax.figure)
